"""Digests that tell which pages must be made anew: of what a page's rows are made from, and of what has been learnt.

They are compared with those of an earlier run under the same code and libraries, for equality only.
"""

import polars as pl

from pipeline.manifest import SIDECAR
from pipeline.tables import GIVEN, TEXTS

# What the sidecar says of a page; all else in its row of `texts` comes from its bytes.
SAID = [name for name in SIDECAR.names() if name not in ("page", "manifest", "record")]
FROM_SIDECAR = ("page", "url", "site", "fetched_at", "sidecar_outlet", "sidecar_date")
# What of an article is compared with others.
COMPARED = ("page", "article_no", "title", "body", "n_words", "text_hash")
NOTHING = 0  # the digest of no furniture, of no corrections


def sidecars(pages: pl.DataFrame, sidecar: pl.DataFrame) -> pl.DataFrame:
    """`pages` (page, …) with `sidecar`: the digest of what is said of each."""
    said = sidecar.select("page", sidecar=pl.struct(SAID).hash())
    return pages.join(said, on="page", how="left", maintain_order="left").with_columns(
        pl.col("sidecar").fill_null(NOTHING)
    )


def texts(read: pl.DataFrame) -> pl.DataFrame:
    """`texts` → page, page_id, text: the digest of what its bytes gave."""
    given = [name for name in TEXTS.schema.names() if name not in FROM_SIDECAR]
    return read.select("page", "page_id", text=pl.struct(given).hash())


def said(read: pl.DataFrame) -> pl.DataFrame:
    """`texts` → page, sidecar: the digest of what is said of each, by manifests and by the records themselves."""
    cells = [name for name in FROM_SIDECAR if name not in ("page", "site")]
    told = pl.any_horizontal(pl.col(cells).is_not_null())
    return read.select("page", sidecar=pl.when(told).then(pl.struct(cells).hash()).otherwise(NOTHING))


def articles(page_articles: pl.DataFrame) -> pl.DataFrame:
    """`page_articles` → page, articles: the digest of what of them is compared; weight: bytes of their text."""
    rows = page_articles.select("page", row=pl.struct(COMPARED).hash(), weight=pl.col("body").str.len_bytes())
    return rows.group_by("page").agg(articles=_of_set(pl.col("row")), weight=pl.col("weight").sum()).sort("page")


def corrections(given: pl.DataFrame) -> pl.DataFrame:
    """GIVEN → page_id, corrections: the digest of what is corrected on a page."""
    told = [name for name in GIVEN.schema.names() if name not in ("path", "record")]
    return given.unique(told).group_by("page_id").agg(corrections=_of_set(pl.struct(told).hash()))


def learnt(furniture: pl.DataFrame) -> pl.Series:
    """FURNITURE → the digest of each line that is furniture, sorted; how often it was seen does not matter."""
    return furniture.select(_entry("line_key").alias("asked")).to_series().sort()


def asked(lookups: pl.DataFrame) -> pl.DataFrame:
    """Rows of page, scope, line_key, template (what lines are looked up as) → page, asked: their digests, each once."""
    both = [lookups.select("page", asked=_entry(key)) for key in ("line_key", "template")]
    return pl.concat(both).unique().group_by("page").agg(pl.col("asked").sort())


def furniture(pages: pl.DataFrame, learnt: pl.Series) -> pl.DataFrame:
    """`pages` (page, asked, …) with `furniture`: the digest of what they asked for and was learnt."""
    hits = pages.select("page", "asked").explode("asked").filter(pl.col("asked").is_in(learnt.implode()))
    found = hits.group_by("page").agg(furniture=_of_set(pl.col("asked")))
    return pages.join(found, on="page", how="left", maintain_order="left").with_columns(
        pl.col("furniture").fill_null(NOTHING)
    )


def _entry(key: str) -> pl.Expr:
    return pl.struct("scope", pl.col(key).alias("line_key")).hash()


def _of_set(digests: pl.Expr) -> pl.Expr:
    return digests.bitwise_xor()
