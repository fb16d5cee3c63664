"""Every table, declared once: names, types, keys, meanings. No logic on text belongs here.

A declaration gives the Polars schema, the strict select-and-cast at the boundary of a step, the Arrow schema
of the Parquet file, the key that the checks test, and the descriptions in Dagster and in the data dictionary.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa

TIME = pl.Datetime("us", "UTC")
TEXT_LIST = pl.List(pl.String)

ROLES = (
    "headline",
    "headline_repeat",
    "caption",
    "caption_repeat",
    "standfirst",
    "timestamp",
    "byline",
    "credit",
    "subhead",
    "body",
    "related",
    "boilerplate",
    "blank",
)
# Where the text of a role is kept; the roles that are not named here are dropped.
DESTINATION = {
    "headline": "title",
    "caption": "captions",
    "standfirst": "standfirst",
    "timestamp": "date_raw",
    "byline": "byline",
    "credit": "agencies",
    "subhead": "body",
    "body": "body",
}


class TableError(ValueError):
    """A frame that is not what its table declares; the message says which column and how."""


@dataclass(frozen=True)
class Column:
    name: str
    dtype: pl.DataType | type[pl.DataType]
    meaning: str
    nullable: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    order: tuple[str, ...] = ()  # what its rows are sorted by, nulls last, where readers may rely on it

    @property
    def schema(self) -> pl.Schema:
        return pl.Schema([(c.name, c.dtype) for c in self.columns])

    @property
    def arrow_schema(self) -> pa.Schema:
        return pa.schema([pa.field(c.name, _arrow(c.dtype), nullable=c.nullable) for c in self.columns])

    def empty(self) -> pl.DataFrame:
        return pl.DataFrame(schema=self.schema)

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The declared columns in the declared order and types. TableError where one is missing, can't be cast
        without loss, or is null or outside its values where the declaration forbids it."""
        missing = [c.name for c in self.columns if c.name not in frame.columns]
        if missing:
            raise TableError(f"table {self.name}: no column {', '.join(missing)}")
        try:
            out = frame.select(pl.col(c.name).cast(c.dtype, strict=True) for c in self.columns)
        except pl.exceptions.PolarsError as e:
            raise TableError(f"table {self.name}: {str(e).splitlines()[0]}") from e
        problems = list(self.problems(out))
        if problems:
            raise TableError(f"table {self.name}: {'; '.join(problems)}")
        return out

    def problems(self, frame: pl.DataFrame) -> Iterable[str]:
        """What in the values of a frame of this schema breaks the declaration; the key is the audit's business."""
        for c in self.columns:
            column = frame[c.name]
            if not c.nullable and column.null_count():
                yield f"{column.null_count()} nulls in {c.name}"
            if c.values:
                odd = column.filter(column.is_not_null() & ~column.is_in(c.values)).unique().sort().head(3)
                if len(odd):
                    yield f"{c.name} holds {', '.join(map(repr, odd))}"


def _arrow(dtype: Any) -> pa.DataType:
    simple = {
        pl.String: pa.string(),
        pl.Boolean: pa.bool_(),
        pl.Int32: pa.int32(),
        pl.Int64: pa.int64(),
        pl.UInt32: pa.uint32(),
        pl.UInt64: pa.uint64(),
        pl.Float64: pa.float64(),
        pl.Date: pa.date32(),
    }
    if isinstance(dtype, pl.List):
        return pa.list_(_arrow(dtype.inner))
    if isinstance(dtype, pl.Datetime):
        return pa.timestamp(dtype.time_unit, dtype.time_zone)
    return simple[dtype]


PAGE = Column(
    "page",
    pl.String,
    "The page: its path relative to `seeds/`, with `#record` behind it where a file holds many pages.",
)
PAGE_ID = Column(
    "page_id",
    pl.String,
    "BLAKE2b-128 of the page's raw bytes (after gunzip; of a record: its text in UTF-8), in hex; the same for a "
    "renamed file.",
)
LINE_NO = Column("line_no", pl.Int32, "The line's number on its page, from 1, blank lines counted.")
ARTICLE_NO = Column("article_no", pl.Int32, "The article's number on its page, from 1, in the order of the page.")
URL = Column("url", pl.String, "Where the page was scraped, from the sidecar or the record.", nullable=True)
SITE = Column(
    "site",
    pl.String,
    "The URL's host without `www.`: where it was scraped, which may be a copy of the outlet's page.",
    nullable=True,
)
FETCHED_AT = Column("fetched_at", TIME, "When it was scraped (UTC), from the sidecar or the record.", nullable=True)

FILES = Table(
    "files",
    "Every file found under `seeds/`, and what became of it.",
    ("path",),
    (
        Column("path", pl.String, "Path relative to `seeds/`; bytes that are not UTF-8 are written as `\\xNN`."),
        Column("n_bytes", pl.Int64, "Size on disk in bytes; null where it could not be read.", nullable=True),
        Column("fate", pl.String, "What became of it.", values=("read", "rejected", "ignored")),
        Column("why", pl.String, "Why it was rejected or ignored.", nullable=True),
        Column("n_read", pl.Int32, "Pages read from it."),
        Column("n_rejected", pl.Int32, "Records of it that were rejected."),
    ),
)

REJECTED = Table(
    "rejected",
    "Files and records that could not be read as a page, each with what to do about it.",
    ("path", "record"),
    (
        Column("path", pl.String, "Path relative to `seeds/`."),
        Column("record", pl.Int32, "The record's number in its file, from 1; 0 for the file as a whole."),
        Column("reason", pl.String, "The kind of fault, e.g. `empty`, `binary`, `broken-gzip`."),
        Column("detail", pl.String, "What was found, and where."),
        Column("todo", pl.String, "What the user can do about it."),
    ),
)

TEXTS = Table(
    "texts",
    "Pages as read: decoded, repaired, identified; nothing understood yet. Staged, not published.",
    ("page",),
    (
        PAGE,
        PAGE_ID,
        Column("n_bytes", pl.Int64, "Size of the raw page in bytes, after gunzip."),
        Column("encoding", pl.String, "The encoding its bytes were decoded from."),
        Column("repaired", pl.Boolean, "Whether damaged characters (mojibake, control characters) were mended."),
        Column("text", pl.String, "The decoded and repaired text, its line breaks as they were."),
        URL,
        SITE,
        FETCHED_AT,
        Column("sidecar_outlet", pl.String, "The outlet that the sidecar or the record states.", nullable=True),
        Column("sidecar_date", pl.Date, "The date that the sidecar or the record states.", nullable=True),
    ),
)

KINDS = ("articles", "listing", "error", "consent", "empty", "other")
PAGES = Table(
    "pages",
    "Every page that was read, and what it is.",
    ("page",),
    (
        *TEXTS.columns[:5],
        Column("wrapped", pl.Boolean, "Whether its paragraphs are hard-wrapped at a fixed width (and joined again)."),
        *TEXTS.columns[5:9],
        Column("kind", pl.String, "What the page is; anything but `articles` has no article.", values=KINDS),
        Column("kind_reason", pl.String, "What says so."),
        Column("n_articles", pl.Int32, "Articles found on it."),
    ),
)

FURNITURE = Table(
    "furniture",
    "Lines that stand in many different contexts of one outlet (or site): learnt page furniture.",
    ("scope", "line_key"),
    (
        Column(
            "scope",
            pl.String,
            "The outlet or site that the line was counted in; empty where neither is known.",
        ),
        Column(
            "line_key",
            pl.String,
            "The line's first 100 characters, case, spaces and outer marks folded; `#` for a number that varies.",
        ),
        Column("n_contexts", pl.Int32, "Different paragraphs before and after it, whichever are fewer."),
        Column("n_pages", pl.Int32, "Pages that hold it."),
    ),
)

LINES = Table(
    "lines",
    "The ledger: every part of every line of every page, exactly once.",
    ("page", "line_no", "part"),
    (
        PAGE,
        PAGE_ID,
        LINE_NO,
        Column("part", pl.Int32, "0: the whole line; 1, 2, …: its pieces in order, where a line was cut."),
        Column("text", pl.String, "The text exactly as on the repaired page; the parts of a line join to it."),
        Column(
            "joined",
            pl.String,
            "What joins the line to the one above, where it continues that on a wrapped page: a space, or nothing.",
            nullable=True,
        ),
        Column("role", pl.String, "What it is.", values=ROLES),
        Column(
            "reason",
            pl.String,
            "The strongest evidence for the role, e.g. a rule's id, `repeat-of:<line>`, or a user's `correction`.",
        ),
        Column("score", pl.Float64, "How sure the role is, 0 to 1, by the kind of evidence."),
        Column("article_no", pl.Int32, "The article it belongs to; null where it belongs to none.", nullable=True),
        Column(
            "destination",
            pl.String,
            "The column of the article that keeps it; null where it is dropped.",
            nullable=True,
            values=tuple(dict.fromkeys(DESTINATION.values())),
        ),
    ),
)

_CORRECTION = (
    Column("path", pl.String, "The file of corrections, relative to `seeds/`."),
    Column("record", pl.Int32, "The row's number in its file, from 1, the column names not counted."),
    Column("page_id", pl.String, "The page whose line it corrects, by its bytes: all pages that have them."),
    LINE_NO,
    Column("part", pl.Int32, "The part of the line; 0: the whole line, even where it is cut into parts."),
    Column("line_hash", pl.String, "BLAKE2b-128 of the text of that line or part (in UTF-8, untrimmed), in hex."),
    Column("role", pl.String, "What the line is.", values=ROLES),
)
GIVEN = Table(
    "corrections_given",
    "The corrections of lines that the drops hold, before it is known whether their lines are there. Staged, "
    "not published.",
    ("path", "record"),
    _CORRECTION,
)
CORRECTIONS = Table(
    "corrections",
    "Every correction of a line that the drops hold, and whether it was applied.",
    ("path", "record"),
    (
        *_CORRECTION,
        Column("n_parts", pl.Int32, "Parts of the ledger that it names; 0: it was not applied, and nowhere else."),
        Column(
            "reason",
            pl.String,
            "Why it was not applied: no page has these bytes, the page has no such line, or its text is another one.",
            nullable=True,
            values=("no-page", "no-line", "other-text"),
        ),
        Column("todo", pl.String, "What the user can do about it.", nullable=True),
    ),
)

OUTLET = Column("outlet", pl.String, "Whose article it is; `outlet_basis` says what tells.", nullable=True)
DATE = Column("date", pl.Date, "The day as the outlet prints it, published before updated.", nullable=True)
TITLE = Column("title", pl.String, "The headline.", nullable=True)
BODY = Column("body", pl.String, "The article's text, subheads included; paragraphs separated by one blank line.")
DETAILS = (
    Column("standfirst", TEXT_LIST, "The summary under the headline, a bullet each."),
    Column("captions", TEXT_LIST, "Photo captions, each once."),
    Column("byline", pl.String, "The authors' line as printed.", nullable=True),
    Column("dateline", pl.String, "The place that opens the first paragraph, as printed.", nullable=True),
    Column("agencies", TEXT_LIST, "News agencies that body or credit name, in order of appearance."),
    Column("language", pl.String, "ISO 639-1 code of the body's language.", nullable=True),
    Column("language_score", pl.Float64, "How sure the language is, 0 to 1.", nullable=True),
    Column(
        "date_kind",
        pl.String,
        "What the date line says happened on `date`; null where it doesn't say.",
        nullable=True,
        values=("published", "updated"),
    ),
    Column("date_raw", pl.String, "The date line as printed.", nullable=True),
    Column(
        "date_basis",
        pl.String,
        "What settled `date`.",
        nullable=True,
        values=("sidecar", "url", "timestamp", "relative"),
    ),
    Column(
        "date_not_before",
        pl.Date,
        "The newest day that a caption names: the article is not older.",
        nullable=True,
    ),
    Column(
        "outlet_basis",
        pl.String,
        "What settled `outlet`: the sidecar, a phrase or the layout of the outlet's profile, the profile's domains, or "
        "else what the page calls itself, in two ways at least (title, copyright line, addresses, labels).",
        nullable=True,
        values=("sidecar", "signature", "layout", "url", "masthead"),
    ),
    Column("confidence", pl.Float64, "Mean score of the lines that make the article, 0 to 1, weighted by length."),
    Column("truncated", pl.Boolean, "Whether the text breaks off (paywall, ellipsis, cut in mid-sentence)."),
)
PLACE = (
    Column("text_hash", pl.String, "BLAKE2b-128 of the body, case, punctuation and spaces folded, in hex."),
    Column("n_words", pl.Int32, "Words of the body (each character of a script without spaces counts as one)."),
    URL,
    SITE,
    FETCHED_AT,
    PAGE,
    PAGE_ID,
    ARTICLE_NO,
    Column(
        "line_start",
        pl.Int32,
        "First line of the article on its page: of its head block, or the headline on the page's first article.",
    ),
    Column("line_end", pl.Int32, "Last line of the article's title, body or other kept text on its page."),
)
ARTICLE_ID = Column(
    "article_id",
    pl.String,
    "BLAKE2b-128 of page_id and line_start, in hex: the same as long as the article starts on the same line of the "
    "same bytes, whatever the file's name, the rules or the rest of the corpus.",
)

PAGE_ARTICLES = Table(
    "page_articles",
    "One row per article per page, before duplicates across pages go.",
    ("page", "article_no"),
    (ARTICLE_ID, OUTLET, DATE, TITLE, BODY, *DETAILS, *PLACE),
)

DUPLICATES = Table(
    "duplicates",
    "Articles that were folded into another row that stands for them.",
    ("page", "article_no"),
    (
        PAGE,
        ARTICLE_NO,
        Column("article_id", pl.String, "Its article_id."),
        Column("kept_page", pl.String, "Page of the row that stands for it."),
        Column("kept_article_no", pl.Int32, "Number of that row's article on its page."),
        Column("kept_article_id", pl.String, "article_id of that row."),
        Column("similarity", pl.Float64, "Share of its distinct word 5-grams that the kept body holds, 0 to 1."),
        Column(
            "kind",
            pl.String,
            "How the two differ: `exact` text, this one `truncated`, an older state (`updated`), or `near`.",
            values=("exact", "truncated", "updated", "near"),
        ),
        Column(
            "why",
            pl.String,
            "Why the other one was kept: the first of words, fetched_at, date, … that decided.",
        ),
    ),
)

STORIES = Table(
    "stories",
    "Articles of several outlets that share their text (wire copy); not stable from corpus to corpus.",
    ("page", "article_no"),
    (
        PAGE,
        ARTICLE_NO,
        Column("article_id", pl.String, "Its article_id."),
        Column("story_id", pl.String, "The story: the article_id of the longest of its articles."),
        Column("similarity", pl.Float64, "Containment of word 5-grams in the story's longest article, 0 to 1."),
    ),
)

_STORY_ID = Column(
    "story_id",
    pl.String,
    "Shared by articles of several outlets that share their text; not stable when the corpus grows.",
    nullable=True,
)
ARTICLES = Table(
    "articles",
    "The product: one row per article, duplicates across pages removed.",
    ("article_id",),
    (ARTICLE_ID, OUTLET, DATE, TITLE, BODY, *DETAILS, _STORY_ID, *PLACE),
    order=("outlet", "date", "article_id"),
)

CHANGES = Table(
    "changes",
    "What a generation added to `articles`, changed in it and removed from it, against the one that was live before.",
    ("article_id",),
    (
        Column("article_id", pl.String, "The article's, in this generation or the one before."),
        Column("change", pl.String, "What became of it.", values=("added", "changed", "removed")),
        Column(
            "why",
            pl.String,
            "What brought it about: its page (by path; `moved-page`: the same bytes under another), what a manifest or "
            "a correction says, what the corpus has learnt (`furniture`), other copies (`duplicate`, `story`), or a "
            "new version of the rules, the model or the program.",
            values=(
                *("new-page", "changed-page", "moved-page", "removed-page", "sidecar", "corrections", "furniture"),
                *("duplicate", "story", "rules", "model", "program"),
            ),
        ),
        Column("columns", TEXT_LIST, "The columns whose value is another one, where it was changed."),
        Column("page", pl.String, "The page it is on, or was on if it was removed."),
    ),
)

_TABLES = (ARTICLES, PAGE_ARTICLES, DUPLICATES, STORIES, LINES, PAGES, FURNITURE, CORRECTIONS, FILES, REJECTED)
PUBLISHED = (*_TABLES, CHANGES)
# What tells the way to a generation, and not what is in it.
HISTORY = (CHANGES,)
STAGED = (
    *(FILES, REJECTED, TEXTS, GIVEN, FURNITURE, LINES, PAGE_ARTICLES, PAGES, CORRECTIONS),
    *(DUPLICATES, STORIES, ARTICLES, CHANGES),
)

# --- working tables: what tells a step which pages it must make anew; neither assets nor published

READINGS = Table(
    "readings",
    "The files, and records of files, that pages were read from, as they were then.",
    ("path", "record"),
    (
        Column("path", pl.String, "Path relative to `seeds/`."),
        Column("record", pl.Int32, "The record's number in its file, from 1; 0 for the file as a whole."),
        Column("n_bytes", pl.Int64, "Size on disk in bytes.", nullable=True),
        Column(
            "modified", pl.Int64, "Nanoseconds since 1970; null: to be read again, whatever it says.", nullable=True
        ),
        Column("changed", pl.Int64, "The same for the inode (name, owner, mode).", nullable=True),
        Column("inode", pl.UInt64, "The file's number in its file system.", nullable=True),
        Column("sidecar", pl.UInt64, "Digest of what the manifests (and the record) say of it."),
        Column("weight", pl.Int64, "Bytes of its text; 0 where it was rejected."),
        Column("page_id", pl.String, "The page's; null where it was rejected.", nullable=True),
        Column("text", pl.UInt64, "Digest of the row of `texts`, the sidecar's columns left out.", nullable=True),
        *(Column(c.name, c.dtype, c.meaning, nullable=True) for c in REJECTED.columns[2:]),
    ),
)

_ROW_OF = (
    PAGE,
    Column("text", pl.UInt64, "Digest of the row of `texts`, the sidecar's columns left out."),
    Column("sidecar", pl.UInt64, "Digest of what the manifests say of it."),
)
COUNTED = Table("counted", "The pages whose contexts were counted, as they were then.", ("page",), _ROW_OF)
CONTEXTS = Table(
    "contexts",
    "What furniture is learnt from: the first and the last print of each line on its page, between its neighbours.",
    ("page",),
    (
        PAGE,
        Column("scope", pl.String, "The outlet or site that the line is counted in; empty where neither is known."),
        Column("line_key", pl.String, "The line, folded."),
        Column("prose", pl.Boolean, "Whether it is a paragraph."),
        *(
            Column(f"{side}_{n}", pl.UInt32, "Digest of a paragraph near it.", nullable=True)
            for side in ("before", "after")
            for n in range(4)
        ),
        Column("above", pl.UInt32, "Digest of the line above.", nullable=True),
        Column("below", pl.UInt32, "Digest of the line below.", nullable=True),
        Column("widest", pl.UInt64, "Digest of the page's widest paragraphs."),
    ),
)
MADE_FROM = Table(
    "made_from",
    "What each page was understood from, as digests: bytes, sidecar, furniture on it, corrections of it.",
    ("page",),
    (
        *_ROW_OF,
        Column("page_id", pl.String, "The page's bytes."),
        Column("furniture", pl.UInt64, "Digest of the learnt furniture that its lines are."),
        Column("corrections", pl.UInt64, "Digest of the corrections of its lines."),
        Column("asked", pl.List(pl.UInt64), "Digests of what furniture its lines could be."),
    ),
)
SKETCHED = Table(
    "sketched",
    "The pages whose articles were sketched, as they were then.",
    ("page",),
    (PAGE, Column("articles", pl.UInt64, "Digest of what of its articles is compared.")),
)
SKETCHES = Table(
    "sketches",
    "What articles are compared by: of each a few numbers that stand for its text.",
    ("page", "article_no"),
    (
        PAGE,
        ARTICLE_NO,
        Column("text", pl.UInt64, "Digest of its text, and of its title."),
        Column("fingerprints", pl.List(pl.UInt64), "The least of each eight word 5-grams in a row, each once."),
    ),
)
COMPARED = Table(
    "compared",
    "What two texts have in common, for every pair that was looked at.",
    ("text", "kept_text"),
    (
        Column("text", pl.UInt64, "Digest of the one text and its title."),
        Column("kept_text", pl.UInt64, "The same of the other."),
        Column("shared", pl.UInt32, "Distinct word 5-grams that both hold."),
        Column("n_grams", pl.UInt32, "Those of the one."),
        Column("kept_n_grams", pl.UInt32, "Those of the other."),
        Column("opening", pl.UInt32, "How many of the one's first 5-grams stand among the other's first ones."),
        Column("begins", pl.Boolean, "Whether the one is the beginning of the other, but for its last words."),
    ),
)
