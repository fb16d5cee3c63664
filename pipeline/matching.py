"""Which rule knows a text as a whole."""

import polars as pl

from pipeline.features import width
from pipeline.rulebook import Rulebook

# No rule's phrase is wider than this; a wider line is text, and is only searched for pieces to cut out.
MAX_RULE_WIDTH = 420


def rule_of(trimmed: pl.Series, rules: Rulebook) -> pl.Series:
    """The id of the first rule (in the order of the files) whose pattern is the whole of each trimmed text, or null.

    Each text once, and rule by rule on what no rule before has taken, outside of one big expression: so a pattern is
    compiled once, where an expression compiles it in each of Polars' threads."""
    texts = trimmed.alias("trimmed").to_frame()
    left = texts.unique().filter(width(pl.col("trimmed")).is_between(1, MAX_RULE_WIDTH))["trimmed"]
    found = [pl.DataFrame(schema={"trimmed": pl.String, "rule": pl.String})]
    for rule in rules.rules:
        hit = left.str.contains(rule.whole)
        if hit.any():
            found.append(left.filter(hit).to_frame().with_columns(rule=pl.lit(rule.id)))
            left = left.filter(~hit)
    return texts.join(pl.concat(found), on="trimmed", how="left", maintain_order="left")["rule"]
