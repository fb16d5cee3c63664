"""The characters of many texts at once, as numbers: how many of a kind each text holds, and what stands beside them."""

from collections.abc import Collection, Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.neighbours import Flags, Places

APART = "\n"  # behind each text; no text holds it
ASCII = np.arange(0x80, dtype=np.uint32)


class Characters:
    """The characters of lines, one line behind the other, each with a line break behind it, and of which of the `kinds`
    (at most 16, patterns by name) they are; `often`: kinds that most of them are of."""

    def __init__(self, texts: pl.Series, kinds: Mapping[str, str], often: Collection[str] = ()) -> None:
        joined = texts.str.join(APART).item() + APART if len(texts) else ""
        self.code: NDArray[np.uint32] = np.frombuffer(joined.encode("utf-32-le"), np.uint32)
        self.size: Places = texts.str.len_chars().to_numpy().astype(np.int64) + 1
        self.start: Places = np.cumsum(self.size) - self.size
        self.bit = {kind: np.uint16(1 << i) for i, kind in enumerate(kinds)}
        # each character that there is is asked once
        there = np.unique(np.append(ASCII, self.code[self.code > ASCII[-1]]))
        characters = pl.Series([chr(x) for x in there], dtype=pl.String)
        table = np.zeros(int(there[-1]) + 1, np.uint16)
        for kind, pattern in kinds.items():
            table[there] |= characters.str.contains(pattern).to_numpy() * self.bit[kind]
        self.kinds: NDArray[np.uint16] = table.take(self.code)
        seldom = np.uint16(sum(int(bit) for kind, bit in self.bit.items() if kind not in often))
        self.few: Places = np.flatnonzero(self.kinds & seldom)
        self.kinds_of_few = self.kinds[self.few]

    def of(self, kind: str, at: Places | slice = slice(None)) -> Flags:
        """Whether the characters at these places are of the kind; before the first is the last, a line break."""
        flags: Flags = (self.kinds[at] & self.bit[kind]) != 0
        return flags

    def where(self, kind: str) -> Places:
        """The places of a kind that is not often."""
        return np.asarray(self.few[(self.kinds_of_few & self.bit[kind]) != 0])

    def runs(self, kind: str) -> tuple[Places, Places]:
        """Where the runs of characters of other kinds begin and end (with their last)."""
        inside = np.concatenate([[False], ~self.of(kind)])
        edges = np.flatnonzero(inside[1:] != inside[:-1])
        return edges[::2], edges[1::2] - 1

    def count(self, at: Places) -> Places:
        """How many of the places (ascending) are each text's."""
        return np.asarray(np.diff(np.searchsorted(at, np.append(self.start, len(self.code)))))
