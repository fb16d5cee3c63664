"""Agencies: each pattern's own example and counter-example, and the order in which a text names them."""

import polars as pl
import pytest

from pipeline.agencies import agencies
from pipeline.rulebook import Rulebook


def named(rules: Rulebook, *texts: str) -> list[list[str]]:
    out: list[list[str]] = agencies(pl.Series(texts, dtype=pl.String), rules).to_list()
    return out


def test_every_pattern_keeps_its_promise(rules: Rulebook) -> None:
    for agency in rules.agencies:
        assert agency.why
        assert agency.name in named(rules, agency.example)[0], agency.name
        assert agency.name not in named(rules, agency.counter)[0], agency.name


def test_names_stand_in_the_order_of_appearance(rules: Rulebook) -> None:
    text = "KELMORE (AFP) - Boats sailed, the harbour told Reuters.\n\nAFP counted nine.\nSource: AP"
    assert named(rules, "No one is named.", text, "dpa, then Reuters, then dpa", "") == [
        [],
        ["AFP", "Reuters", "AP"],
        ["dpa", "Reuters"],
        [],
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She took AP classes.", []),
        ("The PA and the AFP met the PTI and the AAP.", []),
        ("She told AP by phone.", ["AP"]),
        ("The Associated Press counted nine.", ["AP"]),
        ("an AFP journalist saw nine", ["AFP"]),
        ("On Monday AFP said so.", ["AFP"]),
        ("On Monday the AFP said so.", []),
        ("On Monday the AP reported it.", ["AP"]),
        ("according to an AFP count", ["AFP"]),
        ("The last line\nAFP", ["AFP"]),
        ("Lisboa (EFE).- Los barcos zarparon.", ["EFE"]),
        ("Mike Bloomberg spoke.", []),
        ("Boats sailed (Reuters/AP).", ["AP", "Reuters"]),
    ],
)
def test_letters_that_mean_other_things_need_a_context(rules: Rulebook, text: str, expected: list[str]) -> None:
    assert sorted(named(rules, text)[0]) == expected


def test_without_agencies_or_texts(rules: Rulebook) -> None:
    assert named(rules) == []
    assert agencies(pl.Series(["Reuters"]), Rulebook()).to_list() == [[]]
