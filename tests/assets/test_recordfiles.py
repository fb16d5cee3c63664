"""Files of many records in whole runs: they give what files of a page each give, and what has not changed stays."""

import gzip
import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drops import Drops, product, run

from assets import recordfiles, seeds
from assets.releasing import rebuild, release
from assets.summary import summary
from pipeline import records
from pipeline.tables import TEXTS


def jsonl(pages: Sequence[str]) -> bytes:
    return b"".join(json.dumps({"text": page}).encode() + b"\n" for page in pages)


def parquet(pages: Sequence[str]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"text": pages}), out, row_group_size=3)
    return out.getvalue()


def wet(pages: Sequence[str]) -> bytes:
    return b"".join(
        gzip.compress(b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n" % (len(raw), raw))
        for raw in (page.encode() for page in pages)
    )


FORMS: dict[str, Callable[[Sequence[str]], bytes]] = {"x.jsonl": jsonl, "x.parquet": parquet, "x.warc.wet.gz": wet}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "BLOCK", 3)


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """All files are old enough to be told from changed ones."""
    monkeypatch.setattr(seeds, "_GRAIN", -(10**18))


def table(data: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(data / f"{name}.parquet")


@pytest.mark.parametrize("name", FORMS)
def test_records_give_the_articles_that_files_with_their_texts_give(tmp_path: Path, name: str) -> None:
    made = Drops(tmp_path / "files", 7)
    pages = [made.page() for _ in range(10)]
    for n, page in enumerate(pages, 1):
        (tmp_path / f"files/a/{n}.txt").write_text(page)
    Drops(tmp_path / "records", 7)
    (tmp_path / "records/a" / name).write_bytes(FORMS[name](pages))
    run(tmp_path / "files", tmp_path / "one")
    run(tmp_path / "records", tmp_path / "many")
    for what, key in (("articles", ["article_id"]), ("lines", ["page_id", "line_no", "part"]), ("pages", ["page_id"])):
        one, many = (table(tmp_path / data, what).drop("page").sort(key) for data in ("one", "many"))
        assert one.height >= len(pages)
        assert one.equals(many)
    assert table(tmp_path / "many", "pages")["page"].sort().to_list() == sorted(f"a/{name}#{n}" for n in range(1, 11))


class Folder:
    """A seeds folder, its runs one after another, and which files were read in the last one."""

    def __init__(self, where: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.where, self.made = where, Drops(where / "seeds", 11)
        self.seeds, self.data, self.runs = where / "seeds", where / "data", 0
        self.read: list[str] = []
        blocks = seeds.blocks

        def reading(file: seeds.Found, *rest: object) -> Iterator[list[records.Record]]:
            self.read.append(file.path)
            return blocks(file, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(seeds, "blocks", reading)

    def pages(self, n: int) -> list[str]:
        return [self.made.page() for _ in range(n)]

    def put(self, name: str, data: bytes) -> None:
        (self.seeds / name).write_bytes(data)

    def run(self) -> list[str]:
        """The files of records that were read."""
        self.read = []
        run(self.seeds, self.data)
        assert not list(self.data.rglob(".tmp-*"))
        return self.read

    def check(self) -> None:
        """What came of all runs is what one run over everything gives."""
        self.runs += 1
        fresh = self.where / f"fresh-{self.runs}"
        run(self.seeds, fresh)
        assert product(self.data) == product(fresh)

    def parts(self) -> dict[str, int]:
        return {part.stem: part.stat().st_ino for part in (self.data / "staging/lines.parquet").iterdir()}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settled: None) -> Folder:
    return Folder(tmp_path, monkeypatch)


def test_files_of_records_that_come_change_and_go(folder: Folder) -> None:
    pages = folder.pages(8)
    folder.put("a/1.txt", pages[7].encode())
    folder.put("a/x.jsonl", jsonl(pages[:7]))
    folder.put("b/y.jsonl.gz", gzip.compress(jsonl(folder.pages(2))))
    assert folder.run() == ["a/x.jsonl", "b/y.jsonl.gz"]
    assert folder.run() == []
    before = folder.parts()
    folder.put("a/x.jsonl", jsonl([*pages[:7], *folder.pages(3)]))  # a block grows, another one comes
    assert folder.run() == ["a/x.jsonl"]
    after = folder.parts()
    others = {unit for unit in after if before.get(unit) != after[unit]}
    assert others == {recordfiles._unit("a/x.jsonl", n) for n in (2, 3)}
    folder.check()
    folder.put("a/x.jsonl", jsonl([pages[0], "x", *folder.pages(1)]) + b"broken\n")
    assert folder.run() == ["a/x.jsonl"]
    assert {unit for unit in folder.parts() if "-" in unit} == {
        *(recordfiles._unit("a/x.jsonl", n) for n in (0, 1)),
        recordfiles._unit("b/y.jsonl.gz", 0),
    }
    folder.check()
    (folder.seeds / "b/y.jsonl.gz").rename(folder.seeds / "b/z.jsonl.gz")
    assert folder.run() == ["b/z.jsonl.gz"]
    (folder.seeds / "a/x.jsonl").unlink()
    assert folder.run() == []
    folder.check()
    (folder.seeds / "b/z.jsonl.gz").unlink()
    (folder.seeds / "a/1.txt").unlink()
    assert folder.run() == []
    assert table(folder.data, "pages").is_empty()


def test_a_file_is_read_anew_where_another_thing_is_said_of_it(folder: Folder) -> None:
    folder.put("a/x.jsonl", jsonl(folder.pages(2)))
    folder.put("b/y.jsonl", jsonl(folder.pages(1)).replace(b'"text"', b'"content"'))
    assert folder.run() == ["a/x.jsonl", "b/y.jsonl"]
    assert table(folder.data, "rejected")["path"].to_list() == ["b/y.jsonl"]
    folder.put("b/columns.toml", b'text = "content"\n')
    assert folder.run() == ["b/y.jsonl"]
    assert table(folder.data, "rejected").is_empty()
    folder.put("b/columns.toml", b'text = "content"\n# as it was\n')
    assert folder.run() == []
    folder.put("b/columns.toml", b"text = content\n")
    assert folder.run() == ["b/y.jsonl"]
    assert table(folder.data, "rejected")["path"].to_list() == ["b/columns.toml", "b/y.jsonl"]
    folder.put("a/manifest.csv", b"file,url,outlet\nx.jsonl,https://courier.example,The Millbrook Courier\n")
    assert folder.run() == ["a/x.jsonl"]
    pages = table(folder.data, "pages")
    assert pages["site"].to_list() == ["courier.example"] * 2
    folder.check()


def test_a_release_is_rebuilt_from_records_or_from_files_with_their_texts(tmp_path: Path) -> None:
    made = Drops(tmp_path / "records", 9)
    Drops(tmp_path / "files", 9)
    pages = [made.page() for _ in range(5)]
    (tmp_path / "records/a/x.jsonl").write_bytes(jsonl(pages))
    for n, page in enumerate(pages):
        (tmp_path / f"files/b/{n}.txt").write_text(page)
    run(tmp_path / "records", tmp_path / "data")
    list(release(tmp_path / "data", tmp_path / "release"))
    for seeds_of in ("records", "files"):
        list(rebuild(tmp_path / "release", tmp_path / seeds_of, tmp_path / f"out-{seeds_of}"))
        built = (tmp_path / f"out-{seeds_of}/articles.parquet").read_bytes()
        assert built == (tmp_path / "data/articles.parquet").read_bytes()


def test_every_record_is_a_page_or_rejected(folder: Folder) -> None:
    good, bad = folder.pages(4), [{"text": "", "date": "soon"}, {"body": "x"}, {"text": "<html><body>x</body></html>"}]
    rows = [*({"text": page, "date": "soon"} for page in good), *bad]
    folder.put("a/x.jsonl", b"".join(json.dumps(row).encode() + b"\n" for row in rows) + b"\xff\n")
    folder.run()
    pages, rejected = table(folder.data, "pages"), table(folder.data, "rejected")
    assert pages["page"].to_list() == [f"a/x.jsonl#{n}" for n in range(1, 5)]
    assert rejected.select("record", "reason").rows() == [
        *((n, "bad-date") for n in range(1, 5)),
        *((5, "empty"), (6, "no-text"), (7, "html"), (8, "broken-utf8")),
    ]
    assert table(folder.data, "files").select("path", "fate", "n_read", "n_rejected").rows() == [
        ("a/x.jsonl", "read", 4, 4)
    ]
    told = " ".join(summary(folder.data, folder.data).split())
    assert "records 8 records not fully used: bad-date 4, broken-utf8 1, empty 1, html 1, no-text 1" in told
    assert "a/x.jsonl, record 1: date is 'soon' (left empty; the record is read). Write date as YYYY-MM-DD." in told


def test_a_file_that_may_have_changed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeds, "_GRAIN", 10**15)  # it was changed just before it is read
    folder = Folder(tmp_path, monkeypatch)
    folder.put("a/x.jsonl", jsonl(folder.pages(4)))
    for _ in range(2):
        assert folder.run() == ["a/x.jsonl"]
    before = folder.parts()
    monkeypatch.setattr(seeds, "_GRAIN", -(10**18))
    assert folder.run() == ["a/x.jsonl"]
    assert folder.run() == []
    assert folder.parts() == before


def test_a_file_that_vanishes_is_told_and_looked_for_again(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    data = jsonl(folder.pages(4))
    folder.put("a/x.jsonl", data)
    find = seeds.find

    def vanishing(where: Path) -> list[seeds.Found]:
        found = find(where)
        (folder.seeds / "a/x.jsonl").unlink()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(seeds, "find", vanishing)
        run(folder.seeds, folder.data)
    assert table(folder.data, "rejected")["reason"].to_list() == ["vanished"]
    folder.put("a/x.jsonl", data)
    assert folder.run() == ["a/x.jsonl"]
    folder.check()


def test_a_run_that_fails_within_a_file_leaves_what_was_there(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.put("a/x.jsonl", jsonl(folder.pages(4)))
    folder.run()
    before = product(folder.data)
    folder.put("a/x.jsonl", jsonl(folder.pages(8)))
    of_block, seen = recordfiles.of_block, []

    def failing(*args: object) -> dict[object, pl.DataFrame]:
        seen.append(args)
        if len(seen) == 2:
            raise OSError(28, "No space left on device")
        return of_block(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(recordfiles, "of_block", failing)
        with pytest.raises(Exception, match=r"(?i)no space"):
            run(folder.seeds, folder.data)
    assert product(folder.data) == before
    assert not list(folder.data.rglob(".tmp-*"))
    assert folder.run() == ["a/x.jsonl"]
    folder.check()


def test_texts_of_records_are_declared_parts(folder: Folder) -> None:
    folder.put("a/x.jsonl", jsonl(folder.pages(7)))
    folder.run()
    parts = sorted((folder.data / "staging/texts.parquet").glob("*-*.parquet"))
    assert [pl.read_parquet(part).height for part in parts] == [3, 3, 1]
    assert pl.read_parquet(parts[0]).schema == TEXTS.schema
