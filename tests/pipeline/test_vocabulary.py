"""What words say: numbers of a line's own words, the same whatever else is about."""

import zlib

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.vocabulary import SIZE, STEP, Vocabulary, crc32, words

BUCKET = {word: int(words(pl.Series([word])).word[0]) for word in ("swans", "share", "pond")}


def vocabulary(**of_words: float) -> Vocabulary:
    odds = np.zeros(SIZE, np.int8)
    for word, value in of_words.items():
        odds[BUCKET[word]] = round(value / STEP)
    return Vocabulary(odds)


KNOWN = vocabulary(swans=2, pond=1, share=-3)


@pytest.mark.parametrize(
    ("line", "measure", "want"),
    [
        ("swans share the pond", "sum", 0.0),
        ("swans share the pond", "min", -3.0),
        ("swans share the pond", "max", 2.0),
        ("swans share the pond", "last", 1.0),
        ("the pond swans share", "head", 1.0),
        ("swans", "head", 2.0),
        ("swans and pond and", "mean", 0.75),
        ("", "sum", 0.0),
        ("***", "max", 0.0),
    ],
)
def test_what_a_line_says(line: str, measure: str, want: float) -> None:
    others = ["pond", "", "share"]
    told = KNOWN.clues(pl.Series([*others, line, *others]))
    assert told[f"say_word_{measure}"][3] == want


def test_words_that_nobody_knows_say_nothing() -> None:
    told = KNOWN.clues(pl.Series(["miller sluice", "swans sluice", "swans share pond and"]))
    assert told["say_known"].tolist() == [0, 0.5, 0.75]


def test_pairs_are_of_one_line_in_their_order() -> None:
    one, other, alone = (words(pl.Series(x)).pair.tolist() for x in (["the pond"], ["pond the"], ["swans", "pond"]))
    assert one[1] != other[1]
    assert alone[1] == other[0]  # what a line begins with, whatever line is before


def test_scripts_without_spaces_have_pairs_of_characters() -> None:
    assert len(words(pl.Series(["水門が閉まる"])).word) == 3


def test_no_lines() -> None:
    assert {len(x) for x in KNOWN.clues(pl.Series([], dtype=pl.String)).values()} == {0}


def test_its_file_is_read_as_it_was_written() -> None:
    assert (Vocabulary.parse(KNOWN.text()).odds == KNOWN.odds).all()


@given(st.lists(st.text(max_size=30), max_size=6))
def test_lines_do_not_change_each_other(lines: list[str]) -> None:
    together = KNOWN.clues(pl.Series(lines, dtype=pl.String))
    for number, line in enumerate(lines):
        alone = KNOWN.clues(pl.Series([line]))
        assert all(alone[x][0] == together[x][number] for x in alone)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=8))
def test_the_number_of_a_word_is_its_crc(drawn: list[str]) -> None:
    assert crc32(pl.Series(drawn, dtype=pl.String)).tolist() == [zlib.crc32(x.encode()) for x in drawn]
