"""Checks on staged tables: which audit speaks for which asset, how its findings are shown, and warnings of drift.

What is checked stands in `pipeline.publish` (and `assets.drift`). Every check of a step runs in one op, so that big
tables are read once. `published` comes after them all, and a run that fails an audit leaves the live generation alone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import dagster as dg
import polars as pl

from assets import drift
from assets.auditing import OF_PAGE, PAGES_AT_ONCE, Units, audit
from assets.flow import plain_errors
from assets.incremental import BATCH
from assets.progress import progress
from assets.resources import Folders
from assets.settings import POOL
from assets.store import StoreError
from pipeline import publish
from pipeline.publish import Finding
from pipeline.tables import (
    ARTICLES,
    CHANGES,
    CORRECTIONS,
    DUPLICATES,
    FILES,
    FURNITURE,
    GIVEN,
    LINES,
    PAGE_ARTICLES,
    PAGES,
    REJECTED,
    STORIES,
    TEXTS,
    Table,
)


@dataclass(frozen=True)
class Check:
    """Findings of an audit as one check of an asset."""

    asset: Table
    name: str
    findings: tuple[str, ...]
    says: str
    look: str = "Compare the rows with the page's file."

    @property
    def todo(self) -> str:
        """What to do where it fails; whatever a page holds, none of them should."""
        return (
            f"Nothing was published: readers keep the tables of before. Look at these places in "
            f"staging/{self.asset.name}.parquet. {self.look} If code, rules or model changed since the last run that "
            "passed, undo that and materialize all; else it is a fault of Broadsheet: report it with the places."
        )

    @property
    def key(self) -> dg.AssetCheckKey:
        return dg.AssetCheckKey(dg.AssetKey(self.asset.name), self.name)


def declared(table: Table) -> Check:
    says = f"Columns, types, nulls and values are as declared; no two rows have the same {' and '.join(table.key)}."
    look = "The columns and what they may hold stand in pipeline/tables.py."
    return Check(table, "declared", (f"{table.name}: schema", f"{table.name}: key"), says, look)


AGAIN = "Files may have changed while they were read: materialize all once more."
READ = (
    declared(FILES),
    declared(REJECTED),
    declared(TEXTS),
    declared(GIVEN),
    Check(
        FILES, "accounted_for", ("files: accounted for",), "Pages and rejections are those that the files gave.", AGAIN
    ),
)
LEARNT = (declared(FURNITURE),)
UNDERSTOOD = (
    declared(LINES),
    declared(PAGES),
    declared(PAGE_ARTICLES),
    declared(CORRECTIONS),
    Check(LINES, "conserved", ("ledger: lines",), "Every line of every page stands in the ledger, and nothing else."),
    Check(LINES, "parts", ("ledger: parts",), "A line is whole or in parts 1, 2, …, none missing."),
    Check(LINES, "corrected", ("ledger: corrections",), "What a user corrected is so in the ledger, and nothing else."),
    Check(CORRECTIONS, "all_given", ("corrections: all that were read",), "Every correction is there, applied or not."),
    Check(PAGES, "all_pages", ("pages: all that were read",), "Every page that was read is there, and no other."),
    Check(PAGE_ARTICLES, "bodies", ("bodies",), "A body is exactly the text of its lines in the ledger."),
    Check(PAGE_ARTICLES, "titles", ("titles",), "A title is exactly the text of its lines in the ledger."),
    Check(
        PAGE_ARTICLES,
        "no_boilerplate",
        ("bodies: no known boilerplate",),
        "No line of a known boilerplate family stands in a body.",
        "`reason` says what kept the line; `make correct` can set it right.",
    ),
)
FOLDED = (declared(DUPLICATES), declared(STORIES))
SELECTED = (
    declared(ARTICLES),
    Check(
        ARTICLES,
        "each_once",
        ("articles: each once, there or folded",),
        "Every article of a page is there or folded into one that is.",
    ),
    Check(ARTICLES, "stand_ins", ("duplicates: folded into an article",), "What others were folded into is there."),
    Check(ARTICLES, "unchanged", ("articles: as on their page",), "A row is as in page_articles, column by column."),
    Check(ARTICLES, "stories", ("stories: groups of articles",), "Stories and their articles name each other."),
)

TOLD = (declared(CHANGES),)

Audit = Callable[[Folders], Iterable[Finding]]


def checks(shown: Sequence[Check], also: Sequence[Table] = ()) -> Callable[[Audit], dg.AssetChecksDefinition]:
    """An audit as blocking checks of one step's assets; it reads the tables `also` as well."""

    def decorate(audit: Audit) -> dg.AssetChecksDefinition:
        specs = [
            dg.AssetCheckSpec(
                check.name,
                asset=check.asset.name,
                description=check.says,
                blocking=True,
                additional_deps=[table.name for table in also],
            )
            for check in shown
        ]

        @dg.multi_asset_check(name=audit.__name__, specs=specs, pool=POOL, description=audit.__doc__, can_subset=True)
        def run(context: dg.AssetCheckExecutionContext, folders: Folders) -> Iterator[dg.AssetCheckResult]:
            with plain_errors():
                findings = audited(folders, audit, shown, also)
            for check in shown:
                if check.key in context.selected_asset_check_keys:
                    yield result(check, findings)

        return run

    return decorate


def audited(folders: Folders, audit: Audit, shown: Sequence[Check], also: Sequence[Table]) -> dict[str, Finding]:
    """The findings of an audit; of tables that it found good before, in just this state, it finds nothing again."""
    verdicts = folders.store.verdicts
    tables = list(dict.fromkeys(check.asset for check in shown))
    names = [name for check in shown for name in check.findings]
    state = verdicts.state((*tables, *also))
    if verdicts.is_good(audit.__name__, state):
        return {name: Finding(name, 0) for name in names}
    findings = {finding.check: finding for finding in publish.combined(audit(folders))}
    if all(finding.passed for finding in findings.values()) and findings.keys() >= set(names):
        verdicts.good(audit.__name__, state)
    else:
        verdicts.bad(tables)
    return findings


def result(check: Check, findings: Mapping[str, Finding]) -> dg.AssetCheckResult:
    """Numbers and places, never scraped text. Dagster renders descriptions as Markdown, which would fetch what a file's
    name links to: so the places stand in the metadata only."""
    found = [findings[name] for name in check.findings if name in findings]
    bad = sum(finding.n_bad for finding in found)
    places = [place for finding in found for place in finding.places]
    says = "; ".join(f"{f.check}: {f.n_bad} bad" for f in found if not f.passed) or "nothing bad found"
    left_out = not bad and len(found) < len(check.findings)
    passed = not bad and not left_out
    return dg.AssetCheckResult(
        passed=passed,
        asset_key=check.asset.name,
        check_name=check.name,
        description="not checked, as a schema is broken" if left_out else says,
        metadata={
            "bad": bad,
            **(
                {}
                if passed
                else {
                    "places": dg.MetadataValue.text(", ".join(places)),
                    "what to do": dg.MetadataValue.text(check.todo),
                }
            ),
        },
    )


@checks(READ)
def audit_read(folders: Folders) -> Iterator[Finding]:
    """Files, pages and rejections: as declared, and none lost."""
    files, rejected = folders.store.read(FILES), folders.store.read(REJECTED)
    yield from _declared(FILES, files)
    yield from _declared(REJECTED, rejected)
    yield from _declared(GIVEN, folders.store.read(GIVEN))
    yield from _declared(TEXTS, TEXTS.empty())  # so that they speak where there is no page
    pages = 0
    for texts in folders.store.batches(TEXTS, BATCH):
        yield from _declared(TEXTS, texts)
        pages += len(texts)
    yield accounted(files, rejected, pages)


@checks(LEARNT)
def audit_furniture(folders: Folders) -> Iterator[Finding]:
    """Furniture: as declared."""
    yield from _declared(FURNITURE, folders.store.read(FURNITURE))


@checks(UNDERSTOOD, also=(TEXTS, GIVEN))
def audit_understand(folders: Folders) -> Iterator[Finding]:
    """Ledger, articles, pages, corrections: nothing lost, nothing invented, no known boilerplate in a body."""
    store, verdicts = folders.store, folders.store.verdicts
    corrections = store.read(CORRECTIONS)
    named = pl.col("page_id").is_in(corrections["page_id"].implode()) | (pl.col("reason") == "correction")
    yield publish.corrected(store.scan(LINES).filter(named).collect(), corrections)
    yield from _declared(CORRECTIONS, corrections)
    yield publish.all_given(store.read(GIVEN), corrections)
    # so that each of them speaks where there is no page
    yield from publish.audit_pages(TEXTS.empty(), LINES.empty(), PAGES.empty(), PAGE_ARTICLES.empty())
    texts = store.require(TEXTS)[TEXTS.name]
    groups = verdicts.open_units("audit_understand", OF_PAGE, PAGES_AT_ONCE)
    left = [Units(names, sum(texts.parts[name].rows for name in names)) for names in groups]
    done = folders.workers.map(partial(audit, store.staged), left)
    with progress("check", texts.rows, "pages") as advance, closing(done):  # type: ignore[type-var]
        for units, findings in zip(left, done, strict=True):
            yield from findings
            verdicts.units("audit_understand", units.names, all(finding.passed for finding in findings))
            advance(units.pages)


@checks(FOLDED)
def audit_dedup(folders: Folders) -> Iterator[Finding]:
    """Duplicates and stories: as declared."""
    for table in (DUPLICATES, STORIES):
        yield from _declared(table, folders.store.read(table))


@checks(SELECTED, also=(PAGE_ARTICLES, DUPLICATES, STORIES))
def audit_articles(folders: Folders) -> Iterator[Finding]:
    """The product: every article once, unchanged."""
    store = folders.store
    given, made = store.batches(PAGE_ARTICLES, BATCH), store.batches(ARTICLES, BATCH)
    yield from publish.audit_corpus(given, store.read(DUPLICATES), store.read(STORIES), made)


@checks(TOLD)
def audit_changes(folders: Folders) -> Iterator[Finding]:
    """What became of articles: as declared."""
    yield from _declared(CHANGES, folders.store.read(CHANGES))


def drifts(watch: drift.Watch) -> dg.AssetChecksDefinition:
    """A check that warns where a figure is unlike those of the runs before."""

    @dg.asset_check(
        name=watch.check,
        asset=watch.measure.table.name,
        description=f"The {watch.measure.name} is like that of the runs before. This only warns. {watch.look}",
        # Has `published` wait, as what is new shows before the swap only; a warning does not stop it.
        blocking=True,
        pool=POOL,
    )
    def run(context: dg.AssetCheckExecutionContext, folders: Folders) -> dg.AssetCheckResult:
        try:
            now = drift.measured(folders.store, [watch])
        except StoreError:  # an audit before this one has found the table bad, and set it aside
            return dg.AssetCheckResult(passed=True, description="not measured: the table did not pass its audit")
        return warning(watch, list(drift.verdicts(watch, now, drift.before(context.instance, folders.store))))

    return run


def warning(watch: drift.Watch, verdicts: Sequence[drift.Verdict]) -> dg.AssetCheckResult:
    """What is shown of a figure over all rows and over the new ones: what it is, what was expected, where to look."""
    drifted = [verdict for verdict in verdicts if verdict.drifted]
    numbers = {name: number for verdict in verdicts for name, number in verdict.numbers.items()}
    return dg.AssetCheckResult(
        passed=not drifted,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(verdict.says for verdict in drifted or verdicts),
        metadata={**numbers, "what to look at": dg.MetadataValue.text(watch.look)},
    )


AUDITS = [audit_read, audit_furniture, audit_understand, audit_dedup, audit_articles, audit_changes]
CHECKS = [*AUDITS, *map(drifts, drift.WATCHED)]


def accounted(files: pl.DataFrame, rejected: pl.DataFrame, pages: int) -> Finding:
    """Pages are as many as the files gave, and each rejected file says why."""
    given = int(files["n_read"].sum())
    missing = [f"{given} pages in the files, {pages} read"] if given != pages else []
    silent = files.filter(pl.col("fate") == "rejected").join(rejected, on="path", how="anti")["path"]
    unknown = rejected.join(files, on="path", how="anti")["path"].unique()
    bad = (*missing, *silent.sort(), *unknown.sort())
    return Finding("files: accounted for", len(bad), bad[: publish.PLACES])


def _declared(table: Table, frame: pl.DataFrame) -> list[Finding]:
    return [publish.schema(table, frame), publish.unique(table, frame)]
