"""Windows and distances on the page, and that other pages of the batch change nothing."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline.neighbours import FAR, Floats, Pages, other

PAGES = Pages(pl.Series(["a", "a", "a", "b", "b"]))
X = np.array([1, 2, 3, 10, 20], np.float32)


def test_near_stays_on_the_page() -> None:
    assert PAGES.near(X, 1).tolist() == [2, 3, -1, 20, -1]
    assert PAGES.near(X, -2, outside=0).tolist() == [0, 0, 1, 0, 0]


def test_sums_and_means() -> None:
    assert PAGES.sums(X, -1, 1).tolist() == [3, 6, 5, 30, 30]
    assert PAGES.sums(X, 1, 5).tolist() == [5, 3, 0, 20, 0]
    assert PAGES.means(X, -5, -1).tolist() == [0, 1, 1.5, 0, 10]
    assert PAGES.so_far(X).tolist() == [0, 1, 3, 0, 10]
    assert PAGES.whole(X).tolist() == [6, 6, 6, 30, 30]


def test_distances() -> None:
    flag = np.array([False, True, False, False, False])
    assert PAGES.since(flag).tolist() == [FAR, 0, 1, FAR, FAR]
    assert PAGES.until(flag).tolist() == [1, 0, FAR, FAR, FAR]


def test_other_than_before() -> None:
    assert other(np.array([7, 7, 8, 8, 7])).tolist() == [True, False, True, False, True]
    assert other(np.array([], np.int64)).tolist() == []


def test_no_rows() -> None:
    none = Pages(pl.Series([], dtype=pl.String))
    x = np.zeros(0, np.float32)
    assert [len(y) for y in (none.near(x, 1), none.sums(x, -1, 1), none.since(x > 0), none.until(x > 0))] == [0] * 4


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20), st.lists(st.floats(0, 1e4, width=32), max_size=20))
def test_the_pages_before_change_nothing(x: list[float], before: list[float]) -> None:
    def windows(values: list[float], page: list[str]) -> list[Floats]:
        pages, numbers = Pages(pl.Series(page)), np.array(values, np.float32)
        return [pages.sums(numbers, -3, 2), pages.means(numbers, 1, 4), pages.so_far(numbers), pages.whole(numbers)]

    alone = windows(x, ["x"] * len(x))
    behind = windows(before + x, ["b"] * len(before) + ["x"] * len(x))
    assert all((a == b[len(before) :]).all() for a, b in zip(alone, behind, strict=True))
