"""What became of articles between two states of a corpus, and why."""

from typing import NamedTuple

import polars as pl

from pipeline.shares import Frames, Shelve, dealt, in_memory, owned
from pipeline.tables import ARTICLES, CHANGES, DUPLICATES, MADE_FROM


class State(NamedTuple):
    """The tables of a generation that tell: `articles`, in batches; of `duplicates` the ids; of `made_from` the columns
    MADE."""

    articles: Frames
    duplicates: pl.DataFrame
    made_from: pl.DataFrame


NONE = State([], DUPLICATES.empty(), MADE_FROM.empty())
MADE = ("page", "page_id", "sidecar", "corrections", "furniture")
_COMPARED = [name for name in ARTICLES.schema.names() if name != "article_id"]


def changes(
    before: State, now: State, version: str = "program", shelve: Shelve = in_memory, n: int = 1
) -> pl.DataFrame:
    """Two states, and which version (rules, model, program) is another one now → CHANGES, sorted by key. Articles are
    compared in `n` shares, which `shelve` has meanwhile."""
    both = (digests(batch, new) for state, new in ((before, False), (now, True)) for batch in state.articles)
    pages = of_pages(before.made_from, now.made_from, version)
    shares = shelve(dealt(both, pl.col("article_id").hash(), n))
    found = (_of_share(share, before.duplicates, now.duplicates, pages) for share in shares)
    told = (owned(CHANGES.conform(some.with_columns(pl.col("why").fill_null(version)))) for some in found)
    return pl.concat([CHANGES.empty(), *told]).sort(CHANGES.key)


def digests(articles: pl.DataFrame, now: bool) -> pl.DataFrame:
    """Rows of `articles` → article_id, page, now, and a digest of each other column under its name, of `page` too."""
    columns = (pl.struct(name).hash().alias(f"{name}_digest") for name in _COMPARED)
    return articles.select("article_id", "page", *columns, now=pl.lit(now))


def _of_share(share: pl.DataFrame, folded: pl.DataFrame, folded_now: pl.DataFrame, pages: pl.DataFrame) -> pl.DataFrame:
    """`digests` of both states → what became of these articles; `why` is null where no page tells."""
    new, old = share.filter("now"), share.filter(~pl.col("now"))
    added = new.join(old, on="article_id", how="anti").with_columns(change=pl.lit("added"))
    removed = old.join(new, on="article_id", how="anti").with_columns(change=pl.lit("removed"))
    lone = [
        rows.join(pages, on="page", how="left").with_columns(
            why=pl.when(pl.col("article_id").is_in(ids["article_id"].implode()))
            .then(pl.lit("duplicate"))
            .otherwise("why"),
            columns=pl.lit([], pl.List(pl.String)),
        )
        for rows, ids in ((added, folded), (removed, folded_now))
    ]
    return pl.concat([frame.select(CHANGES.schema.names()) for frame in (*lone, altered(new, old, pages))])


def of_pages(before: pl.DataFrame, now: pl.DataFrame, version: str) -> pl.DataFrame:
    """MADE_FROM of two states → page, why: what is another thing on each page that is in either."""
    before, now = (made.select("page", pl.col("page_id").hash(), *MADE[2:]) for made in (before, now))
    both = before.with_columns(was=True).join(
        now.with_columns(stays=True), on="page", how="full", coalesce=True, suffix="_now"
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


def altered(new: pl.DataFrame, old: pl.DataFrame, pages: pl.DataFrame) -> pl.DataFrame:
    """`digests` → the articles of both states whose rows differ, with the columns that do, and why."""
    both = new.join(old.rename({"page": "old_page"}), on="article_id", suffix="_old")
    differ = [
        pl.when(pl.col(f"{name}_digest") != pl.col(f"{name}_digest_old")).then(pl.lit(name)) for name in _COMPARED
    ]
    told = both.select("article_id", "page", "old_page", columns=pl.concat_list(differ).list.drop_nulls())
    rows = told.filter(pl.col("columns").list.len() > 0).join(pages, on="page", how="left")
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
