"""The steps that work page by page, as `incremental` runs them: what each page is made from, and how it is made."""

import hashlib
from collections.abc import Mapping, Sequence

import polars as pl

from assets import seeds as drops
from assets.incremental import Frames, Work, refresh
from assets.progress import progress
from assets.resources import Folders
from pipeline import corpus, tracking
from pipeline.dedup import sketches
from pipeline.read import read as decode
from pipeline.tables import (
    CONTEXTS,
    COUNTED,
    LINES,
    MADE_FROM,
    PAGE_ARTICLES,
    PAGES,
    READINGS,
    SKETCHED,
    SKETCHES,
    TEXTS,
)

# It is there even where no page falls into it, so that no table is without a part.
FIRST = "00"


def read(folders: Folders, found: Sequence[drops.Found], sidecar: pl.DataFrame) -> dict[str, int]:
    """The pages of all files that are not as they were when they were read. → how many files came, changed and went"""
    pages = tracking.sidecars(drops.listing(found).rename({"path": "page"}), sidecar).rename({"page": "path"})
    files = {file.path: file for file in found if file.fate is None}
    of_unit = {str(unit): rows.drop("unit") for (unit,), rows in pages.partition_by("unit", as_dict=True).items()}
    of_unit.setdefault(FIRST, pages.clear().drop("unit"))

    def make(stale: pl.DataFrame) -> Frames:
        raw, states, lost = drops.load(files[path] for path in stale["path"])
        said = sidecar.filter(pl.col("page").is_in(stale["path"].implode()))
        texts, bad = decode(raw, said)
        about = tracking.texts(texts).with_columns(weight=texts["text"].str.len_bytes().cast(pl.Int64))
        rows = (
            stale.select("path", "sidecar")
            .join(states, on="path", how="left")
            .join(about.rename({"page": "path"}), on="path", how="left")
            .join(pl.concat([lost, bad]).drop("record"), on="path", how="left")
        )
        return {TEXTS: texts, READINGS: READINGS.conform(rows.with_columns(pl.col("weight").fill_null(0)))}

    work = Work(
        "read", folders.store.made_with("reading"), READINGS, _keys(of_unit), lambda unit, _: of_unit[unit], make
    )
    before = _state(folders)
    with progress("read", pages.height, "files") as advance:
        refresh(folders.store.staged, (TEXTS, READINGS), work, advance)
    return _compared(before, _state(folders))


def _state(folders: Folders) -> pl.DataFrame:
    """The files that were read, and a digest of what they gave."""
    rows = folders.store.scan_parts("read", READINGS)
    return rows.select("path", given=pl.struct("text", "reason", "detail").hash()).collect()


def _compared(before: pl.DataFrame, now: pl.DataFrame) -> dict[str, int]:
    same_path = now.join(before, on="path", suffix="_before")
    return {
        "new": now.height - same_path.height,
        "changed": same_path.filter(pl.col("given") != pl.col("given_before")).height,
        "removed": before.height - same_path.height,
    }


def count(folders: Folders) -> None:
    """The contexts of the lines of all pages."""
    texts = folders.store.require(TEXTS)[TEXTS.name]

    def make(stale: pl.DataFrame) -> Frames:
        counted = corpus.count(_texts(folders, stale), folders.rules)
        return {CONTEXTS: CONTEXTS.conform(counted), COUNTED: COUNTED.conform(stale)}

    work = Work(
        "count",
        folders.store.made_with("rules", "counting"),
        COUNTED,
        {unit: part.digest for unit, part in texts.parts.items()},
        lambda unit, _: _readings(folders, unit).drop("page_id"),
        make,
    )
    with progress("learn", texts.rows, "pages") as advance:
        refresh(folders.store.staged, (CONTEXTS, COUNTED), work, advance)


def understand(folders: Folders, furniture: pl.DataFrame, given: pl.DataFrame) -> None:
    """Lines, articles and kind of all pages."""
    store = folders.store
    learnt, corrected = tracking.learnt(furniture), tracking.corrections(given)

    def wanted(unit: str, known: pl.DataFrame) -> pl.DataFrame:
        pages = _readings(folders, unit).join(corrected, on="page_id", how="left", maintain_order="left")
        asked = tracking.furniture(known.select("page", "asked"), learnt).drop("asked")
        return pages.join(asked, on="page", how="left", maintain_order="left").with_columns(
            pl.col("corrections").fill_null(tracking.NOTHING)
        )

    def make(stale: pl.DataFrame) -> Frames:
        done = corpus.understand(_texts(folders, stale), furniture, folders.rules, folders.model, given)
        asked = stale.drop("furniture").join(done.asked, on="page", how="left", maintain_order="left")
        known = tracking.furniture(asked.with_columns(pl.col("asked").fill_null([])), learnt)
        tables = {LINES: done.lines, PAGE_ARTICLES: done.page_articles, PAGES: done.pages}
        return {**tables, MADE_FROM: MADE_FROM.conform(known)}

    texts = store.require(TEXTS)[TEXTS.name]
    same = _digest(learnt.to_frame(), given)
    work = Work(
        "understand",
        store.made_with("rules", "model", "understanding"),
        MADE_FROM,
        {unit: f"{part.digest} {same}" for unit, part in texts.parts.items()},
        wanted,
        make,
    )
    with progress("understand", texts.rows, "pages") as advance:
        refresh(store.staged, (LINES, PAGE_ARTICLES, PAGES, MADE_FROM), work, advance)


def sketch(folders: Folders) -> None:
    """What the articles of all pages are compared by."""
    store = folders.store
    articles = store.require(PAGE_ARTICLES)[PAGE_ARTICLES.name]

    def wanted(unit: str, known: pl.DataFrame) -> pl.DataFrame:
        return tracking.articles(store.staged.scan_units(PAGE_ARTICLES, [unit]).select(tracking.COMPARED).collect())

    def make(stale: pl.DataFrame) -> Frames:
        rows = store.staged.scan_units(PAGE_ARTICLES, stale["unit"].unique().sort().to_list())
        made = rows.select(tracking.COMPARED).filter(pl.col("page").is_in(stale["page"].implode())).collect()
        return {SKETCHES: sketches(made), SKETCHED: SKETCHED.conform(stale)}

    keys = {unit: part.digest for unit, part in articles.parts.items()}
    work = Work("sketch", store.made_with("folding"), SKETCHED, keys, wanted, make)
    refresh(store.staged, (SKETCHES, SKETCHED), work)


def _readings(folders: Folders, unit: str) -> pl.DataFrame:
    """The pages of a unit, as they were read."""
    rows = folders.store.staged.scan_units(READINGS, [unit]).filter(pl.col("page_id").is_not_null())
    return rows.select("page_id", "text", "sidecar", "weight", page="path").select("page", pl.exclude("page")).collect()


def _texts(folders: Folders, pages: pl.DataFrame) -> pl.DataFrame:
    """The texts of pages (page, unit)."""
    texts = folders.store.staged.scan_units(TEXTS, pages["unit"].unique().sort().to_list())
    return texts.filter(pl.col("page").is_in(pages["page"].implode())).collect()


def _keys(of_unit: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    return {unit: _digest(pages) for unit, pages in of_unit.items()}


def _digest(*frames: pl.DataFrame) -> str:
    """Of the rows of frames, in their order."""
    digest = hashlib.blake2b(digest_size=16)
    for frame in frames:
        digest.update(frame.hash_rows().to_numpy().tobytes() if frame.height else b"")
        digest.update(b"|")
    return digest.hexdigest()
