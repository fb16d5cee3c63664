"""What is counted together where something is learnt from many pages: pages of an outlet or site, prints of a line."""

import polars as pl

from pipeline.rulebook import Rulebook

# Two lines of text that are the same so far are one; their end may hold a date.
KEY_WIDTH = 100
WORDED = r"\p{L}(?:\P{L}*\p{L}){2}"  # three letters


def scopes(lines: pl.DataFrame, texts: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """page, scope: within which pages a line is counted: the outlet whose signature the page carries (or that the
    sidecar names), else the site, else "" for all pages of which neither is known."""
    signed = [(o.name, rules.by_id[s].piece) for o in rules.outlets for s in o.signatures]
    named = lines.select("page", *(pl.col("trimmed").str.contains(p).alias(str(i)) for i, (_, p) in enumerate(signed)))
    outlet = (
        named.group_by("page")
        .agg(pl.col(str(i)).any() for i in range(len(signed)))
        .with_columns(
            outlet=pl.coalesce(
                *(pl.when(str(i)).then(pl.lit(name)) for i, (name, _) in enumerate(signed)), pl.lit(None)
            )
        )
    )
    return texts.join(outlet.select("page", "outlet"), on="page", how="left", maintain_order="left").select(
        "page", scope=pl.coalesce("sidecar_outlet", "outlet", "site", pl.lit(""))
    )


def line_key(key: pl.Expr) -> pl.Expr:
    """`key` of a line → what its prints on many pages have in common: its first KEY_WIDTH characters without outer
    marks ("Share", "Share:", "› Share"). A line without letters keeps its marks."""
    bare = key.str.replace(r"^[\s\p{P}\p{S}]+", "").str.replace(r"[\s\p{P}\p{S}]+$", "")
    return pl.when(bare.str.contains(r"\p{L}")).then(bare).otherwise(key).str.slice(0, KEY_WIDTH)


def template(line_key: pl.Expr) -> pl.Expr:
    """`line_key` with its numbers folded ("# comments"), but for lines of little else."""
    return (
        pl.when(line_key.str.contains(WORDED))
        .then(line_key.str.replace_all(r"\p{Nd}+(?:[.,:]\p{Nd}+)*", "#"))
        .otherwise(line_key)
    )
