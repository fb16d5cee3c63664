"""Answers why a line or an article of the results is what it is. No logic on text."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from assets.correcting import CorrectingError, named, parts_of, published
from assets.resources import RULES
from assets.reviewing import templates
from pipeline.review.why import about, as_json, as_text, explained
from pipeline.review.words import Words
from pipeline.tables import DUPLICATES, LINES, PAGE_ARTICLES

LEAST = 6  # characters of an article's id that name it


def of_line(seeds: Path, data: Path, page: str, line: int, json: bool) -> Iterator[str]:
    """What became of a line of a page, and why."""
    tables = published(data)
    yield from _told(parts_of(tables, named(seeds, page), line), json)


def of_article(data: Path, article: str, json: bool) -> Iterator[str]:
    """What an article is made of: its head, and every line from its first to its last. `article`: its id, or the first
    characters of that."""
    tables = published(data)
    if len(article) < LEAST:
        raise CorrectingError(f"{article!r} is too short: name the article by {LEAST} characters of its id, or all")
    found = tables.scan(PAGE_ARTICLES).filter(pl.col("article_id").str.starts_with(article.lower())).collect()
    if found.is_empty():
        raise CorrectingError(f"no article {article} in the results: name it as the column `article_id` does")
    if found["article_id"].n_unique() > 1:
        raise CorrectingError(f"{found['article_id'].n_unique()} articles begin with {article}: name more of the id")
    row = found.sort("page").row(0, named=True)
    own = (pl.col("page") == row["page"]) & (pl.col("article_no") == row["article_no"])
    if not json:
        folded = tables.scan(DUPLICATES).filter(own).collect()
        yield from about(row, folded.row(0, named=True) if folded.height else None)
        yield ""
    yield from _told(tables.scan(LINES).filter(own).sort("line_no", "part").collect(), json)


def _told(lines: pl.DataFrame, json: bool) -> Iterator[str]:
    words = Words.parse(templates()["words.toml"], RULES.book)
    rows = explained(lines, words)
    yield from as_json(rows) if json else as_text(rows, words)
