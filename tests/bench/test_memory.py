"""What the benchmark of memory stages is what the steps over the whole corpus take."""

from pathlib import Path

import polars as pl

from bench.memory import STEPS, opened, stage


def test_steps_run_over_what_is_staged(tmp_path: Path) -> None:
    stage(tmp_path, 300)  # some in each unit
    for name in ("dedup", "articles", "changes"):
        STEPS[name](opened(tmp_path))
    assert pl.read_parquet(tmp_path / "staging/articles.parquet").height > 200
    assert pl.read_parquet(tmp_path / "staging/changes.parquet")["change"].unique().to_list() == ["added"]
