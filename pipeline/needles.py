"""What a text must hold for a pattern to match: literals, read off the pattern, that are looked for before it is tried.

A pattern costs ten times as much as the search for many literals at once (Aho-Corasick), and its compilation more than
that; most patterns match in hardly any line. Literals and texts are compared folded: case, digits, white space.
"""

import re
import warnings
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import product
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

import polars as pl

from pipeline.patterns import contains

# The letters that stand for others where case is ignored, and are still others in lower case.
_ODD = "\u017f\u00b5\u1fbe\u0345\u03d0\u03f5\u03d1\u03f0\u03d6\u03f1\u03c2\u03d5\u1fd3\u1fe3"
_ODD += "\u1c80\u1c81\u1c82\u1c83\u1c84\u1c85\u1c86\u1c87\u1c88\u1e9b\ufb05"
VARIANTS = dict(zip(_ODD, "sμιιβεθκπρσφ\u0390\u03b0вдосттъѣ\ua64bṡ\ufb06", strict=True))
# White space as patterns know it, besides the space itself.
SPACES = "\t\n\x0b\x0c\r\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
WHITE = dict.fromkeys(SPACES, " ")
FOLDS = {**VARIANTS, **WHITE}
# Where a text begins and ends; no page holds it (the repair drops it).
EDGE = "\0"

LONG = 12  # letters of a needle: longer ones find nothing more
MANY = 1_000  # needles of a pattern
FEW = 12  # characters that one place may have, for each to be spelt out
TWICE = 2  # repeats that are spelt out
SPELT = 10_000  # needles that one pattern may hold, a megabyte or two

# Beginnings of what a piece of a pattern matches, and whether each is all of it.
Beginnings = dict[str, bool]
NOTHING: Beginnings = {"": True}
ANYTHING: Beginnings = {"": False}

Needles = frozenset[str] | None
EDGES = (op.AT_BEGINNING, op.AT_BEGINNING_STRING, op.AT_END, op.AT_END_STRING)


def folded(texts: pl.Series, cased: bool = False) -> pl.Series:
    """`texts` as needles are looked for in them; `cased`: with their case, as patterns need that heed it."""
    same = texts if cased else texts.str.to_lowercase()
    return EDGE + same.str.replace_many((WHITE if cased else FOLDS) | _digits()) + EDGE


@cache
def _digits() -> dict[str, str]:
    """The digits of all scripts, as patterns know them."""
    characters = pl.Series([chr(x) for x in range(0x20000) if not 0xD800 <= x < 0xE000])
    return dict.fromkeys(characters.filter(characters.str.contains(r"\d")), "0")


def candidates(haystacks: pl.Series, patterns: Sequence[str], cased: bool = False) -> list[pl.Series]:
    """For each pattern the rows (ascending) of the `folded` texts that it may match: those that hold a needle of it, or
    all where it has none."""
    frame, sought = haystacks.alias("needle").to_frame().with_row_index("row"), _sought(tuple(patterns), cased)
    if frame.is_empty() or not sought.needles:
        return [frame["row"] for _ in patterns]
    some = frame.filter(sought.stand_in(frame["needle"]))
    if len(patterns) > 1 and some.height:
        hits = (
            some.with_columns(pl.col("needle").str.extract_many(sought.needles, overlapping=True))
            .explode("needle")
            .join(sought.owners, on="needle")
            .select("pattern", "row")
            .unique()
            .sort("pattern", "row")
        )
    else:
        hits = some.select("row", pattern=pl.lit(0, pl.Int32))
    rows = {i: found["row"] for (i,), found in hits.partition_by("pattern", as_dict=True).items()}
    none = frame["row"].clear()
    return [rows.get(i, none) if needles(pattern, cased) else frame["row"] for i, pattern in enumerate(patterns)]


class Sought(NamedTuple):
    """The needles of some patterns, which of these, by their number, have which (needle, pattern), and the needles as a
    pattern of their own, where they are not too many."""

    needles: list[str]
    owners: pl.DataFrame
    spelt: str | None

    def stand_in(self, haystacks: pl.Series) -> pl.Series:
        """Whether one of them stands in each text. Some hundred literals are found four times as fast by a pattern as
        by `contains_any`, and it stays compiled."""
        return contains(haystacks, self.spelt) if self.spelt else haystacks.str.contains_any(self.needles)


@cache
def _sought(patterns: tuple[str, ...], cased: bool) -> Sought:
    owners = pl.DataFrame(
        [(needle, i) for i, pattern in enumerate(patterns) for needle in sorted(needles(pattern, cased) or ())],
        schema={"needle": pl.String, "pattern": pl.Int32},
        orient="row",
    )
    found = owners["needle"].unique(maintain_order=True).to_list()
    return Sought(found, owners, "|".join(map(re.escape, found)) if len(found) <= SPELT else None)


def matches(texts: pl.Series, haystacks: pl.Series, pattern: str) -> pl.Series:
    """Whether each text matches, the pattern tried only on those that may by their `folded` form."""
    [rows] = candidates(haystacks, [pattern])
    hits = rows.filter(contains(texts.gather(rows), pattern))
    return pl.int_range(len(texts), dtype=pl.UInt32, eager=True).is_in(hits.implode())


@cache
def needles(pattern: str, cased: bool = False) -> frozenset[str] | None:
    """Literals of which each text that `pattern` matches holds one at least, once it is `folded`; null where the
    pattern settles none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what only the other engine knows
            parsed = parser.parse(_common(pattern))
    except (re.error, FutureWarning):
        return None
    reading = Reading("" if "(?m" in pattern else EDGE, cased).under(parsed.state.flags)
    return _of_sequence(parsed, reading).held


def _common(pattern: str) -> str:
    """`pattern` as Python's parser understands it: classes of letters become one that says nothing."""
    pattern = re.sub(r"\\x\{([0-9a-fA-F]+)\}", lambda x: re.escape(chr(int(x[1], 16))), pattern)
    return re.sub(r"\\[pP](?:\{\^?\w+\}|\w)", r"\\w", pattern).replace("(?-u:", "(?:")


class Reading(NamedTuple):
    """How a pattern is read: what its edges find in a text, whether texts are `folded` with their case, and whether the
    pattern ignores it."""

    edge: str
    cased: bool = False
    ignores: bool = False

    def under(self, flags: int, without: int = 0) -> "Reading":
        """The reading of a piece with flags of its own."""
        return self._replace(ignores=bool((self.ignores or flags & re.IGNORECASE) and not without & re.IGNORECASE))

    def letter(self, char: str) -> str | None:
        """A character as texts have it where the pattern finds it; null where they may have it in another case."""
        if self.cased and self.ignores and char.lower() != char.upper():
            return None
        found = WHITE.get(char, char) if self.cased else "".join(FOLDS.get(x, x) for x in char.lower())
        return "0" if found.isdecimal() else found


class Piece(NamedTuple):
    """What is known of a piece of a pattern: how its matches begin, and the needles that they hold."""

    begins: Beginnings
    held: Needles = None


def _of_sequence(sequence: Iterable[Any], reading: Reading) -> Piece:
    """The needles are those that find least, of the beginnings of any rest of the sequence, and of its pieces' own."""
    pieces = [_of_one(kind, value, reading) for kind, value in sequence]
    held = [piece.held for piece in pieces]
    rest = NOTHING
    for i, piece in reversed(list(enumerate(pieces))):
        rest = _then(piece.begins, rest)
        if i == 0 or list(pieces[i - 1].begins.values()) != [True]:  # else a longer one begins before
            held.append(_least(rest))
    return Piece(rest, max((x for x in held if x), key=_worth, default=None))


def _of_one(kind: Any, value: Any, reading: Reading) -> Piece:
    if kind is op.LITERAL:
        return Piece(_one_of([reading.letter(chr(value))]))
    if kind is op.AT:
        return Piece({reading.edge if value in EDGES else "": True})
    if kind is op.IN:
        return Piece(_of_class(value, reading))
    if kind is op.SUBPATTERN:
        return _of_sequence(value[-1], reading.under(*value[1:3]))
    if kind is op.BRANCH:
        ways = [_of_sequence(way, reading) for way in value[1]]
        held = [way.held for way in ways]
        return Piece(_either(way.begins for way in ways), _least(x for found in held for x in found or [""]))
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
        least, most, repeated = value
        once = _of_sequence(repeated, reading)
        begins = NOTHING if most <= least + TWICE else ANYTHING
        for n in reversed(range(min(most, least + TWICE))):
            begins = _then(once.begins, begins) if n < least else _either([NOTHING, _then(once.begins, begins)])
        return Piece(begins, once.held if least else None)
    return Piece(ANYTHING)


def _worth(found: frozenset[str]) -> tuple[bool, int, int]:
    """Few long needles find least, those with capitals less than others, where case is kept."""
    return all(needle != needle.lower() for needle in found), min(map(len, found)), -len(found)


def _least(texts: Iterable[str]) -> Needles:
    """Without those that others are part of; null where one of them is everywhere, or they are too many."""
    shortest = sorted(set(texts), key=len)
    if not shortest or shortest[0] in ("", " ", EDGE):
        return None
    kept: list[str] = []
    for text in shortest:
        if not any(x in text for x in kept):
            kept.append(text)
    return frozenset(kept) if len(kept) <= MANY else None


def _then(first: Beginnings, second: Beginnings) -> Beginnings:
    wholes = [x for x, whole in first.items() if whole]
    out = {x: False for x, whole in first.items() if not whole}
    letters = LONG
    while len(wholes) * len(second) > MANY:  # only as much of the second as is spelt out in few ways
        letters //= 2
        second = {x[:letters]: False for x in second}
    for a, (b, whole) in product(wholes, second.items()):
        text = (a + b).replace(EDGE + EDGE, EDGE)
        out[text[:LONG]] = whole and len(text) <= LONG and out.get(text, True)
    return out


def _either(ways: Iterable[Beginnings]) -> Beginnings:
    out: Beginnings = {}
    for way in ways:
        for text, whole in way.items():
            out[text] = whole and out.get(text, True)
    return out


def _of_class(items: Iterable[Any], reading: Reading) -> Beginnings:
    chars: list[str | None] = []
    for kind, value in items:
        if kind is op.LITERAL:
            chars.append(reading.letter(chr(value)))
        elif kind is op.RANGE and value[1] - value[0] < FEW:
            chars += [reading.letter(chr(x)) for x in range(value[0], value[1] + 1)]
        elif kind is op.CATEGORY and value is op.CATEGORY_DIGIT:
            chars.append("0")
        elif kind is op.CATEGORY and value is op.CATEGORY_SPACE:
            chars.append(" ")
        else:
            return ANYTHING
    return _one_of(chars)


def _one_of(chars: list[str | None]) -> Beginnings:
    """Any of these characters, null: one that is not known."""
    found = {char: True for char in chars if char is not None}
    return ANYTHING if None in chars or len(found) > FEW else found
