"""Writes a correction: looks a line up in the results, and puts its row into the corrections of the seeds folder."""

import csv
import os
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from assets import folder
from assets.seeds import CORRECTIONS
from assets.summary import Generation
from pipeline.corrections import COLUMNS, corrections, line_hash, with_row
from pipeline.faults import UnreadableError
from pipeline.tables import LINES, ROLES

SHOWN = 70  # characters of a line


class CorrectingError(Exception):
    """Why there is nothing to correct; the message is one line that says what to do."""


def add(seeds: Path, data: Path, page: str, line: int, part: int, role: str, then: str = "make corpus") -> list[str]:
    """Corrects a line of the published ledger of `data` in `seeds`/corrections.csv. → what was done, line by line, and
    the command that comes `then`."""
    if role not in ROLES:
        raise CorrectingError(f"{role!r} is no role: choose one of {', '.join(ROLES)}")
    parts = parts_of(published(data), named(seeds, page), line)
    chosen = parts if part == 0 else parts.filter(part=part)
    if chosen.is_empty():
        there = ", ".join(map(str, parts["part"]))
        raise CorrectingError(f"line {line} has no part {part} (there are: {there}); PART=0 is all of it")
    text = "".join(chosen["text"])
    if not text.strip():
        raise CorrectingError(f"line {line} is blank: there is nothing on it to correct")
    row = {
        "page_id": str(chosen["page_id"][0]),
        "line_no": str(line),
        "part": str(part),
        "line_hash": str(line_hash([text])[0]),
        "role": role,
    }
    file = seeds / CORRECTIONS
    _write(file, [row])
    was = ", ".join(f"{old} ({why})" for old, why in chosen.select("role", "reason").unique(maintain_order=True).rows())
    short = text.strip() if len(text.strip()) <= SHOWN else f"{text.strip()[:SHOWN]}…"
    numbers = ", ".join(map(str, parts["part"]))
    cut = f" It is cut into parts {numbers}: PART=<part> corrects one." if len(chosen) > 1 else ""
    return [
        f"{chosen['page'][0]}, line {line}{f', part {part}' * (part > 0)}: {short}",
        f"  was {was}, will be {role}.{cut}",
        f"  Written to {file}; `{then}` applies it.",
    ]


def merge(seeds: Path, given: Path, then: str = "make corpus") -> list[str]:
    """Adds the rows of another corrections.csv, such as the review page's, to `seeds`/corrections.csv: in the place of
    those for the same lines. → what was done, line by line, and the command that comes `then`."""
    try:
        rows, wrong = corrections(given.name, given.read_bytes())
    except OSError as e:
        raise CorrectingError(f"{given} can't be read ({(e.strerror or str(e)).lower()}): name it with CSV=") from None
    if wrong.height:
        detail, todo = wrong.select("detail", "todo").row(0)
        raise CorrectingError(f"{given}: {detail}. {todo} Nothing was added.")
    file = seeds / CORRECTIONS
    _write(file, ({c: str(row[c]) for c in COLUMNS} for row in rows.iter_rows(named=True)))
    one = rows.height == 1
    what, applies = ("1 correction", "applies it") if one else (f"{rows.height} corrections", "applies them")
    return [f"{what} of {given} {'is' if one else 'are'} in {file}; `{then}` {applies}."]


def published(data: Path) -> Generation:
    if not (data / "current").exists():
        raise CorrectingError(f"{data} holds no published tables: run `make corpus` first, or name another with DATA=")
    return Generation(data)


def named(seeds: Path, name: str) -> pl.Expr:
    """The page of this name, or that was read from this file."""
    names = {name}
    path = Path(os.path.abspath(name))  # noqa: PTH100 - a link stays what it is called
    if path.is_relative_to(seeds):
        names.add(path.relative_to(seeds).as_posix())
    return pl.col("page").is_in(sorted(names))


def parts_of(tables: Generation, page: pl.Expr, line: int) -> pl.DataFrame:
    """The rows of the ledger that make a line of a page."""
    lines = tables.scan(LINES).filter(page)
    parts = lines.filter(pl.col("line_no") == line).sort("page", "part").collect()
    if parts.is_empty():
        last = lines.select(pl.col("line_no").max()).collect().item()
        if last is None:
            raise CorrectingError("no such page in the results: name it as the column `page` of lines.parquet does")
        raise CorrectingError(f"the page has no line {line}: it has {last}")
    return parts.filter(page=parts["page"][0])


def _write(file: Path, rows: Iterable[dict[str, str]]) -> None:
    """Puts the rows into the file, all of them or none."""
    try:
        raw = file.read_bytes() if file.exists() else b""
        for row in rows:
            raw = with_row(raw, row)
    except UnreadableError as e:
        raise CorrectingError(f"{file}: {e.reason}: {e.detail}: mend it first") from None
    except csv.Error as e:
        raise CorrectingError(f"{file} is no CSV ({e}): mend it first") from None
    folder.write(file, raw)
