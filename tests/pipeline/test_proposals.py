"""A profile proposed from an outlet's pages: finds all of its furniture, none of its text, and loads when finished."""

import re
import tomllib

import polars as pl
import pytest

from assets.resources import Rules
from pipeline.corpus import Corpus, corpus
from pipeline.proposals import FILL_IN, profile
from pipeline.rulebook import Rulebook
from tests.grammar import PLACES, STEMS, Article, Writer
from tests.pages import MODEL, SIDECAR, corpus_of, raw_of

PAGES = 32
# The planted furniture of an invented outlet; `{n}` and `{name}` differ from page to page.
HEAD = ["Skip to the Vale menu", "Hollow Vale Herald logo", "Vale weather: {n} degrees"]
INSIDE = ["Vale Herald readers pick: the seven walks you should not miss before the autumn storms come in."]
TAIL = [
    "Words: {name}",
    "{n} readers clapped for this",
    "It's the Vale's own 'Letters' {{page}}",
    "© 2024 Hollow Vale Herald Ltd",
]


def printed(line: str, n: int) -> str:
    name = f"{PLACES[n % len(PLACES)]} {STEMS[n].title()}"
    return line.format(n=n + 3, name=name)


def article(n: int) -> Article:
    return Writer(n).article(4)


def page(n: int) -> str:
    title, paragraphs = article(n).title, article(n).paragraphs
    head = [printed(line, n) for line in HEAD]
    tail = [printed(line, n) for line in TAIL]
    body = [paragraphs[0], printed(INSIDE[0], n), *paragraphs[1:]] if n % 2 else paragraphs
    return "\n".join([f"{title} | Hollow Vale Herald", *head, title, f"{n % 28 + 1}/11/2024", *body, *tail]) + "\n"


@pytest.fixture(scope="module")
def made() -> Corpus:
    return corpus_of({f"p{n}.txt": page(n) for n in range(PAGES)}, Rules().book)


def proposed(made: Corpus) -> str:
    return profile(made.lines, made.pages, made.page_articles, made.duplicates, Rules().book)


def finished(text: str) -> str:
    """What a person does at the least."""
    return re.sub(rf'"{FILL_IN}[^"]*"', '"The mill closed."', text)


def test_all_furniture_is_found_and_no_text(made: Corpus, rules: Rulebook) -> None:
    table = tomllib.loads(proposed(made))
    patterns = [rf"^(?:{rule['pattern']})$" for rule in table["rule"]]
    every = made.lines.filter(pl.col("part") == 0)["text"].unique()
    hit = {x for pattern in patterns for x in every.filter(every.str.contains(pattern))}
    planted = {printed(line, n) for n in range(PAGES) for line in [*HEAD, *TAIL]} | {printed(INSIDE[0], 1)}
    known = set(made.lines.filter(pl.col("reason").is_in(list(rules.by_id)))["text"])
    assert planted - hit - known == set()
    texts = {x for n in range(PAGES) for x in [article(n).title, *article(n).paragraphs]}
    assert hit & texts == set()


def test_lines_that_differ_in_numbers_and_names_are_one_rule(made: Corpus) -> None:
    table = tomllib.loads(proposed(made))
    examples = [rule["example"] for rule in table["rule"]]
    for start in ("Vale weather", "Words:"):
        assert len([x for x in examples if x.startswith(start)]) <= 1
    weather = next(r["pattern"] for r in table["rule"] if r["example"].startswith("Vale weather"))
    assert weather == r"(?i:Vale weather: \d+ degrees)"


def test_the_finished_file_loads_and_drops_the_furniture(made: Corpus) -> None:
    files = {**Rules().files, "outlets/hollow-vale-herald.toml": finished(proposed(made))}
    book = Rulebook.parse(files)
    outlet = next(o for o in book.outlets if o.id == "hollow-vale-herald")
    assert (outlet.name, outlet.day_order) == ("Hollow Vale Herald", "DMY")
    raw = raw_of({"new.txt": page(PAGES + 1)})
    again = corpus(raw, pl.DataFrame(schema=SIDECAR), book, MODEL)
    body = again.articles["body"].item()
    planted = [printed(line, PAGES + 1) for line in [*HEAD, *INSIDE, *TAIL]]
    assert not [line for line in planted if line in body]


def test_what_is_to_be_filled_in_is_marked_and_counts_are_given(made: Corpus) -> None:
    text = proposed(made)
    table = tomllib.loads(text)
    assert all(rule["counter"].startswith(FILL_IN) for rule in table["rule"])
    assert all(len(rule["why"]) >= 10 and rule["role"] == "boilerplate" for rule in table["rule"])
    assert len({rule["id"] for rule in table["rule"]}) == len(table["rule"])
    assert f"# {PAGES} lines on {PAGES} of {PAGES} pages: head {PAGES}" in text
    assert f"# {PAGES // 2} lines on {PAGES // 2} of {PAGES} pages: inside {PAGES // 2}" in text
    assert "# date lines, on " in text
    assert "# layout of the head, " in text and "# layout of the tail, " in text
    assert "# known already (pages): " in text


def test_the_order_of_the_pages_changes_nothing(made: Corpus) -> None:
    turned = corpus_of({f"p{n}.txt": page(n) for n in reversed(range(PAGES))}, Rules().book)
    assert proposed(turned) == proposed(made)


def test_pages_of_no_outlet_propose_nothing(rules: Rulebook) -> None:
    made = corpus_of({f"{n}.txt": "\n".join(article(n).paragraphs) + "\n" for n in range(4)}, rules)
    text = proposed(made)
    table = tomllib.loads(text)
    assert list(table) == ["outlet"]
    assert table["outlet"]["name"].startswith(FILL_IN)


def test_an_article_that_scrolls_along_is_no_furniture(rules: Rulebook) -> None:
    """The same article, whole, on many pages."""

    def told(n: int) -> str:
        title = article(n).title
        return "\n".join([title, HEAD[1], title, *article(n).paragraphs, "Continue Reading"])

    pages = {f"{n}.txt": f"{told(n)}\n\n\n{told(99)}\n" for n in range(6)}
    table = tomllib.loads(proposed(corpus_of(pages, rules)))
    assert {rule["example"] for rule in table["rule"]} == {HEAD[1]}
