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
        ([0, 0, 0.3, 0], [LONG] * 4, [0]),
        ([0, 0, 0, 0.9, 0, 0, 0.9, 0], [LONG] * 8, [0, 3, 6]),
        # two likely lines with nothing between: one start
        ([0, 0, 0, 0.9, 0, 0, 0, 0.8, 0, 0], [LONG, LONG, LONG, 0, 0, 0, 0, 0, LONG, LONG], [0, 3]),
        # spread over neighbours
        ([0, 0, 0, 0.3, 0.35, 0, 0, 0], [LONG] * 8, [0, 4]),
    ],
)
def test_starts(likely: list[float], mass: list[float], want: list[int]) -> None:
    page = pl.Series(["p"] * len(likely))
    assert np.flatnonzero(starts(page, np.array(likely, np.float32), np.array(mass))).tolist() == want


def test_every_page_starts_one() -> None:
    page = pl.Series(["a", "a", "b"])
    assert starts(page, np.zeros(3, np.float32), np.zeros(3)).tolist() == [True, False, True]
    assert starts(pl.Series([], dtype=pl.String), np.zeros(0, np.float32), np.zeros(0)).tolist() == []
