"""Duplicates and stories: each rule on both its sides, the properties, planted copies. All text invented."""

import datetime as dt
import hashlib
import itertools
import random
import re
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import dedup as module
from pipeline.dedup import dedup
from pipeline.tables import DUPLICATES, PAGE_ARTICLES, STORIES

SYLLABLES = [a + b for a in "bdfgklmnprstv" for b in ("a", "e", "io", "on", "ur")]
DAY = dt.date(2024, 3, 5)
NOON = dt.datetime(2024, 3, 5, 12, tzinfo=dt.UTC)


def words(n: int, seed: int) -> list[str]:
    """`n` invented words, others for another seed."""
    rng = random.Random(seed)
    return ["".join(rng.choices(SYLLABLES, k=rng.randint(1, 3))) for _ in range(n)]


def text(n: int, seed: int) -> str:
    return " ".join(words(n, seed))


def digest(*parts: object) -> str:
    return hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def row(body: str, page: str, **more: Any) -> dict[str, Any]:
    """A row of page_articles; what a test doesn't name is unremarkable, and no two titles share a word."""
    article_no = more.get("article_no", 1)
    page_id = more.get("page_id", digest(page))
    tokens = re.findall(r"[一-鿿ぁ-ヿ]|[^\W一-鿿ぁ-ヿ]+", body.lower())
    given = {
        "article_id": digest(page_id, article_no),
        "outlet": "Harbour Gazette",
        "title": f"Headline{page}x{article_no}",
        "body": body,
        "standfirst": [],
        "captions": [],
        "agencies": [],
        "confidence": 1.0,
        "truncated": False,
        "text_hash": digest(*tokens),
        "n_words": len(tokens),
        "page": page,
        "page_id": page_id,
        "article_no": article_no,
        "line_start": article_no * 10,
        "line_end": article_no * 10 + 9,
    } | more
    return {name: given.get(name) for name in PAGE_ARTICLES.schema.names()}


def table(*rows: dict[str, Any]) -> pl.DataFrame:
    return PAGE_ARTICLES.conform(pl.DataFrame(list(rows), schema=PAGE_ARTICLES.schema))


def folded(*rows: dict[str, Any]) -> dict[str, str]:
    """Page → page that stands for it."""
    duplicates, _ = dedup(table(*rows))
    return dict(duplicates.select("page", "kept_page").rows())


def only(*rows: dict[str, Any]) -> dict[str, Any]:
    """The one row of `duplicates`."""
    duplicates, _ = dedup(table(*rows))
    assert len(duplicates) == 1
    return duplicates.row(0, named=True)


def grouped(*rows: dict[str, Any]) -> set[frozenset[str]]:
    """The stories as sets of pages."""
    _, stories = dedup(table(*rows))
    groups = stories.group_by("story_id").agg("page")["page"]
    return {frozenset(pages) for pages in groups.to_list()}


def changed(body: str, every: int, seed: int) -> str:
    """Each `every`-th word another."""
    others = words(len(body.split()), seed)
    return " ".join(
        o if i % every == every - 1 else w for i, (w, o) in enumerate(zip(body.split(), others, strict=True))
    )


WHOLE = text(200, 1)


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
    assert module._titles_alike(a, b) is alike


def test_containment_decides_at_four_fifths() -> None:
    """Of 100 distinct 5-grams 80 are shared, or 79: the copy's end is another."""
    base = words(120, 7)
    for shared, expected in ((80, {"b": "a"}), (79, {})):
        copy = base[: shared + 4] + words(100 - shared, 8)
        assert folded(row(" ".join(base), "a", title="T u v"), row(" ".join(copy), "b", title="T u v")) == expected


def test_the_row_with_more_words_is_not_folded_for_being_mostly_in_the_other() -> None:
    """Direction: the kept row must hold the folded one."""
    kept = f"{WHOLE} {text(160, 2)}"
    assert folded(row(kept, "a", title="Same"), row(f"{WHOLE} {text(120, 3)}", "b", title="Same")) == {}


def test_another_known_outlet_keeps_its_row_and_makes_a_story() -> None:
    rows = row(WHOLE, "a"), row(WHOLE, "b", outlet="Hill Post")
    assert folded(*rows) == {}
    assert grouped(*rows) == {frozenset("ab")}


UNKNOWN: dict[str, Any] = {"outlet": None}


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (UNKNOWN, UNKNOWN, True),
        (UNKNOWN | {"site": "one.test"}, UNKNOWN | {"site": "one.test"}, True),
        (UNKNOWN | {"site": "one.test"}, UNKNOWN | {"site": "two.test"}, False),
        (UNKNOWN | {"site": "one.test"}, UNKNOWN, False),
        ({"title": "Tide falls!"}, UNKNOWN | {"title": "TIDE FALLS"}, True),
        ({"title": "Tide falls"}, UNKNOWN | {"title": "Tide rises"}, False),
        ({"title": None}, UNKNOWN | {"title": None}, False),
        ({"title": "T", "site": "one.test"}, UNKNOWN | {"title": "T", "site": "one.test"}, True),
        ({"title": "T", "site": "one.test"}, UNKNOWN | {"title": "T", "site": "two.test"}, False),
        ({"title": "T", "site": "one.test"}, UNKNOWN | {"title": "T"}, True),
    ],
)
def test_same_outlet(a: dict[str, Any], b: dict[str, Any], same: bool) -> None:
    near = " ".join(WHOLE.split()[:198])
    assert bool(folded(row(WHOLE, "a", **a), row(near, "b", **b))) is same


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


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Don’t STOP 12,000", ["don", "t", "stop", "12", "000"]),
        ("日本のテスト", list("日本のテスト")),
        ("한국 뉴스", ["한국", "뉴스"]),
        ("e\u0301t\u00e9", ["e\u0301t\u00e9"]),
        ("…", []),
    ],
)
def test_words(body: str, expected: list[str]) -> None:
    assert pl.DataFrame({"body": [body]}).select(module._words("body")).item().to_list() == expected


# --- which row stays, kind and why

EARLY, LATE = NOON, NOON + dt.timedelta(hours=1)


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
        (UNKNOWN, UNKNOWN, True),
        (UNKNOWN | {"site": "one.test"}, UNKNOWN | {"site": "two.test"}, True),
        (UNKNOWN | {"site": "one.test"}, UNKNOWN | {"site": "one.test"}, False),
        ({"site": "one.test"}, UNKNOWN | {"site": "one.test"}, False),
        (UNKNOWN, UNKNOWN | {"page": "a", "article_no": 2}, False),
    ],
)
def test_which_rows_make_a_story(a: dict[str, Any], b: dict[str, Any], story: bool) -> None:
    """Half of the text in common: too little for the same article."""
    first = row(f"{WHOLE} {text(200, 25)}", "a", **a)
    second = row(f"{text(180, 26)} {WHOLE}", **({"page": "b"} | b))
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


# --- many rows


def test_wire_copies_of_many_outlets_do_not_hide_an_outlets_own_duplicate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "HOLDERS", 2)
    rows = [row(WHOLE, f"p{i}", outlet=f"Outlet {i}", title="Same one") for i in range(9)]
    cut = " ".join(WHOLE.split()[:150])
    assert folded(*rows, row(cut, "x", outlet="Outlet 8", title="Same one")) == {"x": "p8"}
    assert len(grouped(*rows)) == 1


def test_boilerplate_shared_by_all_does_not_hide_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """With lists of two representatives those of the boilerplate are full; those of the articles are not."""
    monkeypatch.setattr(module, "HOLDERS", 2)
    boilerplate = text(90, 30)
    bodies = [f"{text(60, 31 + i)} {boilerplate}" for i in range(8)]
    rows = [row(body, f"a{i}") for i, body in enumerate(bodies)]
    copies = [row(" ".join(body.split()[:148]), f"b{i}") for i, body in enumerate(bodies)]
    assert folded(*rows, *copies) == {f"b{i}": f"a{i}" for i in range(8)}


def test_results_do_not_depend_on_hash_values_or_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = table(*planted(random.Random(5)))
    before = dedup(rows)
    monkeypatch.setattr(module, "HASH_SEED", 12345)
    monkeypatch.setattr(module, "SLICE", 3)
    for a, b in zip(before, dedup(rows), strict=True):
        assert a.equals(b)


# --- properties

PIECES = [text(n, 100 + i) for i, n in enumerate((3, 6, 9, 14, 20, 30, 45, 60))]


@st.composite
def corpora(draw: st.DrawFn) -> pl.DataFrame:
    """Few pieces of text in many combinations, so that rows share much, little or nothing."""
    rows: list[dict[str, Any]] = []
    for i in range(draw(st.integers(0, 9))):
        body = " ".join(draw(st.lists(st.sampled_from(PIECES), max_size=5)))
        same_bytes = draw(st.booleans()) and rows
        rows.append(
            row(
                body,
                f"p{i}",
                page_id=rows[-1]["page_id"] if same_bytes else digest(i),
                outlet=draw(st.sampled_from([None, "Harbour Gazette", "Hill Post"])),
                site=draw(st.sampled_from([None, "one.test", "two.test"])),
                title=draw(st.sampled_from([None, "Tide falls", "Tide falls again today", "Hill school opens"])),
                fetched_at=draw(st.sampled_from([None, EARLY, LATE])),
                date=draw(st.sampled_from([None, DAY])),
                truncated=draw(st.booleans()),
            )
        )
    return table(*rows)


@settings(deadline=None, max_examples=80)
@given(corpora(), st.randoms(use_true_random=False))
def test_properties(corpus: pl.DataFrame, rng: random.Random) -> None:
    duplicates, stories = dedup(corpus)
    order = list(range(len(corpus)))
    rng.shuffle(order)
    again = dedup(corpus[order])
    assert duplicates.equals(again[0]) and stories.equals(again[1]), "order of the rows"

    gone = set(duplicates.select("page", "article_no").rows())
    stand = set(duplicates.select("kept_page", "kept_article_no").rows())
    every = set(corpus.select("page", "article_no").rows())
    assert len(gone) == len(duplicates) and gone <= every, "folded once"
    assert stand <= every - gone, "what stands for others is not folded"

    kept = corpus.join(duplicates, on=["page", "article_no"], how="anti")
    assert kept["article_id"].is_unique().all()
    twice, same_stories = dedup(kept)
    assert len(twice) == 0, "a second pass folds nothing"
    assert same_stories.equals(stories)

    assert set(stories.select("page", "article_no").rows()) <= every - gone
    assert (stories.group_by("story_id").len()["len"] >= 2).all()
    assert stories.group_by("story_id").agg((pl.col("article_id") == pl.col("story_id")).sum() == 1)["article_id"].all()


def grams(body: str) -> set[tuple[str, ...]]:
    tokens = body.split()
    return {tuple(tokens[i : i + 5]) for i in range(len(tokens) - 4)}


@settings(deadline=None, max_examples=60)
@given(corpora())
def test_similarities_are_those_of_sets_of_words(corpus: pl.DataFrame) -> None:
    """The vectorised counts against a plain loop, and nothing that should be folded among the rows that stay."""
    duplicates, stories = dedup(corpus)
    body = {
        (page, no): (grams(b), h)
        for page, no, b, h in corpus.select("page", "article_no", "body", "text_hash").iter_rows()
    }
    for found in duplicates.rows(named=True):
        (own, own_hash), (held, held_hash) = (
            body[found["page"], found["article_no"]],
            body[found["kept_page"], found["kept_article_no"]],
        )
        if own_hash != held_hash and len(own) > 3:
            assert found["similarity"] == round(len(own & held) / len(own), 4)
    kept = corpus.join(duplicates, on=["page", "article_no"], how="anti").drop_nulls("outlet")
    for a, b in itertools.combinations(kept.sort("n_words", descending=True).rows(named=True), 2):
        whole, part = grams(a["body"]), grams(b["body"])
        if (
            a["outlet"] == b["outlet"]
            and a["title"] == b["title"] is not None
            and b["n_words"] < a["n_words"]
            and b["n_words"] >= 8
        ):
            assert len(whole & part) < module.SAME * len(part)
    assert set(stories["similarity"] >= module.STORY) <= {True}


# --- planted copies


def sentences(n: int, seed: int) -> list[str]:
    return [" ".join(words(18, seed * 1000 + i)).capitalize() + "." for i in range(n)]


def rewritten(body: list[str], share: float, rng: random.Random) -> str:
    """A word changed in `share` of the sentences."""
    out = list(body)
    for i in rng.sample(range(len(body)), round(share * len(body))):
        tokens = out[i].split()
        tokens[rng.randrange(len(tokens))] = "quorl"
        out[i] = " ".join(tokens)
    return " ".join(out)


def planted(rng: random.Random) -> list[dict[str, Any]]:
    """For each of 12 articles a (original), e (edited), t (cut), w (wire copy elsewhere, with a lead of its
    own); all share one background paragraph."""
    background = " ".join(sentences(5, 999))
    rows = []
    for n in range(12):
        body = sentences(20, n)
        share = (0.1, 0.2, 0.3, 0.4)[n % 4]
        rows += [
            row(f"{' '.join(body)} {background}", f"a{n}"),
            row(f"{rewritten(body, share, rng)} {background}", f"e{n}", page_id=f"~{n}"),
            row(" ".join(" ".join(body).split()[: rng.randint(40, 300)]) + "…", f"t{n}", truncated=True),
            row(f"{' '.join(sentences(8, 50 + n) + body[3:])}", f"w{n}", outlet="Hill Post"),
        ]
    return rows


def test_planted_copies_are_found_and_neighbours_are_not_folded() -> None:
    rows = planted(random.Random(4))
    duplicates, stories = dedup(table(*rows))
    found = dict(duplicates.select("page", "kept_page").rows())
    assert found == {f"{kind}{n}": f"a{n}" for n in range(12) for kind in "et"}
    assert {frozenset(g) for g in stories.group_by("story_id").agg("page")["page"].to_list()} == {
        frozenset((f"a{n}", f"w{n}")) for n in range(12)
    }
    assert set(duplicates.filter(pl.col("page").str.starts_with("t"))["kind"]) == {"truncated"}
