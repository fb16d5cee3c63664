"""The review page's HTML: what is shown of the tables, put into the templates. Everything scraped is escaped there."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import polars as pl
from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from pipeline.corrections import COLUMNS, line_hash
from pipeline.review.audit import COLUMNS as ANSWERS
from pipeline.review.audit import sample
from pipeline.review.choice import DRAWN, LEAST, MAX_LINES, MAX_TEXT, choose
from pipeline.review.glance import Glance, Tables, glance
from pipeline.review.words import Words, family, in_words
from pipeline.rulebook import Rulebook
from pipeline.tables import DESTINATION, ROLES

MAX_BODY = 30_000  # characters of a published body that are shown
NAMED = 3  # reasons that a page is shown as an example of
KEYS = {  # that give the line in focus a role
    "h": "headline",
    "s": "subhead",
    "b": "body",
    "c": "caption",
    "f": "standfirst",
    "t": "timestamp",
    "y": "byline",
    "a": "credit",
    "r": "related",
    "x": "boilerplate",
}
# Characters that HTML can't hold, or would turn into others.
CONTROLS = {n: chr(0x2400 + n) for n in range(32) if chr(n) not in "\t\n"} | dict.fromkeys(
    (*range(0x7F, 0xA0), *range(0xD800, 0xE000), *range(0xFDD0, 0xFDF0), 0xFFFE, 0xFFFF), "\ufffd"
)


def shown(text: str) -> str:
    """`text` with a sign in the place of each character that HTML can't hold."""
    return text.translate(CONTROLS)


def review(tables: Tables, rules: Rulebook, files: Mapping[str, str], name: str = "") -> str:
    """The published tables, the rules, the texts of this folder's templates by name, and what the tables are called
    (their generation) → one HTML document that needs nothing else."""
    words = Words.parse(files["words.toml"], rules)
    chosen = choose(tables.lines, tables.pages, tables.page_articles)
    return render(glance(tables), pages(tables, chosen, words), questions(tables), words, files, name)


def render(
    start: Glance,
    shown_pages: list[dict[str, Any]],
    asked: dict[str, Any],
    words: Words,
    files: Mapping[str, str],
    name: str,
) -> str:
    site = Environment(
        loader=DictLoader({n: text for n, text in files.items() if n.endswith(".html")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: shown(value) if type(value) is str else value,
    )
    site.filters |= {"n": "{:,}".format, "percent": _percent, "clip": _clip}
    reasons = sorted({line["family"] for page in shown_pages for unit in page["units"] for line in unit["lines"]})
    known = {u["outlet"] for page in shown_pages for u in page["units"] if u["outlet"]}
    return site.get_template("page.html").render(
        name=name,
        style=Markup(files["style.css"]),
        script=Markup(files["review.js"]),
        style_hash=_csp_hash(files["style.css"]),
        script_hash=_csp_hash(files["review.js"]),
        glance=start,
        pages=shown_pages,
        asked=asked,
        answers=",".join(ANSWERS),
        words=words,
        kept=[r for r in ROLES if r in DESTINATION],
        dropped=[r for r in ROLES if r not in DESTINATION and r != "blank"],
        keys={role: key for key, role in KEYS.items()},
        columns=",".join(COLUMNS),
        reasons=[r for r in reasons if r != "blank"],
        outlets=sorted(known),
        max_lines=MAX_LINES,
        whole=len(shown_pages) == start.pages,
    )


# --- the pages that are shown in full


def pages(tables: Tables, chosen: pl.DataFrame, words: Words) -> list[dict[str, Any]]:
    """The chosen pages in their order, each with its lines in units (an article's lines, or those between)."""
    names = chosen["page"].implode()
    lines = _of(tables.lines.filter(pl.col("line_no") <= MAX_LINES), names).collect()
    lines = lines.sort("page", "line_no", "part")
    lines = lines.with_columns(
        why=in_words(lines["reason"], words), hash=line_hash(lines["text"]), family=family(pl.col("reason"))
    )
    by_page = _grouped(lines, "page")
    about = _by(_of(tables.pages.drop("text"), names).collect(), "page")
    articles = _grouped(_articles(tables, names), "page")
    out = []
    for number, row in enumerate(chosen.iter_rows(named=True), 1):
        page = {**about[row["page"]], **row, "number": number, "id": row["page_id"][:12]}
        page["because"] = _because(row, words)
        page["units"] = list(_units(by_page.get(row["page"], []), articles.get(row["page"], []), page["id"]))
        page["outlets"] = sorted({u["outlet"] for u in page["units"] if u["outlet"]})
        out.append(page)
    return out


def questions(tables: Tables) -> dict[str, Any]:
    """The random sample that users judge: lines with those around them, and articles."""
    drawn = sample(tables)
    lines = drawn.lines.with_columns(hash=line_hash(drawn.lines["text"]))
    near = _grouped(drawn.near, "number")
    return {
        "lines": [{**row, "near": near[row["number"]]} for row in lines.iter_rows(named=True)],
        "articles": [_published({**row, "kept_page": None}) for row in drawn.articles.iter_rows(named=True)],
    }


def _of(table: pl.LazyFrame, pages: pl.Series) -> pl.LazyFrame:
    return table.filter(pl.col("page").is_in(pages))


def _articles(tables: Tables, names: pl.Series) -> pl.DataFrame:
    """The articles of the pages, each with its story and with the row that it was folded into, if any."""
    folded = tables.duplicates.select("page", "article_no", "kept_page", "kept_article_no", "kind")
    story = tables.articles.select("article_id", "story_id").unique("article_id")
    found = _of(tables.page_articles, names).join(folded, on=["page", "article_no"], how="left")
    return found.join(story, on="article_id", how="left").sort("page", "article_no").collect()


def _units(lines: list[dict[str, Any]], articles: list[dict[str, Any]], page_id: str) -> Iterator[dict[str, Any]]:
    """Runs of lines of one article, or of none."""
    by_number = {a["article_no"]: a for a in articles}
    seen: set[int] = set()
    for number, run in groupby(lines, lambda line: line["article_no"]):
        own = list(run)
        for line in own:
            line["id"] = f"{page_id}-{line['line_no']}" + (f".{line['part']}" if line["part"] else "")
            line["dropped"] = line["destination"] is None and line["role"] != "blank"
        article = by_number.get(number)
        yield {
            "number": number,
            "article": _published(article) if article and number not in seen else None,
            "continued": number in seen,
            "outlet": article and article["outlet"],
            "lines": own,
            "first": own[0]["line_no"],
            "last": own[-1]["line_no"],
        }
        if number is not None:
            seen.add(number)


def _published(article: dict[str, Any]) -> dict[str, Any]:
    body = article["body"][:MAX_BODY]
    return {**article, "paragraphs": body.split("\n\n"), "cut": len(article["body"]) - len(body)}


def _because(row: Mapping[str, Any], words: Words) -> str:
    """Why a page is among those that are shown."""
    if row["chosen"] == LEAST:
        return "one of the least certain"
    if row["chosen"] == DRAWN:
        return "drawn at random"
    named = ", ".join(row["examples"][:NAMED])
    more = f" and {len(row['examples']) - NAMED} more" if len(row["examples"]) > NAMED else ""
    return f"an example of {named}{more}"


def _by(frame: pl.DataFrame, key: str) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in frame.iter_rows(named=True)}


def _grouped(frame: pl.DataFrame, key: str) -> dict[Any, list[dict[str, Any]]]:
    return {k: list(rows) for k, rows in groupby(frame.iter_rows(named=True), lambda row: row[key])}


# --- filters of the templates


def _percent(part: float, whole: float = 1) -> str:
    share = 100 * part / whole if whole else 0
    return f"{share:.0f} %" if share in (0, 100) or 1 <= share <= 99 else f"{share:.1f} %"


def _clip(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}… ({len(text) - MAX_TEXT:,} more characters)"


def _csp_hash(text: str) -> str:
    """The source expression that lets a Content-Security-Policy have this inline text and no other."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
