"""Runs that are killed, or whose disk is full, at any moment: the next one completes, with the right bytes.

The short form of `make soak`, which draws more.
"""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from drops import Drops, product, run
from faulty import calls_of, fill, kill
from living import gone

from assets import seeds as files
from assets.store import StoreError

ROOT = Path(__file__).parents[2]
SOAK = "BROADSHEET_SOAK" in os.environ
KILLS = 60 if SOAK else 6  # moments spread over a run
DROPS = 200 if SOAK else 4
REAL_KILLS = 12 if SOAK else 1


@pytest.fixture(autouse=True)
def told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that were just written count as told from changed ones: only so are parts kept from run to run."""
    monkeypatch.setattr(files, "_GRAIN", -(10**18))


def leftovers(data: Path) -> list[Path]:
    return list(data.rglob(".tmp-*"))


def twins(tmp_path: Path, seed: int) -> tuple[Path, Path, Path]:
    """A corpus as it was published before its last drop: pages, results, and the results that it should have now."""
    seeds, data, right = tmp_path / "seeds", tmp_path / "data", tmp_path / "right"
    made = Drops(seeds, seed)
    made.drop(8)
    run(seeds, data)
    made.drop(5)
    run(seeds, right)
    return seeds, data, right


def moments(calls: int, n: int) -> Iterator[int]:
    """Numbers of calls, spread over all of them."""
    draw = random.Random(n)
    return (1 + (i * calls + draw.randrange(calls)) // n for i in range(n))


def test_a_run_that_is_killed_at_any_moment(tmp_path: Path) -> None:
    seeds, before, right = twins(tmp_path, 5)
    shutil.copytree(before, tmp_path / "whole", symlinks=True)
    calls = calls_of(seeds, tmp_path / "whole")
    assert calls > 100
    for at in moments(calls, KILLS):
        data = tmp_path / f"killed-{at}"
        shutil.copytree(before, data, symlinks=True)
        assert kill(seeds, data, at)
        assert product(data) in (product(before), product(right)), f"a mixture, killed at call {at}"
        run(seeds, data)
        assert product(data) == product(right), f"killed at call {at}"
        assert not leftovers(data)
        shutil.rmtree(data)


def test_a_first_run_that_is_killed_again_and_again(tmp_path: Path) -> None:
    seeds, data = tmp_path / "seeds", tmp_path / "data"
    Drops(seeds, 3).drop(10)
    calls = calls_of(seeds, tmp_path / "right")
    for part in (7, 3, 2):
        assert kill(seeds, data, calls // part)
    run(seeds, data)
    assert product(data) == product(tmp_path / "right")
    assert not leftovers(data)


def test_drops_with_kills_in_between(tmp_path: Path) -> None:
    seeds, data, fresh = (tmp_path / name for name in ("seeds", "data", "fresh"))
    made = Drops(seeds, 7)
    calls = 200
    for _ in range(DROPS):
        made.drop(made.draw.randint(1, 6))
        while made.draw.random() < 0.6:
            kill(seeds, data, made.draw.randint(1, calls))
        calls = max(calls_of(seeds, data), 50)
        shutil.rmtree(fresh, ignore_errors=True)
        run(seeds, fresh)
        assert product(data) == product(fresh)
        assert not leftovers(data)


@pytest.mark.parametrize("n", range(REAL_KILLS))
def test_a_process_that_is_killed(tmp_path: Path, n: int) -> None:
    """With everything around it: Dagster, its storage, the lock. The next run ends the dead one."""
    seeds, data = tmp_path / "seeds", tmp_path / "data"
    Drops(seeds, n).drop(12)
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    command = [sys.executable, "-m", "assets", "corpus", "--seeds", str(seeds), "--data", str(data)]
    environment = {**os.environ, "DAGSTER_HOME": str(tmp_path)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (data / "staging").exists() and process.poll() is None:
        time.sleep(0.05)
    time.sleep(0.3 * n)
    process.send_signal(signal.SIGKILL)
    process.wait()
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    run(seeds, tmp_path / "fresh")
    assert product(data) == product(tmp_path / "fresh")
    assert not leftovers(data)


@pytest.mark.parametrize("n", range(REAL_KILLS))
def test_a_run_that_is_killed_while_workers_work_for_it(tmp_path: Path, n: int) -> None:
    """They end with it, and what they were at is of no harm."""
    seeds, data = tmp_path / "seeds", tmp_path / "data"
    Drops(seeds, n).drop(30)
    # Workers for the least work, each with a few pages at a time.
    many = "import sys, pathlib, drops; from assets import engine, incremental; engine.WORTH = 0; incremental.BATCH = 2"
    command = [sys.executable, "-c", f"{many}; drops.run(*map(pathlib.Path, sys.argv[1:]), jobs=2)", seeds, data]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT}/tests/assets"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    while not (data / "staging/understand.units.json").exists() and process.poll() is None:
        time.sleep(0.02)
    time.sleep(0.05 * n)
    workers = [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    assert len(workers) == 2 or n
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert gone(workers)
    run(seeds, data)
    run(seeds, tmp_path / "fresh")
    assert product(data) == product(tmp_path / "fresh")
    assert not leftovers(data)


def test_a_disk_that_is_full_at_any_moment(tmp_path: Path) -> None:
    seeds, before, right = twins(tmp_path, 6)
    shutil.copytree(before, tmp_path / "whole", symlinks=True)
    calls = calls_of(seeds, tmp_path / "whole")
    for at in moments(calls - 5, KILLS // 2):
        data = tmp_path / f"full-{at}"
        shutil.copytree(before, data, symlinks=True)
        said = fill(seeds, data, at)
        assert said, f"full at call {at}"
        assert said.startswith("StoreError: no space left for ")
        assert not leftovers(data)
        assert product(data) in (product(before), product(right))
        run(seeds, data)
        assert product(data) == product(right)


def test_a_disk_that_is_full_in_the_middle_of_a_file(tmp_path: Path) -> None:
    """As any user may try it: no file may be longer than a part of a table."""
    seeds, data, right = twins(tmp_path, 8)
    before = product(data)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, limits[1]))
    try:
        with pytest.raises(StoreError, match=r"no space left for .*: free some"):
            run(seeds, data)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert product(data) == before
    run(seeds, data)
    assert product(data) == product(right)
    assert not leftovers(data)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_disk_that_is_really_full_and_one_that_becomes_read_only(tmp_path: Path, small_disk: Path) -> None:
    seeds, data = tmp_path / "seeds", small_disk / "data"
    made = Drops(seeds, 2)
    made.drop(2)
    run(seeds, data)
    before = product(data)
    made.drop(6)
    status = os.statvfs(small_disk)
    (small_disk / "ballast").write_bytes(bytes(status.f_bavail * status.f_frsize - 30_000))
    with pytest.raises(StoreError, match=r"no space left for .*: free some, or choose another data folder"):
        run(seeds, data)
    assert product(data) == before
    (small_disk / "ballast").unlink()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(StoreError, match="can't be written: make it writable, or choose another data folder"):
        run(seeds, data)
    assert product(data) == before
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    run(seeds, data)
    run(seeds, tmp_path / "right")
    assert product(data) == product(tmp_path / "right")
    assert not leftovers(data)
