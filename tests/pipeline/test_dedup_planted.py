"""What is found among planted copies, small; `make bench` has the figures at size. All text invented."""

import polars as pl
import pytest

from pipeline.dedup import dedup
from tests.planted import KINDS, changed, corpus, score


@pytest.mark.parametrize("elsewhere", [False, True], ids=["updates", "wire copy"])
@pytest.mark.parametrize("kind", KINDS)
def test_copies_are_found_and_shared_footers_join_nothing(kind: str, elsewhere: bool) -> None:
    rows, truth = corpus(3, 150, [KINDS[kind]], elsewhere)
    recall, precision = score(truth, *dedup(rows))
    assert recall >= 0.98  # three copies
    assert precision >= 0.995


def test_a_story_of_400_copies_stays_whole() -> None:
    rows, truth = corpus(5, 2, [changed(0.1)] * 399, elsewhere=True, every=2)
    rows = rows.with_columns(outlet=pl.format("Outlet {}", pl.int_range(pl.len())))
    duplicates, stories = dedup(rows)
    assert duplicates.is_empty()
    assert stories["story_id"].n_unique() == 1
    assert set(stories["page"]) == set(truth.filter(pl.col("family") == 0)["page"])


def test_articles_without_copies_are_joined_to_nothing() -> None:
    duplicates, stories = dedup(corpus(4, 300)[0])
    assert duplicates.is_empty() and stories.is_empty()
