"""Files of many records, as they are read: each in one pass into units of its own, one for every block of its records.

A file that is as it was costs nothing, one that has changed is read anew, whole, as one task. The steps that follow
take its units like any other.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import polars as pl

from assets import folder
from assets import seeds as drops
from assets.engine import Engine, together
from assets.staging import Made, Staging, Unit
from pipeline import tracking
from pipeline.read import read_records
from pipeline.records import Record, page
from pipeline.tables import READINGS, TEXTS, Table

STEP, TABLES = "read", (TEXTS, READINGS)
KEY = {name: READINGS.schema[name] for name in READINGS.key}
PACE = 5e-8  # CPU seconds that a byte of a file takes, about
TOGETHER = 32 << 20  # bytes of files that are placed together


@dataclass(frozen=True)
class File:
    """A file to be read. `columns`: what it calls its columns (None: that can't be used), `said`: what manifests say of
    it as a whole (SIDECAR), `key`: the digest of all that its units are made from."""

    found: drops.Found
    columns: Mapping[str, str] | None
    said: pl.DataFrame
    key: str

    @property
    def seconds(self) -> float:
        return PACE * (self.found.n_bytes or 0)


@dataclass(frozen=True)
class Reading:
    """Reads files into parts that wait to be placed. It is sent to workers."""

    staging: Staging
    maker: str

    def __call__(self, file: File) -> list[Made]:
        start = time.time_ns()
        made = []
        for number, block in enumerate(drops.blocks(file.found, file.columns)):
            with self.staging.parts(TABLES) as parts:
                parts.write(of_block(file.found.path, block, file.said))
            made.append(Made(_unit(file.found.path, number), file.key, self.maker, parts.written))
        if not drops.settled(file.found, start):
            made = [Made(one.unit, None, one.maker, one.parts) for one in made]
        return made


def of_block(path: str, block: Sequence[Record], said: pl.DataFrame) -> dict[Table, pl.DataFrame]:
    """TEXTS and READINGS of some records of a file."""
    texts, rejected = read_records(path, block, said)
    about = tracking.texts(texts).with_columns(weight=texts["text"].str.len_bytes().cast(pl.Int64))
    rows = (
        pl.DataFrame({"path": path, "record": [record.number for record in block]}, schema=KEY)
        .with_columns(page(), **dict.fromkeys(drops.STATE))  # the key of the unit tells whether the file has changed
        .join(about, on="page", how="left")
        .join(tracking.said(texts), on="page", how="left")
        .join(rejected, on=["path", "record"], how="left")
        .with_columns(pl.col("weight").fill_null(0), pl.col("sidecar").fill_null(tracking.NOTHING))
    )
    return {TEXTS: texts, READINGS: READINGS.conform(rows.sort(READINGS.key))}


def files(found: Iterable[drops.Found], columns: drops.Columns, sidecar: pl.DataFrame) -> list[File]:
    """All files of many records."""
    listed = []
    for file in drops.of_records(found):
        said, names = sidecar.filter(pl.col("page") == file.path), columns.of(file.path)
        state = (file.path, file.n_bytes, file.modified, file.changed, file.inode)
        made_from = (state, names and sorted(names.items()), said.select(tracking.SAID).rows())
        listed.append(File(file, names, said, hashlib.blake2b(repr(made_from).encode(), digest_size=16).hexdigest()))
    return listed


def refresh(
    engine: Engine, work: Reading, files: Sequence[File], advance: Callable[[int], None]
) -> dict[str, str | None]:
    """Brings the units of all files up to date. → their keys by name"""
    staging = work.staging
    units = staging.units(STEP)
    of_file = _by_file(units)
    there = {_name(file.found.path) for file in files}
    stale = []
    for file in files:
        have = of_file.get(_name(file.found.path), [])
        if have and all((units[unit].key, units[unit].maker) == (file.key, work.maker) for unit in have):
            advance(1)
        else:
            stale.append(file)
    _forget(staging, units, [unit for name, have in of_file.items() if name not in there for unit in have])
    try:
        with closing(engine.map(work, stale)) as done:  # type: ignore[type-var]
            # a large one alone, small ones some at a time, as each time all units are told
            for group in together(zip(stale, done, strict=True), lambda one: one[0].found.n_bytes or 0, TOGETHER):
                # All of them first: were only some replaced, the rest would pass for the whole file.
                _forget(staging, units, [unit for file, _ in group for unit in of_file.get(_name(file.found.path), [])])
                staging.place(STEP, [one for _, made in group for one in made], units)
                advance(len(group))
    except BaseException:
        folder.clean(staging.root)  # what workers had written
        raise
    return {unit: units[unit].key for have in _by_file(units).values() for unit in have}


def _forget(staging: Staging, units: dict[str, Unit], gone: Sequence[str]) -> None:
    for unit in gone:
        del units[unit]
    if gone:
        staging.keep(STEP, units)


def _by_file(units: Iterable[str]) -> dict[str, list[str]]:
    """The units of files of records, by the file's part of their names."""
    found: dict[str, list[str]] = {}
    for unit in units:
        name, dash, _ = unit.partition("-")
        if dash:
            found.setdefault(name, []).append(unit)
    return found


def _name(path: str) -> str:
    return hashlib.blake2b(path.encode(), digest_size=8).hexdigest()


def _unit(path: str, number: int) -> str:
    return f"{_name(path)}-{number:06d}"
