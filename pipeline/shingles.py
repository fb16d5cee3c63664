"""Shingles: texts as sets of word 5-grams, a few of which stand for each text, and how many two texts share.

Words are lower-cased runs of letters, marks and digits; in scripts without spaces each character is a word. A
5-gram is a 64-bit number, compared for equality only. What a share of common 5-grams means is not decided here.

Shingling is Broder's (On the resemblance and containment of documents, 1997); which of them are fingerprints is told by
winnowing (Schleimer, Wilkerson, Aiken 2003): the least of each WINDOW 5-grams in a row. That is 2 of 9, and unlike a
sample by hash mod 8 it promises that whoever shares 12 words in a row shares a fingerprint, so that short texts and
excerpts are found as surely as long ones.
"""

from typing import Final

import numpy as np
import polars as pl

from pipeline.neighbours import other

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
WINDOW: Final = 8
# Under 8 words there are at most three 5-grams: chance.
FEW_WORDS: Final = 8
# Articles tokenised at a time: bounds memory, changes nothing.
SLICE: Final = 2_000
HASH_SEED: Final = 0

_NO_SPACES: Final = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD: Final = rf"[{_NO_SPACES}]|[[\p{{L}}\p{{M}}\p{{N}}]--[{_NO_SPACES}]]+"
_QUOTES: Final = "[‘’“”–—…]"  # what else stands in plain English
# Of ASCII, what is in no word becomes a space.
_SPACES: Final = bytes(byte if chr(byte).isalnum() else ord(" ") for byte in range(0x80)).ljust(0x100)
_PAIR: Final = {"row": pl.UInt32, "kept": pl.UInt32}
_NO_COUNTS: Final = pl.DataFrame(
    schema=_PAIR | dict.fromkeys(("shared", "n_grams", "kept_n_grams", "opening"), pl.UInt32) | {"begins": pl.Boolean}
)
_NO_PRINTS: Final = pl.DataFrame(schema={"row": pl.UInt32, "fingerprints": pl.List(pl.UInt64)})


def words(column: str) -> pl.Expr:
    return pl.col(column).str.to_lowercase().str.extract_all(_WORD)


def hashed(text: pl.Expr) -> pl.Expr:
    return text.hash(HASH_SEED)


def fingerprints(texts: pl.DataFrame) -> pl.DataFrame:
    """`texts` (row, body, n_words, text_hash, title_key) → (row, fingerprints), each once: by winnowing, or all 5-grams
    of a body that has fewer than WINDOW."""
    parts = [_fingerprints(texts.slice(i, SLICE)) for i in range(0, len(texts), SLICE)]
    found = pl.concat([_NO_PRINTS, *parts])
    return (
        texts.select("row")
        .join(found, "row", "left", maintain_order="left")
        .with_columns(pl.col("fingerprints").fill_null([]))
    )


def _fingerprints(texts: pl.DataFrame) -> pl.DataFrame:
    grams = _grams(texts)
    winnowed = _listed(_winnowed(grams))
    both = pl.concat([winnowed, _listed(grams.join(winnowed, "row", "anti"))])
    return both.select("row", pl.col("grams").list.unique().alias("fingerprints"))


def _winnowed(grams: pl.DataFrame) -> pl.DataFrame:
    row, least = grams["row"].to_numpy(), grams["gram"].to_numpy()
    if len(row) < WINDOW:
        return grams.clear()
    for step in (1, 2, 4):  # the least of 2, of 4, of 8
        least = np.minimum(least[:-step], least[step:])
    inside = row[: len(least)] == row[WINDOW - 1 :]
    row, least = row[: len(least)][inside], least[inside]
    new = other(row) | other(least)
    return pl.DataFrame({"row": row[new], "gram": least[new]}, schema=grams.schema)


def _listed(grams: pl.DataFrame) -> pl.DataFrame:
    """(row, gram), row by row → (row, grams)."""
    return grams.group_by("row", maintain_order=True).agg(pl.col("gram").alias("grams"))


def _grams(texts: pl.DataFrame) -> pl.DataFrame:
    """`texts` (row, body, n_words, text_hash, title_key) → (row, gram): every 5-gram in order. A body under FEW_WORDS
    has a single one, made of text_hash and title, so that it equals only its like."""
    few = pl.col("n_words") < FEW_WORDS
    alone = hashed(pl.concat_str("text_hash", "title_key", separator=" "))
    many = _runs(texts.filter(~few).select("row", "body"))
    return pl.concat([many, texts.filter(few).select("row", gram=alone)])


def _runs(bodies: pl.DataFrame) -> pl.DataFrame:
    """(row, body) → (row, gram): every 5-gram in order; a body of under five words has none."""
    hashes = _hashes(bodies)
    row, word = hashes["row"].to_numpy(), hashes["word"].to_numpy()
    n = max(len(row) - GRAM + 1, 0)
    gram = np.zeros(n, dtype=np.uint64)
    for place, weight in enumerate(_WEIGHTS):
        gram += word[place : place + n] * np.uint64(weight)
    inside = row[:n] == row[len(row) - n :]
    return pl.DataFrame({"row": row[:n][inside], "gram": gram[inside]}, schema={"row": pl.UInt32, "gram": pl.UInt64})


def _hashes(bodies: pl.DataFrame) -> pl.DataFrame:
    """(row, body) → (row, word): the hash of every word of `words` in order. Texts in ASCII, but for quotes and dashes,
    are cut at spaces, in a third of the time that the pattern takes."""
    lower = bodies.select("row", pl.col("body").str.to_lowercase())
    texts = lower.with_columns(plain=pl.col("body").str.replace_all(_QUOTES, " "))
    ascii = pl.col("plain").str.len_bytes() == pl.col("plain").str.len_chars()
    simple, others = texts.filter(ascii), texts.filter(~ascii)
    spaced = pl.Series(map(_spaced, simple["plain"]), dtype=pl.String)
    found = (
        simple.select("row", word=spaced.str.split(" ")).explode("word").filter(pl.col("word") != ""),
        others.select("row", word=pl.col("body").str.extract_all(_WORD)).explode("word").drop_nulls(),
    )
    return pl.concat(some.with_columns(hashed(pl.col("word"))) for some in found)


def _spaced(ascii: str) -> str:
    return ascii.encode().translate(_SPACES).decode()


# --- how two texts compare


def compared(pairs: pl.DataFrame, texts: pl.DataFrame, opening: int, last: int) -> pl.DataFrame:
    """(row, kept), `texts` (row, body, n_words, text_hash, title_key) → (row, kept, shared, n_grams, kept_n_grams,
    opening, begins): the distinct 5-grams that both hold, and each; how many of the row's first `opening` ones stand
    among twice as many of the kept one's; and whether its first one, and all but the `last` (half of them at most),
    are the beginning of the kept one."""
    families = by_family(pairs)
    parts = [_compared(piece, texts, opening, last) for piece in families.iter_slices(SLICE) if len(piece)]
    return pl.concat([_NO_COUNTS, *parts])


def by_family(pairs: pl.DataFrame) -> pl.DataFrame:
    """(row, kept, …) in an order in which a text's pairs are not far from each other: it is read once or twice."""
    return pairs.sort(pl.col("kept").min().over("row"), "row", "kept")


def of_pairs(pairs: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows (row, …) that some pair (row, kept) is of."""
    return rows.filter(pl.col("row").is_in(pl.concat([pairs["row"], pairs["kept"]]).unique().implode()))


def _compared(pairs: pl.DataFrame, texts: pl.DataFrame, opening: int, last: int) -> pl.DataFrame:
    grams = _listed(_grams(of_pairs(pairs, texts))).with_columns(n=pl.col("grams").list.n_unique())
    kept = grams.select(kept="row", whole="grams", n_whole="n")
    both = pairs.join(grams, "row", "left").join(kept, "kept", "left")
    ours, theirs = pl.col("grams").fill_null([]), pl.col("whole").fill_null([])
    n = ours.list.len()
    first = pl.max_horizontal(n - pl.min_horizontal(n // 2, last), 1)
    return both.select(
        "row",
        "kept",
        shared=_in_both(ours, theirs),
        n_grams=pl.col("n").fill_null(0),
        kept_n_grams=pl.col("n_whole").fill_null(0),
        opening=_in_both(ours.list.head(opening), theirs.list.head(2 * opening)),
        begins=(n > 0) & (ours.list.head(first) == theirs.list.head(first)),
    ).cast(_NO_COUNTS.schema)


def _in_both(ours: pl.Expr, theirs: pl.Expr) -> pl.Expr:
    return ours.list.set_intersection(theirs).list.len()
