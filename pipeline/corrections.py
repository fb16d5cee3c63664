"""Corrections of lines by users: read from their CSV, found in the ledger, accounted for. `correct` applies them.

A row says what a line is: `page_id, line_no, part, line_hash, role`. It holds for that line of those bytes alone:
where the text is another one, it is reported and nothing else happens.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from pipeline.faults import Rejection, UnreadableError, rejections
from pipeline.sheet import sheet
from pipeline.tables import CORRECTIONS, GIVEN, ROLES

LINE = ["page_id", "line_no", "part", "line_hash"]
COLUMNS = [*LINE, "role"]

_HASH = re.compile(r"[0-9a-fA-F]{32}")
_NUMBER = re.compile(r"[0-9]{1,9}")

# Why a correction was not applied, and what the user can do about it.
TODO = {
    "no-page": "The page was changed or removed: look the line up and correct it again, or delete the row.",
    "no-line": "Look the line's number up in the ledger, and correct it again.",
    "other-text": "The line reads otherwise now, or is cut into other parts: look it up in the ledger and correct it "
    "again, or delete the row.",
}
# What `seen` gives for every correction, batch by batch; `last_line`: lines of the page, null where it is not there.
SEEN = pl.Schema([*((c, GIVEN.schema[c]) for c in LINE), ("n_parts", pl.Int32()), ("last_line", pl.Int32())])


def line_hash(texts: Iterable[str]) -> pl.Series:
    """BLAKE2b-128 of each text in UTF-8, in hex. For the lines that corrections name: hashing every line of a ledger
    would take longer than reading it."""
    hashes = [hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in texts]
    return pl.Series("line_hash", hashes, pl.String)


# --- read


def corrections(path: str, raw: bytes) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What a `corrections.csv` says.

    In: its path relative to `seeds/`, and its bytes: CSV (`,`, `;` or tab) whose first line names COLUMNS, in any
    order, and any others. Out: GIVEN (a row per usable row) and REJECTED for the others.
    """
    rows: list[tuple[object, ...]] = []
    faults: list[Rejection] = []
    record = 0
    try:
        names, _, records = sheet(raw, COLUMNS, "missing-columns")
        for record, (line, cells) in enumerate(records, 1):
            if any(cell.strip() for cell in cells):
                given = dict(zip(names, map(str.strip, cells), strict=False))
                wrong = list(_wrong(given))
                faults += [Rejection(path, record, reason, f"line {line}: {detail}") for reason, detail in wrong]
                if not wrong:
                    rows.append((path, record, *_values(given)))
    except UnreadableError as e:
        faults.append(Rejection(path, 0, e.reason, e.detail))
    except csv.Error as e:
        faults.append(Rejection(path, record + 1, "broken-corrections", f"not read from here on: {e}"))
    return GIVEN.conform(pl.DataFrame(rows, schema=GIVEN.schema, orient="row")), rejections(faults)


def _wrong(given: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Reason and detail of each cell that can't be used."""
    for column in ("page_id", "line_hash"):
        value = given.get(column, "")
        if not _HASH.fullmatch(value):
            yield "bad-hash", f"{column} is {value[:100]!r}"
    for column, least in (("line_no", 1), ("part", 0)):
        value = given.get(column, "")
        if not _NUMBER.fullmatch(value) or int(value) < least:
            yield "bad-number", f"{column} is {value[:100]!r}"
    role = given.get("role", "").lower()
    if role not in ROLES:
        yield "unknown-role", f"role is {role[:100]!r}"


def _values(given: Mapping[str, str]) -> tuple[object, ...]:
    """The usable cells of a row, in the order of COLUMNS."""
    line_no, part = int(given["line_no"]), int(given["part"])
    return given["page_id"].lower(), line_no, part, given["line_hash"].lower(), given["role"].lower()


def agreed(given: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """GIVEN of all files → GIVEN less the rows that give one line two roles, and REJECTED for those: which of them is
    meant is not to be guessed."""
    roles = given.group_by(LINE).agg(roles=pl.col("role").unique().sort())
    odd = roles.filter(pl.col("roles").list.len() > 1).with_columns(pl.col("roles").list.join(" and "))
    against = given.join(odd, on=LINE).select("path", "record", "line_no", "part", "roles")
    faults = [
        Rejection(path, record, "two-roles", f"line {line}, part {part} of its page is to be {roles}")
        for path, record, line, part, roles in against.iter_rows()
    ]
    return given.join(odd, on=LINE, how="anti").sort(GIVEN.key), rejections(faults)


def with_row(raw: bytes, row: Mapping[str, str]) -> bytes:
    """A `corrections.csv` (empty for a new one) with `row` (COLUMNS) in it: in the place of the rows for the same line,
    else behind the others; everything else as it was."""
    names, delimiter, records = sheet(raw, COLUMNS, "missing-columns") if raw else (COLUMNS, ",", iter(()))
    rows = [cells for _, cells in records]
    same = [cells for cells in rows if _is(cells, names, row)]
    for cells in same:
        cells[names.index("role")] = row["role"]
    if not same:
        rows.append([row.get(name, "") for name in names])
    out = io.StringIO(newline="")
    end = "\r\n" if b"\r\n" in raw else "\n"
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows([names, *rows])
    return out.getvalue().encode("utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "utf-8")


def _is(cells: Sequence[str], names: Sequence[str], row: Mapping[str, str]) -> bool:
    given = dict(zip(names, map(str.strip, cells), strict=False))
    return not list(_wrong({**given, "role": row["role"]})) and _values({**given, "role": ""})[:-1] == _values(row)[:-1]


# --- find, account for


def matches(lines: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """The parts of `lines` (page, page_id, line_no, part, text; whole lines, in their order) that corrections name →
    page, line_no, part, named (the part that the correction says: 0 names the line however it is cut), line_hash,
    page_id, role; a row for each part and correction."""
    near = lines.join(given, on=["page_id", "line_no"], how="semi", maintain_order="left").select(
        "page", "page_id", "line_no", "part", "text"
    )
    whole = near.with_columns(named=pl.lit(0, pl.Int32), text=pl.col("text").str.join("").over("page", "line_no"))
    names = pl.concat(
        [near.with_columns(named="part"), whole.select(*near.columns, "named").filter(pl.col("part") > 0)]
    )
    names = names.with_columns(line_hash(names["text"])).drop("text")
    once = given.select(COLUMNS).unique(LINE)
    return names.join(once, left_on=["page_id", "line_no", "named", "line_hash"], right_on=LINE)


def seen(lines: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """How a batch of the ledger has the lines that corrections name → SEEN, a row for each line of `given`."""
    hits = matches(lines, given).group_by("page_id", "line_no", "named", "line_hash").agg(n_parts=pl.len())
    pages = lines.join(given, on="page_id", how="semi").group_by("page_id").agg(last_line=pl.col("line_no").max())
    out = given.select(LINE).unique().join(pages, on="page_id", how="left")
    out = out.join(hits.rename({"named": "part"}), on=LINE, how="left")
    return out.select(pl.col(c).cast(t) for c, t in SEEN.items()).with_columns(pl.col("n_parts").fill_null(0))


def account(given: pl.DataFrame, batches: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """GIVEN and SEEN of every batch → CORRECTIONS, sorted by key."""
    found = (
        pl.concat([SEEN.to_frame(), *batches]).group_by(LINE).agg(pl.col("n_parts").sum(), pl.col("last_line").max())
    )
    told = given.join(found, on=LINE, how="left").with_columns(pl.col("n_parts").fill_null(0))
    reason = (
        pl.when(pl.col("n_parts") > 0)
        .then(pl.lit(None, pl.String))
        .when(pl.col("last_line").is_null())
        .then(pl.lit("no-page"))
        .when(pl.col("line_no") > pl.col("last_line"))
        .then(pl.lit("no-line"))
        .otherwise(pl.lit("other-text"))
    )
    todo = reason.replace_strict(TODO, default=None, return_dtype=pl.String)
    return CORRECTIONS.conform(told.with_columns(reason=reason, todo=todo).sort(CORRECTIONS.key))
