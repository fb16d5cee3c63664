"""The corpus card as a run writes it, and the way of a judged sample onto it."""

from pathlib import Path

import polars as pl
import pytest
from dagster import AssetKey
from running import Job, failures

from assets.cli import main
from pipeline.review.audit import COLUMNS

PLOTS = ["dropped.svg", "lengths.svg", "time.svg"]


def card(data: Path) -> str:
    return (data / "README.md").read_text(encoding="utf-8")


def test_a_run_writes_the_card_beside_the_tables(job: Job, data: Path) -> None:
    result = job()
    assert result.success, failures(result)
    (event,) = [e for e in result.get_asset_materialization_events() if e.asset_key == AssetKey("card")]
    assert event.materialization.metadata["page"].value == str(data / "README.md")
    assert sorted(p.name for p in (data / "card").iterdir()) == PLOTS, "no leftovers"
    live = (data / "current").readlink().name
    assert f"generation `{live}`" in card(data)
    assert all(f"](card/{name})" in card(data) for name in PLOTS)


def test_the_same_pages_give_the_same_card_which_is_left_as_it_is(job: Job, data: Path, tmp_path: Path) -> None:
    assert job().success and job(into=tmp_path / "again").success
    names = ["README.md", *(f"card/{name}" for name in PLOTS)]
    for name in names:
        assert (data / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    before = [(data / name).stat().st_ino for name in names]
    assert job().success
    assert [(data / name).stat().st_ino for name in names] == before
    (data / "README.md").write_text("mine")
    assert job().success
    assert "# 3 news articles" in card(data)


def test_a_plot_that_is_gone_is_drawn_again(job: Job, data: Path) -> None:
    assert job().success
    (data / "card" / "time.svg").unlink()
    assert job().success
    assert sorted(p.name for p in (data / "card").iterdir()) == PLOTS


def test_answers_about_a_sample_come_onto_it_and_stay(
    job: Job, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert job().success
    lines = pl.read_parquet(data / "lines.parquet").filter(pl.col("role") != "blank").sort("page", "line_no")
    kept = pl.when(pl.col("destination").is_not_null()).then(pl.lit("yes")).otherwise(pl.lit("no"))
    given = lines.select(
        "page_id", "line_no", "part", line_hash=pl.lit("0" * 32), said="role", kept=kept, **{"is": pl.lit("body")}
    ).select(COLUMNS)
    given.write_csv(tmp_path / "audit.csv")
    titles = lines.filter(role="headline").height
    assert main(["audit", "--data", str(data), "--csv", str(tmp_path / "audit.csv")]) == 0
    assert "README.md states them." in capsys.readouterr().out
    assert f"| lines with another role | {titles} | {lines.height} |" in card(data)
    assert job().success
    assert f"| lines with another role | {titles} | {lines.height} |" in card(data)

    given.with_columns(said=pl.lit("byline")).write_csv(tmp_path / "other.csv")
    before = card(data)
    assert main(["audit", "--data", str(data), "--csv", str(tmp_path / "other.csv")]) == 0
    assert "the answers are about another generation" in capsys.readouterr().out
    assert card(data) == before


def test_a_card_that_can_not_be_written_fails_in_one_line(job: Job, data: Path) -> None:
    (data / "README.md").mkdir(parents=True)
    result = job()
    assert not result.success
    (event,) = result.get_step_failure_events()
    error = event.step_failure_data.error
    assert error and error.cause and "README.md can't be written" in error.cause.message
    assert (data / "articles.parquet").exists(), "the tables are published all the same"
