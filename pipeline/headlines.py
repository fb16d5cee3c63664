"""Which lines are headlines, by their repeats, their place and their words; for `split`, on its solid lines.

An open line is one that no rule, repeat or measure has told yet: only its place can. A text is a paragraph that
nothing else claims. A run is what stands between two texts: the tail of one article, the head of the next, or a
subhead or a left-over inside one.
"""

import polars as pl

# A line repeated within this many solid lines belongs to one head block; text does not repeat itself so soon.
NEAR = 10
# Widths of a headline: those of 1715 of the 1719 gold titles of the single-article eval sets lie inside.
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

# Words long enough to mean something, cut to six letters so that an inflected form is the same word; in scripts
# without spaces, pairs of characters.
WORD = r"\p{L}{4,}|\p{N}{2,}|[\x{0e00}-\x{0e7f}\x{3040}-\x{30ff}\x{3400}-\x{9fff}]{2}"

RUN, ARTICLE = ["page", "run"], ["page", "segment"]


def starts(solid: pl.DataFrame) -> pl.DataFrame:
    """row, start: the headlines that can be told before the articles are known, and the evidence for each."""
    ahead = pl.col("open") & ~pl.col("repeats") & ~pl.col("bullet")
    solid = solid.with_columns(
        head=pl.col("open")
        & ~pl.col("bullet")
        & pl.col("width").is_between(*HEADLINE_WIDTH)
        & (pl.col("run") < pl.col("runs")),
        left=ahead.cum_sum(reverse=True).over(RUN),
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
    start = (
        pl.when(wide & ended).then(pl.lit("page/after-end-mark")).when(comes_back).then(pl.lit("page/words-come-back"))
    )
    return found.select("row", start=start).drop_nulls("start")


def headlines(solid: pl.DataFrame) -> pl.DataFrame:
    """Adds `headline_n`, `headline_key` and `evidence` to every line of a segment. Where its start is known, that is
    the headline; before the page's first start it is the one of the open lines before the text that `best` finds."""
    given = solid.filter(pl.col("start").is_not_null()).select(*ARTICLE, "n", "key", evidence="start")
    before_text = pl.col("open") & ~pl.col("bullet") & (pl.col("n") < pl.col("first"))
    candidates = solid.filter(before_text & pl.col("width").is_between(*HEADLINE_WIDTH)).join(
        given, on=ARTICLE, how="anti", maintain_order="left"
    )
    texts = solid.filter(pl.col("text") & pl.col("n").is_between("first", "last"))
    at_text = candidates.with_columns(run=run_before(candidates, texts))
    chosen = best(cohesion(at_text, texts), solid.filter(pl.col("n") == 0).select("page", top="key"))
    same = candidates.join(chosen, on=[*ARTICLE, "key"], maintain_order="left").filter(pl.col("n") <= pl.col("at"))
    stretch = (pl.col("n").diff() > NEAR).fill_null(False).cum_sum().over(ARTICLE)
    first = same.filter(stretch == stretch.max().over(ARTICLE)).unique(ARTICLE, keep="first", maintain_order=True)
    found = pl.concat([given, first.select(*ARTICLE, "n", "key", evidence=pl.lit("page/headline-before-text"))])
    found = found.rename({"n": "headline_n", "key": "headline_key"})
    return solid.join(found, on=ARTICLE, how="left", maintain_order="left")


def best(candidates: pl.DataFrame, tops: pl.DataFrame) -> pl.DataFrame:
    """page, segment, key, at: of the candidates with their `cohesion`, in this order: one that the page's first line
    (often its title with the outlet behind) begins with; the first near the text that shares enough words with it; the
    one that shares most; the nearest."""
    named = pl.col("top").str.starts_with(pl.col("key")) & (pl.col("width") >= 25) & (pl.col("n") > 0)
    near = pl.col("n") >= pl.col("first") - WINDOW
    good = near & (pl.col("after") >= 2) & (pl.col("after") >= pl.col("words") * SHARED)
    order = [
        named,
        good,
        pl.when(good).then(-pl.col("n")),
        pl.col("after") / (pl.col("words") + 3),
        pl.col("n"),
    ]
    ranked = candidates.join(tops, on="page", how="left", maintain_order="left").with_columns(
        x.alias(f"order_{i}") for i, x in enumerate(order)
    )
    return (
        ranked.sort(*(f"order_{i}" for i in range(len(order))), descending=True, nulls_last=True)
        .unique(ARTICLE, keep="first", maintain_order=True)
        .select(*ARTICLE, "key", at="n")
    )


def run_before(candidates: pl.DataFrame, texts: pl.DataFrame) -> pl.Series:
    """The run that the text of each candidate's segment begins behind, whatever stands between."""
    begins = texts.group_by(ARTICLE).agg(run=pl.col("run").min() - 1)
    return candidates.select(ARTICLE).join(begins, on=ARTICLE, how="left", maintain_order="left")["run"]


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


def words(rows: pl.DataFrame, *keep: str | pl.Expr) -> pl.DataFrame:
    """page, `keep`, word: the distinct words of each row."""
    found = pl.col("key").str.extract_all(WORD).list.eval(pl.element().str.slice(0, 6))
    return rows.select("page", *keep, word=found).explode("word").drop_nulls("word").unique()
