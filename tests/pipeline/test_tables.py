"""The declarations of tables: whole themselves, and what they refuse."""

import polars as pl
import pyarrow as pa
import pytest

from pipeline.tables import ARTICLES, DESTINATION, LINES, PUBLISHED, ROLES, STAGED, Column, Table, TableError

BOATS = Table(
    "boats",
    "Boats.",
    ("name",),
    (
        Column("name", pl.String, "Its name."),
        Column("crew", pl.Int32, "Hands on board.", nullable=True),
        Column("state", pl.String, "Where it is.", values=("afloat", "ashore")),
    ),
)
GOOD = pl.DataFrame({"state": ["afloat"], "crew": [4], "extra": [0], "name": ["Corriden"]})


def test_conform_selects_orders_and_casts() -> None:
    assert BOATS.conform(GOOD).schema == BOATS.schema
    assert BOATS.empty().schema == BOATS.schema


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (GOOD.drop("crew"), "table boats: no column crew"),
        (GOOD.with_columns(crew=pl.lit("four")), "table boats: "),
        (GOOD.with_columns(crew=pl.lit(2**40)), "table boats: "),
        (GOOD.with_columns(name=pl.lit(None, pl.String)), "1 nulls in name"),
        (GOOD.with_columns(state=pl.lit("sunk")), "state holds 'sunk'"),
    ],
)
def test_what_is_not_as_declared_is_refused(frame: pl.DataFrame, says: str) -> None:
    with pytest.raises(TableError, match=says):
        BOATS.conform(frame)


def test_a_null_is_allowed_where_it_is_declared() -> None:
    assert BOATS.conform(GOOD.with_columns(crew=pl.lit(None, pl.Int32)))["crew"].to_list() == [None]


@pytest.mark.parametrize("table", STAGED, ids=lambda table: table.name)
def test_declarations_are_whole(table: Table) -> None:
    names = [c.name for c in table.columns]
    assert len(set(names)) == len(names)
    assert set(table.key) <= {c.name for c in table.columns if not c.nullable}
    assert all(c.meaning.endswith(".") for c in table.columns)
    assert table.arrow_schema.names == names
    assert pa.schema(table.arrow_schema).field(names[0]).type == pa.string()


def test_the_product_begins_with_what_readers_want_first() -> None:
    assert ARTICLES.schema.names()[:5] == ["article_id", "outlet", "date", "title", "body"]


def test_roles_go_to_columns_of_articles() -> None:
    assert set(DESTINATION) <= set(ROLES)
    assert set(DESTINATION.values()) <= set(ARTICLES.schema)
    assert {t.name for t in PUBLISHED} <= {t.name for t in STAGED}
    assert LINES.key == ("page", "line_no", "part")
