"""Runs a command and says what it took: seconds of wall and CPU, and the memory of all its processes together."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
# One thread in each library that has a pool of them, so that CPU seconds are work and not waiting.
ONE_THREAD = {
    name: "1" for name in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_NUM_THREADS")
}
EVERY, COUNTED = 0.05, 10  # seconds between two looks; at every tenth shared pages are counted too, which is slow
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
    with log.open("wb") as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **(environment or {})}, stdout=said, stderr=subprocess.STDOUT
        )
        memory, over = [0.0, 0.0], threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, memory, over))
        watcher.start()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - start
        over.set()
        watcher.join()
    if process.returncode:
        raise FailedError(f"{' '.join(command)} ended with {process.returncode}; it said (see {log}):\n{_end(log)}")
    return Took(wall, used.ru_utime + used.ru_stime, *memory)


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
