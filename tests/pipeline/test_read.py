"""The read step: every file in one table, identified by its bytes, joined with its sidecar."""

import gzip
from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.faults import MAX_PAGE_BYTES, TODO
from pipeline.manifest import SIDECAR
from pipeline.read import read, site
from pipeline.tables import REJECTED, TEXTS
from tests.reading import NO_SIDECAR, one, reason


def test_texts_and_rejected_are_the_declared_tables_sorted() -> None:
    raw = pl.DataFrame({"path": ["c", "b", "d", "a"], "raw": [b"sea", b"", b"\x89PNG\r\n", b"air\n"]})
    texts, rejected = read(raw, NO_SIDECAR)
    assert texts.schema == TEXTS.schema
    assert rejected.schema == REJECTED.schema
    assert texts["page"].to_list() == ["a", "c"]
    assert rejected["path"].to_list() == ["b", "d"]
    empty = read(raw.clear(), NO_SIDECAR)
    assert [len(frame) for frame in empty] == [0, 0]


def test_the_page_id_is_of_the_bytes_whatever_the_name_and_compression() -> None:
    data = b"Fog over the harbour\n"
    raw = pl.DataFrame({"path": ["a.txt", "b.gz", "c"], "raw": [data, gzip.compress(data), data]})
    texts, _ = read(raw, NO_SIDECAR)
    assert texts["page_id"].n_unique() == 1
    assert len(texts["page_id"][0]) == 32
    assert texts["n_bytes"].to_list() == [len(data)] * 3


def test_the_sidecar_is_joined() -> None:
    raw = pl.DataFrame({"path": ["a", "b"], "raw": [b"x", b"y"]})
    when = datetime(2024, 2, 19, 8, tzinfo=UTC)
    row = ("b", "https://www.Example.org:8080/x", when, "The Ledger", date(2024, 2, 18), "manifest.csv", 1)
    texts, _ = read(raw, pl.DataFrame([row, ("z", *[None] * 6)], schema=SIDECAR, orient="row"))
    kept = texts.select("url", "site", "fetched_at", "sidecar_outlet", "sidecar_date").rows()
    assert kept == [(None,) * 5, (row[1], "example.org", when, "The Ledger", date(2024, 2, 18))]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.arabnews.com/node/1", "arabnews.com"),
        ("HTTP://User:pw@WWW.Example.ORG:8080/a?b#c", "example.org"),
        ("//cdn.example.org", "cdn.example.org"),
        (" example.co.uk/story ", "example.co.uk"),
        ("www.example.org:80", "example.org"),
        ("https://example.org.", "example.org"),
        ("https://[2001:db8::1]:443/x", "[2001:db8::1]"),
        ("https://köln.example/", "köln.example"),
        ("https://user@/x", None),
        ("https://www./x", None),
        ("mailto:a@b.c", None),
        ("not a url", None),
        ("localhost", None),
        ("", None),
        (None, None),
    ],
)
def test_site(url: str | None, host: str | None) -> None:
    assert pl.DataFrame({"u": [url]}, schema={"u": pl.String}).select(site(pl.col("u"))).item() == host


@given(st.lists(st.binary(max_size=300), max_size=8))
@settings(max_examples=200, deadline=None)
def test_any_bytes_end_in_exactly_one_table(files: list[bytes]) -> None:
    names = [f"{n}.txt" for n in range(len(files))]
    raw = pl.DataFrame({"path": names, "raw": files}, schema={"path": pl.String, "raw": pl.Binary})
    texts, rejected = read(raw, NO_SIDECAR)
    assert sorted([*texts["page"], *rejected["path"]]) == sorted(raw["path"])
    assert set(rejected["reason"]) <= set(TODO)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), st.sampled_from(["\n", "\r\n", "\r"]))
@settings(deadline=None)
def test_utf8_keeps_its_lines(line: str, end: str) -> None:
    row = one(f"a{end}{line}{end}{end}b".encode())
    if row.get("text") is not None:
        assert str(row["text"]).startswith(f"a{end}")
        assert str(row["text"]).endswith(f"{end}{end}b")
        assert str(row["text"]).count(end) == 3


def test_nothing_is_empty_but_blank_lines_are_a_page() -> None:
    assert reason(b"") == "empty"
    assert reason(b"\xef\xbb\xbf") == "empty"
    assert reason(b"\xff\xfe") == "empty"
    assert reason(gzip.compress(b"")) == "empty"
    assert one(b"\n" * 10_000)["text"] == "\n" * 10_000
    assert one(b" \t\r\n")["text"] == " \t\r\n"


def test_the_size_bound() -> None:
    assert reason(b"a" * (MAX_PAGE_BYTES + 1)) == "too-large"
    assert one(b"a" * MAX_PAGE_BYTES)["n_bytes"] == MAX_PAGE_BYTES
