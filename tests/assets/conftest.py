"""A few invented pages, and the job over them without an instance of its own on the disk."""

from pathlib import Path

import dagster as dg
import pytest
from running import MARK, PAGE, Job, run


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    folder = tmp_path / "seeds"
    (folder / "drop").mkdir(parents=True)
    for n, title in enumerate(
        ("Harbour wall to rise again", "Ferry runs late into the night", "Market moves inland"), 3
    ):
        page = PAGE.format(title=f"{title} in {MARK}", mark=MARK, n=n).replace("harbour", f"harbour{n}")
        (folder / "drop" / f"{n}.txt").write_text(page)
    (folder / "drop" / "empty.txt").write_text("")
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def job(seeds: Path, data: Path) -> Job:
    """Runs the job, or those of its assets that are named."""

    def call(
        *assets: str, into: Path = data, instance: dg.DagsterInstance | None = None, wait: float = 0
    ) -> dg.ExecuteInProcessResult:
        return run(seeds, into, *assets, instance=instance, wait=wait)

    return call
