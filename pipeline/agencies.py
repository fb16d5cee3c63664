"""The news agencies that a text names."""

import polars as pl

from pipeline.needles import candidates, folded
from pipeline.patterns import places
from pipeline.rulebook import Rulebook


def agencies(texts: pl.Series, rules: Rulebook) -> pl.Series:
    """`texts` (an article's body and credit lines, a line each) → the names of the agencies in each, in the order
    of their first appearance; an empty list where there is none."""
    found = texts.alias("text").to_frame().with_row_index("row")
    patterns = [f"(?m){agency.pattern}" for agency in rules.agencies]
    near = zip(rules.agencies, patterns, candidates(folded(texts, cased=True), patterns, cased=True), strict=True)
    named = [
        pl.DataFrame({"row": rows, "place": places(texts.gather(rows), pattern)}).with_columns(name=pl.lit(agency.name))
        for agency, pattern, rows in near
        if len(rows)
    ]
    none = pl.DataFrame(schema={"row": pl.UInt32, "place": pl.UInt32, "name": pl.String})
    names = (
        pl.concat([none, *named])
        .drop_nulls("place")
        .sort("row", "place", "name")
        .group_by("row", maintain_order=True)
        .agg("name")
    )
    joined = found.select("row").join(names, on="row", how="left", maintain_order="left")
    return joined["name"].fill_null(pl.Series([[]], dtype=pl.List(pl.String))).alias("agencies")
