"""Headlines and starts told by the page's own title, and by a breadcrumb that ends in it."""

import polars as pl
import pytest

from pipeline.headlines import CRUMBS, NEAR, beneath, named, printed_again
from pipeline.rulebook import Rulebook

TITLE = "Ferries return to Kelmore after the strike"
OWN = "Kelmore: the first ferries since the strike"


def rows(
    *lines: str, body: dict[int, float] | None = None, role: str | None = None, title: float = 0.01
) -> pl.DataFrame:
    """One chunk of these lines, each as a look at it might measure it."""
    frame = pl.DataFrame({"trimmed": lines, "key": [x.lower() for x in lines]}).with_columns(
        chunk=pl.lit(0),
        width=pl.col("trimmed").str.len_chars().cast(pl.Int32),
        sentence=pl.col("trimmed").str.ends_with("."),
        role=pl.lit(role, pl.String),
        title=pl.lit(title),
        body=pl.Series([(body or {}).get(n, 0.0) for n in range(len(lines))]),
    )
    return frame.with_columns(named=named(frame))


@pytest.mark.parametrize(
    "top",
    [
        TITLE,
        f"{TITLE} - Kelmore Courier",
        f"{TITLE} | Harbours | Kelmore Courier",
        f"{TITLE} - Harbours – The Kelmore - Courier",
        f"{TITLE}｜クーリエ",
        "Ferries return: to Kelmore, after the strike! » Harbours",
    ],
)
def test_the_pages_title_without_section_and_outlet(top: str) -> None:
    assert rows(top, "Menu", TITLE, "Share").get_column("named").to_list() == [False, False, True, False]


@pytest.mark.parametrize(
    ("top", "line"),
    [
        (f"{TITLE} - Kelmore Courier", "Kelmore Courier and more"),
        (f"Harbours | {TITLE}", TITLE),  # what stands in front may be the outlet
        (f"{TITLE} - Kelmore Courier", "Ferries return to Kelmore"),
        ("Home - Kelmore Courier", "Home"),  # too narrow for a headline
    ],
)
def test_other_lines_are_not(top: str, line: str) -> None:
    assert not rows(top, "Menu", line)["named"].any()


def test_behind_sure_text_it_is_a_teaser() -> None:
    assert rows(TITLE, "Menu", TITLE, body={1: 0.95})["named"].any() is False
    assert rows(TITLE, "Menu", TITLE, body={1: 0.6})["named"].any() is True


def under(rules: Rulebook, *lines: str, role: str | None = None, title: float = 0.01) -> list[str]:
    solid = rows(TITLE, *lines, role=role, title=title)
    return solid.filter(beneath(solid, rules.phrase("breadcrumb-opens")))["trimmed"].to_list()


def test_under_a_breadcrumb_that_ends_in_the_pages_title(rules: Rulebook) -> None:
    assert under(rules, "Menu", "Home", "Harbours", TITLE, OWN, "Text.") == [OWN]
    assert under(rules, "Startseite | Häfen |", TITLE, "Strike", OWN) == [OWN]


@pytest.mark.parametrize(
    "lines",
    [
        ("Menu", "Harbours", TITLE, OWN),  # no breadcrumb
        ("Home", *["Harbours"] * CRUMBS, TITLE, OWN),  # too far from it
        ("Home", TITLE, "Harbours", "Share", OWN),
        ("Home", TITLE, "Crews and owners agreed on Monday night"),  # no word in common
        ("Home", TITLE, "The strike at Kelmore ended on Monday."),  # a standfirst
        ("Home", TITLE, "Kelmore strike"),  # a kicker
        ("Home", "Harbours", OWN),
    ],
)
def test_other_lines_stay(lines: tuple[str, ...], rules: Rulebook) -> None:
    assert under(rules, *lines) == []


def test_what_a_rule_knows_or_the_ranker_rules_out_is_no_headline(rules: Rulebook) -> None:
    assert under(rules, "Home", TITLE, OWN, role="caption") == []
    assert under(rules, "Home", TITLE, OWN, title=0.0) == []


def again(*lines: str, start: float = 0.2) -> list[int]:
    """Rows of a page that print a page's title which comes again."""
    frame = pl.DataFrame({"page": "p", "trimmed": ["Text of the article before.", *lines]}).with_columns(
        n=pl.int_range(pl.len(), dtype=pl.Int32),
        width=pl.col("trimmed").str.len_chars().cast(pl.Int32),
        start=pl.lit(start),
    )
    return frame.with_row_index().filter(printed_again(frame))["index"].to_list()


def test_the_title_of_a_page_that_follows_another_comes_again_below_its_navigation() -> None:
    menu = ["Menu"] * NEAR
    assert again(TITLE, *menu, TITLE) == [1]
    assert again(f"{TITLE} | Harbours | Courier", *menu, TITLE) == [1]
    assert again(TITLE, *menu[1:], TITLE) == []  # a head block
    assert again(TITLE, *menu) == []
    assert again("Harbours", *menu, "Harbours") == []  # a section
    assert again(TITLE, *menu, TITLE, start=0.05) == []
