"""One writer at a time: the lock on a data folder, which dies with its process, and who holds it."""

import fcntl
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from assets.folder import StoreError, told

LOCK = ".lock"


@contextmanager
def lock(
    root: Path, who: str, wait: float = 0, on_wait: Callable[[str], None] = lambda holder: None
) -> Iterator[str | None]:
    """Holds a data folder for one writer; the next waits up to `wait` seconds for it, then gives up. The next holder
    is given the name of one that died."""
    with told(root):
        root.mkdir(parents=True, exist_ok=True)
        # Not inherited by workers that are started anew; a forked one has to end with its run.
        handle = os.open(root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        _await(root, handle, wait, on_wait)
        with told(root):
            died = _named(handle)
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{who}, process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        try:
            yield died
        finally:
            os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def is_held(root: Path) -> bool:
    """Whether a writer that is alive has the folder."""
    return _look(root)[0]


def left_by(root: Path) -> str | None:
    """Who died with the lock, if somebody did and nobody has taken it since."""
    held, named = _look(root)
    return None if held else named


def _look(root: Path) -> tuple[bool, str | None]:
    try:
        handle = os.open(root / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False, None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False, _named(handle)
    except BlockingIOError:
        return True, None
    finally:
        os.close(handle)


def _await(root: Path, handle: int, wait: float, on_wait: Callable[[str], None]) -> None:
    deadline = time.monotonic() + max(wait, 0.3)  # whoever only looks holds it for a moment
    said = False
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            holder = _named(handle) or "another process"
        if time.monotonic() >= deadline:
            raise StoreError(f"{root} is being written by {holder}: wait until that ends (or end it), then run again")
        if wait and not said:
            on_wait(holder)
            said = True
        time.sleep(0.1)


def _named(handle: int) -> str | None:
    """Who holds the lock, or held it when it died."""
    return " ".join(os.pread(handle, 1000, 0).decode(errors="replace").split()) or None
