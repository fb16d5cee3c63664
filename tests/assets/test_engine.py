"""Engines: results in order, errors as they are, and nobody left behind, however it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import polars as pl
import pytest
from living import alive, gone

from assets import engine
from assets.engine import EngineError, Local, Task, Workers
from assets.folder import StoreError

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Job:
    n: int
    seconds: float = 100


def jobs(n: int, seconds: float = 100) -> list[Job]:
    return [Job(i, seconds) for i in range(n)]


def where(job: Job) -> tuple[int, int]:
    time.sleep(0.05 * (job.n % 3 == 0))
    return job.n, os.getpid()


def alone(job: Job) -> tuple[dict[str, str | None], list[str]]:
    import assets.bypage  # noqa: F401

    told = {name: os.environ.get(name) for name in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS")}
    return told, [name for name in ("dagster", "pyspark") if name in sys.modules]


def cores_of_threads(job: Job) -> set[int]:
    """Those that the threads of a process may run on, Polars' and one that is started now among them."""
    pl.DataFrame({"n": [1]}).lazy().select(pl.col("n").sum()).collect()
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(os.sched_getaffinity, 0).result() == os.sched_getaffinity(0)
        time.sleep(0.1)  # so that the other worker has a task too
        return set().union(*(os.sched_getaffinity(int(thread.name)) for thread in Path("/proc/self/task").iterdir()))


def broken(job: Job) -> int:
    if job.n == 2:
        raise StoreError("the disk is full")
    return job.n


class TwoThingsError(Exception):
    """It can't be made of its message alone, as pickle tries to."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} and {other}")


def odd(job: Job) -> int:
    raise TwoThingsError("fog", "rain")


def unsendable(job: Job) -> object:
    return lambda: job


def deadly(job: Job) -> int:
    if job.n == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return job.n


def slow(job: Job) -> int:
    Path(f"{os.environ['PIDS']}/{os.getpid()}").touch()
    if job.n % 2:
        time.sleep(1_000)
    while True:
        job = Job(job.n + 1)


@dataclass
class Loading:
    """A function that counts how often it came to a process."""

    came: int = 0

    def __call__(self, job: Job) -> tuple[int, int]:
        return os.getpid(), self.came

    def __setstate__(self, state: dict[str, int]) -> None:
        global COMING
        COMING += 1
        self.came = COMING


COMING = 0


@pytest.fixture
def two() -> Iterator[Workers]:
    made = Workers(2)
    yield made
    made.close()


def test_results_come_in_the_order_of_the_tasks_from_two_processes(two: Workers) -> None:
    found = list(two.map(where, jobs(12)))
    assert [n for n, _ in found] == list(range(12))
    pids = {pid for _, pid in found}
    assert len(pids) == 2 and os.getpid() not in pids
    assert {pid for _, pid in two.map(where, jobs(12))} == pids, "they stay for the next tasks"


@pytest.mark.parametrize("many", [Local(1), Local(2)], ids=["here", "workers"])
def test_tasks_are_drawn_as_they_are_needed(many: Local) -> None:
    """So there may be no end of them."""
    results = many.map(where, map(Job, count()))
    assert [next(results)[0] for _ in range(5)] == [0, 1, 2, 3, 4]
    results.close()  # type: ignore[attr-defined]


def test_a_function_is_told_to_a_worker_once(two: Workers) -> None:
    assert {came for _, came in two.map(Loading(), jobs(9))} == {1}
    assert {came for _, came in two.map(Loading(), jobs(9))} == {2}


def test_a_worker_has_one_thread_and_knows_no_dagster(two: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POLARS_MAX_THREADS", raising=False)
    assert list(two.map(alone, jobs(2))) == [({"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}, [])] * 2
    assert "POLARS_MAX_THREADS" not in os.environ


@pytest.mark.skipif(not engine.STAT.exists(), reason="only Linux tells a thread's core")
def test_a_task_is_done_on_one_core_and_each_worker_has_its_own(two: Workers) -> None:
    allowed = os.sched_getaffinity(0)
    found = list(two.map(cores_of_threads, jobs(6)))
    assert {len(cores) for cores in found} == {1}
    assert len(set().union(*found)) == min(2, len(allowed))
    idle = [os.sched_getaffinity(worker.process.pid) for worker in two._all]
    assert idle == [allowed] * 2, "between tasks it may go where it likes"


@pytest.mark.parametrize(
    ("cores", "n", "seconds", "here"),
    [(2, 9, 0.1, True), (2, 9, 5, False), (1, 9, 5, True), (1, 9, 50, False)],
)
def test_workers_are_started_where_they_pay(cores: int, n: int, seconds: float, here: bool) -> None:
    local = Local(cores)
    pids = {pid for _, pid in local.map(where, jobs(n, seconds))}
    assert (pids == {os.getpid()}) is here
    local.close()


def test_workers_that_are_there_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    local = Local(2)
    before = {pid for _, pid in local.map(where, jobs(9))}
    assert {pid for _, pid in local.map(where, jobs(9, 0))} <= before
    local.close()
    assert gone(list(before))


def test_no_number_of_processes_is_one_for_each_core() -> None:
    assert Local(0).jobs == Local().jobs == engine.cores() >= 1


@pytest.mark.parametrize("many", [Local(1), Local(2)], ids=["here", "workers"])
def test_an_error_is_raised_as_it_is(many: Local) -> None:
    results, seen = many.map(broken, jobs(9)), []
    with pytest.raises(StoreError, match=r"^the disk is full$"):
        seen.extend(results)
    assert seen in ([0, 1], [0], []), "nothing behind it"
    assert list(many.map(broken, jobs(2))) == [0, 1], "and it can go on"
    many.close()


def test_an_error_says_where_it_was(two: Workers) -> None:
    with pytest.raises(StoreError) as caught:
        list(two.map(broken, jobs(3)))
    assert "in broken" in str(caught.value.__cause__)


@pytest.mark.parametrize(("function", "said"), [(odd, "TwoThingsError: fog and rain"), (unsendable, "pickle")])
def test_what_can_not_be_sent_is_told(two: Workers, function: Callable[[Task], object], said: str) -> None:
    with pytest.raises(RuntimeError, match=said):
        list(two.map(function, jobs(2)))


def test_a_worker_that_is_killed_ends_the_work_with_one_line(two: Workers) -> None:
    list(two.map(where, jobs(4)))
    pids = [worker.process.pid for worker in two._all]
    with pytest.raises(EngineError, match=r"^a worker process was killed \(signal 9\), .* memory: .*JOBS=1\); .*$"):
        list(two.map(deadly, jobs(9)))
    assert gone(pids), "the other one too"
    assert [n for n, _ in two.map(where, jobs(4))] == [0, 1, 2, 3], "others are started"


def test_whoever_stops_listening_ends_the_work(two: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIDS", str(tmp_path))
    results = two.map(where, jobs(2))
    next(results)
    results.close()  # type: ignore[attr-defined]
    pids = [pid for _, pid in two.map(where, jobs(4))]
    two.close()
    assert gone(pids)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_whoever_started_them(tmp_path: Path, how: signal.Signals) -> None:
    """Whether they sleep or are at work."""
    heard = "signal.signal(signal.SIGINT, signal.default_int_handler)"  # in the background it may be ignored
    script = f"from test_engine import *; {heard}; list(Workers(2).map(slow, jobs(2)))"
    environment = {**os.environ, "PIDS": str(tmp_path), "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT}/tests/assets"}
    process = subprocess.Popen([sys.executable, "-c", script], env=environment, stderr=subprocess.DEVNULL)
    while len(list(tmp_path.iterdir())) < 2:
        assert process.poll() is None
        time.sleep(0.05)
    pids = [int(path.name) for path in tmp_path.iterdir()]
    assert all(map(alive, pids))
    process.send_signal(how)
    process.wait(60)
    assert gone(pids)
