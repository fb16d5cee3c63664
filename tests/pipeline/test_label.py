"""What can be told of a line before articles are known: by rules, by teaser blocks, by its neighbours."""

import pytest

from pipeline.label import label
from pipeline.lines import lines
from pipeline.rulebook import Rulebook
from pipeline.tables import FURNITURE
from tests.pages import texts_of

TEXT = "The miller closed the sluice before the rain came down on Dunwick."
LONG = "The miller closed the sluice " * 8


def labelled(text: str, rules: Rulebook) -> list[tuple[str | None, str | None]]:
    texts = texts_of({"p": text})
    rows = label(lines(texts), texts, FURNITURE.empty(), rules)
    return rows.filter(rows["trimmed"] != "").select("role", "reason").rows()


def test_what_only_its_place_can_tell_stays_open(rules: Rulebook) -> None:
    assert labelled("Sluice closed in Dunwick", rules) == [(None, None)]


def test_a_paragraph_is_body_unless_a_rule_knows_it(rules: Rulebook) -> None:
    promo = "For all the latest headlines, follow our Google News channel online or via the app."
    assert labelled(f"{TEXT}\n{promo}", rules) == [
        ("body", "page/paragraph"),
        ("boilerplate", "al-arabiya-english/google-news-channel"),
    ]


def test_a_promo_inside_a_paragraph_is_a_part_of_its_own(rules: Rulebook) -> None:
    assert labelled(f"{TEXT} Sign up for our daily newsletter! {TEXT}", rules) == [
        ("body", "page/paragraph"),
        ("boilerplate", "boilerplate/newsletter"),
        ("body", "page/paragraph"),
    ]


TEASERS = "Swans return to the pond\n\nA bakery for bicycles\n"


@pytest.mark.parametrize(
    ("page", "roles"),
    [
        (f"Read more:\n\n{TEASERS}", ["related"] * 3),
        (f"Read more:\n{TEASERS}\nShare this article", ["related"] * 3 + ["boilerplate"]),
        (f"Read more:\n{TEASERS}\n{TEXT}", ["related"] * 3 + ["body"]),
        (f"Read more:\n{TEASERS}\n\nThe next headline", ["related"] * 3 + [None]),
        (f"Read more:\n{TEASERS}\nThe next headline\n\nThe next headline", ["related"] * 3 + [None] * 2),
        ("Read more:\n\n\nThe next headline", ["boilerplate", None]),
        ("Latest news\nRelated stories", ["boilerplate"] * 2),
        (f"Read more:\n{LONG}", ["boilerplate", "body"]),
        ("Read more:\n" + "".join(f"Teaser number {k}\n" for k in range(10)), ["related"] * 9 + [None] * 2),
    ],
)
def test_a_block_of_teasers(page: str, roles: list[str | None], rules: Rulebook) -> None:
    assert [role for role, _ in labelled(page, rules)] == roles


def test_an_empty_corpus_is_no_fault(rules: Rulebook) -> None:
    assert labelled("", rules) == []


HEADLINE = "Ferries return to the island of Kelmore"


@pytest.mark.parametrize(
    ("page", "reasons"),
    [
        (f"{HEADLINE}\nMara Quill 4 February 2025\n{TEXT}", [None, "timestamp/name-day", "page/paragraph"]),
        (f"{HEADLINE}\n4 February 2025 Mara Quill\n{TEXT}", [None, "timestamp/day-name", "page/paragraph"]),
        (f"Port Callan 4 February 2025\n{TEXT}", [None, "page/paragraph"]),
        (f"{TEXT}\n{TEXT}\nPort Callan 4 February 2025", ["page/paragraph", "page/paragraph", None]),
        (f"{HEADLINE}\nMara Quill\n4 February 2025\n{TEXT}", [None, "byline/name", "timestamp/day", "page/paragraph"]),
        (f"{HEADLINE}\nWritten by\nMara Quill\n{TEXT}", [None, "byline/word", "byline/name", "page/paragraph"]),
        (f"{HEADLINE}\nMara Quill\n{TEXT}", [None, None, "page/paragraph"]),
        (f"Mara Quill\n4 February 2025\n{TEXT}", [None, "timestamp/day", "page/paragraph"]),
    ],
)
def test_a_line_that_could_be_a_headline_is_told_by_its_neighbours(
    rules: Rulebook, page: str, reasons: list[str | None]
) -> None:
    assert [reason for _, reason in labelled(page, rules)] == reasons
