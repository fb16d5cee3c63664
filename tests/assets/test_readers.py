"""What others read the tables with finds the rows, the types, and little to read for a small question."""

import json
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets import parquet
from assets.parquet import TableWriter, noted
from pipeline.tables import ARTICLES, LINES

WRITTEN_BY = "`make test` installs it, from notebook.lock"


def test_polars_and_arrow(samples: Path) -> None:
    assert pl.read_parquet(samples / "articles.parquet").schema == ARTICLES.schema
    schema = pq.read_schema(samples / "articles.parquet")
    assert schema.equals(ARTICLES.arrow_schema)
    assert (
        schema.field("date").metadata[b"meaning"].decode()
        == "The day as the outlet prints it, published before updated."
    )


def test_pandas(samples: Path) -> None:
    pandas = pytest.importorskip("pandas", reason=WRITTEN_BY)
    table = pandas.read_parquet(samples / "articles.parquet", dtype_backend="pyarrow")
    assert {c: t.pyarrow_dtype for c, t in table.dtypes.items()} == {f.name: f.type for f in ARTICLES.arrow_schema}
    assert table["title"].tolist() == pl.read_parquet(samples / "articles.parquet")["title"].to_list()
    ledger = pandas.read_parquet(samples / "lines.parquet")
    assert len(ledger) == pl.scan_parquet(samples / "lines.parquet").select(pl.len()).collect().item()


def test_duckdb(samples: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason=WRITTEN_BY)
    table = duckdb.sql(f"FROM '{samples / 'articles.parquet'}'")
    types = dict(zip(table.columns, map(str, table.types), strict=True))
    assert types["date"] == "DATE" and types["captions"] == "VARCHAR[]" and types["n_words"] == "INTEGER"
    assert types["fetched_at"] == "TIMESTAMP WITH TIME ZONE" and types["truncated"] == "BOOLEAN"
    titles = [row[0] for row in duckdb.sql(f"SELECT title FROM '{samples / 'articles.parquet'}'").fetchall()]
    assert titles == pl.read_parquet(samples / "articles.parquet")["title"].to_list()
    said = duckdb.sql(
        f"SELECT value FROM parquet_kv_metadata('{samples / 'articles.parquet'}') WHERE key = 'broadsheet'"
    )
    (value,) = said.fetchall()[0]
    assert json.loads(bytes(value)) == noted(samples / "articles.parquet")
    assert duckdb.sql(f"SELECT count(*) FROM '{samples}/lines.parquet/*.parquet'").fetchall()[0][0] > 900


def test_datasets_without_a_network(samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the file, and by the folder with its card: the tables that it lists."""
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    datasets = pytest.importorskip("datasets", reason=WRITTEN_BY)
    cache = {"cache_dir": str(tmp_path / "cache")}
    table = datasets.load_dataset("parquet", data_files=str(samples / "articles.parquet"), split="train", **cache)
    assert table.data.schema.types == [_as_loaded(f.type) for f in ARTICLES.arrow_schema]
    by_card = datasets.load_dataset(str(samples), split="train", **cache)
    assert by_card["article_id"] == table["article_id"], "articles are what the card gives if nothing is named"
    ledger = datasets.load_dataset(str(samples), "lines", split="train", **cache)
    assert ledger.column_names == LINES.schema.names()


def _as_loaded(dtype: pa.DataType) -> pa.DataType:
    """`datasets` names the items of a list in its own way."""
    return pa.list_(dtype.value_type) if pa.types.is_list(dtype) else dtype


def test_a_run_says_in_the_file_what_it_was_made_with(samples: Path) -> None:
    versions = json.loads((samples / "current/facts.json").read_text())["versions"]
    said = noted(samples / "articles.parquet")["made_with"]
    assert {"broadsheet", "rules", "model", "understanding"} <= said.keys()
    assert said == {name: versions[name] for name in said}


def test_a_query_by_outlet_and_date_reads_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "GROUP_ROWS", 100)
    first = date(2024, 1, 1)
    rows = [(f"{o}{d:03}", f"Outlet {o}", first + timedelta(d)) for o in range(10) for d in range(300)]
    given = pl.DataFrame(rows, schema=["article_id", "outlet", "date"], orient="row").with_columns(
        **{c.name: pl.lit(None if c.nullable else _some(c.dtype)) for c in ARTICLES.columns[3:]}
    )
    writer = TableWriter(ARTICLES, tmp_path / "a.parquet")
    writer.write(ARTICLES.conform(given.sort(ARTICLES.order)))
    writer.close()
    meta = pq.read_metadata(tmp_path / "a.parquet")
    groups = [meta.row_group(i) for i in range(meta.num_row_groups)]
    assert len(groups) == 30
    keys = [ARTICLES.schema.names().index(name) for name in ARTICLES.order]
    for group in groups:
        assert [(c.column_index, c.descending, c.nulls_first) for c in group.sorting_columns] == [
            (key, False, False) for key in keys
        ]
    held = [[group.column(key).statistics for key in keys[:2]] for group in groups]
    asked = ("Outlet 4", date(2024, 6, 1))
    to_read = [s for s in held if all(x.has_min_max and x.min <= v <= x.max for x, v in zip(s, asked, strict=True))]
    assert len(to_read) == 1
    duckdb = pytest.importorskip("duckdb", reason=WRITTEN_BY)
    found = duckdb.sql(
        f"SELECT article_id FROM '{tmp_path}/a.parquet' WHERE outlet = 'Outlet 4' AND date = '2024-06-01'"
    )
    assert found.fetchall() == [("4152",)]


def _some(dtype: object) -> object:
    if isinstance(dtype, pl.List):
        return []
    return {pl.String: "x", pl.Boolean: False, pl.Float64: 0.5, pl.Int32: 1}[dtype]  # type: ignore[index]
