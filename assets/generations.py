"""Published tables: generations that are never changed again, the one that is live, and the links that readers open.

generations/000007-1f2e3d4c/   a set of tables with `facts.json`
current                        link to the generation that is live
<table>.parquet                links through `current`
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from assets import folder
from assets.folder import TEMPORARY, StoreError
from assets.parquet import groups
from assets.staging import Staging, Stamp, scan
from pipeline.tables import Table

KEPT = 5  # generations that stay, so that a reader keeps what it opened and a bad one can be rolled back


@dataclass(frozen=True)
class Published:
    generation: str
    new: bool
    rows: Mapping[str, int]


class Generations:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "generations"
        self.current = root / "current"

    def live(self) -> str | None:
        """The name of the generation that readers see."""
        try:
            return self.current.readlink().name
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as e:
            raise StoreError(f"{self.current} is not a link to a generation: move it away and run again") from e

    def names(self) -> list[str]:
        """All generations that are kept, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(p.name for p in self.folder.iterdir() if (p / "facts.json").exists() and p.name[:1] != ".")

    def facts(self, name: str) -> dict[str, object]:
        """What a generation says of itself; nothing where it can't be read."""
        try:
            found = json.loads((self.folder / name / "facts.json").read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def read(self, table: Table, columns: Sequence[str]) -> pl.DataFrame:
        """Columns of a table as readers see it; an empty one where there is none of this form yet."""
        try:
            return scan(self._live(table), table).select(columns).collect()
        except (OSError, pl.exceptions.PolarsError):
            return table.empty().select(columns)

    def batches(self, table: Table) -> Iterator[pl.DataFrame]:
        """The rows of a table that is one file, as readers see it, in batches; none where none is of this form."""
        try:
            yield from groups(self._live(table), table)
        except (OSError, pa.ArrowException, pl.exceptions.PolarsError):
            return

    def _live(self, table: Table) -> Path:
        return self.current.resolve() / f"{table.name}.parquet"

    def other_version(self, versions: Mapping[str, str]) -> str:
        """What of rules, model and program is another one than made the live generation; `program` if nothing is."""
        was = self.facts(self.live() or TEMPORARY).get("versions")
        others = [name for name in ("rules", "model") if isinstance(was, dict) and was.get(name) != versions.get(name)]
        return (*others, "program")[0]

    def publish(
        self,
        staging: Staging,
        stamps: Mapping[Table, Stamp],
        facts: Mapping[str, object],
        history: Sequence[Table],
        unseen: Mapping[Table, Stamp],
    ) -> Published:
        """Makes a generation of staged tables and swaps it in. The same content again changes nothing; what the tables
        of `history` say is of the way there, not content. `unseen` are kept beside, for the next run to compare."""
        told = {t.name: {"rows": s.rows, "blake2b": s.digest} for t, s in stamps.items()}
        content = {name: fact for name, fact in told.items() if name not in {t.name for t in history}}
        live = self.live()
        name = self._found(content)
        if name is None:
            lines = "".join(f"{table} {content[table]['blake2b']}\n" for table in sorted(content))
            name = f"{self._number() + 1:06}-{hashlib.blake2b(lines.encode(), digest_size=4).hexdigest()}"
            self._make(name, staging, {**stamps, **unseen}, {"tables": told, "after": live, **facts})
        folder.point(self.current, Path("generations") / name)
        for table in stamps:
            folder.point(self.root / f"{table.name}.parquet", Path("current") / f"{table.name}.parquet")
        self._prune(keep=name)
        return Published(name, name != live, {t.name: s.rows for t, s in stamps.items()})

    def rollback(self, to: str | None = None) -> tuple[str, str]:
        """Makes the generation numbered before the live one live, or the one that is named. → (from, to)"""
        live, names = self.live(), self.names()
        if live is None:
            raise StoreError(f"{self.root} holds no published tables: there is nothing to roll back")
        kept = ", ".join(f"{name} (live)" if name == live else name for name in names) or "none"
        if to is None:
            older = [name for name in names if name < live]
            if not older:
                raise StoreError(f"{self.root}: {live} is the oldest generation that is kept (there are: {kept})")
            to = older[-1]
        elif to not in names:
            raise StoreError(f"{self.root}: no generation {to} (there are: {kept})")
        folder.point(self.current, Path("generations") / to)
        return live, to

    def _number(self) -> int:
        return max((int(name[:6]) for name in self.names() if name[:6].isdigit()), default=0)

    def _found(self, content: Mapping[str, object]) -> str | None:
        """The generation with this content, if it is the live one, or the newest: it is that after a rollback, and
        where a run died between making it and swapping it in."""
        for name in (self.live(), *self.names()[-1:]):
            whole = all((self.folder / (name or TEMPORARY) / f"{table}.parquet").exists() for table in content)
            # The whole hashes count; that of the name is for people.
            if name and whole:
                held = self.facts(name).get("tables")
                if isinstance(held, dict) and {t: held.get(t) for t in content} == content:
                    return name
        return None

    def _make(self, name: str, staging: Staging, stamps: Mapping[Table, Stamp], facts: Mapping[str, object]) -> None:
        self.folder.mkdir(exist_ok=True)
        made = folder.temporary(self.folder)
        made.mkdir()
        try:
            for table, stamp in stamps.items():
                target = made / f"{table.name}.parquet"
                if stamp.parts:
                    target.mkdir()
                    for unit in stamp.parts:
                        folder.same_file(staging.part(table, unit), target / f"{unit}.parquet")
                    folder.sync(target)
                else:
                    folder.same_file(staging.path(table), target)
            folder.write(made / "facts.json", json.dumps(facts, indent=1, sort_keys=True) + "\n")
            folder.sync(made)
            made.replace(self.folder / name)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
        folder.sync(self.folder)

    def _prune(self, keep: str) -> None:
        for name in self.names()[:-KEPT]:
            if name != keep:
                # Away from its name first: nobody finds half a generation.
                gone = folder.temporary(self.folder)
                (self.folder / name).replace(gone)
                shutil.rmtree(gone)
