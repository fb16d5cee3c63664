"""Corrections applied: what each says comes true, the articles follow, and nothing else changes."""

import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.auditing import boilerplate
from assets.resources import Rules
from pipeline.assemble import assemble
from pipeline.corpus import corpus, labelled, understand
from pipeline.correct import correct, signed
from pipeline.corrections import LINE, account, matches, seen
from pipeline.dedup import dedup
from pipeline.publish import articles as select
from pipeline.publish import audit, corrected
from pipeline.read import read
from pipeline.rulebook import Rulebook
from pipeline.split import split
from pipeline.tables import FURNITURE, GIVEN, ROLES
from tests.corrections import given_for
from tests.grammar import Page, pages
from tests.ledger import split_output, texts_for
from tests.pages import MODEL, SIDECAR, raw_of

Roles = dict[int | tuple[int, int], str]
BOOK = Rules().book

# 1 menu, 2-4 the first article, 5 its tail, 6-8 the second, 9-10 behind the last
PAGE = """
boilerplate Home
headline Boats return
body They sailed. || boilerplate Follow us || body At noon.
body It was noon.
boilerplate Section two
headline Bridge opens
caption The bridge
body Trucks crossed.
---
boilerplate More
caption A crane
"""


def after(notation: str, roles: Roles) -> list[tuple[int, str, int | None]]:
    """line, role and article of each part once the lines are corrected."""
    lines = split_output({"a": notation})
    done = correct(lines, given_for(lines, roles))
    assert done.columns == lines.columns
    assert done.drop("role", "reason", "score", "article_no").equals(
        lines.drop("role", "reason", "score", "article_no")
    )
    return done.select("line_no", "role", "article_no").rows()


def numbers(notation: str, roles: Roles) -> list[int | None]:
    """The article of each line."""
    return list({line: number for line, _, number in after(notation, roles)}.values())


def test_no_correction_changes_nothing() -> None:
    lines = split_output({"a": PAGE})
    assert correct(lines, GIVEN.empty()).equals(lines)
    assert numbers(PAGE, {}) == [None, 1, 1, 1, 1, 2, 2, 2, None, None]


def test_a_corrected_line_has_its_role_and_is_sure() -> None:
    lines = split_output({"a": PAGE, "b": PAGE})
    given = given_for(lines, {4: "boilerplate", 2: "headline"})
    done = correct(lines, given)
    assert done.filter(line_no=4).select("page", "role", "reason", "score").rows() == [
        ("a", "boilerplate", "correction", 1.0),
        ("b", "body", "model", 0.9),
    ]
    same = done.filter(page="a", line_no=2).select("role", "reason", "score")
    assert same.rows() == [("headline", "model", 1.0)], "its reason still tells about its page"
    assert signed(done, given).filter(reason="correction").select("page", "line_no").rows() == [("a", 2), ("a", 4)]


def test_parts_and_whole_lines() -> None:
    def line(roles: Roles) -> list[str]:
        return [role for number, role, _ in after(PAGE, roles) if number == 3]

    assert line({}) == ["body", "boilerplate", "body"]
    assert line({(3, 2): "related"}) == ["body", "related", "body"]
    assert line({3: "related"}) == ["related"] * 3
    assert line({3: "related", (3, 1): "caption"}) == ["caption", "related", "related"]


@pytest.mark.parametrize(
    ("roles", "want"),
    [
        # a headline starts an article
        ({4: "headline"}, [None, 1, 1, 2, 2, 3, 3, 3, None, None]),
        ({5: "headline"}, [None, 1, 1, 1, 2, 3, 3, 3, None, None]),
        ({1: "headline"}, [1, 2, 2, 2, 2, 3, 3, 3, None, None]),
        ({9: "headline"}, [None, 1, 1, 1, 1, 2, 2, 2, 3, 3]),
        ({(3, 3): "headline"}, [None, 1, 2, 2, 2, 3, 3, 3, None, None]),
        ({3: "headline"}, [None, 1, 2, 2, 2, 3, 3, 3, None, None]),
        # one taken away gives its lines to the article above
        ({6: "subhead"}, [None, 1, 1, 1, 1, 1, 1, 1, None, None]),
        ({2: "boilerplate"}, [None, 1, 1, 1, 1, 2, 2, 2, None, None]),
        ({2: "boilerplate", 6: "body"}, [None, 1, 1, 1, 1, 1, 1, 1, None, None]),
        # another line is the headline
        ({6: "boilerplate", 7: "headline"}, [None, 1, 1, 1, 1, 2, 2, 2, None, None]),
        ({6: "boilerplate", 5: "headline"}, [None, 1, 1, 1, 2, 2, 2, 2, None, None]),
        ({2: "boilerplate", 1: "headline"}, [1, 1, 1, 1, 1, 2, 2, 2, None, None]),
        ({6: "boilerplate", 8: "headline"}, [None, 1, 1, 1, 1, 2, 2, 2, None, None]),
        # a line of no article goes to the one above, else below
        ({10: "body"}, [None, 1, 1, 1, 1, 2, 2, 2, None, 2]),
        ({1: "timestamp"}, [1, 1, 1, 1, 1, 2, 2, 2, None, None]),
        ({1: "related", 10: "caption_repeat"}, [None, 1, 1, 1, 1, 2, 2, 2, None, None]),
        # what is of an article stays there, whatever it is
        ({3: "boilerplate", 5: "body", 7: "blank"}, [None, 1, 1, 1, 1, 2, 2, 2, None, None]),
    ],
    ids=str,
)
def test_articles_follow(roles: Roles, want: list[int | None]) -> None:
    assert numbers(PAGE, roles) == want


def test_a_page_without_articles() -> None:
    page = "boilerplate Home\nboilerplate Boats\nboilerplate They sailed.\ntimestamp May 4"
    assert numbers(page, {3: "body"}) == [None, None, 1, None]
    assert numbers(page, {2: "headline", 3: "body"}) == [None, 1, 1, 1]
    assert numbers(page, {2: "boilerplate"}) == [None] * 4


UNTITLED = pl.when(pl.col("line_no") > 2).then(pl.lit(1, pl.Int32)).alias("article_no")


def test_an_article_without_headline_gets_the_one_that_is_set_above_it() -> None:
    lines = split_output({"a": "boilerplate Home\nboilerplate Boats\nbody They sailed.\nbody At noon."})
    lines = lines.with_columns(UNTITLED)
    assert correct(lines, given_for(lines, {2: "headline"}))["article_no"].to_list() == [None, 1, 1, 1]
    assert correct(lines, given_for(lines, {1: "headline", 2: "body"}))["article_no"].to_list() == [1, 1, 2, 2]
    assert correct(lines, given_for(lines, {3: "headline"}))["article_no"].to_list() == [None, None, 1, 1]
    assert correct(lines, given_for(lines, {4: "headline"}))["article_no"].to_list() == [None, None, 1, 2]


def test_a_date_line_above_the_headline_goes_with_it() -> None:
    lines = split_output({"a": "timestamp May 4\nheadline Boats\nbody They sailed.\nboilerplate News\nbody At noon."})
    lines = lines.with_columns(article_no=pl.lit(1, pl.Int32))
    for roles in ({}, {2: "boilerplate"}, {1: "body"}, {2: "standfirst", 3: "headline"}):
        assert set(correct(lines, given_for(lines, roles))["article_no"]) == {1}, roles
    assert correct(lines, given_for(lines, {4: "headline"}))["article_no"].to_list() == [1, 1, 1, 2, 2]


def test_a_confirmed_line_still_names_its_outlet(rules: Rulebook) -> None:
    promo = "For all the latest headlines, follow our Google News channel online or via the app."
    story = "The swans left the Dunwick pond on Monday when the miller closed the sluice."
    page = f"Swans leave Dunwick pond\n\n{story}\n\n{promo}\n\nNobody expects them back at Dunwick this year.\n"
    raw, sidecar = raw_of({"a.txt": page}), pl.DataFrame(schema=SIDECAR)
    plain = corpus(raw, sidecar, rules, MODEL)
    assert plain.articles["outlet"].to_list() == ["Al Arabiya English"]
    confirmed = corpus(raw, sidecar, rules, MODEL, given_for(plain.lines, {5: "boilerplate"}))
    assert confirmed.articles["outlet"].to_list() == ["Al Arabiya English"]
    assert confirmed.lines.filter(line_no=5)["reason"].to_list() == ["correction"]
    text = corpus(raw, sidecar, rules, MODEL, given_for(plain.lines, {5: "body"}))
    assert text.articles["outlet"].to_list() == [None], "the author's own words name none"
    assert promo in text.articles["body"][0]


def test_a_corrected_corpus(rules: Rulebook) -> None:
    """Title, body, date and the page's kind follow; renamed and doubled pages keep their corrections."""
    story = "The swans left the Dunwick pond on Monday when the miller closed the sluice."
    page = f"Front page\n\nSwans leave pond\n\n4 March 2024\n\n{story}\n\nForty of them were counted on the meadow.\n"
    raw, sidecar = raw_of({"a.txt": page, "b.txt": page}), pl.DataFrame(schema=SIDECAR)
    plain = corpus(raw, sidecar, rules, MODEL)
    before = plain.page_articles["confidence"].max()
    given = given_for(plain.lines, {3: "headline", 5: "timestamp", 9: "boilerplate", 1: "boilerplate"})
    renamed = corpus(raw.with_columns(path=pl.lit("x/") + pl.col("path")), sidecar, rules, MODEL, given)
    for row in renamed.page_articles.iter_rows(named=True):
        assert (row["title"], row["body"], str(row["date"])) == ("Swans leave pond", story, "2024-03-04")
        assert row["line_start"] == 3
        assert row["confidence"] > before
    assert renamed.corrections["n_parts"].to_list() == [2] * 4
    gone = corpus(raw_of({"a.txt": page + "\n"}), sidecar, rules, MODEL, given)
    assert gone.corrections["reason"].to_list() == ["no-page"] * 4
    assert gone.lines.filter(reason="correction").is_empty()


LINES = st.sampled_from(["headline Boats", "body At noon.", "body It rained.", "caption A crane", "boilerplate x", ""])
CUT = st.tuples(LINES.filter(bool), LINES.filter(bool)).map(" || ".join)
WEIRD = st.lists(LINES | CUT | st.just("---"), max_size=12).map(lambda x: "\n".join(["boilerplate Home", *x]))


def some(rnd: random.Random, lines: pl.DataFrame) -> pl.DataFrame:
    """Corrections of a few random parts and lines, to headlines more often than to anything else."""
    keys = lines.select("page", "line_no", "part").rows()
    picked = rnd.sample(keys, min(len(keys), rnd.randint(1, 8)))
    found = []
    for page, line, part in picked:
        role = rnd.choice([*ROLES, "headline", "headline", "body", "body"])
        found.append(given_for(lines, {(line, 0 if rnd.random() < 0.3 else part): role}, page))
    once = pl.concat([GIVEN.empty(), *found]).unique(LINE, keep="first", maintain_order=True)
    return once.with_columns(record=pl.int_range(1, pl.len() + 1, dtype=pl.Int32))


def holds(lines: pl.DataFrame, texts: pl.DataFrame, given: pl.DataFrame, rnd: random.Random) -> None:
    """All that must be so for any corrections of any pages."""
    done = correct(lines, given)
    shuffled = given.sample(fraction=1, shuffle=True, seed=rnd.randint(0, 99))
    assert correct(lines, shuffled).equals(done)
    ledger, page_articles, kinds = assemble(done, texts, BOOK)
    ledger = signed(ledger, given)
    duplicates, stories = dedup(page_articles)
    tables = (texts, ledger, kinds, page_articles, duplicates, stories, select(page_articles, duplicates, stories))
    assert [f for f in audit(*tables, boilerplate(BOOK)) if not f.passed] == []
    told = account(given, [seen(ledger, given)])
    assert told["reason"].null_count() == len(told)
    assert corrected(ledger, told).passed
    touched = matches(lines, given).select("page", "line_no", "part").unique()
    where = ["page", "line_no", "part"]
    assert ledger.filter(reason="correction").select(where).sort(where).equals(touched.sort(where))
    untouched = ["page", "line_no", "part", "text", "role", "reason", "score"]
    rest = [x.join(touched, on=where, how="anti", maintain_order="left").select(untouched) for x in (lines, ledger)]
    assert rest[0].equals(rest[1])
    elsewhere = [x.join(touched, on="page", how="anti", maintain_order="left") for x in (lines, done)]
    assert elsewhere[0].equals(elsewhere[1])
    numbered = done.drop_nulls("article_no").group_by("page", maintain_order=True).agg("article_no")
    assert all(number.is_sorted() for number in numbered["article_no"])
    titles = ledger.filter(destination="title").group_by("page", "article_no").agg(pl.col("line_no").n_unique())
    assert set(titles["line_no"]) <= {1}


@given(st.lists(WEIRD, min_size=1, max_size=3), st.integers(0, 10**6).map(random.Random))
@settings(max_examples=30)
def test_any_corrections_of_any_split(notation: list[str], rnd: random.Random) -> None:
    lines = split_output({f"p{i}": x for i, x in enumerate(notation)})
    printed = lines.group_by("page", "line_no", maintain_order=True).agg(pl.col("text").str.join(""))
    whole = printed.group_by("page", maintain_order=True).agg((pl.col("text") + "\n").str.join(""))
    texts = texts_for(lines).with_columns(whole["text"])
    holds(lines, texts, some(rnd, lines), rnd)


@given(st.lists(pages(), min_size=1, max_size=4), st.integers(0, 10**6).map(random.Random))
@settings(max_examples=6)
def test_any_corrections_of_pages(drawn: list[Page], rnd: random.Random) -> None:
    raw = raw_of({f"{i}.txt": page.text for i, page in enumerate(drawn)})
    texts, _ = read(raw, pl.DataFrame(schema=SIDECAR))
    plain = split(labelled(texts, FURNITURE.empty(), BOOK), BOOK, MODEL)
    for _ in range(4):
        given = some(rnd, plain)
        holds(plain, texts, given, rnd)
    again = understand(texts, FURNITURE.empty(), BOOK, MODEL, given)
    assert (
        signed(assemble(correct(plain, given), texts, BOOK)[0], given)
        .select("role", "article_no")
        .equals(again.lines.select("role", "article_no"))
    )
