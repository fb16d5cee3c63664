"""What became of articles, and what is named as the reason."""

import polars as pl
import pytest

from pipeline.changes import NONE, State, changes
from pipeline.tables import ARTICLES, DUPLICATES, MADE_FROM, Table

ARTICLE = {"body": "Text.", "confidence": 1.0, "truncated": False, "text_hash": "h", "n_words": 1, "page_id": "id"}
ARTICLE |= {"article_no": 1, "line_start": 1, "line_end": 2, "standfirst": [], "captions": [], "agencies": []}
PAGE = {"text": 1, "sidecar": 0, "page_id": "id", "furniture": 0, "corrections": 0, "asked": []}
FOLDED = {"article_no": 1, "kept_page": "k", "kept_article_no": 1, "kept_article_id": "k", "similarity": 1.0}


def table(of: Table, rows: list[dict[str, object]], every: dict[str, object]) -> pl.DataFrame:
    nothing = dict.fromkeys(of.schema.names())
    return of.conform(pl.DataFrame([{**nothing, **every, **row} for row in rows], schema=of.schema))


def state(
    articles: dict[str, dict[str, object]],
    pages: dict[str, dict[str, object]],
    folded: tuple[str, ...] = (),
) -> State:
    """Articles by id, pages by name, and the ids of those that are folded into another."""
    return State(
        [
            table(ARTICLES, [{"article_id": name, "page": f"{name}.txt", **row}], ARTICLE)
            for name, row in articles.items()
        ],
        table(DUPLICATES, [{"article_id": n, "page": n, "kind": "near", "why": "w"} for n in folded], FOLDED),
        table(MADE_FROM, [{"page": name, **row} for name, row in pages.items()], PAGE),
    )


def told(before: State, now: State, version: str = "program") -> dict[str, tuple[str, str, list[str]]]:
    return {name: (change, why, cols) for name, change, why, cols, _ in changes(before, now, version).iter_rows()}


def test_the_first_run_adds_all() -> None:
    now = state({"a": {}, "b": {}}, {"a.txt": {}, "b.txt": {}})
    assert told(NONE, now) == dict.fromkeys("ab", ("added", "new-page", []))
    assert told(now, now) == {}


@pytest.mark.parametrize(
    ("was", "is_", "why"),
    [
        ({"page_id": "1"}, {"page_id": "2"}, "changed-page"),
        ({"sidecar": 1}, {"sidecar": 2}, "sidecar"),
        ({"corrections": 1}, {}, "corrections"),
        ({"furniture": 1}, {"furniture": 2}, "furniture"),
        ({}, {}, "rules"),
        ({"sidecar": 1, "furniture": 2}, {}, "sidecar"),
    ],
)
def test_what_is_another_thing_on_a_page_is_the_reason(
    was: dict[str, object], is_: dict[str, object], why: str
) -> None:
    before = state({"a": {}, "c": {"title": "Old"}}, {"a.txt": was, "b.txt": was, "c.txt": was})
    now = state({"b": {}, "c": {"title": "New", "outlet": "O"}}, {"a.txt": is_, "b.txt": is_, "c.txt": is_})
    assert told(before, now, "rules") == {
        "a": ("removed", why, []),
        "b": ("added", why, []),
        "c": ("changed", why, ["outlet", "title"]),
    }


def test_pages_that_come_go_and_move() -> None:
    before = state({"a": {}, "b": {}}, {"a.txt": {"page_id": "1"}, "b.txt": {"page_id": "2"}})
    now = state({"b": {"page": "moved.txt"}}, {"moved.txt": {"page_id": "2"}})
    assert told(before, now) == {"a": ("removed", "removed-page", []), "b": ("changed", "moved-page", ["page"])}


def test_a_copy_that_stands_for_an_article_now() -> None:
    """The same bytes, so the same id."""
    pages = {"a.txt": {}, "copy.txt": {}}
    before = state({"a": {}}, pages, ("a",))
    assert told(before, state({"a": {"page": "copy.txt"}}, {"copy.txt": {}})) == {
        "a": ("changed", "moved-page", ["page"])
    }
    assert told(before, state({"a": {"page": "copy.txt"}}, pages)) == {"a": ("changed", "duplicate", ["page"])}


def test_duplicates_and_stories() -> None:
    pages: dict[str, dict[str, object]] = {"a.txt": {}, "b.txt": {}, "c.txt": {}}
    before = state({"a": {}, "c": {}}, pages, ("b",))
    now = state({"b": {}, "c": {"story_id": "b"}}, pages, ("a",))
    assert told(before, now) == {
        "a": ("removed", "duplicate", []),
        "b": ("added", "duplicate", []),
        "c": ("changed", "story", ["story_id"]),
    }


@pytest.mark.parametrize("n", [2, 7])
def test_shares_change_nothing(n: int) -> None:
    names = [f"{k}" for k in range(20)]
    before = state({name: {} for name in names[:12]}, {f"{name}.txt": {} for name in names[:12]}, ("13",))
    now = state({name: {"title": name} for name in names[8:]}, {f"{name}.txt": {} for name in names[8:]}, ("3",))
    assert changes(before, now, n=n).equals(changes(before, now))
    assert changes(before, now).height == 20
