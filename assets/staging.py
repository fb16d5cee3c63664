"""Staged tables: what steps have made so far, each with a stamp that says what it was made from.

    staging/<table>.parquet            a whole table, or a folder of parts: <unit>.parquet
    staging/<table>.json               its stamp: without it the table is not there
    staging/<step>.units.json          the stamps of the parts of a step that works page by page

A unit is a fixed share of the pages; a step that works page by page makes one part of each of its tables for every
unit. So whoever dies on the way leaves whole units behind, and no mixture.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from assets import folder
from assets.folder import StoreError
from assets.parquet import TableWriter
from pipeline.tables import Table

UNITS = ".units.json"


class Part(NamedTuple):
    rows: int
    digest: str


@dataclass(frozen=True)
class Stamp:
    """What a staged table is: its content's hash, the hashes of what it was made from, its parts if it has some."""

    rows: int
    digest: str
    made_from: Mapping[str, str]
    parts: Mapping[str, Part] = field(default_factory=dict)


@dataclass(frozen=True)
class Unit:
    """The parts of one unit. `key`: what they were made from (None where that may change unseen); `maker`: what made
    them: where that changed, nothing of them may stay."""

    key: str | None
    maker: str
    tables: Mapping[str, Part]


class Written(NamedTuple):
    """A part that has not yet been moved to its place."""

    file: str  # in the folder of staged tables
    rows: int
    digest: str


@dataclass(frozen=True)
class Made:
    """The parts of a unit that were written, by table; as whoever wrote them tells whoever holds the folder."""

    unit: str
    key: str | None
    maker: str
    parts: Mapping[str, Written]

    def as_unit(self) -> Unit:
        parts = {name: Part(written.rows, written.digest) for name, written in self.parts.items()}
        return Unit(self.key, self.maker, parts)


class Parts:
    """Writers for the parts of one unit. What has been written is told when they are closed."""

    def __init__(self, writers: Mapping[Table, TableWriter]) -> None:
        self._writers = writers

    def write(self, frames: Mapping[Table, pl.DataFrame]) -> None:
        """The next rows of each table, in the order of its key; they conform to it."""
        for table, writer in self._writers.items():
            writer.append(frames[table])

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()

    @property
    def written(self) -> dict[str, Written]:
        return {
            table.name: Written(writer.path.name, writer.rows, writer.digest) for table, writer in self._writers.items()
        }


class Staging:
    """`versions` (name → hash) are what tables are made from beside tables: rules, model, code."""

    def __init__(self, root: Path, versions: Mapping[str, str]) -> None:
        self.root = root
        self.versions = versions

    def path(self, table: Table) -> Path:
        return self.root / f"{table.name}.parquet"

    # Stamps

    def stamp(self, name: str) -> Stamp | None:
        """The stamp of a staged table, None where the table is not there (or not whole)."""
        found = self.json(f"{name}.json")
        if found is None:
            return None
        try:
            parts = {unit: Part(*part) for unit, part in found.pop("parts", {}).items()}
            return Stamp(**found, parts=parts)
        except TypeError as e:
            raise StoreError(f"{self.root}/{name}.json can't be read ({e}): delete it and run again") from e

    def require(self, *tables: Table) -> dict[str, Stamp]:
        """The stamps of staged tables that a step starts from. StoreError where one is not there, or was made from
        something that is no longer what it was."""
        stamps = {}
        for table in tables:
            stamp = self.stamp(table.name)
            if stamp is None or not self.path(table).exists():
                raise StoreError(f"{self.path(table)} is not there: materialise `{table.name}` first")
            changed = self._changed(stamp)
            if changed:
                raise StoreError(
                    f"{self.path(table)} was made from other {changed} than there are now: "
                    f"materialise `{table.name}` first"
                )
            stamps[table.name] = stamp
        return stamps

    def sources(self, tables: Sequence[Table], versions: Sequence[str] = ()) -> dict[str, str]:
        """The hashes of what a step is made from, as they are now."""
        made_from = {name: stamp.digest for name, stamp in self.require(*tables).items()}
        return made_from | {name: self.versions[name] for name in versions}

    def is_made_from(self, sources: Mapping[str, str], tables: Sequence[Table]) -> bool:
        """Whether all the tables are there, made from just this."""
        stamps = [self.stamp(table.name) for table in tables]
        return all(stamp is not None and stamp.made_from == sources for stamp in stamps) and all(
            self.path(table).exists() for table in tables
        )

    def forget(self, table: Table) -> None:
        (self.root / f"{table.name}.json").unlink(missing_ok=True)

    def _changed(self, stamp: Stamp) -> str | None:
        for name, digest in stamp.made_from.items():
            if name in self.versions:
                if self.versions[name] != digest:
                    return name
                continue
            source = self.stamp(name)
            if source is None or source.digest != digest:
                return name
            deeper = self._changed(source)
            if deeper:
                return deeper
        return None

    def json(self, name: str) -> dict[str, Any] | None:
        try:
            found = json.loads((self.root / name).read_text())
            if not isinstance(found, dict):
                raise ValueError("no stamp")
            return found
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as e:
            raise StoreError(f"{self.root}/{name} can't be read ({e}): delete it and run again") from e

    # Whole tables

    @contextmanager
    def writers(self, tables: Sequence[Table], sources: Mapping[str, str]) -> Iterator[list[TableWriter]]:
        """A writer for each of some whole tables, made from `sources`. All of them appear when the block ends, none
        when it fails."""
        with ExitStack() as stack:
            self.root.mkdir(parents=True, exist_ok=True)
            writers = [self._writer(table, stack) for table in tables]
            yield writers
            for writer in writers:
                writer.close()
            for table in tables:
                self.forget(table)
            for writer in writers:
                writer.path.replace(self.path(writer.table))
            for writer in writers:
                self._stamp(writer.table, Stamp(writer.rows, writer.digest, sources))
            folder.sync(self.root)

    def _writer(self, table: Table, stack: ExitStack) -> TableWriter:
        """A writer to a temporary file, which is gone when the stack ends unless it was moved."""
        path = folder.temporary(self.root)
        stack.callback(path.unlink, missing_ok=True)
        writer = TableWriter(table, path)
        stack.callback(writer.abandon)
        return writer

    def _stamp(self, table: Table, stamp: Stamp) -> None:
        folder.write(self.root / f"{table.name}.json", json.dumps(asdict(stamp), indent=1))

    # Tables in parts

    def units(self, step: str) -> dict[str, Unit]:
        """The units that a step has made."""
        found = self.json(f"{step}{UNITS}") or {}
        return {
            unit: Unit(made["key"], made["maker"], {name: Part(*part) for name, part in made["tables"].items()})
            for unit, made in found.items()
        }

    def part(self, table: Table, unit: str) -> Path:
        return self.path(table) / f"{unit}.parquet"

    @contextmanager
    def parts(self, tables: Sequence[Table]) -> Iterator["Parts"]:
        """The parts of a unit, to be written piece by piece: into temporary files, which `place` moves. They stay when
        the block ends, and are gone when it fails. Whoever writes them needs not hold the folder."""
        with ExitStack() as stack:
            self.root.mkdir(parents=True, exist_ok=True)
            parts = Parts({table: self._writer(table, stack) for table in tables})
            yield parts
            parts.close()
            stack.pop_all()

    def place(self, step: str, made: Sequence["Made"], units: dict[str, Unit]) -> None:
        """Moves the parts of some units of a step to where they are read; `units` (all of the step's) is brought up to
        date. All of them appear, or none of these units is there."""
        done = {one.unit: one.as_unit() for one in made}
        moves = [
            (self.root / written.file, self.root / f"{name}.parquet" / f"{one.unit}.parquet")
            for one in made
            for name, written in one.parts.items()
        ]
        with ExitStack() as stack:
            for source, _ in moves:
                stack.callback(source.unlink, missing_ok=True)
            for path in {target.parent for _, target in moves}:
                if path.is_file():  # a whole table of an older version
                    path.unlink()
                path.mkdir(parents=True, exist_ok=True)
            if units.keys() & done.keys():
                self.keep(step, {unit: old for unit, old in units.items() if unit not in done})
            for source, target in moves:
                source.replace(target)
            units.update(done)
            self.keep(step, units)
            stack.pop_all()

    def keep(self, step: str, units: Mapping[str, Unit]) -> None:
        """Says which units a step has from now on."""
        # as it is done for every group of units: no copies, and no indent, which has another, slow writer
        told = json.dumps({unit: vars(units[unit]) for unit in sorted(units)})
        self.root.mkdir(parents=True, exist_ok=True)
        folder.write(self.root / f"{step}{UNITS}", told)

    def forget_units(self, step: str, names: Iterable[str]) -> None:
        """Has units made anew by the next run."""
        units = self.units(step)
        for unit in names:
            units.pop(unit, None)
        self.keep(step, units)

    def steps(self, tables: Sequence[Table]) -> list[str]:
        """The steps that make some of these tables in parts."""
        names = {table.name for table in tables}
        steps = [path.name.removesuffix(UNITS) for path in sorted(self.root.glob(f"*{UNITS}"))]
        return [step for step in steps if any(names & made.tables.keys() for made in self.units(step).values())]

    def gather(self, step: str, tables: Sequence[Table], sources: Mapping[str, str]) -> None:
        """Stamps tables that now have all their parts, and removes parts of units that are gone."""
        for table in tables:
            self._stamp(table, self.whole(step, table, sources))
        self.tidy(step)

    def whole(self, step: str, table: Table, sources: Mapping[str, str] | None = None) -> Stamp:
        """The stamp of a table that has all the parts of a step."""
        parts = {unit: made.tables[table.name] for unit, made in self.units(step).items()}
        digest = hashlib.blake2b(digest_size=16)
        for unit, part in parts.items():
            digest.update(f"{unit} {part.digest}\n".encode())
        return Stamp(sum(part.rows for part in parts.values()), digest.hexdigest(), sources or {}, parts)

    def tidy(self, step: str) -> None:
        """Removes the parts that no unit of a step has."""
        units = self.units(step)
        for name in {name for made in units.values() for name in made.tables}:
            for path in (self.root / f"{name}.parquet").glob("*.parquet"):
                if path.stem not in units:
                    path.unlink()

    # Reading

    def scan(self, table: Table) -> pl.LazyFrame:
        """A staged table, lazily; the rows of a table in parts come unit by unit."""
        stamp = self.stamp(table.name)
        if stamp is None:
            raise StoreError(f"{self.path(table)} is not there: materialise `{table.name}` first")
        return self.scan_units(table, stamp.parts) if stamp.parts else scan(self.path(table), table)

    def scan_units(self, table: Table, units: Iterator[str] | Sequence[str] | Mapping[str, object]) -> pl.LazyFrame:
        """The parts of some units of a table."""
        return scan([self.part(table, unit) for unit in units], table)


def grouped(parts: Mapping[str, Part], rows: int) -> Iterator[list[str]]:
    """Units in groups of about so many rows; one unit at least."""
    group: list[str] = []
    held = 0
    for unit, part in parts.items():
        if group and held + part.rows > rows:
            yield group
            group, held = [], 0
        group.append(unit)
        held += part.rows
    if group:
        yield group


def scan(path: Path | list[Path], table: Table) -> pl.LazyFrame:
    return pl.scan_parquet(path, schema=table.schema)
