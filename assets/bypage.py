"""The steps that work page by page, as `incremental` runs them: what each page is made from, and how it is made."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from assets import recordfiles
from assets import seeds as drops
from assets.incremental import Due, Frames, Size, Work, among, pieces, refresh
from assets.incremental import read as rows_of
from assets.progress import progress
from assets.shipped import MODEL, RULES
from pipeline import corpus, tracking
from pipeline.dedup import sketches
from pipeline.read import read as decode
from pipeline.records import page
from pipeline.tables import (
    CONTEXTS,
    COUNTED,
    FURNITURE,
    GIVEN,
    LINES,
    MADE_FROM,
    PAGE_ARTICLES,
    PAGES,
    READINGS,
    SKETCHED,
    SKETCHES,
    TEXTS,
    Table,
)

if TYPE_CHECKING:  # workers import this module, and have no use for Dagster
    from assets.resources import Folders

# It is there even where no page falls into it, so that no table is without a part.
FIRST = drops.nth_unit(0)


@dataclass(frozen=True)
class Reading(Work):
    """The pages of files. Listed: the files of a unit, and what the manifests say of each."""

    seeds: Path

    step, tables, known, pace = "read", (TEXTS, READINGS), READINGS, 1e-7

    def size(self, unit: str) -> Size:
        return Size()

    def wanted(self, due: Due, known: pl.DataFrame) -> pl.DataFrame:
        assert due.listed is not None, "files are listed"
        return due.listed

    def make(self, pages: pl.DataFrame) -> Frames:
        raw, states, lost = drops.load(drops.at(self.seeds, path) for path in pages["path"])
        said = pages.select(page="path", said="said").unnest("said").filter(pl.col("manifest").is_not_null())
        texts, bad = decode(raw, said)
        about = tracking.texts(texts).with_columns(weight=texts["text"].str.len_bytes().cast(pl.Int64))
        rows = (
            pages.select("path", "sidecar", record=0)
            .join(states, on="path", how="left")
            .join(about.rename({"page": "path"}), on="path", how="left")
            .join(pl.concat([lost, bad]).drop("record"), on="path", how="left")
        )
        return {TEXTS: texts, READINGS: READINGS.conform(rows.with_columns(pl.col("weight").fill_null(0)))}


class _OfReadings(Work):
    """Work on pages that were read."""

    def size(self, unit: str) -> Size:
        return Size.of(self.readings(unit))

    def readings(self, unit: str) -> pl.DataFrame:
        """The pages of a unit, as they were read."""
        columns = ("path", "record", "page_id", "text", "sidecar", "weight")
        rows = rows_of(self.staging, READINGS, [unit], pl.col("page_id").is_not_null(), columns)
        return rows.select(page(), *columns[2:]).sort("page")

    def rows(self, table: Table, pages: pl.DataFrame, columns: Sequence[str] = ()) -> pl.DataFrame:
        """The rows of pages (page, unit)."""
        units = pages["unit"].unique().sort().to_list()
        return rows_of(self.staging, table, units, among("page", pages["page"]), columns)


class Counting(_OfReadings):
    """The contexts of the lines of pages."""

    step, tables, known, pace = "count", (CONTEXTS, COUNTED), COUNTED, 2e-7

    def wanted(self, due: Due, known: pl.DataFrame) -> pl.DataFrame:
        return self.readings(due.unit).drop("page_id")

    def make(self, pages: pl.DataFrame) -> Frames:
        counted = corpus.count(self.rows(TEXTS, pages), RULES.book)
        return {CONTEXTS: CONTEXTS.conform(counted), COUNTED: COUNTED.conform(pages)}


class Understanding(_OfReadings):
    """Lines, articles and kind of pages."""

    step, known, pace = "understand", MADE_FROM, 6e-7
    tables = (LINES, PAGE_ARTICLES, PAGES, MADE_FROM)

    @cached_property
    def furniture(self) -> pl.DataFrame:
        return self.staging.scan(FURNITURE).collect()

    @cached_property
    def given(self) -> pl.DataFrame:
        return self.staging.scan(GIVEN).collect()

    @cached_property
    def learnt(self) -> pl.Series:
        return tracking.learnt(self.furniture)

    @cached_property
    def corrected(self) -> pl.DataFrame:
        return tracking.corrections(self.given)

    def wanted(self, due: Due, known: pl.DataFrame) -> pl.DataFrame:
        pages = self.readings(due.unit).join(self.corrected, on="page_id", how="left", maintain_order="left")
        asked = tracking.furniture(known.select("page", "asked"), self.learnt).drop("asked")
        return pages.join(asked, on="page", how="left", maintain_order="left").with_columns(
            pl.col("corrections").fill_null(tracking.NOTHING)
        )

    def make(self, pages: pl.DataFrame) -> Frames:
        done = corpus.understand(self.rows(TEXTS, pages), self.furniture, RULES.book, MODEL.lines, self.given)
        asked = pages.drop("furniture").join(done.asked, on="page", how="left", maintain_order="left")
        known = tracking.furniture(asked.with_columns(pl.col("asked").fill_null([])), self.learnt)
        tables = {LINES: done.lines, PAGE_ARTICLES: done.page_articles, PAGES: done.pages}
        return {**tables, MADE_FROM: MADE_FROM.conform(known)}


class Sketching(_OfReadings):
    """What the articles of pages are compared by."""

    step, tables, known, pace = "sketch", (SKETCHES, SKETCHED), SKETCHED, 1e-7

    def wanted(self, due: Due, known: pl.DataFrame) -> pl.DataFrame:
        pages = self.readings(due.unit).with_columns(unit=pl.lit(due.unit))
        told = [tracking.articles(self._articles(piece)) for piece in pieces(pages)]
        return pl.concat(told) if told else tracking.articles(PAGE_ARTICLES.empty())

    def make(self, pages: pl.DataFrame) -> Frames:
        return {SKETCHES: sketches(self._articles(pages)), SKETCHED: SKETCHED.conform(pages)}

    def _articles(self, pages: pl.DataFrame) -> pl.DataFrame:
        return self.rows(PAGE_ARTICLES, pages, tracking.COMPARED)


def read(
    folders: "Folders", found: Sequence[drops.Found], sidecar: pl.DataFrame, columns: drops.Columns
) -> dict[str, int]:
    """The pages of all files that are not as they were when they were read. → how many files came, changed and went"""
    store = folders.store
    pages = tracking.sidecars(drops.listing(found).rename({"path": "page"}), sidecar).rename({"page": "path"})
    said = sidecar.select(path="page", said=pl.struct(pl.exclude("page")))
    pages = pages.join(said, on="path", how="left", maintain_order="left")
    listed = {str(unit): rows.drop("unit") for (unit,), rows in pages.partition_by("unit", as_dict=True).items()}
    listed.setdefault(FIRST, pages.clear().drop("unit"))
    keys = {unit: _digest(rows.drop("said")) for unit, rows in listed.items()}
    many = recordfiles.files(found, columns, sidecar)
    maker, before = store.made_with("reading"), _state(folders)
    with progress("read", pages.height + len(many), "files") as advance:
        blocks = recordfiles.refresh(folders.workers, recordfiles.Reading(store.staged, maker), many, advance)
        work = Reading(store.staged, maker, Path(folders.seeds))
        refresh(folders.workers, work, {**keys, **blocks}, listed, advance)
    return _compared(before, _state(folders))


def _state(folders: "Folders") -> pl.DataFrame:
    """The files that were read, and a digest of what they gave."""
    given = pl.struct("record", "text", "reason", "detail").hash().bitwise_xor()
    return folders.store.scan_parts("read", READINGS).group_by("path").agg(given=given).collect()


def _compared(before: pl.DataFrame, now: pl.DataFrame) -> dict[str, int]:
    same_path = now.join(before, on="path", suffix="_before")
    return {
        "new": now.height - same_path.height,
        "changed": same_path.filter(pl.col("given") != pl.col("given_before")).height,
        "removed": before.height - same_path.height,
    }


def count(folders: "Folders") -> None:
    """The contexts of the lines of all pages."""
    store = folders.store
    texts = store.require(TEXTS)[TEXTS.name]
    keys = {unit: part.digest for unit, part in texts.parts.items()}
    with progress("learn", texts.rows, "pages") as advance:
        refresh(folders.workers, Counting(store.staged, store.made_with("rules", "counting")), keys, advance=advance)


def understand(folders: "Folders") -> None:
    """Lines, articles and kind of all pages."""
    store = folders.store
    texts = store.require(TEXTS)[TEXTS.name]
    work = Understanding(store.staged, store.made_with("rules", "model", "understanding"))
    same = _digest(work.learnt.to_frame(), work.given)
    keys = {unit: f"{part.digest} {same}" for unit, part in texts.parts.items()}
    with progress("understand", texts.rows, "pages") as advance:
        refresh(folders.workers, work, keys, advance=advance)


def sketch(folders: "Folders") -> None:
    """What the articles of all pages are compared by."""
    store = folders.store
    articles = store.require(PAGE_ARTICLES)[PAGE_ARTICLES.name]
    keys = {unit: part.digest for unit, part in articles.parts.items()}
    refresh(folders.workers, Sketching(store.staged, store.made_with("folding")), keys)


def _digest(*frames: pl.DataFrame) -> str:
    """Of the rows of frames, in their order."""
    digest = hashlib.blake2b(digest_size=16)
    for frame in frames:
        digest.update(frame.hash_rows().to_numpy().tobytes() if frame.height else b"")
        digest.update(b"|")
    return digest.hexdigest()
