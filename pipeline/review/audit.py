"""How often the corpus is wrong: a random sample of its lines and articles to judge, and error rates of the answers.

Every line that is not blank has the same chance to be drawn (those of a page's copies count once), so has every
article; the draw is by hashes of the pages' bytes and stays the same for the same pages.
"""

import csv
from collections.abc import Iterator
from math import sqrt
from typing import Any, NamedTuple

import polars as pl

from pipeline.faults import UnreadableError
from pipeline.review.glance import Tables
from pipeline.sheet import sheet
from pipeline.tables import DESTINATION, ROLES

LINES, ARTICLES = 200, 50  # that are drawn
NEAR = 4  # lines above and below one that are shown with it
PRIME = 2_147_483_647
COLUMNS = ("page_id", "line_no", "part", "line_hash", "said", "kept", "is")
ARTICLE = "article"  # what an answer about a whole article says
Z = 1.959964  # of a 95 % interval


class AnswerError(ValueError):
    """Answers that can't be used; the message says which line of the file and why."""


class Sample(NamedTuple):
    """The drawn rows of the ledger (with `near`: those around each) and of `page_articles`."""

    lines: pl.DataFrame
    near: pl.DataFrame
    articles: pl.DataFrame


def sample(tables: Tables, lines: int = LINES, articles: int = ARTICLES) -> Sample:
    once = tables.pages.group_by("page_id").agg(pl.col("page").min()).select("page")
    solid = tables.lines.filter(pl.col("role") != "blank")
    # (a + b·x) mod a prime: any two lines of a page are drawn independently of each other (a, b: parts of its hash).
    a, b = (pl.col("page_id").str.slice(start, 8).str.to_integer(base=16) % PRIME for start in (0, 8))
    x = (pl.col("line_no").cast(pl.Int64) * 64 + pl.col("part")) % PRIME
    key = ["page_id", "line_no", "part"]
    draws = solid.join(once, on="page", how="semi").select("page", *key, draw=(a + b * x) % PRIME)
    places = draws.bottom_k(lines, by=["draw", *key]).collect(engine="streaming")
    names = places["page"].unique().implode()
    own = solid.filter(pl.col("page").is_in(names)).sort("page", "line_no", "part").collect()
    drawn = own.join(places, on=["page", *key]).sort("draw", *key).with_row_index("number", 1)
    around = drawn.select("number", "page", at="line_no", line_no=pl.int_ranges(-NEAR, NEAR + 1) + pl.col("line_no"))
    near = around.explode("line_no").cast({"line_no": pl.Int32}).join(own, on=["page", "line_no"])
    chosen = tables.articles.bottom_k(articles, by="article_id").collect().sort("article_id")
    return Sample(drawn, near.sort("number", "line_no", "part"), chosen)


def answers(raw: bytes) -> pl.DataFrame:
    """The file that the review page gives → COLUMNS, as text. AnswerError where a row says nothing that can be used."""
    try:
        names, _, records = sheet(raw, COLUMNS, "missing-columns")
        rows = [_answer(names, line, cells) for line, cells in records if any(cells)]
    except UnreadableError as e:
        raise AnswerError(f"{e.reason}: {e.detail}") from None
    except csv.Error as e:
        raise AnswerError(f"no CSV ({e})") from None
    return pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row").unique(
        COLUMNS[:4], keep="last", maintain_order=True
    )


def _answer(names: list[str], line: int, cells: list[str]) -> list[str]:
    row = dict(zip(names, cells, strict=False))
    known = ("right", "wrong") if row.get("said") == ARTICLE else ROLES
    for column, values in (("said", (ARTICLE, *ROLES)), ("kept", ("yes", "no")), ("is", known)):
        if row.get(column) not in values:
            raise AnswerError(f"line {line}: {column} is {row.get(column, '')[:100]!r}, not one of {', '.join(values)}")
    return [row.get(column, "") for column in COLUMNS]


def rates(given: pl.DataFrame) -> pl.DataFrame:
    """`answers` → what, n (judged), wrong, rate, low, high: the share that is wrong and its 95 % interval (Wilson);
    null where nothing was judged."""
    line, kept = pl.col("said") != ARTICLE, pl.col("kept") == "yes"
    text = pl.col("is").is_in(list(DESTINATION))
    kinds = {
        "lines kept that should be dropped": (line & kept, ~text),
        "lines dropped that should be kept": (line & ~kept, text),
        "lines with another role": (line, pl.col("said") != pl.col("is")),
        "articles that are not right": (~line, pl.col("is") == "wrong"),
    }
    counts = [given.select(n=of.sum(), wrong=(of & wrong).sum()).row(0) for of, wrong in kinds.values()]
    rows = [(what, n, k, *(wilson(k, n) if n else (None,) * 3)) for what, (n, k) in zip(kinds, counts, strict=True)]
    schema = {"what": pl.String, "n": pl.Int64, "wrong": pl.Int64, "rate": pl.Float64, "low": pl.Float64}
    return pl.DataFrame(rows, schema={**schema, "high": pl.Float64}, orient="row")


def wilson(k: int, n: int) -> tuple[float, float, float]:
    """The share k of n, and the ends of its interval."""
    share, z2 = k / n, Z * Z / n
    middle = (share + z2 / 2) / (1 + z2)
    half = Z / (1 + z2) * sqrt(share * (1 - share) / n + z2 / (4 * n))
    return share, max(0.0, middle - half), min(1.0, middle + half)


def as_text(found: pl.DataFrame) -> Iterator[str]:
    """`rates` for the terminal."""
    for row in found.iter_rows(named=True):
        yield f"{row['what']:<36}{_told(row)}"


def _told(row: dict[str, Any]) -> str:
    if row["rate"] is None:
        return "none judged"
    rate, low, high = (f"{100 * row[c]:.1f}" for c in ("rate", "low", "high"))
    return f"{rate:>5} %  (95 %: {low} to {high} %; {row['wrong']} of {row['n']})"
