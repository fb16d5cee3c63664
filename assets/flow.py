"""The assets: one step per barrier, so that batches pass through many functions at once. No logic on text.

A step reads staged tables and stages its own; `published` moves a whole set of them to where readers look.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from assets import seeds as drops
from assets.describe import code, column_schema, metadata
from assets.drift import measured
from assets.figures import figures
from assets.parquet import TableWriter
from assets.progress import progress
from assets.resources import POOL, Folders
from assets.store import Store, StoreError
from pipeline import corpus
from pipeline.corrections import account
from pipeline.dedup import dedup as fold
from pipeline.faults import one_per_record
from pipeline.furniture import furniture as learn
from pipeline.publish import articles as select
from pipeline.read import read as decode
from pipeline.rulebook import RuleError
from pipeline.tables import (
    ARTICLES,
    CORRECTIONS,
    DUPLICATES,
    FILES,
    FURNITURE,
    GIVEN,
    LINES,
    PAGE_ARTICLES,
    PAGES,
    PUBLISHED,
    REJECTED,
    STORIES,
    TEXTS,
    Table,
    TableError,
)

BATCH = 1_000  # pages that go through the steps together

# A day's run may be late or fail once; whoever reads the table should know of two that are missing.
FRESH = {ARTICLES: dg.FreshnessPolicy.time_window(warn_window=timedelta(hours=26), fail_window=timedelta(hours=50))}

Run = Callable[..., None]  # the folders, then a writer for each table that the step makes

SEEDS = dg.AssetSpec(
    "seeds",
    description="The drops: files and folders of raw pages, as scrapers left them.",
    group_name="reading",
    kinds={"file"},
)


@contextmanager
def plain_errors() -> Iterator[None]:
    """What a user can mend fails the step with its one line; anything else keeps its traceback."""
    try:
        yield
    except (StoreError, drops.SeedsError, TableError, RuleError) as e:
        raise dg.Failure(str(e), allow_retries=False) from e


def step(
    group: str,
    makes: Sequence[Table],
    needs: Sequence[Table] = (),
    deps: Sequence[str] = (),
    versions: Sequence[str] = (),
    calls: Sequence[Callable[..., Any]] = (),
) -> Callable[[Run], dg.AssetsDefinition]:
    """A function that stages tables as Dagster assets, described by the tables' declarations. `calls`: the functions
    of the pipeline that do the work, to link to."""

    def decorate(run: Run) -> dg.AssetsDefinition:
        specs = [
            dg.AssetSpec(
                table.name,
                deps=[*deps, *(need.name for need in needs)],
                description=table.meaning,
                group_name=group,
                kinds={"polars", "parquet"},
                metadata={"dagster/column_schema": column_schema(table), "dagster/code_references": code(run, *calls)},
                freshness_policy=FRESH.get(table),
            )
            for table in makes
        ]

        @dg.multi_asset(name=run.__name__, specs=specs, pool=POOL, description=run.__doc__)
        def asset(folders: Folders) -> Iterator[dg.MaterializeResult[Any]]:
            with plain_errors(), folders.store.writers(makes, needs, versions) as writers:
                run(folders, *writers)
            for table in makes:
                yield result(folders, table)

        return asset

    return decorate


def result(folders: Folders, table: Table) -> dg.MaterializeResult[Any]:
    stamp = folders.store.require(table)[table.name]
    return dg.MaterializeResult(
        asset_key=table.name,
        metadata={
            "dagster/row_count": stamp.rows,
            "bytes": folders.store.path(table).stat().st_size,
            "path": dg.MetadataValue.path(str(folders.store.path(table))),
            **metadata(figures(table, folders.store.scan(table))),
        },
        data_version=dg.DataVersion(stamp.digest),
    )


@step("reading", makes=(FILES, REJECTED, TEXTS, GIVEN), deps=("seeds",), calls=(decode,))
def read(folders: Folders, files: TableWriter, rejected: TableWriter, texts: TableWriter, given: TableWriter) -> None:
    """Finds the drops; decodes, repairs and identifies their pages; reads the corrections of lines."""
    found = drops.find(Path(folders.seeds))
    sidecar, faults = drops.sidecars(found)
    corrections, wrong = drops.corrections(found)
    given.write(corrections)
    refused, pages = [drops.rejected(found), faults, wrong], [TEXTS.empty().select("page")]
    with progress("read", sum(file.fate is None for file in found), "files") as advance:
        for raw, lost in drops.batches(found, BATCH):
            good, bad = decode(raw, sidecar)
            texts.write(good)
            pages.append(good.select("page"))
            refused += [lost, bad]
            advance(len(raw) + len(lost))
    refusals = one_per_record(pl.concat(refused))
    rejected.write(refusals)
    files.write(drops.files(found, pl.concat(pages), refusals))


@step("understanding", makes=(FURNITURE,), needs=(TEXTS,), versions=("rules",), calls=(learn,))
def furniture(folders: Folders, furniture: TableWriter) -> None:
    """Learns over the whole corpus which lines are page furniture."""
    counted = [corpus.count(texts, folders.rules) for texts in _pages(folders, "learn")]
    furniture.write(learn(pl.concat(counted or [corpus.count(TEXTS.empty(), folders.rules)])))


@step(
    "understanding",
    makes=(LINES, PAGE_ARTICLES, PAGES, CORRECTIONS),
    needs=(TEXTS, FURNITURE, GIVEN),
    versions=("rules", "model"),
    calls=(corpus.understand,),
)
def understand(
    folders: Folders, lines: TableWriter, page_articles: TableWriter, pages: TableWriter, corrections: TableWriter
) -> None:
    """Gives every line its role and its reason, every article its lines, every page its kind; users' corrections
    go before all else."""
    learnt, given = folders.store.read(FURNITURE), folders.store.read(GIVEN)
    seen = []
    for texts in _pages(folders, "understand"):
        done = corpus.understand(texts, learnt, folders.rules, folders.model, given)
        lines.write(done.lines)
        page_articles.write(done.page_articles)
        pages.write(done.pages)
        seen.append(done.seen)
    corrections.write(account(given, seen))


@step("articles", makes=(DUPLICATES, STORIES), needs=(PAGE_ARTICLES,), calls=(fold,))
def dedup(folders: Folders, duplicates: TableWriter, stories: TableWriter) -> None:
    """Finds the same article on several pages, and the same copy in several outlets."""
    folded, shared = fold(folders.store.read(PAGE_ARTICLES))
    duplicates.write(folded)
    stories.write(shared)


@step("articles", makes=(ARTICLES,), needs=(PAGE_ARTICLES, DUPLICATES, STORIES), calls=(select,))
def articles(folders: Folders, articles: TableWriter) -> None:
    """Keeps one row of each article."""
    articles.write(select(*(folders.store.read(table) for table in (PAGE_ARTICLES, DUPLICATES, STORIES))))


@dg.asset(
    deps=[table.name for table in PUBLISHED],
    group_name="published",
    kinds={"parquet"},
    metadata={"dagster/code_references": code(Store.publish)},
    pool=POOL,
    description="The tables as readers find them: one generation, swapped in whole once every check has passed.",
)
def published(folders: Folders) -> dg.MaterializeResult[Any]:
    store = folders.store
    with plain_errors():
        watched = measured(store)  # before the swap: after it nothing is new
        done = store.publish(PUBLISHED, {"versions": {**store.versions, "broadsheet": version("broadsheet")}})
    return dg.MaterializeResult(
        metadata={
            "generation": done.generation,
            "new": done.new,
            "kept": dg.MetadataValue.json(store.names()),
            "path": dg.MetadataValue.path(str(store.generations / done.generation)),
            **done.rows,
            **watched,
        },
        data_version=dg.DataVersion(done.generation.split("-")[-1]),
    )


ASSETS: list[dg.AssetSpec | dg.AssetsDefinition] = [SEEDS, read, furniture, understand, dedup, articles, published]


def _pages(folders: Folders, what: str) -> Iterator[pl.DataFrame]:
    """All pages in batches, with progress."""
    total = folders.store.require(TEXTS)["texts"].rows
    with progress(what, total, "pages") as advance:
        for batch in folders.store.batches(TEXTS, BATCH):
            yield batch
            advance(len(batch))
