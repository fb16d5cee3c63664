"""Which rule knows a text as a whole."""

import polars as pl

from pipeline.features import width
from pipeline.rulebook import Rulebook

# No rule's phrase is wider than this; a wider line is text, and is only searched for pieces to cut out.
MAX_RULE_WIDTH = 420
# A line with a day in it is no date line from this width on, whatever else it holds.
MAX_ABRIDGED_WIDTH = 240
# Lines without a figure that may hold an age all the same.
AGE_WITHOUT_FIGURE = r"(?i)\b(?:ago|now|vor|hace|il y a|há|fa|geleden|siden|sedan)\b"
# ASCII's, and the digits of the scripts that print days with their own.
ZEROES = "٠۰०০๐０"
DIGITS = {chr(ord(zero) + n): str(n) for zero in ZEROES for n in range(10)}
DIRECTION = r"[\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}]"


def rule_of(trimmed: pl.Series, rules: Rulebook) -> pl.Series:
    """The id of the first rule (in the order of the files) whose pattern is the whole of each trimmed text, or null.

    Each text once, and rule by rule on what no rule before has taken, outside of one big expression: so a pattern is
    compiled once, where an expression compiles it in each of Polars' threads."""
    texts = trimmed.alias("trimmed").to_frame()
    left = texts.unique().filter(width(pl.col("trimmed")).is_between(1, MAX_RULE_WIDTH))
    left = left.with_columns(abridged(left["trimmed"], rules).alias("abridged"))
    found = [pl.DataFrame(schema={"trimmed": pl.String, "rule": pl.String})]
    for rule in rules.rules:
        hit = left["abridged" if rule.abridged else "trimmed"].str.contains(rule.whole).fill_null(False)
        if hit.any():
            found.append(left.filter(hit).select("trimmed", rule=pl.lit(rule.id)))
            left = left.filter(~hit)
    return texts.join(pl.concat(found), on="trimmed", how="left", maintain_order="left")["rule"]


def abridged(texts: pl.Series, rules: Rulebook) -> pl.Series:
    """Each text with signs in the place of its days, times, ages and labels; null where it has no sign."""
    frame = texts.alias("text").to_frame().with_row_index("row")
    some = pl.col("text").str.contains(r"\d") | pl.col("text").str.contains(AGE_WITHOUT_FIGURE)
    near = frame.filter((width(pl.col("text")) <= MAX_ABRIDGED_WIDTH) & some)
    signed = spaced(near["text"], rules).str.replace_all("⟨", "<", literal=True).str.replace_all("⟩", ">", literal=True)
    for sign in rules.signs:
        if sign.stands:
            signed = signed.str.replace_all(sign.anywhere, sign.read_as)
    near = near.select("row", abridged=signed).filter(pl.col("abridged").str.contains("⟨", literal=True))
    return frame.join(near, on="row", how="left", maintain_order="left")["abridged"]


def spaced(texts: pl.Series, rules: Rulebook) -> pl.Series:
    """Each text as the signs are looked for in it: `plain`, and days parted from words that they were fused with."""
    for sign in rules.signs:
        if not sign.stands:
            texts = texts.str.replace_all(sign.anywhere, sign.read_as)
    return plain(texts)


def plain(texts: pl.Series) -> pl.Series:
    """The digits of every script as ASCII ones, and no marks of direction between them."""
    other = texts.str.contains(rf"[{''.join(DIGITS)}]|{DIRECTION}")
    ascii_digits = pl.col("text").str.replace_many(DIGITS).str.replace_all(DIRECTION, "")
    return texts.alias("text").to_frame().select(pl.when(other).then(ascii_digits).otherwise("text")).to_series()
