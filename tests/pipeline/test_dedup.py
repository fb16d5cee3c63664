"""Duplicates and stories: each rule on both its sides. All text invented; test_dedup_corpora has many rows."""

import datetime as dt
import random
from typing import Any

import polars as pl
import pytest

from pipeline import dedup as module
from pipeline.dedup import dedup
from pipeline.tables import DUPLICATES, PAGE_ARTICLES, STORIES
from tests.copies import DAY, EARLY, LATE, WHOLE, changed, folded, grouped, only, row, table, text, words


def test_an_empty_table() -> None:
    duplicates, stories = dedup(PAGE_ARTICLES.empty())
    assert duplicates.schema == DUPLICATES.schema and stories.schema == STORIES.schema
    assert len(duplicates) == len(stories) == 0


def test_the_same_text_twice_is_one_row() -> None:
    found = only(row(WHOLE, "b"), row(WHOLE, "a"))
    assert found["kind"] == "exact" and found["similarity"] == 1.0
    assert found["article_id"] != found["kept_article_id"]


def test_the_same_text_twice_on_one_page() -> None:
    found = only(row(WHOLE, "a"), row(WHOLE, "a", article_no=2))
    assert (found["article_no"], found["kept_article_no"]) == (2, 1)
    assert found["why"] == "earlier on its page: 1 against 2"


def test_other_punctuation_is_the_same_text_whatever_its_words() -> None:
    joined = WHOLE.replace(" ", "-")
    same = {"text_hash": "t", "n_words": 200}
    assert folded(row(WHOLE, "a", page_id="1", **same), row(joined, "b", page_id="2", **same)) == {"b": "a"}


def test_identical_bytes_under_two_names_are_folded_across_outlets() -> None:
    same = {"page_id": "p", "article_id": "x"}
    rows = [row(WHOLE, "a", **same), row(WHOLE, "b", outlet="Hill Post", **same)]
    assert folded(*rows) == {"b": "a"}
    assert only(*rows)["why"] == "path sorts first: a against b"


def test_identical_bytes_that_were_read_differently_are_compared_as_they_are() -> None:
    half = text(100, 2)
    same = {"page_id": "p", "article_id": "x"}
    found = only(row(f"{WHOLE} {half}", "a", **same), row(f"{half} {text(104, 3)}", "b", **same))
    assert found["similarity"] == pytest.approx(96 / 200)


def test_identical_bytes_without_any_word() -> None:
    found = only(row("…", "a", page_id="p", article_id="x"), row("!", "b", page_id="p", article_id="x"))
    assert (found["kind"], found["similarity"]) == ("exact", 1.0)


def test_identical_bytes_read_with_no_word_in_common() -> None:
    same = {"page_id": "p", "article_id": "x"}
    found = only(row(WHOLE, "a", **same), row("— — —", "b", n_words=9, **same))
    assert (found["kind"], found["similarity"]) == ("near", 0.0)


def test_a_cut_copy_goes_into_the_whole_whatever_its_title() -> None:
    cut = " ".join(WHOLE.split()[:80]) + " …"
    found = only(row(WHOLE, "a"), row(cut, "b"))
    assert (found["kept_page"], found["kind"], found["similarity"]) == ("a", "truncated", 1.0)
    assert found["why"] == "more words: 200 against 80"


def test_a_dateline_in_front_does_not_hide_a_cut_copy() -> None:
    cut = "PORTSEA (Wire) – " + " ".join(WHOLE.split()[:80])
    assert folded(row(WHOLE, "a"), row(cut, "b")) == {"b": "a"}


def test_a_short_article_quoted_whole_in_a_round_up_keeps_its_row() -> None:
    quoted = text(80, 2)
    round_up = f"{text(120, 3)} {quoted} {text(120, 4)}"
    assert folded(row(round_up, "a"), row(quoted, "b")) == {}
    assert folded(row(round_up, "a", title="Ferry strike: day two"), row(quoted, "b", title="Hill school")) == {}
    alike = [row(round_up, "a", title="Ferry strike ends: live"), row(quoted, "b", title="Ferry strike ends")]
    assert folded(*alike) == {"b": "a"}


def test_a_copy_of_nearly_the_same_length_needs_no_title_and_no_opening() -> None:
    body = " ".join(words(20, 5) + WHOLE.split()[20:] + words(15, 6))
    assert folded(row(body, "a", title=None), row(WHOLE, "b", title=None)) == {"b": "a"}


@pytest.mark.parametrize(
    ("a", "b", "alike"),
    [
        ("ferry strike ends", "ferry strike ends", True),
        ("ferry", "ferry", True),
        ("ferry strike ends", "ferry strike ends after a day", True),
        ("ferry strike ends", "ferry strike ends after a long day of talks", False),
        ("ferry strike", "ferry strike ends", False),
        ("", "", False),
    ],
)
def test_titles_alike(a: str, b: str, alike: bool) -> None:
    titles = pl.DataFrame({"title_key": [a], "kept_title_key": [b]})
    assert titles.select(module._titles_alike()).item() is alike


def test_containment_decides_at_four_fifths() -> None:
    """Of 100 distinct 5-grams 80 are shared, or 79: the copy's end is another."""
    base = words(120, 7)
    for shared, expected in ((80, {"b": "a"}), (79, {})):
        copy = base[: shared + 4] + words(100 - shared, 8)
        assert folded(row(" ".join(base), "a", title="T u"), row(" ".join(copy), "b", title="T u")) == expected


def test_an_update_keeps_half_of_the_text_and_the_title() -> None:
    """Of 100 distinct 5-grams 50 are shared, or 49."""
    base, title = words(120, 7), "Tide falls again"
    for shared, expected in ((50, {"b": "a"}), (49, {})):
        copy = " ".join(base[: shared + 4] + words(100 - shared, 8))
        assert folded(row(" ".join(base), "a", title=title), row(copy, "b", title=title.upper())) == expected
        assert folded(row(" ".join(base), "a", title=title), row(copy, "b", title="Tide falls again, and more")) == {}
        assert folded(row(" ".join(base), "a", title="Tide falls"), row(copy, "b", title="Tide falls")) == {}


@pytest.mark.parametrize("outlets", [("Hill Post", "Hill Post"), (None, None), ("Hill Post", None)])
def test_an_article_with_a_paragraph_replaced_is_updated_and_no_story(outlets: tuple[str | None, str | None]) -> None:
    paragraphs = [text(60, 40 + i) for i in range(4)]
    later = [*paragraphs[:1], text(70, 50), *paragraphs[2:]]
    rows = [
        row("\n\n".join(body), page, title="Ferry strike ends", outlet=outlet)
        for body, page, outlet in zip((later, paragraphs), "ab", outlets, strict=True)
    ]
    found = only(*rows)
    assert (found["kept_page"], found["kind"]) == ("a", "updated")
    assert module.UPDATED < found["similarity"] < module.SAME
    assert grouped(*rows) == set()


def test_the_row_with_more_words_is_not_folded_for_being_mostly_in_the_other() -> None:
    """Direction: the kept row must hold the folded one."""
    kept = f"{WHOLE} {text(160, 2)}"
    assert folded(row(kept, "a", title="Same"), row(f"{WHOLE} {text(120, 3)}", "b", title="Same")) == {}


def test_another_known_outlet_keeps_its_row_and_makes_a_story() -> None:
    rows = row(WHOLE, "a"), row(WHOLE, "b", outlet="Hill Post")
    assert folded(*rows) == {}
    assert grouped(*rows) == {frozenset("ab")}


UNKNOWN: dict[str, Any] = {"outlet": None}
ALIKE = UNKNOWN | {"title": "Tide falls at last"}


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (UNKNOWN, UNKNOWN, False),
        (ALIKE, ALIKE | {"title": "Tide falls at last again"}, True),
        (UNKNOWN | {"title": None}, UNKNOWN | {"title": None}, True),
        (UNKNOWN | {"title": None}, UNKNOWN, False),
        (UNKNOWN | {"site": "one.test"}, UNKNOWN | {"site": "one.test"}, True),
        (UNKNOWN | {"site": "one.test"}, UNKNOWN | {"site": "two.test"}, False),
        (ALIKE | {"site": "one.test"}, ALIKE | {"site": "two.test"}, False),
        (UNKNOWN | {"title": None, "site": "one.test"}, UNKNOWN | {"title": None, "site": "two.test"}, False),
        (UNKNOWN | {"site": "one.test"}, UNKNOWN, False),
        (ALIKE | {"site": "one.test"}, ALIKE, True),
        ({"title": "Tide falls!"}, UNKNOWN | {"title": "TIDE FALLS"}, True),
        ({"title": "Tide falls"}, UNKNOWN | {"title": "Tide rises"}, False),
        ({"title": None}, UNKNOWN | {"title": None}, False),
        ({"title": "T", "site": "one.test"}, UNKNOWN | {"title": "T", "site": "one.test"}, True),
        ({"title": "T", "site": "one.test"}, UNKNOWN | {"title": "T", "site": "two.test"}, False),
        ({"title": "T", "site": "one.test"}, UNKNOWN | {"title": "T"}, True),
    ],
)
@pytest.mark.parametrize("n", [200, 198])
def test_same_outlet(a: dict[str, Any], b: dict[str, Any], same: bool, n: int) -> None:
    rows = row(WHOLE, "a", **a), row(" ".join(WHOLE.split()[:n]), "b", **b)
    assert bool(folded(*rows)) is same
    assert not (same and grouped(*rows))


def test_wire_text_under_two_headlines_without_outlets_is_a_story() -> None:
    rows = [row(WHOLE, page, outlet=None, title=title) for page, title in (("a", "Tide falls"), ("b", "Fleet waits"))]
    assert folded(*rows) == {}
    assert grouped(*rows) == {frozenset("ab")}


def test_a_known_outlet_does_not_lose_its_article_to_an_unknown_one() -> None:
    longer = f"{WHOLE} {text(12, 2)}"
    rows = [
        row(longer, "n", outlet=None, title="T"),
        row(WHOLE, "a", title="T"),
        row(WHOLE, "b", title="T", outlet="Hill Post"),
    ]
    assert list(folded(*rows)) == ["n"]
    assert only(*rows)["why"].startswith("outlet known: ")


def test_few_words_need_the_same_hash_and_title() -> None:
    short = "Ferries run again today"
    assert len(folded(row(short, "a", title="T"), row(short.upper(), "b", title="t!"))) == 1
    assert len(folded(row(short, "a", title=None), row(short, "b", title=None))) == 1
    assert folded(row(short, "a", title="T"), row(short, "b", title="U")) == {}
    assert folded(row(f"{short} {WHOLE}", "a", title="T"), row(short, "b", title="T")) == {}
    assert len(folded(row(short, "a", title="T"), row(short, "b", title="T", outlet=None))) == 1
    assert folded(row(short, "a", title="T"), row(short, "b", title="T", outlet="Hill Post")) == {}
    assert grouped(row(short, "a", title="T"), row(short, "b", title="T", outlet="Hill Post")) == set()


def test_scripts_without_spaces_are_compared_by_character() -> None:
    rng = random.Random(3)
    body = "".join(chr(rng.randrange(0x4E00, 0x5E00)) for _ in range(120))
    cut = body[:60] + "。"
    other = "".join(chr(rng.randrange(0x5F00, 0x6F00)) for _ in range(100))
    assert folded(row(body, "a"), row(cut, "b"), row(other, "c")) == {"b": "a"}


# --- which row stays, kind and why


@pytest.mark.parametrize(
    ("kept", "other", "why"),
    [
        (
            {"fetched_at": LATE},
            {"fetched_at": EARLY},
            "2024-03-05 13:00:00 UTC against 2024-03-05 12:00:00 UTC",
        ),
        ({"fetched_at": EARLY}, {}, "fetched later: 2024-03-05 12:00:00 UTC against none"),
        ({"fetched_at": EARLY, "date": DAY}, {"fetched_at": EARLY}, "dated later: 2024-03-05 against none"),
        ({"fetched_at": EARLY}, {"date": DAY}, "fetched later: 2024-03-05 12:00:00 UTC against none"),
        ({"date": DAY}, {"date": DAY - dt.timedelta(1)}, "dated later: 2024-03-05 against 2024-03-04"),
        ({"page_id": "1"}, {"page_id": "2"}, "page_id sorts first: 1 against 2"),
    ],
)
def test_which_of_two_equal_texts_stays(kept: dict[str, Any], other: dict[str, Any], why: str) -> None:
    """The names of the pages say the opposite, so that they can't be what decides."""
    rows = row(WHOLE, "z", **({"page_id": "9"} | kept)), row(WHOLE, "a", **({"page_id": "9"} | other))
    found = only(*[r | {"article_id": r["page"]} for r in rows])
    assert found["kept_page"] == "z"
    assert why in found["why"]


def test_more_words_go_before_a_later_fetch() -> None:
    shorter = " ".join(WHOLE.split()[:190])
    found = only(row(WHOLE, "a", fetched_at=EARLY), row(shorter, "b", fetched_at=LATE))
    assert (found["kept_page"], found["why"]) == ("a", "more words: 200 against 190")


EDITED = changed(WHOLE, 50, 9)  # 4 words of 200 replaced: 18 5-grams of 196 gone


@pytest.mark.parametrize(
    ("kept", "other", "kind"),
    [
        (row(WHOLE, "a"), row(" ".join(WHOLE.split()[:179]), "b"), "truncated"),
        (row(WHOLE, "a"), row(" ".join([*WHOLE.split()[:100], *words(10, 8)]), "b"), "truncated"),
        (row(WHOLE, "a", title="T"), row(" ".join(WHOLE.split()[20:179]), "b", title="T"), "updated"),
        (row(WHOLE, "a", title="T"), row(" ".join(WHOLE.split()[20:179]), "b", title="T", truncated=True), "truncated"),
        (
            row(WHOLE, "a", title="T", fetched_at=EARLY),
            row(" ".join(WHOLE.split()[20:179]), "b", title="T", fetched_at=LATE),
            "near",
        ),
        (row(WHOLE, "a"), row(" ".join(WHOLE.split()[:190]), "b"), "near"),
        (row(WHOLE, "a"), row(" ".join(WHOLE.split()[:190]), "b", truncated=True), "truncated"),
        (row(WHOLE, "a", title="T"), row(" ".join(WHOLE.split()[:190]), "b", title="T"), "near"),
        (row(f"{WHOLE} more", "a", fetched_at=LATE), row(EDITED, "b", fetched_at=EARLY), "updated"),
        (row(f"{WHOLE} more", "a", fetched_at=EARLY), row(EDITED, "b", fetched_at=LATE), "near"),
        (row(f"{WHOLE} more", "a", date=DAY), row(EDITED, "b", date=DAY - dt.timedelta(1)), "updated"),
        (
            row(f"{WHOLE} more", "a", date=DAY),
            row(EDITED, "b", date=DAY + dt.timedelta(1), title="T"),
            "near",
        ),
        (row(f"{WHOLE} more", "a", date=DAY, title="T"), row(EDITED, "b", title="t"), "updated"),
        (row(f"{WHOLE} more", "a"), row(EDITED, "b"), "near"),
    ],
)
def test_kind(kept: dict[str, Any], other: dict[str, Any], kind: str) -> None:
    found = only(kept, other)
    assert (found["kept_page"], found["kind"]) == ("a", kind)


def test_similarity_is_the_share_of_the_folded_one() -> None:
    found = only(row(f"{WHOLE} more", "a"), row(EDITED, "b"))
    held = {tuple(WHOLE.split()[i : i + 5]) for i in range(196)}
    own = {tuple(EDITED.split()[i : i + 5]) for i in range(196)}
    assert found["similarity"] == round(len(held & own) / len(own), 4)


# --- greedy


def test_members_hang_on_a_row_that_holds_them_not_on_a_chain() -> None:
    """c is in b, b is in a, c is not in a: c stays."""
    a = words(200, 11)
    b = a[:170] + words(28, 12)
    c = b[30:] + words(10, 13)
    rows = [row(" ".join(x), name, title="Same one") for x, name in ((a, "a"), (b, "b"), (c, "c"))]
    assert folded(*rows) == {"b": "a"}
    assert folded(*rows[1:]) == {"c": "b"}


def test_a_member_goes_where_most_of_it_is() -> None:
    core = words(100, 14)
    near = " ".join(core + words(60, 15))
    nearer = " ".join(core[:50] + words(2, 16) + core[50:] + words(50, 17))
    copy = " ".join(core[:50] + words(2, 16) + core[50:])
    title = {"title": "Same one"}
    assert folded(row(near, "a", **title), row(nearer, "b", **title), row(copy, "c", **title)) == {"c": "b"}


def test_a_tie_goes_to_the_higher_rank() -> None:
    core = text(100, 18)
    title = {"title": "Same one"}
    rows = row(f"{core} {text(60, 19)}", "b", **title), row(f"{core} {text(50, 20)}", "a", **title)
    assert folded(*rows, row(core, "c", **title)) == {"c": "b"}


# --- stories


def test_story_threshold_and_least_length() -> None:
    shared = words(64, 21)
    for n, expected in ((64, {frozenset("ab")}), (63, set())):  # 60 or 59 of 200 5-grams
        other = " ".join(shared[:n] + words(204 - n, 22))
        a, b = row(" ".join(shared + words(240, 23)), "a"), row(other, "b", outlet="Hill Post")
        assert grouped(a, b) == expected
    for n, expected in ((14, {frozenset("ab")}), (13, set())):  # 10 or 9 of under 30 5-grams
        brief = " ".join(shared[:n] + words(10, 24))
        assert grouped(row(" ".join(shared), "a"), row(brief, "b", outlet="Hill Post")) == expected


@pytest.mark.parametrize(
    ("a", "b", "story"),
    [
        ({}, {}, False),
        ({}, {"outlet": "Hill Post"}, True),
        ({"site": "hub.test"}, {"outlet": "Hill Post", "site": "hub.test"}, True),
        ({}, UNKNOWN, True),
        ({"title": "T"}, UNKNOWN | {"title": "T"}, False),
        (UNKNOWN, UNKNOWN, True),
        (UNKNOWN | {"title": "Tide falls"}, UNKNOWN | {"title": "Tide falls"}, False),
        (UNKNOWN | {"site": "one.test"}, UNKNOWN | {"site": "two.test"}, True),
        (UNKNOWN | {"site": "one.test"}, UNKNOWN | {"site": "one.test"}, False),
        ({"site": "one.test"}, UNKNOWN | {"site": "one.test"}, False),
        (UNKNOWN, UNKNOWN | {"page": "a", "article_no": 2}, False),
    ],
)
def test_which_rows_make_a_story(a: dict[str, Any], b: dict[str, Any], story: bool) -> None:
    """Less than half of the text in common: too little for the same article."""
    first = row(f"{WHOLE} {text(260, 25)}", "a", **a)
    second = row(f"{text(240, 26)} {WHOLE}", **({"page": "b"} | b))
    assert folded(first, second) == {}
    assert len(grouped(first, second)) == story


def test_a_story_is_named_after_its_longest_article_known_outlet_or_not() -> None:
    longest = row(f"{WHOLE} {text(100, 27)}", "n", outlet=None)
    _, stories = dedup(table(row(WHOLE, "a"), longest, row(f"{WHOLE} {text(50, 28)}", "b", outlet="Hill Post")))
    assert stories["story_id"].unique().to_list() == [longest["article_id"]]
    assert dict(stories.select("page", "similarity").rows()) == {"a": 1.0, "b": round(196 / 246, 4), "n": 1.0}


def test_a_folded_row_is_in_no_story() -> None:
    _, stories = dedup(table(row(WHOLE, "a"), row(WHOLE, "b", outlet="Hill Post"), row(WHOLE, "c", outlet="Hill Post")))
    assert len(stories) == 2
