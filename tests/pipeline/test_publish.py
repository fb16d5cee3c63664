"""The product's rows and order, and each check of the audit on a sound corpus and on one that it must refuse."""

import datetime as dt
import re
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import publish
from pipeline.publish import Finding, articles, audit, audit_corpus, audit_pages, combined
from pipeline.tables import (
    ARTICLES,
    DUPLICATES,
    FURNITURE,
    LINES,
    PAGE_ARTICLES,
    PAGES,
    STORIES,
    TEXTS,
    Table,
)
from tests.corrections import given_for
from tests.ledger import split_output

# Page → (text, outlet). A line's mark says what became of it: # title, = body, ~ dropped.
PAGES_GIVEN = {
    "a.txt": ("#Ferries run\n=Boats left at noon. \r\n\r=They came back.~ Sign up!\n~Follow us", "Gazette"),
    "b.txt": ("~Menu\n#Ferries run\n=Boats left at noon.\n", "Gazette"),
    "c.txt": ("#Boats are back\n=Boats left at noon.\n=They came back.", "Post"),
    "d.txt": ("", None),
    "e.txt": ("=No headline here.\n\n", None),
}
MARKS = {
    "#": ("headline", "title"),
    "=": ("body", "body"),
    "~": ("boilerplate", None),
    "": ("blank", None),
}

Tables = dict[str, pl.DataFrame]


def filled(table: Table, rows: list[dict[str, Any]], **every: Any) -> pl.DataFrame:
    names = table.schema.names()
    given = [{name: (every | r).get(name) for name in names} for r in rows]
    return table.conform(pl.DataFrame(given, schema=table.schema))


def parts_of(line: str) -> list[tuple[str, str]]:
    """(mark, text) of each part of a marked line."""
    return re.findall(r"([#=~])([^#=~]*)", line) or [("", line)]


def ledger_of(page: str, marked: str) -> list[dict[str, Any]]:
    rows = []
    split = re.split(r"\r\n|\r|\n", marked)
    for line_no, line in enumerate(split[:-1] if split[-1] == "" else split, 1):
        parts = parts_of(line)
        for n, (mark, text) in enumerate(parts, 1):
            role, destination = MARKS[mark]
            rows.append(
                {
                    "page": page,
                    "line_no": line_no,
                    "part": n if len(parts) > 1 else 0,
                    "text": text,
                    "role": role,
                    "destination": destination,
                    "article_no": 1 if destination else None,
                }
            )
    return rows


BODIES = {
    "a.txt": "Boats left at noon.\n\nThey came back.",
    "b.txt": "Boats left at noon.",
    "c.txt": "Boats left at noon.\n\nThey came back.",
    "e.txt": "No headline here.",
}
TITLES = {"a.txt": "Ferries run", "b.txt": "Ferries run", "c.txt": "Boats are back", "e.txt": None}


def sound() -> Tables:
    """b is folded into a; a and c are a story."""
    every = {"n_bytes": 1, "encoding": "utf-8", "repaired": False, "wrapped": False, "n_articles": 1}
    kind = {"kind": "articles", "kind_reason": "it has one"}
    read = [{"page": p, "page_id": f"id-{p}", "text": re.sub("[#=~]", "", t)} for p, (t, _) in PAGES_GIVEN.items()]
    found = [
        {"page": p, "page_id": f"id-{p}", "article_id": f"@{p}", "outlet": PAGES_GIVEN[p][1], "title": TITLES[p]}
        | {"body": body, "n_words": len(body.split()), "text_hash": body[:9]}
        for p, body in BODIES.items()
    ]
    details = {"standfirst": [], "captions": ["A boat"], "agencies": [], "confidence": 1.0, "truncated": False}
    place = {"article_no": 1, "line_start": 1, "line_end": 4, "fetched_at": dt.datetime(2024, 1, 2, tzinfo=dt.UTC)}
    page_articles = filled(PAGE_ARTICLES, found, **details, **place)
    fold = {"page": "b.txt", "article_id": "@b.txt", "kept_page": "a.txt", "kept_article_id": "@a.txt"}
    duplicates = filled(
        DUPLICATES, [fold], article_no=1, kept_article_no=1, similarity=1.0, kind="truncated", why="more words"
    )
    pair = [{"page": p, "article_id": f"@{p}"} for p in ("a.txt", "c.txt")]
    stories = filled(STORIES, pair, article_no=1, story_id="@a.txt", similarity=1.0)
    ledger = [r for p, (t, _) in PAGES_GIVEN.items() for r in ledger_of(p, t)]
    return {
        "texts": filled(TEXTS, read, **every),
        "lines": filled(LINES, ledger, page_id="x", reason="model", score=1.0),
        "pages": filled(PAGES, read, **every, **kind),
        "page_articles": page_articles,
        "duplicates": duplicates,
        "stories": stories,
        "articles": articles(page_articles, duplicates, stories),
    }


def failed(tables: Tables, known: publish.Known = ()) -> dict[str, tuple[str, ...]]:
    """The checks that failed and the places they name."""
    t: dict[str, Any] = tables
    return {f.check: f.places for f in audit(**t, known=known) if not f.passed}


def of_pages(tables: Tables, where: pl.Expr | bool = True) -> list[Finding]:
    """The audit of some pages."""
    chosen: list[Any] = [tables[n].filter(where) for n in ("texts", "lines", "pages", "page_articles")]
    return audit_pages(*chosen)


def edited(tables: Tables, name: str, where: pl.Expr, **values: Any) -> Tables:
    """The same tables with some values of one of them replaced."""
    changes = [pl.when(where).then(v).otherwise(c).alias(c) for c, v in values.items()]
    frame = tables[name].with_columns(changes).cast(tables[name].schema)
    return tables | {name: frame}


def without(tables: Tables, name: str, where: pl.Expr) -> Tables:
    return tables | {name: tables[name].filter(~where)}


def on(page: str) -> pl.Expr:
    return pl.col("page") == page


def at(page: str, line_no: int, part: int = 0) -> pl.Expr:
    return on(page) & (pl.col("line_no") == line_no) & (pl.col("part") == part)


# --- articles


def test_articles_are_those_that_stay_with_their_story() -> None:
    table = sound()["articles"]
    assert table.select("page", "story_id").rows() == [("a.txt", "@a.txt"), ("c.txt", "@a.txt"), ("e.txt", None)]


def test_articles_are_in_one_order_whatever_the_order_of_the_rows() -> None:
    t = sound()
    base = t["page_articles"].filter(on("a.txt"))
    days = [None, dt.date(2024, 1, 2), dt.date(2024, 1, 1)]
    rows = [
        base.with_columns(
            article_id=pl.lit(f"{i}{o}{d}"),
            article_no=pl.lit(100 * i + 10 * j + k, pl.Int32),
            outlet=pl.lit(o, pl.String),
            date=pl.lit(d, pl.Date),
        )
        for i in (2, 1)
        for j, o in enumerate((None, "Post", "Gazette"))
        for k, d in enumerate(days)
    ]
    many = pl.concat(rows)
    empty = DUPLICATES.empty(), STORIES.empty()
    table = articles(many, *empty)
    assert table.equals(articles(many.reverse(), *empty))
    gazette, post = [("Gazette", d) for d in (days[2], days[1], None)], [("Post", d) for d in (days[2], days[1], None)]
    order = gazette + post + [(None, d) for d in (days[2], days[1], None)]
    assert table.select("outlet", "date").unique(maintain_order=True).rows() == order
    assert table["article_id"].to_list()[:2] == ["1Gazette2024-01-01", "2Gazette2024-01-01"]


def test_articles_of_nothing() -> None:
    assert articles(PAGE_ARTICLES.empty(), DUPLICATES.empty(), STORIES.empty()).schema == ARTICLES.schema


# --- the audit


def test_a_sound_corpus_passes_every_check() -> None:
    found = audit(**sound(), known=["^Sign up!$"])
    assert [f for f in found if not f.passed] == []
    assert len({f.check for f in found}) == len(found) == 24
    assert found[0].detail == "none bad"


def test_empty_tables_pass() -> None:
    empty: list[Any] = [t.empty() for t in (TEXTS, LINES, PAGES, PAGE_ARTICLES, DUPLICATES, STORIES, ARTICLES)]
    assert all(f.passed for f in audit(*empty))


def test_batches_of_pages_give_what_the_whole_gives() -> None:
    t = edited(sound(), "lines", at("a.txt", 1) | at("c.txt", 2), text=pl.lit("Gone"))
    whole = of_pages(t)
    batches = [of_pages(t, on(p)) for p in PAGES_GIVEN]
    assert combined(f for batch in batches for f in batch) == whole
    assert {f.check for f in whole if not f.passed} == {"ledger: lines", "bodies", "titles"}


def test_combined_keeps_three_places() -> None:
    found = combined([Finding("c", 2, ("a", "b")), Finding("d", 0), Finding("c", 3, ("b", "e", "f"))])
    assert found == [Finding("c", 5, ("a", "b", "e")), Finding("d", 0)]
    assert found[0].detail == "5 bad, e.g. a, b, e" and not found[0].passed


@pytest.mark.parametrize(
    ("line", "change", "places"),
    [
        (at("c.txt", 2), {"text": pl.lit("Boats left at one.")}, ("c.txt:2",)),
        (at("c.txt", 3), {"line_no": pl.lit(4)}, ("c.txt:3", "c.txt:4")),
        (at("a.txt", 2), {"text": pl.lit("Boats left at noon.")}, ("a.txt:2",)),
        (at("a.txt", 4, 2), {"text": pl.lit("Sign up!")}, ("a.txt:4",)),
        (at("a.txt", 4, 2), {"part": pl.lit(0)}, ("a.txt:4",)),
        (at("c.txt", 1), {"page": pl.lit("z.txt")}, ("c.txt:1", "z.txt:1")),
    ],
)
def test_a_ledger_that_is_not_the_text(line: pl.Expr, change: dict[str, Any], places: tuple[str, ...]) -> None:
    assert failed(edited(sound(), "lines", line, **change))["ledger: lines"] == places


def wrapped() -> Tables:
    """The second article's two last lines are one paragraph."""
    t = edited(sound(), "lines", at("c.txt", 3), joined=pl.lit(" "))
    body = BODIES["c.txt"].replace("\n\n", " ")
    return edited(t, "page_articles", on("c.txt"), body=pl.lit(body))


def test_a_line_that_continues_the_one_above_is_joined_to_it() -> None:
    t = wrapped()
    assert "bodies" not in failed(t)
    assert failed(edited(t, "lines", at("c.txt", 3), joined=pl.lit("")))["bodies"] == ("c.txt:1",)
    assert failed(edited(t, "lines", at("c.txt", 3), joined=pl.lit(None)))["bodies"] == ("c.txt:1",)


def test_a_paragraph_of_several_lines_is_known_as_a_whole() -> None:
    t = wrapped()
    texts = t["lines"].filter(on("c.txt")).sort("line_no")["text"].to_list()
    alone = failed(t, ["^" + re.escape(texts[2]) + "$"])
    assert alone["bodies: no known boilerplate"] == ("a.txt:4",)  # there the same text is a line of its own
    assert failed(t, ["^" + re.escape(f"{texts[1]} {texts[2]}") + "$"])["bodies: no known boilerplate"] == ("c.txt:2",)


def test_lines_that_are_lost_or_added() -> None:
    t = sound()
    assert failed(without(t, "lines", at("a.txt", 5))) == {"ledger: lines": ("a.txt:5",)}
    assert failed(without(t, "lines", at("a.txt", 3)))["ledger: lines"] == ("a.txt:3",)
    doubled = t | {"lines": pl.concat([t["lines"], t["lines"].filter(at("a.txt", 5))])}
    assert set(failed(doubled)) == {"ledger: lines", "ledger: parts", "lines: key"}
    closing = t["lines"].filter(at("e.txt", 2)).with_columns(line_no=pl.lit(3, pl.Int32))
    assert failed(t | {"lines": pl.concat([t["lines"], closing])}) == {"ledger: lines": ("e.txt:3",)}


@pytest.mark.parametrize(("old", "new"), [(1, 0), (2, 3), (1, 2)])
def test_parts_are_counted_from_one_without_a_gap(old: int, new: int) -> None:
    t = edited(sound(), "lines", at("a.txt", 4, old), part=pl.lit(new))
    assert failed(t)["ledger: parts"] == ("a.txt:4",)
    assert "ledger: parts" in failed(edited(sound(), "lines", at("a.txt", 1), part=pl.lit(2)))


def test_a_line_may_be_one_numbered_part() -> None:
    assert failed(edited(sound(), "lines", at("a.txt", 1), part=pl.lit(1))) == {}


@given(st.lists(st.sampled_from(["a", " ", "\r\n", "\r", "\n", "\x0b", "\u2028", "é"]), max_size=12))
def test_any_text_is_conserved_by_its_lines(pieces: list[str]) -> None:
    text = "".join(pieces)
    every = {"n_bytes": 1, "encoding": "utf-8", "repaired": False, "page_id": "x"}
    texts = filled(TEXTS, [{"page": "p", "text": text}], **every)
    lines = filled(LINES, ledger_of("p", text), page_id="x", reason="r", score=1.0)
    assert publish.conserved(texts, lines).passed
    if len(lines):
        assert publish.conserved(texts, lines[1:]).n_bad == 1
        assert not publish.conserved(texts.with_columns(pl.col("text") + "\nb"), lines).passed


def test_pages_that_are_missing_or_not_read() -> None:
    t = sound()
    assert failed(without(t, "pages", on("d.txt"))) == {"pages: all that were read": ("d.txt",)}
    assert failed(without(t, "texts", on("d.txt"))) == {"pages: all that were read": ("d.txt",)}


def test_bodies_and_titles_are_the_text_of_the_ledger() -> None:
    t = sound()
    c = on("c.txt")
    other = failed(edited(t, "page_articles", c, body=pl.lit("Boats left at noon. They came back.")))
    assert other == {"bodies": ("c.txt:1",), "articles: as on their page": ("c.txt:1",)}
    assert failed(edited(t, "page_articles", c, title=None))["titles"] == ("c.txt:1",)
    assert failed(edited(t, "page_articles", on("e.txt"), title=pl.lit("")))["titles"] == ("e.txt:1",)
    dropped = edited(t, "lines", at("c.txt", 3), destination=None)
    assert failed(dropped) == {"bodies": ("c.txt:1",)}


def test_body_lines_of_no_article_would_be_lost() -> None:
    t = edited(sound(), "lines", at("c.txt", 3), article_no=None)
    assert failed(t) == {"bodies": ("c.txt:1", "c.txt:3")}
    assert failed(edited(sound(), "lines", at("c.txt", 3), article_no=pl.lit(2)))["bodies"] == ("c.txt:1", "c.txt:3")


def test_an_article_without_body_lines_has_an_empty_body() -> None:
    t = edited(sound(), "lines", on("e.txt"), destination=None)
    assert failed(t) == {"bodies": ("e.txt:1",)}
    e = on("e.txt")
    assert failed(edited(edited(t, "page_articles", e, body=pl.lit("")), "articles", e, body=pl.lit(""))) == {}


def test_white_space_left_over_from_a_cut_line_is_no_paragraph() -> None:
    t = sound()
    lines = edited(t, "lines", at("c.txt", 2), text=pl.lit("  "))["lines"]
    c = edited(t, "page_articles", on("c.txt"), body=pl.lit("They came back."))["page_articles"]
    assert publish.bodies(lines, c).passed


def test_a_title_of_several_lines() -> None:
    t = edited(sound(), "lines", at("c.txt", 2), destination=pl.lit("title"))
    for name in ("page_articles", "articles"):
        t = edited(t, name, on("c.txt"), title=pl.lit("Boats are back Boats left at noon."))
        t = edited(t, name, on("c.txt"), body=pl.lit("They came back."))
    assert failed(t) == {}


def test_known_boilerplate_in_a_body() -> None:
    t = sound()
    back = {"bodies: no known boilerplate": ("a.txt:4", "c.txt:3")}
    assert failed(t, known=["^nothing$", "^They came back", "back"]) == back
    assert failed(t, known=lambda texts: texts == "They came back.") == back
    assert failed(edited(t, "lines", at("c.txt", 3), reason=pl.lit("correction/7")), known=["back"]) == {
        "bodies: no known boilerplate": ("a.txt:4",)
    }
    assert failed(t, known=["Follow us"]) == {}, "dropped"


def test_every_article_is_there_or_folded() -> None:
    t = sound()
    name = "articles: each once, there or folded"
    assert failed(without(t, "articles", on("e.txt"))) == {name: ("e.txt:1",)}
    assert failed(without(t, "duplicates", on("b.txt"))) == {name: ("b.txt:1",)}
    both = filled(ARTICLES, t["page_articles"].filter(on("b.txt")).rows(named=True))
    assert failed(t | {"articles": pl.concat([t["articles"], both])}) == {name: ("b.txt:1",)}
    gone = {n: without(t, n, on("b.txt"))[n] for n in ("page_articles", "lines", "texts", "pages")}
    assert failed(t | gone) == {name: ("b.txt",)}


def test_what_was_folded_into_is_there() -> None:
    t = edited(sound(), "duplicates", on("b.txt"), kept_article_id=pl.lit("@other"))
    assert failed(t) == {"duplicates: folded into an article": ("b.txt:1",)}


@pytest.mark.parametrize("change", [{"date": dt.date(2024, 1, 1)}, {"captions": pl.lit(["A ship"])}])
def test_rows_are_those_of_their_page(change: dict[str, Any]) -> None:
    assert failed(edited(sound(), "articles", on("c.txt"), **change)) == {"articles: as on their page": ("c.txt:1",)}


def test_stories_are_groups_of_articles() -> None:
    t = sound()
    name = "stories: groups of articles"
    c = on("c.txt")
    assert failed(edited(t, "articles", c, story_id=None)) == {name: ("c.txt:1",)}
    assert failed(without(t, "stories", c)) == {name: ("a.txt:1", "c.txt:1")}
    renamed = {n: edited(t, n, ~on("e.txt"), story_id=pl.lit("@e.txt"))[n] for n in ("stories", "articles")}
    assert failed(t | renamed) == {name: ("a.txt:1", "c.txt:1")}


# --- any table


def test_keys_that_repeat() -> None:
    t = sound()
    twice = pl.concat([t["pages"], t["pages"][:1]])
    assert failed(t | {"pages": twice})["pages: key"] == ("a.txt",)
    repeated = edited(t, "articles", on("c.txt"), article_id=pl.lit("@a.txt"))
    assert failed(repeated)["articles: key"] == ("@a.txt",)


def test_scraped_lines_are_not_spoken() -> None:
    rows = [{"scope": "Gazette", "line_key": "secret", "n_contexts": 1, "n_pages": 1}] * 2
    found = publish.unique(FURNITURE, filled(FURNITURE, rows))
    assert found == Finding("furniture: key", 2, ("Gazette",))


def test_a_broken_schema_is_all_that_is_said() -> None:
    t = sound()
    short = t | {"lines": t["lines"].drop("score")}
    assert failed(short) == {"lines: schema": ("score",)}
    assert failed(t | {"stories": t["stories"].with_columns(pl.col("article_no").cast(pl.Int64))}) == {
        "stories: schema": ("article_no",)
    }
    columns = t["pages"].columns[::-1]
    assert failed(t | {"pages": t["pages"].select(columns)}) == {"pages: schema": ("(order of columns)",)}
    odd = edited(edited(t, "lines", at("a.txt", 1), role=pl.lit("secret")), "lines", on("b.txt"), score=None)
    found = [f for f in of_pages(odd) if f.n_bad]
    assert found == [Finding("lines: schema", 2, ("score: null", "role: undeclared value"))]
    assert len(audit_corpus([t["page_articles"]], t["duplicates"], t["stories"].drop("story_id"), [t["articles"]])) == 4


def test_corrections_are_in_the_ledger_and_nothing_else_is_called_one() -> None:
    lines = split_output(
        {"a": "headline Boats\nbody:correction They sailed. || caption:correction A crane\nbody At noon."}
    )
    told = given_for(lines, {(2, 1): "body", 2: "caption", 3: "caption"}).with_columns(
        n_parts=pl.Series([1, 2, 0], dtype=pl.Int32), reason=None, todo=None
    )
    assert publish.corrected(lines, told).passed
    assert publish.corrected(lines.clear(), told).passed, "a batch of other pages"
    unknown = Finding("ledger: corrections", 1, ("a:2",))
    assert publish.corrected(lines, told.filter(record=1)) == unknown
    assert publish.corrected(lines, told.with_columns(role=pl.lit("body"))).places == ("a:2",)
    applied = told.with_columns(n_parts=pl.lit(1, pl.Int32))
    assert publish.corrected(lines, applied) == Finding("ledger: corrections", 1, ("a:3",))


def test_every_correction_is_accounted_for() -> None:
    given = given_for(split_output({"a": "headline Boats\nbody At noon."}), {1: "body", 2: "body"})
    told = given.with_columns(n_parts=1)
    assert publish.all_given(given, told).passed
    assert publish.all_given(given, told.head(1)).places == ("corrections.csv:2",)
    assert publish.all_given(given.tail(1), told).places == ("corrections.csv:1",)
    assert publish.all_given(given, told.with_columns(role=pl.lit("blank"))).n_bad == 4


def test_findings_hold_no_scraped_text() -> None:
    """Whatever is broken, what is said is made of names of columns and pages, and numbers."""
    t = edited(sound(), "lines", pl.lit(True), text=pl.lit("secret"), reason=pl.lit("secret"))
    t = edited(t, "page_articles", pl.lit(True), title=pl.lit("secret"), body=pl.lit("secret"))
    found = audit(**t, known=["secret"])
    assert sum(not f.passed for f in found) == 5
    assert "secret" not in "".join(f.detail for f in found)


@given(st.integers(0, 5), st.integers(1, 4))
def test_articles_made_in_shares_of_some_batches_are_those_made_at_once(words: int, rows: int) -> None:
    t = sound()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish, "SHARE_WORDS", max(words, 1))
        where = publish.places(t["page_articles"], t["duplicates"], t["stories"])
        frames = t["page_articles"].iter_slices(rows), where.iter_slices(rows)
        kept = pl.concat([publish.kept(some, of_them) for some, of_them in zip(*frames, strict=True)])
    shares = [publish.in_order(share) for _, share in sorted(kept.partition_by("share", as_dict=True).items())]
    assert pl.concat(shares).equals(t["articles"])
