"""Where the work of a step is done: in this process, or in workers of their own. Knows neither pages nor files.

An engine applies a function to tasks. Function, tasks and results are pickled, and a task may be done twice (where its
worker was killed), so what a task does must be harmless to do again: it leaves new files, and tells their names.
Nothing is imported here but Python's own library, so that a worker holds only what its function needs.
"""

import os
import pickle
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Protocol, TypeVar, runtime_checkable

# CPU seconds of work from which on workers pay: one takes two seconds to start, and to load rules and model. A single
# one pays by the memory that goes when it ends.
WORTH, WORTH_ONE = 4.0, 60.0
# What a worker's environment says beside ours: it is one of many, so it has one thread, and gives back at once what
# memory it has freed (Arrow by the system's allocator, Polars by its own), which costs no time and saves a tenth.
ALONE = {
    "POLARS_MAX_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "1",
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:500,muzzy_decay_ms:0",
}


STAT = Path("/proc/thread-self/stat")  # what the kernel says of a thread, Linux's only


class Task(Protocol):
    @property
    def seconds(self) -> float:
        """The CPU seconds that it takes, about."""


T = TypeVar("T", bound=Task)
R = TypeVar("R")
A = TypeVar("A")


class EngineError(Exception):
    """Work could not be done where it was to be done; the message is one line: what, and what to do."""


class Engine(Protocol):
    def map(self, function: Callable[[T], R], tasks: Iterable[T]) -> Iterator[R]:
        """The results of tasks, in their order; tasks are drawn as they are needed, not held. An error of the function
        is raised here, and ends the rest. A generator: close it to have no task going on."""

    def rest(self) -> None:
        """Gives back what is not needed between two steps: memory, mostly."""

    def close(self) -> None:
        """Ends all that was started for it."""


@runtime_checkable
class Shuffler(Protocol):
    """An engine that also brings together, of what it makes of all tasks, what belongs together."""

    def shares(self, function: Callable[[T], Any], tasks: Iterable[T]) -> Any:
        """The pieces that a function makes of tasks (`pipeline.shares.Pieces`) → the shares (`pipeline.shares.Shares`)
        that they are of."""


def cores() -> int:
    """How many processes may run at once, as the machine says."""
    return len(_allowed()) or os.cpu_count() or 1


def _allowed() -> list[int]:
    """The cores that this process may run on, where the system tells."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def together(items: Iterable[A], weigh: Callable[[A], float], full: float) -> Iterator[list[A]]:
    """Items in groups, each of which is closed by the one that makes it as heavy as `full`."""
    group: list[A] = []
    held = 0.0
    for item in items:
        group.append(item)
        held += weigh(item)
        if held >= full:
            yield group
            group, held = [], 0.0
    if group:
        yield group


class Local:
    """This machine: `jobs` workers (0: one a core), or no worker at all where they would cost more than they save."""

    def __init__(self, jobs: int = 0) -> None:
        self.jobs = jobs or cores()
        self._workers = Workers(self.jobs)

    def map(self, function: Callable[[T], R], tasks: Iterable[T]) -> Iterator[R]:
        drawn, left, seconds = [], iter(tasks), 0.0
        worth = WORTH if self.jobs > 1 else WORTH_ONE
        for task in left:
            drawn.append(task)
            seconds += task.seconds
            if len(drawn) > 1 and (seconds >= worth or self._workers.are_there):
                yield from self._workers.map(function, chain(drawn, left))
                return
        for task in drawn:
            yield function(task)

    def rest(self) -> None:
        self.close()

    def close(self) -> None:
        self._workers.close()


class Workers:
    """Processes that are started as tasks come, and stay for the next ones."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._all: list[_Worker] = []

    @property
    def are_there(self) -> bool:
        return bool(self._all)

    def map(self, function: Callable[[T], R], tasks: Iterable[T]) -> Iterator[R]:
        what = pickle.dumps(function)
        told: set[_Worker] = set()
        left, idle = enumerate(tasks), list(self._all)
        busy: dict[Connection, tuple[_Worker, int]] = {}
        done: dict[int, R] = {}
        due = 0
        try:
            while True:
                while len(busy) < self.jobs and (drawn := next(left, None)):
                    worker = idle.pop() if idle else self._another()
                    if worker not in told:
                        worker.send(what)
                        told.add(worker)
                    number, task = drawn
                    worker.send(pickle.dumps(_Order(task)))
                    busy[worker.line] = worker, number
                if not busy:
                    return
                for line in wait(list(busy)):
                    worker, number = busy[line]  # type: ignore[index]
                    done[number] = worker.receive()
                    del busy[worker.line]
                    idle.append(worker)
                while due in done:
                    yield done.pop(due)
                    due += 1
        except BaseException:  # something went wrong, or nobody waits for the rest
            self.close()
            raise

    def close(self) -> None:
        """What workers have not told yet is of no use to anyone, so they are not asked to end."""
        for worker in self._all:
            worker.process.kill()
        while self._all:
            self._all.pop().gone()

    def _another(self) -> "_Worker":
        self._all.append(_Worker(len(self._all), self.jobs))
        return self._all[-1]


class _Worker:
    """The process that runs `serve`, and the line to it."""

    def __init__(self, number: int, of: int) -> None:
        self.of = of
        self.line, theirs = Pipe()
        with theirs:
            # Not multiprocessing: its children import the main module anew, which is Dagster's in a run of Dagster's.
            # A session of its own: a Ctrl-C is for us, and the worker ends with the line to us.
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", f"from {__name__} import serve; serve({theirs.fileno()}, {number}, {of})"],
                pass_fds=[theirs.fileno()],
                env={**os.environ, **ALONE, "PYTHONPATH": os.pathsep.join(sys.path)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )

    def send(self, message: bytes) -> None:
        try:
            self.line.send_bytes(message)
        except OSError:
            raise self._died() from None

    def receive(self) -> Any:
        try:
            answer = pickle.loads(self.line.recv_bytes())
        except (EOFError, OSError):
            raise self._died() from None
        if isinstance(answer, Failure):
            raise answer.error from ElsewhereError(answer.where)
        return answer

    def gone(self) -> None:
        self.process.wait()
        self.line.close()

    def _died(self) -> EngineError:
        code = self.process.wait()
        how = f"was killed (signal {-code}), most likely for want of memory" if code < 0 else f"ended with code {code}"
        todo = f"with fewer processes (JOBS={self.of // 2 or 1})" if code < 0 and self.of > 1 else "again"
        return EngineError(f"a worker process {how}: run {todo}; what was done is kept")


class _Order:
    """A task, told from the function that is for it and those behind it."""

    def __init__(self, task: Any) -> None:
        self.task = task


class Failure:
    """The error that a function ended with, and where: a traceback is not pickled."""

    def __init__(self, error: Exception, where: str) -> None:
        self.error, self.where = error, where


class ElsewhereError(Exception):
    """The cause of an error in a worker: its traceback there."""

    def __str__(self) -> str:
        return f"in a worker:\n{self.args[0]}"


def serve(handle: int, number: int, of: int) -> None:
    """A worker's life: does what comes over the line. It is over when the line is cut, whatever ended the other side,
    and whatever is going on here: hence the thread, that never does anything but listen."""
    line, orders = Connection(handle), SimpleQueue[bytes]()
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as first:
        first.write("500")  # where memory runs out it is a worker that is killed, so that the run can tell
    threading.Thread(target=_listen, args=(line, orders), daemon=True).start()
    function: Callable[[Any], Any] = repr
    mine = _allowed()[number::of]  # no other worker's
    while True:
        answer: Any = None
        try:
            order = pickle.loads(orders.get())
            if not isinstance(order, _Order):
                function = order
                continue
            with _on_one(mine):
                answer = function(order.task)
        except Exception as e:
            answer = Failure(e, traceback.format_exc())
        try:
            line.send_bytes(pickled(answer))
        except OSError:
            os._exit(1)


@contextmanager
def _on_one(cores: Collection[int]) -> Iterator[None]:
    """This process on one of some cores, if there are any, until the block ends. Polars works in a thread of its own,
    for which ours waits some thousand times a batch: on one core they take turns, and what one leaves in the caches the
    other finds."""
    if not cores or not STAT.exists():
        yield
        return
    here, before = _core(), os.sched_getaffinity(0)
    _bind({here if here in cores else min(cores)})
    try:
        yield
    finally:
        _bind(before)


def _bind(cores: Collection[int]) -> None:
    """Threads that are there; those that they start follow them."""
    for thread in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # it may have ended
            os.sched_setaffinity(int(thread.name), cores)


def _core() -> int:
    """The one that this thread runs on."""
    return int(STAT.read_text().rpartition(")")[2].split()[36])


def _listen(line: Connection, orders: "SimpleQueue[bytes]") -> None:
    while True:
        try:
            orders.put(line.recv_bytes())
        except (EOFError, OSError):
            os._exit(1)


def pickled(answer: Any) -> bytes:
    try:
        message = pickle.dumps(answer)
        pickle.loads(message)  # some errors can be told, and not be understood
        return message
    except Exception as e:
        failure = answer if isinstance(answer, Failure) else Failure(e, traceback.format_exc())
        error = RuntimeError(f"{type(failure.error).__name__}: {failure.error}")
        return pickle.dumps(Failure(error, failure.where))
