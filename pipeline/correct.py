"""Step: users' corrections overrule what was decided on lines, and move the bounds of articles where they must.

An article begins at its headline. So a line that is made a headline starts one, and where an article's headline is
made something else its lines go to the article above. `corrections` says which lines a correction names.
"""

import polars as pl

from pipeline.corrections import matches
from pipeline.tables import DESTINATION
from pipeline.wrapping import as_printed

REASON = "correction"
KEPT = [role for role in DESTINATION if role != "headline"]

LINE, OLD, UNIT = ["page", "line_no"], ["page", "article_no"], ["page", "unit"]
PART = [*LINE, "part"]


def correct(lines: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """`lines` (page, page_id, line_no, part, text, role, reason, score, article_no; whole pages in their order, the
    articles of a page one behind the other) and `given` (GIVEN) → the same lines in the same order, the corrected parts
    with their role and score, and `article_no` as it follows. The correction of a part goes before that of its line.

    Where the role was that already, the reason stays for the time being: what the line tells about its page (its
    outlet, a paywall) still holds. `signed` gives it the reason `correction` once that has been read."""
    roles = _of_rows(lines, given)
    if roles.is_empty():
        return lines
    rows = lines.with_row_index("row").join(roles, on=PART, how="left", maintain_order="left")
    touched = rows.join(roles, on="page", how="semi", maintain_order="left")
    numbers = bounds(
        touched.select(
            *("row", "page", "line_no", "article_no"),
            was="role",
            role=pl.coalesce("given", "role"),
            corrected=pl.col("given").is_not_null(),
        )
    )
    rows = rows.join(numbers, on="row", how="left", maintain_order="left")
    here = pl.col("page").is_in(roles["page"].unique().implode())
    return rows.with_columns(
        role=pl.coalesce("given", "role"),
        reason=pl.when(pl.col("given") != pl.col("role")).then(pl.lit(REASON)).otherwise("reason"),
        score=pl.when(pl.col("given").is_not_null()).then(1.0).otherwise("score"),
        article_no=pl.when(here).then("number").otherwise("article_no"),
    ).select(lines.columns)


def signed(lines: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """The ledger, every corrected part with the reason `correction`."""
    roles = _roles(lines, given)
    rows = lines.join(roles, on=PART, how="left", maintain_order="left")
    return rows.with_columns(
        reason=pl.when(pl.col("given").is_not_null()).then(pl.lit(REASON)).otherwise("reason")
    ).select(lines.columns)


def _of_rows(lines: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """`_roles` of rows that may be paragraphs of wrapped pages: what is said of a printed line holds for the whole."""
    if lines["printed"].null_count() == lines.height:
        return _roles(lines, given)
    printed = as_printed(lines.with_columns(of_line="line_no", of_part="part"))
    found = _roles(printed, given).join(printed, on=PART, maintain_order="left")
    rows = found.select("page", "given", line_no="of_line", part="of_part")
    return rows.unique(PART, keep="first", maintain_order=True)


def _roles(lines: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """page, line_no, part, given: the role that each corrected part is given."""
    found = matches(lines, given).sort(*PART, "named", descending=[False, False, False, True])
    return found.unique(PART, keep="first").select(*PART, given="role")


def bounds(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of whole pages in their order (row, page, line_no, article_no; `was` and `role`: before and after the
    corrections; corrected) → row, number: the article that each belongs to now, if any.

    - An article starts at each headline, with its whole line; at the first line of its old article (a date line above
      the headline) where nothing but the head of that article stands between.
    - An old article without a headline keeps its start, unless a corrected headline without a text stands above it.
    - An old article whose headline was taken away has none, unless no article stands above it.
    - A line outside of articles that is to be kept goes to the one above, else below, else such lines make one.
      Behind a headline that was set outside of articles every line is its article's.
    """
    rows = numbered(joined(numbered(starts(heads(rows)))))
    outside = pl.col("article_no").is_null()
    kept = pl.col("corrected") & pl.col("role").is_in([*KEPT, "headline"])
    set_outside = (pl.col("head") & outside).any().over(UNIT)
    lowest = pl.col("unit").max().over("page").clip(upper_bound=1)
    members = rows.filter(~outside | kept | set_outside).with_columns(unit=pl.max_horizontal("unit", lowest))
    return members.select("row", number=pl.col("unit").rank("dense").over("page").cast(pl.Int32))


def heads(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds `first` (the first row of its old article), `had` (that had a headline), `head` (a headline; the first of
    its line, in whatever part), and `tops` (with nothing but the head of its old article above it there)."""
    inside = pl.col("article_no").is_not_null()
    old_headline = pl.col("row").filter(pl.col("was") == "headline").min().over(OLD)
    rows = rows.with_columns(
        headline=(pl.col("role") == "headline") & (inside | pl.col("corrected")),
        # what stands above the old headline is no text of the article, whatever it is corrected to
        text=(pl.col("role") == "body") & (pl.col("row") >= old_headline).fill_null(True),
        first=inside & pl.struct(OLD).is_first_distinct(),
        had=inside & old_headline.is_not_null(),
    )
    rows = rows.with_columns(
        head=pl.col("headline") & (_count("headline", LINE) == 1),
        headlines_above=_count("headline", "page") - pl.col("headline"),
        text_above=(_count("text", OLD) - pl.col("text")) > 0,
    )
    alone = pl.col("headlines_above") == pl.col("headlines_above").first().over(OLD)
    return rows.with_columns(tops=pl.col("head") & inside & alone & ~pl.col("text_above"))


def starts(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with `heads` → the same with `start` (an article starts there) and `untitled` (one without a headline)."""
    rows = rows.with_columns(
        top=pl.col("first") & pl.col("tops").any().over(OLD),
        own=(pl.col("head") & ~pl.col("tops")).any().over(LINE) & pl.struct(LINE).is_first_distinct(),
    ).with_columns(titled=pl.col("top") | pl.col("own"))
    none_above = (_count("titled", "page") == 0) & (_count("first", "page") == 1)
    return rows.with_columns(untitled=pl.col("first") & ~pl.col("titled") & (~pl.col("had") | none_above)).with_columns(
        start=pl.col("titled") | pl.col("untitled")
    )


def joined(rows: pl.DataFrame) -> pl.DataFrame:
    """Takes the `start` of an untitled article away behind a corrected headline that has no text, and where another
    article starts on the same line."""
    text = (pl.col("role") == "body") & (pl.col("article_no").is_not_null() | pl.col("corrected"))
    rows = rows.with_columns(
        waits=(pl.col("head") & pl.col("corrected")).any().over(UNIT) & ~text.any().over(UNIT),
        line=pl.when(pl.col("unit") > 0).then(pl.col("line_no").first().over(UNIT)),
    )
    waits, line = (pl.col(c).shift(1).over("page") for c in ("waits", "line"))
    joins = pl.col("untitled") & (waits | (line == pl.col("line_no"))).fill_null(False)
    return rows.with_columns(start=pl.col("start") & ~joins)


def numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds `unit`: articles that have started on the page so far."""
    return rows.with_columns(unit=_count("start", "page"))


def _count(column: str, over: str | list[str]) -> pl.Expr:
    return pl.col(column).cast(pl.Int32).cum_sum().over(over)
