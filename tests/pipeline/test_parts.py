"""Lines cut into parts: only where asked, only behind a sentence, and the parts join to the line."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline.lines import lines
from pipeline.parts import cut, numbered
from pipeline.rulebook import Rule
from tests.pages import texts_of

PROMO = Rule("x/promo", "boilerplate", "Buy our (?:blue )?boat!", "why", "Buy our boat!", "a boat", where="inline")
CREDIT = Rule("x/credit", "credit", r"\(AFP\)", "why", "(AFP)", "AFP", where="end")
RULES = (PROMO, CREDIT)


def pieces(text: str) -> list[tuple[str, int]]:
    rows = numbered(cut(lines(texts_of({"p": text})), RULES, pl.lit(True)))
    return rows.select("text", "part").rows()


def test_a_whole_line_is_part_0() -> None:
    assert pieces("The boat left.") == [("The boat left.", 0)]
    assert pieces("Buy our boat!") == [("Buy our boat!", 0)]
    assert pieces("") == []


def test_pieces_are_numbered_in_order_and_join_to_the_line() -> None:
    assert pieces("It left. Buy our boat! It came. Buy our blue boat! It sank. (AFP)") == [
        ("It left. ", 1),
        ("Buy our boat! ", 2),
        ("It came. ", 3),
        ("Buy our blue boat! ", 4),
        ("It sank. ", 5),
        ("(AFP)", 6),
    ]


def test_a_phrase_in_the_middle_of_a_sentence_is_the_authors_own() -> None:
    assert pieces("He cried Buy our boat! and left.") == [("He cried Buy our boat! and left.", 0)]
    assert pieces("The agency (AFP) said so.") == [("The agency (AFP) said so.", 0)]


def test_only_where_asked() -> None:
    rows = lines(texts_of({"p": "It left. Buy our boat!\nIt sank. Buy our boat!"}))
    assert len(cut(rows, RULES, pl.col("line_no") == 2)) == 3


ATOMS = st.sampled_from(
    ["It left.", "Buy our boat!", "(AFP)", " ", "  ", "“So.”", "he said", "\t", "Buy our blue boat!"]
)


@given(st.lists(ATOMS, max_size=8).map("".join))
def test_parts_always_join_to_their_line(text: str) -> None:
    got = pieces(text)
    assert "".join(piece for piece, _ in got) == text
    assert [part for _, part in got] == ([0] if len(got) == 1 else list(range(1, len(got) + 1)))
