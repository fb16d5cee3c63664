"""Corpus furniture: what many contexts make of a line, what they must not, and planted furniture in whole corpora."""

import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.resources import Rules
from pipeline import corpus
from pipeline.furniture import BLOCK, MIN_CONTEXTS, contexts, furniture, lean
from pipeline.furniture import learnt as learnt_of
from pipeline.label import label
from pipeline.lines import lines
from pipeline.rulebook import Rulebook
from pipeline.shares import dealt, in_memory
from tests import corpora
from tests.corpora import LAYOUTS, Planted, planted
from tests.grammar import Writer
from tests.pages import MODEL, texts_of

SLOGAN = "Dunwick reads us first"
ARTICLE = ["body", "subhead", "headline"]


def paragraphs(writer: Writer, n: int) -> list[str]:
    return [" ".join(writer.sentence(["mill", "pond", "swan"]) for _ in "ab") for _ in range(n)]


def site_of(n: int, slogan: str = SLOGAN, site: str = "dunwick.example", seed: int = 0) -> pl.DataFrame:
    """Pages of a title and two paragraphs with the slogan between; `#` in it is another number on each page."""
    writer = Writer(seed)
    pages = {}
    for k in range(n):
        first, second = paragraphs(writer, 2)
        said = slogan.replace("#", str(k))
        pages[f"{seed}-{k:02}.txt"] = f"A title that is number {seed}{k:02}\n\n{first}\n\n{said}\n\n{second}\n"
    return texts_of(pages, site=[site] * n)


def learnt(texts: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    return furniture(contexts(lines(texts), texts, rules))


def keys(texts: pl.DataFrame, rules: Rulebook) -> list[str]:
    return learnt(texts, rules)["line_key"].to_list()


def page(*texts: str) -> str:
    return "\n\n".join(texts) + "\n"


def site(*pages: str) -> pl.DataFrame:
    return texts_of({f"{k:03}.txt": text for k, text in enumerate(pages)}, site=["dunwick.example"] * len(pages))


# --- what is counted


def test_a_line_in_many_contexts_is_furniture(rules: Rulebook) -> None:
    got = learnt(site_of(MIN_CONTEXTS), rules)
    assert got.rows() == [("dunwick.example", SLOGAN.lower(), MIN_CONTEXTS, MIN_CONTEXTS)]


def test_one_context_fewer_is_not_enough(rules: Rulebook) -> None:
    assert learnt(site_of(MIN_CONTEXTS - 1), rules).is_empty()


def test_the_same_article_on_many_pages_is_no_furniture(rules: Rulebook) -> None:
    assert learnt(texts_of({f"{k}.txt": site_of(1)["text"][0] for k in range(40)}), rules).is_empty()


def test_an_article_that_moves_about_is_no_furniture(rules: Rulebook) -> None:
    writer = Writer(0)
    article = ["The swan of the mill", *paragraphs(writer, BLOCK + 1)]
    pages = [page(*paragraphs(writer, 2), *article, *paragraphs(writer, 2)) for _ in range(40)]
    assert learnt(site(*pages), rules).is_empty()
    first = [page(*article, *paragraphs(writer, 2)) for _ in range(40)]
    last = [page(*paragraphs(writer, 2), *article) for _ in range(40)]
    assert learnt(site(*first), rules).is_empty()
    assert learnt(site(*last), rules).is_empty()


def test_a_refrain_is_no_furniture(rules: Rulebook) -> None:
    writer = Writer(0)
    song = [line for verse in paragraphs(writer, 40) for line in (verse, "And the mill went round")]
    pages = [page(*song, *paragraphs(writer, 1)) for _ in range(40)]
    assert learnt(site(*pages), rules).is_empty()


def test_a_live_blog_scraped_again_is_no_furniture(rules: Rulebook) -> None:
    posts = paragraphs(Writer(0), 60)
    pages = [page("The swan of the mill", *reversed(posts[:k])) for k in range(10, 60)]
    assert learnt(site(*pages), rules).is_empty()


def test_a_paragraph_that_a_template_prints_is_furniture(rules: Rulebook) -> None:
    writer = Writer(0)
    terms = "By giving us an address you agree that the mill may write to you about its swans."
    boxed = [page(*paragraphs(writer, 2), "Letters", terms, *paragraphs(writer, 2)) for _ in range(40)]
    bare = [page(*paragraphs(writer, 2), terms, *paragraphs(writer, 2)) for _ in range(40)]
    assert keys(site(*boxed), rules) == [terms.lower().rstrip("."), "letters"]
    assert keys(site(*bare), rules) == []


def test_small_variations_are_one_line(rules: Rulebook) -> None:
    forms = ["Dunwick reads us", "DUNWICK READS US", "Dunwick  reads us ", "Dunwick reads us:", "› Dunwick reads us"]
    texts = pl.concat([site_of(4, form, seed=k) for k, form in enumerate(forms)])
    assert keys(texts, rules) == ["dunwick reads us"]


def test_numbers_vary_where_they_tell_no_article_from_another(rules: Rulebook) -> None:
    counter = pl.concat([site_of(8, "# swans seen", seed=k) for k in range(5)])
    assert keys(counter, rules) == ["# swans seen"]
    assert keys(site_of(40, "Swans seen on day #"), rules) == []


# --- where it is counted


def test_contexts_of_two_sites_do_not_add_up(rules: Rulebook) -> None:
    one = site_of(MIN_CONTEXTS - 1)
    other = site_of(MIN_CONTEXTS - 1, site="kelmore.example", seed=1)
    assert learnt(pl.concat([one, other]), rules).is_empty()


def test_pages_without_a_site_are_counted_together_where_the_next_line_agrees(rules: Rulebook) -> None:
    unknown = pl.lit(None, pl.String)
    assert learnt(site_of(40).with_columns(site=unknown), rules).is_empty()
    menu = site_of(40, f"{SLOGAN}\nLetters").with_columns(site=unknown)
    assert learnt(menu, rules)["scope"].unique().to_list() == [""]


def test_batches_and_order_do_not_matter(rules: Rulebook) -> None:
    texts = planted(corpora.scroll, 40, 1).texts
    parts = [texts[5:], texts[:5]]
    apart = pl.concat([contexts(lines(part), part, rules) for part in parts])
    assert not furniture(apart).is_empty()
    assert furniture(apart).equals(learnt(texts, rules))


BOOK = Rules().book


@settings(max_examples=20)
@given(st.sampled_from(LAYOUTS), st.integers(0, 5), st.integers(12, 30), st.randoms(use_true_random=False))
def test_one_page_more_changes_only_its_own_lines(
    layout: corpora.Layout, seed: int, n: int, rnd: random.Random
) -> None:
    texts = planted(layout, n, seed).texts.sample(fraction=1, shuffle=True, seed=rnd.randrange(1000))
    counted = corpus.count(texts, BOOK)
    last = texts["page"][-1]
    before, after = furniture(counted.filter(pl.col("page") != last)), furniture(counted)
    changed = before.join(after, on=before.columns, how="anti")["line_key"].to_list()
    changed += after.join(before, on=before.columns, how="anti")["line_key"].to_list()
    on_page = counted.filter(pl.col("page") == last)["line_key"]
    assert len(on_page)
    assert set(changed) <= {*on_page, *on_page.str.replace_all(r"\d+(?:[.,:]\d+)*", "#")}


# --- what is made of it


def test_what_was_learnt_is_applied_to_earlier_pages(rules: Rulebook) -> None:
    texts = pl.concat([site_of(8, "# swans seen", seed=k) for k in range(5)])
    once = site_of(1, "1,024 Swans seen:", seed=9)
    got = label(lines(once), once, learnt(texts, rules), rules)
    told = got.filter(pl.col("text").str.starts_with("1,024"))
    assert told["role"].to_list() == ["boilerplate"]
    assert told["reason"].to_list() == ["furniture"]


def judged(of: Planted, rules: Rulebook) -> pl.DataFrame:
    """The truth with `learnt` (the line was told as furniture) and `kept`."""
    found = corpus.understand(of.texts, furniture(corpus.count(of.texts, rules)), rules, MODEL).lines
    told = found.group_by("page", "line_no").agg(
        learnt=(pl.col("reason") == "furniture").any(), kept=pl.col("destination").is_not_null().any()
    )
    return of.truth.join(told, on=["page", "line_no"], how="left", validate="1:1")


@pytest.mark.parametrize("layout", LAYOUTS, ids=[layout.__name__ for layout in LAYOUTS])
def test_furniture_of_a_known_site_is_found_and_no_text_lost(layout: corpora.Layout, rules: Rulebook) -> None:
    got = judged(planted(layout, 60, 7, known=True), rules)
    house = got.filter(role="boilerplate")
    assert house.select(pl.col("learnt").mean()).item() >= 0.98
    assert house.select((~pl.col("kept")).mean()).item() >= 0.98
    assert got.filter(pl.col("learnt") & pl.col("role").is_in(ARTICLE))["text"].to_list() == []


def test_where_no_site_is_known_no_text_is_lost(rules: Rulebook) -> None:
    got = judged(corpora.together(*(planted(layout, 60, 7, known=False) for layout in LAYOUTS)), rules)
    assert got.filter(role="boilerplate").select((~pl.col("kept")).mean()).item() >= 0.97
    assert got.filter(pl.col("learnt") & pl.col("role").is_in(ARTICLE))["text"].to_list() == []


@pytest.mark.parametrize("n", [2, 3, 8, 50])
def test_what_is_learnt_does_not_depend_on_shares(rules: Rulebook, n: int) -> None:
    counters = [site_of(8, f"# {what} seen", seed=k) for what in ("swans", "geese", "ducks") for k in range(5)]
    texts = pl.concat([*counters, site_of(20, seed=9), site_of(20, site="", seed=9)])
    texts = texts.with_columns(page=pl.format("{}-{}", pl.int_range(pl.len()), "page"))
    counted = lean(contexts(lines(texts), texts, rules))
    got = learnt_of(in_memory(dealt([counted], pl.col("group"), n)))
    assert len(got) >= 4
    assert got.equals(learnt(texts, rules))
