"""The assets: one step per barrier, so that batches pass through many functions at once. No logic on text.

A step reads staged tables and stages its own; `published` moves a whole set of them to where readers look. Steps that
work page by page make only the pages that are new or changed (`bypage`); others run if what they start from changed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from assets import bypage
from assets import seeds as drops
from assets.comparing import Comparisons
from assets.describe import code, column_schema, metadata
from assets.drift import measured
from assets.engine import EngineError
from assets.figures import remembered
from assets.linking import lots
from assets.parquet import TableWriter
from assets.resources import Folders
from assets.settings import POOL
from assets.spilling import spilling
from assets.store import Published, Store, StoreError
from pipeline import corpus
from pipeline.changes import MADE, State
from pipeline.changes import changes as compare
from pipeline.corrections import account, seen
from pipeline.dedup import ABOUT, about, fold
from pipeline.faults import one_per_record
from pipeline.furniture import lean, learnt
from pipeline.publish import PLACED, in_order, kept, places
from pipeline.publish import articles as select
from pipeline.read import read as decode
from pipeline.rulebook import RuleError
from pipeline.shares import dealt, enough
from pipeline.tables import (
    ARTICLES,
    CHANGES,
    CONTEXTS,
    CORRECTIONS,
    DUPLICATES,
    FILES,
    FURNITURE,
    GIVEN,
    HISTORY,
    LINES,
    MADE_FROM,
    PAGE_ARTICLES,
    PAGES,
    PUBLISHED,
    READINGS,
    REJECTED,
    SKETCHES,
    STORIES,
    TEXTS,
    Table,
    TableError,
)

# Every version that shows in the articles: their file says them.
MADE_WITH = ("broadsheet", "rules", "model", "reading", "counting", "understanding", "folding", "selecting")
# A day's run may be late or fail once; whoever reads the table should know of two that are missing.
FRESH = {ARTICLES: dg.FreshnessPolicy.time_window(warn_window=timedelta(hours=26), fail_window=timedelta(hours=50))}

# Rows that are in memory at a time, of what is read in batches and of what is dealt into shares.
BATCH = 4_000
CONTEXTS_HELD = 1 << 17
POSTINGS_HELD = 1 << 19
ARTICLES_HELD = 1 << 17

Seen = Mapping[str, int]
Run = Callable[..., Seen | None]  # the folders, then a writer for each whole table that the step makes

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
    except (StoreError, drops.SeedsError, TableError, RuleError, EngineError) as e:
        raise dg.Failure(str(e), allow_retries=False) from e


@dataclass(frozen=True)
class Step:
    """What a step makes of what: `makes` are whole tables, which `run` is given writers for, `parts` those that it
    makes page by page. `looks`: it looks outside of the data folder, and so runs even if nothing has changed there.
    `calls`: the functions of the pipeline that do the work, to link to."""

    name: str
    run: Run
    group: str
    makes: Sequence[Table]
    parts: Sequence[Table] = ()
    needs: Sequence[Table] = ()
    deps: Sequence[str] = ()
    versions: Sequence[str] = ()
    looks: bool = False
    calls: Sequence[Callable[..., Any]] = ()

    @property
    def tables(self) -> Sequence[Table]:
        return (*self.makes, *self.parts)

    def bring_up_to_date(self, folders: Folders) -> Seen | None:
        """Runs if there is something to do. → what it has seen outside of the data folder"""
        store = folders.store
        if self.looks or not store.is_current(self.tables, self.needs, self.versions):
            with store.step(self.makes, self.needs, self.versions, (self.name, self.parts)) as writers:
                return self.run(folders, *writers)
        return None

    def assets(self) -> dg.AssetsDefinition:
        """The tables as Dagster assets, described by their declarations."""
        specs = [
            dg.AssetSpec(
                table.name,
                deps=[*self.deps, *(need.name for need in self.needs)],
                description=table.meaning,
                group_name=self.group,
                kinds={"polars", "parquet"},
                metadata={
                    "dagster/column_schema": column_schema(table),
                    "dagster/code_references": code(self.run, *self.calls),
                },
                freshness_policy=FRESH.get(table),
            )
            for table in self.tables
        ]

        @dg.multi_asset(name=self.name, specs=specs, pool=POOL, description=self.run.__doc__)
        def asset(folders: Folders) -> Iterator[dg.MaterializeResult[Any] | dg.AssetObservation]:
            with plain_errors():
                seen = self.bring_up_to_date(folders)
            if seen:
                yield dg.AssetObservation(SEEDS.key, metadata=seen)
            for table in self.tables:
                yield result(folders, table)

        return asset


def step(group: str, makes: Sequence[Table], **more: Any) -> Callable[[Run], Step]:
    """A function as the step of its name."""
    return lambda run: Step(run.__name__, run, group, makes, **more)


def result(folders: Folders, table: Table) -> dg.MaterializeResult[Any]:
    stamp = folders.store.require(table)[table.name]
    return dg.MaterializeResult(
        asset_key=table.name,
        metadata={
            "dagster/row_count": stamp.rows,
            "bytes": folders.store.size(table),
            "path": dg.MetadataValue.path(str(folders.store.path(table))),
            **metadata(remembered(folders.store, table)),
        },
        data_version=dg.DataVersion(stamp.digest),
    )


@step(
    "reading",
    makes=(FILES, REJECTED, GIVEN),
    parts=(TEXTS,),
    deps=("seeds",),
    versions=("reading",),
    looks=True,
    calls=(decode,),
)
def read(folders: Folders, files: TableWriter, rejected: TableWriter, given: TableWriter) -> Seen:
    """Finds the drops; decodes, repairs and identifies their new and changed pages; reads the corrections of lines."""
    found = drops.find(Path(folders.seeds))
    sidecar, faults = drops.sidecars(found)
    corrections, wrong = drops.corrections(found)
    given.write(corrections)
    columns, misnamed = drops.columns(found)
    seen = bypage.read(folders, found, sidecar, columns)
    readings = folders.store.scan_parts("read", READINGS)
    told = readings.filter(pl.col("reason").is_not_null()).select(REJECTED.schema.names()).collect()
    refusals = one_per_record(pl.concat([drops.rejected(found), faults, wrong, misnamed, REJECTED.conform(told)]))
    rejected.write(refusals)
    pages = readings.filter(pl.col("page_id").is_not_null()).select("path", "record").collect()
    files.write(drops.files(found, pages, refusals))
    folders.store.saw(drops.fingerprint(found)[0])
    return {"files": len(found), "bytes": sum(file.n_bytes or 0 for file in found), **seen}


@step("understanding", makes=(FURNITURE,), needs=(TEXTS,), versions=("rules", "counting"), calls=(corpus.count, learnt))
def furniture(folders: Folders, furniture: TableWriter) -> None:
    """Learns over the whole corpus which lines are page furniture."""
    bypage.count(folders)
    folders.workers.rest()
    store = folders.store
    rows = store.staged.whole("count", CONTEXTS).rows
    with spilling(store.staging) as shelve:
        contexts = (lean(some.collect()) for _, some in store.together(TEXTS, CONTEXTS, rows=BATCH))
        furniture.write(learnt(shelve(dealt(contexts, pl.col("group"), enough(rows, CONTEXTS_HELD)))))


@step(
    "understanding",
    makes=(CORRECTIONS,),
    parts=(LINES, PAGE_ARTICLES, PAGES),
    needs=(TEXTS, FURNITURE, GIVEN),
    versions=("rules", "model", "understanding"),
    calls=(corpus.understand,),
)
def understand(folders: Folders, corrections: TableWriter) -> None:
    """Gives every line its role and its reason, every article its lines, every page its kind; users' corrections
    go before all else."""
    bypage.understand(folders)
    given = folders.store.read(GIVEN)
    corrections.write(account(given, [seen(_corrected(folders, given), given)]))


def _corrected(folders: Folders, given: pl.DataFrame) -> pl.DataFrame:
    """The ledger of the pages that have corrections; it is long, and mostly nobody has corrected anything."""
    if given.is_empty():
        return LINES.empty()
    made = folders.store.scan_parts("understand", MADE_FROM).select("page", "page_id")
    pages = made.filter(pl.col("page_id").is_in(given["page_id"].implode())).collect()["page"]
    return folders.store.scan_parts("understand", LINES).filter(pl.col("page").is_in(pages.implode())).collect()


@step("articles", makes=(DUPLICATES, STORIES), needs=(PAGE_ARTICLES,), versions=("folding",), calls=(fold,))
def dedup(folders: Folders, duplicates: TableWriter, stories: TableWriter) -> None:
    """Finds the same article on several pages, and the same copy in several outlets."""
    bypage.sketch(folders)
    folders.workers.rest()
    store = folders.store
    comparisons = Comparisons(store)
    rows = pl.concat(
        about(sketches.collect(), articles.select(ABOUT).collect())
        for articles, sketches in store.together(PAGE_ARTICLES, SKETCHES, rows=BATCH)
    )
    with lots(folders, int(rows["size"].sum()), POSTINGS_HELD) as found:
        folded, shared = fold(rows, found, comparisons.compare)
    comparisons.keep()
    duplicates.write(folded)
    stories.write(shared)


@step("articles", makes=(ARTICLES,), needs=(PAGE_ARTICLES, DUPLICATES, STORIES), versions=MADE_WITH, calls=(select,))
def articles(folders: Folders, articles: TableWriter) -> None:
    """Keeps one row of each article."""
    folders.workers.rest()
    articles.note({name: folders.store.versions[name] for name in MADE_WITH})
    store = folders.store
    rows = pl.concat(some.select(PLACED).collect() for (some,) in store.together(PAGE_ARTICLES, rows=BATCH))
    where = places(rows, store.read(DUPLICATES), store.read(STORIES))
    del rows
    with spilling(store.staging) as shelve:
        for share in shelve(dealt(_kept(store, where), pl.col("share"), where.height)):
            articles.write(in_order(share))


def _kept(store: Store, where: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Those of all articles that have a place, in batches."""
    first = 0
    for batch in store.batches(PAGE_ARTICLES, BATCH):
        yield kept(batch, where.slice(first, batch.height))
        first += batch.height


@step("published", makes=(CHANGES,), needs=(ARTICLES, DUPLICATES), versions=("telling",), looks=True, calls=(compare,))
def changes(folders: Folders, changes: TableWriter) -> None:
    """Says what is other than in the generation that readers see, and why."""
    folders.workers.rest()
    store = folders.store
    made_from = store.scan_parts("understand", MADE_FROM).select(MADE).collect()
    was = State(
        store.published.batches(ARTICLES),
        store.published.read(DUPLICATES, ["article_id"]),
        store.published.read(MADE_FROM, MADE),
    )
    now = State(store.batches(ARTICLES, BATCH), store.scan(DUPLICATES).select("article_id").collect(), made_from)
    rows = store.require(ARTICLES)[ARTICLES.name].rows
    with spilling(store.staging) as shelve:
        version = store.published.other_version(store.versions)
        changes.write(compare(was, now, version, shelve, enough(rows, ARTICLES_HELD)))


def publish(folders: Folders, changed: Mapping[str, Mapping[str, int]]) -> Published:
    """Makes the staged tables what readers see; `changed`: see `counted`."""
    store = folders.store
    facts = {"versions": store.versions, "changes": changed}
    return store.publish(PUBLISHED, facts, HISTORY, {MADE_FROM: "understand"})


def counted(folders: Folders) -> dict[str, dict[str, int]]:
    """How many articles were added, changed and removed, by why."""
    told = folders.store.scan(CHANGES).group_by("change", "why").len().sort("change", "why").collect()
    found: dict[str, dict[str, int]] = {"added": {}, "changed": {}, "removed": {}}
    for change, why, n in told.iter_rows():
        found[change][why] = n
    return found


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
        watched, changed = measured(store), counted(folders)  # before the swap: after it nothing is new
        done = publish(folders, changed)
    return dg.MaterializeResult(
        metadata={
            "generation": done.generation,
            "new": done.new,
            **{f"articles_{change}": sum(by.values()) for change, by in changed.items()},
            "why": dg.MetadataValue.json(changed),
            "kept": dg.MetadataValue.json(store.names()),
            "path": dg.MetadataValue.path(str(store.generations / done.generation)),
            **done.rows,
            **watched,
        },
        data_version=dg.DataVersion(done.generation.split("-")[-1]),
    )


STEPS = [read, furniture, understand, dedup, articles, changes]
ASSETS: list[dg.AssetSpec | dg.AssetsDefinition] = [SEEDS, *(step.assets() for step in STEPS), published]
