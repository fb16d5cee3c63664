"""The product and its audit: page_articles, duplicates, stories → articles; every table → findings.

The audit is written against the declarations and the texts, not with the functions that made the tables: it
splits, joins and strips on its own, so that a fault in a step does not excuse itself. Its checks are pure
functions that give one `Finding` each, good ones too. Those on pages run batch by batch (whole pages) and
`combined` adds the batches up. Findings name places (`page:line`), never scraped text: they are shown where
text from outside could do harm.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

import polars as pl

from pipeline.shares import Frames
from pipeline.tables import ARTICLES, DUPLICATES, LINES, PAGE_ARTICLES, PAGES, STORIES, TEXTS, Table
from pipeline.wrapping import begins

# As many places as a reader looks at before asking for the table.
PLACES: Final = 3
LINE_BREAK: Final = r"\r\n|\r|\n"
# A scraped line is the key of the furniture table: it is not spoken.
_UNSPOKEN: Final = ("line_key",)
_ARTICLE: Final = ["page", "article_no"]
# What tells whether and where an article stands in `articles`.
PLACED: Final = (*_ARTICLE, *ARTICLES.order, "n_words")
SHARE_WORDS: Final = 4 << 20  # some 25 MB of text

Known = Callable[[pl.Series], pl.Series] | Sequence[str]


class Finding(NamedTuple):
    """What one check found: `n_bad` things, the first of them at `places`."""

    check: str
    n_bad: int
    places: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return self.n_bad == 0

    @property
    def detail(self) -> str:
        return f"{self.n_bad} bad, e.g. {', '.join(self.places)}" if self.n_bad else "none bad"


def articles(page_articles: pl.DataFrame, duplicates: pl.DataFrame, stories: pl.DataFrame) -> pl.DataFrame:
    """`page_articles` less `duplicates`, with the `story_id` of `stories` → `articles`."""
    return in_order(kept(page_articles, places(page_articles, duplicates, stories)))


def places(page_articles: pl.DataFrame, duplicates: pl.DataFrame, stories: pl.DataFrame) -> pl.DataFrame:
    """The columns PLACED of `page_articles` → a row each, in the same order: story_id; place (where it stands among
    `articles`, null where it is a duplicate) and share, which grows with it: articles of one share may stand in memory
    together.

    The order is the declared one (outlet, date, article_id; nulls last): rows of one outlet and of one time stand
    together, so that the statistics of a row group let a reader skip it; article_id makes the order total, and is
    nothing that a renamed file would change."""
    rows = page_articles.select(PLACED).with_row_index("row")
    there = rows.join(duplicates, on=_ARTICLE, how="anti").sort(ARTICLES.order, nulls_last=True)
    counted = there.select("row", share=pl.col("n_words").cast(pl.Int64).cum_sum() // SHARE_WORDS)
    of_row = rows.select("row", *_ARTICLE).join(counted.with_row_index("place"), "row", "left", maintain_order="left")
    story = stories.select(*_ARTICLE, "story_id")
    return of_row.join(story, _ARTICLE, "left", maintain_order="left").select("story_id", "place", "share")


def kept(page_articles: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Some rows of `page_articles`, and their `places` → those that are articles, with story_id, place, share."""
    return pl.concat([page_articles, places], how="horizontal").filter(pl.col("place").is_not_null())


def in_order(kept: pl.DataFrame) -> pl.DataFrame:
    """`kept` rows → `articles`."""
    return ARTICLES.conform(kept.sort("place"))


def audit(
    texts: pl.DataFrame,
    lines: pl.DataFrame,
    pages: pl.DataFrame,
    page_articles: pl.DataFrame,
    duplicates: pl.DataFrame,
    stories: pl.DataFrame,
    articles: pl.DataFrame,
    known: Known = (),
) -> list[Finding]:
    """Every check over whole tables; `audit_pages` and `audit_corpus` are its two halves."""
    batch = audit_pages(texts, lines, pages, page_articles, known)
    return combined([*batch, *audit_corpus([page_articles], duplicates, stories, [articles])])


def audit_pages(
    texts: pl.DataFrame,
    lines: pl.DataFrame,
    pages: pl.DataFrame,
    page_articles: pl.DataFrame,
    known: Known = (),
) -> list[Finding]:
    """The checks that need one page at a time: pass any batch of pages, all their rows of the four tables.
    Where a schema is broken the other checks are left out: they could not be trusted to run."""
    tables = ((TEXTS, texts), (LINES, lines), (PAGES, pages), (PAGE_ARTICLES, page_articles))
    schemas = [schema(*table) for table in tables]
    if not all(finding.passed for finding in schemas):
        return schemas
    return [
        *schemas,
        *(unique(*table) for table in tables),
        conserved(texts, lines),
        parts_in_order(lines),
        same_pages(texts, pages),
        bodies(lines, page_articles),
        titles(lines, page_articles),
        no_boilerplate(lines, known),
    ]


def audit_corpus(
    page_articles: Frames, duplicates: pl.DataFrame, stories: pl.DataFrame, articles: Frames
) -> list[Finding]:
    """The checks that need the whole corpus; `page_articles` and `articles` in batches, of which no text is kept."""
    tables = ((DUPLICATES, duplicates), (STORIES, stories))
    (given, rows), (made, there) = told(PAGE_ARTICLES, page_articles), told(ARTICLES, articles)
    schemas = [given, *(schema(*table) for table in tables), made]
    if not all(finding.passed for finding in schemas):
        return schemas
    return [
        *schemas,
        *(unique(*table) for table in (*tables, (ARTICLES, there))),
        accounted(rows, duplicates, there),
        stand_ins(duplicates, there),
        unchanged(rows, there),
        story_rows(stories, there),
    ]


def told(table: Table, batches: Frames) -> tuple[Finding, pl.DataFrame]:
    """Batches of `page_articles` or `articles` → whether they are as declared; and of each row its place, its ids, and
    a digest of what both tables hold."""
    findings, rows = [schema(table, table.empty())], [_digested(table.empty())]
    for batch in batches:
        findings.append(schema(table, batch))
        if findings[-1].passed:
            rows.append(_digested(batch))
    return combined(findings)[0], pl.concat(rows)


def _digested(rows: pl.DataFrame) -> pl.DataFrame:
    digest = pl.struct(c for c in PAGE_ARTICLES.schema.names() if c not in _ARTICLE).hash()
    ids = [c for c in ("article_id", "story_id") if c in rows.columns]
    return rows.select(*_ARTICLE, "line_start", *ids, digest=digest)


def combined(findings: Iterable[Finding]) -> list[Finding]:
    """The findings of several batches, one a check, in the order of their first appearance."""
    total: dict[str, Finding] = {}
    for new in findings:
        old = total.get(new.check, Finding(new.check, 0))
        places = tuple(dict.fromkeys(old.places + new.places))[:PLACES]
        total[new.check] = Finding(new.check, old.n_bad + new.n_bad, places)
    return list(total.values())


# --- any table


def schema(table: Table, frame: pl.DataFrame) -> Finding:
    """The declared columns, types and order; nulls and values as declared. Names columns, not values."""
    if frame.schema != table.schema:
        wrong = sorted(set(frame.schema.items()) ^ set(table.schema.items()), key=str)
        names = list(dict.fromkeys(name for name, _ in wrong)) or ["(order of columns)"]
        return Finding(f"{table.name}: schema", len(names), tuple(names[:PLACES]))
    nulls = [c.name for c in table.columns if not c.nullable and frame[c.name].null_count()]
    limited = [(frame[c.name].drop_nulls(), c) for c in table.columns if c.values]
    odd = [c.name for held, c in limited if not held.is_in(c.values).all()]
    bad = [f"{name}: null" for name in nulls] + [f"{name}: undeclared value" for name in odd]
    return Finding(f"{table.name}: schema", len(bad), tuple(bad[:PLACES]))


def unique(table: Table, frame: pl.DataFrame) -> Finding:
    """No two rows with one key. Over batches this sees repeats within a batch only: enough for tables whose
    key starts with the page, as long as a page stands in one batch."""
    repeated = frame.filter(pl.struct(table.key).is_duplicated())
    return _finding(f"{table.name}: key", repeated, *(k for k in table.key if k not in _UNSPOKEN))


def _finding(check: str, bad: pl.DataFrame, *place: str) -> Finding:
    """`bad`: a row for each fault; `place`: the columns that say where."""
    first = bad.select(place).unique().sort(place, nulls_last=True).head(PLACES)
    places = tuple(":".join(str(x) for x in row if x is not None) for row in first.rows())
    return Finding(check, len(bad), places)


# --- conservation


def conserved(texts: pl.DataFrame, lines: pl.DataFrame) -> Finding:
    """Every line of every text stands in the ledger, its parts join to it, and there is nothing else in it."""
    split = pl.col("text").str.split(LINE_BREAK, literal=False)
    closed = pl.when(split.list.last() == "").then(split.list.head(split.list.len() - 1)).otherwise(split)
    numbers = pl.int_ranges(1, pl.col("text").list.len() + 1, dtype=pl.Int32)
    expected = (
        texts.select("page", closed.alias("text"))
        .filter(pl.col("text").list.len() > 0)
        .with_columns(line_no=numbers)
        .explode("text", "line_no")
    )
    in_parts = pl.struct("page", "line_no").is_duplicated()
    whole = lines.filter(~in_parts).select("page", "line_no", "text")
    found = pl.concat([whole, _joined(lines.filter(in_parts), "page", "line_no")])
    both = expected.join(found, on=["page", "line_no"], how="full", coalesce=True)
    return _finding("ledger: lines", both.filter(_differ("text", "text_right")), "page", "line_no")


def _joined(lines: pl.DataFrame, *by: str) -> pl.DataFrame:
    """The text of the parts of a line, joined in their order."""
    ordered = lines.sort("page", "line_no", "part")
    return ordered.group_by(by, maintain_order=True).agg(pl.col("text").str.join(""))


def _differ(a: str, b: str) -> pl.Expr:
    return pl.col(a).ne_missing(pl.col(b))


def parts_in_order(lines: pl.DataFrame) -> Finding:
    """A line is whole (part 0 alone) or in parts 1, 2, …, none missing."""
    part = pl.col("part")
    groups = lines.group_by("page", "line_no").agg(
        whole=(part.len() == 1) & (part.min() == 0),
        counted=(part.min() == 1) & (part.max() == part.len()) & (part.n_unique() == part.len()),
    )
    return _finding("ledger: parts", groups.filter(~pl.col("whole") & ~pl.col("counted")), "page", "line_no")


def corrected(lines: pl.DataFrame, corrections: pl.DataFrame) -> Finding:
    """Every part whose reason is `correction` has the role of an applied correction of its line, and every applied
    correction of a page of this batch has such a part (of any role where it corrects the whole line, as a part of it
    may have a correction of its own). Both over any batch of whole pages."""
    line = ["page_id", "line_no"]
    parts = lines.filter(pl.col("reason") == "correction").select("page", *line, "part", "role")
    applied = corrections.filter(pl.col("n_parts") > 0).select(*line, "part", "role")
    odd = parts.join(applied, on=[*line, "role"], how="anti")
    here = lines.select("page", "page_id").unique().join(applied, on="page_id")
    lost = pl.concat(
        [
            here.filter(pl.col("part") > 0).join(parts, on=["page", *line, "part", "role"], how="anti"),
            here.filter(pl.col("part") == 0).join(parts, on=["page", *line], how="anti"),
        ]
    )
    return _finding(
        "ledger: corrections",
        pl.concat([odd.select("page", "line_no"), lost.select("page", "line_no")]),
        "page",
        "line_no",
    )


def all_given(given: pl.DataFrame, corrections: pl.DataFrame) -> Finding:
    """Every correction that was read is accounted for, and no other."""
    columns = list(given.columns)
    same = [
        given.join(corrections, on=columns, how="anti"),
        corrections.select(columns).join(given, on=columns, how="anti"),
    ]
    return _finding("corrections: all that were read", pl.concat(same), "path", "record")


def same_pages(texts: pl.DataFrame, pages: pl.DataFrame) -> Finding:
    """Every page that was read is in `pages`, and no other."""
    both = texts.select("page", read=True).join(pages.select("page", listed=True), on="page", how="full", coalesce=True)
    return _finding("pages: all that were read", both.filter(_differ("read", "listed")), "page")


def bodies(lines: pl.DataFrame, page_articles: pl.DataFrame) -> Finding:
    """A body is the text of the ledger's parts with that destination and nothing else: parts of a line joined
    and stripped, lines (empty ones left out) separated by one blank line, or by what `joined` says where a line
    continues the one above. Body lines of no article are bad: they would be lost."""
    return _texts_match("bodies", lines, page_articles, "body", "\n\n", "")


def titles(lines: pl.DataFrame, page_articles: pl.DataFrame) -> Finding:
    """The same for the title, its lines separated by a space; null where the ledger has no title."""
    return _texts_match("titles", lines, page_articles, "title", " ", None)


def _texts_match(
    check: str, lines: pl.DataFrame, page_articles: pl.DataFrame, column: str, between: str, none: str | None
) -> Finding:
    stripped = (
        _paragraphs(lines, pl.col("destination") == column)
        .group_by(_ARTICLE, maintain_order=True)
        .agg(pl.col("text").str.join(between), pl.col("line_no").first())
    )
    both = page_articles.select(*_ARTICLE, "line_start", column).join(stripped, on=_ARTICLE, how="full", coalesce=True)
    placed = both.with_columns(
        pl.col("text").fill_null(pl.lit(none, pl.String)), line=pl.coalesce("line_start", "line_no")
    )
    return _finding(check, placed.filter(_differ(column, "text")), "page", "line")


def _paragraphs(lines: pl.DataFrame, kept: pl.Expr) -> pl.DataFrame:
    """page, article_no, line_no (the first), text: what is kept of each line, parts joined and stripped, and a line put
    behind the kept ones above it that it continues; empty ones left out."""
    ordered = lines.sort("page", "line_no", "part")
    ordered = ordered.with_columns(paragraph=begins()).filter(kept)
    glue = ordered.group_by("page", "article_no", "paragraph", "line_no", maintain_order=True).agg(
        pl.col("text").str.join("").str.strip_chars(), pl.col("joined").first().fill_null("")
    )
    glued = glue.filter(pl.col("text") != "").with_columns(text=pl.col("joined") + pl.col("text"))
    return glued.group_by("page", "article_no", "paragraph", maintain_order=True).agg(
        pl.col("line_no").first(), pl.col("text").str.join("").str.strip_chars_start()
    )


def no_boilerplate(lines: pl.DataFrame, known: Known) -> Finding:
    """No part that is kept in a body (no paragraph, where it is of several lines) is text of a known boilerplate
    family, unless a correction put it there.
    `known`: patterns (unanchored: anchor them where the whole part is meant), or a function from the trimmed
    texts to whether each is known."""
    ours = (pl.col("destination") == "body") & ~pl.col("reason").str.starts_with("correction")
    several = pl.col("joined").is_not_null()
    several |= several.shift(-1, fill_value=False)
    kept = pl.concat(
        [
            lines.filter(ours & ~several).select("page", "line_no", "text"),
            _paragraphs(lines.filter(several), ours).select("page", "line_no", "text"),
        ]
    )
    trimmed = kept["text"].str.strip_chars()
    return _finding("bodies: no known boilerplate", kept.filter(_is_known(trimmed, known)), "page", "line_no")


def _is_known(trimmed: pl.Series, known: Known) -> pl.Series:
    if callable(known):
        return known(trimmed)
    hit = pl.repeat(False, len(trimmed), dtype=pl.Boolean, eager=True)
    for pattern in known:  # one by one: a big alternation crawls
        hit |= trimmed.str.contains(pattern)
    return hit


# --- the corpus


def accounted(page_articles: pl.DataFrame, duplicates: pl.DataFrame, articles: pl.DataFrame) -> Finding:
    """Every article of a page is in `articles` or in `duplicates`, once, and these hold no other."""
    line = pl.lit(None, pl.Int32).alias("line_start")
    where = pl.concat(
        [
            page_articles.select(*_ARTICLE, "line_start", table=pl.lit("page_articles")),
            articles.select(*_ARTICLE, "line_start", table=pl.lit("out")),
            duplicates.select(*_ARTICLE, line, table=pl.lit("out")),
        ]
    )
    counts = where.group_by(_ARTICLE).agg(
        pl.col("line_start").min(),
        given=(pl.col("table") == "page_articles").sum(),
        out=(pl.col("table") == "out").sum(),
    )
    bad = counts.filter((pl.col("given") != 1) | (pl.col("out") != 1))
    return _finding("articles: each once, there or folded", bad, "page", "line_start")


def stand_ins(duplicates: pl.DataFrame, articles: pl.DataFrame) -> Finding:
    """What an article was folded into is in `articles`."""
    kept = ["kept_page", "kept_article_no", "kept_article_id"]
    bad = duplicates.join(articles, left_on=kept, right_on=[*_ARTICLE, "article_id"], how="anti")
    return _finding("duplicates: folded into an article", bad, *_ARTICLE)


def unchanged(page_articles: pl.DataFrame, articles: pl.DataFrame) -> Finding:
    """An article's row is its row of `page_articles`, column by column: so says the digest of both."""
    both = articles.join(page_articles.select(*_ARTICLE, given="digest"), on=_ARTICLE)
    return _finding("articles: as on their page", both.filter(_differ("digest", "given")), "page", "line_start")


def story_rows(stories: pl.DataFrame, articles: pl.DataFrame) -> Finding:
    """`stories` and the `story_id` of `articles` say the same; a story has two rows at least, one of them the
    one that it is named after."""
    both = articles.select(*_ARTICLE, "story_id").join(
        stories.select(*_ARTICLE, "story_id"), on=_ARTICLE, how="full", coalesce=True
    )
    named = (pl.col("article_id") == pl.col("story_id")).any().over("story_id")
    odd = stories.filter((pl.len().over("story_id") < 2) | ~named)
    bad = pl.concat([both.filter(_differ("story_id", "story_id_right")).select(_ARTICLE), odd.select(_ARTICLE)])
    return _finding("stories: groups of articles", bad.unique(), *_ARTICLE)
