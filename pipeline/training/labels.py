"""Labelled pages, in the form of a folder `pages/` and a `gold.jsonl`, and the folds that keep sites together."""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import polars as pl


class Article(NamedTuple):
    """A gold article: its chunk's first line, the lines (1-based) of its title and its body, whose it is."""

    first: int
    titles: tuple[int, ...]
    body: tuple[int, ...]
    site: str
    language: str


class Page(NamedTuple):
    name: str
    text: str
    articles: tuple[Article, ...]

    @property
    def sites(self) -> frozenset[str]:
        return frozenset(a.site for a in self.articles)


class LabelError(ValueError):
    """A labelled folder that can't be learnt from."""


def labelled(gold: str, texts: Mapping[str, str]) -> list[Page]:
    """`gold` (a JSON object a line: page, articles) and the pages' texts by file name → pages in gold's order."""
    pages = []
    for number, line in enumerate(filter(None, gold.split("\n")), 1):
        try:
            row = json.loads(line)
            articles = tuple(_article(a) for a in row["articles"])
            pages.append(Page(row["page"], texts[row["page"]], articles))
        except (ValueError, KeyError, TypeError) as e:
            raise LabelError(f"gold.jsonl, line {number}: {type(e).__name__} {e}; see the form in README") from e
    return pages


def _article(row: Mapping[str, Any]) -> Article:
    site = str(row.get("domain") or "").split("//")[-1].removeprefix("www.").strip("/")
    titles, body = (tuple(int(n) for n in row[key]) for key in ("title_lines", "body_lines"))
    return Article(int(row["first_line"]), titles, body, site or "?", str(row.get("language") or ""))


def corrected(lines: pl.DataFrame) -> list[Page]:
    """A published ledger (page, page_id, line_no, part, text, role, reason, article_no) → its corrected pages, as they
    stand now: all of their lines are labels. Copies of a page count once; each page is a site of its own."""
    mended = lines.filter(pl.col("reason") == "correction").unique("page_id", keep="first").select("page")
    rows = lines.join(mended, on="page", how="semi").sort("page_id", "line_no", "part")
    by_line = rows.group_by("page_id", "line_no", maintain_order=True).agg(
        pl.col("text").str.join(""), pl.col("role").unique().sort(), pl.col("article_no").drop_nulls().first()
    )
    pages = []
    for (page_id,), page in by_line.group_by("page_id", maintain_order=True):
        articles = []
        for (number,), part in page.group_by("article_no", maintain_order=True):
            numbers = {
                role: tuple(part.filter(pl.col("role").list.contains(role))["line_no"])
                for role in ("headline", "headline_repeat", "body", "subhead")
            }
            body = tuple(sorted({*numbers["body"], *numbers["subhead"]}))
            if number is not None and body:
                titles = numbers["headline"] + numbers["headline_repeat"]
                first = int(part.filter(pl.col("text").str.contains(r"\S"))["line_no"][0])
                articles.append(Article(first, titles, body, str(page_id), ""))
        pages.append(Page(str(page_id), "\n".join(page["text"]), tuple(articles)))
    return pages


def truth(pages: Iterable[Page]) -> pl.DataFrame:
    """page, line_no, is_body, is_title, is_start: the lines that are any of these."""
    rows: list[tuple[str, int, bool, bool, bool]] = []
    for page in pages:
        lines = page.text.split("\n")
        for a in page.articles:
            solid = (n for n in range(a.first, len(lines) + 1) if lines[n - 1].strip())
            rows.append((page.name, next(solid, a.first), False, False, True))
            rows += [(page.name, n, True, False, False) for n in a.body]
            rows += [(page.name, n, False, True, False) for n in a.titles if n not in a.body]
    schema = ["page", "line_no", "is_body", "is_title", "is_start"]
    frame = pl.DataFrame(rows, schema=schema, orient="row", infer_schema_length=None)
    frame = frame.cast({"page": pl.String, "line_no": pl.Int32, **dict.fromkeys(schema[2:], pl.Boolean)})
    return frame.group_by("page", "line_no", maintain_order=True).agg(pl.all().any())


class Folds(NamedTuple):
    """For each fold, the sites that its model has not seen in training."""

    held: tuple[frozenset[str], ...]

    @classmethod
    def parse(cls, text: str) -> "Folds":
        return cls(tuple(frozenset(fold["publishers"] + fold["sites"]) for fold in tomllib.loads(text)["fold"]))

    def of(self, page: Page) -> int:
        """The first fold that holds out every site of the page; of sites that no fold names, one by their names."""
        for number, held in enumerate(self.held):
            if page.sites <= held:
                return number
        return bucket("/".join(sorted(page.sites)), len(self.held))

    def learns(self, fold: int, page: Page) -> bool:
        """Whether the fold's model may be trained on the page: it holds out none of its sites."""
        return page.sites.isdisjoint(self.held[fold]) and self.of(page) != fold


def bucket(site: str, buckets: int) -> int:
    return int(hashlib.blake2b(site.encode(), digest_size=4).hexdigest(), 16) % buckets
