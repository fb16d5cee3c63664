"""A few invented pages, and the job over them without an instance of its own on the disk."""

from pathlib import Path

import dagster as dg
import pytest
from running import Job, failures, run, write_pages

SAMPLES = Path(__file__).parents[2] / "seeds"


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    folder = tmp_path / "seeds"
    write_pages(folder / "drop")
    return folder


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of a run over the sample pages: to be read, not changed."""
    data = tmp_path_factory.mktemp("samples") / "data"
    result = run(SAMPLES, data)
    assert result.success, failures(result)
    return data


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
