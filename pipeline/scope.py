"""Which outlet or site a page is counted with, for what is learnt from many pages."""

import polars as pl

from pipeline.rulebook import Rulebook


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
