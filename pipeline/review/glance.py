"""The corpus at a glance: counts for the start of the review page. No HTML."""

from typing import Any, NamedTuple

import polars as pl

from pipeline.review.words import family

TOP = 12  # reasons and outlets that are listed
UNCERTAIN = 12  # pages that are listed as the least certain


class Tables(NamedTuple):
    """The published tables that the review page shows, lazily: the ledger may be larger than memory."""

    articles: pl.LazyFrame
    page_articles: pl.LazyFrame
    duplicates: pl.LazyFrame
    lines: pl.LazyFrame
    pages: pl.LazyFrame
    files: pl.LazyFrame
    corrections: pl.LazyFrame


class Glance(NamedTuple):
    """Numbers of the whole corpus. `kept` and `characters` are of what is not blank."""

    pages: int
    without_article: int
    articles: int
    folded: int
    lines: int
    lines_kept: int
    characters: int
    characters_kept: int
    no_date: int
    no_outlet: int
    n_outlets: int
    files: dict[str, int]
    kinds: list[tuple[str, int]]
    corrections: int
    corrections_unused: int
    dropped: list[dict[str, Any]]  # reason, n
    more_reasons: int
    dropped_by_more: int
    outlets: list[dict[str, Any]]  # outlet, articles, no_date, confidence
    more_outlets: int
    uncertain: list[dict[str, Any]]  # page, page_id, confidence, n_articles, outlet


def glance(tables: Tables) -> Glance:
    kinds = counts(tables.pages, "kind")
    counted = _lines(tables.lines)
    kept, dropped = counted.filter("kept"), counted.filter(~pl.col("kept"))
    reasons = dropped.group_by("reason").agg(pl.col("n").sum()).sort("n", "reason", descending=[True, False])
    outlets = _outlets(tables.articles)
    known = outlets.drop_nulls("outlet")
    corrections = tables.corrections.select(pl.len(), unused=(pl.col("n_parts") == 0).sum()).collect().row(0)
    return Glance(
        pages=sum(n for _, n in kinds),
        without_article=sum(n for kind, n in kinds if kind != "articles"),
        articles=int(outlets["articles"].sum()),
        folded=height(tables.duplicates),
        lines=int(counted["n"].sum()),
        lines_kept=int(kept["n"].sum()),
        characters=int(counted["characters"].sum()),
        characters_kept=int(kept["characters"].sum()),
        no_date=int(outlets["no_date"].sum()),
        no_outlet=int(outlets.filter(pl.col("outlet").is_null())["articles"].sum()),
        n_outlets=known.height,
        files=dict(counts(tables.files, "fate")),
        kinds=kinds,
        corrections=corrections[0],
        corrections_unused=corrections[1],
        dropped=reasons.head(TOP).to_dicts(),
        more_reasons=max(0, reasons.height - TOP),
        dropped_by_more=int(reasons["n"].slice(TOP).sum()),
        outlets=outlets.head(TOP).to_dicts(),
        more_outlets=max(0, outlets.height - TOP),
        uncertain=_uncertain(tables.page_articles),
    )


def _lines(lines: pl.LazyFrame) -> pl.DataFrame:
    """reason (its family), kept, n, characters: parts of lines that are not blank."""
    return (
        lines.filter(pl.col("role") != "blank")
        .group_by(reason=family(pl.col("reason")), kept=pl.col("destination").is_not_null())
        .agg(n=pl.len(), characters=pl.col("text").str.len_chars().sum())
        .collect(engine="streaming")
    )


def _outlets(articles: pl.LazyFrame) -> pl.DataFrame:
    """outlet, articles, no_date, confidence (mean); the largest first."""
    return (
        articles.group_by("outlet")
        .agg(
            articles=pl.len(),
            no_date=pl.col("date").null_count(),
            # rounded before the sum, which would else depend on the order of the rows
            confidence=(pl.col("confidence") * 10_000).round().cast(pl.Int64).sum() / (10_000 * pl.len()),
        )
        .sort("articles", "outlet", descending=[True, False], nulls_last=True)
        .collect()
    )


def _uncertain(page_articles: pl.LazyFrame) -> list[dict[str, Any]]:
    sure = page_articles.group_by("page").agg(pl.col("confidence").min())
    least = sure.bottom_k(UNCERTAIN, by=["confidence", "page"]).select("page").collect(engine="streaming")
    return (
        page_articles.filter(pl.col("page").is_in(least["page"].implode()))
        .select("page", "page_id", "article_no", "confidence", "outlet")
        .sort("page", "article_no")
        .group_by("page", "page_id", maintain_order=True)
        .agg(pl.col("confidence").min(), n_articles=pl.len(), outlet=pl.col("outlet").drop_nulls().first())
        .sort("confidence", "page")
        .collect(engine="streaming")
        .to_dicts()
    )


def counts(frame: pl.LazyFrame, column: str) -> list[tuple[Any, int]]:
    """How often each value of a column stands in a table, the most frequent first."""
    return frame.group_by(column).agg(pl.len()).sort("len", column, descending=[True, False]).collect().rows()


def height(frame: pl.LazyFrame) -> int:
    return int(frame.select(pl.len()).collect().item())
