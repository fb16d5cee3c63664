"""What the words of a line say: how much likelier each is in text than in the other lines of many sites.

Naive Bayes over words and pairs of neighbouring words (Maron 1961), as clues for the trees. A word is remembered as a
bucket of a hash, with one number for all words of it (Weinberger et al. 2009).
"""

import base64
import zlib
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.neighbours import Floats, Places, other

# A word of a script without spaces is a pair of characters; some signs speak as words do.
WORD = (
    r"[\x{0e00}-\x{0e7f}\x{3040}-\x{30ff}\x{3400}-\x{9fff}\x{ac00}-\x{d7af}]{2}|[\p{L}\p{M}]+|\p{N}+|[:|©®@?!…»›\"“”]"
)
SEEN = 400  # characters of a line that are read
# Buckets of words and of pairs, as powers of 2: few of the half million pairs of the labelled pages share one.
WORD_BITS, PAIR_BITS = 18, 20
SIZE = (1 << WORD_BITS) + (1 << PAIR_BITS)
STEP = 1 / 16  # of log-odds: what is remembered is a whole number of these
HEAD = 3  # words that a line begins with
MULTIPLIER, BEGIN = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
# The table of CRC-32, read off zlib's values of single bytes.
CRC = np.array([zlib.crc32(bytes([x])) ^ zlib.crc32(b"\0") for x in range(256)], np.uint32)

Odds = NDArray[np.int8]


class Words(NamedTuple):
    """The words of lines in their order: which line (ascending), the buckets of the word and of it with the one
    before."""

    line: Places
    word: Places
    pair: Places


class Vocabulary(NamedTuple):
    """How much likelier the words of each bucket are in text, in STEPs of log-odds; 0: not known."""

    odds: Odds

    @classmethod
    def parse(cls, text: str) -> "Vocabulary":
        return cls(np.frombuffer(zlib.decompress(base64.b64decode(text)), np.int8))

    def text(self) -> str:
        return base64.encodebytes(zlib.compress(self.odds.tobytes(), 9)).decode()

    def clues(self, key: pl.Series) -> dict[str, Floats]:
        """Lines as `features.folded` gives them → clues by name, a number a line each."""
        found = words(key)
        return said(found, self.odds[found.word], self.odds[found.pair], len(key))


def words(key: pl.Series) -> Words:
    lists = key.str.slice(0, SEEN).str.extract_all(WORD)
    line = np.repeat(np.arange(len(key)), lists.list.len().to_numpy())
    flat = lists.explode(empty_as_null=False)
    found = pl.DataFrame({"word": flat, "hash": flat.hash()})  # numbers are told apart faster than words
    different = found.unique("hash")
    codes = pl.Series(crc32(different["word"]))
    code = found["hash"].replace_strict(different["hash"], codes, return_dtype=pl.UInt64).to_numpy()
    before = np.append(BEGIN, code)[: len(code)]
    before[other(line)] = BEGIN
    word = (code * MULTIPLIER) >> np.uint64(64 - WORD_BITS)
    pair = ((code * MULTIPLIER + before) * MULTIPLIER) >> np.uint64(64 - PAIR_BITS)
    return Words(line, word.astype(np.int64), pair.astype(np.int64) + (1 << WORD_BITS))


def crc32(words: pl.Series) -> NDArray[np.uint64]:
    """The CRC-32 of each word's UTF-8, as zlib has it: letter by letter, of all words at once."""
    size = words.str.len_bytes().to_numpy().astype(np.int64)
    begin = np.cumsum(size) - size
    letters = np.frombuffer((words.str.join("").item() or "").encode(), np.uint8)
    out = np.full(len(words), 0xFFFFFFFF, np.uint32)
    for k in range(int(size.max(initial=0))):
        at = np.flatnonzero(size > k)
        out[at] = CRC[(out[at] ^ letters[begin[at] + k]) & 0xFF] ^ (out[at] >> 8)
    return (out ^ 0xFFFFFFFF).astype(np.uint64)


def said(found: Words, word: Odds, pair: Odds, size: int) -> dict[str, Floats]:
    """The odds of each word and pair → by name, what a line's words say together; 0 where it has none."""
    begin = np.flatnonzero(other(found.line))
    end = np.append(begin[1:], len(found.line))[: len(begin)]
    at, count = found.line[begin], end - begin
    head = np.minimum(begin + HEAD, end)
    known = np.append(0, np.cumsum(word != 0))
    told: dict[str, Floats] = {"known": (known[end] - known[begin]) / count}
    for kind, odds in (("word", word), ("pair", pair)):
        x = odds.astype(np.int64)
        total = np.append(0, np.cumsum(x))
        low, high = (f.reduceat(x, begin) if len(begin) else x for f in (np.minimum, np.maximum))
        whole = total[end] - total[begin]
        measures = {
            "sum": whole,
            "mean": whole / count,
            "min": low,
            "max": high,
            "head": (total[head] - total[begin]) / (head - begin),
            "last": x[end - 1],
        }
        told |= {f"{kind}_{name}": measure * STEP for name, measure in measures.items()}
    out = {f"say_{name}": np.zeros(size, np.float32) for name in told}
    for name, measured in told.items():
        out[f"say_{name}"][at] = measured
    return out
