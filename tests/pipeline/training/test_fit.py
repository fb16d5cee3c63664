"""Training on a handful of invented pages: deterministic, and what it learns is learnt."""

import polars as pl
import pytest

from assets.resources import Model, Rules
from pipeline.because import Words
from pipeline.linemodel import NAMES, VOCABULARY, LineModel
from pipeline.training.card import card, digest
from pipeline.training.fit import ROUNDS, Fitted, Frame, fit, frame, samples
from pipeline.training.labels import Page
from tests.grammar import labelled_pages

RULES = Rules().book
LABELS: dict[str, list[Page]] = {"invented": labelled_pages(12)}


@pytest.fixture(scope="module")
def data() -> Frame:
    return frame(LABELS, RULES)


@pytest.fixture(scope="module")
def made(data: Frame) -> Fitted:
    return fit(data, range(len(data.pages)))


def test_the_frame_holds_the_pages_and_pages_made_of_them(data: Frame) -> None:
    made = data.rows["made"]
    assert set(data.rows.filter(~made)["page"]) == set(range(12))
    assert made.any()
    assert data.x.shape == (data.rows.height, len(data.names))
    starts = data.rows.group_by("page").agg(pl.col("is_start").sum())
    assert starts.sort("page")["is_start"].to_list() == [len(p.articles) for p in data.pages]


def test_rare_lines_are_always_learnt_from(data: Frame) -> None:
    drawn = samples(data.rows)
    assert drawn["title"].keep[data.rows["is_title"].to_numpy()].all()
    inner = data.rows["is_start"] & (data.rows["page"] == data.rows["page"].shift(1)).fill_null(False)
    assert drawn["start"].keep[inner.to_numpy()].all()


def test_a_model_comes_out(made: Fitted, data: Frame) -> None:
    assert set(ROUNDS) == set(NAMES)
    files = made.files()
    assert set(files) == {*(f"{name}.txt" for name in NAMES), VOCABULARY}
    model = LineModel.parse({**files, "words.toml": Model().files["words.toml"]})
    assert model.trees["title1"].names == data.names


def test_only_what_tells_text_hears_words(made: Fitted) -> None:
    hears = {name for name, trees in made.boosters.items() if any(x.startswith("say_") for x in trees.feature_name())}
    assert hears == {"body1", "body2"}


def test_the_same_labels_give_the_same_bytes(made: Fitted) -> None:
    again = frame(LABELS, RULES)
    assert fit(again, range(len(again.pages))).files() == made.files()


def test_the_card_says_what_it_was_made_of(data: Frame, made: Fitted) -> None:
    words = Words.parse(Model().files["words.toml"])
    told = card(LABELS, data, made.boosters, words, "Not measured.")
    assert digest(LABELS) in told
    assert "| invented | 12 |" in told
    assert told.endswith("Not measured.\n")
