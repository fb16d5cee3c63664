"""Warnings of figures that are unlike those of the runs before: when they speak, when they don't, what they say."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import Job, failures

from assets import checks, drift
from assets.drift import AT_LEAST, WATCHED, expected, verdicts
from assets.store import Store
from assets.summary import summary
from pipeline.tables import ARTICLES, FILES, LINES, PAGES, Table

DROPPED = WATCHED[1]
ALL, NEW = "share of lines dropped", "share of lines dropped, new pages"


@pytest.mark.parametrize(
    ("then", "now", "drifted"),
    [
        ([0.3] * 5, 0.39, False),  # the floor
        ([0.3] * 5, 0.41, True),
        ([0.3] * 5, 0.19, True),  # fewer than before are drift too
        ([0.1, 0.2, 0.3, 0.4, 0.5], 0.75, False),  # runs that differ much allow much
        ([0.3, 0.3, 0.9, 0.3, 0.3], 0.5, True),  # one odd run before does not
        ([0.3] * 4, 0.9, False),  # too few runs
    ],
)
def test_a_figure_drifts_where_it_is_far_from_those_before(then: list[float], now: float, drifted: bool) -> None:
    of_all, of_new = verdicts(DROPPED, {"pages": 90, "new pages": 1, ALL: now}, [{ALL: value} for value in then])
    assert of_all.drifted is drifted
    assert not of_new.drifted
    assert f"{now:.3g}" in of_all.says
    assert str(len(then)) in of_all.says
    assert of_all.numbers[ALL] == now


def test_a_bad_drop_shows_though_the_corpus_hides_it() -> None:
    runs = [{ALL: 0.3, NEW: 0.3}] * AT_LEAST
    found = list(verdicts(DROPPED, {"pages": 9_000, "new pages": 90, ALL: 0.301, NEW: 0.8}, runs))
    assert [(verdict.name, verdict.drifted) for verdict in found] == [(ALL, False), (NEW, True)]
    assert found[1].says == f"{NEW}: 0.8, expected 0.2 to 0.4 from the last 5 runs"
    assert found[1].numbers == {
        "new pages": 90,
        NEW: 0.8,
        f"{NEW}: least expected": 0.2,
        f"{NEW}: most expected": 0.4,
    }


@given(st.lists(st.floats(0, 1), min_size=AT_LEAST, max_size=10), st.floats(0.01, 1))
def test_the_middle_of_the_runs_before_is_never_drift(values: list[float], floor: float) -> None:
    low, high = expected(values, floor)
    assert low <= sorted(values)[len(values) // 2] <= high
    assert high - low >= 2 * floor * 0.999


def test_every_watched_figure_warns_on_its_asset() -> None:
    specs = {spec.key: spec for check in checks.CHECKS for spec in check.check_specs}
    for watch in WATCHED:
        spec = specs[dg.AssetCheckKey(dg.AssetKey(watch.measure.table.name), watch.check)]
        assert watch.look in (spec.description or "")


# Staged tables

BLANK: dict[Any, Any] = {pl.String: "", pl.Boolean: False, pl.Int32: 0, pl.Int64: 0, pl.Float64: 0.0}


def rows(table: Table, *given: dict[str, Any]) -> pl.DataFrame:
    """Rows of a table, with what is not given empty."""
    plain = {
        c.name: None
        if c.nullable
        else []
        if isinstance(c.dtype, pl.List)
        else c.values[0]
        if c.values
        else BLANK[c.dtype]
        for c in table.columns
    }
    return pl.DataFrame([{**plain, **row} for row in given], schema=table.schema)


@pytest.fixture
def stage(data: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, drift.Number]]:
    """Stages tables of as many pages (one file and one line each), publishes them or not, and measures."""
    monkeypatch.setattr(drift, "ENOUGH", 5)
    store = Store(data)

    def call(*pages: dict[str, Any], publish: bool = False) -> dict[str, drift.Number]:
        named = [
            {"page_id": f"{n}", "page": f"{n}", "path": f"{n}", "article_id": f"{n}", **p} for n, p in enumerate(pages)
        ]
        for table in (FILES, PAGES, LINES, ARTICLES):
            with store.step([table]) as (writer,):
                kept = [{k: v for k, v in page.items() if k in table.schema} for page in named]
                writer.write(rows(table, *kept))
        found = drift.measured(store)
        if publish:
            store.publish((FILES, PAGES, LINES, ARTICLES))
        return found

    return call


GOOD = dict(fate="read", role="body", destination="body", n_articles=1, date=date(2024, 3, 1))


@pytest.mark.parametrize(
    ("name", "unit", "bad", "value"),
    [
        ("share of files rejected", "files", {"fate": "rejected"}, 1),
        ("share of lines dropped", "pages", {"role": "related", "destination": None}, 1),
        ("articles a page", "pages", {"n_articles": 0}, 0),
        ("share without a date", "pages", {"date": None}, 1),
    ],
)
def test_new_pages_are_those_that_the_live_generation_has_not(
    stage: Callable[..., dict[str, drift.Number]], name: str, unit: str, bad: dict[str, Any], value: float
) -> None:
    first = stage(*[GOOD] * 15, publish=True)
    assert first[name] == first[f"{name}, new {unit}"] == 1 - value
    then = stage(*[GOOD] * 15, *[{**GOOD, **bad}] * 5)
    assert (then[unit], then[f"new {unit}"]) == (20, 5)
    assert then[name] == pytest.approx((15 * (1 - value) + 5 * value) / 20)
    assert then[f"{name}, new {unit}"] == value


def test_a_rule_that_grew_shows_over_all_pages(stage: Callable[..., dict[str, drift.Number]]) -> None:
    runs = [stage(*[GOOD] * 15, publish=True)] * AT_LEAST
    now = stage(*[{**GOOD, "role": "boilerplate", "destination": None}] * 15)
    assert now["new pages"] == 0
    of_all, of_new = verdicts(DROPPED, now, runs)
    assert of_all.drifted
    assert not of_new.drifted
    assert of_new.says == f"{NEW}: 0 new pages, fewer than 5 say little"


def test_blank_lines_and_ignored_files_say_nothing(stage: Callable[..., dict[str, drift.Number]]) -> None:
    silent = {**GOOD, "fate": "ignored", "role": "blank", "destination": None}
    found = stage(*[GOOD] * 5, *[silent] * 5)
    assert found["share of lines dropped"] == found["share of files rejected"] == 0


def test_a_damaged_generation_does_not_keep_the_next_away(
    stage: Callable[..., dict[str, drift.Number]], data: Path
) -> None:
    stage(*[GOOD] * 5, publish=True)
    for name in ("pages", "files"):
        path = (data / "current" / f"{name}.parquet").resolve()
        path.unlink()
        path.write_text("damaged")
    assert stage(*[GOOD] * 6)["new pages"] == 6


# Whole runs

TOWN = """The {0} of {0}burg opens its doors

Published: {1} March 2024

Nobody in {0}burg remembers {0} weather like that of the past week, when {0} snow lay on every {0} roof of the town.

A {0} keeper says that {0} visitors were {0} guests for years, and that {0} doors had better stand open for them all.
"""


NAMES = "willow heron copper lantern meadow thistle granite juniper saddle ember".split()


def towns(seeds: Path, *names: str) -> None:
    for n, name in enumerate(names, 1):
        (seeds / f"{name}.txt").write_text(TOWN.format(name, n))


def warnings(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    assert result.success, failures(result)
    return {check.check_name: check for check in result.get_asset_check_evaluations() if not check.passed}


def test_a_blocked_scraper_warns_and_publishes(
    job: Job, seeds: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drift, "ENOUGH", 2)
    with dg.DagsterInstance.ephemeral() as instance:
        for names in zip(NAMES[::2], NAMES[1::2], strict=True):
            towns(seeds, *names)
            result = job(instance=instance)
            assert not warnings(result)
        job(instance=instance)
        job(instance=instance, into=tmp_path / "elsewhere")
        runs = drift.before(instance, Store(data))
        assert [run["pages"] for run in runs] == [13, 11, 9, 7, 5], "runs of this folder that changed it"
        live = Store(data).live()
        for n in range(9):
            (seeds / f"blocked-{n}.txt").touch()
        (check,) = warnings(job(instance=instance)).values()
    assert check.check_name == "rejected_files"
    assert check.severity == dg.AssetCheckSeverity.WARN
    assert check.metadata["new files"].value == 9
    assert check.metadata["share of files rejected, new files"].value == 1
    assert "`todo`" in str(check.metadata["what to look at"].value)
    assert "share of files rejected, new files: 1, expected 0 to " in (check.description or "")
    assert Store(data).live() != live, "a warning stops nothing"
    assert "drift     share of files rejected" in summary(data, data, [check.description or ""])
