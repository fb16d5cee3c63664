"""Pages → lines: one row a line (a paragraph, where a page is hard-wrapped), with what can be measured on it and on its
neighbours."""

import polars as pl

from pipeline.features import measure
from pipeline.wrapping import paragraphs


def lines(texts: pl.DataFrame) -> pl.DataFrame:
    """`texts` → one row a line, in the order of the pages: page, page_id, line_no, part (0), text, and

    - `printed`: where the row is a paragraph of a wrapped page, the lines that it was printed on; else null
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
    return measure(paragraphs(rows))
