"""Which pages are shown in full: all where they fit, else the least certain, one per reason, and some at random.

The draw is by `page_id`, a hash of the page's bytes: in no order that means anything, and the same each time.
"""

import polars as pl

from pipeline.review.words import family

BUDGET = 10_000_000  # bytes of HTML, about; a browser on a phone shows them
LINE_BYTES = 400  # of HTML around a line's text
MAX_LINES = 1_000  # of one page that are shown
MAX_TEXT = 3_000  # characters of one line that are shown

LEAST, EXAMPLE, DRAWN = "least-certain", "example", "drawn"


def choose(lines: pl.LazyFrame, pages: pl.LazyFrame, page_articles: pl.LazyFrame, budget: int = BUDGET) -> pl.DataFrame:
    """The tables → page, page_id, confidence (the lowest of its articles; null where it has none), n_lines, chosen
    (why: LEAST, EXAMPLE, DRAWN), examples (the reasons that it is shown for); least certain first. Of pages of the
    same bytes one is shown. Every way of choosing gets the same number of turns until the budget is spent."""
    sized = lines.group_by("page").agg(
        n_lines=pl.col("line_no").max(),
        cost=pl.when(pl.col("line_no") <= MAX_LINES)
        .then(LINE_BYTES + 2 * pl.col("text").str.len_bytes().clip(upper_bound=MAX_TEXT))
        .sum(),
    )
    sure = page_articles.group_by("page").agg(pl.col("confidence").min())
    all_pages = (
        pages.select("page", "page_id")
        .join(sized.collect(engine="streaming").lazy(), on="page", how="left")
        .join(sure, on="page", how="left")
        .sort("page")
        .unique("page_id", keep="first", maintain_order=True)
        .collect()
    ).with_columns(pl.col("n_lines", "cost").fill_null(0))
    most = budget // LINE_BYTES + 1  # as many pages as fit if each is a line: later turns need not be in memory
    known, drawn = all_pages.select("page_id", "confidence").drop_nulls(), pl.col("page_id").str.slice(16)
    turns = pl.concat(
        [
            _turns(known.bottom_k(most, by=["confidence", "page_id"]).sort("confidence", "page_id"), LEAST),
            _turns(examples(lines), EXAMPLE),
            _turns(all_pages.select("page_id").bottom_k(most, by=[drawn, "page_id"]).sort(drawn, "page_id"), DRAWN),
        ]
    ).sort("turn", "how")
    order = turns.group_by("page_id", maintain_order=True).agg(
        pl.col("turn").first(),
        chosen=pl.col("how").first(),
        examples=pl.col("reason").drop_nulls().sort(),
    )
    picked = order.join(all_pages, on="page_id", maintain_order="left")
    fits = (pl.col("cost").cum_sum() <= budget) | (pl.int_range(pl.len()) == 0)
    return picked.filter(fits).drop("cost", "turn").sort("confidence", "page", nulls_last=True)


def examples(lines: pl.LazyFrame) -> pl.DataFrame:
    """reason (its family), page_id of a page that has it; the commonest reason first."""
    return (
        lines.filter(pl.col("role") != "blank")
        .group_by(reason=family(pl.col("reason")))
        .agg(pl.len(), pl.col("page_id").min())
        .sort("len", "reason", descending=[True, False])
        .collect(engine="streaming")
    )


def _turns(ranked: pl.DataFrame, how: str) -> pl.DataFrame:
    reason = pl.col("reason") if "reason" in ranked.columns else pl.lit(None, pl.String).alias("reason")
    order = pl.Enum([LEAST, EXAMPLE, DRAWN])
    return ranked.with_row_index("turn").select("turn", "page_id", reason, how=pl.lit(how, order))
