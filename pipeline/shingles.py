"""Shingles: texts as sets of word 5-grams, how many of them two texts share, and who shares many with whom.

Words are lower-cased runs of letters, marks and digits; in scripts without spaces each character is a word. A
5-gram is a 64-bit number, compared for equality only. What a share of common 5-grams means is not decided here.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

import polars as pl

# Odd, so that multiplication mod 2⁶⁴ loses nothing; different, so that the order of the words counts.
_WEIGHTS: Final = (
    0x9E3779B97F4A7C15,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0xD6E8FEB86659FD93,
    0xFF51AFD7ED558CCD,
)
# Five words in a row are rarely the same by chance, and one changed word spoils only five of them.
GRAM: Final = len(_WEIGHTS)
# Under 8 words there are at most three 5-grams: chance.
FEW_WORDS: Final = 8
# For *finding* candidates a 5-gram shows its first (highest-ranked) 32 representatives only, so that
# boilerplate left in every article does not make the work quadratic; verification counts every 5-gram. A
# candidate is missed only where each 5-gram that it shares is also in 32 higher-ranked representatives.
HOLDERS: Final = 32
# Articles tokenised at a time: bounds memory, changes nothing.
SLICE: Final = 2_000
HASH_SEED: Final = 0

_NO_SPACES: Final = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD: Final = rf"[{_NO_SPACES}]|[[\p{{L}}\p{{M}}\p{{N}}]--[{_NO_SPACES}]]+"
_NO_OPENINGS: Final = pl.DataFrame(schema={"row": pl.UInt32, "opening": pl.List(pl.UInt64)})
_NO_COUNTS: Final = pl.DataFrame(schema=dict.fromkeys(("row", "shared", "n_grams", "kept_n_grams"), pl.UInt32))


class Shingles(NamedTuple):
    """`postings`: (row, gram), each once a row, of the 5-grams that several rows hold; `n_grams`: (row,
    n_grams), counting all its distinct ones; `openings`: (row, opening), its first 5-grams in order."""

    postings: pl.DataFrame
    n_grams: pl.DataFrame
    openings: pl.DataFrame


def words(column: str) -> pl.Expr:
    return pl.col(column).str.to_lowercase().str.extract_all(_WORD)


def hashed(text: pl.Expr) -> pl.Expr:
    return text.hash(HASH_SEED)


def shingles(texts: pl.DataFrame, opening: int = 0) -> Shingles:
    """`texts` (row, body, n_words, text_hash, title_key) → its 5-grams, and the first `opening` of each body. A
    body under FEW_WORDS has a single one, made of text_hash and title, so that it equals only its like."""
    few = pl.col("n_words") < FEW_WORDS
    long = texts.filter(~few).select("row", "body")
    alone = hashed(pl.concat_str("text_hash", "title_key", separator=" "))
    grams, openings = [texts.filter(few).select("row", alone.alias("gram"))], [_NO_OPENINGS]
    for i in range(0, len(long), SLICE):
        every = _grams(long.slice(i, SLICE))
        grams.append(every.select("row", "gram").unique())
        first = every.filter(pl.col("place") < opening)
        openings.append(first.group_by("row").agg(pl.col("gram").sort_by("place").alias("opening")))
    distinct = pl.concat(grams)
    return Shingles(
        _held_by_several(distinct, "gram"),
        distinct.group_by("row").agg(pl.len().alias("n_grams")),
        pl.concat(openings),
    )


def _grams(bodies: pl.DataFrame) -> pl.DataFrame:
    """(row, body) → (row, place, gram): every 5-gram; a body of under five words has none."""
    hashes = (
        bodies.select("row", words("body").alias("word"))
        .filter(pl.col("word").list.len() >= GRAM)
        .explode("word")
        .select("row", hashed(pl.col("word")).alias("word"))
    )
    terms = [pl.col("word").shift(-i) * pl.lit(w, pl.UInt64) for i, w in enumerate(_WEIGHTS)]
    return (
        hashes.with_columns(gram=pl.sum_horizontal(terms))
        .filter(pl.col("row") == pl.col("row").shift(1 - GRAM))
        .select("row", pl.int_range(pl.len()).over("row").alias("place"), "gram")
    )


def _held_by_several(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """The rows whose key stands in another row too, sorted by it: a sort takes a fraction of the memory that
    hashed groups take."""
    same = pl.col(key) == pl.col(key).shift()
    return frame.sort(key).filter(same.fill_null(False) | same.shift(-1, fill_value=False))


# --- how many two rows share


def shared(pairs: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    """(row, kept) → (row, shared, n_grams, kept_n_grams): the distinct 5-grams that both hold, and each."""
    counted = [_shared(pairs.slice(i, SLICE), texts) for i in range(0, len(pairs), SLICE)]
    return pl.concat([_NO_COUNTS, *counted])


def _shared(pairs: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    numbers = pl.concat([pairs["row"], pairs["kept"]])
    postings, n_grams, _ = shingles(texts.filter(pl.col("row").is_in(numbers.implode())))
    counted = (
        pairs.join(postings, "row")
        .join(postings.rename({"row": "kept"}), ["kept", "gram"])
        .group_by("row")
        .agg(pl.len().alias("shared"))
    )
    return (
        pairs.join(counted, "row", "left")
        .join(n_grams, "row", "left")
        .join(n_grams.rename({"row": "kept", "n_grams": "kept_n_grams"}), "kept", "left")
        .select("row", pl.col("shared", "n_grams", "kept_n_grams").fill_null(0))
    )


def begins(pairs: pl.DataFrame, texts: pl.DataFrame, last: int) -> pl.Series:
    """The `row` of those (row, kept) whose words, but for `last` at the end (half of them at most), are the first
    words of the kept one."""
    found = [_begins(pairs.slice(i, SLICE), texts, last) for i in range(0, len(pairs), SLICE)]
    return pl.concat([pairs["row"].clear(), *found])


def _begins(pairs: pl.DataFrame, texts: pl.DataFrame, last: int) -> pl.Series:
    numbers = pl.concat([pairs["row"], pairs["kept"]])
    word = texts.filter(pl.col("row").is_in(numbers.implode())).select("row", words("body").alias("word"))
    both = pairs.join(word, "row").join(word.rename({"row": "kept", "word": "whole"}), "kept")
    n = pl.col("word").list.len()
    first = pl.col("word").list.head(n - pl.min_horizontal(n // 2, last))
    # A space behind each word: no word is the beginning of another.
    begin, whole = (pl.concat_str(w.list.join(" "), pl.lit(" ")) for w in (first, pl.col("whole")))
    return both.filter(n > 0, whole.str.starts_with(begin))["row"]


# --- who shares many with whom


class _Postings:
    """The keys of each row, out of a frame (row, code) sorted by row."""

    def __init__(self, frame: pl.DataFrame, n_rows: int) -> None:
        counts = frame.group_by("row").len()
        every = pl.DataFrame({"row": range(n_rows)}, schema={"row": pl.UInt32})
        ends = every.join(counts, "row", "left", maintain_order="left")["len"].fill_null(0).cum_sum()
        self._codes = frame["code"]
        self._bounds = [0, *ends.to_list()]

    def of(self, row: int) -> list[int]:
        start = self._bounds[row]
        keys: list[int] = self._codes.slice(start, self._bounds[row + 1] - start).to_list()
        return keys


def _postings(keys: pl.DataFrame, n_rows: int) -> tuple[_Postings, _Postings, int]:
    """(row, key, look, post) → what each row looks up, what it posts as a representative, how many codes
    there are. Keys that stand once are left out: nobody can share them."""
    code = (pl.col("key") != pl.col("key").shift()).fill_null(False).cum_sum()
    shared = _held_by_several(keys, "key").select("row", "look", "post", code=code).sort("row")
    looks = _Postings(shared.filter("look"), n_rows)
    posts = _Postings(shared.filter("post"), n_rows)
    return looks, posts, shared["code"].n_unique()


class Index:
    """Rows that were added (in rank order), found again by the keys that they share with another row.

    `keys`: (row, key, look, post), what each row looks up and what it posts when it is added."""

    def __init__(self, keys: pl.DataFrame, n_rows: int) -> None:
        self._looks, self._posts, n_codes = _postings(keys, n_rows)
        self._holders: list[Sequence[int]] = [()] * n_codes

    def add(self, row: int) -> None:
        alone = (row,)
        for key in self._posts.of(row):
            held = self._holders[key]
            if not held:
                self._holders[key] = alone  # one tuple for all keys of the row: most have a single holder
            elif isinstance(held, list):
                if len(held) < HOLDERS:
                    held.append(row)
            else:
                self._holders[key] = [*held, row]

    def sharing(self, row: int, need: int, related: Callable[[int, int], bool]) -> Iterator[tuple[int, int]]:
        """The added rows that may share `need` keys with `row`, in rank order, each with how many it shares.
        `related` (row, added) is asked before they are counted."""
        keys = self._looks.of(row)
        held = [self._holders[k] for k in keys]
        full = sum(len(h) == HOLDERS for h in held)
        if full < need:  # whoever shares enough shares a key whose list is not full
            held = [h for h in held if len(h) < HOLDERS]
        own = set(keys)
        hits = Counter(chain.from_iterable(held))
        for other in sorted(hits):
            if hits[other] + full >= need and related(row, other):
                # A row is met through one block only: where no list is full, hits are shared keys.
                yield other, len(own.intersection(self._posts.of(other))) if full else hits[other]
