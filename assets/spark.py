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
from functools import partial
from itertools import islice
from typing import Any

import polars as pl

from assets.engine import ALONE, ElsewhereError, EngineError, Failure, R, T, pickled
from assets.engine import together as grouped
from assets.shipped import made_with
from pipeline.shares import Pieces

ANSWER = 10.0  # seconds that a master has to answer
WORKERS = 60.0  # seconds to wait for a worker where there is none: at the start, or as all were lost
# CPU seconds of tasks that go together, so that Spark's share (some hundredths of a second) does not show.
BUNDLE = 2.0
# Bundles for each core that go to Spark at once. Results come when all of these are done, and only then are safe.
WAVE = 32
PARTITIONS = 3  # of what is shuffled, for each core: one that has more to do than others does not hold up all
ROW = "number long, pickled binary"
ADDRESS = re.compile(r"([^,/:]+):(\d+)")
What = Callable[[int, bytes], Iterator[tuple[int, bytes]]]  # a row → rows
# Errors as Python's tracebacks name them, and, at the end of a line that says more, as Java's do.
PYTHONS = re.compile(r"^(?:\w+\.)*(\w+(?:Error|Exception): .+)$", re.MULTILINE)
JAVAS = re.compile(r"^.*[ .](\w+(?:Error|Exception): .+)$", re.MULTILINE)


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
            wide = WAVE * self.session.sparkContext.defaultParallelism
            for answer in self._answers(function, [first, *islice(bundles, wide - 1)]):
                if isinstance(answer, Failure):
                    raise answer.error from ElsewhereError(answer.where)
                yield answer

    def shares(self, function: Callable[[T], Pieces], tasks: Iterable[T]) -> "Shares":
        """The pieces that a function makes of tasks, shuffled by Spark so that those of one share come together."""
        return Shares(self, together(self.mapped(self._spread(list(_bundled(tasks))), partial(_of_tasks, function))))

    def rest(self) -> None:
        """What workers hold is Spark's to see to."""

    def close(self) -> None:
        if self._session is not None:
            self._session.stop()
            self._session = None

    @property
    def session(self) -> Any:
        if self._session is None:
            self._session = _opened(self.master)
        return self._session

    def _answers(self, function: Callable[[T], R], wave: list[list[T]]) -> Iterator[R | Failure]:
        for answers in self.collected(self.mapped(self._spread(wave), partial(_answers, function))):
            yield from map(pickle.loads, pickle.loads(answers))

    def _spread(self, bundles: list[list[T]]) -> Any:
        """Bundles of tasks as rows of Spark's, each in a partition of its own."""
        rows = [(number, bytearray(pickle.dumps(bundle))) for number, bundle in enumerate(bundles)]
        return self.session.createDataFrame(self.session.sparkContext.parallelize(rows, max(len(rows), 1)), ROW)

    def mapped(self, rows: Any, what: "What") -> Any:
        return rows.mapInArrow(_worker(pickle.dumps(what), _installed()), ROW)

    def collected(self, rows: Any) -> list[bytes]:
        """What rows hold, in the order of their numbers."""
        return [row.pickled for row in sorted(self.done(rows.collect), key=lambda row: int(row.number))]

    def done(self, work: Callable[[], Any]) -> Any:
        """What comes of Spark's work. It would wait for workers for ever; we don't."""
        with ThreadPoolExecutor(1) as thread:
            job = thread.submit(work)
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
                return job.result()
            except EngineError:
                raise
            except Exception as e:
                raise EngineError(f"Spark gave up: {_reason(e)}; what is done is kept") from e
            finally:
                while not wait([job], timeout=0).done:  # as it may not be one of Spark's jobs yet
                    self.session.sparkContext.cancelAllJobs()
                    wait([job], timeout=0.5)

    def _workers(self) -> int:
        executors = len(self.session.sparkContext._jsc.sc().statusTracker().getExecutorInfos())
        return executors if self.master.startswith("local") else executors - 1  # one of them is we


class Shares:
    """See `pipeline.shares.Shares`: rows of Spark's, of a share's number and all that is in it."""

    def __init__(self, spark: Spark, rows: Any, alike: Any = None) -> None:
        self.spark, self.rows = spark, rows
        self.alike = rows if alike is None else alike  # there are as many of them

    def __len__(self) -> int:
        return int(self.spark.done(self.alike.count))

    def map(self, function: Callable[[pl.DataFrame], R]) -> Iterable[R]:
        made = self.spark.collected(self.spark.mapped(self.rows, partial(_of_share, function)))
        return map(pickle.loads, made)

    def each(self, function: Callable[[pl.DataFrame], pl.DataFrame]) -> "Shares":
        return Shares(self.spark, self.spark.mapped(self.rows, partial(_of_share, function)), self.alike)

    def kept(self) -> "Shares":
        """On the workers' disks; what is lost with a worker is made anew."""
        from pyspark import StorageLevel

        return Shares(self.spark, self.rows.persist(StorageLevel.DISK_ONLY), self.alike)

    def deal(self, function: Callable[[pl.DataFrame], Pieces]) -> "Shares":
        return Shares(self.spark, together(self.spark.mapped(self.rows, partial(_of_shares, function))))


def together(pieces: Any) -> Any:
    """Spark's shuffle: pieces, each with the number of its share → shares."""
    several = PARTITIONS * pieces.sparkSession.sparkContext.defaultParallelism
    return pieces.repartition(several, "number").groupBy("number").applyInArrow(_together, ROW)


def _bundled(tasks: Iterable[T]) -> Iterator[list[T]]:
    return grouped(tasks, lambda task: task.seconds, BUNDLE)


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
    # A row may hold a share: of these no thousands are to be in memory at once.
    builder = builder.config("spark.sql.execution.arrow.maxRecordsPerBatch", "1")
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
    """What a long report of Spark's comes down to."""
    said = str(error)
    found = PYTHONS.findall(said) or JAVAS.findall(said) or said.strip().splitlines() or [type(error).__name__]
    return str(found[-1])


# What a worker does


def _worker(what: bytes, made: Mapping[str, str]) -> Callable[[Iterable[Any]], Iterator[Any]]:
    """What makes rows of each row, as Spark calls it: with some at a time."""

    def work(batches: Iterable[Any]) -> Iterator[Any]:
        import pyarrow as pa

        _alike(made)
        make = pickle.loads(what)
        for batch in batches:
            for number, held in zip(batch["number"].to_pylist(), batch["pickled"].to_pylist(), strict=True):
                for row in make(number, held):
                    yield pa.RecordBatch.from_pylist([dict(zip(("number", "pickled"), row, strict=True))])

    return work


def _answers(function: Callable[[T], R], number: int, bundle: bytes) -> Iterator[tuple[int, bytes]]:
    """What a function makes of the tasks of a bundle, up to the first that fails."""
    answers = []
    try:
        for task in pickle.loads(bundle):
            answers.append(pickled(function(task)))
    except Exception as e:
        answers.append(pickled(Failure(e, f"on {socket.gethostname()}\n{traceback.format_exc()}")))
    yield number, pickle.dumps(answers)


def _of_tasks(function: Callable[[T], Pieces], number: int, bundle: bytes) -> Iterator[tuple[int, bytes]]:
    for task in pickle.loads(bundle):
        yield from _told(function(task))


def _of_share(function: Callable[[pl.DataFrame], R], number: int, share: bytes) -> Iterator[tuple[int, bytes]]:
    yield number, pickle.dumps(function(pickle.loads(share)))


def _of_shares(function: Callable[[pl.DataFrame], Pieces], number: int, share: bytes) -> Iterator[tuple[int, bytes]]:
    return _told(function(pickle.loads(share)))


def _told(pieces: Pieces) -> Iterator[tuple[int, bytes]]:
    for number, piece in pieces:
        yield number, pickle.dumps(piece)


def _together(pieces: Any) -> Any:
    """The rows of one share → one row: the pieces of it under each other, in no order."""
    import pyarrow as pa

    whole = pl.concat(pickle.loads(piece) for piece in pieces["pickled"].to_pylist())
    row = {"number": pieces["number"][0].as_py(), "pickled": pickle.dumps(whole)}
    return pa.Table.from_pylist([row], schema=pieces.schema)


def _installed() -> Mapping[str, str]:
    """What has to be the same here and there: where it is not, bytes differ, or equal texts have unequal hashes."""
    return {**made_with(), "hashes": str(pl.Series(["a", "b"]).hash().to_list())}


def _alike(made: Mapping[str, str]) -> None:
    here = _installed()
    other = [name for name in made if made[name] != here.get(name)]
    if other:
        raise EngineError(
            f"{socket.gethostname()} has another Broadsheet than the driver, or other libraries ({', '.join(other)}): "
            f"install the same there (its Python is {sys.executable})"
        )
