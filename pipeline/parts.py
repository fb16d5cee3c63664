"""Cuts lines into parts: the pieces where a promo or a credit stands inside a line of text."""

from collections.abc import Iterable

import polars as pl

from pipeline.rulebook import Rule

# A NUL can't stand in a page (the repair drops it), so it may mark the cuts.
CUT = "\0"
# A piece begins a line or follows a finished sentence; a phrase in mid-sentence is the author's own.
LEAD = r"(?P<lead>^\s*|[.!?…。！？:)\"'”’»\]]\s+|[。！？]\s*)"


def cut(rows: pl.DataFrame, rules: Iterable[Rule], where: pl.Expr) -> pl.DataFrame:
    """Rows with `text` → one row a piece where one of the rules' pieces stands inside the text of a row that `where`
    holds for; every other column is repeated. White space behind a piece goes with it, so the pieces join to `text`.
    Number the parts with `numbered` when all cutting is done."""
    for rule in rules:
        pattern = rf"{LEAD}(?P<piece>{rule.piece})"
        hit = where & pl.col("text").str.contains(pattern)
        if not rows.select(hit.any()).item():
            continue
        marked = pl.col("text").str.replace_all(pattern, f"${{lead}}{CUT}${{piece}}{CUT}")
        pieces = marked.str.split(CUT).list.eval(pl.element().filter(pl.element() != ""))
        rows = rows.with_columns(text=pl.when(hit).then(pieces).otherwise(pl.concat_list("text"))).explode("text")
    return rows


def numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows in their order, with `part`: 0 where a line is whole, 1, 2, … for the pieces of one that was cut."""
    line = ["page", "line_no"]
    nth = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(line)
    return rows.with_columns(part=pl.when(pl.len().over(line) == 1).then(pl.lit(0, pl.Int32)).otherwise(nth))
