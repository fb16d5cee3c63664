"""Runs that die, or whose disk is full, at a chosen moment: before the n-th call that changes a folder.

A dead process changes nothing any more: from that call on every other one fails too, so that no clean-up of ours
comes in between. (Unlike a process that is killed it costs no start; `make soak` kills processes as well.)
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from drops import run

CALLS = ("replace", "unlink", "rmdir", "mkdir", "symlink", "link", "fsync", "ftruncate", "pwrite")


class KilledError(BaseException):
    """The process is gone."""


@contextmanager
def counted(at: int | None, fail: Callable[[str], None]) -> Iterator[list[str]]:
    """The calls that change a folder, as they are made; from the one of number `at` on `fail` is asked first."""
    calls: list[str] = []

    def watched(name: str, call: Any) -> Any:
        def wrapper(*args: Any, **named: Any) -> Any:
            calls.append(name)
            if at is not None and len(calls) >= at:
                fail(name)
            return call(*args, **named)

        return wrapper

    with mock.patch.multiple(os, **{name: watched(name, getattr(os, name)) for name in CALLS}):
        yield calls


def killed(name: str) -> None:
    raise KilledError


def full(name: str) -> None:
    if name not in ("unlink", "rmdir", "ftruncate"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def calls_of(seeds: Path, data: Path) -> int:
    """A run, and how many such calls it makes."""
    with counted(None, killed) as calls:
        run(seeds, data)
    return len(calls)


def kill(seeds: Path, data: Path, at: int) -> bool:
    """A run that is killed at a call. → whether it came so far"""
    try:
        with counted(at, killed):
            run(seeds, data)
    except KilledError:
        return True
    return False


def fill(seeds: Path, data: Path, at: int) -> str | None:
    """A run on a disk that is full from a call on. → what it says"""
    try:
        with counted(at, full):
            run(seeds, data)
    except Exception as e:
        return f"{type(e).__name__}: {e}"
    return None
