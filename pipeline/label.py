"""Lines + rules + furniture → what each line is, as far as it can be told without knowing where articles start."""

import polars as pl

from pipeline.features import measure
from pipeline.matching import rule_of
from pipeline.parts import cut, numbered
from pipeline.rulebook import BY_PLACE, Rulebook
from pipeline.scope import line_key, scopes, template

# Teasers of a "Read more" block that follow their heading at the most; a longer list has other headings in it.
MAX_TEASERS = 8
TEASER_WIDTH = 220

# A line of this width or more may be the headline that a date line or a name stands under.
HEADLINE_WIDTH = 20

# A page is a notice (an error, a cookie wall) where one of its first lines says so and no more than this stands on it.
NOTICE_HEAD, NOTICE_LINES, NOTICE_PROSE_WIDTH = 6, 30, 1_200

LOOKED_UP = ("scope", "line_key", "template")
RULE_SCORE, RELATED_SCORE, FURNITURE_SCORE, PROSE_SCORE = 1.0, 0.9, 0.9, 0.7


def label(lines: pl.DataFrame, texts: pl.DataFrame, furniture: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """`lines`, cut where a promo stands inside a line, with

    - `rule`: the id of the rule that matches the whole line or piece, else null
    - `role`, `reason`, `score`: from rules, teaser blocks and corpus furniture; `body` for what reads as a
      paragraph; all three null on lines that only their place can tell (`split` decides)
    - `scope`, `line_key`, `template` (LOOKED_UP): what the line is looked up as in the corpus's furniture
    """
    rows = pieced(lines.with_columns(rule=rule_of(lines["trimmed"], rules)), rules)
    rows = looked_up(rows.with_columns(beside(rows, rules)), texts, rules)
    rows = rows.with_columns(furniture=is_furniture(rows, furniture), teaser=teasers(rows, rules))
    rows = rows.join(notices(rows, rules), on="page", how="left", maintain_order="left")
    role = pl.col("rule").replace_strict(rules.roles, default=None, return_dtype=pl.String)
    empty_heading = pl.col("rule").is_in(rules.marked("opens-related")) & ~pl.col("teaser")
    cases: list[tuple[pl.Expr, str | pl.Expr, pl.Expr, float]] = [  # from the strongest evidence that speaks
        (pl.col("trimmed") == "", "blank", pl.lit("blank"), 1.0),
        (empty_heading, "boilerplate", pl.col("rule"), RULE_SCORE),
        (pl.col("rule").is_not_null(), role, pl.col("rule"), RULE_SCORE),
        (pl.col("teaser"), "related", pl.lit("page/teaser-block"), RELATED_SCORE),
        (pl.col("furniture"), "boilerplate", pl.lit("furniture"), FURNITURE_SCORE),
        (pl.col("notice").is_not_null(), "boilerplate", pl.col("notice"), RULE_SCORE),
        (pl.col("prose"), "body", pl.lit("page/paragraph"), PROSE_SCORE),
    ]
    rows = rows.with_columns(
        role=pl.coalesce(pl.when(c).then(pl.lit(r) if isinstance(r, str) else r) for c, r, _, _ in cases),
        reason=pl.coalesce(pl.when(c).then(reason) for c, _, reason, _ in cases),
        score=pl.coalesce(pl.when(c).then(pl.lit(score)) for c, _, _, score in cases),
    )
    credited = credited_texts(rows, rules)
    return rows.with_columns(
        role=pl.when(credited).then(pl.lit("body")).otherwise("role"),
        reason=pl.when(credited).then(pl.lit("page/paragraph-with-credit")).otherwise("reason"),
        rule=pl.when(~credited).then("rule"),
    )


def credited_texts(rows: pl.DataFrame, rules: Rulebook) -> pl.Series:
    """Whether a paragraph that ends in a bare agency name, else a caption, is the last of its article: then it is text
    with the agency's credit behind it. What stands before and behind it decides."""
    solid = rows.with_row_index("row").filter(pl.col("trimmed") != "")
    weak = pl.col("rule").is_in(rules.marked("weak")).fill_null(False) & pl.col("role").eq_missing("caption")
    after_text = pl.col("prose").shift(1).over("page") & pl.col("role").shift(1).over("page").eq_missing("body")
    closing = pl.col("role").is_in(["related", "boilerplate", "credit"]) | pl.col("gap").ge(2)
    last = closing.shift(-1).over("page").fill_null(pl.int_range(pl.len()).over("page") == pl.len().over("page") - 1)
    alone = ~pl.col("key").is_duplicated().over("page")
    found = solid.filter(weak & after_text.fill_null(False) & last & alone)["row"]
    return pl.Series("credited", pl.arange(0, len(rows), eager=True).is_in(found.implode()), pl.Boolean)


def beside(rows: pl.DataFrame, rules: Rulebook) -> pl.Series:
    """`rule`, without those that count only by their neighbours where these are others: `under-headline` right behind
    a line that could be a headline, one more line between at the most; `beside-byline` between such a line and a date
    line, or right behind a lone word for By; `in-head` not before the articles are known (see `stamps`)."""
    by_place = pl.col("rule").is_in([rule.id for rule in rules.rules if rule.marks & BY_PLACE])
    if not rows.select(by_place.any()).item():
        return rows["rule"]
    solid = rows.with_row_index("row").filter(pl.col("trimmed") != "")
    role = pl.col("rule").replace_strict(rules.roles, default=None, return_dtype=pl.String)
    solid = solid.with_columns(
        by_place=by_place.fill_null(False),
        head=pl.col("rule").is_null() & ~pl.col("prose") & (pl.col("width") >= HEADLINE_WIDTH),
        date=role.eq_missing("timestamp"),
        by=pl.col("rule").is_in(rules.marked("opens-byline")).fill_null(False),
    )
    before, before_that, behind = (pl.struct("head", "date", "by").shift(k).over("page").struct for k in (1, 2, -1))
    under = before.field("head") | before_that.field("head")
    named = (before.field("head") & behind.field("date")) | before.field("by")
    counts = (
        pl.when(pl.col("rule").is_in(rules.marked("under-headline")))
        .then(under)
        .when(pl.col("rule").is_in(rules.marked("beside-byline")))
        .then(named)
    )
    dropped = solid.filter(pl.col("by_place") & ~counts.fill_null(False))["row"]
    kept = ~pl.int_range(pl.len()).is_in(dropped.implode())
    return rows.select(pl.when(kept).then("rule").alias("rule")).to_series()


def notices(rows: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """page, notice: the pages that are an error or a cookie wall and nothing else, and the id of what says so."""
    speaks = [pl.when(pl.col("trimmed").str.contains(k.pattern)).then(pl.lit(k.id)) for k in rules.kinds if k.alone]
    solid = rows.filter(pl.col("trimmed") != "")
    small = solid.group_by("page").agg(n=pl.len(), prose=pl.col("width").filter("prose").sum())
    small = small.filter((pl.col("n") <= NOTICE_LINES) & (pl.col("prose") <= NOTICE_PROSE_WIDTH))
    return (
        solid.join(small, on="page", how="semi", maintain_order="left")
        .group_by("page", maintain_order=True)
        .head(NOTICE_HEAD)
        .select("page", notice=pl.coalesce(*speaks, pl.lit(None, pl.String)))
        .drop_nulls("notice")
        .unique("page", keep="first", maintain_order=True)
    )


def pieced(rows: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """Rows with `rule` → the same, cut where a promo or a credit stands inside a line that no rule knows as a whole;
    the pieces are measured and looked up anew. Adds `searched`: there is nothing to cut off it."""
    pieces = [rule for rule in rules.rules if rule.where != "line"]
    rows = rows.with_columns(searched=pl.col("rule").is_null())
    parts = cut(rows.with_row_index("row"), pieces, pl.col("searched"))
    if parts.height == rows.height:
        return rows
    parts = numbered(parts)
    whole = pl.col("part") == 0
    fresh = measure(parts).with_columns(parts["row"]).filter(~whole)
    fresh = fresh.with_columns(rule=rule_of(fresh["trimmed"], rules), searched=False)
    return pl.concat([parts.filter(whole).select(fresh.columns), fresh]).sort("row", "part").drop("row")


def teasers(rows: pl.DataFrame, rules: Rulebook) -> pl.Series:
    """Whether a line belongs to a block of teasers: a heading such as "Read more:" and up to MAX_TEASERS lines behind
    it, until a paragraph, a line that a rule knows, two blank lines, or a line given twice (a headline)."""
    solid = rows.with_row_index("row").filter(pl.col("trimmed") != "")
    opens = pl.col("rule").is_in(rules.marked("opens-related")).fill_null(False)
    stop = (
        (pl.col("rule").is_not_null() | pl.col("prose") | (pl.col("gap") >= 2) | (pl.col("width") > TEASER_WIDTH))
        | (pl.col("key") == pl.col("key").shift(-1).over("page"))
    ).fill_null(False)
    solid = solid.with_columns(block=opens.cum_sum().over("page"), opens=opens, stop=stop & ~opens).with_columns(
        stopped=pl.col("stop").cum_max().over("page", "block"),
        rank=pl.int_range(pl.len()).over("page", "block"),
    )
    inside = (pl.col("block") > 0) & ~pl.col("opens") & ~pl.col("stopped") & (pl.col("rank") <= MAX_TEASERS)
    solid = solid.with_columns(inside=inside)
    led = pl.col("opens") & pl.col("inside").shift(-1, fill_value=False).over("page")
    hits = solid.filter(pl.col("inside") | led)["row"]
    return pl.Series(
        "teaser", pl.arange(0, len(rows), eager=True).is_in(hits.implode()) if len(rows) else [], pl.Boolean
    )


def looked_up(rows: pl.DataFrame, texts: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """Adds LOOKED_UP."""
    rows = rows.with_columns(line_key=line_key(pl.col("key"))).with_columns(template=template(pl.col("line_key")))
    return rows.join(scopes(rows, texts, rules), on="page", how="left", maintain_order="left")


def is_furniture(rows: pl.DataFrame, furniture: pl.DataFrame) -> pl.Series:
    """Whether the corpus has learnt the line as furniture of this page's outlet or site."""
    learnt = furniture.select("scope", "line_key", hit=pl.lit(True))
    hits = [
        rows.select("scope", line_key=key).join(learnt, on=["scope", "line_key"], how="left", maintain_order="left")
        for key in ("line_key", "template")
    ]
    return (hits[0]["hit"].fill_null(False) | hits[1]["hit"].fill_null(False)).alias("furniture")
