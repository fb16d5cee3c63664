"""Labelled lines → articles: where each starts, the block of its text, and what its open lines are.

`headlines` says what open lines, texts and runs are.
"""

import polars as pl

from pipeline.features import SENTENCE_WIDTH
from pipeline.headlines import NEAR, headlines, starts
from pipeline.matching import rule_of
from pipeline.parts import cut, numbered
from pipeline.rulebook import Rulebook

# Open lines between two texts that end a block: more are a list of links, not subheads and short lines.
# Body F1 on fundus-light / -heavy / wcxb-light: 3: .920/.881/.785, 6: .934/.896/.837, 12: .939/.898/.868.
MAX_OPEN = 12
# A line that is printed twice around furniture is a headline from this width on; shorter ones are labels.
REPEATED_WIDTH = 30
# Texts into an article up to which a date line or a byline is its own; later it is a chronicle's or a comment's.
HEAD_TEXTS = 3
# Solid lines above the page's first headline in which its date line and byline may stand.
ABOVE = 4

START_SCORE, REPEAT_SCORE, HEADLINE_SCORE, PLACE_SCORE = 0.9, 0.95, 0.7, 0.5

ARTICLE = ["page", "segment"]


def split(labelled: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """`labelled` lines of whole pages → the same lines in the same order, a credit behind the last paragraph cut off,
    with final `role`, `reason` and `score`, and `article_no` (null outside articles)."""
    rows = labelled.with_row_index("row")
    solid = place(rows.filter(pl.col("trimmed") != ""), rules)
    solid = solid.join(starts(solid), on="row", how="left", maintain_order="left")
    solid = solid.with_columns(segment=pl.col("start").is_not_null().cum_sum().over("page"))
    solid = articles(closed(headlines(blocks(solid))))
    told = solid.select("row", "article_no", *roles(solid, rules))
    rows = rows.drop("role", "reason", "score").join(told, on="row", how="left", maintain_order="left")
    blank = pl.col("trimmed") == ""
    rows = rows.with_columns(
        pl.when(blank).then(pl.lit("blank")).otherwise(pl.col(c)).alias(c) for c in ("role", "reason")
    ).with_columns(
        score=pl.when(blank).then(1.0).otherwise("score"),
        article_no=pl.when(blank).then(pl.col("article_no").forward_fill().over("page")).otherwise("article_no"),
    )
    return credited(rows.drop("row"), rules)


def place(solid: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """Solid lines with what their order tells: `n` (number among the page's solid lines), `repeats` (the same line
    stands near), `between` (see `between_repeats`), `ender` (articles end with it), `comments` (it heads them),
    `told` (lines so far that a rule knows), `text`, `open`, `run` (texts so far), `runs` (texts of the page)."""
    solid = weak_captions(solid, rules).with_columns(n=pl.int_range(pl.len(), dtype=pl.Int32).over("page"))
    since, until = (pl.col("n").diff(k).abs().over("page", "key") <= NEAR for k in (1, -1))
    prose = pl.col("role").eq_missing("body")
    solid = solid.with_columns(
        repeats=(since.fill_null(False) | until.fill_null(False)) & pl.col("role").ne_missing("related"),
        ender=pl.col("rule").is_in(rules.marked("ends-article")).fill_null(False),
        comments=pl.col("rule").is_in(rules.marked("opens-comments")).fill_null(False),
        told=pl.col("rule").is_not_null().cum_sum().over("page"),
    )
    solid = solid.with_columns(between=between_repeats(solid))
    text = prose & ~pl.col("repeats") & ~pl.col("between")
    return solid.with_columns(
        text=text,
        open=pl.col("role").is_null() | (prose & ~text),
        run=text.cast(pl.Int32).cum_sum().over("page"),
        runs=text.cast(pl.Int32).sum().over("page"),
    )


def between_repeats(solid: pl.DataFrame) -> pl.Series:
    """Whether a line stands between two prints of one headline, with two pieces of furniture (a date line, a button)
    between them too: in a head block, where even what reads like a text is a picture's."""
    same = ["page", "key"]
    headline_like = pl.col("role").is_null() & ~pl.col("bullet") & (pl.col("width") >= REPEATED_WIDTH)
    leads = (
        headline_like
        & (pl.col("n").shift(-1).over(same) - pl.col("n") <= NEAR)
        & (pl.col("told").shift(-1).over(same) > pl.col("told") + 1)
    ).fill_null(False)
    solid = solid.with_columns(leads=leads).with_columns(ends=pl.col("leads").shift(1, fill_value=False).over(same))
    open_blocks = (pl.col("leads").cast(pl.Int32) - pl.col("ends").cast(pl.Int32)).cum_sum().over("page")
    return solid.select(between=(open_blocks > 0) & ~pl.col("leads")).to_series()


def weak_captions(solid: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """A paragraph that ends in a bare agency name is a caption, unless it is the last of its article: then it is text
    with the agency's credit behind it. What stands before and behind it decides."""
    weak = pl.col("rule").is_in(rules.marked("weak")).fill_null(False) & pl.col("role").eq_missing("caption")
    after_text = pl.col("prose").shift(1).over("page") & pl.col("role").shift(1).over("page").eq_missing("body")
    closing = pl.col("role").is_in(["related", "boilerplate", "credit"]) | pl.col("gap").ge(2)
    last = closing.shift(-1).over("page").fill_null(pl.int_range(pl.len()).over("page") == pl.len().over("page") - 1)
    alone = ~pl.col("key").is_duplicated().over("page")
    body = weak & after_text.fill_null(False) & last & alone
    return solid.with_columns(
        role=pl.when(body).then(pl.lit("body")).otherwise("role"),
        reason=pl.when(body).then(pl.lit("page/paragraph-with-credit")).otherwise("reason"),
        rule=pl.when(~body).then("rule"),
    )


def blocks(solid: pl.DataFrame) -> pl.DataFrame:
    """Adds `first` and `last`: `n` of the first and the last text of the segment's longest block, that is of texts with
    no heading of comments and no more than MAX_OPEN open lines between two; null where the segment has no text."""
    so_far = {c: pl.col(c).cast(pl.Int32).cum_sum().over(ARTICLE) for c in ("open", "comments")}
    texts = solid.with_columns(**so_far).filter("text")
    far = (pl.col("open").diff() > MAX_OPEN) | (pl.col("comments").diff() > 0)
    far = far.over(ARTICLE).fill_null(False)
    longest = (
        texts.with_columns(block=far.cum_sum().over(ARTICLE))
        .group_by(*ARTICLE, "block", maintain_order=True)
        .agg(size=pl.col("width").sum(), first=pl.col("n").first(), last=pl.col("n").last())
        .sort(*ARTICLE, "size", "block", descending=[False, False, True, False])
        .unique(ARTICLE, keep="first", maintain_order=True)
    )
    longest = longest.select(*ARTICLE, "first", "last")
    return solid.join(longest, on=ARTICLE, how="left", maintain_order="left")


def closed(solid: pl.DataFrame) -> pl.DataFrame:
    """Moves `last` behind the short or doubtful sentences that directly follow the block's last text (a last word, a
    question, a text that breaks off), and `first` before a long one that directly precedes its first text."""
    after, before = pl.col("n") > pl.col("last"), pl.col("n") < pl.col("first")
    sentence = (
        pl.col("open") & pl.col("sentence") & ~pl.col("repeats") & (pl.col("n") != pl.col("headline_n").fill_null(-1))
    )
    ends = (after & sentence & (pl.col("gap") <= 1)).fill_null(False)
    leads = (
        before & sentence & (pl.col("width") >= SENTENCE_WIDTH) & (pl.col("gap").shift(-1).over("page") <= 1)
    ).fill_null(False)
    behind = after & ((after & ~ends).cum_sum().over(ARTICLE) == 0)
    ahead = before & ((before & ~leads).cum_sum(reverse=True).over(ARTICLE) == 0)
    return solid.with_columns(
        last=pl.col("last") + behind.sum().over(ARTICLE).cast(pl.Int32),
        first=pl.col("first") - ahead.sum().over(ARTICLE).cast(pl.Int32),
    )


def articles(solid: pl.DataFrame) -> pl.DataFrame:
    """Adds `article_no` from the headline (else the first text) to the end of the segment, and `depth` (texts of the
    article so far). Above the page's first headline its date line and byline belong to it too."""
    begin = pl.coalesce("headline_n", "first")
    above = (pl.col("segment") == 0) & pl.col("role").is_in(["timestamp", "byline"]) & pl.col("n").ge(begin - ABOVE)
    number = pl.col("first").is_not_null() & pl.col("segment").ne_missing(pl.col("segment").shift(1).over("page"))
    inside = pl.col("first").is_not_null() & ((pl.col("n") >= begin) | above)
    return solid.with_columns(
        article_no=pl.when(inside).then(number.cast(pl.Int32).cum_sum().over("page")),
        depth=(pl.col("text") & pl.col("n").is_between("first", "last")).cum_sum().over(ARTICLE),
    )


def roles(solid: pl.DataFrame, rules: Rulebook) -> list[pl.Expr]:
    """`role`, `reason` and `score` of a solid line, from the strongest evidence that speaks."""
    inside, open_ = pl.col("article_no").is_not_null(), pl.col("open")
    head = inside & (pl.col("n") < pl.col("first")).fill_null(False)
    block = inside & pl.col("n").is_between("first", "last").fill_null(False)
    tail = inside & (pl.col("n") > pl.col("last")).fill_null(False)
    early = inside & (pl.col("depth") <= HEAD_TEXTS) & ~tail
    role = pl.col("role")
    next_text = pl.col("text").shift(-1).over("page").fill_null(False)
    # a single line with a dash is a subhead in the manner of AFP
    listed = pl.col("bullet") & (pl.col("bullet").shift(1) | pl.col("bullet").shift(-1)).over("page").fill_null(False)
    dated = pl.col("rule").is_in(
        list(set(rules.marked("published") + rules.marked("updated")) - set(rules.marked("relative")))
    )
    date, byline, caption = (role.eq_missing(x) for x in ("timestamp", "byline", "caption"))
    same = ["page", "article_no", "key"]
    first = pl.col("line_no").first().over(same)
    again = inside & (pl.int_range(pl.len()).over(same) > 0)
    repeat = pl.concat_str(pl.lit("repeat-of:"), first.cast(pl.String))
    start_score = pl.when(pl.col("start").is_not_null()).then(START_SCORE).otherwise(HEADLINE_SCORE)
    cases: list[tuple[pl.Expr, str, str | pl.Expr, float | pl.Expr]] = [
        (inside & (pl.col("n") == pl.col("headline_n")), "headline", pl.col("evidence"), start_score),
        (again & head & open_ & (pl.col("key") == pl.col("headline_key")), "headline_repeat", repeat, REPEAT_SCORE),
        (again & caption, "caption_repeat", repeat, REPEAT_SCORE),
        (again & head & open_ & pl.col("repeats"), "caption_repeat", repeat, REPEAT_SCORE),
        (
            head & open_ & pl.col("repeats") & (pl.col("width") >= SENTENCE_WIDTH),
            "caption",
            "page/doubled-in-head",
            HEADLINE_SCORE,
        ),
        (head & pl.col("between") & pl.col("prose"), "caption", "page/between-headlines", HEADLINE_SCORE),
        (head & open_ & pl.col("bullet"), "standfirst", "page/bullet-under-headline", HEADLINE_SCORE),
        (head & open_, "boilerplate", "page/head", PLACE_SCORE),
        (block & open_ & pl.col("sentence"), "body", "page/sentence-in-text", PLACE_SCORE),
        (block & open_ & listed, "body", "page/list-in-text", PLACE_SCORE),
        (block & open_ & next_text, "subhead", "page/heading-in-text", PLACE_SCORE),
        (block & open_, "boilerplate", "page/fragment-in-text", PLACE_SCORE),
        (block & date & ~early & next_text, "subhead", "page/date-in-text", PLACE_SCORE),
        (date & ~early & ~(tail & dated), "boilerplate", "page/date-outside-head", PLACE_SCORE),
        (
            byline & ~early & ~(tail & (pl.col("n") <= pl.col("last") + 3)),
            "boilerplate",
            "page/byline-outside-head",
            PLACE_SCORE,
        ),
        (caption & ~head & ~block, "boilerplate", "page/caption-outside-text", PLACE_SCORE),
        (~inside & (open_ | pl.col("text")), "boilerplate", "page/outside-article", PLACE_SCORE),
        (~block & (open_ | pl.col("text")), "boilerplate", "page/outside-text", PLACE_SCORE),
    ]
    return [
        pl.coalesce(*(pl.when(c).then(pl.lit(r)) for c, r, _, _ in cases), "role").alias("role"),
        pl.coalesce(*(pl.when(c).then(as_expr(x)) for c, _, x, _ in cases), "reason").alias("reason"),
        pl.coalesce(*(pl.when(c).then(as_expr(s)) for c, _, _, s in cases), "score").alias("score"),
    ]


def as_expr(value: pl.Expr | str | float) -> pl.Expr:
    return value if isinstance(value, pl.Expr) else pl.lit(value)


def credited(rows: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """Cuts an agency's credit off the end of body text: a part of its own, role `credit`. What is left is body, unless
    a rule knows it."""
    ends = [rule for rule in rules.rules if rule.where == "end"]
    pieces = cut(rows.with_columns(uncut=pl.col("text")), ends, pl.col("role") == "body")
    pieces = pieces.with_columns(trimmed=pl.col("text").str.strip_chars())
    was_cut = pl.when(pl.col("text") != pl.col("uncut")).then("trimmed").otherwise(pl.lit(""))
    pieces = pieces.with_columns(rule_of(pieces.select(was_cut).to_series(), rules).alias("fresh"))
    fresh = pl.col("fresh")
    role = fresh.replace_strict(rules.roles, default=None, return_dtype=pl.String)
    return (
        numbered(pieces)
        .with_columns(
            role=pl.coalesce(role, "role"),
            reason=pl.coalesce(fresh, "reason"),
            score=pl.when(fresh.is_not_null()).then(1.0).otherwise("score"),
        )
        .drop("uncut", "fresh")
    )
