"""The manifest: what each row says of which page, and that a bad one costs no other."""

import csv
import gzip
import io
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.manifest import SIDECAR, manifest
from pipeline.tables import REJECTED


def rows(raw: bytes, path: str = "drop/manifest.csv") -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    sidecar, rejected = manifest(path, raw)
    assert sidecar.schema == SIDECAR
    assert rejected.schema == REJECTED.schema
    return (
        sidecar.select("page", "url", "fetched_at", "outlet", "date", "record").rows(),
        rejected.select("record", "reason", "detail").rows(),
    )


LEFT = "(left empty; the row's other cells are used)"
NOON = datetime(2024, 2, 19, 12, tzinfo=UTC)


def test_a_manifest() -> None:
    raw = (
        b"file,url,fetched_at,outlet,date\n"
        b"b.txt,https://example.org/b,2024-02-19T12:00:00Z,The Ledger,2024-02-18\n"
        b"\n"
        b'a.txt,,,"Ledger, The",\n'
    )
    assert rows(raw) == (
        [
            ("drop/a.txt", None, None, "Ledger, The", None, 3),
            ("drop/b.txt", "https://example.org/b", NOON, "The Ledger", date(2024, 2, 18), 1),
        ],
        [],
    )
    assert rows(b"file\na.txt", "manifest.csv")[0] == [("a.txt", None, None, None, None, 1)]
    assert rows(b"file\n") == ([], [])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_manifest_as_spreadsheets_save_it(encoding: str, delimiter: str, end: str) -> None:
    lines = [" Outlet ", "FILE", "note"], ["Havelländer Kurier", "./sub//a.txt", ""], ["", "sub\\b.txt", "x"]
    raw = end.join(delimiter.join(line) for line in lines).encode(encoding)
    found, wrong = rows(gzip.compress(raw) if end == "\n" else raw)
    assert [(row[0], row[3]) for row in found] == [
        ("drop/sub/a.txt", "Havelländer Kurier"),
        ("drop/sub/b.txt", None),
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("time", "utc"),
    [
        ("2024-02-19T12:00:00+00:00", NOON),
        ("2024-02-19 14:00:00+02:00", NOON),
        ("2024-02-19T12:00", NOON),
        ("20240219T120000Z", NOON),
        ("2024-02-19", NOON.replace(hour=0)),
    ],
)
def test_times_are_utc_unless_they_say_otherwise(time: str, utc: datetime) -> None:
    assert rows(f"file,fetched_at\na,{time}".encode())[0][0][2] == utc


@pytest.mark.parametrize("time", ["yesterday", "19/02/2024", "1708300800", "0001-01-01T00:00+14:00"])
def test_a_bad_time_or_date_empties_its_cell_only(time: str) -> None:
    found, wrong = rows(f"file,fetched_at,date,outlet\na,{time},{time},X\nb,,,Y".encode())
    assert found == [("drop/a", None, None, "X", None, 1), ("drop/b", None, None, "Y", None, 2)]
    assert wrong == [(1, "bad-time", f"line 2: fetched_at is '{time}' {LEFT}; line 2: date is '{time}' {LEFT}")]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("2024-13-08", "no-such-day"),
        ("2023-02-29", "no-such-day"),
        ("2024-00-10T10:00", "no-such-day"),
        ("2024-12-08T10:00", "bad-date"),
        ("2024-12-081", "bad-date"),
        ("24-13-08", "bad-date"),
        ("8 May", "bad-date"),
    ],
)
def test_a_day_that_is_none_is_not_a_day_in_another_form(value: str, reason: str) -> None:
    assert rows(f"file,date\na,{value}".encode())[1] == [(1, reason, f"line 2: date is '{value}' {LEFT}")]


def test_faults_name_the_line_of_the_file() -> None:
    raw = b'\n\r\nfile,url,date\na,"two\nlines",\n\nb,,soon\n'
    assert rows(raw)[1] == [(3, "bad-date", f"line 7: date is 'soon' {LEFT}")]


def test_bad_rows_are_told_by_number_and_the_rest_is_used() -> None:
    raw = b"file,outlet\na,\n,X\n./a,Y\n../b,\n/etc/passwd,\nC:\\x,\nc,Ledger, The\nd,,,\ne\n"
    found, wrong = rows(raw)
    assert [row[0] for row in found] == ["drop/a", "drop/d", "drop/e"]
    assert [row[:2] for row in wrong] == [
        (2, "no-file"),
        (3, "duplicate-file"),
        (4, "file-outside"),
        (5, "file-outside"),
        (6, "file-outside"),
        (7, "extra-cells"),
    ]
    assert wrong[1][2] == "line 4: drop/a stands in row 1 already"


@pytest.mark.parametrize(
    ("raw", "record", "why"),
    [
        (b"", 0, "empty"),
        (b"\x89PNG", 0, "binary"),
        (b"name,url\na,b\n", 0, "no-file-column"),
        (b"\n", 0, "no-file-column"),
        (b'"file', 1, "broken-manifest"),
        (b'file,outlet\na,"X\nb,Y\n', 1, "broken-manifest"),
        (b"file,outlet\na,X\nb," + b"y" * 200_000, 2, "broken-manifest"),
    ],
)
def test_a_manifest_that_is_none(raw: bytes, record: int, why: str) -> None:
    found, wrong = rows(raw)
    assert [row[:2] for row in wrong] == [(record, why)]
    assert len(found) == max(0, record - 1)


@given(st.lists(st.tuples(*[st.text(max_size=9)] * 5), max_size=6), st.sampled_from(",;\t"))
@settings(deadline=None)
def test_any_manifest_is_told_apart_row_by_row(cells: list[tuple[str, ...]], delimiter: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows([["file", "url", "fetched_at", "outlet", "date"], *cells])
    sidecar, rejected = manifest("manifest.csv", out.getvalue().encode("utf-8", "replace"))
    assert sidecar["page"].is_unique().all()
    assert not rejected.select(REJECTED.key).is_duplicated().any()


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_no_bytes_of_a_manifest_raise(raw: bytes) -> None:
    manifest("manifest.csv", raw)
