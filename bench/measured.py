"""Runs a command and says what it took: seconds of wall and CPU, and the memory of all its processes together."""

import ctypes
import os
import resource
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
# One thread in each library that has a pool of them, so that CPU seconds are work and not waiting.
ONE_THREAD = dict.fromkeys(("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_NUM_THREADS"), "1")
EVERY, COUNTED = 0.05, 10  # seconds between two looks; at every tenth shared pages are counted too, which is slow
PATIENCE = 10  # seconds
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of Linux
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Took:
    wall: float
    cpu: float  # user and system, of the process and all its children
    rss: float  # MB: the resident memory of all processes added up, at its highest
    pss: float  # MB: the same with each shared page counted once


class FailedError(Exception):
    """A command that is measured did not end well."""


def run(command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> Took:
    """The command, from the project's root; what it says goes into `log`."""
    # Processes that outlive the one that started them become ours, so that their seconds are not lost.
    ctypes.CDLL(None).prctl(_SUBREAPER, 1)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    memory, over = [0.0, 0.0], threading.Event()
    with log.open("wb") as said:
        start = time.perf_counter()
        given = {**os.environ, **(environment or {})}
        process = subprocess.Popen(command, cwd=ROOT, env=given, stdout=said, stderr=subprocess.STDOUT)
        watcher = threading.Thread(target=_watch, args=(process.pid, memory, over))
        watcher.start()
        status = process.wait()
        wall = time.perf_counter() - start
        over.set()
        watcher.join()
    _reap()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    if status:
        raise FailedError(f"{' '.join(command)} ended with {status}; it said (see {log}):\n{_end(log)}")
    return Took(wall, used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime, *memory)


def _reap() -> None:
    """Waits for what the command has left running, not for long."""
    patience = time.monotonic() + PATIENCE
    with suppress(ChildProcessError):
        while time.monotonic() < patience:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.02)


def _end(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-8:])


def _watch(pid: int, memory: list[float], over: threading.Event) -> None:
    looks = 1
    while not over.wait(EVERY):
        family = list(_family(pid))
        memory[0] = max(memory[0], sum(map(_rss, family)))
        if looks % COUNTED == 0:
            memory[1] = max(memory[1], sum(map(_pss, family)))
        looks += 1


def _family(pid: int) -> Iterator[int]:
    """The process and all that came of it and are still there."""
    yield pid
    for task in _read(f"/proc/{pid}/task/{pid}/children").split():
        yield from _family(int(task))


def _rss(pid: int) -> float:
    fields = _read(f"/proc/{pid}/statm").split()
    return int(fields[1]) * PAGE / 1e6 if fields else 0.0


def _pss(pid: int) -> float:
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def _read(file: str) -> str:
    """Of a process that may have ended by now."""
    try:
        return Path(file).read_text()
    except OSError:
        return ""
