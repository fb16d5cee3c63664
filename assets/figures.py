"""Figures of the tables: numbers worth drawing over time, and counts by kind. No Dagster, and no text of a page.

staging/<table>.figures.json       those of a staged table, kept as long as the table and this module are the same
"""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

import polars as pl

from assets import folder
from assets.store import Store
from assets.versions import digest
from pipeline.review.words import family
from pipeline.tables import (
    ARTICLES,
    CHANGES,
    CORRECTIONS,
    DUPLICATES,
    FILES,
    FURNITURE,
    LINES,
    PAGE_ARTICLES,
    PAGES,
    REJECTED,
    STORIES,
    TEXTS,
    Table,
)

SHOWN = 20  # rows of a count that are shown, the largest
DIGITS = 4  # of shares and means
NAME = 100  # characters of a name from outside

Number = int | float


class Figures(NamedTuple):
    """`numbers` by name; `counts` by name, a few rows each."""

    numbers: dict[str, Number]
    counts: dict[str, pl.DataFrame]


def remembered(store: Store, table: Table) -> Figures:
    """The figures of a staged table; an unchanged one is not counted again."""
    name, of = f"{table.name}.figures.json", [store.require(table)[table.name].digest, _made_with()]
    known = store.staged.json(name)
    if known and known.get("of") == of:
        return Figures(known["numbers"], {name: _frame(**counts) for name, counts in known["counts"].items()})
    found = figures(table, store.scan(table))
    counts = {name: {"columns": frame.columns, "rows": frame.rows()} for name, frame in found.counts.items()}
    with suppress(OSError):  # counting again costs seconds; a run should not end for it
        folder.write(store.staging / name, json.dumps({"of": of, "numbers": found.numbers, "counts": counts}))
    return found


def _frame(columns: list[str], rows: list[list[str | int]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=columns, orient="row")


@cache
def _made_with() -> str:
    return digest({"figures": Path(__file__).read_text(encoding="utf-8"), "polars": pl.__version__})


def figures(table: Table, rows: pl.LazyFrame) -> Figures:
    """What of a table's rows is worth seeing."""
    count = COUNTED.get(table)
    return count(rows) if count else Figures({}, {})


def _files(rows: pl.LazyFrame) -> Figures:
    fate = pl.col("fate")
    numbers = _numbers(
        rows,
        **{f"files {name}": (fate == name).sum() for name in ("read", "rejected", "ignored")},
        **{FILES_REJECTED.name: FILES_REJECTED.value},
    )
    unread = rows.filter(fate != "read")
    return Figures(numbers, {"files not read": _most(unread, "files", "fate", "why")})


def _rejected(rows: pl.LazyFrame) -> Figures:
    whole = pl.col("record") == 0
    listed = rows.filter(whole).sort("path").head(SHOWN).select("path", "reason", "todo").collect()
    return Figures(
        _numbers(rows, files=whole.sum(), records=(~whole).sum()),
        {"rejected files": listed, "rejected by reason": _most(rows, "rows", "reason")},
    )


def _texts(rows: pl.LazyFrame) -> Figures:
    numbers = _numbers(rows, **{"raw bytes": pl.col("n_bytes").sum(), "pages repaired": pl.col("repaired").sum()})
    return Figures(numbers, {"pages by encoding": _most(rows, "pages", "encoding")})


def _furniture(rows: pl.LazyFrame) -> Figures:
    numbers = _numbers(rows, **{"outlets and sites": pl.col("scope").n_unique()})
    return Figures(numbers, {"furniture by outlet or site": _most(rows, "lines", "scope")})


def _lines(rows: pl.LazyFrame) -> Figures:
    """Parts of lines count, as in the ledger. Reasons count by family."""
    blank, kept = pl.col("role") == "blank", pl.col("destination").is_not_null()
    numbers = _numbers(
        rows,
        **{
            "lines kept": kept.sum(),
            "lines dropped": (~kept & ~blank).sum(),
            "lines blank": blank.sum(),
            LINES_DROPPED.name: LINES_DROPPED.value,
        },
    )
    reason = pl.when(blank).then(pl.lit("blank")).otherwise(family(pl.col("reason")))
    counts = {
        "lines dropped by reason": _most(rows.filter(~kept).with_columns(reason=reason), "lines", "reason"),
        "lines kept by column": _most(rows.filter(kept), "lines", "destination"),
    }
    return Figures(numbers, counts)


def _page_articles(rows: pl.LazyFrame) -> Figures:
    return Figures(_numbers(rows, **{"share without a title": pl.col("title").is_null().mean()}), {})


def _pages(rows: pl.LazyFrame) -> Figures:
    numbers = _numbers(
        rows,
        **{
            "pages with articles": (pl.col("kind") == "articles").sum(),
            "pages hard-wrapped": pl.col("wrapped").sum(),
            ARTICLES_A_PAGE.name: ARTICLES_A_PAGE.value,
        },
    )
    return Figures(numbers, {"pages by kind": _most(rows, "pages", "kind")})


def _corrections(rows: pl.LazyFrame) -> Figures:
    applied = pl.col("n_parts") > 0
    numbers = _numbers(rows, **{"corrections applied": applied.sum(), "corrections not applied": (~applied).sum()})
    return Figures(numbers, {"corrections not applied": _most(rows.filter(~applied), "corrections", "reason")})


def _duplicates(rows: pl.LazyFrame) -> Figures:
    return Figures({}, {"duplicates by kind": _most(rows, "duplicates", "kind")})


def _stories(rows: pl.LazyFrame) -> Figures:
    return Figures(_numbers(rows, stories=pl.col("story_id").n_unique()), {})


def _articles(rows: pl.LazyFrame) -> Figures:
    numbers = _numbers(
        rows,
        **{
            DATES_MISSING.name: DATES_MISSING.value,
            "share without an outlet": pl.col("outlet").is_null().mean(),
            "share without a title": pl.col("title").is_null().mean(),
            "share that breaks off": pl.col("truncated").mean(),
            "mean confidence": pl.col("confidence").mean(),
            "mean words": pl.col("n_words").mean(),
        },
    )
    counts = {f"articles by {name}": _most(rows, "articles", name) for name in ("outlet", "language")}
    return Figures(numbers, counts | {"dates by what settled them": _most(rows, "articles", "date_basis")})


def _changes(rows: pl.LazyFrame) -> Figures:
    change = pl.col("change")
    numbers = _numbers(rows, **{f"articles {name}": (change == name).sum() for name in ("added", "changed", "removed")})
    return Figures(numbers, {"changes by cause": _most(rows, "articles", "change", "why")})


class Measure(NamedTuple):
    """One of the figures that should be alike from run to run: of which table, over which of its rows."""

    name: str
    table: Table
    value: pl.Expr


FILES_REJECTED = Measure(
    "share of files rejected",
    FILES,
    (pl.col("fate") == "rejected").filter(pl.col("fate") != "ignored").mean(),
)
LINES_DROPPED = Measure(
    "share of lines dropped",
    LINES,
    pl.col("destination").is_null().filter(pl.col("role") != "blank").mean(),
)
ARTICLES_A_PAGE = Measure("articles a page", PAGES, pl.col("n_articles").mean())
DATES_MISSING = Measure("share without a date", ARTICLES, pl.col("date").is_null().mean())
MEASURES = (FILES_REJECTED, LINES_DROPPED, ARTICLES_A_PAGE, DATES_MISSING)

COUNTED: dict[Table, Callable[[pl.LazyFrame], Figures]] = {
    FILES: _files,
    REJECTED: _rejected,
    TEXTS: _texts,
    FURNITURE: _furniture,
    LINES: _lines,
    PAGE_ARTICLES: _page_articles,
    PAGES: _pages,
    CORRECTIONS: _corrections,
    DUPLICATES: _duplicates,
    STORIES: _stories,
    ARTICLES: _articles,
    CHANGES: _changes,
}


def _numbers(rows: pl.LazyFrame, **values: pl.Expr) -> dict[str, Number]:
    """Each value over all rows; a mean of none is 0, as nothing can be drawn of null."""
    (found,) = rows.select(**values).collect(engine="streaming").to_dicts()
    return {name: _short(value or 0) for name, value in found.items()}


def _most(rows: pl.LazyFrame, what: str, *by: str) -> pl.DataFrame:
    """How many rows have each of the most frequent values of columns, nulls as `null`."""
    names = [pl.col(name).cast(pl.String).fill_null("null").str.head(NAME) for name in by]
    counts = rows.group_by(names).agg(pl.len().cast(pl.Int64).alias(what))
    return counts.collect(engine="streaming").sort(what, *by, descending=[True, *(False for _ in by)]).head(SHOWN)


def _short(value: Number) -> Number:
    return round(value, DIGITS) if isinstance(value, float) else value
