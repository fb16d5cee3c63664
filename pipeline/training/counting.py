"""How often words stand in text and in other lines: the vocabulary, from the sites of labelled pages.

A site counts by the share of its lines that hold a word, so that large sites don't drown small ones. What is trained on
a line hears the words as all sites but its own give them, as it will on sites that nobody has seen.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.neighbours import Floats, Places
from pipeline.vocabulary import SIZE, STEP, Odds, Vocabulary, said, words

# Added to the shares of sites on both sides, and lines to a site's: rare words say little. Chosen out of fold: .1 and
# .02 are equal on whole pages, .1 better on light ones.
SMOOTH, FEW_LINES = 0.1, 5
SITES = 2  # that a word must be known from


class Counts(NamedTuple):
    """`shares` of sites (site, at, text, other: the shares of the site's lines of text, and of its others, that hold a
    word of the bucket), sorted; by bucket, their sums and the number of `sites`."""

    shares: pl.DataFrame
    text: NDArray[np.float64]
    other: NDArray[np.float64]
    sites: NDArray[np.int64]

    def vocabulary(self) -> Vocabulary:
        return Vocabulary(odds(self.text, self.other, self.sites))

    def unseen(self, lines: pl.DataFrame) -> dict[str, Floats]:
        """`lines` (site, key) → the clues of their words, as all sites but the line's own know them."""
        different = lines.unique(maintain_order=True).with_row_index("line")
        found = words(different["key"])
        site, known = different["site"].gather(found.line), self.vocabulary().odds
        own = self._without_own()

        def heard(at: Places) -> Odds:
            asked = pl.DataFrame({"site": site, "at": at})
            told = asked.join(own, on=["site", "at"], how="left", maintain_order="left")["odds"]
            return told.zip_with(told.is_not_null(), pl.Series(known[at])).to_numpy()

        clues = said(found, heard(found.word), heard(found.pair), different.height)
        row = lines.join(different, on=["site", "key"], how="left", maintain_order="left")["line"].to_numpy()
        return {name: x[row] for name, x in clues.items()}

    def _without_own(self) -> pl.DataFrame:
        """site, at, odds: what each bucket of a site would be without it."""
        at, text, other = (self.shares[x].to_numpy() for x in ("at", "text", "other"))
        rest = odds(np.maximum(self.text[at] - text, 0), np.maximum(self.other[at] - other, 0), self.sites[at] - 1)
        return self.shares.select("site", "at", odds=pl.Series(rest))


def shares(lines: pl.DataFrame) -> pl.DataFrame:
    """`lines` (site, key, is_body) → see Counts."""
    found = words(lines["key"])
    each = pl.concat([pl.DataFrame({"line": found.line, "at": at}) for at in (found.word, found.pair)]).unique()
    sides = lines.select("site", line=pl.int_range(pl.len()), text="is_body", other=~pl.col("is_body"))
    both = pl.col("text", "other").sum()
    of_word = each.join(sides, on="line").group_by("site", "at").agg(both)
    of_site = sides.group_by("site").agg(both.name.suffix("_lines"))
    return (
        of_word.join(of_site, on="site")
        .select("site", "at", *(pl.col(x) / (pl.col(f"{x}_lines") + FEW_LINES) for x in ("text", "other")))
        .sort("site", "at")
    )


def counts(of_sites: pl.DataFrame, sites: Iterable[str]) -> Counts:
    """The `shares` of these sites alone."""
    mine = of_sites.filter(pl.col("site").is_in(list(sites)))
    at = mine["at"].to_numpy()
    text, other = (np.bincount(at, weights=mine[x].to_numpy(), minlength=SIZE) for x in ("text", "other"))
    return Counts(mine, np.asarray(text, np.float64), np.asarray(other, np.float64), np.bincount(at, minlength=SIZE))


def odds(text: NDArray[np.float64], other: NDArray[np.float64], sites: NDArray[np.int64]) -> Odds:
    steps = np.rint(np.log((text + SMOOTH) / (other + SMOOTH)) / STEP)
    return np.where(sites >= SITES, np.clip(steps, -127, 127), 0).astype(np.int8)
