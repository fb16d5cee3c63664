"""The stand-off edition: tables without text, where on the pages the texts stand, and the way back. No files.

A text of an article is a row of pieces: characters of lines of its page, with what joins them (`glue`). Whoever has the
pages needs nothing else, neither rules nor model, to have the texts again.
"""

import polars as pl

from pipeline.tables import ARTICLE_ID, ARTICLES, DUPLICATES, LINE_NO, LINES, PAGES, STORIES, Column, Table
from pipeline.wrapping import begins

_TEXTS = ("title", "body", "standfirst", "captions", "byline", "dateline", "date_raw")
TEXT_COLUMNS = tuple(c for c in ARTICLES.columns if c.name in _TEXTS)
RELEASED_ARTICLES = Table(
    "articles",
    "The table of articles without its texts.",
    ARTICLES.key,
    tuple(c for c in ARTICLES.columns if c.name not in _TEXTS),
    ARTICLES.order,
)
START = Column(
    "start", pl.Int32, "Where it begins in its line: characters (code points) of the repaired text before it."
)
END = Column("end", pl.Int32, "Where it ends there: the first character that is no longer of it.")
PIECES = Table(
    "pieces",
    "Where the texts of the articles stand: a text is its pieces in order, each behind its `glue`.",
    ("article_id", "column", "item", "piece"),
    (
        ARTICLE_ID,
        Column("column", pl.String, "The column of `articles` that it is of.", values=_TEXTS),
        Column("item", pl.Int32, "Which of a list's texts it is of, from 1; 1 where the column is no list."),
        Column("piece", pl.Int32, "Its place among the pieces of the text, from 1."),
        LINE_NO,
        START,
        END,
        Column(
            "glue", pl.String, "What stands before it in the text and not on the page: space, a semicolon, nothing."
        ),
    ),
)
RELEASED_LINES = Table(
    "lines",
    "The ledger without its text.",
    LINES.key,
    (*(c for c in LINES.columns[:4]), START, END, *(c for c in LINES.columns[5:])),
)
RELEASED_PAGES = Table(
    "pages",
    "The pages without their text.",
    PAGES.key,
    (
        *(c for c in PAGES.columns if c.name != "text"),
        Column("text_blake2b", pl.String, "BLAKE2b-128 of the decoded and repaired text (in UTF-8), in hex."),
    ),
)
RELEASED = (RELEASED_ARTICLES, PIECES, RELEASED_LINES, RELEASED_PAGES, DUPLICATES, STORIES)

KEY = ["page", "article_no"]
PARAGRAPH = [*KEY, "begins", "destination"]
LISTS = [c.name for c in TEXT_COLUMNS if isinstance(c.dtype, pl.List)]
# What stands between the paragraphs of one text.
BETWEEN = {"body": "\n\n", "byline": "; "}
LINE_BREAK = "\r\n?"
PLACE = ["article_id", "column", "item"]


def bare_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """The ledger (whole pages, in its order) with the place of each part in its line instead of its text."""
    return RELEASED_LINES.conform(placed(lines))


def bare_pages(pages: pl.DataFrame, hashes: pl.Series) -> pl.DataFrame:
    """`pages` with the hash of each text instead of it."""
    return RELEASED_PAGES.conform(pages.with_columns(hashes.alias("text_blake2b")))


def placed(lines: pl.DataFrame) -> pl.DataFrame:
    """The ledger with `start` and `end` of each part in its line."""
    size = pl.col("text").str.len_chars().cast(pl.Int32)
    end = size.cum_sum().over("page", "line_no")
    return lines.with_columns(start=end - size, end=end)


def pieces(lines: pl.DataFrame, articles: pl.DataFrame) -> pl.DataFrame:
    """PIECES of `articles` (page, article_no, article_id and the text columns) by the ledger of their pages, in its
    order."""
    rows = placed(lines).with_columns(begins=begins())
    runs = _runs(rows.join(articles.select(KEY), on=KEY, how="semi", maintain_order="left").drop_nulls("destination"))
    paragraphs = runs.group_by(PARAGRAPH, maintain_order=True).agg(
        text=pl.concat_str("glue", "text").str.join(""), heading=(pl.col("role") == "subhead").all()
    )
    wanted = pl.concat([_whole(paragraphs, articles), _date_lines(paragraphs, articles), _places(paragraphs, articles)])
    cut = wanted.join(runs, on=PARAGRAPH, maintain_order="left_right").with_columns(
        before=(pl.col("from") - pl.col("at")).clip(0), behind=(pl.col("at") + pl.col("size") - pl.col("to")).clip(0)
    )
    cut = cut.filter(pl.col("before") + pl.col("behind") < pl.col("size"))
    value = ["page", "article_no", "column", "item"]
    first = pl.int_range(pl.len()).over([*value, "nth"]) == 0  # of the pieces of its paragraph
    out = cut.with_columns(
        start=pl.col("start") + pl.col("before"),
        end=pl.col("end") - pl.col("behind"),
        glue=pl.when(first).then("between").otherwise("glue"),
        piece=pl.int_range(1, pl.len() + 1).over(value),
    )
    ids = articles.select(*KEY, "article_id")
    return PIECES.conform(out.join(ids, on=KEY, maintain_order="left")).sort(PIECES.key)


def _runs(rows: pl.DataFrame) -> pl.DataFrame:
    """Kept parts of lines, `placed`, with the line that their paragraph `begins` on → without the white space around
    what is kept of their line: PARAGRAPH, line_no, start, end, role, text, size, glue (what joins it to the piece
    before it in its paragraph), at (its place in that)."""
    line = [*PARAGRAPH, "line_no"]
    size = pl.col("text").str.len_chars().cast(pl.Int32)
    whole = pl.col("text").str.join("").over(line)
    margin = whole.str.len_chars() - whole.str.strip_chars_start().str.len_chars()
    length = whole.str.strip_chars().str.len_chars()
    at = (size.cum_sum() - size).over(line)  # in what is kept of its line
    rows = rows.with_columns(
        before=(margin.cast(pl.Int32) - at).clip(0),
        behind=(at + size - (margin + length).cast(pl.Int32)).clip(0),
        size=size,
    ).filter(pl.col("before") + pl.col("behind") < pl.col("size"))
    size = pl.col("size") - pl.col("before") - pl.col("behind")
    rows = rows.with_columns(
        text=pl.col("text").str.slice("before", size),
        start=pl.col("start") + pl.col("before"),
        end=pl.col("end") - pl.col("behind"),
        size=size,
        first=pl.int_range(pl.len()).over(line) == 0,
        opens=pl.int_range(pl.len()).over(PARAGRAPH) == 0,
    )
    glue = pl.when(pl.col("first") & ~pl.col("opens")).then("joined").otherwise(pl.lit("")).fill_null("")
    rows = rows.with_columns(glue=glue)
    until = (pl.col("glue").str.len_chars().cast(pl.Int32) + pl.col("size")).cum_sum().over(PARAGRAPH)
    return rows.select(*line, "start", "end", "role", "text", "size", "glue", at=until - pl.col("size"))


def _whole(paragraphs: pl.DataFrame, articles: pl.DataFrame) -> pl.DataFrame:
    """The paragraphs that a text is made of as a whole, bullets of a standfirst left out."""
    nth = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(*KEY, "destination")
    column = pl.col("destination")
    texts = paragraphs.filter(column.is_in(["title", "body", "byline", *LISTS])).with_columns(nth=nth)
    texts = texts.filter((column != "title") | (pl.col("nth") == 1))
    size = pl.col("text").str.len_chars().cast(pl.Int32)
    printed = articles.select(*KEY, kept="standfirst").with_columns(destination=pl.lit("standfirst"))
    texts = texts.join(printed, on=[*KEY, "destination"], how="left", maintain_order="left")
    kept = pl.col("kept").list.get(pl.col("nth") - 1, null_on_oob=True).str.len_chars().cast(pl.Int32)
    between = column.replace_strict(BETWEEN, default="", return_dtype=pl.String)
    return texts.select(
        *PARAGRAPH,
        "nth",
        column="destination",
        item=pl.when(column.is_in(LISTS)).then("nth").otherwise(1).cast(pl.Int32),
        **{"from": size - kept.fill_null(size), "to": size},
        between=pl.when(pl.col("nth") > 1).then(between).otherwise(pl.lit("")),
    )


def _date_lines(paragraphs: pl.DataFrame, articles: pl.DataFrame) -> pl.DataFrame:
    """The line that each article's `date_raw` is."""
    lines = paragraphs.filter(pl.col("destination").is_in(["date_raw", "byline"]))
    found = lines.join(articles.select(*KEY, text="date_raw"), on=[*KEY, "text"], maintain_order="left")
    size = pl.col("text").str.len_chars().cast(pl.Int32)
    return _one(found.unique(KEY, keep="first", maintain_order=True), "date_raw", pl.lit(0, pl.Int32), size)


def _places(paragraphs: pl.DataFrame, articles: pl.DataFrame) -> pl.DataFrame:
    """The words of each article's `dateline`, where its first paragraph has them: a white space of another kind between
    two of them is a plain space in the column."""
    first = paragraphs.filter((pl.col("destination") == "body") & ~pl.col("heading"))
    first = first.unique(KEY, keep="first", maintain_order=True)
    found = first.join(articles.select(*KEY, "dateline").drop_nulls(), on=KEY, maintain_order="left")
    plain = pl.col("text").str.replace_all(r"\s", " ")
    found = found.with_columns(
        ahead=plain.str.split_exact(pl.col("dateline"), 1).struct.field("field_0").str.len_chars().cast(pl.Int32),
        word=pl.col("dateline").str.split(" "),
    ).explode("word")
    size = pl.col("word").str.len_chars().cast(pl.Int32)
    end = pl.col("ahead") + (size + 1).cum_sum().over(KEY) - 1
    return _one(found, "dateline", end - size, end)


def _one(rows: pl.DataFrame, column: str, start: pl.Expr, end: pl.Expr) -> pl.DataFrame:
    """Rows in their order, each a cut out of a paragraph, as one text of words."""
    nth = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(KEY)
    return rows.with_columns(nth=nth).select(
        *PARAGRAPH,
        "nth",
        column=pl.lit(column),
        item=pl.lit(1, pl.Int32),
        **{"from": start, "to": end},
        between=pl.when(pl.col("nth") > 1).then(pl.lit(" ")).otherwise(pl.lit("")),
    )


def texts_of(pieces: pl.DataFrame, pages: pl.DataFrame) -> pl.DataFrame:
    """PIECES with the `page_id` that they are of, and `pages` (page_id, text; page_id unique) → article_id and the
    text columns of `articles`, for each article that has a piece."""
    lines = (
        pages.select("page_id", line=pl.col("text").str.replace_all(LINE_BREAK, "\n").str.split("\n"))
        .with_columns(line_no=pl.int_ranges(1, pl.col("line").list.len() + 1, dtype=pl.Int32))
        .explode("line", "line_no")
    )
    text = pl.col("line").str.slice("start", pl.col("end") - pl.col("start"))
    cut = pieces.join(lines, on=["page_id", "line_no"], how="left").sort(PIECES.key)
    texts = cut.group_by(PLACE, maintain_order=True).agg(text=(pl.col("glue") + text).str.join(""))
    of_column = {name: rows for (name,), rows in texts.partition_by("column", as_dict=True).items()}
    out = texts.select("article_id").unique(maintain_order=True)
    for column in TEXT_COLUMNS:
        rows = of_column.get(column.name, texts.clear())
        value = pl.col("text") if column.name in LISTS else pl.col("text").first()
        found = rows.group_by("article_id", maintain_order=True).agg(value.alias(column.name))
        out = out.join(found, on="article_id", how="left", maintain_order="left")
    return out.with_columns(pl.col(name).fill_null([]) for name in LISTS)


def other_texts(found: pl.DataFrame, articles: pl.DataFrame) -> pl.DataFrame:
    """`texts_of` all articles against what they are → page, article_no, column, where they differ. None should."""
    both = articles.join(found, on="article_id", how="left", suffix="_found")
    differs = [pl.when(pl.col(c.name).ne_missing(pl.col(f"{c.name}_found"))).then(pl.lit(c.name)) for c in TEXT_COLUMNS]
    rows = both.select(*KEY, column=pl.concat_list(differs).list.drop_nulls()).explode("column")
    return rows.drop_nulls("column").sort(*KEY, "column")
