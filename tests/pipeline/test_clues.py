"""What the line model sees: a number for every solid line, whatever other pages are about."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.resources import Rules
from pipeline.clues import Clues, clues
from pipeline.corpus import labelled
from pipeline.rulebook import Rulebook
from pipeline.tables import FURNITURE
from tests.grammar import pages
from tests.pages import texts_of

BOOK = Rules().book
TEXT = "The miller closed the sluice before the rain came down on Dunwick, and the swans left the pond at once."
OTHER = "A bakery where bicycles may be parked beside the oven has opened in the old harbour of Kelmore this week."


def seen(texts: dict[str, str], rules: Rulebook = BOOK) -> tuple[pl.DataFrame, Clues]:
    rows = labelled(texts_of(texts), FURNITURE.empty(), rules).filter(pl.col("trimmed") != "")
    return rows, clues(rows, rules.marked("ends-article"))


def of(page: str, name: str) -> list[float]:
    return [round(float(x), 3) for x in seen({"p": page})[1][name]]


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("width", [20, 103, 16]),
        ("prose", [0, 1, 0]),
        ("prose@+1", [1, 0, -1]),
        ("prose@-1", [-1, 0, 1]),
        ("gap@+1", [1, 0, -1]),
        ("daylike", [0, 0, 0]),
        ("clock", [0, 0, 1]),
        ("until_prose", [0, 99, 99]),
        ("since_prose", [99, 99, 0]),
        ("page_lines", [3, 3, 3]),
        ("page_left", [3, 2, 1]),
        ("gap_over", [-0.5, 1, -0.5]),
    ],
)
def test_lines_neighbours_and_page(name: str, want: list[float]) -> None:
    assert of(f"Sluice of the miller\n\n{TEXT}\nStand: 17:02 Uhr", name) == want


def test_repeats() -> None:
    page = f"Share 3\n{TEXT}\nShare 4\n{OTHER}\nShare 4"
    assert of(page, "rep_shape_times") == [3, 1, 3, 1, 3]
    assert of(page, "rep_key_times") == [1, 1, 2, 1, 2]
    assert of(page, "rep_shape_since") == [99, 99, 2, 99, 2]
    assert of(page, "rep_top") == [99, 99, 0, 99, 0]
    assert of(page, "rep_low") == [0, 99, 0, 99, 99]


def test_a_headlines_words_come_back_in_its_text() -> None:
    page = f"Bakery for bicycles in Kelmore\n{OTHER}\nSwans left the sluice\n{TEXT}"
    after, before = of(page, "coh_after8"), of(page, "coh_before8")
    assert after[0] == after[2] == 1
    assert (before[0], before[2]) == (0, 0)


def test_the_words_change_where_an_article_ends() -> None:
    one, two = [f"{TEXT} Day {k}" for k in range(4)], [f"{OTHER} Week {k}" for k in range(4)]
    crossing = of("\n".join([*one, *two]), "coh_cross_rel")
    assert crossing[4] == min(crossing[1:]) == 0


def test_scripts_without_spaces_have_words_too() -> None:
    assert of("水門が閉まる\n水門が閉まると白鳥は池を去り、翌朝には牧草地で見つかったという。", "coh_after3")[0] > 0.5


def test_no_rows() -> None:
    assert {len(x) for x in seen({})[1].values()} == {0}


@given(st.lists(pages(), min_size=2, max_size=4))
@settings(max_examples=10)
def test_other_pages_change_nothing(drawn: list[object]) -> None:
    texts = {f"{i}": page.text for i, page in enumerate(drawn)}  # type: ignore[attr-defined]
    rows, together = seen(texts)
    for name, text in texts.items():
        _, alone = seen({name: text})
        here = (rows["page"] == name).to_numpy()
        different = [k for k in alone if not np.array_equal(alone[k], together[k][here])]
        assert different == []


def test_numbers_only() -> None:
    _, found = seen({"p": f"A\n\n{TEXT}\n\n٣٤\n…\n{OTHER}\n🦢"})
    assert [k for k, x in found.items() if not np.isfinite(x).all()] == []
