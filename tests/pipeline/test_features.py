"""What is measured on a line: gaps, widths, what reads as a paragraph, and the key by which repeats are found."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.features import folded
from pipeline.lines import lines
from tests.pages import texts_of


def measured(text: str) -> pl.DataFrame:
    return lines(texts_of({"p": text}))


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("The ferry left at noon with forty people and a goat on board.", True),
        ("The ferry left at noon.", False),  # too short to be told from a label
        ("Who moved the ferry that nobody had ever seen move before?", False),  # a headline may ask
        ("The ferry that forty people had waited for since the night before, at noon", False),
        ("the ferry " * 15, True),  # long is text, whatever its end
        ("渡し船は正午に四十人の乗客と一匹の山羊を乗せて港を出た。", True),
    ],
)
def test_prose(text: str, prose: bool) -> None:
    assert measured(text)["prose"].to_list() == [prose]


def test_width_counts_dense_scripts_twice() -> None:
    assert measured("abc 港")["width"].to_list() == [6]


def test_gap_counts_the_blank_lines_before_and_starts_anew_on_each_page() -> None:
    rows = lines(texts_of({"a": "x\n\n \ny\nz\n\n", "b": "\nx"}))
    assert rows["gap"].to_list() == [0, None, None, 2, 0, None, None, 1]


@pytest.mark.parametrize(
    "same", ["“Ferry”  leaves", '"ferry" leaves', '• "Ferry" leaves', "  - «Ferry» leaves ", '1. "Ferry" leaves']
)
def test_key_folds_what_a_repeat_may_change(same: str) -> None:
    assert pl.select(folded(pl.lit(same))).item() == '"ferry" leaves'


@given(st.text())
def test_folded_text_has_single_spaces_inside_and_none_around(text: str) -> None:
    once = pl.select(folded(pl.lit(text))).item()
    assert "  " not in once
    assert once == once.strip(" \t\n")
