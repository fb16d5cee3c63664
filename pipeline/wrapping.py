"""Hard-wrapped pages: recognises them, joins their lines into paragraphs, and takes these apart again for the ledger.

A wrapped page breaks its paragraphs at a fixed width, its limit: a line ends where the next word would not have fitted.
A line whose next word would have fitted ends its paragraph, so headlines and furniture on short lines stay by
themselves. Between recognition and ledger a row of `lines` is a paragraph; `printed` holds the lines it was printed on.
"""

import polars as pl

from pipeline.features import SENTENCE_END
from pipeline.parts import numbered

# Widths at which text is wrapped, in characters. Flattened pages have paragraphs wider than that.
LIMITS = (40, 100)
# A line that stops in mid-sentence before a line in lower case runs on. So many of them must be broken at one limit …
MIN_BREAKS = 3
# … and so large a share of those wider than half of it: verse, and links on lines of their own, break anywhere.
BROKEN_SHARE = 0.5
# Text on lines wider than the limit, against that on the lines broken at it. On the evaluation pages wrapped on purpose
# it is 0; on those as they are, 2.5 and more.
OVER_SHARE = 0.5
# In scripts without case a line that runs on can't be told from a label unless it is this wide.
NARROW = 25
# Text that was cut at the limit in mid-word, as `fold` does: nearly all lines reach it, and some, but not most, are cut
# beside a space, which then stands at the end of a line or at the start of the next.
CUT_SHARE, CUT_BREAKS, CUT_SPACES = 0.9, 6, 0.6
# Of the lines with one text, those behind a full line: below this share, it begins a paragraph wherever it stands.
MOSTLY = 0.5
# Among the paragraphs that end on a short line, those that no blank line follows: from this share on, a full line that
# ends a sentence may end its paragraph too, and is taken to.
TIGHT_SHARE = 0.3

# Scripts that break between any two characters, but for marks that may not begin (or end) a line.
HAN = r"[\p{Han}\p{Hiragana}\p{Katakana}]"
CLOSE, OPEN = r"[ー々、。，．：；！？」』）】〉》…]", r"[「『（【〈《]"
HAN_START = rf"^(?:{OPEN}*{HAN}{CLOSE}*|{CLOSE}+)"
HAN_END = rf"(?:{HAN}|{CLOSE})$"
BREAKS = " \t\r"  # other white space does not break
WORD = rf"{HAN_START}|^(?:[^{BREAKS}\p{{Han}}\p{{Hiragana}}\p{{Katakana}}]+|.)"
LOWER, CASELESS = r"^[\"'„“«(]?\p{Ll}", rf"^(?:[\"'„“«(]?\p{{Lo}}|{CLOSE})"
BULLET, ITEM = r"^\s*[•·▪■◦‣]", r"^\s*(?:[•·▪■◦‣*–—-]|\d{1,2}[.)])\s"
COLUMNS = r"\S(?:\s{3,}|\t)\S"  # a row of a table
# A word broken at its hyphen keeps it and gets no space: of 19,200 hyphens between letters in news texts .8 % have one
# behind. Where the hyphen stands for a word left out ("Vor- und Nachteile"), the next word tells.
HYPHEN, AND = r"\p{L}[-‐]$", r"^(?:und|oder|bzw)\b"
SOFT_HYPHEN = r"\x{ad}$"

LINE = ["page", "line_no"]
PRINTED = pl.List(pl.Struct({"text": pl.String, "joined": pl.String}))


def paragraphs(rows: pl.DataFrame) -> pl.DataFrame:
    """Lines as printed (page, line_no, text, …, in their order) → the same, the lines of a wrapped page's paragraph in
    one row: `text` joined, every other column that of the first line, and `printed`: its lines
    (text; joined: what joins it to the line above, null for the first), null where a row is one line."""
    lines = measured(rows)
    found = limits(lines)
    if found.is_empty():
        return rows.with_columns(printed=pl.lit(None, PRINTED))
    lines = joints(lines.join(found, on="page", maintain_order="left"))
    rows = rows.with_row_index("row").join(lines, on=LINE, how="left", maintain_order="left")
    rows = rows.with_columns(first=pl.when(pl.col("joined").is_null()).then("row").forward_fill())
    several = (
        rows.filter(pl.len().over("first") > 1)
        .with_columns(text_joined=pl.concat_str(pl.col("joined").fill_null(""), pl.col("text").str.strip_chars()))
        .group_by("first", maintain_order=True)
        .agg(pl.col("text_joined").str.join(""), printed=pl.struct("text", "joined"))
    )
    return (
        rows.filter(pl.col("joined").is_null())
        .join(several, on="first", how="left", maintain_order="left")
        .with_columns(text=pl.coalesce("text_joined", "text"), printed=pl.col("printed").cast(PRINTED))
        .drop("row", "first", "text_joined", "joined")
    )


def measured(rows: pl.DataFrame) -> pl.DataFrame:
    """Lines as printed → those of the pages that may be wrapped, by the widths of their lines: page, line_no, text,
    `trimmed`, `column` (where the line ends), `one_word`, `ends` (a sentence), `lower` (begins in lower case), `table`,
    and what the next line tells: `pair` (another line follows directly), `room` (columns that its first word would have
    taken here), `tight` (that needs no space), `beside_space` (the break stands beside one), `runs_on`."""
    column, same_page = pl.col("column"), pl.col("page") == pl.col("page").shift(-1)
    following = pl.when(same_page).then(column.shift(-1)).otherwise(0)
    width = pl.col("text").str.strip_chars_end(BREAKS).str.len_chars().cast(pl.Int32)
    lines = rows.select(*LINE, "text", column=pl.when(pl.col("text").str.contains(r"\S")).then(width).otherwise(0))
    lines = lines.with_columns(pair=(column > 0) & (following > 0))
    near = pl.col("pair") & column.is_between(NARROW, LIMITS[1])
    over = (column > LIMITS[1]) & pl.col("text").str.contains(" ", literal=True)
    some = (
        lines.group_by("page")
        .agg(n=near.sum(), width=column.filter(near).sum(), over=column.filter(over).sum())
        .filter((pl.col("n") >= MIN_BREAKS) & (pl.col("over") <= OVER_SHARE * pl.col("width")))
    )
    lines = lines.join(some.select("page"), on="page", how="semi", maintain_order="left")
    lines = lines.with_columns(trimmed=pl.col("text").str.strip_chars(BREAKS))
    trimmed = pl.col("trimmed")
    lines = lines.with_columns(
        one_word=~trimmed.str.contains(rf"[{BREAKS}]|{HAN}"),
        ends=trimmed.str.contains(SENTENCE_END),
        table=trimmed.str.contains(COLUMNS),
        indented=pl.col("text").str.contains(rf"^[{BREAKS}]"),
        han_end=trimmed.str.contains(HAN_END),
        word=trimmed.str.extract(WORD, 0).str.len_chars().cast(pl.Int32),
        han=trimmed.str.contains(HAN_START),
        lower=trimmed.str.contains(LOWER),
        caseless=trimmed.str.contains(CASELESS),
    )
    ahead = {c: pl.col(c).shift(-1).over("page") for c in ("word", "han", "lower", "caseless", "table", "indented")}
    words = ahead["lower"] | (ahead["caseless"] & (column >= NARROW))
    tables = pl.col("table") | ahead["table"]
    lines = lines.with_columns(
        tight=pl.col("han_end") & ahead["han"], runs_on=pl.col("pair") & ~pl.col("ends") & words & ~tables
    )
    room = ahead["word"] + pl.when("tight").then(0).otherwise(1)
    beside = pl.col("text").str.contains(rf"[{BREAKS}]$") | ahead["indented"]
    return lines.with_columns(room=room, beside_space=beside).drop("indented", "word", "han", "caseless", "han_end")


def limits(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines as `measured` → page, limit, cut (whether words are cut at it): a row for each wrapped page.

    A line that runs on was broken at any limit from where it ends to where the next word would have ended. The limit
    of the page is the one that most of them share."""
    column, runs_on = pl.col("column"), pl.col("runs_on").fill_null(False)
    near = lines.filter(runs_on & column.is_between(NARROW, LIMITS[1]))
    ends = [near.select("page", at="column", n=1), near.select("page", at=column + pl.col("room"), n=-1)]
    shared = pl.concat(ends).group_by("page", "at").agg(pl.col("n").sum()).sort("page", "at")
    best = (
        shared.with_columns(pl.col("n").cum_sum().over("page"), high=pl.col("at").shift(-1).over("page") - 1)
        .filter(pl.col("at").is_between(*LIMITS) & (pl.col("n") >= MIN_BREAKS))
        .sort("page", "n", "at", descending=[False, True, True])
        .unique("page", keep="first", maintain_order=True)
        .rename({"at": "low"})
    )
    low, high, text = pl.col("low"), pl.col("high"), ~pl.col("one_word")
    broken = runs_on & (column <= high) & (column + pl.col("room") > low)
    told = (
        lines.join(best, on="page", maintain_order="left")
        .group_by("page", maintain_order=True)
        .agg(
            pl.col("n").first(),
            limit=column.filter(text & (column <= high)).max(),
            n_runs_on=(runs_on & (column * 2 >= low)).sum(),
            width=column.filter(broken).sum(),
            over=column.filter(text & (column > high)).sum(),
            full=(column.filter(broken) >= low.filter(broken) - 1).mean(),
            beside_space=pl.col("beside_space").filter(broken).mean(),
        )
    )
    sure = (pl.col("n") >= BROKEN_SHARE * pl.col("n_runs_on")) & (pl.col("over") <= OVER_SHARE * pl.col("width"))
    cut = (pl.col("full") >= CUT_SHARE) & (pl.col("n") >= CUT_BREAKS)
    cut &= (pl.col("beside_space") > 0) & (pl.col("beside_space") <= CUT_SPACES)
    return told.filter(sure).select("page", "limit", cut=cut)


def joints(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines as `measured` of wrapped pages, with their `limits` → page, line_no, joined: the lines that continue the
    one above, and what joins them to it: a space, or nothing."""
    text, trimmed, limit, column = pl.col("text"), pl.col("trimmed"), pl.col("limit"), pl.col("column")
    fits = (column <= limit) | pl.col("one_word")
    full = pl.when("cut").then(column >= limit - 1).otherwise(column + pl.col("room") > limit)
    indent = text.str.len_chars().cast(pl.Int32) - text.str.strip_chars_start().str.len_chars().cast(pl.Int32)
    lines = lines.with_columns(
        fits=fits, full=pl.col("pair") & full & fits, indent=pl.when("cut").then(0).otherwise(indent)
    )
    above = {
        c: pl.col(c).shift(1).over("page")
        for c in ("text", "trimmed", "ends", "table", "full", "indent", "tight", "column")
    }
    # A full line with one text (a headline) that ends a paragraph elsewhere on the page ends one here too.
    runs_over = pl.col("full").all().over("page", "trimmed").shift(1).over("page")
    lines = lines.with_columns(forced=(above["full"] & runs_over).fill_null(False))
    # What begins a paragraph mostly, or began the one above (a headline, a caption given twice), begins one here too.
    begun = pl.when(~pl.col("forced")).then("trimmed").forward_fill().shift(1).over("page")
    begins = (pl.col("forced").mean().over("page", "trimmed") < MOSTLY) | (begun == trimmed).fill_null(False)
    # The first line of a paragraph may be indented, or the others of a list's item.
    first = ~pl.col("forced") | (above["indent"] != pl.col("indent"))
    of_first = first.shift(1).over("page")
    hangs = of_first & ((above["indent"] > pl.col("indent")) | above["text"].str.contains(ITEM))
    # A full line that ends in brackets is mostly a caption's credit: what begins in upper case behind it is not its.
    credited = above["trimmed"].str.contains(r"\)$") & trimmed.str.contains(r"^\p{Lu}")
    apart = begins | credited | pl.col("table") | above["table"] | text.str.contains(BULLET)
    lines = lines.with_columns(
        continues=(
            pl.col("forced") & pl.col("fits") & ~apart & ((above["indent"] == pl.col("indent")) | hangs)
        ).fill_null(False)
    )
    last = pl.col("continues") & ~pl.col("continues").shift(-1, fill_value=False) & pl.col("ends")
    new = above["ends"] & ~pl.col("lower") & ~trimmed.str.contains(r"^[(\[]")  # may begin a sentence
    packed = (last & pl.col("pair")).sum().over("page") > TIGHT_SHARE * last.sum().over("page")
    at_edge = pl.col("cut") & (above["text"].str.len_chars() == limit)
    mid_word = at_edge & ~above["text"].str.contains(r"\s$") & ~text.str.contains(r"^\s")
    at_hyphen = above["trimmed"].str.contains(HYPHEN) & trimmed.str.contains(r"^\p{L}") & ~trimmed.str.contains(AND)
    nothing = above["tight"] | mid_word | at_hyphen | above["trimmed"].str.contains(SOFT_HYPHEN)
    joined = pl.when(nothing).then(pl.lit("")).otherwise(pl.lit(" "))
    return lines.select(*LINE, joined=pl.when(pl.col("continues") & ~(new & packed)).then(joined)).drop_nulls("joined")


def begins() -> pl.Expr:
    """Of a ledger in its order, for each part: the line that its paragraph begins on."""
    return pl.when(pl.col("joined").is_null()).then("line_no").forward_fill().over("page")


def as_printed(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of `paragraphs`, cut into parts since, in their order → a row for each part of each printed line, `part`
    numbered within its line, `joined` in place of `printed`; every other column that of the row it comes from."""
    rows = rows.with_row_index("row")
    several = pl.col("printed").is_not_null()
    alone = rows.filter(~several).drop("printed").with_columns(joined=pl.lit(None, pl.String))
    if alone.height == rows.height:
        return alone.drop("row")
    cuts = segments(rows.filter(several))
    pieces = (
        cuts.join(rows.drop("page", "line_no", "text", "printed"), on="row", how="left", maintain_order="left")
        .with_columns(line_no=pl.col("line_no") + pl.col("nth"))
        .sort("row", "line_no")
    )
    out = pl.concat([alone, pieces.select(alone.columns)]).sort("row", "line_no").drop("row")
    return numbered(out)


def segments(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with `row` and `printed` → page, line_no (of the paragraph's first line), nth (line of it, from 0), row,
    text, joined: the printed lines, cut wherever a row begins."""
    size = pl.col("text").str.len_chars().cast(pl.Int64)
    rows_at = rows.select(*LINE, "row", start=(size.cum_sum() - size).over(LINE))
    lines = (
        rows.unique(LINE, keep="first", maintain_order=True)
        .select(*LINE, "printed")
        .with_columns(nth=pl.int_ranges(0, pl.col("printed").list.len(), dtype=pl.Int32))
        .explode("printed", "nth")
        .unnest("printed")
    )
    core = pl.col("text").str.strip_chars().str.len_chars().cast(pl.Int64)
    lead = size - pl.col("text").str.strip_chars_start().str.len_chars().cast(pl.Int64)
    end = (core + pl.col("joined").fill_null("").str.len_chars()).cum_sum().over(LINE)
    lines = lines.with_columns(lead=lead, start=end - core, end=end)
    cuts = (
        pl.concat([rows_at, lines], how="diagonal")
        .sort(*LINE, "start")
        .with_columns(pl.all().exclude(*LINE, "start").forward_fill().over(LINE), opens=pl.col("nth").is_not_null())
        .with_columns(pl.col("opens").any().over(*LINE, "start"))
        .unique([*LINE, "start"], keep="last", maintain_order=True)
    )
    # a row that begins where two lines are joined begins with the second
    cuts = cuts.filter(pl.col("opens") | (pl.col("start") < pl.col("end")))
    inside = pl.col("start") - pl.col("first_start") + pl.col("lead")
    cuts = cuts.with_columns(first_start=pl.when("opens").then("start").forward_fill().over(LINE))
    cuts = cuts.with_columns(begin=pl.when("opens").then(0).otherwise(inside))
    until = pl.col("begin").shift(-1).over(*LINE, "nth")
    sliced = pl.col("text").str.slice("begin", (until - pl.col("begin")).fill_null(size))
    return cuts.select(*LINE, "nth", "row", sliced.alias("text"), "joined")
