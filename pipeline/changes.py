"""What became of articles between two states of a corpus, and why."""

from typing import NamedTuple

import polars as pl

from pipeline.tables import ARTICLES, CHANGES, DUPLICATES, MADE_FROM


class State(NamedTuple):
    """The tables of a generation that tell: `articles`, `duplicates`, `made_from`."""

    articles: pl.DataFrame
    duplicates: pl.DataFrame
    made_from: pl.DataFrame


NONE = State(ARTICLES.empty(), DUPLICATES.empty(), MADE_FROM.empty())


def changes(before: State, now: State, version: str = "program") -> pl.DataFrame:
    """Two states, and which version (rules, model, program) is another one now → CHANGES, sorted by key."""
    rows = [pl.col("article_id", "page"), pl.struct(ARTICLES.schema.names()).hash().alias("row")]
    old, new = (state.articles.select(rows) for state in (before, now))
    pages = of_pages(before.made_from, now.made_from, version)
    added = new.join(old, on="article_id", how="anti").with_columns(change=pl.lit("added"))
    removed = old.join(new, on="article_id", how="anti").with_columns(change=pl.lit("removed"))
    both = new.join(old.rename({"page": "old_page", "row": "old_row"}), on="article_id")
    changed = both.filter(pl.col("row") != pl.col("old_row")).select("article_id", "page", "old_page")
    folded = {"added": before.duplicates, "removed": now.duplicates}
    lone = [
        rows.join(pages, on="page", how="left").with_columns(
            why=pl.when(pl.col("article_id").is_in(folded[change]["article_id"].implode()))
            .then(pl.lit("duplicate"))
            .otherwise("why"),
            columns=pl.lit([], pl.List(pl.String)),
        )
        for change, rows in (("added", added), ("removed", removed))
    ]
    out = [*lone, altered(changed, before, now, pages)]
    told = pl.concat([frame.select(CHANGES.schema.names()) for frame in out])
    return CHANGES.conform(told.with_columns(pl.col("why").fill_null(version))).sort(CHANGES.key)


def of_pages(before: pl.DataFrame, now: pl.DataFrame, version: str) -> pl.DataFrame:
    """MADE_FROM of two states → page, why: what is another thing on each page that is in either."""
    columns = ["page", "page_id", "sidecar", "corrections", "furniture"]
    both = before.select(columns, was=True).join(
        now.select(columns, stays=True), on="page", how="full", coalesce=True, suffix="_now"
    )
    moved_here = pl.col("page_id_now").is_in(before["page_id"].implode())
    moved_away = pl.col("page_id").is_in(now["page_id"].implode())

    def other(column: str) -> pl.Expr:
        return pl.col(column) != pl.col(f"{column}_now")

    why = (
        pl.when(pl.col("was").is_null())
        .then(pl.when(moved_here).then(pl.lit("moved-page")).otherwise(pl.lit("new-page")))
        .when(pl.col("stays").is_null())
        .then(pl.when(moved_away).then(pl.lit("moved-page")).otherwise(pl.lit("removed-page")))
        .when(other("page_id"))
        .then(pl.lit("changed-page"))
        .when(other("sidecar"))
        .then(pl.lit("sidecar"))
        .when(other("corrections"))
        .then(pl.lit("corrections"))
        .when(other("furniture"))
        .then(pl.lit("furniture"))
        .otherwise(pl.lit(version))
    )
    return both.select("page", why=why)


def altered(changed: pl.DataFrame, before: State, now: State, pages: pl.DataFrame) -> pl.DataFrame:
    """Articles (article_id, page, old_page) of both states whose rows differ, with the columns that do, and why."""
    names = [name for name in ARTICLES.schema.names() if name != "article_id"]
    ids = changed.select("article_id")
    old, new = (state.articles.join(ids, on="article_id", how="semi") for state in (before, now))
    both = new.join(old, on="article_id", suffix="_old")
    differ = [pl.when(pl.col(n).ne_missing(pl.col(f"{n}_old"))).then(pl.lit(n)) for n in names]
    told = both.select("article_id", columns=pl.concat_list(differ).list.drop_nulls() if differ else [])
    rows = changed.join(told, on="article_id").join(pages, on="page", how="left")
    rows = rows.join(pages.rename({"page": "old_page", "why": "old_why"}), on="old_page", how="left")
    gone = pl.col("old_why").is_in(["removed-page", "moved-page", "changed-page"])
    why = (
        pl.when(pl.col("page") != pl.col("old_page"))
        .then(pl.when(gone).then("old_why").otherwise(pl.lit("duplicate")))
        .when(pl.col("columns") == pl.lit(["story_id"], pl.List(pl.String)))
        .then(pl.lit("story"))
        .otherwise("why")
    )
    return rows.with_columns(why=why, change=pl.lit("changed"))
