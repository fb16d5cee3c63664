"""Labelled lines → articles: where each starts, its headline, the block of its text, and what its open lines are.

An open line is one that no rule, repeat or measure has told yet: only its place can. A text is a paragraph that
nothing else claims. A run is what stands between two texts: the tail of one article, the head of the next, or a
subhead or a left-over inside one.
"""

import polars as pl

from pipeline.parts import cut, numbered
from pipeline.rulebook import Rulebook

# A line repeated within this many solid lines belongs to one head block; text does not repeat itself so soon.
NEAR = 10
# Widths of a headline. The shortest and the longest gold titles of the eval sets lie just inside.
HEADLINE_WIDTH = (12, 300)
# Open lines between a headline and its text at the most, where more than one article is looked for.
MAX_HEAD = 4
# Texts after (before) a candidate in which its words are looked up.
COHESION_TEXTS = 8
# Of a headline's words, the share that come back in its text at the least; solid lines before the text in which the
# first such line is the headline. Beyond, what shares most words is.
SHARED, WINDOW = 0.3, 15
# A headline of so few long words may share but one with its text.
FEW_WORDS = 4
# Open lines between two texts that end a block: more are a list of links, not subheads and short lines.
# Body F1 on fundus-light / -heavy / wcxb-light: 3: .920/.881/.785, 6: .934/.896/.837, 12: .939/.898/.868.
MAX_OPEN = 12
# Texts into an article up to which a date line or a byline is its own; later it is a chronicle's or a comment's.
HEAD_TEXTS = 3
# Solid lines above the page's first headline in which its date line and byline may stand.
ABOVE = 4

START_SCORE, REPEAT_SCORE, HEADLINE_SCORE, PLACE_SCORE = 0.9, 0.95, 0.7, 0.5

RUN, ARTICLE = ["page", "run"], ["page", "segment"]


def split(labelled: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """`labelled` lines of whole pages → the same lines in the same order, a credit behind the last paragraph cut off,
    with final `role`, `reason` and `score`, and `article_no` (null outside articles)."""
    rows = labelled.with_row_index("row")
    solid = place(rows.filter(pl.col("trimmed") != ""), rules)
    solid = solid.join(starts(solid), on="row", how="left", maintain_order="left")
    solid = solid.with_columns(segment=pl.col("start").is_not_null().cum_sum().over("page"))
    solid = articles(headlines(blocks(solid)))
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
    stands near), `ender` (articles end with it), `text`, `open`, `run` (texts so far) and `runs` (texts of the page)."""
    solid = weak_captions(solid, rules).with_columns(n=pl.int_range(pl.len(), dtype=pl.Int32).over("page"))
    since, until = (pl.col("n").diff(k).abs().over("page", "key") <= NEAR for k in (1, -1))
    prose = pl.col("role").eq_missing("body")
    solid = solid.with_columns(
        repeats=(since.fill_null(False) | until.fill_null(False)) & pl.col("role").ne_missing("related"),
        ender=pl.col("rule").is_in(rules.marked("ends-article")).fill_null(False),
    )
    text = prose & ~pl.col("repeats")
    return solid.with_columns(
        text=text,
        open=pl.col("role").is_null() | (prose & ~text),
        run=text.cast(pl.Int32).cum_sum().over("page"),
        runs=text.cast(pl.Int32).sum().over("page"),
    )


def weak_captions(solid: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """A paragraph that ends in a bare agency name is a caption, unless it is the last of its article: then it is text
    with the agency's credit behind it. What stands before and behind it decides."""
    weak = pl.col("rule").is_in(rules.marked("weak")).fill_null(False)
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


def starts(solid: pl.DataFrame) -> pl.DataFrame:
    """row, start: the headlines that can be told before the articles are known, and the evidence for each."""
    ahead = pl.col("open") & ~pl.col("repeats") & ~pl.col("bullet")
    solid = solid.with_columns(
        head=pl.col("open") & ~pl.col("bullet") & pl.col("width").is_between(*HEADLINE_WIDTH) & (pl.col("run") < pl.col("runs")),
        left=ahead.cum_sum(reverse=True).over(RUN),
        told=pl.col("rule").is_not_null().cum_sum().over("page"),
        ended=(pl.col("ender") | pl.col("role").eq_missing("related")).cum_max().over(RUN),
    )
    twice = doubled(solid)
    once = singles(solid.join(twice, on=RUN, how="anti", maintain_order="left"))
    return pl.concat([twice.select("row", "start"), once])


def doubled(solid: pl.DataFrame) -> pl.DataFrame:
    """page, run, row, start: lines that a head block gives twice or more: at the top of the page, after two blank
    lines, after the end of an article, or with furniture such as a date line or a share button between."""
    evidence = (pl.col("n") == 0) | (pl.col("gap") >= 2) | pl.col("ended") | (pl.col("told_last") > pl.col("told"))
    last = [pl.col(c).last().alias(f"{c}_last") for c in ("n", "left", "told")]
    found = (
        solid.filter("head")
        .group_by("page", "run", "key", maintain_order=True)
        .agg(pl.col("row", "n", "gap", "ended", "told").first(), *last, times=pl.len())
        .filter((pl.col("times") >= 2) & evidence & (pl.col("left_last") <= MAX_HEAD))
    )
    found = cohesion(found, solid.filter("text"))
    comes_back = (pl.col("after") >= 2) | ((pl.col("after") == 1) & (pl.col("words") <= FEW_WORDS))
    return (
        found.filter(comes_back)
        .sort("row")
        # what stands between a headline and its repeat belongs to its head block
        .with_columns(covered=pl.col("n_last").cum_max().shift(1).over("page"))
        .filter(pl.col("covered").is_null() | (pl.col("n") > pl.col("covered")))
        .select("page", "run", "row", start=pl.lit("page/doubled-headline"))
    )


def singles(solid: pl.DataFrame) -> pl.DataFrame:
    """row, start: headlines given once: the first open line behind the run's last break (two blank lines, or a line
    that articles end with), if an article has ended there, or its words come back in the texts after it."""
    breaks = ((pl.col("gap") >= 2) | pl.col("ender").shift(1, fill_value=False).over(RUN)).cum_sum().over(RUN)
    behind = solid.with_columns(breaks=breaks).filter(
        (pl.col("run") > 0) & (pl.col("breaks") > 0) & (pl.col("breaks") == pl.col("breaks").max().over(RUN))
    )
    found = behind.filter("head").unique(RUN, keep="first", maintain_order=True).filter(pl.col("left") <= MAX_HEAD)
    found = cohesion(found, solid.filter("text"))
    wide, ended = pl.col("gap") >= 2, pl.col("ended")
    comes_back = (pl.col("after") > pl.col("before")) & (pl.col("after") >= pl.when(wide).then(2).otherwise(3))
    start = pl.when(wide & ended).then(pl.lit("page/after-end-mark")).when(comes_back).then(pl.lit("page/words-come-back"))
    return found.select("row", start=start).drop_nulls("start")


def blocks(solid: pl.DataFrame) -> pl.DataFrame:
    """Adds `first` and `last`: `n` of the first and the last text of the segment's longest block, that is of texts with
    no more than MAX_OPEN open lines between two; null where the segment has no text."""
    opened = pl.col("open").cast(pl.Int32).cum_sum().over(ARTICLE)
    texts = solid.with_columns(opened=opened).filter("text")
    far = (pl.col("opened").diff().over(ARTICLE) > MAX_OPEN).fill_null(False)
    longest = (
        texts.with_columns(block=far.cum_sum().over(ARTICLE))
        .group_by(*ARTICLE, "block", maintain_order=True)
        .agg(size=pl.col("width").sum(), first=pl.col("n").first(), last=pl.col("n").last())
        .sort(*ARTICLE, "size", "block", descending=[False, False, True, False])
        .unique(ARTICLE, keep="first", maintain_order=True)
    )
    longest = longest.select(*ARTICLE, "first", "last")
    return solid.join(longest, on=ARTICLE, how="left", maintain_order="left")


def headlines(solid: pl.DataFrame) -> pl.DataFrame:
    """Adds `headline_n`, `headline_key` and `evidence` to every line of a segment. Where its start is known, that is the
    headline; before the page's first start it is the line, among the open ones before the text, that `best` finds."""
    given = solid.filter(pl.col("start").is_not_null()).select(*ARTICLE, "n", "key", evidence="start")
    before_text = pl.col("open") & ~pl.col("bullet") & (pl.col("n") < pl.col("first"))
    candidates = solid.filter(before_text & pl.col("width").is_between(*HEADLINE_WIDTH)).join(
        given, on=ARTICLE, how="anti", maintain_order="left"
    )
    texts = solid.filter(pl.col("text") & pl.col("n").is_between("first", "last"))
    at_text = candidates.with_columns(run=solid_run_before(candidates, texts))
    chosen = best(cohesion(at_text, texts), solid.filter(pl.col("n") == 0).select("page", top="key"))
    same = candidates.join(chosen, on=[*ARTICLE, "key"], maintain_order="left").filter(pl.col("n") <= pl.col("at"))
    stretch = (pl.col("n").diff() > NEAR).fill_null(False).cum_sum().over(ARTICLE)
    first = same.filter(stretch == stretch.max().over(ARTICLE)).unique(ARTICLE, keep="first", maintain_order=True)
    found = pl.concat([given, first.select(*ARTICLE, "n", "key", evidence=pl.lit("page/headline-before-text"))])
    found = found.rename({"n": "headline_n", "key": "headline_key"})
    return solid.join(found, on=ARTICLE, how="left", maintain_order="left")


def solid_run_before(candidates: pl.DataFrame, texts: pl.DataFrame) -> pl.Series:
    """The run that the text of each candidate's segment begins behind, whatever stands between."""
    begins = texts.group_by(ARTICLE).agg(run=pl.col("run").min() - 1)
    return candidates.select(ARTICLE).join(begins, on=ARTICLE, how="left", maintain_order="left")["run"]


def best(candidates: pl.DataFrame, tops: pl.DataFrame) -> pl.DataFrame:
    """page, segment, key, at: of the candidates with their `cohesion`, in this order: one that the page's first line
    (often its title with the outlet behind) begins with; the first near the text that shares enough words with it; the
    one that shares most; the nearest."""
    named = pl.col("top").str.starts_with(pl.col("key")) & (pl.col("width") >= 25) & (pl.col("n") > 0)
    near = pl.col("n") >= pl.col("first") - WINDOW
    good = near & (pl.col("after") >= 2) & (pl.col("after") >= pl.col("words") * SHARED)
    order = [named, good, pl.when(good).then(-pl.col("n")), pl.col("after") / (pl.col("words") + 3), pl.col("n")]
    ranked = candidates.join(tops, on="page", how="left", maintain_order="left").with_columns(
        x.alias(f"order_{i}") for i, x in enumerate(order)
    )
    return (
        ranked.sort(*(f"order_{i}" for i in range(len(order))), descending=True, nulls_last=True)
        .unique(ARTICLE, keep="first", maintain_order=True)
        .select(*ARTICLE, "key", at="n")
    )


def cohesion(candidates: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    """Adds `words` (distinct words of a line), and how many of them stand in the COHESION_TEXTS texts `after` and
    `before` its run."""
    mine = words(candidates, "row", "run")
    hits = mine.join(words(texts, pl.col("run").alias("at")), on=["page", "word"]).with_columns(
        after=(pl.col("at") - pl.col("run")).is_between(1, COHESION_TEXTS),
        before=(pl.col("run") - pl.col("at")).is_between(0, COHESION_TEXTS - 1),
    )
    counts = hits.group_by("row").agg(
        pl.col("word").filter(pl.col(side)).n_unique().cast(pl.Int32).alias(side) for side in ("after", "before")
    )
    return (
        candidates.join(mine.group_by("row").agg(words=pl.len()), on="row", how="left", maintain_order="left")
        .join(counts, on="row", how="left", maintain_order="left")
        .with_columns(pl.col("words", "after", "before").fill_null(0))
    )


# Words long enough to mean something, cut to six letters so that an inflected form is the same word; in scripts
# without spaces, pairs of characters.
WORD = r"\b\p{L}{4,6}|\p{N}{2,}|[\x{0e00}-\x{0e7f}\x{3040}-\x{30ff}\x{3400}-\x{9fff}]{2}"


def words(rows: pl.DataFrame, *keep: str | pl.Expr) -> pl.DataFrame:
    """page, `keep`, word: the distinct words of each row."""
    found = pl.col("key").str.extract_all(WORD)
    return rows.select("page", *keep, word=found).explode("word").drop_nulls("word").unique()


def articles(solid: pl.DataFrame) -> pl.DataFrame:
    """Adds `article_no` from the headline (else the first text) to the end of the segment, and `depth` (texts of the
    article so far). Above the page's first headline its date line and byline belong to it too."""
    begin = pl.coalesce("headline_n", "first")
    above = (pl.col("segment") == 0) & pl.col("role").is_in(["timestamp", "byline"]) & pl.col("n").ge(begin - ABOVE)
    number = pl.col("first").is_not_null() & pl.col("segment").ne_missing(pl.col("segment").shift(1).over("page"))
    return solid.with_columns(
        article_no=pl.when((pl.col("n") >= begin) | above).then(number.cast(pl.Int32).cum_sum().over("page")),
        depth=(pl.col("text") & pl.col("n").is_between("first", "last")).cum_sum().over(ARTICLE),
    )


def roles(solid: pl.DataFrame, rules: Rulebook) -> list[pl.Expr]:
    """`role`, `reason` and `score` of a solid line, from the strongest evidence that speaks."""
    inside, open_ = pl.col("article_no").is_not_null(), pl.col("open")
    head = inside & (pl.col("n") < pl.col("first"))
    block = inside & pl.col("n").is_between("first", "last")
    tail = inside & (pl.col("n") > pl.col("last"))
    early = inside & (pl.col("depth") <= HEAD_TEXTS) & ~tail
    role = pl.col("role")
    next_text = pl.col("text").shift(-1).over("page").fill_null(False)
    # a single line with a dash is a subhead in the manner of AFP
    listed = pl.col("bullet") & (pl.col("bullet").shift(1) | pl.col("bullet").shift(-1)).over("page").fill_null(False)
    dated = pl.col("rule").is_in(list(set(rules.marked("published") + rules.marked("updated")) - set(rules.marked("relative"))))
    date, byline, caption = (role.eq_missing(x) for x in ("timestamp", "byline", "caption"))
    first = pl.col("line_no").first().over(*ARTICLE, "key")
    again = head & (pl.int_range(pl.len()).over(*ARTICLE, "key") > 0)
    repeat = pl.concat_str(pl.lit("repeat-of:"), first.cast(pl.String))
    start_score = pl.when(pl.col("start").is_not_null()).then(START_SCORE).otherwise(HEADLINE_SCORE)
    cases: list[tuple[pl.Expr, str, str | pl.Expr, float | pl.Expr]] = [
        (pl.col("n") == pl.col("headline_n"), "headline", pl.col("evidence"), start_score),
        (again & (pl.col("key") == pl.col("headline_key")) & open_, "headline_repeat", repeat, REPEAT_SCORE),
        (again & caption, "caption_repeat", repeat, REPEAT_SCORE),
        (again & open_ & pl.col("repeats"), "caption_repeat", repeat, REPEAT_SCORE),
        (head & open_ & pl.col("repeats") & (pl.col("width") >= 45), "caption", "page/doubled-in-head", HEADLINE_SCORE),
        (head & open_ & pl.col("bullet"), "standfirst", "page/bullet-under-headline", HEADLINE_SCORE),
        (head & open_, "boilerplate", "page/head", PLACE_SCORE),
        (block & open_ & pl.col("sentence"), "body", "page/sentence-in-text", PLACE_SCORE),
        (block & open_ & listed, "body", "page/list-in-text", PLACE_SCORE),
        (block & open_ & next_text, "subhead", "page/heading-in-text", PLACE_SCORE),
        (block & open_, "boilerplate", "page/fragment-in-text", PLACE_SCORE),
        (block & date & ~early & next_text, "subhead", "page/date-in-text", PLACE_SCORE),
        (date & ~early & ~(tail & dated), "boilerplate", "page/date-outside-head", PLACE_SCORE),
        (byline & ~early & ~(tail & (pl.col("n") <= pl.col("last") + 3)), "boilerplate", "page/byline-outside-head", PLACE_SCORE),
        (caption & ~head & ~block, "boilerplate", "page/caption-outside-text", PLACE_SCORE),
        (~inside & (open_ | pl.col("text")), "boilerplate", "page/outside-article", PLACE_SCORE),
        (~block & (open_ | pl.col("text")), "boilerplate", "page/outside-text", PLACE_SCORE),
    ]
    lit = lambda x: x if isinstance(x, pl.Expr) else pl.lit(x)  # noqa: E731
    return [
        pl.coalesce(*(pl.when(c).then(lit(r)) for c, r, _, _ in cases), "role").alias("role"),
        pl.coalesce(*(pl.when(c).then(lit(x)) for c, _, x, _ in cases), "reason").alias("reason"),
        pl.coalesce(*(pl.when(c).then(lit(s)) for c, _, _, s in cases), "score").alias("score"),
    ]


def credited(rows: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """Cuts an agency's credit off the end of body text: a part of its own, role `credit`."""
    ends = [rule for rule in rules.rules if rule.where == "end"]
    last = pl.col("role") == "body"
    pieces = cut(rows.with_columns(uncut=pl.col("text")), ends, last)
    matched = pl.coalesce(
        *(pl.when(pl.col("text").str.strip_chars().str.contains(rule.whole)).then(pl.lit(rule.id)) for rule in ends),
        pl.lit(None, pl.String),
    )
    pieces = pieces.with_columns(credit=pl.when(pl.col("text") != pl.col("uncut")).then(matched))
    is_credit = pl.col("credit").is_not_null()
    return numbered(pieces).with_columns(
        role=pl.when(is_credit).then(pl.lit("credit")).otherwise("role"),
        reason=pl.coalesce("credit", "reason"),
        score=pl.when(is_credit).then(1.0).otherwise("score"),
        trimmed=pl.col("text").str.strip_chars(),
    ).drop("uncut", "credit")
