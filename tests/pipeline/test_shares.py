"""Shares: every row in one of them, equal ones together, in their order."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline.shares import dealt, in_memory, owned

NUMBERS = st.lists(st.lists(st.integers(0, 9), max_size=6), min_size=1, max_size=5)


@given(NUMBERS, st.integers(1, 12))
def test_rows_with_one_value_come_into_one_share_in_their_order(numbers: list[list[int]], n: int) -> None:
    frames = [pl.DataFrame({"by": some}, schema={"by": pl.UInt64}) for some in numbers]
    rows = pl.concat(frames).with_row_index("at")
    given = (rows.filter(pl.col("at").is_between(start, start)) for start in range(rows.height))
    shares = in_memory(dealt(given, pl.col("by"), n))
    assert len(shares) <= n
    assert sorted(at for share in shares for at in share["at"]) == list(range(rows.height))
    assert all(share["at"].is_sorted() for share in shares)
    assert sum(share["by"].n_unique() for share in shares) == rows["by"].n_unique()


def test_shares_come_in_the_order_of_their_numbers() -> None:
    pieces = [(7, 1), (2, 2), (7, 3), (0, 4)]
    shares = in_memory((number, pl.DataFrame({"x": [x]})) for number, x in pieces)
    assert [share["x"].to_list() for share in shares] == [[4], [2], [1, 3]]


def test_a_frame_with_memory_of_its_own_is_the_same_frame() -> None:
    given = pl.DataFrame({"text": ["a line that is long enough", None], "of": [["x"], []], "n": [1, None]})
    assert owned(given).equals(given) and owned(given).schema == given.schema
    assert owned(given.clear()).schema == given.schema
