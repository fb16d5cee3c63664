"""What the steps over the whole corpus cost at some size: CPU seconds and peak memory, each in a process of its own.

    python -m bench.memory FOLDER ARTICLES     # stages that many articles of 3 KB, a fifth of them copies, and runs all
    python -m bench.memory FOLDER              # runs them again over what is staged there

What is made page by page is invented here, not understood: its steps have batches, and are measured elsewhere.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parents[1]))

import dagster as dg
import polars as pl
import pyarrow.parquet as pq

from assets import carding, checks, drift, figures, flow, reviewing, summary
from assets.engine import Local
from assets.resources import RULES, Folders, Rules
from assets.seeds import nth_unit
from assets.staging import Made
from assets.store import Store
from assets.versions import MAKERS
from pipeline import corpus
from pipeline.dedup import sketches
from pipeline.tables import (
    ARTICLES,
    CONTEXTS,
    CORRECTIONS,
    COUNTED,
    DUPLICATES,
    FILES,
    FURNITURE,
    GIVEN,
    LINES,
    MADE_FROM,
    PAGE_ARTICLES,
    PAGES,
    PUBLISHED,
    READINGS,
    REJECTED,
    SKETCHED,
    SKETCHES,
    STORIES,
    TEXTS,
    Table,
)
from pipeline.tracking import articles as digests
from tests.copies import digest
from tests.planted import KINDS, OUTLETS, Press

UNITS = 256
VERSIONS = dict.fromkeys(("broadsheet", "rules", "model", *MAKERS), "same")  # what is staged stays good
LABELS = 6  # short lines above and below each article, its outlet's
EVERY = 20  # articles of which one is copied, in each way


def opened(data: Path) -> Folders:
    folders = Folders(seeds=str(data / "none"), data=str(data))
    folders._store, folders._workers = Store(data, VERSIONS), Local(1)
    return folders


# --- what the steps page by page would have staged


def stage(data: Path, n: int) -> None:
    store, press = Store(data, VERSIONS), Press(5)
    labels = [[" ".join(press.some(2)) for _ in range(2 * LABELS)] for _ in range(OUTLETS)]
    source = articles(press, labels)
    for unit in range(UNITS):
        rows = [next(source) for _ in range(n * (unit + 1) // UNITS - n * unit // UNITS)]
        put(store, nth_unit(unit), rows)
    with store.step((FILES, REJECTED, GIVEN), (), ("reading",), ("read", (TEXTS,))) as (files, rejected, given):
        found = store.scan_parts("read", READINGS).select("path", n_bytes="weight").collect()
        fate = found.with_columns(fate=pl.lit("read"), why=pl.lit(None, pl.String), n_read=1, n_rejected=0)
        files.write(FILES.conform(fate))
        rejected.write(REJECTED.empty())
        given.write(GIVEN.empty())
    parts = store.require(TEXTS)[TEXTS.name].parts
    counted = store.staged.units("count")
    store.staged.keep("count", {u: type(m)(parts[u].digest, m.maker, m.tables) for u, m in counted.items()})
    flow.furniture.bring_up_to_date(opened(data))
    made_from = (TEXTS, FURNITURE, GIVEN)
    understood = ("understand", (LINES, PAGE_ARTICLES, PAGES))
    with store.step((CORRECTIONS,), made_from, ("rules", "model", "understanding"), understood) as (corrections,):
        corrections.write(CORRECTIONS.empty())
    parts = store.require(PAGE_ARTICLES)[PAGE_ARTICLES.name].parts
    sketched = store.staged.units("sketch")
    store.staged.keep("sketch", {u: type(m)(parts[u].digest, m.maker, m.tables) for u, m in sketched.items()})


def articles(press: Press, labels: Sequence[Sequence[str]]) -> Iterator[tuple[str, str, str, list[str]]]:
    """Outlet, title, body and lines of each article without end, copies behind what they are copies of: of one article
    later states, of the next what other outlets print."""
    n, title = 0, ""
    while True:
        said, background, outlet = press.article(), press.background_or_none(), press.one_of(OUTLETS)
        copies = KINDS.values() if n % EVERY == 0 else ()
        for k, copy in enumerate((lambda press, said: said, *copies)):
            elsewhere = n % (2 * EVERY) == 0
            place = (outlet + k * elsewhere) % OUTLETS
            title = " ".join(press.some(7)) if elsewhere or not k else title
            body = press.printed(copy(press, said), background, place)
            above, below = labels[place][:LABELS], labels[place][LABELS:]
            yield f"Outlet {place}", title, body, [*above, title, *body.split("\n\n"), *below]
        n += 1


def put(store: Store, unit: str, rows: list[tuple[str, str, str, list[str]]]) -> None:
    """One unit of all tables that are made page by page."""
    frame = pl.DataFrame(rows, schema=["outlet", "title", "body", "lines"], orient="row")
    pages = [f"scrape-of-some-weeks/{unit}/article-{i:06}.txt" for i in range(len(rows))]
    lower = pl.col("body").str.to_lowercase()
    frame = frame.with_columns(
        page=pl.Series(pages),
        page_id=pl.Series([digest(page) for page in pages]),
        article_id=pl.Series([digest(page, 1) for page in pages]),
        text_hash=lower.hash().cast(pl.String),
        n_words=lower.str.count_matches(r"\w+").cast(pl.Int32),
        text=pl.col("lines").list.join("\n"),
        n_bytes=pl.col("lines").list.join("\n").str.len_bytes().cast(pl.Int64),
        encoding=pl.lit("utf-8"),
        site=pl.col("outlet").str.replace(" ", "").str.to_lowercase() + ".example",
        article_no=pl.lit(1, pl.Int32),
        line_start=pl.lit(LABELS + 1, pl.Int32),
        line_end=pl.lit(99, pl.Int32),
        confidence=pl.col("body").hash() % 1000 / 1000,
        kind=pl.lit("articles"),
        kind_reason=pl.lit("articles"),
        n_articles=pl.lit(1, pl.Int32),
        **{name: pl.lit(False) for name in ("truncated", "repaired", "wrapped")},
        **{name: pl.lit([], pl.List(pl.String)) for name in ("standfirst", "captions", "agencies")},
        **{name: pl.lit(0, pl.UInt64) for name in ("sidecar", "furniture", "corrections")},
    )
    lines = (
        frame.select(
            "page", "page_id", "title", "body", text="lines", place=pl.int_ranges(1, pl.col("lines").list.len() + 1)
        )
        .explode("text", "place")
        .with_columns(line_no="place", part=0, joined=None, score=pl.col("text").hash() % 1000 / 1000)
        .with_columns(
            inside=(pl.col("place") > LABELS) & (pl.col("place") <= pl.col("place").max().over("page") - LABELS)
        )
        .with_columns(
            role=pl.when(~pl.col("inside"))
            .then(pl.lit("boilerplate"))
            .when(pl.col("place") == LABELS + 1)
            .then(pl.lit("headline"))
            .otherwise(pl.lit("body"))
        )
        .with_columns(
            reason=pl.when("inside").then(pl.lit("model 0.99")).otherwise(pl.lit("furniture")),
            article_no=pl.when("inside").then(1),
            destination=pl.col("role").replace_strict(
                {"boilerplate": None, "headline": "title", "body": "body"}, return_dtype=pl.String
            ),
        )
    )
    texts = TEXTS.conform(_filled(frame, TEXTS))
    counted = CONTEXTS.conform(corpus.count(texts, RULES.book))
    page_articles = PAGE_ARTICLES.conform(_filled(frame, PAGE_ARTICLES))
    digested = frame.with_columns(text=pl.col("text").hash())
    asked = lines.group_by("page").agg(asked=pl.col("text").hash())
    readings = digested.rename({"page": "path"}).with_columns(
        record=0, modified=1, changed=1, inode=1, weight="n_bytes"
    )
    made_from = digested.join(asked, on="page")
    for step, maker, frames in (
        ("read", ("reading",), {TEXTS: texts, READINGS: READINGS.conform(_filled(readings, READINGS))}),
        ("count", ("rules", "counting"), {CONTEXTS: counted, COUNTED: COUNTED.conform(digested)}),
        (
            "understand",
            ("rules", "model", "understanding"),
            {
                LINES: LINES.conform(lines),
                PAGE_ARTICLES: page_articles,
                PAGES: PAGES.conform(_filled(frame, PAGES)),
                MADE_FROM: MADE_FROM.conform(made_from),
            },
        ),
        (
            "sketch",
            ("folding",),
            {SKETCHES: sketches(page_articles), SKETCHED: SKETCHED.conform(digests(page_articles))},
        ),
    ):
        with store.staged.parts(tuple(frames)) as parts:
            parts.write({table: rows.sort(table.key, maintain_order=True) for table, rows in frames.items()})
        store.staged.place(step, [Made(unit, "", store.made_with(*maker), parts.written)], store.staged.units(step))


def _filled(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    missing = [pl.lit(None, dtype).alias(c) for c, dtype in table.schema.items() if c not in frame.columns]
    return frame.with_columns(missing)


# --- the steps


def shown(folders: Folders) -> None:
    for known in folders.store.staging.glob("*.figures.json"):
        known.unlink()
    for table in PUBLISHED:
        figures.remembered(folders.store, table)


def otherwise(folders: Folders) -> None:
    """Another value in every row of `articles`, as after a change of the rules."""
    store = folders.store
    rows = pq.ParquetFile(store.path(ARTICLES))
    with store.step((ARTICLES,), (PAGE_ARTICLES, DUPLICATES, STORIES), flow.MADE_WITH) as (writer,):
        for batch in rows.iter_batches(10_000):
            writer.write(pl.DataFrame(batch).with_columns(confidence=1 - pl.col("confidence")))


STEPS: dict[str, Callable[[Folders], object]] = {
    "nothing": lambda folders: None,
    "furniture": lambda folders: remade(folders, flow.furniture),
    "dedup": lambda folders: remade(folders, flow.dedup),
    "dedup again": lambda folders: remade(folders, flow.dedup, keep=True),
    "articles": lambda folders: remade(folders, flow.articles),
    "audit_read": lambda folders: audited(folders, checks.audit_read),
    "audit_understand": lambda folders: audited(folders, checks.audit_understand),
    "audit_dedup": lambda folders: audited(folders, checks.audit_dedup),
    "audit_articles": lambda folders: audited(folders, checks.audit_articles),
    "changes": lambda folders: remade(folders, flow.changes, first=True),
    "figures": shown,
    "drift": lambda folders: drift.measured(folders.store),
    "publish": lambda folders: flow.publish(folders, flow.counted(folders)),
    "changes again": lambda folders: remade(folders, flow.changes),
    "card": lambda folders: anew(folders, "README.md", carding.write),
    "review": lambda folders: anew(folders, "review/index.html", reviewing.write),
    "summary": lambda folders: summary.summary(Path(folders.data), Path(folders.data)),
    "other articles": otherwise,
    "changes of all": lambda folders: remade(folders, flow.changes),
}


def anew(folders: Folders, page: str, write: Callable[[Path, Rules], object]) -> None:
    (Path(folders.data) / page).unlink(missing_ok=True)
    write(Path(folders.data), RULES)


def remade(folders: Folders, step: flow.Step, keep: bool = False, first: bool = False) -> None:
    store = folders.store
    if first:
        store.published.current.unlink(missing_ok=True)
    with store.step(step.makes, step.needs, step.versions, (step.name, step.parts)) as writers:
        if step is flow.dedup and not keep:
            (store.staging / "compared.json").unlink(missing_ok=True)
        step.run(folders, *writers)


def audited(folders: Folders, audit: dg.AssetChecksDefinition) -> None:
    for known in folders.store.staging.glob("*.good.json"):
        known.unlink()
    context = SimpleNamespace(selected_asset_check_keys=audit.check_keys)
    bad = [found for found in audit.node_def.compute_fn.decorated_fn(context, folders) if not found.passed]
    assert not bad, bad


def one(data: Path, name: str) -> None:
    folders = opened(data)
    start = time.process_time()
    STEPS[name](folders)
    seconds, peak = time.process_time() - start, highest()
    made = {step.name: step.makes for step in flow.STEPS}.get(name, ())
    digests = [stamp.digest[:8] for table in PUBLISHED if (stamp := folders.store.stamp(table.name)) and table in made]
    print(f"{name:16} {seconds:7.1f} s CPU, peak {peak:.2f} GB", *digests, flush=True)


def highest() -> float:
    """This process's peak of memory in GB; that of `getrusage` may be its parent's."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1e6


def main(arguments: Sequence[str]) -> None:
    data = Path(arguments[0])
    if arguments[1:2] == ["--step"]:
        return one(data, arguments[2])
    if arguments[1:]:
        stage(data, int(arguments[1]))
    for name in STEPS:
        subprocess.run([sys.executable, "-m", "bench.memory", str(data), "--step", name], check=False)


if __name__ == "__main__":
    main(sys.argv[1:])
