"""What Dagster shows of a run's tables: numbers that the Plots tab draws, counts as records, links to the code."""

import math
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from dagster import AssetKey
from running import Job, write_page

from assets import figures as module
from assets.definitions import defs
from assets.describe import code
from assets.figures import COUNTED, NAME, SHOWN, figures
from pipeline.tables import ARTICLES, FILES, LINES, REJECTED, STAGED, Table


def shown(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """The metadata of each asset that was made."""
    events = result.get_asset_materialization_events()
    return {e.asset_key.to_user_string(): e.materialization.metadata for e in events if e.asset_key}


def records(value: dg.TableMetadataValue) -> list[dict[str, Any]]:
    return [dict(record.data) for record in value.records]


def test_a_run_shows_its_figures_as_numbers_and_records(job: Job) -> None:
    made = shown(job())
    articles, lines, files = made["articles"], made["lines"], made["files"]
    assert articles["dagster/row_count"].value == 3
    assert articles["share without a date"].value == 1
    assert records(articles["articles by outlet"]) == [{"outlet": "null", "articles": 3}]
    assert (files["files read"].value, files["files rejected"].value) == (3, 1)
    assert files["share of files rejected"].value == 0.25
    assert records(made["rejected"]["rejected files"]) == [
        {"path": "drop/empty.txt", "reason": "empty", "todo": "Scrape the page again, or delete the file."}
    ]
    assert lines["lines dropped"].value + lines["lines kept"].value + lines["lines blank"].value == (
        lines["dagster/row_count"].value
    )
    dropped = {r["reason"]: r["lines"] for r in records(lines["lines dropped by reason"])}
    assert sum(dropped.values()) == lines["lines dropped"].value + lines["lines blank"].value
    assert sum(r["lines"] for r in records(lines["lines kept by column"])) == lines["lines kept"].value
    values = [value for metadata in made.values() for value in metadata.values()]
    assert not [value for value in values if isinstance(value, dg.MarkdownMetadataValue)]


@pytest.mark.parametrize("table", COUNTED, ids=lambda table: table.name)
def test_a_table_without_rows_has_the_same_figures(table: Table) -> None:
    """A gap in a plot would look like a run that failed, so none is null."""
    empty = figures(table, table.empty().lazy())
    assert all(isinstance(n, int | float) and math.isfinite(n) for n in empty.numbers.values())
    assert all(counts.is_empty() and counts.columns for counts in empty.counts.values())


def test_an_unchanged_table_is_not_counted_again(
    job: Job, data: Path, seeds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = shown(job())
    counted = []
    whole = module.figures
    monkeypatch.setattr(module, "figures", lambda table, rows: (counted.append(table.name), whole(table, rows))[1])
    assert shown(job())["lines"] == first["lines"]
    assert not set(counted) - {"changes"}, "what a run changes is another thing with each"
    write_page(seeds / "new.txt", "Tower clock strikes thirteen", 13)
    again = shown(job())
    assert "lines" in counted
    assert again["lines"]["lines kept"].value > first["lines"]["lines kept"].value


def test_counts_are_short_whatever_comes_in() -> None:
    row = {"path": "", "record": 0, "reason": "empty", "detail": "", "todo": "x"}
    rejected = pl.DataFrame([{**row, "path": f"{n:03}.txt"} for n in range(SHOWN + 1)], schema=REJECTED.schema)
    assert len(figures(REJECTED, rejected.lazy()).counts["rejected files"]) == SHOWN
    file = {"path": "a", "fate": "rejected", "why": "w" * 10_000, "n_read": 0, "n_rejected": 1}
    files = pl.DataFrame([file], schema=FILES.schema)
    (why,) = figures(FILES, files.lazy()).counts["files not read"]["why"]
    assert len(why) == NAME


def test_a_share_is_of_the_lines_that_say_something() -> None:
    roles = [("body", "body"), ("blank", None), ("blank", None), ("boilerplate", None)]
    lines = pl.DataFrame(
        [{"role": role, "destination": kept, "reason": "model/text: .93"} for role, kept in roles], schema=LINES.schema
    )
    found = figures(LINES, lines.lazy())
    assert found.numbers["share of lines dropped"] == 0.5
    assert found.counts["lines dropped by reason"].rows() == [("blank", 2), ("model/text", 1)]


@pytest.mark.parametrize("asset", [*(table.name for table in STAGED), "published"])
def test_every_asset_links_to_its_code(asset: str) -> None:
    value = defs.resolve_asset_graph().get(AssetKey(asset)).metadata["dagster/code_references"]
    for link in value.code_references:
        lines = Path(link.file_path).read_text().splitlines()
        function = link.label.split(": ")[1]
        assert any(f"def {function}(" in line for line in lines[link.line_number - 1 :][:12]), link


def test_code_without_a_file_is_not_linked() -> None:
    made: dict[str, Any] = {}
    exec("def typed() -> None: ...", made)
    assert [link.label for link in code(made["typed"], records).code_references] == ["assets/test_figures.py: records"]


def test_articles_are_to_be_fresh() -> None:
    policies = {key.to_user_string(): spec.freshness_policy for key, spec in specs()}
    assert {name for name, policy in policies.items() if policy} == {ARTICLES.name}


def specs() -> list[tuple[AssetKey, dg.AssetSpec]]:
    return [(spec.key, spec) for spec in defs.resolve_all_asset_specs()]
