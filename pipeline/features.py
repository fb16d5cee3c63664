"""What can be measured on a line and its neighbours, without rules and without the rest of the corpus."""

import polars as pl

# Scripts written without spaces: a character there carries about as much as two letters elsewhere.
DENSE = r"[\x{0e00}-\x{0e7f}\x{3040}-\x{30ff}\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}\x{f900}-\x{faff}]"
SENTENCE_END = r"[.!?…。！？؟।][\"'”’»«“)\]】」』]*$"
# Headlines may end so too: in a question, a cry, or an abbreviation such as U.S. (A word boundary would slow it down.)
DOUBTFUL_END = r"[!?！？؟][\"'”’»«“)\]】」』]*$|(?:^|\W)\p{Lu}\.$|\.\.\.$|…$"
BULLET = r"^[\s]*(?:[•·▪■◦‣*–—-]|\d{1,2}[.)])\s+"

# A paragraph of running text: ends as a sentence does and is not a mere label, or is long whatever its end.
# Body F1 on fundus-light / -heavy / wcxb-light: .937/.902/.876; sentences from 30 or from 60 on change it by .002 at
# the most, long lines from 110 on lower heavy to .891, from 170 on wcxb-light to .873.
SENTENCE_WIDTH = 45
LONG_WIDTH = 140


def measure(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of page, page_id, line_no, part, text in their order → the same with the measured columns of `lines`, every
    other column as it was; to be called again for the pieces where a line was cut."""
    trimmed = pl.col("text").str.strip_chars()
    solid = pl.col("trimmed") != ""
    rows = rows.with_columns(trimmed=trimmed).with_columns(
        key=folded(pl.col("trimmed")),
        width=width(pl.col("trimmed")),
        sentence=pl.col("trimmed").str.contains(SENTENCE_END),
        bullet=pl.col("text").str.contains(BULLET) & solid,
    )
    # counted, not taken from the line numbers: a row may be several lines
    blank = (~solid & (pl.col("part") == 0)).cum_sum()
    last = pl.when(solid).then(blank).forward_fill().shift(1).fill_null(0)
    return rows.with_columns(
        gap=pl.when(solid).then((blank - last).over("page").cast(pl.Int32)),
        prose=(pl.col("width") >= LONG_WIDTH)
        | (pl.col("sentence") & (pl.col("width") >= SENTENCE_WIDTH) & ~pl.col("trimmed").str.contains(DOUBTFUL_END)),
    )


def width(text: pl.Expr) -> pl.Expr:
    """Characters, those of scripts without spaces counted twice."""
    return (text.str.len_chars() + text.str.count_matches(DENSE)).cast(pl.Int32)


def folded(text: pl.Expr) -> pl.Expr:
    """The text as compared with others: case, runs of white space, quote marks and a leading bullet folded."""
    return (
        text.str.replace(BULLET, "")
        .str.to_lowercase()
        .str.replace_all(r"[‘’‚‛`´]", "'")
        .str.replace_all(r"[“”„«»]", '"')
        .str.replace_all(r"[^\S ]\s*| \s+", " ")  # but for single spaces, which are most
        .str.strip_chars()
    )
