"""Counted words: by sites, and of a line without its own."""

import polars as pl
import pytest

from pipeline.training.counting import FEW_LINES, counts, shares
from pipeline.vocabulary import words

LINES = pl.DataFrame(
    [
        *(dict(site=site, key="swans leave", is_body=True) for site in "abcd"),
        *(dict(site=site, key="share", is_body=False) for site in "abcd"),
        *(dict(site="a", key="share pond", is_body=False) for _ in range(3)),
        dict(site="a", key="sluice", is_body=True),
    ]
)
SHARES = shares(LINES)


def bucket(word: str) -> int:
    return int(words(pl.Series([word])).word[0])


def test_a_site_counts_by_its_share_of_lines() -> None:
    row = SHARES.filter(site="a", at=bucket("share")).row(0, named=True)
    assert row["other"] == pytest.approx(4 / (4 + FEW_LINES))
    assert row["text"] == 0


def test_what_words_say() -> None:
    odds = counts(SHARES, "abcd").vocabulary().odds
    assert odds[bucket("swans")] > 0 > odds[bucket("share")]
    assert odds[bucket("miller")] == 0


def test_a_word_of_one_site_says_nothing() -> None:
    odds = counts(SHARES, "abcd").vocabulary().odds
    assert odds[bucket("pond")] == odds[bucket("sluice")] == 0


def test_a_line_hears_all_sites_but_its_own() -> None:
    asked = pl.DataFrame({"site": ["a", "a", "new"], "key": ["swans leave", "share pond", "swans leave"]})
    told = counts(SHARES, "abcd").unseen(asked)
    for row, (key, sites) in enumerate([("swans leave", "bcd"), ("share pond", "bcd"), ("swans leave", "abcd")]):
        want = counts(SHARES, sites).vocabulary().clues(pl.Series([key]))
        assert {x: float(told[x][row]) for x in told} == {x: float(want[x][0]) for x in want}


def test_the_order_of_lines_changes_nothing() -> None:
    again = shares(LINES.sample(fraction=1, shuffle=True, seed=3))
    assert again.equals(SHARES)
