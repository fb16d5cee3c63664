"""Whether a run's figures are like those of the runs before: what is measured, over which pages, and what is drift.

A figure drifts where it is further from the median of the runs before than five times their median distance from it,
and further than a floor: runs that are all alike have no distance, and every small step would be drift. It is measured
over all pages, where new rules show, and over the new ones, where a bad drop shows that the whole corpus would hide.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

import dagster as dg
import polars as pl

from assets.figures import ARTICLES_A_PAGE, DATES_MISSING, DIGITS, FILES_REJECTED, LINES_DROPPED, Measure, Number
from assets.store import Store
from pipeline.tables import FILES, PAGES, Table

RUNS = 10  # before this one, the newest, that a figure is held against
# With these, one drop in a hundred of pages drawn at random drifts by chance; with 20 pages and 3 runs one in ten.
AT_LEAST = 5  # of them, or there is nothing to hold it against
ENOUGH = 50  # pages or files; a figure over fewer says little
TIMES = 5  # the median distance of the runs before from their median
SEARCHED = 200  # runs of all folders, unchanged ones too, among which those before are looked for


class Watch(NamedTuple):
    """A measure that is held against the runs before: what tells its rows apart, and in which table those stand."""

    check: str
    measure: Measure
    unit: str
    key: tuple[str, ...]
    known: Table
    floor: float
    look: str


WATCHED = (
    Watch(
        "rejected_files",
        FILES_REJECTED,
        "files",
        ("path", "n_bytes"),
        FILES,
        0.05,
        "Look at the table `rejected` by reason: a scraper that was blocked leaves empty files and HTML, a broken "
        "copy leaves broken gzip. `todo` says what to do about each.",
    ),
    Watch(
        "lines_dropped",
        LINES_DROPPED,
        "pages",
        ("page_id",),
        PAGES,
        0.1,
        "Look at `lines dropped by reason` of this run and of one before: a rule that grew takes lines of text, a "
        "scraper that now takes whole pages brings more of what is no text.",
    ),
    Watch(
        "articles_a_page",
        ARTICLES_A_PAGE,
        "pages",
        ("page_id",),
        PAGES,
        0.5,
        "Look at `pages by kind` of this run and of one before: error, consent and empty pages say that the scraper "
        "was blocked. If the kinds are as they were, look whether articles are cut in two or run together.",
    ),
    Watch(
        "dates_missing",
        DATES_MISSING,
        "pages",
        ("page_id",),
        PAGES,
        0.15,
        "Look at `dates by what settled them` of this run and of one before, then at articles without a date of one "
        "outlet: its date line may have changed (a rule in its profile), or the drop has lost its manifest.",
    ),
)


class Verdict(NamedTuple):
    """A figure over all or new rows, what it was expected to be, and whether it is."""

    name: str
    drifted: bool
    says: str
    numbers: Mapping[str, Number]


def measured(store: Store, watched: Iterable[Watch] = WATCHED) -> dict[str, Number]:
    """The figures of staged tables that are held against the runs before, as `published` keeps them; those over too
    few rows are left out. New is what the live generation does not have: asked before the swap."""
    found: dict[str, Number] = {}
    for watch in watched:
        store.require(watch.measure.table, watch.known)
        rows, keys = store.scan(watch.measure.table), store.scan(watch.known).select(watch.key).collect()
        live = _live(store, watch)
        same = keys.equals(live)  # as mostly; a look is cheaper than a join
        new = keys.clear() if same else keys.unique().join(live, on=watch.key, how="anti", nulls_equal=True)
        found |= {watch.unit: len(keys), f"new {watch.unit}": len(new)}
        if len(keys) >= ENOUGH:
            found[watch.measure.name] = _value(rows, watch.measure)
        if len(new) >= ENOUGH:
            chosen = rows.join(new.lazy(), on=watch.key, how="semi", nulls_equal=True)
            found[_new(watch)] = _value(chosen, watch.measure)
    return found


def _live(store: Store, watch: Watch) -> pl.DataFrame:
    """What is published by now. A generation that someone has damaged or removed must not keep the next one away."""
    try:
        return pl.read_parquet(store.current / f"{watch.known.name}.parquet", columns=list(watch.key))
    except (OSError, pl.exceptions.PolarsError):
        return watch.known.empty().select(watch.key)


def before(instance: dg.DagsterInstance, store: Store) -> list[dict[str, Number]]:
    """The figures of the last runs that published something new in this data folder, the newest first."""
    found = []
    for record in instance.fetch_materializations(dg.AssetKey("published"), limit=SEARCHED).records:
        made = record.asset_materialization
        values: dict[str, Any] = {name: value.value for name, value in made.metadata.items()} if made else {}
        here = str(values.get("path", "")).startswith(f"{store.generations}/")
        if here and values.get("new") is True:
            found.append({name: v for name, v in values.items() if type(v) in (int, float)})
    return found[:RUNS]


def verdicts(watch: Watch, now: Mapping[str, Number], runs: Sequence[Mapping[str, Number]]) -> Iterator[Verdict]:
    """What is to be said of a figure over all rows, and over the new ones."""
    for name, rows in ((watch.measure.name, watch.unit), (_new(watch), f"new {watch.unit}")):
        then = [run[name] for run in runs if name in run]
        numbers = {rows: now[rows]}
        if name not in now:
            yield Verdict(name, False, f"{name}: {now[rows]} {rows}, fewer than {ENOUGH} say little", numbers)
        elif len(then) < AT_LEAST:
            says = f"{name}: {now[name]:.3g}, with {len(then)} runs before to hold it against ({AT_LEAST} are needed)"
            yield Verdict(name, False, says, {**numbers, name: now[name]})
        else:
            low, high = expected(then, watch.floor)
            drifted = not low <= now[name] <= high
            span = f"expected {max(low, 0):.3g} to {high:.3g} from the last {len(then)} runs"
            says = f"{name}: {now[name]:.3g}, {span}"
            limits = {"least": round(max(low, 0.0), DIGITS), "most": round(high, DIGITS)}
            numbers |= {name: now[name], **{f"{name}: {limit} expected": n for limit, n in limits.items()}}
            yield Verdict(name, drifted, says, numbers)


def expected(values: Sequence[Number], floor: float) -> tuple[float, float]:
    """From where to where a figure is like those before."""
    middle = median(values)
    apart = max(TIMES * median(abs(value - middle) for value in values), floor)
    return middle - apart, middle + apart


def _new(watch: Watch) -> str:
    return f"{watch.measure.name}, new {watch.unit}"


def _value(rows: pl.LazyFrame, measure: Measure) -> Number:
    value = rows.select(measure.value).collect(engine="streaming").item()
    return round(float(value or 0), DIGITS)
