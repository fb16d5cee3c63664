"""Record files: each form, each fault; every record is accounted for once, whatever the bytes are."""

import gzip
import io
import json
import tracemalloc
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import records as module
from pipeline.faults import MAX_PAGE_BYTES, TODO, UnreadableError
from pipeline.manifest import SIDECAR
from pipeline.read import read, read_records
from pipeline.records import BLOCK, FORMS, TRIED, Record, blocks, columns, records
from tests.reading import NO_SIDECAR

TEXT = "Gulls return to Orrin pier\n\nThe gulls came back to the pier on Monday, a warden said.\n"
EMPTY = "(left empty; the record is read)"


def lines(*rows: Any) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def zstd(data: bytes) -> bytes:
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as packed:
        packed.write(data)
    return bytes(out.getvalue())


def parquet(table: Mapping[str, Any] | pa.Table, **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table if isinstance(table, pa.Table) else pa.table(dict(table)), out, **options)
    return out.getvalue()


def warc(*rows: tuple[str, bytes], **headers: str) -> bytes:
    """WARC records: type and content of each."""
    out = b""
    for kind, content in rows:
        head = {"WARC-Type": kind, "Content-Length": str(len(content)), **headers}
        said = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in head.items())
        out += f"WARC/1.0\r\n{said}\r\n".encode() + content + b"\r\n\r\n"
    return out


def found(data: bytes, form: str = "jsonl", **names: str) -> list[Record]:
    return list(records(io.BytesIO(data), form, names))


def texts(data: bytes, form: str = "jsonl", **names: str) -> dict[int, str]:
    return {r.number: r.raw.decode() for r in found(data, form, **names) if r.raw is not None}


def faults(data: bytes, form: str = "jsonl", **names: str) -> list[tuple[int, str, str]]:
    return [(r.number, *fault) for r in found(data, form, **names) for fault in r.faults]


# --- all forms


def table_of(data: bytes, form: str, sidecar: pl.DataFrame = NO_SIDECAR) -> tuple[pl.DataFrame, pl.DataFrame]:
    return read_records("drop/x", found(data, form), sidecar)


@pytest.mark.parametrize(
    ("form", "data"),
    [
        ("jsonl", lines({"text": TEXT, "url": "https://a.example/1", "fetched_at": "2024-02-19T08:30:00Z"})),
        (
            "parquet",
            parquet({"text": [TEXT], "url": ["https://a.example/1"], "fetched_at": [datetime(2024, 2, 19, 8, 30)]}),
        ),
        (
            "wet",
            warc(
                ("conversion", TEXT.encode()), WARC_Target_URI="https://a.example/1", WARC_Date="2024-02-19T08:30:00Z"
            ),
        ),
    ],
)
def test_a_record_is_the_page_that_a_file_with_its_text_is(form: str, data: bytes) -> None:
    raw = pl.DataFrame({"path": ["a.txt"], "raw": [TEXT.encode()]})
    of_file, _ = read(raw, NO_SIDECAR)
    of_record, rejected = table_of(data, form)
    assert rejected.is_empty()
    same = ["page_id", "n_bytes", "encoding", "text"]
    assert of_record.select(same).rows() == of_file.select(same).rows()
    assert of_record.select("page", "url", "site", "fetched_at").row(0) == (
        *("drop/x#1", "https://a.example/1", "a.example"),
        datetime(2024, 2, 19, 8, 30, tzinfo=UTC),
    )


def test_what_a_record_says_goes_before_what_the_manifest_says_of_its_file() -> None:
    row = ("drop/x", "https://all.example", None, "The Ledger", date(2024, 2, 18), "drop/manifest.csv", 1)
    data = lines({"text": TEXT, "date": "2024-02-19"}, {"text": TEXT, "url": "https://b.example", "outlet": "Kurier"})
    read_of, _ = table_of(data, "jsonl", pl.DataFrame([row], schema=SIDECAR, orient="row"))
    assert read_of.select("url", "sidecar_outlet", "sidecar_date").rows() == [
        ("https://all.example", "The Ledger", date(2024, 2, 19)),
        ("https://b.example", "Kurier", date(2024, 2, 18)),
    ]


def test_a_record_goes_through_all_that_a_file_does() -> None:
    rows = [{"text": text} for text in (TEXT.replace("pier", "pierâ€™s"), "", "<html><body>x</body></html>", "\1\2a")]
    read_of, rejected = table_of(lines(*rows), "jsonl")
    assert read_of.select("page", "repaired").rows() == [("drop/x#1", True)]
    assert "pier’s" in read_of["text"].item()
    assert rejected.select("path", "record", "reason").rows() == [
        ("drop/x", 2, "empty"),
        ("drop/x", 3, "html"),
        ("drop/x", 4, "binary"),
    ]
    assert "remove the record" in rejected["todo"][0]


def test_a_bad_time_empties_its_cell_and_the_record_is_read() -> None:
    row = {"text": TEXT, "fetched_at": "soon", "date": "2024-13-08", "url": ["x"], "outlet": " "}
    read_of, rejected = table_of(lines(row), "jsonl")
    assert read_of.select("url", "fetched_at", "sidecar_outlet", "sidecar_date").row(0) == (None,) * 4
    ((_, record, reason, detail, todo),) = rejected.rows()
    assert (record, reason) == (1, "bad-cell")
    assert detail == f"url is a list {EMPTY}; fetched_at is 'soon' {EMPTY}; date is '2024-13-08' {EMPTY}"
    assert todo.startswith("Write url and outlet as text. Write fetched_at in ISO 8601")


def test_blocks_are_cut_by_the_records_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(n: int) -> list[list[int]]:
        return [[r.number for r in block] for block in blocks(found(lines(*({"text": f"{i}"} for i in range(n)))))]

    assert [len(block) for block in cut(2 * BLOCK + 1)] == [BLOCK, BLOCK, 1]
    monkeypatch.setattr(module, "BLOCK_BYTES", 3)
    assert cut(5) == [[1, 2, 3], [4, 5]]
    assert cut(6)[: len(cut(5)) - 1] == cut(5)[:-1]


@pytest.mark.parametrize("form", sorted(set(FORMS.values())))
@pytest.mark.parametrize("data", [b"", gzip.compress(b"", mtime=0), zstd(b"")])
def test_a_file_without_records_is_told(form: str, data: bytes) -> None:
    ((number, reason, _),) = faults(data, form)
    assert (number, reason) == (0, "broken-parquet" if form == "parquet" else "empty")


ROW = st.fixed_dictionaries(
    {},
    optional={
        "text": st.one_of(st.text(max_size=20), st.none(), st.integers()),
        "url": st.one_of(st.text(max_size=5), st.integers()),
        "date": st.one_of(st.dates().map(str), st.text(max_size=5)),
    },
)
GOOD = st.one_of(
    st.lists(ROW, max_size=5).map(lambda rows: lines(*rows)),
    st.lists(st.binary(max_size=30), max_size=5).map(lambda all_of: warc(*(("conversion", c) for c in all_of))),
    st.lists(st.text(max_size=20), max_size=5).map(lambda t: parquet({"text": pa.array(t, pa.string())})),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = draw(st.one_of(GOOD, GOOD.map(gzip.compress), GOOD.map(zstd), st.binary(max_size=200)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.binary(max_size=3)) + data[at + draw(st.integers(0, 4)) :]
    return data


@given(damaged(), st.sampled_from(sorted(set(FORMS.values()))))
@settings(max_examples=400, deadline=None)
def test_no_bytes_raise_and_every_record_is_accounted_for_once(data: bytes, form: str) -> None:
    got = found(data, form)
    assert got
    numbers = [record.number for record in got]
    assert numbers == sorted(set(numbers))
    assert all(record.raw is not None or record.faults for record in got)
    read_of, rejected = read_records("x", got, NO_SIDECAR)
    of_page = Counter([*read_of["page"], *(f"x#{n}" if n else "x" for n in rejected["record"])])
    assert of_page.keys() == {f"x#{n}" if n else "x" for n in numbers}
    assert set(rejected["reason"]) <= set(TODO)
    both = {page for page, n in of_page.items() if n > 1}
    assert both <= {f"x#{record.number}" for record in got if record.raw is not None and record.faults}


@given(st.lists(ROW, max_size=8))
@settings(deadline=None)
def test_every_line_with_a_text_is_read(rows: list[dict[str, Any]]) -> None:
    good = {n: row["text"] for n, row in enumerate(rows, 1) if isinstance(row.get("text"), str)}
    for data in (lines(*rows), gzip.compress(lines(*rows)), zstd(lines(*rows))):
        assert texts(data) == good


# --- streams


@pytest.mark.parametrize(("pack", "reason"), [(gzip.compress, "broken-gzip"), (zstd, "broken-zstd")])
def test_a_cut_file_gives_what_stood_before(pack: Any, reason: str) -> None:
    import random

    words = random.Random(5)
    data = lines(*({"text": f"{words.randbytes(300).hex()}"} for _ in range(2_000)))
    for packed in (pack(data)[:-20], pack(data)[: len(pack(data)) // 2]):
        *before, last = found(packed)
        assert [record.number for record in before] == list(range(1, last.number))
        assert texts(packed).items() <= texts(data).items()
        assert len(before) > 500
        ((what, detail),) = last.faults
        assert what == reason
        assert detail.startswith(f"not read from record {last.number} on: ")
    assert [(number, what) for number, what, _ in faults(pack(data)[:5])] == [(0, reason)]


def test_members_and_frames_in_a_row_are_one_file() -> None:
    one, two = lines({"text": "a"}), lines({"text": "b"}, {"text": "c"})
    for pack in (gzip.compress, zstd):
        assert texts(pack(one) + pack(two)) == {1: "a", 2: "b", 3: "c"}


def test_a_line_beyond_the_bound_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PAGE_BYTES", 1_000)
    monkeypatch.setattr(module, "_PIECE", 1 << 16)
    data = lines({"text": "a"}) + b"x" * (40 << 20) + b"\n" + lines({"text": "b"})
    packed = gzip.compress(data, 1)
    tracemalloc.start()
    assert texts(packed) == {1: "a", 3: "b"}
    assert tracemalloc.get_traced_memory()[1] < 2 << 20
    tracemalloc.stop()
    assert faults(packed) == [(2, "too-large", "a line of more than 1000 bytes")]


def test_a_line_of_the_greatest_length_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = lines({"text": "abc"})
    monkeypatch.setattr(module, "MAX_PAGE_BYTES", len(data) - 1)
    assert texts(data + data[:-1]) == {1: "abc", 2: "abc"}
    assert [reason for _, reason, _ in faults(lines({"text": "abcd"}, {"text": "a"}))] == ["too-large"]


def test_a_bomb_of_one_line_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PAGE_BYTES", 1_000)
    monkeypatch.setattr(module, "_MAX_SKIPPED", 1 << 21)
    monkeypatch.setattr(module, "_PIECE", 1 << 16)
    data = gzip.compress(lines({"text": "a"}) + b"x" * (8 << 20))
    assert faults(data) == [(2, "gzip-bomb", "not read from record 2 on: a line of more than 2097152 bytes")]


class Failing(io.BytesIO):
    def read(self, n: int | None = -1) -> bytes:
        if self.tell() > 1 << 16:
            raise OSError(5, "Input/output error")
        return super().read(n)

    readline = io.IOBase.readline  # type: ignore[assignment]


def test_a_disk_that_fails_is_told_as_such() -> None:
    data = lines(*({"text": "a" * 1_000} for _ in range(200)))
    *before, last = records(Failing(data), "jsonl", {})
    assert len(before) > 50
    assert last.faults == (("unreadable", f"not read from record {last.number} on: input/output error"),)


# --- JSON lines


def test_a_record_of_json_lines_has_the_number_of_its_line() -> None:
    data = (
        b"\xef\xbb\xbf"
        + lines({"text": "a"})
        + b"\n  \r\n"
        + lines({"text": "b"}).replace(b"\n", b"\r\n")
        + b'{"text": "c"}'
    )
    assert texts(data) == {1: "a", 4: "b", 5: "c"}
    assert faults(data) == []


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        (b"{'text': 1}", "broken-json", "Expecting property name enclosed in double quotes at character 2 of the line"),
        (b'{"text": "a"', "broken-json", "Expecting ',' delimiter at character 13 of the line"),
        (b'["a"]', "broken-json", "the line is a list, not an object"),
        (b'{"text": "\xe9"}', "broken-utf8", "no UTF-8 from byte 10 of the line on"),
        (b'{"text": "a\\ud83d"}', "broken-utf8", "half a character ('\\ud83d') at 2"),
        (b'{"id": 7, "body": "a"}', "no-text", "no 'text'; it has 'id', 'body'"),
        (b'{"text": null}', "no-text", "'text' is null, not a text"),
        (b'{"text": ["a"]}', "no-text", "'text' is a list, not a text"),
        (b'{"text": ' + b"[" * 100_000 + b"}", "broken-json", "maximum recursion depth exceeded"),
        (b'{"text": ' + b"9" * 5_000 + b"}", "broken-json", "Exceeds the limit (4300"),
    ],
)
def test_a_broken_line_is_rejected_with_its_number(line: bytes, reason: str, detail: str) -> None:
    data = lines({"text": "a"}) + line + b"\n" + lines({"text": "b"})
    ((number, what, said),) = faults(data)
    assert (number, what) == (2, reason)
    assert said.startswith(detail)
    assert texts(data) == {1: "a", 3: "b"}


def test_a_file_without_texts_is_rejected_as_a_whole() -> None:
    rows = [{"content": "a", "link": "b"}] * 3
    says = "none of its first 3 records can be used; record 1: no 'text'; it has 'content', 'link'"
    assert faults(lines(*rows)) == [(0, "no-text", says)]
    assert texts(lines(*rows), text="content") == dict.fromkeys((1, 2, 3), "a")
    csv = b"text,url\n" + b"a,b\n" * 1_000
    ((number, reason, detail),) = faults(csv)
    assert (number, reason) == (0, "broken-json")
    assert detail.startswith(f"none of its first {TRIED} records can be used; record 1: ")


def test_broken_lines_at_the_start_keep_their_numbers() -> None:
    data = b"x\n" * (TRIED - 1) + lines({"text": "a"}) + b"x\n" * TRIED
    assert texts(data) == {TRIED: "a"}
    assert [number for number, _, _ in faults(data)] == [*range(1, TRIED), *range(TRIED + 1, 2 * TRIED + 1)]
    assert [number for number, _, _ in faults(b"x\n" * 3)] == [1, 2, 3]


# --- columns.toml


def test_columns_may_have_other_names() -> None:
    assert columns(b"") == columns(b"# none\n") == {}
    names = columns(b'text = "article.body"\nurl = "link"\ndate = ""\n')
    row = {"article": {"body": "a"}, "link": "https://a.example", "date": "2024-02-19", "url": "no"}
    (record,) = found(lines(row), **names)
    assert (record.raw, record.said) == (
        b"a",
        {"url": "https://a.example", "fetched_at": None, "outlet": None, "date": None},
    )
    assert texts(lines({"article.body": "b", "article": {"body": "a"}}), **names) == {1: "b"}
    assert faults(lines({"article": "b"}), **names)[0][1] == "no-text"
    table = pa.table({"article": [{"body": "a", "n": 1}], "link": ["https://a.example"]})
    assert found(parquet(table), "parquet", **names)[0].said["url"] == "https://a.example"
    assert texts(parquet(table), "parquet", **names) == {1: "a"}


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        (b"text = content", "Invalid value (at line 1, column 8)"),
        (b'body = "content"', "'body' is none of text, url, fetched_at, outlet, date"),
        (b"text = 3", "text is '3', not the name of a column"),
        (b'text = ""', "text is '', not the name of a column"),
    ],
)
def test_columns_that_are_not_understood(raw: bytes, detail: str) -> None:
    with pytest.raises(UnreadableError) as e:
        columns(raw)
    assert (e.value.reason, e.value.detail) == ("broken-columns", detail)


# --- Parquet


def test_types_of_a_parquet_table() -> None:
    when = datetime(2024, 2, 19, 23, 30)
    table = pa.table(
        {
            "id": [1],
            "text": pa.array(["a"]).dictionary_encode(),
            "fetched_at": pa.array([when], pa.timestamp("ns", "Europe/Berlin")),
            "date": pa.array([datetime(2024, 2, 18)], pa.timestamp("ns")),
            "outlet": pa.array(["Kurier"], pa.large_string()),
            "url": pa.array([7]),
        }
    )
    (record,) = found(parquet(table), "parquet")
    assert record.raw == b"a"
    assert record.said == {
        "url": None,
        "fetched_at": datetime(2024, 2, 19, 23, 30, tzinfo=UTC),
        "outlet": "Kurier",
        "date": date(2024, 2, 18),
    }
    assert record.faults == (("bad-cell", f"url is a int {EMPTY}"),)
    late = pa.table({"text": ["a"], "date": [when], "fetched_at": [date(2024, 2, 19)]})
    (record,) = found(parquet(late), "parquet")
    assert record.faults == (("bad-date", f"date is a datetime {EMPTY}"),)
    assert record.said["fetched_at"] == datetime(2024, 2, 19, tzinfo=UTC)


def test_bytes_of_a_parquet_table_are_decoded_as_those_of_a_file() -> None:
    latin = "Die Bürgermeisterin möchte die Straße für Fußgänger öffnen.".encode("latin-1")
    read_of, rejected = table_of(parquet({"text": [latin, None]}), "parquet")
    assert read_of["text"].to_list() == [latin.decode("latin-1")]
    assert rejected.select("record", "reason").rows() == [(2, "no-text")]


def test_rows_count_through_all_row_groups_and_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    data = parquet({"text": [f"{n}" for n in range(1, 101)]}, row_group_size=30)
    monkeypatch.setattr(module, "_ROWS", 7)
    assert texts(data, "parquet") == {n: f"{n}" for n in range(1, 101)}


def test_a_row_that_is_no_utf8_is_rejected_alone() -> None:
    text = pa.array([b"a", b"\xe9", b"c"], pa.binary()).view(pa.string())
    data = parquet(pa.table({"text": text}))
    assert texts(data, "parquet") == {1: "a", 3: "c"}
    assert [(number, reason) for number, reason, _ in faults(data, "parquet")] == [(2, "broken-utf8")]


def test_a_parquet_table_without_text_is_rejected_with_its_columns() -> None:
    data = parquet({"id": [1], "content": ["a"]})
    assert faults(data, "parquet") == [(0, "no-text", "no 'text'; it has 'id', 'content'")]
    assert texts(data, "parquet", text="content") == {1: "a"}
    numbers = parquet({"text": [1, 2]})
    assert faults(numbers, "parquet")[0][:2] == (0, "no-text")


def test_a_broken_row_group_ends_the_file() -> None:
    rows = [f"{n:06d} {'x' * 50}" for n in range(1_000)]
    data = bytearray(parquet({"text": rows}, row_group_size=100, compression="gzip", use_dictionary=False))
    at = pq.ParquetFile(io.BytesIO(bytes(data))).metadata.row_group(5).column(0).data_page_offset
    data[at : at + 200] = b"\xff" * 200
    *before, last = found(bytes(data), "parquet")
    assert [record.number for record in before] == list(range(1, 501))
    assert (last.number, last.faults[0][0]) == (501, "broken-parquet")


# --- WET


def test_records_of_a_wet_file() -> None:
    about = ("warcinfo", b"Software-Info: x\r\n")
    data = warc(about, ("conversion", b"a\r\n\r\nWARC/1.0 is a form"), ("conversion", b"b"))
    for packed in (data, gzip.compress(data), b"".join(gzip.compress(p) for p in (data[:300], data[300:])), zstd(data)):
        assert texts(packed, "wet") == {2: "a\r\n\r\nWARC/1.0 is a form", 3: "b"}
        assert faults(packed, "wet") == []


def test_headers_of_a_wet_record() -> None:
    data = warc(("conversion", b"a"), WARC_Target_URI="<https://a.example/x>", WARC_Date="2024-02-19T08:30:00Z")
    (record,) = found(data.replace(b"WARC-Type", b"warc-type"), "wet")
    assert record.said["url"] == "https://a.example/x"
    assert record.said["fetched_at"] == datetime(2024, 2, 19, 8, 30, tzinfo=UTC)


def broken_records() -> Sequence[tuple[bytes, str, str]]:
    good = warc(("conversion", b"mid"))
    return [
        (b"garbage\nWARC/1.0 it is not\n", "broken-warc", "it does not begin with WARC/1.0 or 1.1"),
        (good.replace(b": 3", b": 2"), "broken-warc", "it does not end after 2 bytes, as Content-Length says"),
        (good.replace(b": 3", b": x"), "broken-warc", "Content-Length is 'x'"),
        (good.replace(b"Content-Length: 3\r\n", b""), "broken-warc", "Content-Length is ''"),
        (good.replace(b": 3", b": 99999999"), "too-large", f"more than {MAX_PAGE_BYTES} bytes"),
        (good.replace(b"mid", b"m" * 80_000).replace(b": 3", b": 9" * 70_000), "broken-warc", "its headers are longer"),
        (good.replace(b": 3", b": 3\r\nX: \xe9"), "broken-warc", "its headers are no UTF-8"),
        (warc(("response", b"HTTP/1.1 200")), "no-conversion", "a record of type 'response'"),
    ]


@pytest.mark.parametrize(("broken", "reason", "detail"), broken_records())
def test_behind_a_broken_wet_record_reading_goes_on(broken: bytes, reason: str, detail: str) -> None:
    data = warc(("conversion", b"a")) + broken + warc(("conversion", b"c"))
    assert texts(data, "wet") == {1: "a", 3: "c"}
    ((number, what, said),) = faults(data, "wet")
    assert (number, what) == (2, reason)
    assert said.startswith(detail)


def test_a_wet_file_that_is_cut() -> None:
    data = warc(("conversion", b"a"), ("conversion", b"b" * 1_000))
    assert faults(data[:-500], "wet") == [(2, "broken-warc", "it breaks off after 504 of 1000 bytes")]
    packed = b"".join(gzip.compress(warc(("conversion", b"%d" % n * 200))) for n in range(9))
    *before, last = found(packed[:-30], "wet")
    assert len(before) == 8
    assert (last.number, last.faults[0][0]) == (9, "broken-gzip")


def test_a_warc_file_of_responses_is_rejected_as_a_whole() -> None:
    data = warc(("warcinfo", b"x"), *[("response", b"HTTP/1.1 200")] * TRIED)
    ((number, reason, detail),) = faults(data, "wet")
    assert (number, reason) == (0, "no-conversion")
    assert "record 2: a record of type 'response'" in detail
