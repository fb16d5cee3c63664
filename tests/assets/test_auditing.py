"""Audits of tables made page by page: what is found does not depend on the pieces that pages are looked at in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from drops import Drops, run

from assets import auditing
from assets.auditing import OF_PAGE, Units, audit, boilerplate
from assets.shipped import RULES
from assets.store import Store
from pipeline.matching import rule_of
from pipeline.tables import LINES, TEXTS, Table


class Held:
    """Tables of one unit, as `Staging` gives them."""

    def __init__(self, tables: Mapping[Table, pl.DataFrame]) -> None:
        self.tables = tables

    def scan_units(self, table: Table, units: object) -> pl.LazyFrame:
        return self.tables[table].lazy()


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[Table, pl.DataFrame]:
    where = tmp_path_factory.mktemp("audited")
    Drops(where / "seeds", 9).drop(25)
    run(where / "seeds", where / "data")
    store = Store(where / "data")
    return {table: store.scan_parts("read" if table is TEXTS else "understand", table).collect() for table in OF_PAGE}


def found(tables: Mapping[Table, pl.DataFrame], piece: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(auditing, "PIECE", piece)
    findings = audit(Held(tables), Units(["0000"], 1))  # type: ignore[arg-type]
    assert len({finding.check for finding in findings}) == len(findings)
    return {finding.check: finding.n_bad for finding in findings}


@pytest.mark.parametrize("piece", [1, 3, 1_000])
def test_good_tables_are_good_in_pieces(
    tables: dict[Table, pl.DataFrame], piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tables[TEXTS].height > 5
    assert set(found(tables, piece, monkeypatch).values()) == {0}


@pytest.mark.parametrize("piece", [1, 3, 1_000])
@pytest.mark.parametrize(
    "kept", [slice(0, 0), slice(1, None), slice(0, -1)], ids=["none", "without-first", "without-last"]
)
def test_lines_of_pages_that_were_not_read_are_found(
    tables: dict[Table, pl.DataFrame], kept: slice, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = tables[TEXTS].sort("page")[kept]
    odd = tables[LINES].join(texts, on="page", how="anti").select("page", "line_no").unique().height
    assert odd and found({**tables, TEXTS: texts}, piece, monkeypatch)["ledger: lines"] == odd


def test_a_unit_is_checked_where_nothing_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = {table: table.empty() for table in OF_PAGE}
    assert set(found(nothing, 3, monkeypatch).values()) == {0}, "each check speaks"


def test_a_task_says_about_how_long_it_takes(tmp_path: Path) -> None:
    assert Units(["0000"], 800).seconds == 2 * Units(["0000"], 400).seconds > 0


def test_boilerplate_is_what_its_first_rule_says_is() -> None:
    rules = RULES.book
    texts = pl.Series([text for rule in rules.rules for text in (rule.example, rule.counter)])
    expected = rule_of(texts, rules).is_in(rules.of_role("boilerplate")).fill_null(False)
    assert boilerplate(rules)(texts).to_list() == expected.to_list()
    assert 0 < expected.sum() < len(texts)
