"""Patterns that stay compiled from one batch to the next.

Polars keeps the last 32 patterns that a thread has compiled; compiling one may cost as much as searching ten thousand
lines for it. So patterns are dealt to threads, fewer than that to each, that live as long as the process.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Lock
from typing import TypeVar

import polars as pl

PATTERNS, THREADS = 28, 16  # patterns of a thread; threads: with more patterns than they keep, some are compiled anew

Found = TypeVar("Found")

_number: dict[str, int] = {}
_lock = Lock()


def contains(texts: pl.Series, pattern: str) -> pl.Series:
    return kept(pattern, lambda: texts.str.contains(pattern))


def replaced(texts: pl.Series, pattern: str, by: str) -> pl.Series:
    return kept(pattern, lambda: texts.str.replace_all(pattern, by))


def extracted(texts: pl.Series, pattern: str) -> pl.Series:
    """What the pattern's first group holds in each text, null where it does not match."""

    def search() -> pl.Series:  # in two steps: to tell groups apart costs ten times what it costs to find a match
        rows = texts.str.contains(pattern).arg_true()
        found = pl.repeat(None, len(texts), dtype=pl.String, eager=True)
        return found.scatter(rows, texts.gather(rows).str.extract(pattern, 1))

    return kept(pattern, search)


def places(texts: pl.Series, pattern: str) -> pl.Series:
    """Where the pattern begins in each text, in bytes; null where it does not stand."""
    return kept(pattern, lambda: texts.str.find(pattern))


def kept(pattern: str, search: Callable[[], Found]) -> Found:
    """What `search` finds, in the thread that keeps the pattern."""
    with _lock:
        number = _number.setdefault(pattern, len(_number))
        thread = _thread(number // PATTERNS % THREADS)
    return thread.submit(search).result()


@cache
def _thread(number: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, f"patterns-{number}")
