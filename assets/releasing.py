"""The stand-off edition as a folder: tables without text of the published ones, and the way back with one's own pages.

articles pieces lines pages duplicates stories .parquet        what may be shared
release.json                                                   which generation it is of, and its hash
README.md                                                      what it is, how to rebuild the texts, the columns
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from assets import folder
from assets import seeds as drops
from assets.carding import templates
from assets.correcting import published
from assets.describe import columns
from assets.parquet import TableWriter, noted
from assets.summary import Generation
from pipeline.card.card import rendered
from pipeline.corrections import line_hash
from pipeline.manifest import SIDECAR
from pipeline.read import read, read_records
from pipeline.standoff import (
    PIECES,
    RELEASED,
    RELEASED_ARTICLES,
    RELEASED_LINES,
    RELEASED_PAGES,
    bare_lines,
    bare_pages,
    other_texts,
    pieces,
    texts_of,
)
from pipeline.tables import ARTICLES, DUPLICATES, LINES, PAGES, STORIES, Table

FACTS, README = "release.json", "README.md"
FILES = 1_000  # pages that are read together
NAMED = 5  # pages that an error names
NO_SIDECAR = SIDECAR.to_frame()


class ReleaseError(Exception):
    """Why there is no release, or no table of one; the message is one line that says what to do."""


def release(data: Path, out: Path) -> Iterator[str]:
    """Writes the stand-off edition of the live generation of `data` to the new folder `out`. → what was done"""
    live = published(data)
    facts = json.loads((live.folder / "facts.json").read_text())
    with _new(out) as made:
        for table in (DUPLICATES, STORIES):
            with _writer(table, made) as writer:
                writer.write(live.scan(table).collect())
        articles = live.scan(ARTICLES).collect()
        with _writer(RELEASED_ARTICLES, made) as writer:
            writer.write(articles)
            writer.note(_made_with(live.folder))
        with (
            _writer(PIECES, made) as of_texts,
            _writer(RELEASED_LINES, made) as of_lines,
            _writer(RELEASED_PAGES, made) as of_pages,
        ):
            for ledger, pages in _units(live):
                here = articles.join(pages.select("page"), on="page", how="semi")
                found = pieces(ledger, here)
                _same(found, here, pages)
                of_texts.write(found)
                of_lines.write(bare_lines(ledger))
                of_pages.write(bare_pages(pages, line_hash(pages["text"])))
        about = {"generation": live.folder.name, "articles": facts["tables"]["articles"]}
        folder.write(made / FACTS, json.dumps(about, indent=1, sort_keys=True) + "\n")
        folder.write(made / README, _readme(about, articles.height))
    yield f"{out}: {articles.height:,} articles of generation {live.folder.name}, without a sentence of their texts"
    yield f"Who has the pages gets the texts back with: make rebuild RELEASE={out} SEEDS=<pages> OUT=<folder>"


def rebuild(source: Path, seeds: Path, out: Path) -> Iterator[str]:
    """Writes `articles.parquet` of a release to the new folder `out`, its texts out of one's own pages.
    → what was done"""
    facts, bare, where, pages = _opened(source)
    needed = pages.join(bare.select("page"), on="page", how="semi").select("page", "page_id", "text_blake2b")
    texts = _texts(seeds, needed)
    ids = bare.select("article_id", "page_id")
    found = texts_of(where.join(ids, on="article_id"), texts)
    table = ARTICLES.conform(bare.join(found, on="article_id", how="left", maintain_order="left"))
    with _new(out) as made:
        with _writer(ARTICLES, made) as writer:
            writer.write(table)
            writer.note(_made_with(source))
        digest = writer.digest
    same = digest == facts["articles"]["blake2b"]
    yield f"{out / 'articles.parquet'}: {table.height:,} articles with their texts"
    if same:
        yield f"It is the table of generation {facts['generation']}, byte for byte."
    else:
        yield f"Its rows are those of generation {facts['generation']}; its bytes are not, as another writer made them."


def _units(live: Generation) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Ledger and pages of the same pages, a part at a time, in the order of the ledger."""
    for part in sorted((live.folder / f"{LINES.name}.parquet").iterdir()):
        lines = pl.read_parquet(part, schema=LINES.schema).sort(LINES.key)
        pages = pl.read_parquet(live.folder / f"{PAGES.name}.parquet" / part.name, schema=PAGES.schema)
        yield lines, pages.sort(PAGES.key)


def _same(found: pl.DataFrame, articles: pl.DataFrame, pages: pl.DataFrame) -> None:
    """ReleaseError where a text does not come back as it is."""
    ids = articles.select("article_id", "page_id")
    back = texts_of(found.join(ids, on="article_id"), pages.unique("page_id"))
    for page, number, column in other_texts(back, articles).head(1).iter_rows():
        raise ReleaseError(
            f"{page}: {column} of article {number} is not where the ledger says; run `make corpus` again, "
            "and report it if that does not help"
        )


def _texts(seeds: Path, needed: pl.DataFrame) -> pl.DataFrame:
    """The texts of the pages of a release out of one's own → page_id, text. ReleaseError where one is missing or has
    another hash."""
    read_pages, paths = [], []
    for texts in _read_all(seeds):
        paths.append(texts.select("page", own="page_id"))
        read_pages.append(texts.join(needed, on="page_id", how="semi").select("page_id", "text"))
    own = pl.concat([pl.DataFrame(schema={"page_id": pl.String, "text": pl.String}), *read_pages]).unique("page_id")
    by_path = pl.concat([pl.DataFrame(schema={"page": pl.String, "own": pl.String}), *paths])
    lost = needed.join(own, on="page_id", how="anti").join(by_path, on="page", how="left").sort("page")
    if lost.height:
        told = [f"{page} {'has other bytes' if mine else 'is not there'}" for page, mine in _first(lost, "own")]
        raise _refusal(seeds, lost, told, "get the pages as they were when the release was made")
    own = own.with_columns(hash=line_hash(own["text"]))
    other = needed.join(own, on="page_id").filter(pl.col("hash") != pl.col("text_blake2b")).sort("page")
    if other.height:
        told = [f"{page} is read as another text" for page, _ in _first(other, "hash")]
        raise _refusal(seeds, other, told, "use the version of Broadsheet and of its lock that made the release")
    return own.drop("hash")


def _read_all(seeds: Path) -> Iterator[pl.DataFrame]:
    """The texts of all pages, some at a time."""
    found = drops.find(seeds)
    files = list(drops.single(found))
    for start in range(0, len(files), FILES):
        yield read(drops.load(files[start : start + FILES]).raw, NO_SIDECAR)[0]
    columns, _ = drops.columns(found)
    for file in drops.of_records(found):
        for block in drops.blocks(file, columns.of(file.path)):
            yield read_records(file.path, block, NO_SIDECAR)[0]


def _first(pages: pl.DataFrame, column: str) -> list[tuple[str, str | None]]:
    return pages.select("page", column).head(NAMED).rows()


def _refusal(seeds: Path, pages: pl.DataFrame, told: list[str], todo: str) -> ReleaseError:
    more = f" and {pages.height - len(told):,} more" if pages.height > len(told) else ""
    return ReleaseError(f"{seeds} does not hold the pages of the release: {', '.join(told)}{more}; {todo}")


def _opened(source: Path) -> tuple[dict[str, Any], pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Facts, articles, pieces and pages of a release."""
    try:
        facts = json.loads((source / FACTS).read_text())
        tables = [_table(source, table) for table in (RELEASED_ARTICLES, PIECES, RELEASED_PAGES)]
    except (OSError, ValueError, pl.exceptions.PolarsError) as e:
        first = (str(e).splitlines() or [type(e).__name__])[0]
        raise ReleaseError(f"{source} is no release ({first}): name the folder that `make release` wrote") from None
    return facts, tables[0], tables[1], tables[2]


def _table(source: Path, table: Table) -> pl.DataFrame:
    return table.conform(pl.read_parquet(source / f"{table.name}.parquet"))


def _made_with(place: Path) -> Mapping[str, str]:
    found = noted(place / f"{ARTICLES.name}.parquet").get("made_with", {})
    return found if isinstance(found, dict) else {}


@contextmanager
def _new(out: Path) -> Iterator[Path]:
    """A folder that is at `out` when the block ends, or not at all."""
    if out.exists():
        raise ReleaseError(f"{out} is there already: name a new folder with OUT=<folder>")
    made = folder.temporary(out.absolute().parent)
    try:
        made.mkdir(parents=True)
        yield made
        made.replace(out)
    except OSError as e:
        raise ReleaseError(f"{out} can't be written ({(e.strerror or str(e)).lower()}): name another OUT") from e
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _writer(table: Table, made: Path) -> Iterator[TableWriter]:
    writer = TableWriter(table, made / f"{table.name}.parquet")
    try:
        yield writer
    except BaseException:
        writer.abandon()
        raise
    writer.close()


def _readme(facts: Mapping[str, Any], n: int) -> str:
    chapters = [(t.name, t.meaning, columns(t)) for t in RELEASED]
    return rendered("release.md", templates(), articles=n, generation=facts["generation"], tables=chapters)
