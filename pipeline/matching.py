"""Which rule knows a text as a whole."""

from collections.abc import Iterable

import numpy as np
import polars as pl

from pipeline.features import width
from pipeline.needles import candidates, folded, matches, needles
from pipeline.patterns import contains, replaced
from pipeline.rulebook import BRACKETS, Rulebook, Sign

# No rule's phrase is wider than this; a wider line is text, and is only searched for pieces to cut out.
MAX_RULE_WIDTH = 420
# A line with a day in it is no date line from this width on, whatever else it holds.
MAX_ABRIDGED_WIDTH = 240
# Lines without a figure that may hold an age all the same.
AGE_WITHOUT_FIGURE = r"(?i)\b(?:ago|now|vor|hace|il y a|há|fa|geleden|siden|sedan)\b"
# ASCII's, and the digits of the scripts that print days with their own.
ZEROES = "٠۰०০๐０"
DIGITS = {chr(ord(zero) + n): str(n) for zero in ZEROES for n in range(10)}
SIGN, FREE = BRACKETS["⟨"], dict(zip(BRACKETS.values(), "()", strict=True))  # a text's own brackets are no signs
DIRECTION = r"[\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}]"


def rule_of(trimmed: pl.Series, rules: Rulebook) -> pl.Series:
    """The id of the first rule (in the order of the files) whose pattern is the whole of each trimmed text, or null.

    Each text once, and rule by rule on those that hold a needle of it and that no rule before has taken."""
    texts = trimmed.alias("trimmed").to_frame()
    left = texts.unique().filter(width(pl.col("trimmed")).is_between(1, MAX_RULE_WIDTH))
    left = left.with_columns(folded(left["trimmed"]).alias("haystack"))
    if any(rule.abridged for rule in rules.rules):
        signed = abridged(left["trimmed"], rules, left["haystack"])
    else:
        signed = pl.Series(dtype=pl.String).extend_constant(None, left.height)
    left = left.with_columns(signed.alias("abridged"))
    found = np.full(left.height, -1)
    for number, rows in _candidates(left, rules):
        rule = rules.rules[number]
        free = rows.filter(pl.Series(found[rows.to_numpy()] < 0))
        hits = contains(left["abridged" if rule.abridged else "trimmed"].gather(free), rule.whole)
        found[free.filter(hits).to_numpy()] = number
    ids = pl.Series("rule", [rule.id for rule in rules.rules], pl.String)
    told = left.select("trimmed", rule=ids.gather(pl.Series(found).replace(-1, None)))
    return texts.join(told, on="trimmed", how="left", maintain_order="left")["rule"]


def _candidates(left: pl.DataFrame, rules: Rulebook) -> list[tuple[int, pl.Series]]:
    """For each rule its number and the rows of `left` (trimmed, haystack, abridged) that it may match, if any."""
    signed = left.with_row_index("at").drop_nulls("abridged")
    found = []
    for of_signs, haystacks in ((False, left["haystack"]), (True, folded(signed["abridged"]))):
        numbers = [i for i, rule in enumerate(rules.rules) if rule.abridged == of_signs]
        for i, rows in zip(numbers, candidates(haystacks, [rules.rules[i].whole for i in numbers]), strict=True):
            found.append((i, signed["at"].gather(rows) if of_signs else rows))
    return sorted(((i, rows) for i, rows in found if len(rows)), key=lambda x: x[0])


def abridged(texts: pl.Series, rules: Rulebook, haystacks: pl.Series | None = None) -> pl.Series:
    """Each text with signs in the place of its days, times, ages and labels; null where it has no sign.
    `haystacks`: the texts as they are `folded`, where that is known."""
    haystacks = folded(texts) if haystacks is None else haystacks
    frame = pl.DataFrame({"text": texts, "haystack": haystacks}).with_row_index("row")
    near = frame.filter(width(pl.col("text")) <= MAX_ABRIDGED_WIDTH)
    figure = near["haystack"].str.contains("0", literal=True)
    near = near.filter(figure | matches(near["text"], near["haystack"], AGE_WITHOUT_FIGURE))
    bare = spaced(near["text"], rules, near["haystack"]).str.replace_many(FREE)
    signed = _read(bare, [sign for sign in rules.signs if sign.stands])
    near = near.select("row", abridged=signed).filter(pl.col("abridged").str.contains(SIGN, literal=True))
    return frame.select("row").join(near, on="row", how="left", maintain_order="left")["abridged"]


def spaced(texts: pl.Series, rules: Rulebook, haystacks: pl.Series | None = None) -> pl.Series:
    """Each text as the signs are looked for in it: `plain`, and days parted from words that they were fused with.
    `haystacks`: see `abridged`."""
    return plain(_read(texts, [sign for sign in rules.signs if not sign.stands], haystacks))


def _read(texts: pl.Series, signs: Iterable[Sign], haystacks: pl.Series | None = None) -> pl.Series:
    """`texts` with what the signs match replaced, one sign after the other."""
    signs, haystacks = list(signs), folded(texts) if haystacks is None else haystacks
    near = candidates(haystacks, [sign.anywhere for sign in signs])
    changed = pl.Series(dtype=pl.UInt32)  # what signs before have replaced may hold another
    for number, (sign, rows) in enumerate(zip(signs, near, strict=True)):
        if _arises(sign, signs[:number]):
            rows = pl.concat([rows, changed]).unique()
        before = texts.gather(rows)
        after = replaced(before, sign.anywhere, sign.written)
        other = after != before
        now = rows.filter(other)
        texts, changed = texts.clone().scatter(now, after.filter(other)), pl.concat([changed, now]).unique()
    return texts


def _arises(sign: Sign, before: Iterable[Sign]) -> bool:
    """Whether signs before may have written a needle of this one: a word of theirs, or what holds their brackets."""
    said = "".join(x.written for x in before)
    return not sign.stands or any({*FREE} & {*x} or x in said for x in needles(sign.anywhere) or [""])


def plain(texts: pl.Series) -> pl.Series:
    """The digits of every script as ASCII ones, and no marks of direction between them."""
    other = texts.str.contains(rf"[{''.join(DIGITS)}]|{DIRECTION}")
    ascii_digits = pl.col("text").str.replace_many(DIGITS).str.replace_all(DIRECTION, "")
    return texts.alias("text").to_frame().select(pl.when(other).then(ascii_digits).otherwise("text")).to_series()
