"""Numbers of lines and of the lines around them on their page: values further up or down, sums, distances.

Everything is exact, whatever other pages the batch holds: sums run over whole multiples of `GRAIN`.
"""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]

FAR = 99  # a distance in lines that is as good as none
GRAIN = 2.0**-16


class Pages:
    """Rows of whole pages, one page after another: where each row's page begins and ends."""

    def __init__(self, page: pl.Series) -> None:
        ids = page.rle_id().to_numpy()
        self.row: Places = np.arange(len(page))
        self.start: Places = np.searchsorted(ids, ids, "left")
        self.end: Places = np.searchsorted(ids, ids, "right")

    def near(self, x: Floats, k: int, outside: float = -1.0) -> Floats:
        """x of the row k further down (up where negative) on the same page."""
        at = self.row + k
        inside = (at >= self.start) & (at < self.end)
        found = np.where(inside, x[np.clip(at, 0, max(len(x) - 1, 0))], outside)
        return np.asarray(found, np.float32)

    def sums(self, x: Floats | Flags, low: int, high: int) -> Floats:
        """Sum of x over the rows low … high (both included, relative to each row) of the same page."""
        return self._between(x, np.clip(self.row + low, self.start, self.end), self._behind(high))

    def means(self, x: Floats | Flags, low: int, high: int) -> Floats:
        first, last = np.clip(self.row + low, self.start, self.end), self._behind(high)
        mean: Floats = self._between(x, first, last) / np.maximum(last - first, 1)
        return mean.astype(np.float32)

    def so_far(self, x: Floats | Flags) -> Floats:
        """Sum of x over the rows of the page before each row."""
        return self._between(x, self.start, self.row)

    def whole(self, x: Floats | Flags) -> Floats:
        return self._between(x, self.start, self.end)

    def since(self, flag: Flags) -> Floats:
        """Rows since the last one that the flag holds for (0: this one)."""
        last = np.maximum.accumulate(np.where(flag, self.row, -1))
        return np.where(last >= self.start, np.minimum(self.row - last, FAR), FAR).astype(np.float32)

    def until(self, flag: Flags) -> Floats:
        coming = np.minimum.accumulate(np.where(flag, self.row, len(flag) + FAR)[::-1])[::-1]
        return np.where(coming < self.end, np.minimum(coming - self.row, FAR), FAR).astype(np.float32)

    def _behind(self, high: int) -> Places:
        return np.clip(self.row + high + 1, self.start, self.end)

    def _between(self, x: Floats | Flags, first: Places, last: Places) -> Floats:
        total = running(x)
        return ((total[np.maximum(first, last)] - total[first]) * GRAIN).astype(np.float32)


class Prints:
    """The rows with one value (which no two pages share): how often it stands, where first and last, and how far it is
    from each row to the one before and behind it."""

    def __init__(self, values: NDArray[Any]) -> None:
        order = np.argsort(values, kind="stable")
        begins = np.flatnonzero(other(values[order]))
        sizes = np.diff(np.append(begins, len(order)))
        step = np.where(values[order][1:] == values[order][:-1], np.diff(order), FAR)

        def back(x: Places) -> Places:
            """From the order of the values to that of the rows."""
            out = np.empty_like(x)
            out[order] = x
            return out

        self.since, self.until = back(np.append(FAR, step)[: len(order)]), back(np.append(step, FAR)[: len(order)])
        self.times = back(np.repeat(sizes, sizes))
        self.first = back(np.repeat(order[begins], sizes))
        self.last = back(np.repeat(order[begins + sizes - 1], sizes))


def other(x: NDArray[Any]) -> Flags:
    """Whether each value is another one than the value before; the first one is."""
    flags: Flags = np.ones(len(x), bool)
    flags[1:] = x[1:] != x[:-1]
    return flags


def running(x: Floats | Flags) -> Places:
    """Sums of x before each row and after the last, in whole multiples of GRAIN."""
    return np.concatenate([[0], np.cumsum(np.rint(np.asarray(x, np.float64) / GRAIN).astype(np.int64))])
