"""Starts are chosen as a whole: likely ones, but not so close that a chunk has no text."""

import numpy as np
import polars as pl
import pytest

from pipeline.chunks import starts

LONG = 300.0  # expected characters of text a line


@pytest.mark.parametrize(
    ("likely", "mass", "want"),
    [
        ([0, 0, 0.9, 0], [LONG] * 4, [0, 2]),
        ([0, 0, 0.25, 0], [LONG] * 4, [0]),
        ([0, 0, 0, 0.9, 0, 0, 0.9, 0], [LONG] * 8, [0, 3, 6]),
        # two likely lines with nothing between: one start
        ([0, 0, 0, 0.9, 0, 0, 0, 0.8, 0, 0], [LONG, LONG, LONG, 0, 0, 0, 0, 0, LONG, LONG], [0, 3]),
        # spread over neighbours
        ([0, 0, 0, 0.3, 0.35, 0, 0, 0], [LONG] * 8, [0, 4]),
    ],
)
def test_starts(likely: list[float], mass: list[float], want: list[int]) -> None:
    assert chosen(likely, mass, [0] * len(likely)) == want


def test_where_blank_lines_set_articles_apart_a_start_must_be_likelier() -> None:
    likely, mass = [0, 0, 0.9, 0, 0, 0, 0.4, 0], [LONG] * 8
    assert chosen(likely, mass, [0, 0, 1, 0, 0, 0, 1, 0]) == [0, 2, 6]
    likely[6] = 0.3
    assert chosen(likely, mass, [0, 0, 1, 0, 0, 0, 1, 0]) == [0, 2, 6]
    assert chosen(likely, mass, [0, 0, 3, 0, 0, 0, 1, 0]) == [0, 2]
    # what stands above the page's first line says nothing
    assert chosen(likely, mass, [3, 0, 1, 0, 0, 0, 1, 0]) == [0, 2, 6]


def chosen(likely: list[float], mass: list[float], gap: list[int]) -> list[int]:
    page = pl.Series(["p"] * len(likely))
    return np.flatnonzero(starts(page, np.array(likely, np.float32), np.array(mass), np.array(gap))).tolist()


def test_every_page_starts_one() -> None:
    page = pl.Series(["a", "a", "b"])
    assert starts(page, np.zeros(3, np.float32), np.zeros(3), np.zeros(3)).tolist() == [True, False, True]
    assert starts(pl.Series([], dtype=pl.String), *[np.zeros(0, np.float32)] * 3).tolist() == []
