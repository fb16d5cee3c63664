"""What a page is: one with articles, a listing, an error, a cookie wall, an empty page; and whether it is wrapped."""

import polars as pl

from pipeline.patterns import contains
from pipeline.rulebook import Rulebook

# A cookie banner stands on any page; it is the page only where hardly anything else stands there.
MAX_LINES_OF_A_WALL = 40
LISTING_LINES = 5  # fewer lines are no list
PROSE_CHARS = 120  # a teaser's headline is shorter; a paragraph of prose is mostly longer
PROSE_IN_A_LISTING = 0.1  # of the lines: a notice or two
SENTENCE_END = r"""[.!?…。！？]["'”’»)\]]*$"""


def kinds(lines: pl.DataFrame, texts: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """`lines` (page, line_no, part, text, printed, article_no) and `texts` → texts with wrapped, kind, kind_reason,
    n_articles, in the order of `texts`."""
    counted = lines.group_by("page").agg(
        n_articles=pl.col("article_no").drop_nulls().n_unique().cast(pl.Int32),
        wrapped=pl.col("printed").is_not_null().any(),
    )
    out = texts.join(counted, on="page", how="left", maintain_order="left").with_columns(
        pl.col("n_articles").fill_null(0)
    )
    bare = out.filter(pl.col("n_articles") == 0).select("page")
    solid = (
        lines.join(bare, on="page", how="semi", maintain_order="left")
        .group_by("page", "line_no", maintain_order=True)
        .agg(pl.col("text").str.join(""))
        .with_columns(pl.col("text").str.strip_chars())
        .filter(pl.col("text") != "")
    )
    measured = _measures(solid, rules)
    out = out.join(measured, on="page", how="left", maintain_order="left")
    reason = (
        pl.when(pl.col("n_articles") > 0)
        .then(pl.lit("page/articles"))
        .when(pl.col("n_lines").is_null())
        .then(pl.lit("page/empty"))
        .when(pl.col("rule").is_not_null())
        .then("rule")
        .when(pl.col("is_listing"))
        .then(pl.lit("page/listing"))
        .otherwise(pl.lit("page/other"))
    )
    by_reason = {kind.id: kind.kind for kind in rules.kinds}
    by_reason |= {f"page/{kind}": kind for kind in ("articles", "empty", "listing", "other")}
    return out.with_columns(wrapped=pl.col("wrapped").fill_null(False), kind_reason=reason).with_columns(
        kind=pl.col("kind_reason").replace_strict(by_reason, return_dtype=pl.String)
    )


def _measures(solid: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """Solid lines of pages without an article → page, n_lines, is_listing, rule (id of the kind rule, or null)."""
    prose = (pl.col("text").str.len_chars() >= PROSE_CHARS) & pl.col("text").str.contains(SENTENCE_END)
    found = {kind.id: contains(solid["text"], kind.pattern) for kind in rules.kinds}
    speaks = {
        kind.id: pl.col(kind.id).any() & ((pl.len() <= MAX_LINES_OF_A_WALL) if kind.kind != "error" else pl.lit(True))
        for kind in rules.kinds
    }
    return (
        solid.with_columns(**found)
        .group_by("page")
        .agg(
            n_lines=pl.len(),
            is_listing=(pl.len() >= LISTING_LINES) & (prose.sum() <= PROSE_IN_A_LISTING * pl.len()),
            rule=pl.coalesce(
                *[pl.when(spoken).then(pl.lit(name)) for name, spoken in speaks.items()], pl.lit(None, pl.String)
            ),
        )
    )
