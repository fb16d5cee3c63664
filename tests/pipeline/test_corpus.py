"""The whole pipeline in memory, against gold made by hand and gold made by a grammar."""

import random
import tomllib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets import seeds as drops
from assets.resources import Rules
from pipeline.corpus import Corpus, corpus
from pipeline.publish import audit
from pipeline.read import read
from pipeline.rulebook import Rulebook
from tests.gold import differences
from tests.grammar import Page, pages
from tests.pages import MODEL, SIDECAR, corpus_of, raw_of
from tests.wrapped import ambiguous, wrap

TWINS = Path(__file__).parents[1] / "data/twins"
SEEDS = Path(__file__).parents[2] / "seeds"
BOOK = Rules().book
Pages = dict[str, str]

CHANGES: dict[str, Callable[[Pages], Pages]] = {
    "as they are": lambda pages: pages,
    "renamed, in another order": lambda pages: {f"{i}/x.txt": t for i, t in enumerate(reversed(pages.values()))},
    "CRLF": lambda pages: {n: t.replace("\n", "\r\n") for n, t in pages.items()},
    "blank lines around": lambda pages: {n: "\n\n \n" + t + "\n\n\n" for n, t in pages.items()},
    "no last line break": lambda pages: {n: t.rstrip("\n") for n, t in pages.items()},
}


def folder(path: Path) -> Pages:
    return {p.name: p.read_text(encoding="utf-8") for p in sorted(path.glob("*.txt"))}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_twins(change: Callable[[Pages], Pages], rules: Rulebook) -> None:
    assert differences(corpus_of(change(folder(TWINS)), rules), TWINS / "gold.toml", TWINS) == []


def test_twins_one_at_a_time(rules: Rulebook) -> None:
    for name, text in folder(TWINS).items():
        found = differences(corpus_of({name: text}, rules), TWINS / "gold.toml", TWINS)
        assert [x for x in found if "not in the corpus" not in x] == []


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_real_pages(change: Callable[[Pages], Pages], rules: Rulebook, shared: Path) -> None:
    seeds = shared / "seeds"
    assert differences(corpus_of(change(folder(seeds)), rules), shared / "gold/seeds.toml", seeds) == []


def test_the_real_pages_one_at_a_time(rules: Rulebook, shared: Path) -> None:
    for name, text in folder(shared / "seeds").items():
        found = differences(corpus_of({name: text}, rules), shared / "gold/seeds.toml", shared / "seeds")
        assert [x for x in found if "not in the corpus" not in x] == []


# Several pages to an example: most of a small run's time goes into compiling the rules.
SOME_PAGES = st.lists(pages(), min_size=1, max_size=8)


@given(SOME_PAGES)
@settings(max_examples=20)
def test_pages_of_known_layouts_are_understood_to_the_line(drawn: list[Page]) -> None:
    got = corpus_of({f"{i}.txt": page.text for i, page in enumerate(drawn)}, BOOK)
    for i, page in enumerate(drawn):
        here = pl.col("page") == f"{i}.txt"
        lines = got.lines.filter(here).sort("line_no", "part")
        assert lines["role"].to_list() == [role for _, role, _ in page.lines]
        articles = got.page_articles.filter(here).sort("article_no")
        assert articles["title"].to_list() == page.titles
        assert set(articles["outlet"]) == {page.outlet}
        for number, article in enumerate(articles.iter_rows(named=True), 1):
            body = [text for text, role, n in page.lines if n == number and role in ("body", "subhead")]
            assert article["body"] == "\n\n".join(body)


ATOMS = st.sampled_from(
    [
        "",
        "",
        "Read more:",
        "TT",
        "Follow",
        "Continue Reading",
        "Source: Reuters",
        "By Mara Quill",
        "March 4, 2024",
        "Updated 3 sec ago",
        "Swans leave Dunwick pond",
        "The swans left the Dunwick pond on Monday when the miller closed the sluice.",
        "A ranger counted forty of them on the meadow behind the mill. (AFP)",
        "The miller said no. Sign up for our daily newsletter! Then he left the pond to the swans.",
        "• forty swans",
        "渡し船は正午に四十人の乗客と一匹の山羊を乗せて港を出た。",
    ]
)
MESS = st.lists(st.one_of(ATOMS, st.text(max_size=60)), max_size=40).map("\n".join)


def wrapped(drawn: tuple[Page, int]) -> str:
    page, width = drawn
    return wrap(page.text, width)


WRAPPED = st.tuples(pages(), st.integers(40, 90)).map(wrapped)


@given(st.lists(st.one_of(MESS, WRAPPED, pages().map(lambda page: page.text)), max_size=8))
@settings(max_examples=25)
def test_conservation(texts: list[str]) -> None:
    """Every line of every page stands in the ledger once, whatever the page; the audit finds nothing."""
    raw = raw_of({f"{i}.txt": text.encode("utf-8", "surrogatepass") for i, text in enumerate(texts)})
    got = corpus_of(dict(raw.iter_rows()), BOOK)
    decoded, _ = read(raw, pl.DataFrame(schema=SIDECAR))
    assert decoded.height + got.rejected.height == len(texts)
    tables = (got.lines, got.pages, got.page_articles, got.duplicates, got.stories, got.articles)
    assert [f for f in audit(decoded, *tables) if not f.passed] == []


@given(st.lists(st.one_of(MESS, pages().map(lambda page: page.text)), min_size=2, max_size=5), st.randoms())
@settings(max_examples=10)
def test_order_does_not_matter(texts: list[str], rnd: random.Random) -> None:
    named = [(f"{i}.txt", text.encode("utf-8", "surrogatepass")) for i, text in enumerate(texts)]
    shuffled = rnd.sample(named, len(named))
    one, other = corpus_of(dict(named), BOOK), corpus_of(dict(shuffled), BOOK)
    assert one.articles.equals(other.articles)
    assert one.duplicates.equals(other.duplicates)


# What the pages say, in an order that wrapping them does not change.
SAID = ["outlet", "date", "title", "standfirst", "captions", "byline", "dateline", "agencies", "language", "n_words"]


def said(corpus: Corpus, page: str) -> list[dict[str, object]]:
    """The articles of a page, white space in their bodies folded."""
    here = corpus.page_articles.filter(page=page).sort("article_no")
    return here.select(*SAID, pl.col("body").str.replace_all(r"\s+", " ")).to_dicts()


@given(SOME_PAGES, st.integers(60, 80))
@settings(max_examples=8)
def test_wrapping_a_page_changes_nothing_but_the_lines(drawn: list[Page], width: int) -> None:
    flat = {f"{i}": page.text for i, page in enumerate(drawn) if not ambiguous(page.text, width)}
    got = corpus_of(flat | {f"{n} wrapped": wrap(text, width) for n, text in flat.items()}, BOOK)
    found = got.pages.filter("wrapped")["page"].to_list()
    assert all(page.endswith(" wrapped") for page in found)
    for page in found:
        assert said(got, page) == said(got, page.removesuffix(" wrapped"))


def test_wrapped_twins(rules: Rulebook) -> None:
    twins, widths = folder(TWINS), (60, 66, 72, 78, 80)
    wrapped = {f"{n} {width}": wrap(text, width) for n, text in twins.items() for width in widths}
    got = corpus_of(twins | wrapped, rules)
    assert set(got.pages.filter("wrapped")["page"]) == set(wrapped)
    for name in twins:
        for width in widths:
            assert said(got, f"{name} {width}") == said(got, name)


def fed_back(articles: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Published articles, and what they give when each is a page of its own, in the same order."""
    articles = articles.filter(pl.col("title").is_not_null()).with_row_index("n")
    page = {f"{n:04}.txt": f"{title}\n\n{body}\n" for n, title, body in articles.select("n", "title", "body").rows()}
    return articles, corpus_of(page, BOOK).page_articles.sort("page", "article_no")


@given(SOME_PAGES)
@settings(max_examples=15)
def test_stability(drawn: list[Page]) -> None:
    """A published title and body, fed back as a page, keep the title and the body's lines."""
    first, again = fed_back(corpus_of({f"{i}.txt": page.text for i, page in enumerate(drawn)}, BOOK).articles)
    assert again["title"].to_list() == first["title"].to_list()
    assert again["body"].to_list() == first["body"].to_list()


def test_stability_on_the_real_pages(rules: Rulebook, shared: Path) -> None:
    first, again = fed_back(corpus_of(folder(shared / "seeds"), rules).articles)
    assert again["title"].to_list() == first["title"].to_list()
    lines = [(set(a.split("\n\n")), set(b.split("\n\n"))) for a, b in zip(first["body"], again["body"], strict=True)]
    assert sum(len(a & b) for a, b in lines) >= 0.995 * sum(len(a) for a, _ in lines)


def samples() -> Corpus:
    found = drops.find(SEEDS)
    sidecar, _ = drops.sidecars(found)
    return corpus(drops.load(file for file in found if file.fate is None).raw, sidecar, BOOK, MODEL)


def test_the_samples() -> None:
    """What `seeds/` promises a newcomer is what comes out."""
    got = samples()
    assert got.pages.filter("wrapped")["page"].to_list() == ["2024-spring/orrin-digest-0316.txt"]
    kinds = dict(got.pages.select("page", "kind").rows()) | dict.fromkeys(got.rejected["path"], "rejected")
    articles = {(a["page"], a["article_no"]): a for a in got.page_articles.iter_rows(named=True)}
    folds = got.duplicates.select("page", "article_no", "kept_page", "kept_article_no").rows()
    folded = {(page, n): f"{kept_page}#{kept_n}" for page, n, kept_page, kept_n in folds}
    stories = {(r[0], r[1]): r[2] for r in got.stories.select("page", "article_no", "story_id").rows()}
    in_body = (
        got.lines.filter(destination="body")
        .group_by("page", "article_no")
        .agg(low=pl.col("line_no").min(), high=pl.col("line_no").max())
    )
    bodies = {(page, n): f"{low}-{high}" for page, n, low, high in in_body.rows()}
    named: dict[str, set[str]] = {}
    problems = []
    for page in tomllib.loads((TWINS.parent / "samples.toml").read_text(encoding="utf-8"))["page"]:
        file, expected = page["file"], page.get("article", [])
        if kinds[file] != page.get("kind", "articles"):
            problems.append(f"{file}: {kinds[file]}")
        if sum(p == file for p, _ in articles) != len(expected):
            problems.append(f"{file}: {sum(p == file for p, _ in articles)} articles")
        for number, want in enumerate(expected, 1):
            have = articles.get((file, number))
            if have is None:
                continue
            pairs = {
                "title": (have["title"], want["title"]),
                "outlet": (have["outlet"] or "", page["outlet"]),
                "date": (str(have["date"] or ""), want["date"]),
                "date_not_before": (
                    str(have["date_not_before"] or ""),
                    want.get("date_not_before", str(have["date_not_before"] or "")),
                ),
                "truncated": (have["truncated"], want["truncated"]),
                "line_start": (have["line_start"], want["line"]),
                "body": (bodies[file, number], want["body"]),
                "duplicate_of": (folded.get((file, number), ""), want.get("duplicate_of", "")),
            }
            problems += [f"{file}#{number} {k}: {a!r}, not {b!r}" for k, (a, b) in pairs.items() if a != b]
            problems += [
                f"{file}#{number}: {x!r} in the body" for x in want.get("not_in_body", []) if x in have["body"]
            ]
            if "story" in want:
                named.setdefault(want["story"], set()).add(stories.get((file, number), "none"))
    assert problems == [], "\n".join(problems)
    assert all(len(ids) == 1 and ids != {"none"} for ids in named.values())
    assert len(set(stories.values())) == len(named)
