"""Links: who shares how much, against plain loops over sets; crowds; lots."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import links as module
from pipeline.links import linked
from pipeline.shares import Here, in_memory


def links(rows: list[str], share: float, lots: int = 1) -> list[tuple[int, int]]:
    """Of rows whose keys are the letters of a word."""
    keys = [(row, ord(letter)) for row, word in enumerate(rows) for letter in sorted(set(word))]
    frame = pl.DataFrame(keys, schema={"row": pl.UInt32, "key": pl.UInt64}, orient="row")
    sizes = pl.Series([len(set(word)) for word in rows], dtype=pl.UInt32)
    pieces = [frame.filter(pl.col("key") % lots == lot) for lot in range(lots)]
    return linked(Here(pieces, in_memory), sizes, share).rows()


WORDS = st.lists(st.text(st.sampled_from("abcdefgh"), max_size=8), max_size=12)


@given(WORDS, st.sampled_from([0.2, 0.5, 1.0]), st.integers(1, 3))
def test_rows_are_linked_that_share_enough_of_the_smaller_one(rows: list[str], share: float, lots: int) -> None:
    sets = [set(row) for row in rows]
    expected = [
        (a, b)
        for a in range(len(rows))
        for b in range(a)
        if sets[a] & sets[b] and len(sets[a] & sets[b]) >= share * min(len(sets[a]), len(sets[b]))
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "HOLDERS", 20)
        assert links(rows, share, lots) == expected


@given(WORDS, st.sampled_from([0.2, 0.5]), st.integers(2, 3), st.integers(1, 3))
def test_lots_change_nothing(rows: list[str], share: float, lots: int, holders: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "HOLDERS", holders)
        assert links(rows, share, lots) == links(rows, share)


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_what_crowds_a_few_keys_of_each_row_links_nobody(monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    """All have z, and each has nine letters of its own."""
    monkeypatch.setattr(module, "HOLDERS", 2)
    rows = ["z" + "".join(chr(200 + 9 * i + k) for k in range(9)) for i in range(10)]
    assert len(links(rows, share)) == (17 if share == 0.1 else 0)


def test_the_copies_of_one_story_are_linked_to_the_highest_ranked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HOLDERS", 2)
    assert links(["abcd"] * 5, 0.5) == [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (4, 0), (4, 1)]


def test_articles_of_one_template_are_linked_by_what_is_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """All have abc; two of them have x too, of five that have one more."""
    monkeypatch.setattr(module, "HOLDERS", 2)
    rows = ["abcu", "abcv", "abcw", "abcx", "abcx"]
    assert (4, 3) in links(rows, 0.9)
