"""Parquet files: the one writer of every table. Nothing on folders."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.tables import Table

# A row group closes at whichever comes first. Both are counted from the rows alone, so that the bytes of a
# file do not depend on the batches that the rows came in.
GROUP_ROWS = 65_536
GROUP_BYTES = 32 << 20
OPTIONS: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 3,
    "version": "2.6",
    "data_page_version": "1.0",
    "write_statistics": True,
}
NOTE = "broadsheet"  # the entry of a file's metadata that `note` makes


class TableWriter:
    """Writes one table batch by batch to a new file. The file is complete after `close`."""

    def __init__(self, table: Table, path: Path) -> None:
        self.table = table
        self.path = path
        self.rows = 0
        self._schema = described(table)
        self._held: list[pl.DataFrame] = []
        self._held_rows = 0
        self._held_bytes = 0
        self._file = _HashedFile(path)
        self._parquet = pq.ParquetWriter(self._file, self._schema, sorting_columns=_order(table), **OPTIONS)

    @property
    def digest(self) -> str:
        return self._file.hash.hexdigest()

    def write(self, frame: pl.DataFrame) -> None:
        self.append(self.table.conform(frame))

    def append(self, frame: pl.DataFrame) -> None:
        """`write` for rows that conform to the table already."""
        self.rows += len(frame)
        sizes = text_bytes(frame).cum_sum()
        start = 0
        while start < len(frame):
            before = int(sizes[start - 1]) if start else 0
            reaches = int(sizes.search_sorted(before + GROUP_BYTES - self._held_bytes, side="left"))
            end = min(start + GROUP_ROWS - self._held_rows, reaches + 1, len(frame))
            self._held.append(frame.slice(start, end - start))
            self._held_rows += end - start
            self._held_bytes += int(sizes[end - 1]) - before
            if self._held_rows == GROUP_ROWS or self._held_bytes >= GROUP_BYTES:
                self._flush()
            start = end

    def note(self, made_with: Mapping[str, str]) -> None:
        """Has the file itself say what it is, what its columns mean, and which versions it was made with."""
        about = {"table": self.table.name, "meaning": self.table.meaning, "key": self.table.key}
        columns = {c.name: c.meaning for c in self.table.columns}
        said = {**about, "sorted_by": self.table.order, "made_with": dict(made_with), "columns": columns}
        self._parquet.add_key_value_metadata({NOTE: json.dumps(said, ensure_ascii=False, sort_keys=True)})

    def close(self) -> None:
        """Writes what is held and the footer, and has the file on the disk before it returns."""
        if self._held_rows:
            self._flush()
        self._parquet.close()
        self._file.sync()
        self._file.close()

    def abandon(self) -> None:
        """Closes the handles of a file that nobody will use."""
        self._held.clear()
        try:
            self._parquet.close()
            self._file.close()
        except OSError:  # the disk may be full: what is thrown away need not be complete
            pass

    def _flush(self) -> None:
        arrow = pl.concat(self._held).to_arrow().cast(self._schema).combine_chunks()
        self._parquet.write_table(arrow, row_group_size=GROUP_ROWS)
        self._held, self._held_rows, self._held_bytes = [], 0, 0


class _HashedFile:
    """A new file for writing, its hash taken on the way: the table is not read again to know its content."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb")
        self.hash = hashlib.blake2b(digest_size=16)

    def write(self, data: Any) -> int:
        self.hash.update(data)
        return self._file.write(data)

    def sync(self) -> None:
        self._file.flush()
        # Readers open the very file that a generation holds: nobody writes into it by mistake.
        os.fchmod(self._file.fileno(), os.fstat(self._file.fileno()).st_mode & ~0o222)
        os.fsync(self._file.fileno())

    def flush(self) -> None:
        self._file.flush()

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()

    @property
    def closed(self) -> bool:
        return self._file.closed


def described(table: Table) -> pa.Schema:
    """The declared Arrow schema, the columns' meanings in the fields' metadata."""
    meanings = {c.name: c.meaning for c in table.columns}
    return pa.schema([f.with_metadata({"meaning": meanings[f.name]}) for f in table.arrow_schema])


def noted(path: Path) -> Mapping[str, Any]:
    """What a file says of itself; nothing where it says nothing."""
    found = (pq.read_metadata(path).metadata or {}).get(NOTE.encode(), b"{}")
    said = json.loads(found)
    return said if isinstance(said, dict) else {}


def groups(path: Path, table: Table) -> Iterator[pl.DataFrame]:
    """The rows of a file, a row group at a time: of text GROUP_BYTES and a row at most."""
    footer, start = pq.read_metadata(path), 0
    for number in range(footer.num_row_groups):
        rows = footer.row_group(number).num_rows
        yield pl.scan_parquet(path, schema=table.schema).slice(start, rows).collect()
        start += rows


def _order(table: Table) -> list[pq.SortingColumn] | None:
    keys = [(name, "ascending") for name in table.order]
    return pq.SortingColumn.from_ordering(table.arrow_schema, keys, "at_end") if keys else None


def text_bytes(frame: pl.DataFrame) -> pl.Series:
    """How many bytes of text each row has."""
    texts = [pl.col(name).str.len_bytes() for name, dtype in frame.schema.items() if dtype == pl.String]
    if not texts:
        return pl.repeat(0, len(frame), dtype=pl.Int64, eager=True)
    return frame.select(pl.sum_horizontal(texts).cast(pl.Int64)).to_series()
