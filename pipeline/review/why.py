"""Why lines of a page are where they are, for the terminal: every line with role, reason and destination."""

import json
import textwrap
from collections.abc import Iterator
from typing import Any

import polars as pl

from pipeline.review.words import Words, family, in_words

WIDTH = 90  # characters of a line's text that are shown
INDENT = 8
COLUMNS = ("page", "line_no", "part", "role", "reason", "score", "article_no", "destination", "why", "text")


def explained(lines: pl.DataFrame, words: Words) -> pl.DataFrame:
    """Rows of the ledger → COLUMNS: with `why`, the reason in words."""
    return lines.with_columns(in_words(lines["reason"], words).alias("why")).select(COLUMNS)


def as_json(lines: pl.DataFrame) -> Iterator[str]:
    """`explained` rows, each as an object of JSON."""
    for row in lines.iter_rows(named=True):
        yield json.dumps(row)


def as_text(lines: pl.DataFrame, words: Words) -> Iterator[str]:
    """`explained` rows for people: a line of the page with its role, and below that what became of it, and why."""
    rows = lines.filter(pl.col("role") != "blank").with_columns(rule=family(pl.col("reason")))
    for row in rows.iter_rows(named=True):
        number = f"{row['line_no']}.{row['part']}" if row["part"] else f"{row['line_no']}"
        kept = f"kept in {row['destination']}" if row["destination"] else "dropped"
        rule = f" [{row['rule']}]" if row["rule"] in words.rules else ""
        yield f"{number:>6}  {row['role']:<15}  {_short(row['text'])}"
        said = f"{kept}: {row['why']}{rule}"
        yield from textwrap.wrap(said, INDENT + WIDTH, initial_indent=" " * INDENT, subsequent_indent=" " * INDENT)


def about(article: dict[str, Any], folded: dict[str, Any] | None) -> Iterator[str]:
    """A row of `page_articles`, and of `duplicates` where it was folded into another: what the article is, in a few
    lines."""
    yield _short(article["title"] or "(no title)")
    yield _row("article", article["article_id"])
    yield _row("page", f"{article['page']}, article {article['article_no']}, from line {article['line_start']}")
    yield _row("outlet", _settled(article["outlet"], article["outlet_basis"]))
    yield _row("date", _settled(article["date"], article["date_basis"], article["date_raw"]))
    yield _row("confidence", f"{article['confidence']:.2f}")
    if folded:
        yield _row("folded", f"into {folded['kept_article_id']} ({folded['kind']}), which has the row in `articles`")


def _settled(value: object, basis: str | None, raw: str | None = None) -> str:
    if value is None:
        return "null: nothing settles it"
    return f"{value}, by {basis}" + (f": {_short(raw)}" if raw else "")


def _row(label: str, text: str) -> str:
    return f"  {label:<11} {text}"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}…"
