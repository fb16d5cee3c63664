"""Whose page it is: each basis, their order, and disputes, which leave it open."""

import polars as pl
import pytest

from pipeline.outlets import heads, outlets
from pipeline.rulebook import Rulebook
from tests.ledger import split_output, texts_for

ARAB_NEWS = """
headline Ferries return to Kelmore
headline_repeat Ferries return to Kelmore
caption Boats in the harbour
boilerplate:arab-news/short-url Short Url
timestamp:timestamp/updated-day-month-year Updated 19 February 2021
boilerplate:arab-news/follow Follow

headline_repeat Ferries return to Kelmore

headline_repeat Ferries return to Kelmore
standfirst • They sailed at noon
body KELMORE: The ferries sailed again.
"""
ASHARQ = """
headline Ferries Return to Kelmore

caption Boats in the harbour (AFP)
caption_repeat Boats in the harbour (AFP)
boilerplate:asharq-al-awsat/text-size TT

headline_repeat Ferries Return to Kelmore

body The ferries sailed again.
"""
AMN = """
boilerplate:american-military-news/telegram Join our new verified AMN Telegram channel!

headline Ferries return
timestamp:timestamp/month-day-year July 13, 2020
body The ferries sailed again.
"""
ARABIYA = """
headline Ferries return
body The ferries sailed again.
boilerplate:al-arabiya-english/google-news-channel For the latest headlines, follow our Google News channel
body They came back at noon.
"""
BARE = "headline Ferries return\nbody The ferries sailed again."


def found(rules: Rulebook, *pages: str, **columns: object) -> list[tuple[str | None, str | None]]:
    lines = split_output({f"p{i}": page for i, page in enumerate(pages)})
    out = outlets(lines, texts_for(lines, **columns), rules)
    assert out.columns == ["page", "outlet", "outlet_basis", "day_order", "dateline"]
    return [(row["outlet"], row["outlet_basis"]) for row in out.iter_rows(named=True)]


def test_house_text_names_the_outlet(rules: Rulebook) -> None:
    assert found(rules, ARAB_NEWS, ASHARQ, AMN, ARABIYA, BARE) == [
        ("Arab News", "layout"),
        ("Asharq Al-Awsat", "layout"),
        ("American Military News", "signature"),
        ("Al Arabiya English", "signature"),
        (None, None),
    ]


def test_one_article_with_the_layout_names_the_page(rules: Rulebook) -> None:
    assert found(rules, BARE + "\n" + ARAB_NEWS.strip() + "\n---\n" + BARE) == [("Arab News", "layout")]


def test_a_rule_speaks_whatever_role_its_text_got(rules: Rulebook) -> None:
    page = "headline Ferries return\nbody:american-military-news/telegram They sailed. Join our new verified AMN…"
    assert found(rules, page) == [("American Military News", "signature")]


def test_a_signature_and_a_layout_of_one_outlet_agree(rules: Rulebook) -> None:
    page = ARABIYA + BARE
    assert found(rules, page) == [("Al Arabiya English", "signature")]


@pytest.mark.parametrize("other", [ARABIYA, ASHARQ, ARAB_NEWS])
def test_house_text_of_two_outlets_leaves_it_open(rules: Rulebook, other: str) -> None:
    # Not even the site decides then: it may be one of two copies.
    page = AMN.strip() + "\n---\n" + other.strip()
    assert found(rules, page, site="americanmilitarynews.com") == [(None, None)]


def test_two_layouts_leave_it_open(rules: Rulebook) -> None:
    assert found(rules, ARAB_NEWS.strip() + "\n" + ASHARQ.strip()) == [(None, None)]


def test_the_sidecar_is_believed(rules: Rulebook) -> None:
    assert found(rules, AMN + ARABIYA, sidecar_outlet="Kelmore Post") == [("Kelmore Post", "sidecar")]
    assert found(rules, ARAB_NEWS, sidecar_outlet="Kelmore Post") == [("Kelmore Post", "sidecar")]


@pytest.mark.parametrize(
    ("site", "outlet"),
    [
        ("arabnews.com", "Arab News"),
        ("WWW2.ArabNews.com", "Arab News"),
        ("english.alarabiya.net", "Al Arabiya English"),
        ("english.aawsat.com", "Asharq Al-Awsat"),
        ("notarabnews.com", None),
        ("arabnews.com.example", None),
        (None, None),
    ],
)
def test_the_domain_is_the_last_resort(rules: Rulebook, site: str | None, outlet: str | None) -> None:
    assert found(rules, BARE, site=site) == [(outlet, "url" if outlet else None)]


def test_a_copy_is_still_the_outlets(rules: Rulebook) -> None:
    assert found(rules, ARABIYA, site="arabnews.com") == [("Al Arabiya English", "signature")]


def test_the_profile_comes_along(rules: Rulebook) -> None:
    lines = split_output({"a": AMN, "b": BARE})
    out = outlets(lines, texts_for(lines, sidecar_outlet=None), rules)
    assert out["day_order"].to_list() == ["MDY", None]
    told = outlets(lines, texts_for(lines, sidecar_outlet="Arab News"), rules)
    assert told["day_order"].to_list() == ["DMY", "DMY"]


def test_heads_name_rules_and_roles_to_the_first_paragraph() -> None:
    page = AMN.replace("headline", "boilerplate:page/nav Home\nheadline") + "boilerplate More"
    # Boilerplate that split gave to no article stands in the head all the same.
    lines = split_output({"a": page}).with_columns(
        article_no=pl.when(pl.col("role") == "timestamp").then(None).otherwise("article_no")
    )
    assert heads(lines).rows() == [("a", 1, "headline timestamp/month-day-year body")]


def test_no_rules_no_pages(rules: Rulebook) -> None:
    empty = split_output({}).head(0)
    assert outlets(empty, texts_for(empty), rules).height == 0
    lines = split_output({"a": AMN})
    assert outlets(lines, texts_for(lines, site="arabnews.com"), Rulebook())["outlet"].to_list() == [None]


NAMED = "boilerplate About {0}\n" + BARE + "\nboilerplate © 2024 {0} Ltd. All rights reserved."


def test_without_a_profile_the_page_names_itself(rules: Rulebook) -> None:
    assert found(rules, NAMED.format("Kelmore Post")) == [("Kelmore Post", "masthead")]


def test_a_profile_speaks_before_the_masthead(rules: Rulebook) -> None:
    named = NAMED.format("Kelmore Post") + "\n---\n"
    assert found(rules, named + AMN.strip()) == [("American Military News", "signature")]
    assert found(rules, named, site="arabnews.com") == [("Arab News", "url")]
    assert found(rules, named + AMN.strip() + "\n---\n" + ARABIYA.strip()) == [(None, None)]


def test_a_masthead_is_spelt_as_in_the_profile_and_brings_it_along(rules: Rulebook) -> None:
    lines = split_output({"a": NAMED.format("ARAB NEWS")})
    out = outlets(lines, texts_for(lines), rules)
    assert out.rows() == [("a", "Arab News", "masthead", "DMY", out["dateline"].item())]
