"""Drops one after another give what one full run gives, and what has not changed is not made again."""

import gzip
import random
import shutil
import tempfile
import zlib
from collections.abc import Iterable
from pathlib import Path

import polars as pl
import pytest
from drops import WORDS, Drops, product, run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from running import failures
from running import run as whole_run

from assets import incremental, seeds
from assets.store import Store
from pipeline import corpus
from pipeline.furniture import MIN_CONTEXTS


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
    assert {unit for unit in before if after[unit] != before[unit]} == {f"{zlib.crc32(b'b/3.txt') % seeds.UNITS:02x}"}
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
