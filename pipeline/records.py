"""Record files (JSON lines, Parquet, Common Crawl's WET) → their records, each a page's bytes and what is said of it.

A file is read as a stream, never whole: what is held is a record of at most MAX_PAGE_BYTES, or a small batch of a
Parquet file. A broken record is a fault of its own; where a stream breaks, what stood before it is read.
"""

import gzip
import io
import json
import re
import tomllib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.decode import decode, unpack
from pipeline.faults import MAX_PAGE_BYTES, Rejection, UnreadableError, rejections
from pipeline.manifest import CELLS, SIDECAR, said

FORMS = {"jsonl": "jsonl", "ndjson": "jsonl", "parquet": "parquet", "wet": "wet"}  # by extension
NAMES = ("text", *CELLS)  # what of a record is read
# A block closes at whichever comes first; counted from the records alone, so that they fall into the same blocks again.
BLOCK = 1_000
BLOCK_BYTES = 8 << 20
TRIED = 100  # where none of so many first records can be used, the file is of another kind
MAX_HEAD_BYTES = 64 << 10  # of a WET record's headers
_MAX_SKIPPED = 1 << 30  # of one line: beyond it, it is a bomb
_PIECE = 1 << 20
_ROWS = 100  # of a Parquet file that are unpacked at once: a text that many have is stored once, and unpacked for each
_GZIP, _ZSTD = b"\x1f\x8b", re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")
_VERSION = re.compile(rb"WARC/[0-9]+\.[0-9]+\r?\n")
_NO_PAGE = ("warcinfo", "metadata")  # records of a WET file that are about it

_RAW = pl.Schema({"path": pl.String, "record": pl.Int32, "raw": pl.Binary})

Fault = tuple[str, str]  # reason, detail
Stream = BinaryIO | io.BufferedIOBase


class Record(NamedTuple):
    """A record by its number, from 1 (0: the file as a whole): the bytes of its page (None: `faults` say why not), and
    url, fetched_at, outlet and date where it says them. A record with bytes may have faults too: cells left empty."""

    number: int
    raw: bytes | None
    said: Mapping[str, Any] = {}
    faults: tuple[Fault, ...] = ()


def columns(raw: bytes) -> dict[str, str]:
    """What a `columns.toml` says: which name the record files of its folder have for `text`, `url`, `fetched_at`,
    `outlet` and `date`; an empty one has it not read. Else UnreadableError."""
    try:
        told = tomllib.loads(decode(unpack(raw))[0] if raw.strip() else "")
    except (tomllib.TOMLDecodeError, RecursionError) as e:
        raise UnreadableError("broken-columns", str(e)[:100]) from None
    for name, column in told.items():
        if name not in NAMES:
            raise UnreadableError("broken-columns", f"{name[:100]!r} is none of {', '.join(NAMES)}")
        if not isinstance(column, str) or (name == "text" and not column):
            raise UnreadableError("broken-columns", f"{name} is {str(column)[:100]!r}, not the name of a column")
    return told


def records(file: BinaryIO, form: str, columns: Mapping[str, str]) -> Iterator[Record]:
    """The records of an open file (seekable, at its start) of one of FORMS, by number; one at least, as a file without
    any is a fault. `columns`: their names for NAMES, where they are others. No bytes raise."""
    names = {name: column for name in NAMES if (column := columns.get(name, name))}
    found = _parquet(file, names) if form == "parquet" else _stream(file, form, names)
    return _or_whole(found)


def blocks(found: Iterable[Record]) -> Iterator[list[Record]]:
    """Consecutive records, BLOCK of them or BLOCK_BYTES of text."""
    block: list[Record] = []
    held = 0
    for record in found:
        block.append(record)
        held += len(record.raw or b"")
        if len(block) == BLOCK or held >= BLOCK_BYTES:
            yield block
            block, held = [], 0
    if block:
        yield block


def page() -> pl.Expr:
    """The page that a `record` of the file `path` is."""
    return pl.when(pl.col("record") > 0).then(pl.format("{}#{}", "path", "record")).otherwise("path").alias("page")


def pages(path: str, block: Iterable[Record], sidecar: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Records of the file `path`, and SIDECAR, whose row of that file holds for what they don't say themselves → `raw`
    and `sidecar` as the read step takes them, and REJECTED."""
    rows: list[tuple[Any, ...]] = []
    faults: list[Rejection] = []
    for record in block:
        faults += [Rejection(path, record.number, *fault) for fault in record.faults]
        if record.raw is not None:
            rows.append((path, record.number, record.raw, *(record.said.get(name) for name in CELLS)))
    told = pl.DataFrame(rows, schema={**_RAW, **{name: SIDECAR[name] for name in CELLS}}, orient="row")
    given = sidecar.filter(pl.col("page") == path)
    of_file = given.row(0, named=True) if given.height else dict.fromkeys(SIDECAR)
    cells = [pl.coalesce(name, pl.lit(of_file[name], SIDECAR[name])).alias(name) for name in CELLS]
    row = [pl.lit(of_file[name], SIDECAR[name]).alias(name) for name in ("manifest", "record")]
    said = told.select(page(), *cells).with_columns(row).filter(pl.any_horizontal(pl.col(CELLS).is_not_null()))
    return told.select(_RAW.names()), said, rejections(faults)


def _or_whole(found: Iterator[Record]) -> Iterator[Record]:
    """Where none of the first records can be used for one reason, the fault is the file's."""
    held: list[Record] = []
    for record in found:
        held.append(record)
        if record.raw is not None or record.number == 0:
            break
        if len(held) == TRIED:
            yield _none_of(held)
            return
    else:
        if not held:
            yield fault(0, "empty", "it has no record")
        elif {reason for record in held for reason, _ in record.faults} == {"no-text"}:
            yield _none_of(held)
        else:
            yield from held
        return
    yield from held
    yield from found


def _none_of(held: list[Record]) -> Record:
    reason, detail = held[0].faults[0]
    return fault(0, reason, f"none of its first {len(held)} records can be used; record {held[0].number}: {detail}")


def fault(number: int, reason: str, detail: str) -> Record:
    """A record (0: the file as a whole) that can't be read."""
    return Record(number, None, faults=((reason, detail),))


def _broken(number: int, reason: str, e: BaseException) -> Record:
    """The fault of a file that can't be read from a record on."""
    why = e.detail if isinstance(e, UnreadableError) else (str(e).splitlines() or [type(e).__name__])[0][:200]
    if isinstance(e, OSError) and e.errno:
        reason, why = "unreadable", (e.strerror or why).lower()
    return fault(number if number > 1 else 0, reason, f"not read from record {number} on: {why}")


def _of(number: int, raw: bytes, cells: Mapping[str, Any]) -> Record:
    values, wrong = said(cells)
    faults = tuple((reason, f"{what} (left empty; the record is read)") for reason, what in wrong)
    return Record(number, raw, values, faults)


# --- streams


def _stream(file: BinaryIO, form: str, names: Mapping[str, str]) -> Iterator[Record]:
    number, reason = 0, "unreadable"
    try:
        stream, reason = _unpacked(file)
        for record in _jsonl(stream, names) if form == "jsonl" else _wet(stream):
            number = record.number
            yield record
    except UnreadableError as e:
        yield _broken(number + 1, e.reason, e)
    except (OSError, EOFError, zlib.error) as e:
        yield _broken(number + 1, reason, e)


def _unpacked(file: BinaryIO) -> tuple[Stream, str]:
    """What a file holds, packed or not whatever its name says, and the reason if that breaks."""
    head = file.read(4)
    file.seek(0)
    if head.startswith(_GZIP):
        return gzip.open(file), "broken-gzip"
    if _ZSTD.match(head):
        return io.BufferedReader(pa.CompressedInputStream(file, "zstd")), "broken-zstd"
    return file, "unreadable"


def _skip_line(stream: Stream) -> None:
    skipped = 0
    while (piece := stream.readline(_PIECE)) and not piece.endswith(b"\n"):
        skipped += len(piece)
        if skipped > _MAX_SKIPPED:
            raise UnreadableError("gzip-bomb", f"a line of more than {_MAX_SKIPPED} bytes")


# --- JSON lines


def _jsonl(stream: Stream, names: Mapping[str, str]) -> Iterator[Record]:
    """A record is a line, and has its number; blank lines are none."""
    number = 0
    while line := stream.readline(MAX_PAGE_BYTES + 1):
        number += 1
        if len(line) > MAX_PAGE_BYTES and not line.endswith(b"\n"):
            _skip_line(stream)
            yield fault(number, "too-large", f"a line of more than {MAX_PAGE_BYTES} bytes")
        elif line.strip():
            try:
                yield _of_row(number, _object(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line), names)
            except UnreadableError as e:
                yield fault(number, e.reason, e.detail)


def _object(line: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(line.decode().rstrip())
    except UnicodeDecodeError as e:
        raise UnreadableError("broken-utf8", f"no UTF-8 from byte {e.start} of the line on") from None
    except json.JSONDecodeError as e:
        raise UnreadableError("broken-json", f"{e.msg} at character {e.pos + 1} of the line") from None
    except (ValueError, RecursionError) as e:  # a number of thousands of digits, brackets thousands deep
        raise UnreadableError("broken-json", str(e)[:100]) from None
    if not isinstance(found, dict):
        raise UnreadableError("broken-json", f"the line is a {type(found).__name__}, not an object")
    return found


def _of_row(number: int, row: Mapping[str, Any], names: Mapping[str, str]) -> Record:
    """A record out of its columns."""
    text = _at(row, names["text"])
    if text is None and names["text"] not in row:
        raise UnreadableError("no-text", _without(names["text"], row))
    if not isinstance(text, str | bytes):
        what = "null" if text is None else f"a {type(text).__name__}"
        raise UnreadableError("no-text", f"{names['text'][:100]!r} is {what}, not a text")
    try:
        raw = text.encode() if isinstance(text, str) else text
    except UnicodeEncodeError as e:
        raise UnreadableError("broken-utf8", f"half a character ({text[e.start]!a}) at {e.start + 1}") from None
    return _of(number, raw, {name: _at(row, column) for name, column in names.items() if name != "text"})


def _at(row: Mapping[str, Any], column: str) -> Any:
    """A column by its name, or by its path: `metadata.url` is `url` in `metadata`."""
    if column in row or "." not in column:
        return row.get(column)
    first, rest = column.split(".", 1)
    inner = row.get(first)
    return _at(inner, rest) if isinstance(inner, dict) else None


def _without(column: str, has: Iterable[str]) -> str:
    return f"no {column[:100]!r}; it has {', '.join(repr(name[:50]) for name in list(has)[:20]) or 'nothing'}"


# --- Parquet


def _parquet(file: BinaryIO, names: Mapping[str, str]) -> Iterator[Record]:
    """A record is a row; columns that nobody asks for are not read."""
    number = 0
    try:
        # Buffered: pages come as they are needed, not a column's whole share of a row group.
        table = pq.ParquetFile(file, buffer_size=_PIECE, pre_buffer=False, page_checksum_verification=True)
        tops = table.schema_arrow.names
        asked = [column for column in names.values() if column in tops or column.split(".")[0] in tops]
        if names["text"] not in asked:
            yield fault(0, "no-text", _without(names["text"], tops))
            return
        for group in range(table.num_row_groups):
            about = table.metadata.row_group(group)
            rows = BLOCK_BYTES * about.num_rows // max(about.total_byte_size, 1)
            size = min(max(rows, 1), _ROWS)
            for batch in table.iter_batches(size, [group], asked, use_threads=False):
                for row in _rows(batch):
                    number += 1
                    try:
                        if row is None:
                            raise UnreadableError("broken-utf8", "a cell of the row is no UTF-8")
                        yield _of_row(number, row, names)
                    except UnreadableError as e:
                        yield fault(number, e.reason, e.detail)
    except (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError) as e:
        yield _broken(number + 1, "broken-parquet", e)


def _rows(batch: pa.RecordBatch) -> Iterator[dict[str, Any] | None]:
    """The rows of a batch; None for one that has a cell that can't be read."""
    batch = pa.RecordBatch.from_arrays([_in_micros(column) for column in batch.columns], names=batch.schema.names)
    for at in range(batch.num_rows):
        try:
            yield batch.slice(at, 1).to_pylist()[0]
        except (UnicodeDecodeError, ValueError):
            yield None


def _in_micros(column: pa.Array) -> pa.Array:
    """Python's times are in microseconds."""
    nanos = pa.types.is_timestamp(column.type) and column.type.unit == "ns"
    return column.cast(pa.timestamp("us", column.type.tz), safe=False) if nanos else column


# --- WET


def _wet(stream: Stream) -> Iterator[Record]:
    """A page is a record of type `conversion`; records of every type have a number. Behind a broken one reading goes on
    at the next line that begins as a record does."""
    number = 0
    line = stream.readline(MAX_HEAD_BYTES)
    while line:
        if line.strip():
            number += 1
            try:
                head, raw = _warc(stream, line)
                kind = head.get("warc-type", "no type")
                if kind == "conversion":
                    url, time = head.get("warc-target-uri", "").strip("<>"), head.get("warc-date")
                    yield _of(number, raw, {"url": url, "fetched_at": time})
                elif kind not in _NO_PAGE:
                    yield fault(number, "no-conversion", f"a record of type {kind[:100]!r}")
            except UnreadableError as e:
                yield fault(number, e.reason, e.detail)
                line = _next_version(stream)
                continue
        line = stream.readline(MAX_HEAD_BYTES)


def _warc(stream: Stream, line: bytes) -> tuple[dict[str, str], bytes]:
    """Headers and bytes of the record that begins with a line."""
    if not _VERSION.fullmatch(line):
        raise UnreadableError("broken-warc", "it does not begin with WARC/1.0 or 1.1")
    head = _head(stream)
    length = head.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        raise UnreadableError("broken-warc", f"Content-Length is {length[:100]!r}")
    if len(length) > 18 or int(length) > MAX_PAGE_BYTES:
        raise UnreadableError("too-large", f"more than {MAX_PAGE_BYTES} bytes")
    raw = stream.read(int(length))
    if len(raw) < int(length):
        raise UnreadableError("broken-warc", f"it breaks off after {len(raw)} of {length} bytes")
    if any(stream.readline(2) not in (b"\r\n", b"\n", b"") for _ in range(2)):
        raise UnreadableError("broken-warc", f"it does not end after {length} bytes, as Content-Length says")
    return head, raw


def _head(stream: Stream) -> dict[str, str]:
    """The headers of a record by name, in lower case."""
    found: dict[str, str] = {}
    room = MAX_HEAD_BYTES
    while line := stream.readline(room).rstrip(b"\r\n"):
        room -= len(line)
        if room <= 0:
            raise UnreadableError("broken-warc", f"its headers are longer than {MAX_HEAD_BYTES} bytes")
        try:
            name, _, value = line.decode().partition(":")
        except UnicodeDecodeError:
            raise UnreadableError("broken-warc", "its headers are no UTF-8") from None
        found[name.strip().lower()] = value.strip()
    return found


def _next_version(stream: Stream) -> bytes:
    """The next line that begins a record; nothing at the end."""
    begins = True
    while line := stream.readline(MAX_HEAD_BYTES):
        if begins and _VERSION.fullmatch(line):
            break
        begins = line.endswith(b"\n")
    return line
