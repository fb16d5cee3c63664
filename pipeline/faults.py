"""What can't be read: faults, every reason that the read step has for one, and REJECTED made of them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import polars as pl

from pipeline.tables import REJECTED, ROLES

# 16 MiB are some 2.5 million words: what is larger is a dump of many pages, or a bomb.
MAX_PAGE_BYTES = 16 * 2**20

# Every reason that a page, a manifest or a correction is rejected for, and what the user can do about it.
TODO = {
    "empty": "Scrape the page again, or delete the file.",
    "too-large": f"Split it into a file per page; one may have {MAX_PAGE_BYTES // 2**20} MiB.",
    "binary": "Put the page's text here instead; convert documents to text first.",
    "broken-gzip": "Compress or copy the file again; `gzip -t` must accept it.",
    "broken-zstd": "Compress or copy the file again; `zstd -t` must accept it.",
    "broken-parquet": "Write or copy the file again; `pyarrow.parquet.read_table` must accept it.",
    "broken-json": "Write one JSON object on each line (JSON Lines), in UTF-8.",
    "broken-warc": "Copy the file again; what is broken in its source can't be read.",
    "no-text": 'Say in a columns.toml beside the file which column (or key) has the text, e.g. text = "content".',
    "no-conversion": "Take the crawl's WET files, whose records are of type conversion; others hold HTML.",
    "bad-cell": "Write url and outlet as text.",
    "broken-columns": 'Write lines such as text = "content", one for each of text, url, fetched_at, outlet, date that '
    "has another name in the files.",
    "unreadable": "Make it readable for the user that runs this, then run again.",
    "vanished": "It was removed during the run; run again if it should be there.",
    "gzip-bomb": "Delete the file, or unpack it yourself and see what it is.",
    "html": "Flatten it to text first, e.g. with trafilatura or resiliparse.",
    "broken-utf8": "Scrape the page again, or mend these bytes and save it as UTF-8.",
    "undecodable": "Save the page as UTF-8.",
    "broken-manifest": "Save it as CSV again, with double quotes around cells that hold a delimiter.",
    "no-file-column": "Give the manifest a first line with `file`, and any of url, fetched_at, outlet, date.",
    "no-file": "Write the page's file into the column `file`, relative to the manifest's folder.",
    "file-outside": "List each file in the manifest of its own folder or of one above it.",
    "duplicate-file": "Keep one row for each file; the first was used.",
    "extra-cells": "Put cells that hold the delimiter in double quotes.",
    "bad-time": "Write fetched_at in ISO 8601, e.g. 2024-02-19T08:30:00Z.",
    "bad-date": "Write date as YYYY-MM-DD.",
    "no-such-day": "The calendar has no such day: write the right one, or leave the cell empty.",
    "broken-corrections": "Save it as CSV again, with double quotes around cells that hold a delimiter.",
    "missing-columns": "Give it a first line with `page_id,line_no,part,line_hash,role`.",
    "bad-hash": "Write 32 hexadecimal digits; `make correct` writes the whole row for you.",
    "bad-number": "Write line_no as a number from 1, part as 0 (the whole line) or the part's number.",
    "unknown-role": f"Write one of {', '.join(ROLES)}.",
    "two-roles": "Keep one row for each line; none of them was used.",
}

# Where what to do about a record is something else than about a file.
OF_RECORD = {
    "empty": "Scrape the page again, or remove the record.",
    "too-large": f"Split it into a record per page; one may have {MAX_PAGE_BYTES // 2**20} MiB.",
    "broken-utf8": "Scrape the page again, or write the record in UTF-8.",
}


class UnreadableError(Exception):
    """Why bytes are no page: a reason of `TODO`, and what was found."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


class Rejection(NamedTuple):
    """One fault of one record (0: the file as a whole)."""

    path: str
    record: int
    reason: str
    detail: str


def rejections(faults: Iterable[Rejection], todo: Mapping[str, str] = TODO) -> pl.DataFrame:
    """REJECTED out of faults, and of what to do by reason."""
    rows = [(*f, OF_RECORD.get(f.reason, todo[f.reason]) if f.record else todo[f.reason]) for f in faults]
    return one_per_record(pl.DataFrame(rows, schema=REJECTED.schema, orient="row"))


def one_per_record(rejected: pl.DataFrame) -> pl.DataFrame:
    """REJECTED in which several faults of a record share its one row, under the reason of the first."""
    merged = rejected.group_by("path", "record", maintain_order=True).agg(
        pl.col("reason").first(),
        pl.col("detail").str.join("; "),
        pl.col("todo").unique(maintain_order=True).str.join(" "),
    )
    return REJECTED.conform(merged.sort("path", "record"))
