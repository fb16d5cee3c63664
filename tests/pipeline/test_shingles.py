"""Shingles: words, 5-grams against plain sets and lists of words, and what fingerprints promise."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import shingles as module
from pipeline.shingles import FEW_WORDS, GRAM, compared, fingerprints, words


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


LETTERS = st.sampled_from("aB9 _.,-'\n\0’“”–—…é日本Kİ\u00a0")


@given(st.lists(st.text(LETTERS | st.characters(exclude_categories=["Cs"])), max_size=5))
def test_all_words_are_hashed_in_order(bodies: list[str]) -> None:
    frame = texts(*bodies)
    apart = frame.select("row", word=words("body")).explode("word").drop_nulls()
    found = module._hashes(frame).group_by("row").agg("word").sort("row")
    assert found.equals(apart.with_columns(module.hashed(pl.col("word"))).group_by("row").agg("word").sort("row"))


BODIES = st.lists(st.text(st.sampled_from("ab "), max_size=60), max_size=6)


def neighbours(bodies: list[str]) -> pl.DataFrame:
    some = [(row, row // 2) for row in range(1, len(bodies))]
    return pl.DataFrame(some, schema={"row": pl.UInt32, "kept": pl.UInt32}, orient="row")


@given(BODIES, st.integers(1, 3), st.integers(0, 2**32))
def test_counts_are_those_of_sets_whatever_the_slices_and_the_seed(bodies: list[str], size: int, seed: int) -> None:
    pairs = neighbours(bodies)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SLICE", size)
        patch.setattr(module, "HASH_SEED", seed)
        found = compared(pairs, texts(*bodies), 10, 10)
    sets = [grams(body) for body in bodies]
    expected = [(a, b, len(sets[a] & sets[b]), len(sets[a]), len(sets[b])) for a, b in pairs.rows()]
    assert sorted(found.select("row", "kept", "shared", "n_grams", "kept_n_grams").rows()) == expected


def test_openings_are_the_first_5_grams() -> None:
    one, other, few = "a b c d e f g h i j", "x y a b c d e f g h i", "too few"
    pairs = pl.DataFrame({"row": [0, 0], "kept": [1, 2]}, schema={"row": pl.UInt32, "kept": pl.UInt32})
    found = compared(pairs, texts(one, other, few), 2, 10)
    assert dict(found.select("kept", "opening").rows()) == {1: 2, 2: 0}
    assert dict(compared(pairs, texts(one, other, few), 1, 10).select("kept", "opening").rows()) == {1: 0, 2: 0}


@given(BODIES, st.integers(0, 3))
def test_beginnings_are_those_of_lists_of_5_grams(bodies: list[str], last: int) -> None:
    pairs = neighbours(bodies)
    found = compared(pairs, texts(*bodies), 10, last).filter("begins").select("row", "kept").rows()

    def listed(body: str) -> list[str]:
        tokens = body.split()
        enough = len(tokens) >= FEW_WORDS
        return [" ".join(tokens[i : i + GRAM]) for i in range(len(tokens) - GRAM + 1)] if enough else [body]

    lists = [listed(body) for body in bodies]
    first = [own[: max(len(own) - min(len(own) // 2, last), 1)] for own in lists]
    assert sorted(found) == [(a, b) for a, b in pairs.rows() if lists[b][: len(first[a])] == first[a]]


# --- fingerprints

LETTERS = st.sampled_from("aB9 _.,-'\n\0’“”–—…é日本Kİ\u00a0")


@given(LETTERS, LETTERS, st.lists(st.sampled_from("rstuvwxyz"), min_size=12, max_size=12), st.integers(1, 3))
def test_twelve_words_in_a_row_share_a_fingerprint(before: list[str], after: list[str], run: list[str], n: int) -> None:
    one, other = " ".join([*before, *run]), " ".join([*run, *after])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SLICE", n)
        found = dict(fingerprints(texts(one, other, "")).rows())
    assert set(found[0]) & set(found[1])
    assert len(set(found[0])) == len(found[0])
    every = compared(neighbours([one, other]), texts(one, other), 10, 10)
    assert len(found[1]) <= every["n_grams"].item()


def test_few_words_have_one_fingerprint_and_no_words_but_the_title() -> None:
    found = dict(fingerprints(texts("", "a b c", "a b c", "a b c d e f g h")).rows())
    assert [len(found[row]) for row in range(4)] == [1, 1, 1, 4]
    assert found[1] == found[2] != found[0]


def test_fingerprints_are_two_in_nine() -> None:
    body = " ".join(f"w{i}" for i in range(9_000))
    n = len(fingerprints(texts(body))["fingerprints"].item())
    assert 1_850 < n < 2_150
