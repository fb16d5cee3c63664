"""The data folder as steps, checks and commands use it: its lock, its staged tables, its generations.

    DATA/.lock           held by the one writer          (lock.py)
    DATA/staging/        work in progress and what makes the next run short; without it that takes longer (staging.py)
    DATA/generations/    published tables, `current` and links to them                                (generations.py)

Nothing that a reader can open is ever written in place: files, folders and links are made under a temporary name
and moved. Nothing here knows what a table says.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from assets import folder, lock
from assets.folder import StoreError, told
from assets.generations import KEPT, Generations, Published
from assets.parquet import TableWriter, groups
from assets.staging import Staging, Stamp, grouped
from assets.verdicts import Verdicts
from pipeline.tables import Table

__all__ = ["KEPT", "Published", "Stamp", "Store", "StoreError", "apart"]

LISTING = "listing.json"  # the listings of the seeds folder that the staged and the published tables are of


def apart(seeds: Path, data: Path) -> None:
    """StoreError where results would be written among the pages (the next run would read them), or pages are read
    from among the results."""
    if data.resolve().is_relative_to(seeds.resolve()):
        raise StoreError(f"{data} is within the seeds folder {seeds}: choose a data folder outside of it")
    if seeds.resolve().is_relative_to(data.resolve()):
        raise StoreError(f"the seeds folder {seeds} is within the data folder {data}: choose one outside of it")


class Store:
    """A data folder. `versions` (name → hash) are what tables are made from beside tables: rules, model, code."""

    def __init__(self, root: Path, versions: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.versions = versions if versions is not None else {}
        self.staged = Staging(root / "staging", self.versions)
        self.verdicts = Verdicts(self.staged)
        self.published = Generations(root)
        self.staging = self.staged.root
        self.generations = self.published.folder
        self.current = self.published.current

    # One writer

    @contextmanager
    def lock(
        self, who: str, wait: float = 0, on_wait: Callable[[str], None] = lambda holder: None
    ) -> Iterator[str | None]:
        """Holds the folder for one writer, and removes what one that died left half done; see `lock.lock`."""
        with lock.lock(self.root, who, wait, on_wait) as died:
            with told(self.root):
                for place in (self.root, self.staging, self.generations):
                    folder.clean(place)
            yield died

    # Staged tables

    def path(self, table: Table) -> Path:
        """A staged table: a file, or a folder of parts."""
        return self.staged.path(table)

    def stamp(self, name: str) -> Stamp | None:
        return self.staged.stamp(name)

    def require(self, *tables: Table) -> dict[str, Stamp]:
        return self.staged.require(*tables)

    def is_current(self, tables: Sequence[Table], made_from: Sequence[Table], versions: Sequence[str]) -> bool:
        """Whether all the tables of a step are there, made from what there is now."""
        return self.staged.is_made_from(self.staged.sources(made_from, versions), tables)

    def made_with(self, *versions: str) -> str:
        return " ".join(self.versions[name] for name in versions)

    @contextmanager
    def step(
        self,
        tables: Sequence[Table],
        made_from: Sequence[Table] = (),
        versions: Sequence[str] = (),
        parts: tuple[str, Sequence[Table]] = ("", ()),
    ) -> Iterator[list[TableWriter]]:
        """A writer for each whole table of a step, which is made from staged tables and `versions`; `parts` names the
        step and its tables in parts, made meanwhile. All of the tables appear when the block ends, none when it
        fails."""
        sources = self.staged.sources(made_from, versions)
        step, parted = parts
        with told(self.root):
            for table in parted:
                self.staged.forget(table)
            with self.staged.writers(tables, sources) as writers:
                yield writers
            self.staged.gather(step, parted, sources)

    def read(self, table: Table) -> pl.DataFrame:
        return self.scan(table).collect()

    def scan(self, table: Table) -> pl.LazyFrame:
        """A staged table, lazily."""
        return self.staged.scan(table)

    def scan_parts(self, step: str, table: Table) -> pl.LazyFrame:
        """What a step has made page by page so far, lazily."""
        units = self.staged.units(step)
        return self.staged.scan_units(table, units) if units else table.empty().lazy()

    def size(self, table: Table) -> int:
        """Bytes of a staged table."""
        path = self.path(table)
        return sum(p.stat().st_size for p in path.iterdir()) if path.is_dir() else path.stat().st_size

    def batches(self, table: Table, rows: int) -> Iterator[pl.DataFrame]:
        """The staged rows: of a table in parts in frames of about so many, and of whole pages; else by row groups."""
        if self.require(table)[table.name].parts:
            for (frame,) in self.together(table, rows=rows):
                yield frame.collect()
        else:
            yield from groups(self.path(table), table)

    def together(self, *tables: Table, rows: int) -> Iterator[tuple[pl.LazyFrame, ...]]:
        """Some units of tables in parts at a time, of about so many rows of the first table: a frame for each table,
        lazily, with the rows of the same pages."""
        for units in grouped(self.require(tables[0])[tables[0].name].parts, rows):
            yield tuple(self.staged.scan_units(table, units) for table in tables)

    # Generations

    def live(self) -> str | None:
        return self.published.live()

    def names(self) -> list[str]:
        return self.published.names()

    def publish(
        self,
        tables: Sequence[Table],
        facts: Mapping[str, object] | None = None,
        history: Sequence[Table] = (),
        unseen: Mapping[Table, str] | None = None,
    ) -> Published:
        """Makes a generation of staged tables and swaps it in; see `Generations.publish`. `unseen`: what readers find
        no link to, and the step that makes it page by page."""
        stamps = self.require(*tables)
        with told(self.root):
            kept = {table: self.staged.whole(step, table) for table, step in (unseen or {}).items()}
            content = {table: stamps[table.name] for table in tables}
            done = self.published.publish(self.staged, content, facts or {}, history, kept)
            self._remember(published=self._listings().get("staged"))
            return done

    def rollback(self, to: str | None = None) -> tuple[str, str]:
        with told(self.root):
            return self.published.rollback(to)

    # What it is made of

    def saw(self, listing: str) -> None:
        """Says of which files the tables are that are staged from now on: the digest of their listing."""
        with told(self.root):
            self._remember(staged=listing)

    def taken_up(self) -> str | None:
        """The listing whose files were published last, if that is known."""
        return self._listings().get("published")

    def _remember(self, **listings: str | None) -> None:
        folder.write(self.staging / LISTING, json.dumps({**self._listings(), **listings}))

    def _listings(self) -> dict[str, str]:
        try:
            found = json.loads((self.staging / LISTING).read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}
