"""Invented articles as rows of page_articles, whole, cut or changed, and what the dedup step makes of them."""

import datetime as dt
import hashlib
import random
import re
from typing import Any

import polars as pl

from pipeline.dedup import dedup
from pipeline.tables import PAGE_ARTICLES

DAY = dt.date(2024, 3, 5)
EARLY, LATE = dt.datetime(2024, 3, 5, 12, tzinfo=dt.UTC), dt.datetime(2024, 3, 5, 13, tzinfo=dt.UTC)

SYLLABLES = [a + b for a in "bdfgklmnprstv" for b in ("a", "e", "io", "on", "ur")]


def words(n: int, seed: int) -> list[str]:
    """`n` invented words, others for another seed."""
    rng = random.Random(seed)
    return ["".join(rng.choices(SYLLABLES, k=rng.randint(1, 3))) for _ in range(n)]


def text(n: int, seed: int) -> str:
    return " ".join(words(n, seed))


def digest(*parts: object) -> str:
    return hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def row(body: str, page: str, **more: Any) -> dict[str, Any]:
    """A row of page_articles; what a test doesn't name is unremarkable, and no two titles share a word."""
    article_no = more.get("article_no", 1)
    page_id = more.get("page_id", digest(page))
    tokens = re.findall(r"[一-鿿ぁ-ヿ]|[^\W一-鿿ぁ-ヿ]+", body.lower())
    given = {
        "article_id": digest(page_id, article_no),
        "outlet": "Harbour Gazette",
        "title": f"Headline{page}x{article_no}",
        "body": body,
        "standfirst": [],
        "captions": [],
        "agencies": [],
        "confidence": 1.0,
        "truncated": False,
        "text_hash": digest(*tokens),
        "n_words": len(tokens),
        "page": page,
        "page_id": page_id,
        "article_no": article_no,
        "line_start": article_no * 10,
        "line_end": article_no * 10 + 9,
    } | more
    return {name: given.get(name) for name in PAGE_ARTICLES.schema.names()}


def table(*rows: dict[str, Any]) -> pl.DataFrame:
    return PAGE_ARTICLES.conform(pl.DataFrame(list(rows), schema=PAGE_ARTICLES.schema))


def changed(body: str, every: int, seed: int) -> str:
    """Each `every`-th word another."""
    others = words(len(body.split()), seed)
    return " ".join(
        o if i % every == every - 1 else w for i, (w, o) in enumerate(zip(body.split(), others, strict=True))
    )


def folded(*rows: dict[str, Any]) -> dict[str, str]:
    """Page → page that stands for it."""
    duplicates, _ = dedup(table(*rows))
    return dict(duplicates.select("page", "kept_page").rows())


def only(*rows: dict[str, Any]) -> dict[str, Any]:
    """The one row of `duplicates`."""
    duplicates, _ = dedup(table(*rows))
    assert len(duplicates) == 1
    return duplicates.row(0, named=True)


def grouped(*rows: dict[str, Any]) -> set[frozenset[str]]:
    """The stories as sets of pages."""
    _, stories = dedup(table(*rows))
    groups = stories.group_by("story_id").agg("page")["page"]
    return {frozenset(pages) for pages in groups.to_list()}


WHOLE = text(200, 1)
