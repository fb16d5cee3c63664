"""The fingerprints of all articles, dealt so that a lot has none in common with another: here, or on a cluster."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import polars as pl

from assets.engine import Shuffler
from assets.spilling import spilling
from assets.staging import Staging, grouped
from pipeline.dedup import postings
from pipeline.shares import Here, Pieces, Shares, dealt, enough
from pipeline.tables import SKETCHES

if TYPE_CHECKING:  # workers import this module, and have no use for Dagster
    from assets.resources import Folders

ARTICLES = 4_000  # whose fingerprints are dealt together


@dataclass(frozen=True)
class Sketched:
    """Units, and the number of the first of their articles."""

    units: Sequence[str]
    first: int
    seconds: float


@contextmanager
def lots(folders: "Folders", size: int, held: int) -> Iterator[Shares]:
    """All fingerprints (`size` of them), so many of which are held in memory at once."""
    staged = folders.store.staged
    deal = partial(dealt_postings, staged, enough(size, held))
    if isinstance(folders.workers, Shuffler):
        yield folders.workers.shares(deal, sketched(staged)).kept()
    else:
        with spilling(staged.root) as shelve:
            yield Here(shelve(chain.from_iterable(map(deal, sketched(staged)))), shelve)


def sketched(staged: Staging) -> Iterator[Sketched]:
    """All articles; their numbers are those of their sketches, unit by unit."""
    parts = staged.whole("sketch", SKETCHES).parts
    first = 0
    for units in grouped(parts, ARTICLES):
        rows = sum(parts[unit].rows for unit in units)
        yield Sketched(units, first, rows * 1e-4)
        first += rows


def dealt_postings(staged: Staging, n: int, some: Sketched) -> Pieces:
    sketches = staged.scan_units(SKETCHES, some.units).select("fingerprints").collect()
    return dealt([postings(sketches, some.first)], pl.col("gram"), n)
