"""The manifest of a drop (its sidecar): what the user's table says about pages, row by row."""

import csv
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

import polars as pl

from pipeline.faults import Rejection, UnreadableError, rejections
from pipeline.sheet import sheet
from pipeline.tables import TIME

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")

# What `manifest` gives and `read` joins; `manifest` and `record` say which row of which manifest it was.
SIDECAR = pl.Schema(
    [
        ("page", pl.String),
        ("url", pl.String),
        ("fetched_at", TIME),
        ("outlet", pl.String),
        ("date", pl.Date),
        ("manifest", pl.String),
        ("record", pl.Int32),
    ]
)


def manifest(path: str, raw: bytes) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What a drop's `manifest.csv` says about the pages of its folder.

    In: the manifest's own path relative to `seeds/`, and its bytes: CSV (`,`, `;` or tab; any encoding that a
    page may have) whose first line names the columns: file, and any of url, fetched_at, outlet, date. Out:
    SIDECAR (a row per usable row, sorted by page) and REJECTED; their `record` counts the rows behind the
    column names from 1, blank ones too, and `detail` names the line. A row without a usable file is left out, a
    bad time or date only empties its cell. `fetched_at` without zone is UTC, a day alone its midnight. `\\`
    separates folders as `/` does.
    """
    faults: list[Rejection] = []
    rows: dict[str, dict[str, object]] = {}
    record = 0
    try:
        names, _, records = sheet(raw, ["file"], "no-file-column")
        for record, (line, cells) in enumerate(records, 1):
            if any(cell.strip() for cell in cells):
                row, wrong = _row(path, names, cells, rows)
                faults += [Rejection(path, record, reason, f"line {line}: {detail}") for reason, detail in wrong]
                if row:
                    rows[str(row["page"])] = {**row, "manifest": path, "record": record}
    except UnreadableError as e:
        faults.append(Rejection(path, 0, e.reason, e.detail))
    except csv.Error as e:
        faults.append(Rejection(path, record + 1, "broken-manifest", f"not read from here on: {e}"))
    return pl.DataFrame(list(rows.values()), schema=SIDECAR).sort("page"), rejections(faults)


def _row(
    path: str, names: list[str], cells: list[str], rows: Mapping[str, Mapping[str, object]]
) -> tuple[dict[str, object] | None, list[tuple[str, str]]]:
    """The sidecar row of a manifest's row (None where it has no usable file), and what is wrong with it."""
    if any(cell.strip() for cell in cells[len(names) :]):
        return None, [("extra-cells", f"{len(cells)} cells under {len(names)} column names")]
    given = {name: cell.strip() or None for name, cell in zip(names, cells, strict=False)}
    try:
        page = _page_of(path, given.get("file"))
    except UnreadableError as e:
        return None, [(e.reason, e.detail)]
    if page in rows:
        return None, [("duplicate-file", f"{page} stands in row {rows[page]['record']} already")]
    values, wrong = said(given)
    return {"page": page, **values}, [
        (reason, f"{what} (left empty; the row's other cells are used)") for reason, what in wrong
    ]


def said(given: Mapping[str, object]) -> tuple[dict[str, object], list[tuple[str, str]]]:
    """url, fetched_at, outlet and date as SIDECAR has them, out of cells (texts, or days and times where the file has
    such types); and reason and what of each that is wrong: its value is null."""
    values: dict[str, object] = {}
    wrong: list[tuple[str, str]] = []
    for name, (reason, parse) in CELLS.items():
        value = given.get(name)
        value = value.strip() if isinstance(value, str) else value
        try:
            values[name] = None if value is None or value == "" else parse(value)
        except (ValueError, OverflowError):
            values[name] = None
            fault = "no-such-day" if isinstance(value, str) and _no_such_day(value) else reason
            wrong.append((fault, f"{name} is {_shown(value)}"))
    return values, wrong


def _shown(value: object) -> str:
    return repr(value[:100]) if isinstance(value, str) else f"a {type(value).__name__}"


def _no_such_day(text: str) -> bool:
    """Whether a value begins with a day that is written as it should be, but that no calendar has."""
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return _DAY.match(text) is not None
    return False


def _page_of(path: str, file: str | None) -> str:
    """The page that a manifest's cell `file` names."""
    if not file:
        raise UnreadableError("no-file", "the cell is empty")
    parts = file.replace("\\", "/").split("/")
    if ".." in parts or not parts[0] or ":" in parts[0]:
        raise UnreadableError("file-outside", f"file is {file[:100]!r}")
    return "/".join([*path.split("/")[:-1], *(part for part in parts if part not in ("", "."))])


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    value.encode()  # half of a character is no text
    return value


def _time(value: object) -> datetime:
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    time = value if isinstance(value, datetime) else datetime.fromisoformat(_text(value))
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def _day(value: object) -> date:
    """A day; a time that is its midnight stands for it, as some files have no other type."""
    if isinstance(value, datetime):
        if value != value.replace(hour=0, minute=0, second=0, microsecond=0) or value.utcoffset():
            raise ValueError
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(_text(value))


# What is said of a page: the reason where it is wrong, and how it is read.
CELLS: Mapping[str, tuple[str, Callable[[object], object]]] = {
    "url": ("bad-cell", _text),
    "fetched_at": ("bad-time", _time),
    "outlet": ("bad-cell", _text),
    "date": ("bad-date", _day),
}
