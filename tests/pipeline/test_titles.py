"""Which lines may be the title of a chunk, and how they compare."""

import numpy as np
import polars as pl

from pipeline.titles import candidates

WIDTH = np.array([20, 30, 300, 300, 40, 300, 300])


def likely(body: list[float], title: list[float]) -> pl.DataFrame:
    return pl.DataFrame({"body1": body, "title1": title}, schema={"body1": pl.Float32, "title1": pl.Float32})


def test_the_lines_before_and_right_behind_the_first_text_are_candidates() -> None:
    found = candidates(pl.Series([0] * 7), likely([0, 0, 1, 1, 0, 1, 1], [0.0] * 7), WIDTH)
    assert found.row.tolist() == [0, 1, 2, 3]
    assert found.begin.tolist() == [0] * 4
    assert found.text.tolist() == [2] * 4


def test_a_line_that_looks_like_one_may_stand_later() -> None:
    found = candidates(pl.Series([0] * 7), likely([0, 0, 1, 1, 0, 1, 1], [0, 0, 0, 0, 0.9, 0, 0.0]), WIDTH)
    assert 4 in found.row


def test_each_chunk_has_its_own() -> None:
    found = candidates(pl.Series([0, 0, 0, 1, 1, 1, 1]), likely([0, 0, 1, 0, 0, 0, 1], [0.0] * 7), WIDTH)
    assert dict(zip(found.row.tolist(), found.begin.tolist(), strict=True))[4] == 3
