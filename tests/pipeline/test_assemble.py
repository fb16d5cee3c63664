"""Articles and ledger out of split's rows: every column, and what must hold on any page."""

import datetime as dt
import hashlib

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.assemble import _folded, assemble
from pipeline.rulebook import Rulebook
from pipeline.tables import DESTINATION, LINES, PAGE_ARTICLES, PAGES, ROLES
from tests.ledger import split_output, texts_for

PAGE = """
boilerplate Home

headline   Ferries return to Kelmore
headline_repeat Ferries return to Kelmore
caption  Boats on July 26, 2021. (AFP)
caption The pier
timestamp:timestamp/published-month-day-year Published August 3, 2021
byline By Mara Quill
byline Tom Reeve
standfirst •  They sailed at noon
standfirst - Prices rise

body KELMORE: The ferries that lay in port have sailed, || boilerplate:x/promo Follow us. || body a pilot told Reuters.
subhead Prices
body They would not say which of them had been repaired.
related Read more: Bridge opens
credit Source: AFP
boilerplate Share
"""


def assembled(rules: Rulebook, *pages: str, **columns: object) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    lines = split_output({f"p{i}": page for i, page in enumerate(pages)})
    return assemble(lines, texts_for(lines, **columns), rules)


def test_every_column_of_an_article(rules: Rulebook) -> None:
    fetched = dt.datetime(2021, 8, 4, tzinfo=dt.UTC)
    _, articles, pages = assembled(rules, PAGE, url="https://arabnews.com/a", site="arabnews.com", fetched_at=fetched)
    body = (
        "KELMORE: The ferries that lay in port have sailed, a pilot told Reuters.\n\n"
        "Prices\n\nThey would not say which of them had been repaired."
    )
    folded = (
        "kelmore the ferries that lay in port have sailed a pilot told reuters prices they "
        "would not say which of them had been repaired"
    )
    assert articles.row(0, named=True) == {
        "article_id": hashlib.blake2b(b"id-p0:3", digest_size=16).hexdigest(),
        "outlet": "Arab News",
        "date": dt.date(2021, 8, 3),
        "title": "Ferries return to Kelmore",
        "body": body,
        "standfirst": ["They sailed at noon", "Prices rise"],
        "captions": ["Boats on July 26, 2021. (AFP)", "The pier"],
        "byline": "By Mara Quill; Tom Reeve",
        "dateline": "KELMORE",
        "agencies": ["Reuters", "AFP"],
        "language": "en",
        "language_score": 1.0,
        "date_kind": "published",
        "date_raw": "Published August 3, 2021",
        "date_basis": "timestamp",
        "date_not_before": dt.date(2021, 7, 26),
        "outlet_basis": "url",
        "confidence": 0.9,
        "truncated": False,
        "text_hash": hashlib.blake2b(folded.encode(), digest_size=16).hexdigest(),
        "n_words": 24,
        "url": "https://arabnews.com/a",
        "site": "arabnews.com",
        "fetched_at": fetched,
        "page": "p0",
        "page_id": "id-p0",
        "article_no": 1,
        "line_start": 3,
        "line_end": 17,
    }
    assert pages.row(0, named=True)["kind"] == "articles"


def test_the_ledger_says_where_each_part_goes(rules: Rulebook) -> None:
    lines, _, _ = assembled(rules, PAGE)
    assert lines.columns == list(LINES.schema)
    kept = lines.filter(pl.col("article_no").is_not_null())
    assert kept["destination"].to_list() == [DESTINATION.get(role) for role in kept["role"]]
    outside = lines.filter(pl.col("article_no").is_null())
    assert outside["destination"].null_count() == outside.height == 2


def test_an_article_without_body_is_none_and_the_others_move_up(rules: Rulebook) -> None:
    lines, articles, _ = assembled(
        rules,
        "headline Bridge opens\ncaption The bridge\nheadline Boats return\nbody They sailed.\nheadline End\nbody  ",
    )
    assert lines["article_no"].to_list() == [None, None, 1, 1, None, None]
    assert lines["destination"].to_list() == [None, None, "title", "body", None, None]
    assert lines["role"].to_list()[:2] == ["headline", "caption"]
    assert articles.select("article_no", "title", "line_start").rows() == [(1, "Boats return", 3)]


def test_an_article_of_subheads_is_none(rules: Rulebook) -> None:
    _, articles, pages = assembled(rules, "headline Boats return\nsubhead Prices")
    assert articles.height == 0
    assert pages["n_articles"].to_list() == [0]


def test_an_article_starts_with_its_first_line_whatever_that_is(rules: Rulebook) -> None:
    lines = split_output({"a": "boilerplate Home\ncaption A boat\nbody They sailed.\nbody They came back."})
    lines = lines.with_columns(article_no=pl.lit(1, pl.Int32))
    _, articles, _ = assemble(lines, texts_for(lines), rules)
    row = articles.row(0, named=True)
    assert (row["title"], row["line_start"], row["line_end"]) == (None, 1, 4)
    assert (row["byline"], row["standfirst"], row["captions"]) == (None, [], ["A boat"])


def test_confidence_is_weighted_by_length(rules: Rulebook) -> None:
    lines = split_output({"a": "headline Boats\nbody Boats sailed out to sea.\nboilerplate Share"})
    lines = lines.with_columns(score=pl.Series([1.0, 0.5, 0.0]))
    _, articles, _ = assemble(lines, texts_for(lines), rules)
    assert articles["confidence"].to_list() == [round((5 * 1.0 + 24 * 0.5) / 29, 4)]


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("They don’t sail on-board; no. 12 does.", 7),
        ("渡輪再次起航。", 6),
        ("Die Fähre „Möwe“", 3),
        ("渡輪 Kelmore 起航", 5),
    ],
)
def test_words(rules: Rulebook, text: str, n: int) -> None:
    _, articles, _ = assembled(rules, f"headline Boats\nbody {text}")
    assert articles["n_words"].to_list() == [n]


def test_the_hash_ignores_case_punctuation_and_spaces(rules: Rulebook) -> None:
    _, articles, _ = assembled(
        rules,
        "headline A\nbody They “sailed” — at noon.\nbody And came back.",
        "headline B\nbody they sailed, at noon; and  CAME back",
        "headline C\nbody they sailed at one and came back",
    )
    first, second, third = articles["text_hash"]
    assert first == second != third


def test_texts_of_characters_that_nfkc_would_leave_are_folded_as_after_it() -> None:
    characters = pl.Series([chr(x) for x in range(0x110000) if not 0xD800 <= x < 0xE000])
    texts = "a" + characters + "b " + characters
    assert _folded(texts).equals(_folded(texts.str.normalize("NFKC")))


LONG = "The ferries that lay in the harbour of Kelmore for three days have sailed again, the owners"


@pytest.mark.parametrize(
    ("paragraphs", "expected"),
    [
        (["They sailed.", "They came back."], False),
        (["They sailed.", "They came …"], True),
        (["They sailed.", "They came..."], True),
        (["They sailed.", "They came [...]"], True),
        (["They sailed.", "They came […]"], True),
        (["They … sailed.", "“They came…”"], False),
        (["One.", "Two!", "“Three?”", LONG], True),
        (["One.", "Two.", LONG], False),  # too few to tell how the outlet ends paragraphs
        (["One.", "Two", "Three.", "Four.", LONG], False),  # this one does not always
        (["One.", "Two.", "Three.", "Mara Quill"], False),  # a signature
        (["One.", "Two.", "Three.", LONG + " said:"], False),
        ([LONG], False),
    ],
)
def test_truncated(rules: Rulebook, paragraphs: list[str], expected: bool) -> None:
    _, articles, _ = assembled(rules, "headline Boats\n" + "\n".join(f"body {p}" for p in paragraphs))
    assert articles["truncated"].to_list() == [expected]


def test_a_rule_can_say_that_text_is_missing(rules: Rulebook) -> None:
    mark = next(iter(rules.marked("truncated")), None)
    assert mark, "no rule tells a paywall"
    _, articles, _ = assembled(
        rules, f"headline Boats\nbody They sailed.\nboilerplate:{mark} Subscribe", "headline A\nbody B."
    )
    assert articles["truncated"].to_list() == [True, False]


def test_an_agency_in_a_top_credit_comes_first(rules: Rulebook) -> None:
    _, articles, _ = assembled(rules, "headline Boats\ncredit Source: AFP\nbody They sailed, Reuters reported.")
    assert articles["agencies"].to_list() == [["AFP", "Reuters"]]


def test_no_pages(rules: Rulebook) -> None:
    lines = split_output({"a": "body x"}).head(0)
    ledger, articles, pages = assemble(lines, texts_for(lines), rules)
    assert ledger.equals(LINES.empty())
    assert articles.equals(PAGE_ARTICLES.empty())
    assert pages.equals(PAGES.empty())


WORDS = st.sampled_from(
    ["Boats", "ferries", "2024", ".", "…", "told Reuters", "“noon”", "港", "•", "14 August 2023", "(AFP)"]
)
TEXT = st.lists(WORDS, min_size=0, max_size=6).map(" ".join)
LINE = st.tuples(st.sampled_from(ROLES), TEXT)


# Fewer examples than usual: each assembles up to five times, and most of what can break breaks in the first few.
@settings(max_examples=25)
@given(pages=st.lists(st.lists(LINE, min_size=1, max_size=12), min_size=1, max_size=4))
def test_on_any_page(rules: Rulebook, pages: list[list[tuple[str, str]]]) -> None:
    notation = {f"p{i}": "\n".join(f"{role} {text}" for role, text in page) for i, page in enumerate(pages)}
    lines = split_output(notation)
    texts = texts_for(lines)
    ledger, articles, out = assemble(lines, texts, rules)
    # The ledger is split's output, row by row.
    same = [c for c in lines.columns if c not in ("article_no", "printed")]
    assert ledger.select(same).equals(lines.select(same))
    assert out["page"].to_list() == texts["page"].to_list()
    assert not ledger.select(LINES.key).is_duplicated().any()
    assert not articles.select(PAGE_ARTICLES.key).is_duplicated().any()
    # A body is exactly the text of its ledger parts.
    for row in articles.iter_rows(named=True):
        parts = ledger.filter(page=row["page"], article_no=row["article_no"], destination="body")
        by_line = (
            parts.group_by("line_no", maintain_order=True).agg(pl.col("text").str.join(""))["text"].str.strip_chars()
        )
        assert row["body"] == "\n\n".join(x for x in by_line if x)
        assert row["line_start"] <= row["line_end"]
    # A page's articles are numbered from 1, and a page alone gives what it gives among others.
    for (page,), group in articles.group_by("page"):
        assert group["article_no"].to_list() == list(range(1, group.height + 1))
        alone = assemble(lines.filter(page=page), texts.filter(page=page), rules)[1]
        assert alone.equals(group)
