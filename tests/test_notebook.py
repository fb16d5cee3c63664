"""The notebook runs from its first cell to its last, on the samples and where there is nothing to draw."""

import os
import shutil
from pathlib import Path

import pytest

from assets.cli import main

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks/corpus.ipynb"


def corpus(pages: list[Path], root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (root / "seeds").mkdir()
    for page in pages:
        shutil.copy(page, root / "seeds")
    shutil.copy(ROOT / "dagster.yaml", root)
    monkeypatch.setenv("DAGSTER_HOME", str(root))
    assert main(["corpus", "--seeds", str(root / "seeds"), "--data", str(root / "data")]) == 0
    return root / "data"


@pytest.mark.parametrize("which", ["2024-autumn/*", "2024-spring/page-not-found.txt"], ids=["samples", "no article"])
def test_it_runs(which: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbclient = pytest.importorskip("nbclient", reason="`make test` installs it, from notebook.lock")
    nbformat = pytest.importorskip("nbformat")
    data = corpus(sorted((ROOT / "seeds").glob(which)), tmp_path, monkeypatch)
    monkeypatch.setitem(os.environ, "DATA", str(data))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    book = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(
        book, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOK.parent)}}
    ).execute()
    made = [output for cell in book.cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in made) == 5
    assert not [output for output in made if output.output_type == "stream"], "no warnings"


def test_it_is_committed_without_outputs_and_with_short_cells() -> None:
    nbformat = pytest.importorskip("nbformat", reason="`make test` installs it, from notebook.lock")
    cells = [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in cells)
    assert max(len(cell.source.splitlines()) for cell in cells) <= 20
