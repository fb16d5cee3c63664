"""The seeds folder: what lies in it, and its bytes in batches. The only place that walks and opens drops.

What the bytes say is the read step's business. Symbolic links are never followed: a link to a place within the
folder would count its pages twice, one to a place outside would read what nobody dropped here.
"""

import errno
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import polars as pl

from pipeline.read import MAX_PAGE_BYTES, SIDECAR, Rejection, manifest, rejections
from pipeline.read import TODO as READ_TODO
from pipeline.tables import FILES, REJECTED

# Every reason that this module rejects for, and what the user can do about it.
TODO = {
    "file-name": "Rename it so that its name is UTF-8.",
    "not-a-page": "Flatten it to text and save it as .txt or .txt.gz.",
    "records": "Files of many records are not read yet: write each page into a .txt file of its own.",
    "archive": "Unpack it here.",
    "not-a-file": "Remove it from the folder.",
    "broken-link": "Remove the link, or mend where it points to.",
    "outside": "Copy the files into the folder, or run with that folder instead.",
    "unreadable": "Make it readable for the user that runs this, then run again.",
    "vanished": "It was removed during the run; run again if it should be there.",
    "no-such-file": "Correct the row's file name, or remove the row.",
    "too-large": READ_TODO["too-large"],
}

MANIFEST = "manifest.csv"
CORRECTIONS = "corrections.csv"
_RECORDS = (".jsonl", ".ndjson", ".json", ".parquet", ".csv", ".tsv", ".warc", ".wet", ".wat")
_ARCHIVES = (".zip", ".tar", ".tgz", ".7z", ".rar", ".bz2", ".xz", ".zst")
# What gunzip makes of a file, about: a batch is measured by what it will hold.
_GZIP_FACTOR = 5


class SeedsError(Exception):
    """The seeds folder can't be used; the message is one line: what, where, what to do."""


@dataclass(frozen=True)
class Found:
    """A file below the seeds folder (or a folder or link that is not entered).

    `path` is relative to the folder, with `/` between its parts; a backslash in it is doubled and a byte that is
    not UTF-8 written as `\\xNN`, so that no two files share one. `n_bytes` and `modified` (nanoseconds since 1970)
    are null where they can't be had. `fate` is None for a page to be read, else rejected (for a reason of `TODO`)
    or ignored; `why` explains.
    """

    path: str
    location: Path
    n_bytes: int | None = None
    modified: int | None = None
    fate: str | None = None
    reason: str | None = None
    why: str | None = None


class Batch(NamedTuple):
    """The bytes of some files (path, raw), and REJECTED for those that could no longer be read."""

    raw: pl.DataFrame
    rejected: pl.DataFrame


def find(seeds: Path) -> list[Found]:
    """Everything below the seeds folder, sorted by path. SeedsError where the folder itself can't be read."""
    try:
        root = seeds.resolve(strict=True)
        with os.scandir(root):
            pass
    except FileNotFoundError:
        raise SeedsError(f"no seeds folder at {seeds}: create it and put pages in, or name another") from None
    except NotADirectoryError:
        raise SeedsError(f"seeds is no folder: {seeds}: name the folder that the pages are in") from None
    except OSError as e:
        raise SeedsError(f"can't read the seeds folder {seeds}: {_cause(e)}: mend that and run again") from e
    return sorted(_walk(root), key=lambda found: found.path)


def groups(
    found: Iterable[Found], max_pages: int = 1000, max_bytes: int = 64 * 2**20
) -> Iterator[list[Found]]:
    """The pages to be read in groups of at most `max_pages` and about `max_bytes` of text; one at least."""
    group: list[Found] = []
    room = max_bytes
    for page in found:
        if page.fate is None:
            weight = (page.n_bytes or 0) * (_GZIP_FACTOR if page.path.lower().endswith(".gz") else 1)
            if group and (len(group) == max_pages or weight > room):
                yield group
                group, room = [], max_bytes
            group.append(page)
            room -= weight
    if group:
        yield group


def load(group: Iterable[Found]) -> Batch:
    """The bytes of a group of files, in its order."""
    rows: list[tuple[str, bytes]] = []
    faults: list[Rejection] = []
    for page in group:
        try:
            with open(page.location, "rb", buffering=0) as file:
                # One byte more shows the read step that a file has grown past the bound.
                rows.append((page.path, _read(file, MAX_PAGE_BYTES + 1)))
        except OSError as e:
            faults.append(Rejection(page.path, 0, *_fault(e)))
    raw = pl.DataFrame(rows, schema={"path": pl.String, "raw": pl.Binary}, orient="row")
    return Batch(raw, rejections(faults, TODO))


def batches(
    found: Iterable[Found], max_pages: int = 1000, max_bytes: int = 64 * 2**20
) -> Iterator[Batch]:
    """`groups`, each loaded when it is asked for: one batch at a time is in memory."""
    return map(load, groups(found, max_pages, max_bytes))
