"""The characters of many texts at once, as numbers: how many of a kind each text holds, and what stands beside them."""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.neighbours import Flags, Places

APART = "\n"  # behind each text; no text holds it


class Characters:
    """The characters of lines, one line behind the other, each with a line break behind it, and of which of the `kinds`
    (at most 16, patterns by name) they are."""

    def __init__(self, texts: pl.Series, kinds: Mapping[str, str]) -> None:
        joined = (texts + APART).str.join("").item() if len(texts) else ""
        self.code: NDArray[np.uint32] = np.frombuffer(joined.encode("utf-32-le"), np.uint32)
        self.size: Places = texts.str.len_chars().to_numpy().astype(np.int64) + 1
        self.start: Places = np.cumsum(self.size) - self.size
        self.bit = {kind: np.uint16(1 << i) for i, kind in enumerate(kinds)}
        # each character that there is is asked once
        there = np.flatnonzero(np.bincount(self.code, minlength=1))
        characters = pl.Series([chr(x) for x in there], dtype=pl.String)
        table = np.zeros(there.max(initial=0) + 1, np.uint16)
        for kind, pattern in kinds.items():
            table[there] |= characters.str.contains(pattern).to_numpy() * self.bit[kind]
        self.kinds: NDArray[np.uint16] = table[self.code]

    def of(self, kind: str) -> Flags:
        flags: Flags = (self.kinds & self.bit[kind]) != 0
        return flags

    def starts(self, flags: Flags) -> Flags:
        """Those that the flag holds for and not for the one before."""
        return flags & ~shifted(flags, 1, False)

    def count(self, flags: Flags) -> Places:
        """How many each text holds."""
        bounds = np.searchsorted(np.flatnonzero(flags), np.append(self.start, len(flags)))
        counts: Places = np.diff(bounds)
        return counts


def shifted(flags: Flags, k: int, outside: bool) -> Flags:
    """The flag of the character before each (k: 1) or behind it (-1)."""
    edge = np.full(min(1, len(flags)), outside)
    return np.concatenate([edge, flags[:-1]]) if k > 0 else np.concatenate([flags[1:], edge])
