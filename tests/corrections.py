"""Corrections for tests: of lines of a ledger, by number."""

from collections.abc import Mapping

import polars as pl

from pipeline.corrections import line_hash
from pipeline.tables import GIVEN

COLUMN_NAMES = "page_id,line_no,part,line_hash,role"


def given_for(lines: pl.DataFrame, roles: Mapping[int | tuple[int, int], str], page: str | None = None) -> pl.DataFrame:
    """GIVEN for lines (number, or number and part) of one page of a ledger, with the hashes that they have."""
    lines = lines.filter(pl.col("page") == (page or lines["page"][0]))
    rows = []
    for record, (where, role) in enumerate(roles.items(), 1):
        number, part = where if isinstance(where, tuple) else (where, 0)
        parts = lines.filter(line_no=number) if part == 0 else lines.filter(line_no=number, part=part)
        text = "".join(parts["text"])
        rows.append(("corrections.csv", record, lines["page_id"][0], number, part, line_hash([text])[0], role))
    return pl.DataFrame(rows, schema=GIVEN.schema, orient="row")


def csv_of(given: pl.DataFrame) -> bytes:
    """The same as a user's file."""
    rows = given.select(COLUMN_NAMES.split(",")).rows()
    return "\n".join([COLUMN_NAMES, *(",".join(map(str, row)) for row in rows), ""]).encode()
