"""Gradient-boosted trees over many lines at once: a bit for each fork and line, instead of a way through each tree.

LightGBM grows the trees (`training`) and follows them line by line, at 10 ns a fork. Here each fork is asked of all
lines together, and who comes to its branches is a matter of bits, eight lines to a byte: a fifth of the time, and the
same leaves.
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.neighbours import GRAIN, Floats

Leaves = NDArray[np.uint8]
Bits = NDArray[np.uint8]  # of eight lines each

# How LightGBM says that a fork goes by a number, and that no clue is ever missing.
PLAIN = "2"


# The number of a fork's question, and where the lines go that say yes and no: leaves are numbered first, then forks.
Fork = tuple[int, int, int]


class Questions(NamedTuple):
    """What the forks of all trees ask, each question once: whether `clue` is no greater than `limit`."""

    clue: NDArray[np.int64]  # ascending
    limit: NDArray[np.float32]

    def answers(self, x: Floats) -> Bits:
        """A row a question."""
        out = np.empty((len(self.clue), (len(x) + 7) // 8), np.uint8)
        asked, begin = np.unique(self.clue, return_index=True)
        for clue, (low, high) in zip(asked, pairwise([*begin, len(self.clue)]), strict=True):
            out[low:high] = np.packbits(x[:, clue] <= self.limit[low:high, None], axis=1)
        return out


class Trees(NamedTuple):
    """A booster: the names of its clues, its trees' forks from the root down, what each leaf adds to the log-odds."""

    names: list[str]
    questions: Questions
    forks: list[list[Fork]]
    value: NDArray[np.float64]  # trees, leaves

    @classmethod
    def parse(cls, text: str) -> "Trees":
        """A booster as LightGBM writes it; see `Booster.parse`."""
        return cls.of(Booster.parse(text))

    @classmethod
    def of(cls, booster: "Booster") -> "Trees":
        found = booster.trees
        leaves = max(len(tree.value) for tree in found)
        questions = sorted({pair for tree in found for pair in zip(tree.clue, tree.limit, strict=True)})
        number = {pair: n for n, pair in enumerate(questions)}
        value = np.zeros((len(found), leaves))
        for row, tree in zip(value, found, strict=True):
            row[: len(tree.value)] = tree.value
        return cls(
            booster.names,
            Questions(
                np.array([clue for clue, _ in questions], np.int64), np.array([x for _, x in questions], np.float32)
            ),
            [tree.forks(number, leaves) for tree in found],
            value,
        )

    def leaves(self, x: Floats) -> Leaves:
        """Rows of clues (32-bit numbers, best stored clue by clue) → a row a tree: the leaf that each comes to."""
        answers, size = self.questions.answers(x), self.value.shape[1]
        here = np.zeros((2 * size, answers.shape[1]), np.uint8)  # which rows come to each leaf, then to each fork
        digits = [np.flatnonzero(np.arange(size) & 1 << digit) for digit in range((size - 1).bit_length())]  # of leaves
        out = np.zeros((len(self.forks), len(x)), np.uint8)
        answer, come = list(answers), list(here)
        for leaf, forks in zip(out, self.forks, strict=True):
            here[:size], here[size] = 0, 0xFF
            for number, (question, yes, no) in enumerate(forks, size):
                np.bitwise_and(come[number], answer[question], come[yes])
                np.bitwise_xor(come[number], come[yes], come[no])
            for having in reversed(digits):
                leaf <<= 1
                leaf |= np.unpackbits(np.bitwise_or.reduce(here[having]), count=len(x))
        return out

    def log_odds(self, leaves: Leaves) -> NDArray[np.float64]:
        """For each row, just as LightGBM says them: tree by tree."""
        out = np.zeros(leaves.shape[1])
        for value, leaf in zip(self.value, leaves, strict=True):
            out += value[leaf]
        return out

    def likely(self, leaves: Leaves) -> Floats:
        return probable(self.log_odds(leaves))

    def __call__(self, x: Floats) -> Floats:
        """Probabilities, in whole grains."""
        return self.likely(self.leaves(x))


class Booster(NamedTuple):
    """A booster as LightGBM writes it: the names of its clues, and its trees."""

    names: list[str]
    trees: list["Tree"]

    @classmethod
    def parse(cls, text: str) -> "Booster":
        """ValueError where it has forks of another kind."""
        head, *trees = text.split("\nTree=")
        return cls(re.findall(r"^feature_names=(.*)$", head, re.M)[0].split(), [Tree.parse(tree) for tree in trees])


class Tree(NamedTuple):
    """A tree as LightGBM writes it. Of each fork, from the root down: the number of its clue, the limit (of 32 bits, as
    clues are) up to which lines go left, what stands left and right (from 0 on a fork, below 0 the leaf of number
    -x - 1), the mean of its training lines; of each leaf what it says."""

    clue: list[int]
    limit: list[float]
    left: list[int]
    right: list[int]
    mean: list[float]
    value: list[float]

    @classmethod
    def parse(cls, text: str) -> "Tree":
        said: Mapping[str, list[str]] = {k: v.split() for k, v in re.findall(r"^(\w+)=(.*)$", text, re.M)}
        clue, left, right = ([int(x) for x in said.get(k, [])] for k in ("split_feature", "left_child", "right_child"))
        limit, mean = ([float(x) for x in said.get(k, [])] for k in ("threshold", "internal_value"))
        if set(said.get("decision_type", [])) - {PLAIN}:
            raise ValueError("a tree with forks for categories or missing clues")
        return cls(clue, rounded_down(limit), left, right, mean, [float(x) for x in said["leaf_value"]])

    def forks(self, number: Mapping[tuple[int, float], int], leaves: int) -> list[Fork]:
        """`number`: of each question; `leaves`: how many are numbered before the forks."""
        left, right = ([x + leaves if x >= 0 else -x - 1 for x in way] for way in (self.left, self.right))
        asked = map(number.__getitem__, zip(self.clue, self.limit, strict=True))
        return list(zip(asked, left, right, strict=True))


def rounded_down(limits: list[float]) -> list[float]:
    """The greatest numbers of 32 bits that are no greater: no number of 32 bits lies between."""
    exact = np.array(limits)
    near = exact.astype(np.float32)
    down: list[float] = np.where(near > exact, np.nextafter(near, np.float32(-np.inf)), near).tolist()
    return down


def probable(odds: NDArray[np.floating]) -> Floats:
    """Log-odds as probabilities, in whole grains, so that sums over lines are exact."""
    p = 1 / (1 + np.exp(-odds))
    return np.asarray(np.rint(p / GRAIN) * GRAIN, np.float32)
