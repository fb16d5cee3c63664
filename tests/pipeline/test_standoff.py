"""The stand-off edition: nothing of a text is in it, and every text comes back."""

from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.resources import Rules
from pipeline.assemble import assemble
from pipeline.standoff import (
    RELEASED_LINES,
    RELEASED_PAGES,
    TEXT_COLUMNS,
    bare_lines,
    bare_pages,
    other_texts,
    pieces,
    texts_of,
)
from pipeline.tables import ROLES
from tests.grammar import pages
from tests.ledger import split_output
from tests.pages import corpus_of
from tests.pages import texts_of as texts_as_read
from tests.wrapped import wrap

BOOK = Rules().book
SEEDS = Path(__file__).parents[2] / "seeds"


def odd(lines: pl.DataFrame, articles: pl.DataFrame, texts: pl.DataFrame) -> list[tuple[object, ...]]:
    """The texts that don't come back."""
    where = pieces(lines, articles).join(articles.select("article_id", "page_id"), on="article_id")
    return other_texts(texts_of(where, texts.select("page_id", "text").unique("page_id")), articles).rows()


def assembled(notation: str) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    rows = split_output({"a": notation})
    lines = rows.group_by("line_no", maintain_order=True).agg(pl.col("text").str.join(""))["text"]
    texts = texts_as_read({"a": "\n".join(lines)}, page_id=["id-a"])
    ledger, articles, _ = assemble(rows, texts, BOOK)
    return ledger, articles, texts


def test_a_text_is_its_pieces() -> None:
    ledger, articles, texts = assembled("""
headline Ferry to run at night
standfirst • Boats until two
standfirst - No cars
body LE HAVRE (AFP) — The ferry will run at night from May on. || boilerplate Follow us.  || body  It costs more.
blank
subhead Why
byline By Ada Holt
body It rained, she said.
""")
    found = pieces(ledger, articles)
    value = ["column", "item", "piece"]
    assert found.select(*value, "line_no", "start", "end", "glue").sort(value).rows() == [
        ("body", 1, 1, 4, 0, 58, ""),
        ("body", 1, 2, 4, 70, 85, ""),
        ("body", 1, 3, 6, 0, 3, "\n\n"),
        ("body", 1, 4, 8, 0, 20, "\n\n"),
        ("byline", 1, 1, 7, 0, 11, ""),
        ("dateline", 1, 1, 4, 0, 2, ""),
        ("dateline", 1, 2, 4, 3, 8, " "),
        ("standfirst", 1, 1, 2, 2, 17, ""),
        ("standfirst", 2, 1, 3, 2, 9, ""),
        ("title", 1, 1, 1, 0, 21, ""),
    ]
    assert odd(ledger, articles, texts) == []


def test_a_dateline_with_other_spaces_comes_back_with_plain_ones() -> None:
    ledger, articles, texts = assembled("headline Ferry to run\nbody NEW\u00a0YORK (AP) — It will run at night.")
    assert articles["dateline"].to_list() == ["NEW YORK"]
    assert odd(ledger, articles, texts) == []


def test_a_text_that_is_not_where_the_ledger_says_is_found() -> None:
    ledger, articles, texts = assembled("headline Ferry to run\nbody It will run at night.")
    other = articles.with_columns(body=pl.lit("It will not."))
    assert odd(ledger, other, texts) == [("a", 1, "body")]


WORDS = st.sampled_from(
    [
        *("a", "  ", "\u00a0", "•", "• Müller", "…", "By Ada Holt", "March 4, 2024", "Updated 4 March 2024", "𝒳 𝒴."),
        *("ROME, Italy (AP) — It rained.", "NEW\u00a0YORK: It rained.", "It rained all night, and then some.", "Ende"),
    ]
)
PARTS = st.lists(st.tuples(st.sampled_from(ROLES), st.lists(WORDS, min_size=1, max_size=3).map(" ".join)), max_size=3)


@given(st.lists(PARTS, min_size=1, max_size=12))
@settings(max_examples=25)
def test_whatever_the_roles_every_text_comes_back(lines: list[list[tuple[str, str]]]) -> None:
    notation = "\n".join(" || ".join(f"{role} {text}" for role, text in parts) for parts in lines)
    ledger, articles, texts = assembled(f"headline Ferry to run\nbody It runs.\n{notation}\nbody It ran.")
    assert odd(ledger, articles, texts) == []


@given(st.lists(st.tuples(pages().map(lambda page: page.text), st.integers(50, 90)), min_size=1, max_size=3))
@settings(max_examples=3)
def test_texts_of_whole_pages_come_back(drawn: list[tuple[str, int]]) -> None:
    """As they are, hard-wrapped, with other line breaks, and decoded wrongly before us."""
    written: dict[str, str | bytes] = {}
    for i, (text, width) in enumerate(drawn):
        damaged = text.replace("The", "“The”").encode().decode("cp1252", errors="replace").replace("\ufffd", "")
        written |= {f"{i}/a": text, f"{i}/w": wrap(text, width), f"{i}/m": damaged}
        written |= {f"{i}/r": text.replace("\n", "\r\n").encode()}
    made = corpus_of(written, BOOK)
    for articles in (made.articles, made.page_articles):
        assert odd(made.lines, articles, made.pages) == []


def test_ledger_and_pages_lose_their_texts_and_nothing_else() -> None:
    made = corpus_of({p.name: p.read_bytes() for p in sorted((SEEDS / "2024-spring").glob("*.txt"))}, BOOK)
    bare = bare_lines(made.lines)
    assert bare.schema == RELEASED_LINES.schema and "text" not in bare.columns
    lines = made.pages.select("page", line=pl.col("text").str.replace_all("\r\n?", "\n").str.split("\n"))
    cut = made.lines.select("page", "line_no", "part", "text").join(bare, on=["page", "line_no", "part"])
    line = pl.col("line").list.get(pl.col("line_no") - 1)
    back = cut.join(lines, on="page").select(
        "text", back=line.str.slice("start", pl.col("end") - pl.col("start")), is_same=True
    )
    assert back["text"].to_list() == back["back"].to_list()
    pages_ = bare_pages(made.pages, pl.Series(["0" * 32] * made.pages.height))
    assert pages_.schema == RELEASED_PAGES.schema and "text" not in pages_.columns


def test_the_text_columns_are_those_with_words_of_the_page() -> None:
    assert [c.name for c in TEXT_COLUMNS] == [
        *("title", "body", "standfirst", "captions", "byline", "dateline", "date_raw")
    ]
