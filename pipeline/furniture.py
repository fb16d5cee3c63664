"""Corpus furniture: lines that stand in many different contexts of one outlet or site, learnt without a rule.

Mere recurrence is not enough: infinite scroll repeats whole articles on many pages, but always in the same context.
"""

import polars as pl

from pipeline.rulebook import Rulebook
from pipeline.scope import scopes
from pipeline.tables import FURNITURE

# A line of text this wide is not furniture, and is what the context of its neighbours is taken from.
LONG = 80
# Contexts from which on a line is furniture: a fixed count, so that one page more changes what crosses it and
# nothing else. Ten different articles around the same line do not happen to an article's own text.
MIN_CONTEXTS = 10


def contexts(lines: pl.DataFrame, texts: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """`lines` of a batch of whole pages → scope, line_key, context, page: one row for each short line and the pair
    of nearest long lines around it. Batches are concatenated (and made unique) for `furniture`."""
    solid = lines.filter(pl.col("trimmed") != "").with_columns(
        long=pl.when(pl.col("width") >= LONG).then(pl.col("key").str.slice(0, 200))
    )
    around = solid.with_columns(
        before=pl.col("long").forward_fill().over("page"), after=pl.col("long").backward_fill().over("page")
    )
    return (
        around.filter(pl.col("long").is_null() & (pl.col("before").is_not_null() | pl.col("after").is_not_null()))
        .join(scopes(lines, texts, rules), on="page", how="left", maintain_order="left")
        .select(
            "scope",
            line_key="key",
            context=pl.concat_str(pl.col("before").fill_null(""), pl.lit("\n"), pl.col("after").fill_null("")),
            page="page",
        )
        .unique(maintain_order=True)
    )


def furniture(contexts: pl.DataFrame) -> pl.DataFrame:
    """All `contexts` of the corpus → FURNITURE: the lines with at least MIN_CONTEXTS different contexts."""
    counted = (
        contexts.group_by("scope", "line_key")
        .agg(n_contexts=pl.col("context").n_unique(), n_pages=pl.col("page").n_unique())
        .filter(pl.col("n_contexts") >= MIN_CONTEXTS)
        .sort("scope", "line_key")
    )
    return FURNITURE.conform(counted)
