"""Runs that die or fail at a chosen moment: a server that has everything loaded forks a process for each.

The moments are the calls that change the data folder, counted: killed before the n-th of them, a run is killed at
every stage of its work, and at the same one whenever it is repeated. `python faulty.py` is the server.
"""

import errno
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CALLS = ("replace", "unlink", "rmdir", "mkdir", "symlink", "link", "fsync", "ftruncate")


@dataclass(frozen=True)
class Order:
    seeds: str
    data: str
    kill_at: int | None = None  # before the call of this number, from 1
    full_at: int | None = None  # from this call on the disk is full


@dataclass(frozen=True)
class Ended:
    calls: int
    error: str | None = None  # of the run; null where it was killed, too
    killed: bool = False


class Server:
    def __enter__(self) -> "Server":
        path = os.pathsep.join([str(HERE.parents[1]), str(HERE)])
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "faulty.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(30)

    def run(self, seeds: Path, data: Path, **how: int) -> Ended:
        assert self._process.stdin and self._process.stdout
        print(json.dumps(asdict(Order(str(seeds), str(data), **how))), file=self._process.stdin, flush=True)
        return Ended(**json.loads(self._process.stdout.readline()))


def serve() -> None:
    from drops import run

    from assets import resources

    # Parsed once for all; nothing may be computed before a fork, as Polars' threads don't come along.
    rules, model = resources.Rules(), resources.Model()
    _ = rules.book, model.lines, rules.digest, model.digest
    resources.Rules, resources.Model = lambda: rules, lambda: model  # type: ignore[assignment, misc]
    for name, made in (("_rules", rules), ("_model", model)):
        resources.Folders.__private_attributes__[name].default_factory = lambda made=made: made
    for line in sys.stdin:
        order = Order(**json.loads(line))
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            carry_out(order, writing, run)
        os.close(writing)
        with open(reading) as said:
            told = said.read().splitlines()
        status = os.waitpid(child, 0)[1]
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        calls = int(told[0]) if told else order.kill_at or 0
        print(json.dumps(asdict(Ended(calls, told[1] if len(told) > 1 else None, killed))), flush=True)


def carry_out(order: Order, out: int, run: Any) -> None:
    calls, error = 0, None

    def counted(call: Any) -> Any:
        def wrapper(*args: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == order.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            if order.full_at and calls >= order.full_at and call.__name__ not in ("unlink", "rmdir"):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(Path(order.data) / "x"))
            return call(*args, **named)

        return wrapper

    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))
    try:
        run(Path(order.seeds), Path(order.data))
    except Exception as e:
        error = f"{type(e).__name__}: {e}".splitlines()[0]
    os.write(out, "\n".join([str(calls), *([error] if error else [])]).encode())
    os._exit(0)


if __name__ == "__main__":
    serve()
