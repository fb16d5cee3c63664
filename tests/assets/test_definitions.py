"""The assets and checks as Dagster runs them: what is shown, what is staged, what is published, what blocks."""

import json
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from dagster import AssetKey
from running import MARK, Job, failures

from assets import checks, flow, incremental
from assets.definitions import defs
from assets.store import Store
from pipeline import corpus, publish
from pipeline.corpus import Understood
from pipeline.tables import ARTICLES, LINES, MADE_FROM, PAGES, PUBLISHED, STAGED, TEXTS


def node(asset: str) -> Any:
    return defs.resolve_asset_graph().get(AssetKey(asset))


def contents(data: Path) -> dict[str, bytes]:
    """Every file of the live generation, by its path in it."""
    live = (data / "current").resolve()
    return {str(path.relative_to(live)): path.read_bytes() for path in live.rglob("*") if path.is_file()}


@pytest.mark.parametrize("table", STAGED, ids=lambda table: table.name)
def test_every_table_is_an_asset_that_explains_itself(table: flow.Table) -> None:
    asset = node(table.name)
    assert asset.description == table.meaning
    schema = asset.metadata["dagster/column_schema"]
    assert {c.name: c.description for c in schema.columns} == {c.name: c.meaning for c in table.columns}
    assert {c.name: c.constraints.nullable for c in schema.columns} == {c.name: c.nullable for c in table.columns}
    assert asset.group_name != "default"
    assert asset.kinds


def test_published_comes_after_everything_and_every_check() -> None:
    assert set(PUBLISHED) <= set(STAGED)
    parents = {key.to_user_string() for key in node("published").parent_keys}
    assert parents == {table.name for table in PUBLISHED}
    specs = [spec for check in checks.CHECKS for spec in check.check_specs]
    assert all(spec.blocking and spec.description for spec in specs)
    checked = {spec.asset_key.to_user_string() for spec in specs}
    assert checked == {table.name for table in STAGED}


def test_every_finding_of_the_audits_has_its_check() -> None:
    empty = [table.empty() for table in (TEXTS, LINES, PAGES, flow.PAGE_ARTICLES)]
    rest = [table.empty() for table in (flow.DUPLICATES, flow.STORIES, ARTICLES)]
    found = {f.check for f in publish.audit(*empty, *rest)}
    groups = (checks.READ, checks.UNDERSTOOD, checks.FOLDED, checks.SELECTED)
    shown = [finding for group in groups for check in group for finding in check.findings]
    assert found <= set(shown)
    assert len(shown) == len(set(shown))


def test_the_job_publishes_every_table(job: Job, data: Path) -> None:
    result = job()
    assert result.success, failures(result)
    assert {name.split("/")[0] for name in contents(data)} == {
        *(f"{table.name}.parquet" for table in (*PUBLISHED, MADE_FROM)),
        "facts.json",
    }
    for table in PUBLISHED:
        frame = pl.read_parquet(data / f"{table.name}.parquet")
        assert frame.schema == table.schema
    assert len(pl.read_parquet(data / "articles.parquet")) == 3
    events = {e.asset_key.to_user_string(): e for e in result.get_asset_materialization_events() if e.asset_key}
    assert set(events) == {table.name for table in STAGED} | {"published", "review", "card"}
    counted = events["articles"].materialization.metadata["dagster/row_count"].value
    assert counted == 3
    assert all(check.passed for check in result.get_asset_check_evaluations())


def test_the_same_pages_give_the_same_bytes(
    job: Job, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert job().success
    assert job().success
    assert len(Store(data).names()) == 1, "the same content makes no new generation"
    monkeypatch.setattr(incremental, "BATCH", 1)
    again = tmp_path / "again"
    assert job(into=again).success
    assert contents(again) == contents(data)


def test_no_scraped_text_in_dagsters_events(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        job(instance=instance)
        break_understanding(monkeypatch)
        job(instance=instance)
        logs = [log for run in instance.get_runs() for log in instance.all_logs(run.run_id)]
    assert len(logs) > 100
    assert not [log for log in logs if MARK in dg.serialize_value(log)]


def edit(page: Path) -> None:
    page.write_text(page.read_text().replace("council", "assembly"))


def break_understanding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has a step lose the last line of each page."""
    whole = corpus.understand

    def lossy(*args: object) -> Understood:
        done = whole(*args)  # type: ignore[arg-type]
        last = pl.col("line_no") == pl.col("line_no").max().over("page")
        return done._replace(lines=done.lines.filter(~last))

    monkeypatch.setattr(corpus, "understand", lossy)


def test_a_failed_check_leaves_the_old_generation_live(
    job: Job, data: Path, seeds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert job().success
    before = contents(data)
    for name in ("4.txt", "5.txt"):
        edit(seeds / "drop" / name)
    with monkeypatch.context() as patch:
        break_understanding(patch)
        result = job()
    assert not result.success
    failed = {c.check_name: c for c in result.get_asset_check_evaluations() if not c.passed}
    assert "conserved" in failed
    assert "lines_dropped" not in failed, "a table that was set aside is not measured"
    assert failed["conserved"].metadata["bad"].value == 2
    places = str(failed["conserved"].metadata["places"].value).split(", ")
    assert [place.split(":")[0] for place in places] == ["drop/4.txt", "drop/5.txt"]
    assert failed["conserved"].description == "ledger: lines: 2 bad", "rendered as Markdown, so without names of files"
    todo = str(failed["conserved"].metadata["what to do"].value)
    assert "readers keep the tables of before" in todo
    assert "staging/lines.parquet" in todo
    assert contents(data) == before
    assert job().success
    assert contents(data) != before


def test_a_check_that_breaks_blocks_too(job: Job, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> list[publish.Finding]:
        raise RuntimeError("the audit is broken")

    monkeypatch.setattr(publish, "audit_corpus", broken)
    assert not job().success
    assert Store(data).live() is None


def test_a_broken_schema_fails_the_checks_that_were_left_out(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "audit_pages", lambda *_: [publish.Finding("lines: schema", 1, ("role",))])
    failed = {c.check_name: c for c in job().get_asset_check_evaluations() if not c.passed}
    assert failed["conserved"].description == "not checked, as a schema is broken"


def test_parts_of_the_graph_run_off_the_staged_tables(job: Job, data: Path, seeds: Path) -> None:
    result = job("duplicates", "stories")
    assert "materialise `page_articles` first" in failures(result)[0]
    assert "\n" not in failures(result)[0]
    assert job().success
    assert job("duplicates", "stories").success
    assert job("articles", "published").success
    (seeds / "drop" / "new.txt").write_text((seeds / "drop" / "3.txt").read_text().replace("council", "assembly"))
    assert job("files", "rejected", "texts", "corrections_given").success
    result = job("articles")
    assert "made from other texts" in failures(result)[0]
    assert len(pl.read_parquet(data / "pages.parquet")) == 3, "published tables stay until all are new"
    assert job().success
    assert len(pl.read_parquet(data / "pages.parquet")) == 4


def test_facts_are_of_the_content_alone(job: Job, data: Path) -> None:
    assert job().success
    facts = json.loads((data / "current" / "facts.json").read_text())
    assert set(facts) == {"tables", "versions", "changes", "after"}
    assert facts["changes"] == {"added": {"new-page": 3}, "changed": {}, "removed": {}}
    assert set(facts["tables"]) == {table.name for table in PUBLISHED}
    assert facts["tables"]["pages"]["rows"] == 3


def test_a_run_that_died_is_ended_by_the_next(job: Job, data: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        dead = instance.create_run_for_job(defs.resolve_job_def("corpus"), status=dg.DagsterRunStatus.STARTED)
        data.mkdir()
        (data / ".lock").write_text(f"run {dead.run_id}, process 1 on nowhere")
        assert job(instance=instance).success
        run = instance.get_run_by_id(dead.run_id)
        assert run is not None
        assert run.status == dg.DagsterRunStatus.FAILURE


def test_a_second_run_is_told_who_writes(job: Job, data: Path) -> None:
    with Store(data).lock("run one"):
        result = job()
    assert not result.success
    told = [e for e in result.all_events if "is being written by run one" in str(e.event_specific_data)]
    assert told
