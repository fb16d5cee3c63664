"""What a run made, for people: a short text from the published tables."""

import os
import shlex
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from pipeline import tables as declared
from pipeline.review.glance import Tables, counts, height
from pipeline.review.words import family
from pipeline.tables import ARTICLES, CORRECTIONS, DUPLICATES, FILES, LINES, PAGES, REJECTED, Table

REASONS = 8  # how many reasons for dropping lines are named
REJECTS = 5  # how many rejected files, manifest entries, and corrections are named
REVIEW = Path("review") / "index.html"  # below the data folder
LABEL = 10  # width of the first column
NARROW, WIDE = 40, 100  # the least width that is filled, and that of what is no terminal


class Generation:
    """The tables of one generation, whatever is published meanwhile."""

    def __init__(self, data: Path) -> None:
        self.folder = (data / "current").resolve()

    def scan(self, table: Table) -> pl.LazyFrame:
        return pl.scan_parquet(self.folder / f"{table.name}.parquet", schema=table.schema)

    def shown(self) -> Tables:
        """Those that the pages for people beside them are made of."""
        return Tables(**{name: self.scan(getattr(declared, name.upper())) for name in Tables._fields})


def summary(data: Path, shown: Path, drifts: Iterable[str] = ()) -> str:
    """The published tables of `data`, a folder that the user calls `shown`, in some twenty lines; and what drifts."""
    tables = Generation(data)
    lines = [*_files(tables), *_corrections(tables), *_pages(tables), *_articles(tables), *_lines(tables)]
    for name in ("outlet", "date"):
        lines += _settled(tables, name)
    for drift in drifts:
        lines += _wrapped("drift", drift)
    return "\n".join([*lines, "", *_where(tables, shown), *_warning(tables)])


def _files(tables: Generation) -> Iterator[str]:
    fates = dict(counts(tables.scan(FILES), "fate"))
    yield _row("files", ", ".join(f"{fates.get(f, 0):,} {f}" for f in ("read", "rejected", "ignored")))
    rejected = tables.scan(REJECTED).collect()
    whole, in_manifest = pl.col("record") == 0, _of("manifest")
    yield from _rejected("rejected", "file", "", rejected.filter(whole))
    of_records = rejected.filter(~whole & ~in_manifest & ~_of("corrections"))
    yield from _rejected("records", "record", " not fully used", of_records)
    yield from _rejected("manifest", "entry", " not fully used", rejected.filter(~whole & in_manifest))


def _of(table: str) -> pl.Expr:
    return pl.col("path").str.to_lowercase().str.contains(rf"(?:^|/){table}\.csv$")


def _corrections(tables: Generation) -> Iterator[str]:
    """How many corrections were applied, and the first of those that were not, or whose row can't be used."""
    given = tables.scan(CORRECTIONS).collect()
    unused = given.filter(pl.col("n_parts") == 0).with_columns(
        detail=pl.format("line {}, part {} of page {}", "line_no", "part", "page_id")
    )
    wrong = tables.scan(REJECTED).filter((pl.col("record") > 0) & _of("corrections")).collect()
    if given.height:
        says = f"{given.height - unused.height:,} {_plural('correction', given.height - unused.height)} applied"
        reasons = f", {unused.height:,} not: {_reasons(unused)}" if unused.height else ""
        yield from _wrapped("corrected", says + reasons)
        yield from _places(unused, "corrections.parquet")
    yield from _rejected("not used", "row", " of corrections", wrong)


def _rejected(label: str, what: str, how: str, rows: pl.DataFrame) -> Iterator[str]:
    """What was rejected, by reason, and the first of it."""
    if rows.is_empty():
        return
    yield from _wrapped(label, f"{len(rows):,} {_plural(what, len(rows))}{how}: {_reasons(rows)}")
    yield from _places(rows, "rejected.parquet")


def _reasons(rows: pl.DataFrame) -> str:
    return _listed(rows["reason"].value_counts(sort=True).sort("count", "reason", descending=[True, False]).rows())


def _places(rows: pl.DataFrame, table: str) -> Iterator[str]:
    for path, record, detail, todo in rows.select("path", "record", "detail", "todo").head(REJECTS).iter_rows():
        place = f"{path}, record {record}" if record else path
        yield from _wrapped("", printable(f"{place}: {detail}. {todo}"))
    if len(rows) > REJECTS:
        yield _row("", f"and {len(rows) - REJECTS:,} more in {table}")


def _pages(tables: Generation) -> Iterator[str]:
    kinds = dict(counts(tables.scan(PAGES), "kind"))
    with_articles = kinds.pop("articles", 0)
    without = f", {sum(kinds.values()):,} without an article: {_listed(kinds.items())}" if kinds else ""
    yield from _wrapped("pages", f"{with_articles + sum(kinds.values()):,} read{without}")


def _articles(tables: Generation) -> Iterator[str]:
    folded = height(tables.scan(DUPLICATES))
    articles = tables.scan(ARTICLES).select(
        pl.len(), stories=pl.col("story_id").n_unique() - pl.col("story_id").has_nulls().cast(pl.Int64)
    )
    kept, stories = articles.collect().row(0)
    shared = f", {stories:,} {_plural('story', stories)} shared by outlets" if stories else ""
    yield _row("articles", f"{kept:,}, after {folded:,} {_plural('duplicate', folded)} folded into them{shared}")


def _lines(tables: Generation) -> Iterator[str]:
    """Blank lines and parts of lines count, as in the ledger. Reasons count by family."""
    reason = pl.when(pl.col("role") == "blank").then(pl.lit("blank")).otherwise(family(pl.col("reason")))
    found = (
        tables.scan(LINES)
        .select("destination", reason=reason)
        .group_by("destination", "reason")
        .agg(n=pl.len())
        .collect(engine="streaming")
    )
    kept = found.filter(pl.col("destination").is_not_null()).group_by("destination").agg(pl.col("n").sum())
    dropped = found.filter(pl.col("destination").is_null()).select("reason", "n")
    yield from _wrapped("lines", _told(f"{kept['n'].sum():,} kept", _listed(_most(kept))))
    top = _most(dropped)
    more = f", {len(top) - REASONS} more reasons" if len(top) > REASONS else ""
    yield from _wrapped("", _told(f"{dropped['n'].sum():,} dropped", _listed(top[:REASONS]) + more))


def _settled(tables: Generation, name: str) -> Iterator[str]:
    """How many values a column has, by what settled them."""
    basis = pl.when(pl.col(name).is_not_null()).then(pl.col(f"{name}_basis").fill_null("unknown"))
    found = dict(counts(tables.scan(ARTICLES).select(basis=basis), "basis"))
    null = found.pop(None, 0)
    by = f" ({_listed(sorted(found.items(), key=_by_count))})" if found else ""
    yield from _wrapped(f"{name}s", f"{sum(found.values()):,} set{by}, {null:,} left null")


def _where(tables: Generation, shown: Path) -> Iterator[str]:
    table = shown / "articles.parquet"
    python = Path(sys.executable)
    here = python.relative_to(Path.cwd()) if python.is_relative_to(Path.cwd()) else python
    code = f"import polars as pl; print(pl.read_parquet({str(table)!r}))"
    yield _row("table", f"{printable(str(table))} (generation {tables.folder.name})")
    yield _row("open it", f"{shlex.quote(str(here))} -c {_quoted(code)}")
    yield _row("review it", f"{printable(str(shown / REVIEW))} (in a browser)")
    yield _row("its card", printable(str(shown / "README.md")))


def _warning(tables: Generation) -> Iterator[str]:
    if height(tables.scan(PAGES)):
        return
    files = height(tables.scan(FILES))
    found = f"none of {files:,} {_plural('file', files)} could be" if files else "the seeds folder is empty"
    yield from _wrapped("warning", f"no page was read: {found}. Put each page there as text, in its own .txt file.")


def _quoted(code: str) -> str:
    """Code in double quotes for the shell."""
    return '"' + "".join("\\" + c if c in '\\"$`' else c for c in code) + '"'


def printable(text: str) -> str:
    """A file name that can't drive a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def _most(counts: pl.DataFrame) -> list[tuple[str, int]]:
    """The sums by the first column, the largest first."""
    name = counts.columns[0]
    summed = counts.group_by(name).agg(pl.col("n").sum()).sort("n", name, descending=[True, False])
    return list(summed.iter_rows())


def _by_count(item: tuple[str | None, int]) -> tuple[int, str]:
    return -item[1], item[0] or ""


def _listed(counts: Iterable[tuple[str | None, int]]) -> str:
    return ", ".join(f"{name} {n:,}" for name, n in counts)


def _plural(word: str, n: int) -> str:
    return word if n == 1 else f"{word.removesuffix('y')}ies" if word.endswith("y") else f"{word}s"


def _row(label: str, text: str) -> str:
    return f"{label:<{LABEL}}{text}".rstrip()


def _told(what: str, listed: str) -> str:
    return f"{what}: {listed}" if listed else what


def _wrapped(label: str, text: str) -> Iterator[str]:
    lines = textwrap.wrap(
        text, _width() - LABEL, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False
    )
    for i, line in enumerate(lines):
        yield _row("" if i else label, line)


def _width() -> int:
    try:
        return max(NARROW, os.get_terminal_size(sys.stdout.fileno()).columns)
    except (OSError, ValueError):  # no terminal
        return WIDE
