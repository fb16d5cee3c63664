"""The shipped model: whole, small, quick to explain itself, the same for a page whatever stands beside it."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.resources import Model, Rules
from pipeline.because import Words, because
from pipeline.corpus import labelled
from pipeline.linemodel import EXPLAINED, NAMES, LineModel, ModelError, Sight, look
from pipeline.rulebook import Rulebook
from pipeline.tables import FURNITURE
from tests.grammar import Page, pages
from tests.pages import MODEL, texts_of

FILES, BOOK = Model().files, Rules().book


def sight(texts: dict[str, str], rules: Rulebook = BOOK) -> tuple[pl.DataFrame, Sight]:
    rows = labelled(texts_of(texts), FURNITURE.empty(), rules).filter(pl.col("trimmed") != "")
    return rows, look(rows, rules.marked("ends-article"), MODEL)


def test_it_is_small() -> None:
    assert sum(len(text.encode()) for name, text in FILES.items() if name.endswith(".txt")) <= 5_000_000


@pytest.mark.parametrize("name", [*(f"{x}.txt" for x in NAMES), "vocabulary.txt", "words.toml"])
def test_a_missing_file_is_named(name: str) -> None:
    with pytest.raises(ModelError, match=name):
        LineModel.parse({k: v for k, v in FILES.items() if k != name})


def test_a_model_of_other_clues_is_refused(model: LineModel) -> None:
    rows, _ = sight({"p": "Swans leave the pond"})
    swapped = model._replace(trees={**model.trees, "body1": model.trees["body2"]})
    with pytest.raises(ModelError, match="make train"):
        look(rows, [], swapped)


@given(st.lists(pages(), min_size=2, max_size=4))
@settings(max_examples=5)
def test_other_pages_change_nothing(drawn: list[Page]) -> None:
    texts = {f"{i}": page.text for i, page in enumerate(drawn)}
    rows, together = sight(texts)
    for name, text in texts.items():
        _, alone = sight({name: text})
        assert alone.likely.equals(together.likely.filter(rows["page"] == name))


@pytest.mark.parametrize("name", EXPLAINED)
def test_weights_add_up_to_the_log_odds(name: str, model: LineModel) -> None:
    trees = model.trees[name]
    x = np.random.default_rng(0).normal(0, 20, (50, len(trees.names))).astype(np.float32)
    weights = model.weights[name]
    leaves = trees.leaves(x)
    rest = trees.log_odds(leaves) - weights(leaves).sum(axis=1)
    assert np.ptp(rest) < 1e-3  # what is left is the same for all: the booster's mean


def test_every_clue_has_words(model: LineModel) -> None:
    for name in NAMES:
        for clue in model.trees[name].names:
            model.words.group(clue)


def test_no_group_of_words_is_idle(model: LineModel) -> None:
    used = {model.words.group(clue) for name in NAMES for clue in model.trees[name].names}
    assert used == set(range(len(model.words.says)))


def test_the_three_that_weigh_most_are_named() -> None:
    words = Words(["length", "", "paragraph", "repeats", "place"], [])
    weights = np.array([[0.1, 9, 2.0, -1.0, 0.5], [0.1, 9, 2.0, -1.0, 0.5]], np.float32)
    told = because(weights, words, np.array([True, False]))
    assert told.to_list() == ["for: paragraph, place; against: repeats", "for: repeats; against: paragraph, place"]
