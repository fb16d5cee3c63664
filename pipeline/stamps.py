"""The date line of an article whose head has none that its form alone tells: by its place around the text.

The labels know a date line by its form; here its place in the article, known only now, speaks too.
"""

from dataclasses import replace

import polars as pl

from pipeline.features import width
from pipeline.matching import rule_of
from pipeline.rulebook import BY_PLACE, Rulebook

KEY = ["page", "article_no"]
OUTSIDE = "page/date-outside-head"
# Lines (blank ones not counted) behind the last paragraph, and above the headline of a page's first article, in which
# a day that stands alone is the article's: further off it is a teaser's. A day with other words must stand nearer.
BEHIND, ABOVE, RIGHT_ABOVE = 4, 6, 2
# The only date line of an article that stands in its text, this early: under a summary, or behind pictures.
EARLY = 30
# A summary stands above the date line, and was taken for the first paragraph.
UNDER_SUMMARY = 2
MAX_WIDTH = 200


def stamped(lines: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """`lines` (page, line_no, text, role, reason, article_no; in the order of the page), where articles without a date
    line get those that stand near: role `timestamp`, and the rule as their reason."""
    near = _near(lines, rules)
    if near.is_empty():
        return lines
    forms = replace(rules, rules=tuple(rule for rule in rules.rules if rule.role == "timestamp"))
    by_place = [rule.id for rule in rules.rules if rule.marks & BY_PLACE]
    loose, weak = pl.col("rule").is_in(by_place), pl.col("rule").is_in(rules.marked("weak"))
    place, known = pl.col("place"), pl.col("reason") == OUTSIDE
    titles = pl.col("rule").is_in(rules.marked("page-title"))
    above = (pl.col("off") <= ABOVE) & ~weak & (known | (loose & ~titles & (pl.col("off") <= RIGHT_ABOVE)))
    # Days in a row behind a text are those of teasers; a masthead's day, that of the page which follows.
    group = [*KEY, "place"]
    beside = [
        (pl.col("off").shift(k).over(group) - pl.col("off")).abs().le(BEHIND)
        & (pl.col("text") != pl.col("text").shift(k).over(group))
        for k in (1, -1)
    ]
    other = beside[0].fill_null(False) | beside[1].fill_null(False)
    counts = (
        pl.when(place == "behind")
        .then(known & (pl.col("off") <= BEHIND) & ~other & ~(weak & pl.col("followed")))
        .when(place == "top")
        .then(titles | above)
        .when(place == "inside")
        .then(~pl.col("rule").is_in(rules.marked("updated")))
        .when(place == "above")
        .then(above)
        .otherwise(loose & ~titles)
    )
    found = (
        near.with_columns(rule_of(near["text"].str.strip_chars(), forms))
        .filter(pl.col("rule").is_not_null())
        .filter(counts)
        .select("row", stamp="rule", whose="article_no")
    )
    return (
        lines.with_row_index("row")
        .join(found, on="row", how="left", maintain_order="left")
        .with_columns(
            role=pl.when(pl.col("stamp").is_not_null()).then(pl.lit("timestamp")).otherwise("role"),
            reason=pl.coalesce("stamp", "reason"),
            article_no=pl.coalesce("article_no", "whose"),
        )
        .select(lines.columns)
    )


def _near(lines: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """Short dropped lines with a figure around the texts of articles without a date line → row, page, article_no, text,
    reason, place (top: first line of page or article; above, head, inside, behind), off (lines from the headline or the
    text), followed (by another article, and not the last line of its own, nearer to that than to the other)."""
    solid = lines.with_row_index("row").filter(pl.col("role") != "blank")
    line = pl.col("line_no")
    solid = solid.with_columns(
        n=pl.int_range(pl.len(), dtype=pl.Int64).over("page"),
        nearer=((line - line.shift(1)) < (line.shift(-1) - line)).over("page").fill_null(False),
    )
    role, n = pl.col("role"), pl.col("n")
    undated = rules.marked("weak") + rules.marked("relative")
    bounds = (
        solid.drop_nulls("article_no")
        .group_by(KEY)
        .agg(
            begin=n.min(),
            end=n.max(),
            first=n.filter(role == "body").min(),
            last=n.filter(role == "body").max(),
            head=n.filter(role == "headline").min(),
            dated=((role == "timestamp") & ~pl.col("reason").is_in(undated)).any(),
            others=pl.col("text").filter(pl.col("reason") == OUTSIDE).n_unique(),
        )
        .with_columns(
            pl.coalesce("head", "first"),
            top=pl.col("article_no") == pl.col("article_no").min().over("page"),
            followed=pl.col("article_no") < pl.col("article_no").max().over("page"),
        )
        .filter(pl.col("first").is_not_null() & ~pl.col("dated"))
    )
    dropped = solid.filter(
        (role == "boilerplate") & (width(pl.col("text")) <= MAX_WIDTH) & pl.col("text").str.contains(r"\d")
    )
    inside = dropped.join(bounds, on=KEY, how="inner", maintain_order="left").with_columns(
        place=pl.when(n > pl.col("last"))
        .then(pl.lit("behind"))
        .when((n == pl.col("begin")) & ~pl.col("top"))
        .then(pl.lit("top"))
        .when((n > pl.col("first")) & (pl.col("reason") == OUTSIDE) & (pl.col("others") == 1))
        .then(pl.lit("inside"))
        .otherwise(pl.lit("head")),
        off=pl.when(n > pl.col("last")).then(n - pl.col("last")).otherwise(n - pl.col("first")),
        followed=pl.col("followed") & ~(pl.col("nearer") & (n == pl.col("end"))),
    )
    outside = dropped.filter(pl.col("article_no").is_null()).drop("article_no")
    above = outside.join(bounds.filter("top"), on="page", how="inner", maintain_order="left").with_columns(
        place=pl.when(n == 0).then(pl.lit("top")).otherwise(pl.lit("above")), off=pl.col("head") - n
    )
    columns = ["row", "page", "article_no", "text", "reason", "place", "off", "followed"]
    both = pl.concat([inside.select(columns), above.select(columns)]).sort("row")
    furthest = {"behind": 2 * BEHIND, "above": ABOVE, "head": UNDER_SUMMARY, "inside": EARLY, "top": lines.height}
    return both.filter(
        (pl.col("off") <= pl.col("place").replace_strict(furthest))
        & (pl.col("place").is_in(["head", "top"]) | (pl.col("off") > 0))
    )
