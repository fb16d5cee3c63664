"""Pages taken apart into lines: at line breaks only, and nothing is lost."""

import re

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.lines import lines
from tests.pages import texts_of


def split(text: str) -> list[str]:
    return lines(texts_of({"p": text}))["text"].to_list()


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", []),
        ("\n", [""]),
        ("a", ["a"]),
        ("a\n", ["a"]),
        ("a\r\nb\rc\nd", ["a", "b", "c", "d"]),
        ("a\n\r\n", ["a", ""]),
        ("a\x0bb\x0cc\x85d\u2028e", ["a\x0bb\x0cc\x85d\u2028e"]),  # breaks to some, text to us
    ],
)
def test_lines_end_at_line_breaks_only(text: str, want: list[str]) -> None:
    assert split(text) == want


@given(st.text(alphabet=st.one_of(st.sampled_from("\r\n\n ab"), st.characters(codec="utf-8"))))
@example("\r\r\n\n")
def test_nothing_is_lost(text: str) -> None:
    broken = re.split(r"\r\n|\r|\n", text)
    assert split(text) == (broken[:-1] if broken[-1] == "" else broken)


def test_numbers_count_from_one_on_every_page() -> None:
    rows = lines(texts_of({"a": "x\n\ny", "b": "", "c": "z"}))
    assert rows.select("page", "line_no", "part").rows() == [("a", 1, 0), ("a", 2, 0), ("a", 3, 0), ("c", 1, 0)]
    assert rows.schema["line_no"] == pl.Int32
