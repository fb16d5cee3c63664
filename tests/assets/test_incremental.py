"""Drops one after another give what one full run gives, and what has not changed is not made again."""

import gzip
import os
import random
import shutil
import signal
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

import polars as pl
import pytest
from drops import WORDS, Drops, product, run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from running import failures
from running import run as whole_run

from assets import engine, incremental, seeds
from assets import seeds as files
from assets.engine import EngineError, Local
from assets.incremental import Due, Frames, Size, Work, refresh
from assets.staging import Made, Staging, Unit
from assets.store import Store, StoreError
from pipeline import corpus
from pipeline.furniture import MIN_CONTEXTS
from pipeline.tables import PAGE, Column, Table


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus that was published: its pages, and its results."""
    folder = tmp_path_factory.mktemp("published")
    Drops(folder / "seeds", 1).drop(24)
    run(folder / "seeds", folder / "data")
    return folder


@given(
    draw=st.randoms(use_true_random=False),
    drops=st.lists(st.integers(1, 8), min_size=1, max_size=4),
    told_at_once=st.booleans(),
)
@settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow])
def test_drops_one_after_another_give_the_bytes_of_one_full_run(
    published: Path, draw: random.Random, drops: list[int], told_at_once: bool
) -> None:
    """Additions, changes, removals and all the rest, a run behind each drop; the last run is audited."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            seeds, "_GRAIN", -(10**18) if told_at_once else seeds._GRAIN
        )  # changed files are told, or not yet
        patch.setattr(incremental, "BATCH", 10)
        patch.setattr(incremental, "BATCH_BYTES", 3_000)
        patch.setattr(seeds, "UNIT_PAGES", 1)  # so that there are more units, and fewer again, as pages come and go
        where, data, fresh = (Path(folder) / name for name in ("seeds", "data", "fresh"))
        shutil.copytree(published / "seeds", where)
        shutil.copytree(published / "data", data, symlinks=True)
        made = Drops(where, 2, draw)
        for changes in drops:
            made.drop(changes)
            run(where, data)
        audited = whole_run(where, data)
        assert audited.success, failures(audited)
        run(where, fresh)
        assert product(data) == product(fresh)
        assert not list(data.rglob(".tmp-*"))


def test_a_folder_that_is_emptied_and_filled_again(tmp_path: Path) -> None:
    where, data = tmp_path / "seeds", tmp_path / "data"
    made = Drops(where, 4)
    for n, names in enumerate(([], ["1.txt", "2.txt.gz"], [], ["2.txt.gz"])):
        for old in (where / "a").iterdir():
            old.unlink()
        for name in names:
            page = made.page().encode()
            (where / "a" / name).write_bytes(gzip.compress(page) if name.endswith(".gz") else page)
        run(where, data)
        run(where, tmp_path / f"fresh-{n}")
        assert product(data) == product(tmp_path / f"fresh-{n}")


class Spy:
    """The pages that are read and understood from now on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read: list[str] = []
        self.understood: list[str] = []
        load, understand = seeds.load, corpus.understand

        def loading(group: Iterable[seeds.Found]) -> seeds.Batch:
            files = list(group)
            self.read += [file.path for file in files]
            return load(files)

        def understanding(texts: pl.DataFrame, *rest: object) -> corpus.Understood:
            self.understood += texts["page"].to_list()
            return understand(texts, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(seeds, "load", loading)
        monkeypatch.setattr(corpus, "understand", understanding)
        # All files are old enough to be told from changed ones.
        monkeypatch.setattr(seeds, "_GRAIN", -(10**18))

    def since(self, seeds: Path, data: Path) -> tuple[list[str], list[str]]:
        self.read, self.understood = [], []
        run(seeds, data)
        return sorted(self.read), sorted(self.understood)


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    return Spy(monkeypatch)


def test_only_what_is_touched_is_made_again(tmp_path: Path, spy: Spy) -> None:
    where, data = tmp_path / "seeds", tmp_path / "data"
    made = Drops(where, 1)
    for name in ("a/1.txt", "a/2.txt", "b/3.txt", "b/4.txt"):
        (where / name).write_text(made.page())
    every = ["a/1.txt", "a/2.txt", "b/3.txt", "b/4.txt"]
    assert spy.since(where, data) == (every, every)
    assert spy.since(where, data) == ([], [])
    (where / "a/1.txt").write_text(made.page())
    (where / "b/4.txt").unlink()
    assert spy.since(where, data) == (["a/1.txt"], ["a/1.txt"])
    (where / "a/2.txt").touch()  # read, and found to be the same
    assert spy.since(where, data) == (["a/2.txt"], [])
    (where / "a/2.txt").rename(where / "b/9.txt")
    assert spy.since(where, data) == (["b/9.txt"], ["b/9.txt"])
    made.correct(where / "b/3.txt")
    assert spy.since(where, data) == ([], ["b/3.txt"])
    (where / "b/manifest.csv").write_text("file,outlet\n9.txt,Fenwick Herald\n")
    assert spy.since(where, data) == (["b/9.txt"], ["b/9.txt"])
    run(where, tmp_path / "fresh")
    assert product(data) == product(tmp_path / "fresh")
    shutil.rmtree(data / "staging")
    assert spy.since(where, data) == (["a/1.txt", "b/3.txt", "b/9.txt"],) * 2
    assert product(data) == product(tmp_path / "fresh")


def test_units_in_which_no_page_is_another_are_not_written_again(tmp_path: Path) -> None:
    where, data = tmp_path / "seeds", tmp_path / "data"
    made = Drops(where, 1)
    pages = ("a/1.txt", "a/2.txt", "b/3.txt", "b/4.txt")
    for name in pages:
        (where / name).write_text(made.page())
    run(where, data)

    def parts() -> dict[str, int]:
        return {part.stem: part.stat().st_ino for part in (data / "staging/lines.parquet").iterdir()}

    before = parts()
    made.correct(where / "b/3.txt")  # what all pages are made from is another now
    run(where, data)
    after = parts()
    assert {unit for unit in before if after[unit] != before[unit]} == {seeds.unit("b/3.txt", seeds.UNITS)}
    run(where, tmp_path / "fresh")
    assert product(data) == product(tmp_path / "fresh")


def test_a_new_page_that_makes_a_line_furniture_changes_the_pages_that_have_it(tmp_path: Path, spy: Spy) -> None:
    where, data = tmp_path / "seeds", tmp_path / "data"
    made = Drops(where, 1)
    line = "Send us your harbour pictures today"
    for n in range(MIN_CONTEXTS + 3):
        text = (
            "\n\n".join(
                [" ".join(made.words.choices(WORDS, k=6)), made.paragraph(), line if n > 2 else "", made.paragraph()]
            )
            + "\n"
        )
        (where / f"a/{n}.txt").write_text(text)
    names = sorted(path.name for path in (where / "a").iterdir())
    rows = (f"{name},https://courier.example/{name}" for name in names)
    (where / "a/manifest.csv").write_text("\n".join(["file,url", *rows]))
    last = where / f"a/{MIN_CONTEXTS + 2}.txt"
    page = last.read_text()
    last.unlink()
    run(where, data)
    assert pl.read_parquet(data / "furniture.parquet").is_empty()
    last.write_text(page)
    _, understood = spy.since(where, data)
    assert understood == sorted(f"a/{n}.txt" for n in range(3, MIN_CONTEXTS + 3))
    reasons = pl.read_parquet(data / "lines.parquet").filter(text=line)["reason"]
    assert set(reasons) == {"furniture"}
    run(where, tmp_path / "fresh")
    assert product(data) == product(tmp_path / "fresh")


@pytest.mark.parametrize("maker", ["reading", "counting", "understanding", "rules", "model"])
def test_what_is_made_by_other_code_or_rules_is_made_again(
    tmp_path: Path, spy: Spy, monkeypatch: pytest.MonkeyPatch, maker: str
) -> None:
    where, data = tmp_path / "seeds", tmp_path / "data"
    (where / "a").mkdir(parents=True)
    (where / "a/1.txt").write_text(Drops(tmp_path / "other", 1).page())
    run(where, data)
    real = Store.__init__
    monkeypatch.setattr(Store, "__init__", lambda self, root, versions: real(self, root, {**versions, maker: "other"}))
    read, understood = spy.since(where, data)
    assert (bool(read), bool(understood)) == (maker == "reading", maker in ("understanding", "rules", "model"))


def test_pages_that_vanish_while_they_are_read_are_told_and_looked_for_again(
    tmp_path: Path, spy: Spy, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, data = tmp_path / "seeds", tmp_path / "data"
    made = Drops(where, 1)
    page = where / "a/1.txt"
    page.write_text(made.page())
    find = seeds.find

    def vanishing(folder: Path) -> list[seeds.Found]:
        found = find(folder)
        page.unlink()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(seeds, "find", vanishing)
        run(where, data)
    assert pl.read_parquet(data / "rejected.parquet")["reason"].to_list() == ["vanished"]
    page.write_text(made.page())
    assert spy.since(where, data) == (["a/1.txt"], ["a/1.txt"])
    assert pl.read_parquet(data / "rejected.parquet").is_empty()


# Pieces, groups and batches


KNOWN = Table("known", "What pages were made from.", ("page",), (PAGE, Column("text", pl.UInt64, "Of its text.")))
ROWS = Table(
    "rows",
    "Some rows of each page.",
    ("page", "n"),
    (PAGE, Column("n", pl.Int64, "1, 2, …"), Column("row", pl.String, "A row.")),
)
Corpus = dict[str, dict[str, int]]  # unit → page → digest of its text, which is its size too


class Copying(Work):
    """A step that makes a row of every 100 bytes of a page, and notes what it is asked for at once."""

    step, tables, known, pace = "copy", (ROWS, KNOWN), KNOWN, 1e-7
    asked: ClassVar[list[list[int]]] = []

    def size(self, unit: str) -> Size:
        raise AssertionError("all units are listed")

    def wanted(self, due: Due, known: pl.DataFrame) -> pl.DataFrame:
        assert due.listed is not None
        return due.listed

    def make(self, pages: pl.DataFrame) -> Frames:
        self.asked.append(pages["weight"].to_list())
        rows = pages.reverse().select(
            "page", row=pl.format("{} of {}", "text", "page"), n=pl.int_ranges(pl.col("weight") // 100)
        )
        return {ROWS: rows.explode("n").drop_nulls("n"), KNOWN: KNOWN.conform(pages)}


def copied(data: Path, corpus: Corpus) -> dict[str, bytes]:
    """The parts of a corpus, after the run for it."""
    schema = {"page": pl.String, "text": pl.UInt64, "weight": pl.Int64}
    listed = {
        unit: pl.DataFrame([(page, size, size) for page, size in pages.items()], schema=schema, orient="row")
        for unit, pages in corpus.items()
    }
    keys = {unit: str(sorted(pages.items())) for unit, pages in corpus.items()}
    staging = Store(data).staged
    Copying.asked.clear()
    refresh(Local(1), Copying(staging, "maker"), keys, listed)
    assert staging.units("copy").keys() == corpus.keys()
    assert not list(data.rglob(".tmp-*"))
    parts = {staging.part(table, unit) for table in (ROWS, KNOWN) for unit in corpus}
    return {str(part.relative_to(data)): part.read_bytes() for part in parts}


CORPORA = st.dictionaries(
    st.sampled_from(["00", "1a", "2b", "ff"]),
    st.dictionaries(st.sampled_from([f"{n}.txt" for n in range(12)]), st.integers(0, 900), max_size=12),
    min_size=1,
)


@given(st.lists(CORPORA, min_size=1, max_size=3), st.integers(1, 6), st.integers(1, 2_000), st.integers(1, 3))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_a_unit_in_many_pieces_is_a_unit_in_one(corpora: list[Corpus], pages: int, weight: int, stay: int) -> None:
    """Whatever stays and whatever is made, no more at once than fits into a batch."""
    corpora = [
        {unit: {f"{unit}/{page}": of for page, of in found.items()} for unit, found in corpus.items()}
        for corpus in corpora
    ]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        whole = copied(Path(folder) / "whole", corpora[-1])
        patch.setattr(incremental, "BATCH", pages)
        patch.setattr(incremental, "BATCH_BYTES", weight)
        patch.setattr(incremental, "STAY", stay)
        for corpus in corpora:
            made = copied(Path(folder) / "pieces", corpus)
            for batch in Copying.asked:
                assert 1 <= len(batch) <= pages
                assert len(batch) == 1 or sum(batch[:-1]) < weight
        assert made == whole


def test_a_few_pages_of_each_unit_go_through_together(tmp_path: Path) -> None:
    corpus: Corpus = {f"{n:02x}": {f"{n:02x}/{i}": 100 for i in range(20)} for n in range(40)}
    copied(tmp_path, corpus)
    assert [len(batch) for batch in Copying.asked] == [800]
    for pages in corpus.values():
        pages[next(iter(pages))] = 101
    copied(tmp_path, corpus)
    assert [len(batch) for batch in Copying.asked] == [40]


# Several processes


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Workers for the least work; the processes that were started."""
    started: list[int] = []
    another = engine.Workers._another

    def noted(self: engine.Workers) -> object:
        worker = another(self)
        started.append(worker.process.pid)
        return worker

    monkeypatch.setattr(engine, "WORTH", 0)
    monkeypatch.setattr(engine.Workers, "_another", noted)
    return started


def test_two_processes_give_the_bytes_of_one(
    tmp_path: Path, at_once: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Drops(tmp_path / "seeds", 9)
    for changes in (25, 6):
        made.drop(changes)
        run(tmp_path / "seeds", tmp_path / "one")
        assert not at_once
        with monkeypatch.context() as patch:
            patch.setattr(incremental, "BATCH", 3)
            run(tmp_path / "seeds", tmp_path / "two", jobs=2)
        assert len(at_once) >= 2
        at_once.clear()
        assert product(tmp_path / "two") == product(tmp_path / "one")


def test_a_worker_that_dies_leaves_the_units_that_are_done(
    tmp_path: Path, at_once: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds, data = tmp_path / "seeds", tmp_path / "data"
    Drops(seeds, 9).drop(25)
    monkeypatch.setattr(incremental, "BATCH", 1)  # so that there is much left to do when it dies
    place = Staging.place

    def deadly(self: Staging, step: str, made: Sequence[Made], units: dict[str, Unit]) -> None:
        place(self, step, made, units)
        if step == "understand":
            os.kill(at_once[-1], signal.SIGKILL)

    with monkeypatch.context() as patch:
        patch.setattr(Staging, "place", deadly)
        with pytest.raises(EngineError, match=r"a worker process was killed \(signal 9\), .*\(JOBS=1\)"):
            run(seeds, data, jobs=2)
    assert not list(data.rglob(".tmp-*"))
    done = Store(data).staged.units("understand")
    assert 0 < len(done) < len(Store(data).staged.units("count"))
    parts = [path for path in (data / "staging/lines.parquet").iterdir() if path.stem in done]
    before = {path.stem: path.stat().st_ino for path in parts}
    run(seeds, data, jobs=2)
    assert {path.stem: path.stat().st_ino for path in parts} == before, "not made again"
    run(seeds, tmp_path / "fresh")
    assert product(data) == product(tmp_path / "fresh")


def test_an_error_in_a_worker_is_the_runs(tmp_path: Path, at_once: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_GRAIN", -(10**18))
    seeds, data = tmp_path / "seeds", tmp_path / "data"
    Drops(seeds, 9).drop(25)
    run(seeds, data)
    part = next((data / "staging/texts.parquet").iterdir())
    part.chmod(0o644)
    part.write_bytes(b"no table")
    shutil.rmtree(data / "staging/lines.parquet")
    (data / "staging/lines.json").unlink()
    (data / "staging/understand.units.json").unlink()
    with pytest.raises(StoreError, match=r"texts\.parquet can't be read: delete .*staging and run again"):
        run(seeds, data, jobs=2)
    assert not list(data.rglob(".tmp-*"))
