"""The tutorial's commands, run as it prints them, in a copy of what they touch."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).parents[1]
TUTORIAL = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```$", TUTORIAL, re.MULTILINE | re.DOTALL)
# The environment is this one, and the notebook is run, not opened.
MAKE = """#!/bin/sh
exec {make} -o {venv}/.ready -o {venv}/.notebook VENV={venv} \\
    LAB='-m jupyter nbconvert --to notebook --execute --output-dir build' "$@"
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for name in ("Makefile", "dagster.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("seeds", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("assets", "pipeline"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin/make"
    script.write_text(MAKE.format(make=shutil.which("make"), venv=sys.prefix))
    script.chmod(0o755)
    return tmp_path


def run(*command: str, clone: Path, cwd: Path, **more: str) -> str:
    env = {**os.environ, "PATH": f"{clone / 'bin'}:{os.environ['PATH']}", **more}
    env["IPYTHONDIR"] = str(clone / "ipython")
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_from_a_folder_of_pages_to_a_plot(clone: Path) -> None:
    pytest.importorskip("jupyterlab", reason="`make test` installs it, from notebook.lock")
    data = clone / "tutorial/data"
    assert [kind for kind, _ in BLOCKS] == ["sh"] * 5 + ["python"]
    said = []
    for kind, block in BLOCKS:
        if kind == "sh":
            said.append(run("sh", "-ec", block, clone=clone, cwd=clone))
        else:
            notebooks = clone / "notebooks"
            run(sys.executable, "-c", block, clone=clone, cwd=notebooks, DATA=str(data), MPLBACKEND="agg")
    _, made, why, again, _ = said
    assert "rejected  2 files" in made
    assert "Transport mit dem Sofa" in why
    assert "subhead" in why
    assert "1 correction applied" in again
    (body,) = pl.read_parquet(data / "articles.parquet").filter(pl.col("body").str.contains("Uwe Krügermann"))["body"]
    assert "Transport mit dem Sofa" not in body
    for named in re.findall(r"`(tutorial/data/[\w/.]+)`", TUTORIAL):
        assert (clone / named).exists(), named
    assert (clone / "build/corpus.ipynb").read_text().count('"image/png"') == 5, "the notebook's plots"
    assert (clone / "tutorial/lengths.png").read_bytes()[:4] == b"\x89PNG"
