"""What the split step gives, from a compact notation, so that a test reads like the page that it is about.

One line of the notation is one line of the page: `role text` or `role:reason text`; an empty one is blank. A
`headline` opens the next article, `---` closes the one before; lines before the first headline and behind `---`
belong to none. ` || ` cuts a line into parts, each with its own role: `body Text. || boilerplate Follow us`.
"""

from collections.abc import Iterator

import polars as pl

from pipeline.tables import ROLES, TEXTS

SCHEMA = {
    "page": pl.String,
    "page_id": pl.String,
    "line_no": pl.Int32,
    "part": pl.Int32,
    "text": pl.String,
    "printed": pl.List(pl.Struct({"text": pl.String, "joined": pl.String})),
    "role": pl.String,
    "reason": pl.String,
    "score": pl.Float64,
    "article_no": pl.Int32,
}


def split_output(pages: dict[str, str], score: float = 0.9) -> pl.DataFrame:
    """Pages in notation → the rows that split gives."""
    rows = [(page, f"id-{page}", *row) for page, notation in pages.items() for row in _rows(notation, score)]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _rows(notation: str, score: float) -> Iterator[tuple[int, int, str, None, str, str, float, int | None]]:
    article, last, line_no = None, 0, 0
    for line in notation.strip("\n").split("\n"):
        if line.strip() == "---":
            article = None
            continue
        line_no += 1
        parts = line.strip().split(" || ")
        for n, part in enumerate(parts):
            head, _, text = part.partition(" ")
            role, _, reason = (head or "blank").partition(":")
            assert role in ROLES, f"no role: {line}"
            if role == "headline":
                article = last = last + 1
            number = n + 1 if len(parts) > 1 else 0
            text += " " if n + 1 < len(parts) else ""
            yield line_no, number, text, None, role, reason or "model", score, article


def texts_for(lines: pl.DataFrame, **columns: object) -> pl.DataFrame:
    """The `texts` rows of the pages in `lines`; `columns` are values for all of them (url, fetched_at, …)."""
    pages = lines.group_by("page", "page_id", maintain_order=True).agg(
        text=pl.col("text").filter(pl.col("part") <= 1).str.join("\n")
    )
    given = {"n_bytes": 1, "encoding": "utf-8", "repaired": False, **columns}
    absent = {c: t for c, t in TEXTS.schema.items() if c not in (*pages.columns, *given)}
    return TEXTS.conform(
        pages.with_columns(
            *[pl.lit(v).alias(c) for c, v in given.items()], *[pl.lit(None, t).alias(c) for c, t in absent.items()]
        )
    )
