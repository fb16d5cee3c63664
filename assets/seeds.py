"""The seeds folder: what lies in it, and its bytes in batches. The only place that walks and opens drops.

What the bytes say is the read step's business. Symbolic links are never followed: a link to a place within the
folder would count its pages twice, one to a place outside would read what nobody dropped here.
"""

import errno
import hashlib
import os
import re
import stat
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import polars as pl

from pipeline.corrections import agreed
from pipeline.corrections import corrections as parse_corrections
from pipeline.faults import MAX_PAGE_BYTES, Rejection, UnreadableError, one_per_record, rejections
from pipeline.faults import TODO as READ_TODO
from pipeline.manifest import SIDECAR, manifest
from pipeline.records import FORMS, Record, fault, pages, records
from pipeline.records import blocks as blocks_of
from pipeline.records import columns as parse_columns
from pipeline.tables import FILES, GIVEN

# Every reason that this module rejects for, and what the user can do about it.
TODO = {
    **READ_TODO,
    "file-name": "Rename it, and the folders it is in, so that every name is UTF-8.",
    "markup": READ_TODO["html"],
    "record-name": "Rename it: names that end so are those of records.",
    "many-records": "Save it as JSON Lines (.jsonl: on each line an object with a key `text`) or as Parquet.",
    "archive": "Unpack it into the folder, and remove it.",
    "not-a-page": "Put each page as flattened text into a .txt or .txt.gz file of its own, or many into a .jsonl.",
    "not-a-file": "Remove it from the folder.",
    "broken-link": "Remove the link, or mend where it points to.",
    "outside": "Copy what it points to into the folder, or run on that place instead.",
    "large-table": "Split it: a manifest or corrections in each folder of the drop.",
    "no-such-file": "Correct the file name in the manifest, or remove the row.",
    "duplicate-file": "Keep one row for each file; that of the manifest nearest to it was used.",
}

BACKSLASH = "\\"
MANIFEST, CORRECTIONS, COLUMNS = "manifest.csv", "corrections.csv", "columns.toml"
MAX_TABLE_BYTES = 256 * 2**20
_PAGES = ("", "txt", "text")
_KINDS = {
    **dict.fromkeys(("html", "htm", "xhtml", "mht", "xml", "rss"), ("markup", "markup, not text")),
    **dict.fromkeys(("json", "csv", "tsv", "xlsx", "avro", "arrow"), ("many-records", "not a form that is read")),
    **dict.fromkeys(("warc", "wat", "arc"), ("no-conversion", "no text")),
    **dict.fromkeys(("zip", "tar", "tgz", "7z", "rar", "bz2", "xz", "zst"), ("archive", "not unpacked")),
}
_LIKE_RECORD = re.compile(rf"(?i)\.(?:{'|'.join(FORMS)})(?:\.gz|\.zst)?#[0-9]+\Z")
# A page is measured by what it holds once unpacked, about.
_GZIP_FACTOR = 5
# Shares of the pages that are kept together: so many at the least, and so many times as many wherever else one would
# have more pages than that on average. Each costs some hundredths of a second; a new page, the writing of its own.
UNITS, TIMES, UNIT_PAGES = 16, 4, 1_000
# Nanoseconds in which a file may change twice and its times once: the coarsest clock of a file system (FAT's).
_GRAIN = 2 * 10**9
_TRIES = 3  # at a file that changes while it is read
# Files that are open at a time, and bytes of each that the system is asked for ahead: a disk fetches many at once, and
# a file that nobody waits for costs a third of the CPU time.
_AHEAD, _FETCHED = 64, 2**20
STATE = pl.Schema({"n_bytes": pl.Int64, "modified": pl.Int64, "changed": pl.Int64, "inode": pl.UInt64})


class SeedsError(Exception):
    """The seeds folder can't be used; the message is one line: what, where, what to do."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file below the seeds folder (or a folder or link that is not entered).

    `path` is relative to the folder, with `/` between its parts; a backslash in it is doubled and a byte that is
    not UTF-8 written as `\\xNN`, so that no two files share one. `n_bytes`, `modified` and `changed` (nanoseconds
    since 1970; the latter of the inode) and `inode` are None where they can't be had. `fate` is None for a page that
    is to be read, else `rejected` (for a `reason` of `TODO`) or `ignored` (`reason`: hidden, read-me, manifest,
    corrections, columns or link); `why` says it. `form` is that of a file of many records to be read.
    """

    path: str
    location: str
    n_bytes: int | None = None
    modified: int | None = None
    changed: int | None = None
    inode: int | None = None
    fate: str | None = None
    reason: str | None = None
    why: str | None = None
    form: str | None = None


class Batch(NamedTuple):
    """The bytes of some files (path, raw), how they were found (path and STATE), and REJECTED for those that could no
    longer be read."""

    raw: pl.DataFrame
    states: pl.DataFrame
    rejected: pl.DataFrame


def find(seeds: Path) -> list[Found]:
    """Everything below the seeds folder, sorted by path. SeedsError where the folder itself can't be read."""
    try:
        root = os.path.realpath(seeds, strict=True)
        with os.scandir(root):
            pass
    except FileNotFoundError:
        raise SeedsError(f"no seeds folder at {seeds}: create it and put pages in, or name another") from None
    except NotADirectoryError:
        raise SeedsError(f"seeds is no folder: {seeds}: name the folder that the pages are in") from None
    except OSError as e:
        raise SeedsError(f"can't read the seeds folder {seeds}: {_fault(e)[1]}: mend that and run again") from e
    return sorted(_walk(root), key=lambda found: found.path)


def fingerprint(found: Iterable[Found]) -> tuple[str, float]:
    """A digest of all that a listing of the folder shows, and when its newest file was changed (seconds since 1970);
    hidden files and folders don't count."""
    rows = [(f.path, f.n_bytes, f.modified, f.inode, f.reason) for f in found if f.reason != "hidden"]
    digest = hashlib.blake2b("\n".join(map(repr, rows)).encode(), digest_size=16).hexdigest()
    return digest, max((row[2] or 0 for row in rows), default=0) / 1e9


def single(found: Iterable[Found]) -> Iterator[Found]:
    """The files to be read that are one page each."""
    return (file for file in found if file.fate is None and file.form is None)


def of_records(found: Iterable[Found]) -> Iterator[Found]:
    """The files to be read that hold many pages."""
    return (file for file in found if file.fate is None and file.form is not None)


def listing(found: Iterable[Found]) -> pl.DataFrame:
    """The files to be read that are one page each → path, STATE, `unit` (the share of the pages that it belongs to, by
    its path and their number alone) and `weight` (bytes of text, about)."""
    pages = list(single(found))
    n = units(len(pages))
    rows = [(f.path, f.n_bytes, f.modified, f.changed, f.inode, unit(f.path, n)) for f in pages]
    schema = pl.Schema([("path", pl.String), *STATE.items(), ("unit", pl.String)])
    packed = pl.col("path").str.to_lowercase().str.ends_with(".gz")
    weight = pl.col("n_bytes").fill_null(0) * pl.when(packed).then(_GZIP_FACTOR).otherwise(1)
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(weight=weight)


def units(pages: int) -> int:
    """How many units so many pages are dealt to; so neither order nor history of the drops shows."""
    n = UNITS
    while pages > n * UNIT_PAGES:
        n *= TIMES
    return n


def unit(path: str, of: int) -> str:
    """The unit of a page among so many. Where they become more a part of each one's pages stays in it."""
    return nth_unit(zlib.crc32(path.encode()) % of)


def nth_unit(number: int) -> str:
    return f"{number:04x}"


def at(seeds: Path, path: str) -> Found:
    """The page of a path, wherever it is to be opened."""
    return Found(path, f"{seeds}/{path.replace(2 * BACKSLASH, BACKSLASH)}")


def load(group: Iterable[Found]) -> Batch:
    """The bytes of a group of files, in its order."""
    paths: list[str] = []
    raws: list[bytes] = []
    states: list[tuple[int | None, ...]] = []
    faults: list[Rejection] = []
    pages = iter(group)
    while ahead := list(islice(pages, _AHEAD)):
        with ExitStack() as held:
            opened: list[tuple[str, int]] = []
            for page in ahead:
                try:
                    opened.append((page.path, _open(page.location, held)))
                except OSError as e:
                    faults.append(Rejection(page.path, 0, *_fault(e)))
            for path, descriptor in opened:
                try:
                    # One byte past the bound shows the read step that a file has grown beyond it.
                    raw, state = _read(descriptor, MAX_PAGE_BYTES + 1)
                except OSError as e:
                    faults.append(Rejection(path, 0, *_fault(e)))
                else:
                    paths.append(path)
                    raws.append(raw)
                    states.append(state)
    named = pl.DataFrame({"path": paths}, schema={"path": pl.String})
    return Batch(
        named.with_columns(raw=pl.Series(raws, dtype=pl.Binary)),
        named.hstack(pl.DataFrame(states, schema=STATE, orient="row")),
        rejections(faults, TODO),
    )


class Columns(NamedTuple):
    """What the record files call their columns (`records.columns`), by folder; None where that can't be used."""

    by_folder: Mapping[str, Mapping[str, str] | None]

    def of(self, path: str) -> Mapping[str, str] | None:
        """Those of a file: of its own folder, or of the nearest one above that says any."""
        while path:
            path = path.rpartition("/")[0]
            if path in self.by_folder:
                return self.by_folder[path]
        return {}


def columns(found: Iterable[Found]) -> tuple[Columns, pl.DataFrame]:
    """What all files of columns say, and REJECTED."""
    by_folder: dict[str, Mapping[str, str] | None] = {}
    faults: list[Rejection] = []
    for file in found:
        if file.reason == "columns":
            folder = file.path.rpartition("/")[0]
            try:
                by_folder[folder] = parse_columns(_table(file))
            except UnreadableError as e:
                by_folder[folder] = None
                faults.append(Rejection(file.path, 0, e.reason, e.detail))
    return Columns(by_folder), rejections(faults, TODO)


def blocks(file: Found, columns: Mapping[str, str] | None) -> Iterator[list[Record]]:
    """The records of a file, block by block; one block at least. Its bytes are read as they are needed."""
    if columns is None:
        yield [fault(0, "broken-columns", f"the {COLUMNS} of its folder, or of one above, can't be used")]
        return
    try:
        with ExitStack() as held:
            stream = held.enter_context(open(_open(file.location, held), "rb", closefd=False))
            yield from blocks_of(records(stream, file.form or "", columns))
    except OSError as e:
        yield [fault(0, *_fault(e))]


def everything(found: Iterable[Found]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The bytes of all pages (path, record, raw) and what is said of them, in memory: for few pages."""
    found = list(found)
    sidecar, (names, _) = sidecars(found)[0], columns(found)
    raws, told = [load(single(found)).raw.with_columns(record=pl.lit(0, pl.Int32))], [sidecar]
    for file in of_records(found):
        for block in blocks(file, names.of(file.path)):
            raw, said, _ = pages(file.path, block, sidecar)
            raws.append(raw.select(raws[0].columns))
            told.append(said)
    return pl.concat(raws), pl.concat(told)


def settled(file: Found, start: int) -> bool:
    """Whether a file that was read from `start` on (nanoseconds since 1970) is as it was found, and a later look will
    tell if it has changed since."""
    try:
        now = _state(Path(file.location).lstat())
    except OSError:
        return False
    return now == (file.n_bytes, file.modified, file.changed, file.inode) and max(now[1:3]) < start - _GRAIN


def sidecars(found: Iterable[Found]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What all manifests say: SIDECAR (page unique) and REJECTED for manifests and rows that can't be used.

    Where two manifests name a file, the one in the nearer folder counts.
    """
    found = list(found)
    sides, faults = _told(found, "manifest", manifest)
    missing: list[Rejection] = []
    depth = pl.col("manifest").str.count_matches("/", literal=True)
    rows = pl.concat([SIDECAR.to_frame(), *sides]).sort(depth, "manifest", "record", descending=[True, False, False])
    exists = pl.col("page").is_in([file.path for file in found])
    used = pl.col("page").is_first_distinct()
    for name, record, page in _keys(rows.filter(~exists)):
        missing.append(Rejection(name, record, "no-such-file", f"no file {page}"))
    for name, record, page in _keys(rows.filter(exists & ~used)):
        missing.append(Rejection(name, record, "duplicate-file", f"{page} stands in another manifest too"))
    return rows.filter(exists & used).sort("page"), one_per_record(pl.concat([faults, rejections(missing, TODO)]))


def corrections(found: Iterable[Found]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What all files of corrections say: GIVEN and REJECTED. They hold for pages in any folder."""
    given, faults = _told(found, "corrections", parse_corrections)
    usable, against = agreed(pl.concat([GIVEN.empty(), *given]))
    return usable, one_per_record(pl.concat([faults, against]))


def _told(
    found: Iterable[Found], kind: str, parse: Callable[[str, bytes], tuple[pl.DataFrame, pl.DataFrame]]
) -> tuple[list[pl.DataFrame], pl.DataFrame]:
    """What `parse` makes of each table of a kind that users wrote, and REJECTED of all."""
    told: list[pl.DataFrame] = []
    rejected: list[pl.DataFrame] = []
    faults: list[Rejection] = []
    for file in found:
        if file.reason == kind:
            try:
                good, bad = parse(file.path, _table(file))
            except UnreadableError as e:
                faults.append(Rejection(file.path, 0, e.reason, e.detail))
                continue
            told.append(good)
            rejected.append(bad)
    return told, pl.concat([*rejected, rejections(faults, TODO)])


def _table(file: Found) -> bytes:
    """The bytes of a table that a user wrote; else UnreadableError, for a reason of `TODO`."""
    try:
        with ExitStack() as held:
            raw, _ = _read(_open(file.location, held), MAX_TABLE_BYTES + 1)
    except OSError as e:
        raise UnreadableError(*_fault(e)) from None
    if len(raw) > MAX_TABLE_BYTES:
        raise UnreadableError("large-table", f"more than {MAX_TABLE_BYTES} bytes")
    return raw


def rejected(found: Iterable[Found]) -> pl.DataFrame:
    """REJECTED for the files that are rejected unread."""
    faults = (Rejection(f.path, 0, f.reason or "", f.why or "") for f in found if f.fate == "rejected")
    return rejections(faults, TODO)


def files(found: Iterable[Found], read: pl.DataFrame, rejected: pl.DataFrame) -> pl.DataFrame:
    """FILES, sorted by path: what became of every file, by the pages `read` (path, record) and all that was rejected
    (path, record, reason, detail). ValueError where a file is neither read, rejected nor ignored."""
    listed = pl.DataFrame(
        [(f.path, f.n_bytes, f.fate, f.why) for f in found],
        schema={"path": pl.String, "n_bytes": pl.Int64, "fate": pl.String, "why": pl.String},
        orient="row",
    )
    counted = read.group_by("path").agg(n_read=pl.len())
    whole, told = pl.col("record") == 0, pl.format("{}: {}", "reason", "detail")
    # A record that was read may be there for a cell that can't be used.
    unread = rejected.join(read, on=["path", "record"], how="anti", maintain_order="left")
    refused = unread.group_by("path", maintain_order=True).agg(
        n_rejected=(~whole).sum(), refused=told.filter(whole).first(), first=told.first()
    )
    table = (
        listed.join(counted, on="path", how="left")
        .join(refused, on="path", how="left")
        .with_columns(
            pl.col("n_read", "n_rejected").fill_null(0),
            refused=pl.coalesce(
                "refused", pl.when(pl.col("fate").is_null() & pl.col("n_read").is_null()).then("first")
            ),
        )
        .with_columns(
            why=pl.coalesce("refused", "why"),
            fate=pl.when(pl.col("refused").is_not_null())
            .then(pl.lit("rejected"))
            .when(pl.col("fate").is_not_null())
            .then("fate")
            .when(pl.col("n_read") > 0)
            .then(pl.lit("read")),
        )
    )
    lost = table.filter(pl.col("fate").is_null())["path"]
    if len(lost):
        raise ValueError(f"{len(lost)} files were neither read nor rejected, e.g. {lost[0]}")
    return FILES.conform(table.sort("path"))


def _keys(rows: pl.DataFrame) -> Iterator[tuple[str, int, str]]:
    return rows.select("manifest", "record", "page").iter_rows()


def _walk(root: str) -> Iterator[Found]:
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    found = _look(entry, root)
                    if found:
                        yield found
                    else:
                        folders.append(entry.path)
        except OSError as e:
            reason, why = _fault(e)
            why = f"a folder; {why}"
            yield Found(_escaped(_relative(folder, root)), folder, fate="rejected", reason=reason, why=why)


def _look(entry: "os.DirEntry[str]", root: str) -> Found | None:
    """An entry of a folder, judged by all but its bytes; None for a folder to be entered."""
    relative = _relative(entry.path, root)
    state: tuple[int, int, int, int] | tuple[None, None, None, None] = (None, None, None, None)
    verdict: tuple[str, str, str] | None
    try:
        hidden = entry.name.startswith(".")
        if entry.is_symlink() and not hidden:
            verdict = _link(entry.path, root)
        elif entry.is_dir(follow_symlinks=False):
            if not hidden:
                return None
            verdict = ("ignored", "hidden", "a hidden folder")
        else:
            status = entry.stat(follow_symlinks=False)
            state = _state(status)
            verdict = _file(entry.name, relative, status)
    except OSError as e:
        verdict = ("rejected", *_fault(e))
    form = None if verdict or entry.name.endswith(".txt") else FORMS.get(_extension(entry.name))
    rest: tuple[str | None, ...] = (*(verdict or (None, None, None)), form)
    return Found(_escaped(relative), entry.path, *state, *rest)


def _file(name: str, relative: str, status: os.stat_result) -> tuple[str, str, str] | None:
    """Fate, reason and why of a file that is no page to be read."""
    if name.startswith("."):
        return "ignored", "hidden", "a hidden file"
    if not stat.S_ISREG(status.st_mode):
        return "rejected", "not-a-file", "a pipe, socket or device"
    if relative.isascii() and name.endswith(".txt") and name[:6].lower() != "readme":
        return _size(status)  # what most files are, without a look at all that they could be
    if re.fullmatch(r"(?i)readme(\..*)?", name):
        return "ignored", "read-me", "a read-me"
    if name.lower() == MANIFEST:
        return "ignored", "manifest", "the manifest of its folder"
    if name.lower() == CORRECTIONS:
        return "ignored", "corrections", "corrections of lines"
    if name.lower() == COLUMNS:
        return "ignored", "columns", "what the record files of its folder call their columns"
    if not _is_utf8(relative):
        return "rejected", "file-name", "its name or that of a folder above is not UTF-8"
    if _LIKE_RECORD.search(name):
        return "rejected", "record-name", "it is named as a record of a file"
    extension = _extension(name)
    packed = name.lower().endswith(".zst") and extension not in ("jsonl", "ndjson")
    if packed or (extension == "parquet" and name.lower().endswith(".gz")):
        return "rejected", "archive", f".{name.lower().rpartition('.')[2]}: not unpacked"
    if extension in FORMS:
        return None
    if extension not in _PAGES:
        reason, why = _KINDS.get(extension, ("not-a-page", "only .txt, .text and names without extension are read"))
        return "rejected", reason, f".{extension}: {why}"
    return _size(status)


def _size(status: os.stat_result) -> tuple[str, str, str] | None:
    return ("rejected", "too-large", f"{status.st_size} bytes") if status.st_size > MAX_PAGE_BYTES else None


def _extension(name: str) -> str:
    """Lower-case, without its dot and a final `.gz` or `.zst`; digits alone (`story-10.30`) are none."""
    found = re.search(r"(?i)\.(?=[0-9]*[a-z])([a-z0-9]{1,8})(?:\.gz|\.zst)?$", name)
    return found[1].lower() if found and found[0].lower() != ".gz" else ""


def _link(location: str, root: str) -> tuple[str, str, str]:
    target = _printable(str(Path(location).readlink()))
    try:
        place = os.path.realpath(location, strict=True)
    except OSError as e:
        why = "points to itself" if e.errno == errno.ELOOP else f"points to {target}: {_fault(e)[1]}"
        return "rejected", "broken-link", why
    if place == root or place.startswith(root + os.sep):
        return "ignored", "link", f"a link to {target}, which is read where it lies"
    return "rejected", "outside", f"a link to {target}, which is outside of the folder"


def _read(descriptor: int, most: int) -> tuple[bytes, tuple[int | None, ...]]:
    """The first `most` bytes of a file, and its STATE then. A file that changed meanwhile is read again. `modified` is
    None where a later look could not tell that it has changed: where it goes on changing, and where it was changed
    within a clock's grain of being read (git's rule)."""
    for _ in range(_TRIES):
        start = time.time_ns()
        before = _state(os.fstat(descriptor))
        n_bytes, modified, changed, inode = before
        raw = os.pread(descriptor, min(n_bytes, most), 0)
        if len(raw) == min(n_bytes, most) and before == _state(os.fstat(descriptor)):
            settled = max(modified, changed) < start - _GRAIN
            return raw, (n_bytes, modified if settled else None, changed, inode)
    return raw, (len(raw), None, None, None)


def _open(location: str, held: ExitStack) -> int:
    """A regular file, whatever has taken its place since it was listed; the system is asked to fetch it."""
    descriptor = os.open(location, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    held.callback(os.close, descriptor)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError(errno.EINVAL, "no longer a file")
    if sys.platform == "linux":
        os.posix_fadvise(descriptor, 0, _FETCHED, os.POSIX_FADV_WILLNEED)
    return descriptor


def _state(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _fault(e: OSError) -> tuple[str, str]:
    """Reason and detail of a file that can't be read."""
    gone = e.errno in (errno.ENOENT, errno.ENOTDIR)
    return "vanished" if gone else "unreadable", (e.strerror or type(e).__name__).lower()


def _relative(location: str, root: str) -> str:
    return location.removeprefix(root).strip(os.sep) or "."


def _escaped(relative: str) -> str:
    return _printable(relative.replace("\\", "\\\\")) if not relative.isascii() or "\\" in relative else relative


def _is_utf8(name: str) -> bool:
    return "\\x" not in _printable(name.replace("\\", "/"))


def _printable(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")
