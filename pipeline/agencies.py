"""The news agencies that a text names."""

import polars as pl

from pipeline.rulebook import Rulebook


def agencies(texts: pl.Series, rules: Rulebook) -> pl.Series:
    """`texts` (an article's body and credit lines, a line each) → the names of the agencies in each, in the order
    of their first appearance; an empty list where there is none."""
    found = texts.alias("text").to_frame().with_row_index("row")
    # In one pass for all agencies, so that Polars spreads the patterns over its threads.
    places = found.select("row", *[pl.col("text").str.find(f"(?m){a.pattern}").alias(a.name) for a in rules.agencies])
    names = (
        places.unpivot(index="row", variable_name="name", value_name="place")
        .drop_nulls("place")
        .sort("row", "place", "name")
        .group_by("row", maintain_order=True)
        .agg(pl.col("name").cast(pl.String))
    )
    joined = found.select("row").join(names, on="row", how="left", maintain_order="left")
    return joined["name"].fill_null(pl.Series([[]], dtype=pl.List(pl.String))).alias("agencies")
