"""The data folder: one writer at a time, staged tables, generations, and the links that readers open.

    DATA/staging/<table>.parquet        work in progress, replaced table by table, each with its stamp (.json)
    DATA/generations/000007-1f2e3d4c/   a published set of tables with `facts.json`; never changed again
    DATA/current                        link to the generation that is live
    DATA/<table>.parquet                links through `current`: what readers open

Nothing that a reader can open is ever written in place: files, folders and links are made under a temporary name
and moved. Nothing here knows what a table says.
"""

import errno
import fcntl
import hashlib
import json
import os
import shutil
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from assets.parquet import PageReader, TableWriter
from pipeline.tables import Table

KEPT = 5  # generations that stay, so that a reader keeps what it opened and a bad one can be rolled back
TEMPORARY = ".tmp-"
LOCK = ".lock"


class StoreError(Exception):
    """What is wrong with the data folder; the message is one line that says what, where and what to do."""


def apart(seeds: Path, data: Path) -> None:
    """StoreError where results would be written among the pages (the next run would read them), or pages are read
    from among the results."""
    if data.resolve().is_relative_to(seeds.resolve()):
        raise StoreError(f"{data} is within the seeds folder {seeds}: choose a data folder outside of it")
    if seeds.resolve().is_relative_to(data.resolve()):
        raise StoreError(f"the seeds folder {seeds} is within the data folder {data}: choose one outside of it")


@dataclass(frozen=True)
class Stamp:
    """What a staged table is: its content's hash, and the hashes of what it was made from."""

    rows: int
    digest: str
    made_from: Mapping[str, str]


@dataclass(frozen=True)
class Published:
    generation: str
    new: bool
    rows: Mapping[str, int]


class Store:
    """A data folder. `versions` (name → hash) are what tables are made from beside tables: rules, settings."""

    def __init__(self, root: Path, versions: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.versions = dict(versions or {})
        self.staging = root / "staging"
        self.generations = root / "generations"
        self.current = root / "current"

    # One writer

    @contextmanager
    def lock(
        self, who: str, wait: float = 0, on_wait: Callable[[str], None] = lambda holder: None
    ) -> Iterator[str | None]:
        """Holds the folder for one writer; the next waits up to `wait` seconds for it, then gives up. The lock
        dies with its process; the next holder is given the name of one that died, and removes its leftovers."""
        with self._told():
            self.root.mkdir(parents=True, exist_ok=True)
            # Not inherited by workers that are started anew; a forked one has to end with its run.
            handle = os.open(self.root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            self._await(handle, wait, on_wait)
            with self._told():
                died = _named(handle)
                os.ftruncate(handle, 0)
                os.pwrite(handle, f"{who}, process {os.getpid()} on {socket.gethostname()}".encode(), 0)
                self._clean()
            try:
                yield died
            finally:
                os.ftruncate(handle, 0)
        finally:
            os.close(handle)

    def is_held(self) -> bool:
        """Whether a writer that is alive has the folder."""
        try:
            handle = os.open(self.root / LOCK, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False

    def _await(self, handle: int, wait: float, on_wait: Callable[[str], None]) -> None:
        deadline = time.monotonic() + wait
        said = False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                holder = _named(handle) or "another process"
            if time.monotonic() >= deadline:
                raise StoreError(
                    f"{self.root} is being written by {holder}: wait until that ends (or end it), then run again"
                )
            if not said:
                on_wait(holder)
                said = True
            time.sleep(0.1)

    def _clean(self) -> None:
        """Removes what dead writers left; only whoever holds the lock may call it."""
        for folder in (self.root, self.staging, self.generations):
            if folder.is_dir():
                for left in folder.glob(f"{TEMPORARY}*"):
                    shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()

    # Staged tables

    def path(self, table: Table) -> Path:
        return self.staging / f"{table.name}.parquet"

    def stamp(self, name: str) -> Stamp | None:
        """The stamp of a staged table, None where the table is not there (or not whole)."""
        try:
            return Stamp(**json.loads((self.staging / f"{name}.json").read_text()))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, TypeError) as e:
            raise StoreError(f"{self.staging}/{name}.json can't be read ({e}): delete it and run again") from e

    def require(self, *tables: Table) -> dict[str, Stamp]:
        """The stamps of staged tables that a step starts from. StoreError where one is not there, or was made from
        something that is no longer what it was."""
        stamps = {}
        for table in tables:
            stamp = self.stamp(table.name)
            if stamp is None or not self.path(table).is_file():
                raise StoreError(f"{self.path(table)} is not there: materialise `{table.name}` first")
            changed = self._changed(stamp)
            if changed:
                raise StoreError(
                    f"{self.path(table)} was made from other {changed} than there are now: "
                    f"materialise `{table.name}` first"
                )
            stamps[table.name] = stamp
        return stamps

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

    @contextmanager
    def writers(
        self, tables: Sequence[Table], made_from: Sequence[Table] = (), versions: Sequence[str] = ()
    ) -> Iterator[list[TableWriter]]:
        """A writer for each of the tables of a step, which is made from staged tables and `versions`. All of them
        appear when the block ends, none when it fails."""
        sources = {name: stamp.digest for name, stamp in self.require(*made_from).items()}
        sources |= {name: self.versions[name] for name in versions}
        with self._told(), ExitStack() as stack:
            self.staging.mkdir(parents=True, exist_ok=True)
            writers = []
            for table in tables:
                path = self._temporary(self.staging)
                stack.callback(path.unlink, missing_ok=True)
                writer = TableWriter(table, path)
                stack.callback(writer.abandon)
                writers.append(writer)
            yield writers
            for writer in writers:
                writer.close()
            # Without its stamp a table is not there. So whoever dies on the way leaves no mixture behind.
            for table in tables:
                (self.staging / f"{table.name}.json").unlink(missing_ok=True)
            for writer in writers:
                writer.path.replace(self.path(writer.table))
            for writer in writers:
                stamp = Stamp(writer.rows, writer.digest, sources)
                self._write(self.staging / f"{writer.table.name}.json", json.dumps(asdict(stamp), indent=1))
            _sync(self.staging)

    @contextmanager
    def table_writer(self, table: Table, made_from: Sequence[Table] = ()) -> Iterator[TableWriter]:
        with self.writers([table], made_from) as (writer,):
            yield writer

    def read(self, table: Table) -> pl.DataFrame:
        return self.scan(table).collect()

    def scan(self, table: Table) -> pl.LazyFrame:
        """A staged table, lazily."""
        return scan(self.path(table), table)

    def batches(self, table: Table, pages: int) -> Iterator[pl.DataFrame]:
        """The staged rows, in frames of `pages` whole pages or fewer."""
        with self._reader(table) as reader:
            yield from reader.batches(pages)

    def together(self, table: Table, *others: Table, pages: int) -> Iterator[tuple[pl.DataFrame, ...]]:
        """Batches of `table`, each with the rows of `others` that are of the same pages. Rows of others that come in
        another order, or are of no page of `table`, come last, beside an empty frame."""
        with ExitStack() as stack:
            main = stack.enter_context(self._reader(table))
            rest = [stack.enter_context(self._reader(other)) for other in others]
            for batch in main.batches(pages):
                names = batch["page"].unique()
                yield (batch, *(reader.take(names) for reader in rest))
            left = [pl.concat([other.empty(), *reader.rest()]) for other, reader in zip(others, rest, strict=True)]
            if any(len(frame) for frame in left):
                yield (table.empty(), *left)

    def _reader(self, table: Table) -> PageReader:
        try:
            return PageReader(self.path(table), table)
        except (pa.ArrowInvalid, OSError) as e:
            raise StoreError(f"{self.path(table)} can't be read: materialise `{table.name}` again") from e

    # Generations

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
        if not self.generations.is_dir():
            return []
        return sorted(p.name for p in self.generations.iterdir() if not p.name.startswith(TEMPORARY))

    def publish(self, tables: Sequence[Table], facts: Mapping[str, object] | None = None) -> Published:
        """Makes a generation of staged tables and swaps it in. The same content again changes nothing."""
        stamps = self.require(*tables)
        content = hashlib.blake2b(
            "".join(f"{name} {stamps[name].digest}\n" for name in sorted(stamps)).encode(), digest_size=4
        ).hexdigest()
        rows = {name: stamp.rows for name, stamp in stamps.items()}
        with self._told():
            live = self.live()
            name = self._found(stamps)
            if name is None:
                name = f"{self._number() + 1:06}-{content}"
                self._make(name, tables, {"tables": _facts(stamps), **(facts or {})})
            self._link(self.current, Path("generations") / name)
            for table in tables:
                self._link(self.root / f"{table.name}.parquet", Path("current") / f"{table.name}.parquet")
            self._prune(keep=name)
        return Published(name, name != live, rows)

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
        with self._told():
            self._link(self.current, Path("generations") / to)
        return live, to

    def _number(self) -> int:
        return max((int(name[:6]) for name in self.names() if name[:6].isdigit()), default=0)

    def _found(self, stamps: Mapping[str, Stamp]) -> str | None:
        """The generation with this content, if it is the live one, or the newest: it is that after a rollback, and
        where a run died between making it and swapping it in."""
        for name in (self.live(), *self.names()[-1:]):
            folder = self.generations / (name or TEMPORARY)
            whole = all((folder / f"{table}.parquet").is_file() for table in stamps)
            # The whole hashes count; that of the name is for people.
            if whole and json.loads((folder / "facts.json").read_text())["tables"] == _facts(stamps):
                return name
        return None

    def _make(self, name: str, tables: Sequence[Table], facts: Mapping[str, object]) -> None:
        self.generations.mkdir(exist_ok=True)
        folder = self._temporary(self.generations)
        folder.mkdir()
        try:
            for table in tables:
                _same_file(self.path(table), folder / f"{table.name}.parquet")
            self._write(folder / "facts.json", json.dumps(facts, indent=1, sort_keys=True) + "\n")
            _sync(folder)
            folder.replace(self.generations / name)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        _sync(self.generations)

    def _link(self, link: Path, target: Path) -> None:
        """Points a link somewhere else in one step."""
        if link.is_symlink() and link.readlink() == target:
            return
        if link.is_dir() and not link.is_symlink():
            raise StoreError(f"{link} is a folder where a link should be: move it away and run again")
        temporary = self._temporary(self.root)
        temporary.symlink_to(target)
        temporary.replace(link)
        _sync(self.root)

    def _prune(self, keep: str) -> None:
        for name in self.names()[:-KEPT]:
            if name != keep:
                # Away from its name first: nobody finds half a generation.
                gone = self._temporary(self.generations)
                (self.generations / name).replace(gone)
                shutil.rmtree(gone)

    # Files

    def _temporary(self, folder: Path) -> Path:
        return folder / f"{TEMPORARY}{uuid.uuid4().hex}"

    def _write(self, path: Path, text: str) -> None:
        temporary = self._temporary(path.parent)
        with temporary.open("x") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the file system in the data folder as one line that says what to do."""
        try:
            yield
        except OSError as e:
            where = Path(e.filename) if isinstance(e.filename, str) else self.root
            if not where.is_relative_to(self.root):
                raise  # something else that was done while a table was being written
            if e.errno in (errno.ENOSPC, errno.EDQUOT):
                what = f"no space left for {self.root}: free some, or choose another data folder"
            elif e.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
                what = f"{where} can't be written: make it writable, or choose another data folder"
            elif e.errno in (errno.ENOTDIR, errno.EEXIST):
                what = f"{where} is not a folder: choose another data folder"
            else:
                what = f"{where}: {(e.strerror or str(e)).lower()}: mend that, or choose another data folder"
            raise StoreError(what) from e


def _named(handle: int) -> str | None:
    """Who holds the lock, or held it when it died."""
    return " ".join(os.pread(handle, 1000, 0).decode(errors="replace").split()) or None


def scan(path: Path, table: Table) -> pl.LazyFrame:
    return pl.scan_parquet(path, schema=table.schema)


def _facts(stamps: Mapping[str, Stamp]) -> dict[str, object]:
    """What is in a generation; from content alone, so that the same content has the same facts."""
    return {name: {"rows": stamp.rows, "blake2b": stamp.digest} for name, stamp in stamps.items()}


def _same_file(source: Path, target: Path) -> None:
    """A second name for a staged file. Staged files are replaced, never written to, so that costs no copy."""
    try:
        os.link(source, target)
    except OSError as e:
        if e.errno not in (errno.EPERM, errno.ENOTSUP, errno.EXDEV, errno.EMLINK, errno.ENOSYS):
            raise
        shutil.copy2(source, target)  # a file system without hard links
        _sync(target)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
