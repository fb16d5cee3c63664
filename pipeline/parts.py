"""Cuts lines into parts: the pieces where a promo or a credit stands inside a line of text."""

from collections.abc import Iterable

import polars as pl

from pipeline.needles import candidates, folded
from pipeline.rulebook import Rule

# A NUL can't stand in a page (the repair drops it), so it may mark the cuts.
CUT = "\0"
WHOLE = "whole"  # the number of the row that a piece comes from
# A piece begins a line or follows a finished sentence; a phrase in mid-sentence is the author's own.
LEAD = r"(?P<lead>^\s*|[.!?…。！？:)\"'”’»\]]\s+|[。！？]\s*)"


def cut(rows: pl.DataFrame, rules: Iterable[Rule], where: pl.Expr) -> pl.DataFrame:
    """Rows with `text` → one row a piece where one of the rules' pieces stands inside the text of a row that `where`
    holds for; every other column is repeated. White space behind a piece goes with it, so the pieces join to `text`.
    Number the parts with `numbered` when all cutting is done."""
    rules, rows = list(rules), rows.with_row_index(WHOLE)
    maybe = rows.filter(where)["text"].unique()
    # A needle must stand inside the line: an edge that a pattern asks for may be one of a piece.
    near = candidates(folded(maybe), [f"(?m){rule.piece}" for rule in rules])
    held = maybe.gather(pl.concat([rows[WHOLE].clear(), *near]).unique())
    some = (where & pl.col("text").is_in(held.implode())).fill_null(False)
    found = rows.filter(some)
    for rule, at in zip(rules, near, strict=True):
        if len(at):
            found = _cut(found, rule)
    return pl.concat([rows.filter(~some), found]).sort(WHOLE, maintain_order=True).drop(WHOLE)


def _cut(rows: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    pattern = rf"{LEAD}(?P<piece>{rule.piece})"
    hit = pl.col("text").str.contains(pattern)
    if not rows.select(hit.any()).item():
        return rows
    marked = pl.col("text").str.replace_all(pattern, f"${{lead}}{CUT}${{piece}}{CUT}")
    pieces = marked.str.split(CUT).list.eval(pl.element().filter(pl.element() != ""))
    return rows.with_columns(text=pl.when(hit).then(pieces).otherwise(pl.concat_list("text"))).explode("text")


def numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows in their order, with `part`: 0 where a line is whole, 1, 2, … for the pieces of one that was cut."""
    first = (pl.col("line_no").rle_id().diff() != 0) | (pl.col("page").rle_id().diff() != 0)
    at = pl.int_range(pl.len(), dtype=pl.Int32)
    rows = rows.with_columns(first=first.fill_null(True))
    alone = pl.col("first") & pl.col("first").shift(-1, fill_value=True)
    nth = at - pl.when("first").then(at).forward_fill() + 1
    return rows.with_columns(part=pl.when(alone).then(pl.lit(0, pl.Int32)).otherwise(nth)).drop("first")
