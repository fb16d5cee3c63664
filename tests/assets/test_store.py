"""The data folder: one writer, whole generations, bytes that follow from the rows alone."""

import errno
import json
import multiprocessing
import os
import random
import threading
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from assets import parquet
from assets.parquet import TableWriter, noted
from assets.staging import Made
from assets.store import KEPT, Store, StoreError
from pipeline.tables import ARTICLES, FILES, LINES, PAGES, REJECTED, TEXTS, Table


def texts(pages: int, text: str = "x") -> pl.DataFrame:
    return TEXTS.conform(
        pl.DataFrame({"page": [f"{i:05}.txt" for i in range(pages)]}).with_columns(
            page_id=pl.lit("id"),
            n_bytes=1,
            encoding=pl.lit("utf-8"),
            repaired=False,
            text=pl.lit(text),
            **{c: pl.lit(None) for c in ("url", "site", "fetched_at", "sidecar_outlet", "sidecar_date")},
        )
    )


def ledger(pages: int, lines: int = 7) -> pl.DataFrame:
    n = pages * lines
    return LINES.conform(
        pl.DataFrame(
            {
                "page": [f"{i // lines:05}.txt" for i in range(n)],
                "line_no": [i % lines + 1 for i in range(n)],
                "text": ["é" * (i % 90) for i in range(n)],
            }
        ).with_columns(
            page_id=pl.lit("id"),
            part=0,
            joined=None,
            role=pl.lit("body"),
            reason=pl.lit("r"),
            score=0.5,
            article_no=1,
            destination=pl.lit("body"),
        )
    )


def stage(store: Store, table: Table, frame: pl.DataFrame, *needs: Table) -> str:
    with store.step([table], needs) as (writer,):
        writer.write(frame)
    return writer.digest


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")


@pytest.fixture
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "GROUP_ROWS", 50)
    monkeypatch.setattr(parquet, "GROUP_BYTES", 6_000)


# Files


@pytest.mark.usefixtures("small_groups")
def test_bytes_do_not_depend_on_batches(tmp_path: Path) -> None:
    frame, seen = ledger(140), set()
    for seed in range(8):
        draw = random.Random(seed)
        writer = TableWriter(LINES, tmp_path / str(seed))
        start = 0
        while start < len(frame):
            n = draw.choice([0, 1, 3, 49, 50, 51, 400, 2_000])
            writer.write(frame.slice(start, n))
            start += n
        writer.close()
        seen.add((tmp_path / str(seed)).read_bytes())
    assert len(seen) == 1
    groups = pq.ParquetFile(tmp_path / "0").metadata
    rows = [groups.row_group(i).num_rows for i in range(groups.num_row_groups)]
    assert max(rows) == 50, "cut by rows"
    assert min(rows[:-1]) < 50, "cut by bytes"


def test_file_says_what_its_columns_mean(tmp_path: Path) -> None:
    writer = TableWriter(FILES, tmp_path / "f")
    writer.close()
    schema = pq.read_schema(tmp_path / "f")
    assert schema.equals(FILES.arrow_schema)
    assert schema.field("path").metadata[b"meaning"].decode() == FILES.columns[0].meaning
    assert b"pandas" not in (schema.metadata or {})
    assert pl.read_parquet(tmp_path / "f").schema == FILES.schema
    assert noted(tmp_path / "f") == {}


def test_file_says_what_it_was_made_with_to_every_reader(tmp_path: Path) -> None:
    writer = TableWriter(ARTICLES, tmp_path / "a")
    writer.note({"rules": "r1"})
    writer.close()
    said = noted(tmp_path / "a")
    assert said["made_with"] == {"rules": "r1"} and said["sorted_by"] == ["outlet", "date", "article_id"]
    assert said["columns"] == {c.name: c.meaning for c in ARTICLES.columns}
    assert json.loads(pl.read_parquet_metadata(tmp_path / "a")["broadsheet"]) == said


def test_empty_table(store: Store) -> None:
    stage(store, TEXTS, TEXTS.empty())
    assert store.read(TEXTS).schema == TEXTS.schema


# Tables in parts


def put(store: Store, step: str, frames: dict[str, dict[Table, pl.DataFrame]]) -> None:
    with store.step([], parts=(step, list(next(iter(frames.values()))))):
        store.staged.place(
            step, [written(store, unit, made) for unit, made in frames.items()], store.staged.units(step)
        )


def written(store: Store, unit: str, frames: dict[Table, pl.DataFrame]) -> Made:
    with store.staged.parts(list(frames)) as parts:
        parts.write(frames)
    return Made(unit, unit, "maker", parts.written)


def unit(first: int, last: int) -> dict[Table, pl.DataFrame]:
    numbers = pl.col("page").str.slice(0, 5).cast(pl.Int32).is_between(first, last)
    return {TEXTS: texts(last + 1).filter(numbers), LINES: ledger(last + 1).filter(numbers)}


def test_parts_are_read_together_unit_by_unit(store: Store) -> None:
    put(store, "step", {"00": unit(0, 3), "2a": unit(4, 5), "ff": unit(6, 20)})
    assert store.read(TEXTS).equals(texts(21))
    assert sum(part.rows for part in store.require(LINES)["lines"].parts.values()) == len(ledger(21))
    seen = [(text.collect(), line.collect()) for text, line in store.together(TEXTS, LINES, rows=7)]
    assert [len(text) for text, _ in seen] == [6, 15], "as many as fit, but whole units"
    assert all(set(text["page"]) == set(line["page"]) for text, line in seen)
    assert pl.concat([line for _, line in seen]).equals(ledger(21))
    assert [len(batch) for batch in store.batches(TEXTS, 1)] == [4, 2, 15]


def test_a_new_part_is_a_new_table_and_the_old_one_stays_as_it_is(store: Store) -> None:
    put(store, "step", {"00": unit(0, 3), "2a": unit(4, 5)})
    first = store.publish([TEXTS, LINES]).generation
    old = store.stamp("texts")
    put(store, "step", {"2a": unit(4, 4)})
    assert store.stamp("texts") != old
    assert len(store.read(TEXTS)) == 5
    second = store.publish([TEXTS, LINES]).generation
    assert rows(store.generations / first) == 6
    assert rows(store.generations / second) == 5
    same = [(store.generations / name / "texts.parquet/00.parquet").stat().st_ino for name in (first, second)]
    assert same[0] == same[1], "what is the same is one file"


def test_who_dies_while_parts_are_moved_leaves_whole_units(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, "step", {"00": unit(0, 3), "2a": unit(4, 5)})
    moved = []
    real = Path.replace

    def replace(path: Path, target: Path) -> Path:
        if target.suffix == ".parquet":
            moved.append(target)
            if len(moved) == 2:
                raise KeyboardInterrupt
        return real(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        with pytest.raises(KeyboardInterrupt):
            put(store, "step", {"2a": unit(4, 4)})
    assert list(store.staged.units("step")) == ["00"]
    with pytest.raises(StoreError, match=r"texts\.parquet is not there"):
        store.require(TEXTS)
    assert not list(store.root.rglob(".tmp-*"))
    put(store, "step", {"2a": unit(4, 4)})
    assert len(store.read(TEXTS)) == 5


def test_parts_of_units_that_are_gone_are_removed(store: Store) -> None:
    put(store, "step", {"00": unit(0, 3), "2a": unit(4, 5)})
    store.staged.forget_units("step", ["2a"])
    put(store, "step", {"00": unit(0, 3)})
    assert [p.name for p in store.path(TEXTS).iterdir()] == ["00.parquet"]


# Staged tables


def test_all_tables_of_a_step_appear_or_none(store: Store) -> None:
    stage(store, FILES, FILES.empty())
    before = store.stamp("files")
    with pytest.raises(RuntimeError), store.step([FILES, TEXTS]) as (_, written):
        written.write(texts(3))
        raise RuntimeError
    assert store.stamp("files") == before
    assert sorted(p.name for p in store.staging.iterdir()) == ["files.json", "files.parquet"]


def test_missing_and_stale_tables_are_named(store: Store) -> None:
    with pytest.raises(StoreError, match=r"texts\.parquet is not there: materialise `texts` first"):
        store.require(TEXTS)
    stage(store, TEXTS, texts(3))
    stage(store, LINES, ledger(3), TEXTS)
    stage(store, PAGES, PAGES.empty(), LINES)
    store.require(TEXTS, LINES, PAGES)
    stage(store, TEXTS, texts(4))
    with pytest.raises(StoreError, match=r"pages\.parquet was made from other texts .* materialise `pages` first"):
        store.require(PAGES)
    stage(store, TEXTS, texts(3))  # the same content again: nothing is stale
    store.require(TEXTS, LINES, PAGES)


def test_other_rules_make_a_table_stale(tmp_path: Path) -> None:
    old, new = Store(tmp_path, {"rules": "a"}), Store(tmp_path, {"rules": "b"})
    with old.step([TEXTS], versions=["rules"]) as (writer,):
        writer.write(texts(1))
    old.require(TEXTS)
    with pytest.raises(StoreError, match="other rules"):
        new.require(TEXTS)


# Generations


def publish(store: Store, n: int) -> str:
    stage(store, TEXTS, texts(n))
    stage(store, FILES, FILES.empty())
    return store.publish([TEXTS, FILES], {"versions": {"broadsheet": "1"}}).generation


def rows(folder: Path) -> int:
    return len(pl.read_parquet(folder / "texts.parquet"))


def test_links_lead_to_the_live_generation(store: Store) -> None:
    name = publish(store, 3)
    assert name.startswith("000001-")
    assert (store.root / "texts.parquet").resolve() == store.generations / name / "texts.parquet"
    assert (store.root / "texts.parquet").readlink() == Path("current/texts.parquet")
    assert rows(store.root) == rows(store.current) == 3
    facts = json.loads((store.current / "facts.json").read_text())
    assert facts["tables"]["texts"]["rows"] == 3
    assert not (store.generations / name / "texts.parquet").stat().st_mode & 0o222


def test_the_same_content_makes_no_new_generation(store: Store) -> None:
    first = publish(store, 3)
    assert store.publish([TEXTS, FILES]).new is False
    assert publish(store, 3) == first
    assert store.names() == [first]


def test_a_generation_is_never_changed(store: Store) -> None:
    name = publish(store, 3)
    pinned = store.generations / name
    before = {p.name: p.read_bytes() for p in pinned.iterdir()}
    publish(store, 4)
    assert {p.name: p.read_bytes() for p in pinned.iterdir()} == before


def test_the_last_generations_stay(store: Store) -> None:
    names = [publish(store, n) for n in range(1, KEPT + 4)]
    assert store.names() == names[-KEPT:]
    assert rows(store.root) == KEPT + 3
    store.rollback(names[-KEPT])
    publish(store, 99)
    assert len(store.names()) == KEPT


def test_an_open_table_outlives_its_generation(store: Store) -> None:
    publish(store, 1)
    with pq.ParquetFile(store.root / "texts.parquet") as file:
        for n in range(2, KEPT + 4):
            publish(store, n)
        assert file.read().num_rows == 1


def test_rollback(store: Store) -> None:
    with pytest.raises(StoreError, match="nothing to roll back"):
        store.rollback()
    one, two, three = (publish(store, n) for n in (1, 2, 3))
    assert store.rollback() == (three, two)
    assert rows(store.root) == 2
    assert store.rollback() == (two, one)
    with pytest.raises(StoreError, match="is the oldest generation that is kept"):
        store.rollback()
    assert store.rollback(three) == (one, three)
    with pytest.raises(StoreError, match="no generation nonsense"):
        store.rollback("nonsense")
    store.rollback()
    assert publish(store, 3) == three, "what was rolled back comes back, not a copy of it"


def test_readers_see_one_generation(store: Store) -> None:
    """Rows of the two tables tell the generation; a reader that pins `current` never finds a mixture."""

    def both(n: int) -> None:
        stage(store, TEXTS, texts(n))
        stage(store, LINES, ledger(n, 1))
        store.publish([TEXTS, LINES])

    both(1)
    stop, odd = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            pinned = store.current.resolve()
            try:
                found = {pq.read_metadata(pinned / f"{t}.parquet").num_rows for t in ("texts", "lines")}
            except FileNotFoundError as e:
                found = {str(e)}
            if len(found) != 1:
                odd.append(found)
            pq.read_metadata(store.root / "texts.parquet")  # never a moment without it

    reader = threading.Thread(target=read)
    reader.start()
    for n in range(2, 2 + KEPT - 1):
        both(n)
    stop.set()
    reader.join()
    assert odd == []


# One writer


def test_a_second_writer_is_told_who_writes(store: Store) -> None:
    waited: list[str] = []
    with store.lock("run one"):
        second = Store(store.root).lock("run two", wait=0.2, on_wait=waited.append)
        with pytest.raises(StoreError, match=r"is being written by run one, process \d+ on .*: wait until"), second:
            raise AssertionError
    assert len(waited) == 1
    with store.lock("run two") as died:
        assert died is None


def _die_holding(root: Path, ready: Callable[[], None]) -> None:
    with Store(root).lock("run one"):
        (root / "staging").mkdir()
        for folder in (root, root / "staging"):
            (folder / ".tmp-half").write_text("half")
        ready()
        os.kill(os.getpid(), 9)


def test_a_dead_writer_is_named_and_cleaned_up_after(store: Store) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    child = context.Process(target=_die_holding, args=(store.root, ready.set))
    child.start()
    child.join()
    assert (store.staging / ".tmp-half").exists()
    with store.lock("run two") as died:
        assert died and died.startswith("run one, process")
        assert not list(store.root.rglob(".tmp-*"))


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENOSPC, "no space left for .*: free some, or choose another data folder"),
        (errno.EROFS, "can't be written: make it writable, or choose another data folder"),
    ],
)
def test_disk_full_and_read_only_are_one_line(
    store: Store, monkeypatch: pytest.MonkeyPatch, number: int, says: str
) -> None:
    publish(store, 1)

    def fail(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(parquet._HashedFile, "write", fail)
    with pytest.raises(StoreError, match=says) as caught:
        stage(store, TEXTS, texts(500))
    assert "\n" not in str(caught.value)
    assert rows(store.root) == 1
    assert not list(store.root.rglob(".tmp-*"))
    store.require(TEXTS)


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StoreError, match="is not a folder"), Store(tmp_path / "data").lock("x"):
        raise AssertionError


def test_a_folder_in_the_place_of_a_link(store: Store) -> None:
    (store.root / "texts.parquet").mkdir(parents=True)
    with pytest.raises(StoreError, match="is a folder where a link should be"):
        publish(store, 1)


def test_errors_of_other_folders_are_not_blamed_on_the_data_folder(store: Store) -> None:
    with pytest.raises(FileNotFoundError), store.step([REJECTED]):
        Path("/nowhere/at/all").read_bytes()
