"""Who may share much with whom: pairs of rows by the fingerprints that both have. No text, and no verdict.

Rows are numbers, the highest rank first. A fingerprint pairs its rows with the HOLDERS highest-ranked of them, so that
what stands in every article does not make the work quadratic: one that more rows have is *crowded*. Two rows are linked
where they share enough of all their fingerprints (copies of one story, which crowd them all), or enough of those
that are not crowded (articles within one template). Crowded ones pair a row only where it has enough of them: a footer
alone pairs nobody.
"""

from collections.abc import Iterable
from functools import partial
from typing import Final

import numpy as np
import polars as pl

from pipeline.shares import Pieces, Shares, dealt

HOLDERS: Final = 8

_ROWS: Final = 1 << 31  # two row numbers and a bit make a number of 64
_NONE_MET: Final = pl.DataFrame(schema={"pair": pl.UInt64, "hits": pl.UInt32, "own": pl.UInt32})


def linked(lots: Shares, sizes: pl.Series, share: float) -> pl.DataFrame:
    """Postings (row, key) in lots that have no key in common, and how many each row has (by row number) → (row, kept):
    `kept` is the higher-ranked one, and one may hold `share` of the other's keys. In order.

    Only what is in one lot is looked at together. Meetings are dealt anew, by pair, and then counted."""
    found = lots.each(runs).kept()
    crowded = _sum(found.map(crowds), len(sizes))
    much = (crowded > 0) & (crowded >= share * sizes)
    meetings = found.deal(partial(_meetings, much=much, n=max(len(lots), 1)))
    pairs = meetings.map(partial(_enough, sizes=sizes, crowded=crowded, share=share))
    return pl.concat([_enough(_NONE_MET, sizes, crowded, share), *pairs]).sort("row", "kept")


def _meetings(runs: pl.DataFrame, much: pl.Series, n: int) -> Pieces:
    return dealt([met(runs, much)], pl.col("pair").hash(), n)


def _enough(meetings: pl.DataFrame, sizes: pl.Series, crowded: pl.Series, share: float) -> pl.DataFrame:
    """All meetings of some pairs → (row, kept) of those pairs that meet often enough."""
    pair = pl.col("pair")
    named = (
        meetings.group_by(pair)
        .agg(pl.col("hits", "own").sum())
        .with_columns(row=(pair // _ROWS).cast(pl.UInt32), kept=(pair % _ROWS).cast(pl.UInt32))
    )
    of_own = (pl.col("own") > 0) & (pl.col("own") >= share * _fewer(sizes - crowded))
    return named.filter((pl.col("hits") >= share * _fewer(sizes)) | of_own).select("row", "kept")


def runs(postings: pl.DataFrame) -> pl.DataFrame:
    """A lot (row, key), in any order → (row, place, first, own), key by key: the row's place among those with its key,
    where the first of them stands, and whether the key is not crowded. Keys of one row are left out."""
    same = (pl.col("key") == pl.col("key").shift()).fill_null(False)
    kept = postings.sort("key").filter(same | same.shift(-1, fill_value=False))
    at = pl.int_range(pl.len(), dtype=pl.UInt32)
    first = pl.when(~same).then(at).forward_fill().cast(pl.UInt64)
    # Sorted as one number, which takes a fraction of what two columns take.
    ordered = kept.select(code=first * _ROWS + pl.col("row")).sort("code")
    rows = ordered.select(
        row=(pl.col("code") % _ROWS).cast(pl.UInt32), at=at, first=(pl.col("code") // _ROWS).cast(pl.UInt32)
    ).select("row", "first", place=pl.col("at") - pl.col("first"))
    crowd = rows.filter(pl.col("place") > HOLDERS)["first"].unique()
    return rows.with_columns(own=~pl.col("first").is_in(crowd.implode()))


def crowds(runs: pl.DataFrame) -> pl.DataFrame:
    """`runs` of a lot → (row, n): how many crowded keys rows have in it."""
    return runs.filter(~pl.col("own")).group_by("row").agg(n=pl.len())


def _sum(counts: Iterable[pl.DataFrame], n_rows: int) -> pl.Series:
    """(row, n) of lots → their sum, by row number."""
    sums = np.zeros(n_rows, dtype=np.uint32)
    for count in counts:
        sums[count["row"].to_numpy()] += count["n"].to_numpy()
    return pl.Series(sums, dtype=pl.UInt32)


def met(runs: pl.DataFrame, much: pl.Series) -> pl.DataFrame:
    """`runs` of a lot, and which rows have many crowded keys → (pair, hits, own): row and higher-ranked row in one
    number, how often they meet in it; up to two rows a pair."""
    pairing = runs.filter(pl.col("own") | pl.lit(much).gather(pl.col("row")))
    codes = [pl.Series("code", [], dtype=pl.UInt64)]
    for place in range(HOLDERS):
        lower = pairing.filter(pl.col("place") > place)
        higher = runs["row"].gather(lower["first"] + place)
        codes.append(
            lower.select(code=(pl.col("row").cast(pl.UInt64) * _ROWS + higher) * 2 + pl.col("own")).to_series()
        )
    counted = pl.concat(codes).sort().rle().struct.unnest()  # a sort takes a fraction of what hashed groups take
    n, own = pl.col("len"), pl.col("value") % 2
    return counted.select(pair=pl.col("value") // 2, hits=n, own=n * own).cast(_NONE_MET.schema)


def _fewer(sizes: pl.Series) -> pl.Expr:
    """The size of the smaller one of row and kept."""
    return pl.min_horizontal(*(pl.lit(sizes).gather(pl.col(c)) for c in ("row", "kept")))
