"""Shingles: words, 5-grams against plain sets of words, and the index against plain loops."""

from collections.abc import Iterator

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import shingles as module
from pipeline.shingles import FEW_WORDS, GRAM, Index, begins, shared, shingles, words


def texts(*bodies: str) -> pl.DataFrame:
    """Bodies as the dedup step ranks them; all have one title."""
    frame = pl.DataFrame({"body": list(bodies)}, schema={"body": pl.String}).with_row_index("row")
    return frame.with_columns(
        n_words=words("body").list.len().cast(pl.Int32), text_hash=pl.col("body"), title_key=pl.lit("tide falls")
    )


def grams(body: str) -> set[tuple[str, ...]]:
    tokens = body.split()
    if len(tokens) < FEW_WORDS:
        return {(body,)}
    return {tuple(tokens[i : i + GRAM]) for i in range(len(tokens) - GRAM + 1)}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Don’t STOP 12,000", ["don", "t", "stop", "12", "000"]),
        ("日本のテスト", list("日本のテスト")),
        ("한국 뉴스", ["한국", "뉴스"]),
        ("e\u0301t\u00e9", ["e\u0301t\u00e9"]),
        ("…", []),
    ],
)
def test_words(body: str, expected: list[str]) -> None:
    assert pl.DataFrame({"body": [body]}).select(words("body")).item().to_list() == expected


BODIES = st.lists(st.text(st.sampled_from("ab "), max_size=60), max_size=6)


@given(BODIES, st.integers(1, 3), st.integers(0, 2**32))
def test_counts_are_those_of_sets_whatever_the_slices_and_the_seed(bodies: list[str], size: int, seed: int) -> None:
    frame = texts(*bodies)
    some = [(row, row // 2) for row in range(1, len(bodies))]
    pairs = pl.DataFrame(some, schema={"row": pl.UInt32, "kept": pl.UInt32}, orient="row")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SLICE", size)
        patch.setattr(module, "HASH_SEED", seed)
        found = shingles(frame)
        counted = shared(pairs, frame)
    sets = [grams(body) for body in bodies]
    assert dict(found.n_grams.rows()) == {row: len(own) for row, own in enumerate(sets)}
    held = [gram for own in sets for gram in own]
    several = [(row, len([g for g in own if held.count(g) > 1])) for row, own in enumerate(sets)]
    assert sorted(found.postings.group_by("row").len().rows()) == [x for x in several if x[1]]
    expected = [(a, len(sets[a] & sets[b]), len(sets[a]), len(sets[b])) for a, b in some]
    assert sorted(counted.rows()) == expected


def test_openings_are_the_first_5_grams_in_order() -> None:
    one, other = "a b c d e f g h i j", "x a b c d e f g h i"
    openings = dict(shingles(texts(one, other, "too few"), 3).openings.rows())
    assert [len(opening) for opening in openings.values()] == [3, 3]
    assert openings[0][:2] == openings[1][1:]
    assert len(shingles(texts(one, other)).openings) == 0


# --- the index


def index(*rows: str) -> Index:
    """Each row looks up and posts the letters of a word."""
    keys = [(row, ord(letter), True, True) for row, word in enumerate(rows) for letter in set(word)]
    schema = {"row": pl.UInt32, "key": pl.UInt64, "look": pl.Boolean, "post": pl.Boolean}
    return Index(pl.DataFrame(keys, schema=schema, orient="row"), len(rows))


def added(rows: list[str]) -> Iterator[tuple[int, Index]]:
    """Each row before it is added, and the index of those before it."""
    found = index(*rows)
    for row in range(len(rows)):
        yield row, found
        found.add(row)


WORDS = st.lists(st.text(st.sampled_from("abcdefgh"), max_size=8), max_size=12)


@given(WORDS, st.integers(1, 4), st.integers(2, 20))
def test_what_is_found_shares_so_many(rows: list[str], need: int, holders: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "HOLDERS", holders)
        for row, before in added(rows):
            both = {other: len(set(rows[row]) & set(rows[other])) for other in range(row)}
            found = list(before.sharing(row, need, lambda _row, _other: True))
            assert found == sorted(found)
            assert all(both[other] == n for other, n in found)
            if holders > len(rows):
                assert [other for other, _ in found] == [other for other in both if both[other] >= need]


def test_rows_that_are_not_related_are_not_counted() -> None:
    found = index("abc", "abc", "abc")
    found.add(0)
    found.add(1)
    assert list(found.sharing(2, 1, lambda _row, other: other == 1)) == [(1, 3)]
    assert list(found.sharing(2, 4, lambda _row, _other: True)) == []


def test_full_lists_find_no_candidate_but_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HOLDERS", 2)
    found = index("ab", "ab", "abxyz", "abxyz")
    for row in range(3):
        found.add(row)
    assert list(found.sharing(3, 3, lambda _row, _other: True)) == [(2, 5)]
    assert list(found.sharing(3, 2, lambda _row, _other: True)) == [(0, 2), (1, 2), (2, 5)]


@given(BODIES, st.integers(0, 3), st.integers(1, 3))
def test_beginnings_are_those_of_lists_of_words(bodies: list[str], last: int, size: int) -> None:
    some = [(row, row // 2) for row in range(1, len(bodies))]
    pairs = pl.DataFrame(some, schema={"row": pl.UInt32, "kept": pl.UInt32}, orient="row")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SLICE", size)
        found = begins(pairs, texts(*bodies), last)
    tokens = [body.split() for body in bodies]
    first = [own[: len(own) - min(len(own) // 2, last)] for own in tokens]
    assert sorted(found) == [a for a, b in some if first[a] and tokens[b][: len(first[a])] == first[a]]
