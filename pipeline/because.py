"""Why the line model decided so: the clues that weighed most on a line, in words.

What a clue adds is read off the way through each tree: the difference that each fork makes to the mean of the training
lines that come by (Saabas 2014). It is exact in sum, and a table lookup a line where Shapley values cost a second per
thousand lines.
"""

import re
import tomllib
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.neighbours import Flags, Floats, Places
from pipeline.trees import Booster, Leaves, Tree

NAMED = 3  # clues that a reason names
BLOCK = 4096  # rows that are weighed together: so many stay near the processor


class Words(NamedTuple):
    """What the groups of clues are called, and the pattern that a clue's name begins with."""

    says: list[str]
    patterns: list[str]

    @classmethod
    def parse(cls, text: str) -> "Words":
        groups = tomllib.loads(text)["group"]
        return cls([g["says"] for g in groups], [g["clues"] for g in groups])

    def group(self, clue: str) -> int:
        """The number of the clue's group. ValueError where none fits."""
        for number, pattern in enumerate(self.patterns):
            if re.match(pattern, clue):
                return number
        raise ValueError(f"no group of clues in words.toml fits {clue}")


class Weights(NamedTuple):
    """What the ways through a booster's trees add to the log-odds, by group of clues."""

    table: NDArray[np.float32]  # trees, leaves, groups

    @classmethod
    def of(cls, booster: Booster, words: Words) -> "Weights":
        group = np.array([words.group(name) for name in booster.names])
        leaves = max(len(tree.value) for tree in booster.trees)
        table = np.zeros((len(booster.trees), leaves, len(words.says)), np.float32)
        for ways, tree in zip(table, booster.trees, strict=True):
            ways[: len(tree.value)] = _ways(tree, group, len(words.says))
        return cls(table)

    def __call__(self, leaves: Leaves) -> Floats:
        """A row of weights by group for each row."""
        out = np.zeros((leaves.shape[1], self.table.shape[2]), np.float32)
        found = np.empty((BLOCK, self.table.shape[2]), np.float32)
        for begin in range(0, len(out), BLOCK):
            block = out[begin : begin + BLOCK]
            step = found[: len(block)]
            for table, leaf in zip(self.table, leaves[:, begin : begin + BLOCK], strict=True):
                block += np.take(table, leaf, axis=0, out=step, mode="clip")  # the mode that needs no other buffer
        return out


def _ways(tree: Tree, group: Places, groups: int) -> Floats:
    """For each leaf of a tree, the steps on the way to it by group."""
    out = np.zeros((len(tree.value), groups), np.float32)
    so_far = np.zeros((len(tree.clue), groups), np.float32)
    for fork, (clue, *branches) in enumerate(zip(tree.clue, tree.left, tree.right, strict=True)):
        for child in branches:
            way = so_far[fork].copy()
            way[group[clue]] += (tree.value[-child - 1] if child < 0 else tree.mean[child]) - tree.mean[fork]
            if child < 0:
                out[-child - 1] = way
            else:
                so_far[child] = way
    return out


def because(weights: Floats, words: Words, positive: Flags) -> pl.Series:
    """The NAMED groups that weighed most on each row, those that spoke for the decision (`positive`: that the line is
    what the booster looks for) before those against it."""
    named = np.array([bool(x) for x in words.says])
    signed = np.where(positive[:, None], weights, -weights) * named
    left, row = np.abs(signed), np.arange(len(signed))
    code = np.zeros(len(signed), np.int64)
    for _ in range(NAMED):
        top = left.argmax(axis=1)
        left[row, top] = -1
        code = code * (2 * len(named)) + 2 * top + (signed[row, top] >= 0)
    different, which = np.unique(code, return_inverse=True)
    return pl.Series([_told(int(x), words.says) for x in different], dtype=pl.String).gather(which)


def _told(code: int, says: list[str]) -> str:
    """The words of a row whose groups, and whether each speaks for the decision, are digits of a number."""
    spoken: tuple[list[str], list[str]] = ([], [])
    for place in reversed(range(NAMED)):
        group, for_ = divmod(code // (2 * len(says)) ** place % (2 * len(says)), 2)
        spoken[for_].append(says[group])
    against, in_favour = (", ".join(x) for x in spoken)
    told = [f"for: {in_favour}" if in_favour else "", f"against: {against}" if against else ""]
    return "; ".join(filter(None, told))
