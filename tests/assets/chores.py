"""Small tasks for engines; in a module of their own, as workers import it."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Chore:
    number: int
    seconds: float = 1.0


def squared(chore: Chore) -> int:
    return chore.number**2


def refused(chore: Chore) -> int:
    if chore.number == 2:
        raise FileNotFoundError(2, "gone", f"/pages/{chore.number}")
    return chore.number


def logged(folder: Path, chore: Chore) -> tuple[int, str | None]:
    """Takes a while, and tells that it was begun, and on which of the cluster's workers."""
    worker = next(part for part in Path.cwd().parts if part.startswith("worker"))
    (folder / f"{chore.number}-{worker}-{time.monotonic_ns()}").touch()
    time.sleep(chore.seconds)
    return chore.number, os.environ.get("POLARS_MAX_THREADS")


def killed(chore: Chore) -> None:
    """As a process is that takes more memory than there is."""
    os.kill(os.getpid(), signal.SIGKILL)
