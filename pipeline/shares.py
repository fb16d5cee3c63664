"""Rows in shares: what is too much for memory at once is dealt by a number, then worked on share by share."""

from collections.abc import Callable, Iterable, Iterator, Sized
from itertools import chain
from typing import Protocol, TypeVar

import polars as pl

Frames = Iterable[pl.DataFrame]
Pieces = Iterable[tuple[int, pl.DataFrame]]  # each with the number of its share
R = TypeVar("R")


class Shares(Sized, Protocol):
    """Rows in shares, wherever they are: what is to be done goes to them."""

    def map(self, function: Callable[[pl.DataFrame], R]) -> Iterable[R]:
        """What a function makes of each share."""

    def each(self, function: Callable[[pl.DataFrame], pl.DataFrame]) -> "Shares":
        """What a function makes of each share, in its place; whenever it is asked for."""

    def kept(self) -> "Shares":
        """The same, made once."""

    def deal(self, function: Callable[[pl.DataFrame], Pieces]) -> "Shares":
        """The pieces that a function makes of the shares, in shares of their own."""


class Shelf(Sized, Protocol):
    """Shares, each one frame, in the order of their numbers; to be gone through as often as is wanted."""

    def __iter__(self) -> Iterator[pl.DataFrame]: ...


# Pieces → shares: the pieces of each one under the other, in the order in which they came.
Shelve = Callable[[Pieces], Shelf]


class Here:
    """Shares that one process works on, one after the other."""

    def __init__(self, shelf: Shelf, shelve: Shelve) -> None:
        self.shelf, self.shelve = shelf, shelve

    def __len__(self) -> int:
        return len(self.shelf)

    def map(self, function: Callable[[pl.DataFrame], R]) -> Iterable[R]:
        return map(function, self.shelf)

    def each(self, function: Callable[[pl.DataFrame], pl.DataFrame]) -> "Here":
        return Here(_Each(function, self.shelf), self.shelve)

    def kept(self) -> "Here":
        return Here(self.shelve(enumerate(self.shelf)), self.shelve)

    def deal(self, function: Callable[[pl.DataFrame], Pieces]) -> "Here":
        return Here(self.shelve(chain.from_iterable(map(function, self.shelf))), self.shelve)


class _Each:
    def __init__(self, function: Callable[[pl.DataFrame], pl.DataFrame], shelf: Shelf) -> None:
        self.function, self.shelf = function, shelf

    def __len__(self) -> int:
        return len(self.shelf)

    def __iter__(self) -> Iterator[pl.DataFrame]:
        return map(self.function, self.shelf)


def enough(rows: int, held: int) -> int:
    """How many shares there are if one holds so many rows, about."""
    return rows // held + 1


def in_memory(pieces: Pieces) -> list[pl.DataFrame]:
    shares: dict[int, list[pl.DataFrame]] = {}
    for number, piece in pieces:
        shares.setdefault(number, []).append(piece)
    return [pl.concat(shares[number]) for number in sorted(shares)]


def dealt(frames: Frames, by: pl.Expr, n: int) -> Iterator[tuple[int, pl.DataFrame]]:
    """Frames → pieces of `n` shares; rows with one value of `by`, a whole number, come into one share."""
    for frame in frames:
        if n == 1:
            yield 0, frame
        elif frame.height:
            numbered = frame.with_columns((by % n).alias("share"))
            for (number,), rows in numbered.partition_by("share", as_dict=True, include_key=False).items():
                yield int(str(number)), rows


def owned(frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows, their strings in memory of their own: a string is a view into the memory of the column that it was
    taken from, so that a few of them would keep all texts of a share there."""
    return pl.DataFrame(frame.to_arrow(compat_level=pl.CompatLevel.oldest()), schema=frame.schema)
