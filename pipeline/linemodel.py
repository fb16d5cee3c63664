"""The learned line model: how likely each solid line is text, the first line of an article's chunk, a title.

Gradient-boosted trees look twice. First at the clues of the line; then also at what the first look gave for the lines
around (stacking, after Cohen & Carvalho 2005). The last booster ranks the lines that may be a known chunk's title.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import polars as pl

from pipeline.because import Weights, Words
from pipeline.clues import clues
from pipeline.neighbours import FAR, GRAIN, Flags, Floats, Pages, running
from pipeline.trees import Booster, Leaves, Trees, probable
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
        boosters = {name: Booster.parse(files[f"{name}.txt"]) for name in NAMES}
        trees = {name: Trees.of(booster) for name, booster in boosters.items()}
        words = Words.parse(files[WORDS])
        weights = {name: Weights.of(boosters[name], words) for name in EXPLAINED}
        return cls(trees, weights, words, Vocabulary.parse(files[VOCABULARY]))

    def weigh_text(self, sight: "Sight", rows: Flags) -> Floats:
        """What the groups of clues weigh for these rows as text, both looks together."""
        first, second = (self.weights[name](sight.ways[name][:, rows]) for name in ("body1", "body2"))
        return first + second

    def weigh_title(self, first: Leaves, second: Leaves) -> Floats:
        """What they weigh as a title for rows that come to these leaves in either look."""
        return self.weights["title1"](first) + self.weights[TITLE](second)


class Sight(NamedTuple):
    """What the model sees in solid rows: `likely` (a row each: body, start after the second look, body1, start1, title1
    after the first), and the numbers that the second look saw, by `names`: what the words say, which only those for
    text hear, before all that is `seen` by the others. `ways`: to which leaves rows come in body1, title1, body2."""

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
    said = model.vocabulary.clues(rows["key"])
    names, heard = matrix(said | clues(rows, ends))
    if names != model.trees["body1"].names:
        raise ModelError("the line model was trained on other clues than the program gives: make train")
    trees, x = model.trees, heard[:, len(said) :]
    ways = {"body1": trees["body1"].leaves(heard), "title1": trees["title1"].leaves(x)}
    body, title = (trees[name].likely(leaves) for name, leaves in ways.items())
    start = trees["start1"](x)
    more, y = matrix(around(rows["page"], rows["width"].to_numpy(), body, start, title))
    heard = np.concatenate([heard, y], axis=1)
    ways["body2"] = trees["body2"].leaves(heard)
    likely = {
        "body": trees["body2"].likely(ways["body2"]),
        "start": again(start, heard[:, len(said) :], trees["start2"]),
    }
    first = {"body1": body, "start1": start, "title1": title}
    return Sight(pl.DataFrame(likely | first), heard, names + more, len(said), ways)


def again(first: Floats, seen: Floats, trees: Trees) -> Floats:
    """The probability of a start after both looks."""
    maybe = np.flatnonzero(first >= MAYBE_START)
    odds = (1 - FIRST_SAY) * log_odds(trees(seen[maybe])) + FIRST_SAY * log_odds(first[maybe])
    out = first.copy()
    out[maybe] = probable(odds)
    return out


def log_odds(p: Floats) -> Floats:
    p = np.clip(p, np.float32(1e-5), np.float32(1 - 1e-5))
    return np.asarray(np.log(p / (1 - p)), np.float32)


def matrix(found: Mapping[str, Floats]) -> tuple[list[str], Floats]:
    """Names without the signs that LightGBM does not allow in them, and a column each, stored one behind the other."""
    return [re.sub(r"[,:\[\]{}\"]", "_", name) for name in found], np.stack(list(found.values())).T


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
