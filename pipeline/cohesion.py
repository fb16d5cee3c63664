"""How the words of a page come back: of a headline in the texts after it, and across the gap before a line.

The idea of text tiling (Hearst 1997): where few words of the text before come back in the text after, a new article
begins. Words are counted where they stand, never remembered.
"""

from typing import NamedTuple

import numpy as np
import polars as pl

from pipeline.neighbours import GRAIN, Flags, Floats, Pages, Places, other

# Words long enough to mean something, cut to STEM letters so that an inflected form is the same word; in scripts
# without spaces or with short words, pairs of characters.
WORD = r"[\x{0e00}-\x{0e7f}\x{3040}-\x{30ff}\x{3400}-\x{9fff}\x{ac00}-\x{d7af}]{2}|\p{L}{4,}|\p{N}{2,}"
STEM = 6

NEVER = 10**9
# Texts and lines within which a word's next place counts as near.
TEXTS, LINES = (3, 8, 20), 6
# Links between two places of a word: no longer than so many lines, of words in no more lines than so many.
LINK, COMMON_LINK, COMMON, RARE = 60, 40, 30, 6
AROUND = (1, 2, 3, 5, 8, 12)


class Words(NamedTuple):
    """Where the words of the pages stand, each once a line: sorted by page, word and row."""

    row: Places
    run: Places  # texts on the page up to the row
    text: Flags  # whether the row is a text
    first: Places  # where the places of the same word begin and end
    last: Places
    lines: Places  # lines of the page that hold the word


def cohesion(rows: pl.DataFrame, pages: Pages) -> dict[str, Floats]:
    """Solid rows of whole pages (page, key, prose) → by name, a number a row."""
    size = rows.height
    base = rows.select(
        "key",
        page=pl.col("page").rle_id(),
        row=pl.int_range(size, dtype=pl.Int32),
        text="prose",
        run=pl.col("prose").cast(pl.Int32).cum_sum().over("page"),
    )
    words = places(base)
    weight = rarity(words)
    out, mass = returns(words, weight, size)
    out |= crossings(words, weight, pages.sums(mass, -8, 7), pages, size)
    for k in (3, 8):
        out |= shared(words, base, k, pages)
    for c in ("cross_rel", "shared8_rel", "lean"):
        out |= {f"{c}@{k:+d}": pages.near(out[c], k, 0) for k in (-3, -2, -1, 1, 2, 3)}
    return {k: np.asarray(v, np.float32) for k, v in out.items()}


def places(base: pl.DataFrame) -> Words:
    found = (
        base.lazy()
        .select("row", "run", "text", page=pl.col("page").hash(3), word=pl.col("key").str.extract_all(WORD))
        .explode("word")
        .drop_nulls("word")
        .select("row", "run", "text", at=pl.col("word").str.slice(0, STEM).hash(7) ^ pl.col("page"))
        .sort("at", maintain_order=True)
        .collect()
    )
    at, row = found["at"].to_numpy(), found["row"].to_numpy().astype(np.int64)
    new = other(at) | other(row)
    at, row = at[new], row[new]
    run, text = found["run"].to_numpy().astype(np.int64)[new], found["text"].to_numpy()[new]
    begins = np.flatnonzero(other(at))
    sizes = np.diff(np.append(begins, len(at)))
    first, lines = np.repeat(begins, sizes), np.repeat(sizes, sizes)
    return Words(row, run, text, first, first + lines, lines)


def rarity(words: Words) -> Floats:
    """A word counts the less the more lines of its page hold it; in whole grains, so that sums are exact."""
    weight: Floats = np.rint(1 / np.log2(words.lines + 1.0) / GRAIN) * GRAIN
    return weight.astype(np.float32)


def returns(words: Words, weight: Floats, size: int) -> tuple[dict[str, Floats], Floats]:
    """How many of a line's words stand in the texts and lines after and before it, and the weight of all its words."""
    back = words.run - before(words.run, words.text, words.first)
    ahead = after(words.run, words.text, words.last) - words.run
    since = words.row - before(words.row, None, words.first)
    until = after(words.row, None, words.last) - words.row

    def count(x: Flags | Floats) -> Floats:
        counts: Floats = np.bincount(words.row, weights=x, minlength=size).astype(np.float32)
        return counts

    number, mass = count(np.ones(len(words.row), bool)), count(weight)
    out = {"words": number}
    shares = {
        "common": words.lines > 8,
        "once": words.lines == 1,
        "fresh": since > size,
        **{f"after{k}": ahead <= k for k in TEXTS},
        **{f"before{k}": back <= k for k in TEXTS},
        "near_after": until <= LINES,
        "near_before": since <= LINES,
    }
    counts = {name: count(x) for name, x in shares.items()}
    out |= {name: x / np.maximum(number, 1) for name, x in counts.items()}
    out |= {"n_after8": counts["after8"], "n_before8": counts["before8"]}
    for side, distance in (("after", ahead), ("before", back)):
        out[f"w_{side}"] = count(weight * (distance <= 8)) / np.maximum(mass, 1e-6)
    out["lean"] = out["w_after"] - out["w_before"]
    return out, mass


def crossings(words: Words, weight: Floats, mass: Floats, pages: Pages, size: int) -> dict[str, Floats]:
    """Links between a word's neighbouring places, counted over the gap before each line that they span, and how much
    weaker they are there than around."""
    last = before(words.row, None, words.first)
    since = words.row - last
    near_texts = words.run - before(words.run, None, words.first) <= LINES
    spans = {
        "cross": (since <= COMMON_LINK) & (words.lines <= COMMON),
        "cross_rare": (since <= LINK) & (words.lines <= RARE),
        "cross_near": (since <= LINK) & words.text & near_texts,
    }
    out: dict[str, Floats] = {}
    for name, x in spans.items():
        steps = np.bincount(last[x] + 1, weight[x], size + 2) - np.bincount(words.row[x] + 1, weight[x], size + 2)
        value = np.cumsum(steps)[:size].astype(np.float32)
        left = np.maximum.reduce([pages.near(value, -k, 0) for k in AROUND])
        right = np.maximum.reduce([pages.near(value, k, 0) for k in AROUND])
        out |= {
            name: value,
            f"{name}_rel": value / np.maximum(mass, 1e-6),
            f"{name}_dip": value / np.maximum(np.minimum(left, right), 1e-3),
            f"{name}_dip_l": value / np.maximum(left, 1e-3),
            f"{name}_dip_r": value / np.maximum(right, 1e-3),
        }
    return out


def shared(words: Words, base: pl.DataFrame, k: int, pages: Pages) -> dict[str, Floats]:
    """For the gap before each row: how many words stand both in the k texts before and in the k texts after it, as
    such and beside the smaller number of words on either side; and how that differs from the gaps around."""
    count, fill = shared_words(words, base, k)
    rel = count / np.maximum(fill, 1)
    low = np.minimum.reduce([pages.near(rel, j, 9) for j in (-6, -4, -2, -1, 1, 2, 4, 6)])
    high = np.maximum.reduce([pages.near(rel, j, 0) for j in (-8, -5, -3, 3, 5, 8)])
    return {
        f"shared{k}": count,
        f"shared{k}_rel": rel,
        f"shared{k}_low": rel - low,
        f"shared{k}_high": rel - high,
    }


def shared_words(words: Words, base: pl.DataFrame, k: int) -> tuple[Floats, Floats]:
    size = base.height
    text = base["text"].to_numpy()
    texts = np.flatnonzero(text)
    if not len(texts):
        return np.zeros(size, np.float32), np.zeros(size, np.float32)
    number = np.cumsum(text) - 1  # of a text, over all pages
    i = np.where(words.text, number[words.row], 0)
    last = before(i, words.text, words.first)
    # the gap before text g lies between two texts i and last: last < g <= i, g > i - k, g <= last + k
    low, high = np.maximum(last + 1, i - k + 1), np.minimum(i, last + k)
    both = words.text & (low <= high) & (last >= 0)
    steps = np.bincount(low[both], minlength=len(texts) + 1)[: len(texts)]
    steps = steps - np.bincount(high[both] + 1, minlength=len(texts) + 1)[: len(texts)]
    page = base["page"].to_numpy()
    of_texts = Pages(pl.Series(page[texts]))
    fill = np.bincount(i[words.text], minlength=len(texts)).astype(np.float32)
    smaller = np.minimum(of_texts.sums(fill, -k, -1), of_texts.sums(fill, 0, k - 1))
    # the gap before any row is the gap before the next text of its page
    coming = np.searchsorted(texts, np.arange(size), "left")
    same = np.append(page[texts].astype(np.int64), -1)[coming] == page
    coming = np.minimum(coming, len(texts) - 1)
    counts = np.where(same, np.cumsum(steps)[coming], 0).astype(np.float32)
    return counts, np.where(same, smaller[coming], 0).astype(np.float32)


def before(x: Places, flag: Flags | None, first: Places) -> Places:
    """x at the word's last place before each, of those that the flag holds for; -NEVER where there is none."""
    at = np.arange(len(x))
    seen = np.maximum.accumulate(np.where(flag, at, -1)) if flag is not None else at
    seen = np.append(-1, seen)[: len(x)] if flag is not None else at - 1
    return np.where(seen >= first, x[np.maximum(seen, 0)] if len(x) else x, -NEVER)


def after(x: Places, flag: Flags | None, last: Places) -> Places:
    """x at the word's next place behind each, of those that the flag holds for; NEVER where there is none."""
    size = len(x)
    at = np.arange(size)
    comes = np.minimum.accumulate(np.where(flag, at, size)[::-1])[::-1] if flag is not None else at
    comes = np.append(comes, size)[1 : size + 1] if flag is not None else at + 1
    return np.where(comes < last, x[np.minimum(comes, size - 1)] if size else x, NEVER)
