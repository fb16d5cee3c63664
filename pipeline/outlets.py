"""Whose page it is: the sidecar's word, the house text on the page, its layout, the profile's domains, or, without a
profile, what the page calls itself (see `mastheads`).

The outlet is a property of the page. Where the house texts of two outlets stand on one page it stays null: one of
them is quoted or copied, and the page does not tell which.
"""

import polars as pl

from pipeline.mastheads import mastheads, name_key
from pipeline.rulebook import Rulebook

KEY = ["page", "article_no"]
EVIDENCE = {"page": pl.String, "outlet": pl.String}


def outlets(lines: pl.DataFrame, texts: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """`lines` (page, line_no, part, text, role, reason, article_no) and `texts` (page, site, sidecar_outlet)
    → page, outlet, outlet_basis, day_order, dateline (the last two from the outlet's profile), a row per page."""
    house = _one_a_page(_signatures(lines, rules), _layouts(lines, rules))
    pages = (
        texts.select("page", "site", "sidecar_outlet")
        .join(house, on="page", how="left", maintain_order="left")
        .join(_sites(texts, rules), on="site", how="left", maintain_order="left")
    )
    bases = {
        "sidecar": pl.col("sidecar_outlet"),
        "signature": pl.col("signature"),
        "layout": pl.col("layout"),
        # House text that contradicts itself is not overruled by where the copy was found.
        "url": pl.when(~pl.col("disputed").fill_null(False)).then(pl.col("domain_outlet")),
    }
    open_pages = pages.filter(
        ~pl.col("disputed").fill_null(False) & pl.all_horizontal(e.is_null() for e in bases.values())
    )
    named = _mastheads(lines.join(open_pages, on="page", how="semi", maintain_order="left"), rules)
    pages = pages.join(named, on="page", how="left", maintain_order="left")
    bases["masthead"] = pl.col("masthead")
    basis = pl.coalesce(*[pl.when(e.is_not_null()).then(pl.lit(name)) for name, e in bases.items()])
    found = pages.select("page", outlet=pl.coalesce(*bases.values()), outlet_basis=basis)
    return found.join(_profiles(rules), on="outlet", how="left", maintain_order="left")


def heads(lines: pl.DataFrame) -> pl.DataFrame:
    """What stands from an article's headline to its first paragraph, as a string that a layout's pattern reads: a
    word a solid line, the rule's id where a rule made it boilerplate or timestamp, else the role.
    → page, article_no, head."""
    inside = lines.filter(pl.col("role") != "blank").with_columns(
        # Boilerplate in an article's head may belong to no article; it stands there all the same.
        article_no=pl.col("article_no").forward_fill().over("page")
    )
    # what the line model thought of a line is no word of a layout
    by_rule = pl.col("role").is_in(["boilerplate", "timestamp"]) & pl.col("reason").str.contains("^[^/:]+/[^:]+$")
    return (
        inside.drop_nulls("article_no")
        .with_columns(
            word=pl.when(by_rule).then("reason").otherwise("role"),
            headline=pl.col("line_no").filter(pl.col("role") == "headline").min().over(KEY),
            first_body=pl.col("line_no").filter(pl.col("role") == "body").min().over(KEY),
        )
        .filter(pl.col("line_no").is_between("headline", "first_body"))
        .group_by(KEY, maintain_order=True)
        .agg(pl.col("word").str.join(" ").alias("head"))
    )


def _signatures(lines: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """Pages on which a rule spoke that names an outlet by itself → page, outlet, each pair once."""
    rows = [(rule, outlet.name) for outlet in rules.outlets for rule in outlet.signatures]
    owners = pl.DataFrame(rows, schema={"reason": pl.String, "outlet": pl.String}, orient="row")
    return lines.select("page", "reason").join(owners, on="reason").select("page", "outlet").unique()


def _layouts(lines: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """Pages with an article whose head has the layout of an outlet → page, outlet, each pair once."""
    head = heads(lines)
    found = [
        head.filter(pl.col("head").str.contains(layout)).select("page", outlet=pl.lit(outlet.name))
        for outlet in rules.outlets
        for layout in outlet.layouts
    ]
    return pl.concat([pl.DataFrame(schema=EVIDENCE), *found]).unique()


def _one_a_page(signatures: pl.DataFrame, layouts: pl.DataFrame) -> pl.DataFrame:
    """→ page, signature, layout (the outlet by each, null where another outlet's house text stands on the page
    too), disputed."""
    both = pl.concat([signatures.with_columns(basis=pl.lit("signature")), layouts.with_columns(basis=pl.lit("layout"))])
    undisputed = pl.col("outlet").n_unique() == 1
    return both.group_by("page").agg(
        *[
            pl.when(undisputed).then(pl.col("outlet").filter(pl.col("basis") == basis).first()).alias(basis)
            for basis in ("signature", "layout")
        ],
        disputed=~undisputed,
    )


def _sites(texts: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """Each site that is, or lies below, a domain of a profile → site, domain_outlet; the longest domain wins."""
    rows = [(domain, outlet.name) for outlet in rules.outlets for domain in outlet.domains]
    domains = pl.DataFrame(rows, schema={"domain": pl.String, "domain_outlet": pl.String}, orient="row")
    below = pl.format(".{}", pl.col("site").str.to_lowercase()).str.ends_with(pl.format(".{}", "domain"))
    return (
        texts.select("site")
        .drop_nulls()
        .unique()
        .join(domains, how="cross")
        .filter(below)
        .sort(pl.col("domain").str.len_bytes(), "domain_outlet", descending=[True, False])
        .unique("site", keep="first", maintain_order=True)
        .select("site", "domain_outlet")
    )


def _mastheads(lines: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """→ page, masthead: what pages call themselves, spelt as in the profile where an outlet has one."""
    profiles = pl.DataFrame({"profile": [o.name for o in rules.outlets]}, schema={"profile": pl.String})
    profiles = profiles.with_columns(key=name_key(pl.col("profile"))).unique("key", keep="first", maintain_order=True)
    return (
        mastheads(lines, rules)
        .with_columns(key=name_key(pl.col("masthead")))
        .join(profiles, on="key", how="left", maintain_order="left")
        .select("page", masthead=pl.coalesce("profile", "masthead"))
    )


def _profiles(rules: Rulebook) -> pl.DataFrame:
    rows = [(o.name, o.day_order, o.dateline) for o in rules.outlets]
    schema = {"outlet": pl.String, "day_order": pl.String, "dateline": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").unique("outlet", keep="first", maintain_order=True)
