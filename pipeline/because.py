"""Why the line model decided so: the clues that weighed most on a line, in words.

What a clue adds is read off the way through each tree: the difference that each fork makes to the mean of the training
lines that come by (Saabas 2014). It is exact in sum, and a table lookup a line where Shapley values cost a second per
thousand lines.
"""

import re
import tomllib
from collections.abc import Mapping
from typing import NamedTuple

import lightgbm as lgb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.neighbours import Flags, Floats, Places

Leaves = NDArray[np.uint8]

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
    """What the ways through a booster's trees add to the log-odds: for each tree and leaf all together, and by group of
    clues."""

    booster: lgb.Booster
    value: NDArray[np.float64]  # trees, leaves
    table: NDArray[np.float32]  # trees, leaves, groups

    @classmethod
    def of(cls, booster: lgb.Booster, text: str, words: Words) -> "Weights":
        """`text`: the booster as its file holds it, where each tree's forks are numbered from the root down."""
        group = np.array([words.group(name) for name in booster.feature_name()])
        trees = [dict(re.findall(r"^(\w+)=(.*)$", tree, re.M)) for tree in text.split("\nTree=")[1:]]
        leaves = max(int(tree["num_leaves"]) for tree in trees)
        value = np.zeros((len(trees), leaves))
        table = np.zeros((len(trees), leaves, len(words.says)), np.float32)
        for number, tree in enumerate(trees):
            value[number, : int(tree["num_leaves"])] = np.array(tree["leaf_value"].split(), float)
            table[number] = _ways(tree, group, leaves, len(words.says))
        return cls(booster, value, table)

    def leaves(self, x: Floats) -> Leaves:
        """For each row of clues the leaf that it comes to in each tree: a row a tree."""
        if not len(x):
            return np.zeros((len(self.value), 0), np.uint8)
        found = self.booster.predict(x, pred_leaf=True, num_threads=1)
        return np.ascontiguousarray(np.asarray(found).reshape(len(x), -1).T, np.uint8)

    def log_odds(self, leaves: Leaves) -> NDArray[np.float64]:
        """For each row, just as the booster itself says them."""
        out = np.zeros(leaves.shape[1])
        for value, leaf in zip(self.value, leaves, strict=True):
            out += value[leaf]
        return out

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


def _ways(tree: Mapping[str, str], group: Places, leaves: int, groups: int) -> Floats:
    """For each leaf of a tree, the steps on the way to it by group."""
    out = np.zeros((leaves, groups), np.float32)
    if int(tree["num_leaves"]) == 1:
        return out
    clue, left, right = (np.array(tree[x].split(), int) for x in ("split_feature", "left_child", "right_child"))
    fork, leaf = (np.array(tree[x].split(), float) for x in ("internal_value", "leaf_value"))
    so_far = np.zeros((len(clue), groups), np.float32)
    for node, (a, z) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        for child in (a, z):  # below 0: the leaf of number -child - 1
            way = so_far[node].copy()
            way[group[clue[node]]] += (leaf[-child - 1] if child < 0 else fork[child]) - fork[node]
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
