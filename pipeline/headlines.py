"""Headlines told by what stands around them: repeats in a head block, an end before, the page's title, a breadcrumb."""

import polars as pl

# A line repeated within this many solid lines belongs to one head block; text does not repeat itself so soon.
NEAR = 10
# Widths of a headline: those of 1715 of the 1719 gold titles of the single-article eval sets lie inside.
HEADLINE_WIDTH = (12, 300)
# Open lines between a headline and its text at the most.
MAX_HEAD = 4
# A headline of so few long words may share but one with its text.
FEW_WORDS = 4

# What a page's own title, as the browser shows it, has between the headline and its section and outlet.
BEHIND_TITLE = r"(?:\s+[-–—·•»:|]{1,2}\s+|\s*[|｜]\s*)"
NO_WORD = r"[^\p{L}\p{M}\p{N}]+"
SURE = 0.9  # text that a headline can't stand behind
# The title of a page that follows another has these widths, and starts an article with this probability at the least.
TITLE_WIDTH, MAY_START = (30, 300), 0.1
# Solid lines of a breadcrumb at the most, and lines under it in which the headline stands, one for a kicker between.
CRUMBS, UNDER = 4, 2
# A headline is wider than a kicker, has some likelihood, and shares a word of so many letters with the page's title.
KICKER_WIDTH, LEAST, LETTERS = 20, 0.005, 4

RUN = ["page", "run"]


def doubled(solid: pl.DataFrame) -> pl.Series:
    """Whether a line is the first print of such a headline: at the top of the page, after two blank lines, after the
    end of an article, or with furniture such as a date line or a share button between; and its words come back.

    `solid` rows with what `split.place` adds, and `words` (of the line), `after` (of them, in the texts behind)."""
    ahead = pl.col("open") & ~pl.col("repeats") & ~pl.col("bullet")
    solid = solid.with_columns(
        head=like_headline(),
        left=ahead.cum_sum(reverse=True).over(RUN),
        ended=(pl.col("ender") | pl.col("role").eq_missing("related")).cum_max().over(RUN),
    )
    evidence = (pl.col("n") == 0) | (pl.col("gap") >= 2) | pl.col("ended") | (pl.col("told_last") > pl.col("told"))
    comes_back = (pl.col("after") >= 2) | ((pl.col("after") == 1) & (pl.col("words") <= FEW_WORDS))
    last = [pl.col(c).last().alias(f"{c}_last") for c in ("n", "left", "told")]
    first = pl.col("row", "n", "gap", "ended", "told", "after", "words").first()
    found = (
        solid.filter("head")
        .group_by("page", "run", "key", maintain_order=True)
        .agg(first, *last, times=pl.len())
        .filter((pl.col("times") >= 2) & evidence & (pl.col("left_last") <= MAX_HEAD) & comes_back)
        .sort("row")
        # what stands between a headline and its repeat belongs to its head block
        .with_columns(covered=pl.col("n_last").cum_max().shift(1).over("page"))
        .filter(pl.col("covered").is_null() | (pl.col("n") > pl.col("covered")))
    )
    return solid["row"].is_in(found["row"].implode()).alias("doubled")


def after_end(solid: pl.DataFrame) -> pl.Series:
    """Whether a line that may be a headline stands, after two blank lines, behind one that articles end with."""
    behind = pl.col("ender").shift(1).over("page").fill_null(False) & (pl.col("gap") >= 2)
    return solid.select(after_end=behind & like_headline()).to_series()


def like_headline() -> pl.Expr:
    """Open, of a headline's width, and with a text behind it on the page."""
    wide = pl.col("width").is_between(*HEADLINE_WIDTH)
    return pl.col("open") & ~pl.col("bullet") & wide & (pl.col("run") < pl.col("runs"))


def named(solid: pl.DataFrame) -> pl.Series:
    """Whether a line prints its chunk's first line once more, or what that has before its section and outlet, whatever
    the signs between the words, and above all sure text: a page flattened whole opens with its own title.

    `solid` rows (chunk, trimmed, width, body)."""
    below = pl.int_range(pl.len()).over("chunk") > 0
    above = (pl.col("body") > SURE).cum_sum().over("chunk") == 0
    may = below & above & pl.col("width").is_between(*HEADLINE_WIDTH)
    rows = solid.select("chunk", "trimmed", may=may).with_row_index("at")
    tops = rows.group_by("chunk").agg(pl.col("trimmed").first())
    lines = rows.filter("may").with_columns(says=_words(pl.col("trimmed")))
    found = [lines.join(tops.select("chunk", says=x), on=["chunk", "says"]) for x in _titles(pl.col("trimmed"))]
    return rows.select(named=pl.col("at").is_in(pl.concat(found)["at"].implode())).to_series()


def printed_again(solid: pl.DataFrame) -> pl.Series:
    """Whether a line that may start an article is printed once more, whole or without section and outlet, further down
    than a head block reaches: then it is a page's own title at its top, with navigation down to the headline.

    `solid` rows (page, n, trimmed, width, start)."""
    wide = pl.col("width").is_between(*TITLE_WIDTH)
    rows = solid.select("page", "n", "trimmed", "start", wide=wide).with_row_index("at")
    maybe = rows.filter(pl.col("wide") & (pl.col("start") > MAY_START) & (pl.col("n") > 0))
    asked = rows.filter("wide").join(maybe, on="page", how="semi")
    last = asked.group_by("page", says=_words(pl.col("trimmed"))).agg(last=pl.col("n").max())
    found = [
        maybe.select("at", "page", "n", says=part)
        .join(last, on=["page", "says"])
        .filter(pl.col("last") > pl.col("n") + NEAR)
        for part in _titles(pl.col("trimmed"))
    ]
    return rows.select(printed_again=pl.col("at").is_in(pl.concat(found)["at"].implode())).to_series()


def beneath(solid: pl.DataFrame, opens: str) -> pl.Series:
    """Whether a line may be the article's own headline under a breadcrumb that ends in the page's title: it stands
    right under it, a kicker between at the most, is no sentence, and has a word in common with it.

    `solid` rows (chunk, trimmed, key, width, sentence, role, title, named); `opens`: how a breadcrumb begins."""
    row = pl.col("at")
    whole = pl.col("named") & (pl.col("key") == pl.col("key").first().over("chunk"))
    solid = solid.with_columns(at=pl.int_range(pl.len(), dtype=pl.Int64), whole=whole)
    lines = pl.int_range(solid.height, dtype=pl.Int64, eager=True)
    solid = solid.filter(pl.col("whole").any().over("chunk"))  # of few chunks
    opened = row - _last(row, pl.col("trimmed").str.contains(opens))
    ends = pl.col("whole") & opened.is_between(1, CRUMBS)
    letters = pl.col("trimmed").str.replace_all("\u00ad", "").str.to_lowercase()
    solid = solid.with_columns(words=letters.str.extract_all(rf"[\p{{L}}\p{{N}}]{{{LETTERS},}}"), ends=ends)
    near = (row - _last(row, pl.col("ends"))).is_between(1, UNDER)
    shares = pl.col("words").list.set_intersection(_last(pl.col("words"), pl.col("ends"))).list.len() > 0
    like = pl.col("role").is_null() & ~pl.col("sentence") & (pl.col("width") >= KICKER_WIDTH)
    found = near & shares & like & (pl.col("title") > LEAST)
    return lines.is_in(solid.filter(found)["at"].implode()).alias("beneath")


def _last(what: pl.Expr, where: pl.Expr) -> pl.Expr:
    """`what`, of the chunk's last row so far that is one of `where`."""
    return pl.when(where).then(what).forward_fill().over("chunk")


def _titles(line: pl.Expr) -> tuple[pl.Expr, ...]:
    """What a page's title says: whole, before its first sign between, before its last."""
    return tuple(
        _words(x)
        for x in (line, line.str.extract(rf"^(.*?\S){BEHIND_TITLE}"), line.str.extract(rf"^(.*\S){BEHIND_TITLE}"))
    )


def _words(text: pl.Expr) -> pl.Expr:
    return text.str.to_lowercase().str.replace_all(NO_WORD, " ").str.strip_chars()
