"""Training on a handful of invented pages: deterministic, and what it learns is learnt."""

import polars as pl
import pytest

from assets.resources import Model, Rules
from pipeline.because import Words
from pipeline.linemodel import NAMES, LineModel
from pipeline.training.card import card, digest
from pipeline.training.fit import ROUNDS, Frame, fit, frame, samples, text_of
from pipeline.training.labels import Page
from tests.grammar import labelled_pages

RULES = Rules().book
LABELS: dict[str, list[Page]] = {"invented": labelled_pages(12)}


@pytest.fixture(scope="module")
def data() -> Frame:
    return frame(LABELS, RULES)


@pytest.fixture(scope="module")
def boosters(data: Frame) -> dict[str, str]:
    return {f"{name}.txt": text_of(booster) for name, booster in fit(data, range(len(data.pages))).items()}


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


def test_a_model_comes_out(boosters: dict[str, str], data: Frame) -> None:
    assert set(ROUNDS) == set(NAMES)
    assert set(boosters) == {f"{name}.txt" for name in NAMES}
    model = LineModel.parse({**boosters, "words.toml": Model().files["words.toml"]})
    assert model.trees["body1"].names == data.names


def test_the_same_labels_give_the_same_bytes(boosters: dict[str, str]) -> None:
    again = frame(LABELS, RULES)
    assert {f"{k}.txt": text_of(b) for k, b in fit(again, range(len(again.pages))).items()} == boosters


def test_the_card_says_what_it_was_made_of(data: Frame) -> None:
    words = Words.parse(Model().files["words.toml"])
    told = card(LABELS, data, fit(data, range(12)), words, "Not measured.")
    assert digest(LABELS) in told
    assert "| invented | 12 |" in told
    assert told.endswith("Not measured.\n")
