"""Pages → lines: one row a line, with what can be measured on it and on its neighbours."""

import polars as pl

from pipeline.tables import LINES

# Scripts written without spaces: a character there carries about as much as two letters elsewhere.
DENSE = r"[\x{0e00}-\x{0e7f}\x{3040}-\x{30ff}\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}\x{f900}-\x{faff}]"
SENTENCE_END = r"[.!?…。！？؟।][\"'”’»«“)\]】」』]*$"
# Headlines may end so too: in a question, a cry, or an abbreviation such as U.S.
DOUBTFUL_END = r"[!?！？؟][\"'”’»«“)\]】」』]*$|\b\p{Lu}\.$|\.\.\.$|…$"
BULLET = r"^[\s]*(?:[•·▪■◦‣*–—-]|\d{1,2}[.)])\s+"

# A paragraph of running text: ends as a sentence does and is not a mere label, or is long whatever its end.
# Both widths chosen on the single-article eval sets; F1 changes by less than .004 from 35 to 60 and 120 to 180.
SENTENCE_WIDTH = 45
LONG_WIDTH = 140


def lines(texts: pl.DataFrame) -> pl.DataFrame:
    """`texts` → one row a line, in the order of the pages: page, page_id, line_no, part (0), text, and

    - `trimmed`: the text without its outer white space; a blank line has none
    - `key`: `trimmed` with case, white space, quotes and a leading bullet folded, to find repeats
    - `width`: characters, those of scripts without spaces counted twice
    - `gap`: blank lines right before it (null on blank lines)
    - `sentence`, `bullet`, `prose`: whether it ends as a sentence does, starts with a bullet, reads as a paragraph
    """
    rows = (
        texts.select("page", "page_id", pl.col("text").str.replace_all("\r\n?", "\n"))
        .filter(pl.col("text") != "")
        .with_columns(pl.col("text").str.strip_suffix("\n").str.split("\n"))
        .with_columns(line_no=pl.int_ranges(1, pl.col("text").list.len() + 1, dtype=pl.Int32))
        .explode("text", "line_no")
        .with_columns(part=pl.lit(0, pl.Int32))
    )
    return measure(rows)


def measure(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of page, page_id, line_no, part, text in their order → the same with the measured columns of `lines`;
    to be called again for the pieces where a line was cut."""
    trimmed = pl.col("text").str.strip_chars()
    solid = pl.col("trimmed") != ""
    rows = rows.with_columns(trimmed=trimmed).with_columns(
        key=folded(pl.col("trimmed")),
        width=(pl.col("trimmed").str.len_chars() + pl.col("trimmed").str.count_matches(DENSE)).cast(pl.Int32),
        sentence=pl.col("trimmed").str.contains(SENTENCE_END),
        bullet=pl.col("text").str.contains(BULLET) & solid,
    )
    last = pl.when(solid).then("line_no").forward_fill().shift(1).over("page")
    return rows.with_columns(
        gap=pl.when(solid).then((pl.col("line_no") - last.fill_null(0) - 1).clip(0)),
        prose=(pl.col("width") >= LONG_WIDTH)
        | (
            pl.col("sentence")
            & (pl.col("width") >= SENTENCE_WIDTH)
            & ~pl.col("trimmed").str.contains(DOUBTFUL_END)
        ),
    ).select(*LINES.schema.names()[:5], "trimmed", "key", "width", "gap", "sentence", "bullet", "prose")


def folded(text: pl.Expr) -> pl.Expr:
    """The text as compared with others: case, runs of white space, quote marks and a leading bullet folded."""
    return (
        text.str.replace(BULLET, "")
        .str.to_lowercase()
        .str.replace_all(r"[‘’‚‛`´]", "'")
        .str.replace_all(r"[“”„«»]", '"')
        .str.replace_all(r"\s+", " ")
        .str.strip_chars()
    )
