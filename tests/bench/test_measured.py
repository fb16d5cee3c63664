"""Commands are measured with all their processes, and failures say what the command said."""

import sys
from pathlib import Path

import pytest

from bench.measured import FailedError, run

HOLDS = "import time; held = bytearray(120_000_000); time.sleep(1.2); sum(range(3_000_000))"
STARTS = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLDS!r}], check=True)"


def test_time_and_memory_of_a_child_process_count(tmp_path: Path) -> None:
    took = run([sys.executable, "-c", STARTS], tmp_path / "log.txt")
    assert took.wall > 1.2 > took.cpu > 0.01
    assert took.rss > 120
    assert 120 < took.pss <= took.rss * 1.05


def test_the_seconds_of_a_process_that_outlives_its_parent_count(tmp_path: Path) -> None:
    works = "import time; end = time.process_time() + 0.6\nwhile time.process_time() < end: pass"
    leaves = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {works!r}])"
    assert run([sys.executable, "-c", leaves], tmp_path / "log.txt").cpu > 0.6


def test_a_command_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(FailedError, match="no such harbour"):
        run([sys.executable, "-c", "raise SystemExit('no such harbour')"], tmp_path / "log.txt")


def test_the_environment_reaches_the_command(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    run([sys.executable, "-c", "import os; print(os.environ['QUAY'])"], log, {"QUAY": "north"})
    assert log.read_text() == "north\n"
