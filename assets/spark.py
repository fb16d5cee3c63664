"""The engine of a cluster: tasks go to the workers of Spark through `mapInArrow`. Knows neither pages nor files.

What Spark carries are tasks and results, pickled, in a column of bytes, and never a page: workers read and write the
folders themselves, which are the same on all machines. Spark does a task again where a worker is lost or slow.

Workers import this module too, but never PySpark's session: it is opened by whoever has tasks.
"""

import os
import pickle
import re
import shutil
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import islice
from typing import Any

from assets.engine import ALONE, ElsewhereError, EngineError, Failure, R, T, pickled
from assets.shipped import made_with

ANSWER = 10.0  # seconds that a master has to answer
WORKERS = 60.0  # seconds to wait for a worker where there is none: at the start, or as all were lost
# CPU seconds of tasks that go together, so that Spark's share (some hundredths of a second) does not show.
BUNDLE = 2.0
# Bundles for each core that go to Spark at once. Results come when all of these are done, and only then are safe.
WAVE = 32
ROW = "number long, pickled binary"
ADDRESS = re.compile(r"([^,/:]+):(\d+)")
LAST_ERROR = re.compile(r"^(?:\w+\.)*(\w+(?:Error|Exception): .+)$", re.MULTILINE)


class Spark:
    """A cluster: asked for when there is something to do, and kept until the run ends."""

    def __init__(self, master: str) -> None:
        if not master:
            raise EngineError("ENGINE=spark needs a cluster: name its master with SPARK_MASTER=spark://<host>:7077")
        self.master = master
        self._session: Any = None

    def map(self, function: Callable[[T], R], tasks: Iterable[T]) -> Iterator[R]:
        bundles = _bundled(tasks)
        for first in bundles:
            wide = WAVE * self._context.defaultParallelism
            for answer in self._answers(function, [first, *islice(bundles, wide - 1)]):
                if isinstance(answer, Failure):
                    raise answer.error from ElsewhereError(answer.where)
                yield answer

    def close(self) -> None:
        if self._session is not None:
            self._session.stop()
            self._session = None

    @property
    def _context(self) -> Any:
        if self._session is None:
            self._session = _opened(self.master)
        return self._session.sparkContext

    def _answers(self, function: Callable[[T], R], wave: list[list[T]]) -> Iterator[R | Failure]:
        """What comes of bundles of tasks, each in a partition of its own."""
        rows = [(number, bytearray(pickle.dumps(bundle))) for number, bundle in enumerate(wave)]
        spread = self._session.createDataFrame(self._context.parallelize(rows, len(rows)), ROW)
        found = self._collected(spread.mapInArrow(_worker(pickle.dumps(function), made_with()), ROW))
        for row in sorted(found, key=lambda row: int(row.number)):
            yield from map(pickle.loads, pickle.loads(row.pickled))

    def _collected(self, frame: Any) -> list[Any]:
        """The rows of a frame. Spark waits for workers for ever; we don't."""
        with ThreadPoolExecutor(1) as thread:
            job = thread.submit(frame.collect)
            try:
                seen = time.monotonic()
                while not wait([job], timeout=0.5).done:
                    if self._workers():
                        seen = time.monotonic()
                    elif time.monotonic() - seen > WORKERS:
                        raise EngineError(
                            f"{self.master} has had no worker for us for {WORKERS:g} s: see on its page whether there "
                            "is one with a core and spark.executor.memory free, then run again; what is done is kept"
                        )
                return list(job.result())
            except EngineError:
                raise
            except Exception as e:
                raise EngineError(f"Spark gave up: {_reason(e)}; what is done is kept") from e
            finally:
                if not job.done():
                    self._context.cancelAllJobs()

    def _workers(self) -> int:
        executors = len(self._context._jsc.sc().statusTracker().getExecutorInfos())
        return executors if self.master.startswith("local") else executors - 1  # one of them is we


def _bundled(tasks: Iterable[T]) -> Iterator[list[T]]:
    bundle: list[T] = []
    for task in tasks:
        bundle.append(task)
        if sum(task.seconds for task in bundle) >= BUNDLE:
            yield bundle
            bundle = []
    if bundle:
        yield bundle


# The driver's session


def _opened(master: str) -> Any:
    # A pandas newer than PySpark knows is no matter: it asks for it, but nothing of it is used.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    try:
        from pyspark.sql import SparkSession
    except ImportError as e:
        raise EngineError(
            f"ENGINE=spark needs PySpark ({e}): `make corpus ENGINE=spark` installs it, or pip install '.[spark]'"
        ) from e
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise EngineError("ENGINE=spark needs Java 17 or 21; on Debian: apt install default-jre-headless")
    _ask(master)
    # Workers have it at the same path, where nobody says otherwise.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(master).appName("broadsheet").config("spark.ui.showConsoleProgress", "false")
    for name, value in ALONE.items():
        builder = builder.config(f"spark.executorEnv.{name}", value)
    try:
        return builder.getOrCreate()
    except Exception as e:
        if "JAVA_GATEWAY_EXITED" in str(e):
            raise EngineError("Java does not start Spark, which needs Java 17 or 21: see what it says above") from e
        raise EngineError(f"no master of Spark answers at {master}: start one there, or correct SPARK_MASTER") from e


def _ask(master: str) -> None:
    """EngineError where nobody listens at any of the addresses of a standalone master: Spark would ask for a minute."""
    if not master.startswith("spark://"):
        return
    why = "no <host>:<port>"
    for host, port in ADDRESS.findall(master):
        try:
            socket.create_connection((host, int(port)), ANSWER).close()
            return
        except (OSError, OverflowError) as e:
            why = str(e)
    raise EngineError(f"no master of Spark answers at {master} ({why}): start one there, or correct SPARK_MASTER")


def _reason(error: Exception) -> str:
    """The last thing that a traceback of Spark's names, a worker's among it."""
    lines = str(error).strip().splitlines()
    return next(reversed(LAST_ERROR.findall(str(error))), lines[0] if lines else type(error).__name__)


# What a worker does


def _worker(function: bytes, made: Mapping[str, str]) -> Callable[[Iterable[Any]], Iterator[Any]]:
    def work(batches: Iterable[Any]) -> Iterator[Any]:
        import pyarrow as pa

        for batch in batches:
            for number, bundle in zip(batch["number"].to_pylist(), batch["pickled"].to_pylist(), strict=True):
                yield pa.RecordBatch.from_pydict({"number": [number], "pickled": [do(function, bundle, made)]})

    return work


def do(function: bytes, bundle: bytes, made: Mapping[str, str]) -> bytes:
    """What a function makes of the tasks of a bundle, up to the first that fails; all of it pickled."""
    answers = []
    try:
        _alike(made)
        what = pickle.loads(function)
        for task in pickle.loads(bundle):
            answers.append(pickled(what(task)))
    except Exception as e:
        answers.append(pickled(Failure(e, f"on {socket.gethostname()}\n{traceback.format_exc()}")))
    return pickle.dumps(answers)


def _alike(made: Mapping[str, str]) -> None:
    """EngineError where the driver's tables are made with something else than is installed here: bytes would differ."""
    here = made_with()
    other = [name for name in made if made[name] != here.get(name)]
    if other:
        raise EngineError(
            f"{socket.gethostname()} has another Broadsheet than the driver, or other libraries ({', '.join(other)}): "
            f"install the same there (its Python is {sys.executable})"
        )
