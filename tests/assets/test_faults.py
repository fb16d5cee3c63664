"""Runs that are killed, or whose disk is full, at any moment: the next one completes, with the right bytes.

The short form of `make soak`, which draws more.
"""

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from drops import Drops, product
from faulty import Server

KILLS = 6 * int(os.environ.get("BROADSHEET_SOAK", 1))  # moments spread over a run


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as started:
        yield started


def leftovers(data: Path) -> list[Path]:
    return list(data.rglob(".tmp-*"))


def twins(tmp_path: Path, server: Server, seed: int) -> tuple[Path, Path, Path]:
    """A corpus as it was published before its last drop: pages, results, and the results that it should have now."""
    seeds, data, right = tmp_path / "seeds", tmp_path / "data", tmp_path / "right"
    made = Drops(seeds, seed)
    made.drop(8)
    assert server.run(seeds, data).error is None
    made.drop(5)
    assert server.run(seeds, right).error is None
    return seeds, data, right


def test_a_run_that_is_killed_at_any_moment(tmp_path: Path, server: Server) -> None:
    seeds, before, right = twins(tmp_path, server, 5)
    shutil.copytree(before, tmp_path / "whole", symlinks=True)
    calls = server.run(seeds, tmp_path / "whole").calls
    assert calls > 100
    draw = random.Random(5)
    for n in range(KILLS):
        data = tmp_path / f"killed-{n}"
        shutil.copytree(before, data, symlinks=True)
        moment = 1 + (n * calls + draw.randrange(calls)) // KILLS
        assert server.run(seeds, data, kill_at=moment).killed
        assert product(data) in (product(before), product(right)), f"a mixture at call {moment}"
        ended = server.run(seeds, data)
        assert ended.error is None, f"killed at call {moment}: {ended.error}"
        assert product(data) == product(right), f"killed at call {moment}"
        assert not leftovers(data)
        shutil.rmtree(data)


def test_a_first_run_that_is_killed_again_and_again(tmp_path: Path, server: Server) -> None:
    seeds, data = tmp_path / "seeds", tmp_path / "data"
    Drops(seeds, 3).drop(10)
    calls = server.run(seeds, tmp_path / "right").calls
    for part in (7, 3, 2):
        assert server.run(seeds, data, kill_at=calls // part).killed
    assert server.run(seeds, data).error is None
    assert product(data) == product(tmp_path / "right")
    assert not leftovers(data)


def test_a_disk_that_is_full_at_any_moment(tmp_path: Path, server: Server) -> None:
    seeds, before, right = twins(tmp_path, server, 6)
    shutil.copytree(before, tmp_path / "whole", symlinks=True)
    calls = server.run(seeds, tmp_path / "whole").calls
    for n in range(KILLS // 2):
        data = tmp_path / f"full-{n}"
        shutil.copytree(before, data, symlinks=True)
        ended = server.run(seeds, data, full_at=2 + n * calls // (KILLS // 2))
        assert ended.error
        assert ended.error.startswith("StoreError: no space left for ")
        assert product(data) in (product(before), product(right))
        assert server.run(seeds, data).error is None
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


def test_a_small_disk(tmp_path: Path, server: Server, small_disk: Path) -> None:
    seeds, data = tmp_path / "seeds", small_disk / "data"
    made = Drops(seeds, 2)
    made.drop(2)
    assert server.run(seeds, data).error is None
    before = product(data)
    (small_disk / "ballast").write_bytes(bytes(2 << 20 - 1)[: _room(small_disk) - 20_000])
    made.drop(8)
    ended = server.run(seeds, data)
    assert ended.error and ended.error.startswith("StoreError: no space left for ")
    assert product(data) == before
    (small_disk / "ballast").unlink()
    assert server.run(seeds, data).error is None
    server.run(seeds, tmp_path / "right")
    assert product(data) == product(tmp_path / "right")
    assert not leftovers(data)


def _room(folder: Path) -> int:
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def test_a_data_folder_that_becomes_read_only(tmp_path: Path, server: Server, small_disk: Path) -> None:
    seeds, data = tmp_path / "seeds", small_disk / "data"
    made = Drops(seeds, 4)
    made.drop(2)
    assert server.run(seeds, data).error is None
    before = product(data)
    made.drop(3)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    ended = server.run(seeds, data)
    assert ended.error
    assert "can't be written: make it writable, or choose another data folder" in ended.error
    assert product(data) == before
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    assert server.run(seeds, data).error is None
    assert product(data) != before
