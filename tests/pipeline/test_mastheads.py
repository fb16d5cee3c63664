"""What a page calls itself: which forms settle the outlet's name, and which leave it open."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.resources import Rules
from pipeline.mastheads import mastheads, name_key
from pipeline.rulebook import Rulebook
from tests.ledger import split_output

HEADLINE = "Ferries return to the harbour of Millbrook"
TITLE = f"boilerplate {HEADLINE} | Sport Nord | Millbrook Courier"
PLAIN = f"headline {HEADLINE}\nbody The ferries sailed again."
COPYRIGHT = "boilerplate © 2024 Millbrook Courier Ltd. All rights reserved."
MAIL = "boilerplate Write to letters@millbrook-courier.example"
FOLLOW = "boilerplate Follow Millbrook Courier on Facebook"
LABELS = "boilerplate The Millbrook Courier app\nboilerplate Jobs: Millbrook Courier"


def names(rules: Rulebook, *pages: str) -> list[str | None]:
    lines = split_output({f"p{i}": page for i, page in enumerate(pages)})
    out = mastheads(lines, rules)
    assert out.schema == {"page": pl.String, "masthead": pl.String}
    found = dict(out.iter_rows())
    return [found.get(f"p{i}") for i in range(len(pages))]


def page(*lines: str) -> str:
    return "\n".join(lines)


@pytest.mark.parametrize("other", [COPYRIGHT, MAIL, FOLLOW, LABELS])
def test_a_title_and_another_form_name_the_outlet(rules: Rulebook, other: str) -> None:
    assert names(rules, page(TITLE, PLAIN, other)) == ["Millbrook Courier"]


@pytest.mark.parametrize("other", [MAIL, FOLLOW])
def test_a_copyright_line_and_another_form_name_the_outlet(rules: Rulebook, other: str) -> None:
    assert names(rules, page(PLAIN, other, COPYRIGHT)) == ["Millbrook Courier"]


@pytest.mark.parametrize("alone", [TITLE, COPYRIGHT, MAIL, FOLLOW, LABELS, page(MAIL, FOLLOW, LABELS)])
def test_one_form_is_a_guess(rules: Rulebook, alone: str) -> None:
    assert names(rules, page(alone, PLAIN)) == [None]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("© 2019-2024 Hollow Vale Herald", "Hollow Vale Herald"),
        ("Copyright Hollow Vale Herald 2024", "Hollow Vale Herald"),
        ("Hollow Vale Herald © 2024", "Hollow Vale Herald"),
        ("© Hollow Vale Herald GmbH - Alle Rechte vorbehalten", "Hollow Vale Herald"),
        ("© 2024 Hollow Vale Herald, a division of Vale Papers Inc. All rights reserved.", "Hollow Vale Herald"),
        ("Copyright © The Hollow Vale Herald Co., Ltd.", "The Hollow Vale Herald"),
        ("© 2024 Hollow Vale Herald Publishing House", "Hollow Vale Herald"),  # the outlet in its owner's name
        ("© Jana Ohlsen", None),
        ("Photo: © Jana Ohlsen/Getty Images", None),
        ("© 2024 Vale Media Group", None),
        ("© 2024 Reuters. All rights reserved", None),
    ],
)
def test_copyright_lines(rules: Rulebook, line: str, name: str | None) -> None:
    addresses = "boilerplate desk@hollowvaleherald.example\nboilerplate www.reuters.com\nboilerplate www.vale.example"
    assert names(rules, page(PLAIN, addresses, f"boilerplate {line}")) == [name]


def test_a_domain_in_a_copyright_line_is_one_witness(rules: Rulebook) -> None:
    assert names(rules, page(PLAIN, "boilerplate © 2024 courier.example")) == [None]
    assert names(rules, page(PLAIN, "boilerplate www.courier.example", "boilerplate © 2024 courier.example")) == [
        "courier.example"
    ]


def test_a_title_names_an_agency_a_copyright_line_does_not(rules: Rulebook) -> None:
    about = "boilerplate About Reuters"
    copyright = "boilerplate © 2024 Reuters. All rights reserved"
    assert names(rules, page(PLAIN, about, copyright)) == [None]
    assert names(rules, page(f"boilerplate {HEADLINE} | Reuters", PLAIN, about)) == ["Reuters"]


@pytest.mark.parametrize(
    "title",
    [
        f"{HEADLINE} | News",
        f"{HEADLINE} | by Jana Ohlsen",
        f"{HEADLINE} | 12.03.2024",
        "Other words - Millbrook Courier",
    ],
)
def test_what_stands_behind_a_headline_may_be_no_name(rules: Rulebook, title: str) -> None:
    others = "boilerplate More from News\nboilerplate Follow Jana Ohlsen on Facebook\n" + FOLLOW
    assert names(rules, page(f"boilerplate {title}", PLAIN, others)) == [None]


def test_the_title_stands_at_the_top(rules: Rulebook) -> None:
    filler = "\n".join(f"boilerplate Filler {i}" for i in range(8))
    assert names(rules, page(filler, TITLE, PLAIN, FOLLOW)) == [None]


def test_two_names_leave_it_open(rules: Rulebook) -> None:
    other = "boilerplate © 2024 Hollow Vale Herald\nboilerplate desk@hollowvaleherald.example"
    assert names(rules, page(TITLE, PLAIN, FOLLOW, other)) == [None]
    longer = "boilerplate © 2024 Millbrook Courier Weekly\nboilerplate desk@millbrookcourierweekly.example"
    assert names(rules, page(TITLE, PLAIN, FOLLOW, COPYRIGHT, longer)) == ["Millbrook Courier"]


def several(*between: str) -> str:
    second = "headline Bees are back in the orchards of Kelmore\nbody The bees hum."
    return page(TITLE, PLAIN, FOLLOW, *between, second, *["body They hum on."] * 9)


def test_of_several_articles_all_must_be_the_outlets(rules: Rulebook) -> None:
    assert names(rules, several()) == [None]  # the name stands with the first one only
    assert names(rules, page(several(), COPYRIGHT)) == ["Millbrook Courier"]
    foreign = "boilerplate Bees are back in the orchards of Kelmore | Hollow Vale Herald"
    assert names(rules, page(several(foreign), COPYRIGHT)) == [None]


def test_glued_pages_name_it_each(rules: Rulebook) -> None:
    third = page("headline Rain is late this year, farmers say", "body They wait for it.", *["body They wait on."] * 9)
    glued = page(several(COPYRIGHT), "---", third, COPYRIGHT)
    assert names(rules, glued) == [None]
    assert names(rules, glued.replace("body They hum on.", FOLLOW, 1)) == ["Millbrook Courier"]


def test_initials_are_written_out_where_the_page_does(rules: Rulebook) -> None:
    short = page(f"boilerplate {HEADLINE} - MC.example", PLAIN)
    assert names(rules, short) == ["MC.example"]
    assert names(rules, page(short, *["boilerplate Millbrook Courier"] * 2)) == ["Millbrook Courier"]
    assert names(rules, page(short, "boilerplate Millbrook Courier")) == ["MC.example"]


def test_names_in_other_letters_stay_open(rules: Rulebook) -> None:
    assert names(rules, page(f"boilerplate {HEADLINE} | Мельница", PLAIN, "boilerplate © 2024 Мельница")) == [None]


@pytest.mark.parametrize(
    ("a", "b"), [("The Mill Post", "millpost"), ("Ärzte-Blatt", "aerzteblatt"), ("Théâtre!", "THEATRE")]
)
def test_names_are_compared_by_letters(a: str, b: str) -> None:
    keys = pl.DataFrame({"name": [a, b]}).select(name_key(pl.col("name")))["name"]
    assert keys.n_unique() == 1


def test_no_rules_no_pages(rules: Rulebook) -> None:
    lines = split_output({"a": page(TITLE, PLAIN, COPYRIGHT)})
    assert mastheads(lines.head(0), rules).height == 0
    assert mastheads(lines, Rulebook()).height == 0


LINES = [TITLE, COPYRIGHT, MAIL, FOLLOW, "headline " + HEADLINE, "body They sailed.", "boilerplate © 2024 Vale Herald"]


@settings(max_examples=15)  # each asks for up to six decisions, with all patterns
@given(st.lists(st.lists(st.sampled_from(LINES), min_size=1, max_size=9), min_size=1, max_size=4))
def test_a_pages_name_is_its_own_affair(pages: list[list[str]]) -> None:
    """Neither the other pages nor their order change what a page is called."""
    rules = Rules().book
    together = names(rules, *map("\n".join, pages))
    assert together == [names(rules, "\n".join(p))[0] for p in pages]
    assert names(rules, *map("\n".join, reversed(pages))) == together[::-1]
