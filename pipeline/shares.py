"""Rows in shares: what is too much for memory at once is dealt by a number, then worked on share by share."""

from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Protocol

import polars as pl

Frames = Iterable[pl.DataFrame]
Pieces = Iterable[tuple[int, pl.DataFrame]]  # each with the number of its share


class Shelf(Sized, Protocol):
    """Shares, each one frame, in the order of their numbers; to be gone through as often as is wanted."""

    def __iter__(self) -> Iterator[pl.DataFrame]: ...


# Pieces → shares: the pieces of each one under the other, in the order in which they came.
Shelve = Callable[[Pieces], Shelf]


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
