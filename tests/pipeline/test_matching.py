"""Signs in the place of days, times and ages: as if each were looked for in every text, one after the other."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.resources import Rules
from pipeline.matching import abridged, plain

BOOK = Rules().book
EXAMPLES = [x.example for x in (*BOOK.signs, *(rule for rule in BOOK.rules if rule.role == "timestamp"))]
PIECES = st.lists(st.sampled_from([*EXAMPLES, "{day}", "read", "updated", "day", "–"]), min_size=1, max_size=3)


def one_by_one(texts: pl.Series) -> pl.Series:
    for sign in BOOK.signs:
        if not sign.stands:
            texts = texts.str.replace_all(sign.anywhere, sign.written)
    texts = plain(texts).str.replace_all("{", "(", literal=True).str.replace_all("}", ")", literal=True)
    for sign in BOOK.signs:
        if sign.stands:
            texts = texts.str.replace_all(sign.anywhere, sign.written)
    return texts


@given(st.lists(PIECES, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_signs_are_read_as_if_each_were_tried_everywhere(texts: list[list[str]]) -> None:
    figured = pl.Series([" ".join([*pieces, "6"])[-240:] for pieces in texts])
    for found, expected in zip(abridged(figured, BOOK), one_by_one(figured), strict=True):
        assert found == (expected if "{" in expected else None)
