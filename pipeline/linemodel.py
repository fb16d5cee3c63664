"""The learned line model: how likely each solid line is text, the first line of an article's chunk, a title.

Gradient-boosted trees look twice. First at the clues of the line; then also at what the first look gave for the lines
around (stacking, after Cohen & Carvalho 2005). The last booster ranks the lines that may be a known chunk's title.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import lightgbm as lgb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.because import Leaves, Weights, Words
from pipeline.clues import clues
from pipeline.neighbours import FAR, GRAIN, Flags, Floats, Pages, running
from pipeline.vocabulary import Vocabulary

FIRST, SECOND = ("body1", "start1", "title1"), ("body2", "start2")
TITLE = "title2"
NAMES = (*FIRST, *SECOND, TITLE)
EXPLAINED = ("body1", "title1", "body2", "title2")
WORDS, VOCABULARY = "words.toml", "vocabulary.txt"

# From these probabilities on a line counts as text, as a start, as a title where distances are measured.
TEXT, SURE_START, SURE_TITLE = 0.5, 0.3, 0.3
# The second look at starts is for lines that are this likely after the first, 1 of 20; and the first keeps a share of
# the say, in log-odds: two looks err less than one (chosen out of fold).
MAYBE_START, FIRST_SAY = 0.003, 0.25


class ModelError(ValueError):
    """The model's files don't fit the program."""


class Trees(NamedTuple):
    """A booster and the names of its clues."""

    booster: lgb.Booster
    names: list[str]

    @classmethod
    def of(cls, booster: lgb.Booster) -> "Trees":
        return cls(booster, booster.feature_name())

    def __call__(self, x: Floats, threads: int = 1) -> Floats:
        """Probabilities, in whole grains."""
        if not len(x):
            return np.zeros(0, np.float32)
        return grains(np.asarray(self.booster.predict(x, num_threads=threads)))


class LineModel(NamedTuple):
    """The boosters by name; what their clues weigh, of those that decide on text and titles; the clues in words; what
    the words of lines say."""

    trees: Mapping[str, Trees]
    weights: Mapping[str, Weights]
    words: Words
    vocabulary: Vocabulary

    @classmethod
    def parse(cls, files: Mapping[str, str]) -> "LineModel":
        """The contents of the model's files by name: `<booster>.txt` each, vocabulary.txt, and words.toml."""
        missing = [name for name in (*(f"{x}.txt" for x in NAMES), VOCABULARY, WORDS) if name not in files]
        if missing:
            raise ModelError(f"the line model lacks {', '.join(missing)}: restore pipeline/model, or make train")
        trees = {name: Trees.of(lgb.Booster(model_str=files[f"{name}.txt"])) for name in NAMES}
        words = Words.parse(files[WORDS])
        weights = {name: Weights.of(trees[name].booster, files[f"{name}.txt"], words) for name in EXPLAINED}
        return cls(trees, weights, words, Vocabulary.parse(files[VOCABULARY]))

    def weigh_text(self, sight: "Sight", rows: Flags) -> Floats:
        """What the groups of clues weigh for these rows as text, both looks together."""
        first, second = (self.weights[name](sight.ways[name][:, rows]) for name in ("body1", "body2"))
        return first + second

    def weigh_title(self, seen: Floats) -> Floats:
        """What they weigh for rows as a title, both looks together; `seen` by the second."""
        first, second = self.weights["title1"], self.weights[TITLE]
        return first(first.leaves(seen[:, : len(self.trees["title1"].names)])) + second(second.leaves(seen))


class Sight(NamedTuple):
    """What the model sees in solid rows: `likely` (a row each: body, start after the second look, body1, start1, title1
    after the first), and the numbers that the second look saw, by `names`: what the words say, which only those for
    text hear, before all that is `seen` by the others. `ways`: where rows come to in the trees of body1 and body2."""

    likely: pl.DataFrame
    heard: Floats
    names: list[str]
    words: int
    ways: Mapping[str, Leaves] = MappingProxyType({})

    @property
    def seen(self) -> Floats:
        return self.heard[:, self.words :]

    def clue(self, name: str) -> Floats:
        return self.heard[:, self.names.index(name)]


def look(rows: pl.DataFrame, ends: Iterable[str], model: LineModel) -> Sight:
    """Solid rows of whole pages, as `clues` needs them."""
    told, said = matrix(model.vocabulary.clues(rows["key"]))
    names, x = matrix(clues(rows, ends))
    if told + names != model.trees["body1"].names:
        raise ModelError("the line model was trained on other clues than the program gives: make train")
    ways = {"body1": model.weights["body1"].leaves(np.concatenate([said, x], axis=1))}
    body = probable(model.weights["body1"].log_odds(ways["body1"]))
    start, title = model.trees["start1"](x), model.trees["title1"](x)
    more, y = matrix(around(rows["page"], rows["width"].to_numpy(), body, start, title))
    heard = np.concatenate([said, x, y], axis=1)
    ways["body2"] = model.weights["body2"].leaves(heard)
    likely = {
        "body": probable(model.weights["body2"].log_odds(ways["body2"])),
        "start": again(start, heard[:, len(told) :], model.trees["start2"]),
    }
    first = {"body1": body, "start1": start, "title1": title}
    return Sight(pl.DataFrame(likely | first), heard, told + names + more, len(told), ways)


def again(first: Floats, seen: Floats, trees: Trees) -> Floats:
    """The probability of a start after both looks."""
    maybe = np.flatnonzero(first >= MAYBE_START)
    odds = (1 - FIRST_SAY) * log_odds(trees(seen[maybe])) + FIRST_SAY * log_odds(first[maybe])
    out = first.copy()
    out[maybe] = probable(odds)
    return out


def probable(odds: NDArray[Any]) -> Floats:
    """Log-odds as probabilities, in whole grains."""
    return grains(1 / (1 + np.exp(-odds)))


def log_odds(p: Floats) -> Floats:
    p = np.clip(p, np.float32(1e-5), np.float32(1 - 1e-5))
    return np.asarray(np.log(p / (1 - p)), np.float32)


def grains(p: NDArray[Any]) -> Floats:
    """Probabilities in whole grains, so that sums over lines are exact."""
    return (np.rint(p / GRAIN) * GRAIN).astype(np.float32)


def matrix(found: Mapping[str, Floats]) -> tuple[list[str], Floats]:
    """Names without the signs that LightGBM does not allow in them, and a column each."""
    return [re.sub(r"[,:\[\]{}\"]", "_", name) for name in found], np.column_stack(list(found.values()))


def around(page: pl.Series, width: Floats, body: Floats, start: Floats, title: Floats) -> dict[str, Floats]:
    """What the first look's probabilities on the lines around a line tell the second."""
    p = Pages(page)
    b, s, t = body, start, title
    mass, text, sure, titled = b * width, b > TEXT, s > SURE_START, t > SURE_TITLE
    out: dict[str, Floats] = {}
    for k in range(-4, 5):
        out |= {f"b@{k:+d}": p.near(b, k, 0), f"s@{k:+d}": p.near(s, k, 0), f"t@{k:+d}": p.near(t, k, 0)}
    out |= {f"b@{k:+d}": p.near(b, k, 0) for k in (-12, -8, -6, 6, 8, 12)}
    for low, high in ((-5, -1), (1, 5), (-15, -1), (1, 15), (-40, -1), (1, 40)):
        out |= {f"b@{low}..{high}": p.means(b, low, high), f"mass@{low}..{high}": p.sums(mass, low, high)}
    for low, high in ((-2, 2), (-5, 5), (-12, -1), (0, 12), (-40, -1), (0, 40)):
        out[f"ssum@{low}..{high}"] = p.sums(s, low, high)
    for name, x in (("s", s), ("t", t)):
        left = np.maximum.reduce([p.near(x, k, 0) for k in range(-8, 0)])
        right = np.maximum.reduce([p.near(x, k, 0) for k in range(1, 9)])
        out |= {f"{name}max@-8..-1": left, f"{name}max@1..8": right, f"{name}_top": x - np.maximum(left, right)}
    out |= {
        "since_b": p.since(text),
        "until_b": p.until(text),
        "since_run": p.since(~text),
        "until_run": p.until(~text),
    }
    for name, flag in (("s", sure), ("t", titled)):
        out[f"since_{name}"] = p.near(p.since(flag), -1, FAR)
        out[f"until_{name}"] = p.near(p.until(flag), 1, FAR)
    total, so_far = p.whole(mass), p.so_far(mass)
    out |= {"mass": total, "mass_before": so_far, "mass_after": total - so_far}
    out["mass_place"] = so_far / np.maximum(total, 1)
    out |= {"arts_so_far": p.so_far(s), "arts": p.whole(s)}
    # the stretch between the last likely start before the line and the next behind it
    row = p.row
    last = np.maximum.accumulate(np.where(sure, row, -1))
    last = np.maximum(np.append(-1, last)[: len(row)], p.start)
    coming = np.minimum.accumulate(np.where(sure, row, len(row))[::-1])[::-1]
    coming = np.minimum(np.append(coming, len(row))[1 : len(row) + 1], p.end)
    done, rest = running(mass) * GRAIN, running(1 - b) * GRAIN
    behind, ahead = done[row] - done[last], done[coming] - done[row]
    out |= {"seg_before": behind, "seg_after": ahead, "seg_place": behind / np.maximum(behind + ahead, 1)}
    out |= {"seg_lines": coming - last, "seg_n": row - last}
    out |= {"seg_non": rest[row] - rest[last], "seg_non_after": rest[coming] - rest[row]}
    return {k: np.asarray(v, np.float32) for k, v in out.items()}
