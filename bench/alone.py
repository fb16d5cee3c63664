"""Parts that are measured in a process of their own: near-duplicates, and the limit, reading and writing Parquet.

python -m bench.alone duplicates DATA OUT      # of the published page_articles
python -m bench.alone parquet IN OUT           # read a Parquet file or folder, write it again, zstd 3
python -m bench.alone tables TEXTS DATA OUT    # read the pages' texts, write the tables that a run makes of them
"""

import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl


def parquet(given: Path, out: Path) -> None:
    _again(given, out / "again.parquet")


def tables(texts: Path, data: Path, out: Path) -> None:
    """What a run can't do without: its input read once, and each of its tables written once. They come from Parquet,
    since they must come from somewhere, which this counts too."""
    pl.read_parquet(texts)
    for table in sorted(data.glob("current/*.parquet")):
        _again(table, out / table.name)


def duplicates(data: Path, out: Path) -> None:
    from pipeline.dedup import dedup

    found, stories = dedup(pl.read_parquet(_files(data / "page_articles.parquet")))
    found.write_parquet(out / "duplicates.parquet")
    stories.write_parquet(out / "stories.parquet")


def _again(given: Path, out: Path) -> None:
    pl.read_parquet(_files(given)).write_parquet(out, compression="zstd", compression_level=3)


def _files(table: Path) -> Path | str:
    return f"{table}/*.parquet" if table.is_dir() else table


if __name__ == "__main__":
    what, *paths = sys.argv[1:]
    Path(paths[-1]).mkdir(parents=True, exist_ok=True)
    parts: dict[str, Callable[..., None]] = {"parquet": parquet, "tables": tables, "duplicates": duplicates}
    parts[what](*map(Path, paths))
