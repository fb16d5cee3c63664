"""Tables as others show them: Dagster's column schema, figures and links to code, the data dictionary in Markdown."""

import inspect
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from assets.figures import Figures
from pipeline.tables import ARTICLES, PUBLISHED, Column, Table

MARKED = re.compile(r"(<!-- columns:.*?-->)\n.*?(<!-- end of columns -->)", re.DOTALL)


def dtype(column: Column) -> str:
    """A column's type in words that Polars' and Arrow's users both know."""
    return _name(column.dtype)


def _name(dtype: object) -> str:
    if isinstance(dtype, pl.List):
        return f"list of {_name(dtype.inner)}"
    if isinstance(dtype, pl.Datetime):
        return f"datetime ({dtype.time_zone})"
    return str(dtype).lower()


def column_schema(table: Table) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                c.name,
                dtype(c),
                description=c.meaning,
                constraints=dg.TableColumnConstraints(
                    nullable=c.nullable,
                    unique=table.key == (c.name,),
                    other=[f"one of: {', '.join(c.values)}"] if c.values else None,
                ),
            )
            for c in table.columns
        ],
        constraints=dg.TableConstraints(other=[f"key: {', '.join(table.key)}"]),
    )


def metadata(figures: Figures) -> Mapping[str, dg.MetadataValue[Any]]:
    """Numbers as numbers, so that the Plots tab draws them; counts as tables of records, which are never rendered."""
    numbers = {
        name: dg.MetadataValue.int(n) if isinstance(n, int) else dg.MetadataValue.float(n)
        for name, n in figures.numbers.items()
    }
    return numbers | {name: records(counts) for name, counts in figures.counts.items()}


def records(frame: pl.DataFrame) -> dg.TableMetadataValue:
    columns = [dg.TableColumn(name, "int" if dtype.is_integer() else "string") for name, dtype in frame.schema.items()]
    return dg.MetadataValue.table([dg.TableRecord(row) for row in frame.to_dicts()], dg.TableSchema(columns))


def code(*functions: Callable[..., Any]) -> dg.CodeReferencesMetadataValue:
    """Links to the functions that make an asset, as the code stands on this machine; none to one without a file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # users can't do anything about it
        links = [link for function in functions for link in _code(function)]
        return dg.CodeReferencesMetadataValue(code_references=list(links))


def _code(function: Callable[..., Any]) -> Iterator[dg.LocalFileCodeReference]:
    try:
        path = Path(inspect.getsourcefile(function) or "").resolve()
        line = inspect.getsourcelines(function)[1]
    except OSError:
        return
    label = f"{'/'.join(path.parts[-2:])}: {function.__name__}"
    yield dg.LocalFileCodeReference(file_path=str(path), line_number=line, label=label)


def dictionary() -> str:
    """The data dictionary: every published table, every column."""
    head = (
        "# The tables\n\n"
        "Written by `make docs` from the declarations in `pipeline/tables.py`; edit those.\n"
        "A column without *null* in its type always holds a value.\n"
    )
    return head + "".join(_chapter(table) for table in PUBLISHED)


def readme(text: str) -> str:
    """The README with the columns of `articles` between its marks."""
    return MARKED.sub(lambda m: f"{m[1]}\n{columns(ARTICLES)}{m[2]}", text)


def _chapter(table: Table) -> str:
    key = ", ".join(f"`{name}`" for name in table.key)
    return f"\n## {table.name}\n\n{table.meaning} Key: {key}.\n\n{columns(table)}"


def columns(table: Table) -> str:
    """A table's columns as a table of Markdown."""
    rows = "".join(
        f"| `{c.name}` | {dtype(c)}{', *null*' if c.nullable else ''} | {_meaning(c)} |\n" for c in table.columns
    )
    return f"| column | type | meaning |\n| --- | --- | --- |\n{rows}"


def _meaning(column: Column) -> str:
    values = f" One of {', '.join(f'`{v}`' for v in column.values)}." if column.values else ""
    return (column.meaning + values).replace("|", "\\|")
