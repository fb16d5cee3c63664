"""The seeds folder: every kind of thing that may lie in it, and that each is accounted for once."""

import errno
import gzip
import os
import socket
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets import seeds
from assets.seeds import (
    TODO,
    UNITS,
    Found,
    SeedsError,
    blocks,
    columns,
    corrections,
    everything,
    files,
    find,
    listing,
    load,
    of_records,
    rejected,
    sidecars,
    single,
    unit,
    units,
)
from pipeline.faults import MAX_PAGE_BYTES
from pipeline.manifest import SIDECAR
from pipeline.read import read, read_records
from pipeline.tables import FILES, GIVEN, REJECTED

LEFT = "(left empty; the row's other cells are used)"
PAGE = b"Fog over the harbour\n"
NO_PAGES = pl.DataFrame(schema={"path": pl.String, "record": pl.Int32})


def put(folder: Path, *names: str, data: bytes = PAGE) -> None:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def fates(folder: Path) -> dict[str, str | None]:
    return {found.path: found.reason or found.fate for found in find(folder)}


def account(folder: Path) -> pl.DataFrame:
    """FILES after a whole run of reading, by path."""
    found = find(folder)
    sidecar, faults = sidecars(found)
    batch = load(single(found))
    texts, wrong = read(batch.raw, sidecar)
    names, misnamed = columns(found)
    told = [faults, misnamed, rejected(found), wrong, batch.rejected]
    pages = [texts.select(path="page", record=pl.lit(0, pl.Int32))]
    for file in of_records(found):
        for block in blocks(file, names.of(file.path)):
            texts, wrong = read_records(file.path, block, sidecar)
            number = pl.col("page").str.strip_prefix(f"{file.path}#").cast(pl.Int32)
            pages.append(texts.select(path=pl.lit(file.path), record=number))
            told.append(wrong)
    all_told = pl.concat(told)
    assert all_told.schema == REJECTED.schema
    assert not all_told.select(REJECTED.key).is_duplicated().any()
    table = files(found, pl.concat(pages), all_told)
    assert table.schema == FILES.schema
    assert not table.select(FILES.key).is_duplicated().any()
    return table


# --- find


def test_pages_are_found_in_order_at_any_depth(tmp_path: Path) -> None:
    put(tmp_path, "b.txt", "a/z.text", "a/b/c", "a.txt.gz", "B.TXT", "x.GZ", "ü.txt", "story-10.30", "a b\n.txt")
    found = find(tmp_path)
    paths = [page.path for page in found]
    assert paths == sorted(paths)
    assert set(paths) == {
        *("b.txt", "a/z.text", "a/b/c", "a.txt.gz", "B.TXT", "x.GZ", "ü.txt", "story-10.30", "a b\n.txt")
    }
    assert {page.fate for page in found} == {None}
    assert {page.n_bytes for page in found} == {len(PAGE)}
    assert all(page.modified for page in found)


def test_what_is_no_page_by_name(tmp_path: Path) -> None:
    put(tmp_path, "README", "a/readme.MD", "manifest.csv", "a/Manifest.CSV", "corrections.csv", ".DS_Store")
    put(tmp_path, ".git/objects/x.txt", "a/.hidden.txt", "readme-first.txt")
    assert fates(tmp_path) == {
        "README": "read-me",
        "a/readme.MD": "read-me",
        "manifest.csv": "manifest",
        "a/Manifest.CSV": "manifest",
        "corrections.csv": "corrections",
        ".DS_Store": "hidden",
        ".git": "hidden",
        "a/.hidden.txt": "hidden",
        "readme-first.txt": None,
    }
    assert {page.fate for page in find(tmp_path)} == {"ignored", None}


@pytest.mark.parametrize(
    ("name", "reason", "why"),
    [
        ("a.json", "many-records", ".json: not a form that is read"),
        ("a.csv.gz", "many-records", ".csv: not a form that is read"),
        ("a.warc.gz", "no-conversion", ".warc: no text"),
        ("a.jsonl#3", "record-name", "it is named as a record of a file"),
        ("a.warc.wet.gz#12", "record-name", "it is named as a record of a file"),
        ("a.txt.zst", "archive", ".zst: not unpacked"),
        ("a.zst", "archive", ".zst: not unpacked"),
        ("a.parquet.gz", "archive", ".gz: not unpacked"),
        ("a.html", "markup", ".html: markup, not text"),
        ("a.htm.gz", "markup", ".htm: markup, not text"),
        ("a.tar.gz", "archive", ".tar: not unpacked"),
        ("a.7z", "archive", ".7z: not unpacked"),
        ("a.docx", "not-a-page", ".docx: only .txt, .text and names without extension are read"),
        ("a.txt.tmp", "not-a-page", ".tmp: only .txt, .text and names without extension are read"),
    ],
)
def test_other_kinds_of_files_are_sent_back(tmp_path: Path, name: str, reason: str, why: str) -> None:
    put(tmp_path, name)
    (found,) = find(tmp_path)
    assert (found.fate, found.reason, found.why) == ("rejected", reason, why)
    assert rejected([found]).rows() == [(name, 0, reason, why, TODO[reason])]


def test_files_of_records_are_found_by_their_names(tmp_path: Path) -> None:
    forms = {
        **dict.fromkeys(("a.jsonl", "b.JSONL.gz", "c.ndjson.zst"), "jsonl"),
        **dict.fromkeys(("d.parquet",), "parquet"),
        **dict.fromkeys(("e.wet", "f.warc.wet.gz"), "wet"),
        "g.txt.gz": None,
    }
    put(tmp_path, *forms)
    with open(tmp_path / "a.jsonl", "r+b") as file:
        file.truncate(MAX_PAGE_BYTES + 1)  # no bound for a file of records
    found = find(tmp_path)
    assert {file.path: file.form for file in found} == forms
    assert {file.fate for file in found} == {None}
    assert [file.path for file in single(found)] == listing(found)["path"].to_list() == ["g.txt.gz"]
    assert [file.path for file in of_records(found)] == sorted(set(forms) - {"g.txt.gz"})


def test_a_folder_named_like_a_page_is_a_folder(tmp_path: Path) -> None:
    put(tmp_path, "x.txt/y.txt")
    assert fates(tmp_path) == {"x.txt/y.txt": None}


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    put(tmp_path, *map(os.fsdecode, (b"caf\xe9.txt", b"caf\\xe9.txt", b"caf\\.txt", b"\xff/a.txt")))
    assert fates(tmp_path) == {
        "caf\\xe9.txt": "file-name",
        "caf\\\\xe9.txt": None,
        "caf\\\\.txt": None,
        "\\xff/a.txt": "file-name",
    }


@given(st.lists(st.binary(min_size=1, max_size=6), unique=True))
def test_paths_are_injective(names: list[bytes]) -> None:
    escaped = [seeds._escaped(os.fsdecode(name)) for name in names]
    assert len(set(escaped)) == len(names)
    for name, path in zip(names, escaped, strict=True):
        assert path.encode()  # no lone surrogates
        assert seeds._is_utf8(os.fsdecode(name)) == (b"\xff" not in name and _decodes(name))


def _decodes(name: bytes) -> bool:
    try:
        return bool(name.decode())
    except UnicodeDecodeError:
        return False


def test_links_are_never_followed(tmp_path: Path) -> None:
    drops, other = tmp_path / "seeds", tmp_path / "seeds-old"
    put(drops, "a/page.txt")
    put(other, "page.txt")
    links = {
        "dangling.txt": "nowhere",
        "self.txt": "self.txt",
        "ring": "ring2",
        "ring2": "ring",
        "a/up": "..",
        "again": "a",
        "same.txt": "a/page.txt",
        "out.txt": "../seeds-old/page.txt",
        "out": str(other),
        ".link": "nowhere",
        "manifest.csv": "a/page.txt",
    }
    for name, target in links.items():
        (drops / name).symlink_to(target)
    assert fates(drops) == {
        "a/page.txt": None,
        "dangling.txt": "broken-link",
        "self.txt": "broken-link",
        "ring": "broken-link",
        "ring2": "broken-link",
        ".link": "hidden",
        "a/up": "link",
        "again": "link",
        "same.txt": "link",
        "manifest.csv": "link",
        "out.txt": "outside",
        "out": "outside",
    }
    why = {found.path: found.why for found in find(drops)}
    assert why["dangling.txt"] == "points to nowhere: no such file or directory"
    assert why["ring"] == "points to itself"
    assert why["again"] == "a link to a, which is read where it lies"


def test_the_seeds_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    put(tmp_path, "real/a.txt")
    (tmp_path / "real/b.txt").symlink_to("a.txt")
    (tmp_path / "seeds").symlink_to("real")
    assert fates(tmp_path / "seeds") == {"a.txt": None, "b.txt": "link"}


def test_pipes_and_sockets_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.txt")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket.txt")
        assert fates(tmp_path) == {"pipe.txt": "not-a-file", "socket.txt": "not-a-file"}


def test_a_huge_file_is_rejected_by_its_size(tmp_path: Path) -> None:
    with open(tmp_path / "line.txt", "wb") as file:
        file.truncate(200 * 2**20)
    put(tmp_path, "a.txt")
    tracemalloc.start()
    table = account(tmp_path)
    assert tracemalloc.get_traced_memory()[1] < 5 * 2**20
    tracemalloc.stop()
    assert table.row(1) == ("line.txt", 209715200, "rejected", "too-large: 209715200 bytes", 0, 0)


def refuse(monkeypatch: pytest.MonkeyPatch, name: str, what: str, number: int) -> None:
    """Make os.`what` fail for `name`, as it would for a user who may not read it (the tests may run as root)."""
    real = getattr(os, what)

    def fail(path: str, *args: object) -> object:
        if Path(path).name == name:
            raise OSError(number, os.strerror(number), path)
        return real(path, *args)

    monkeypatch.setattr(seeds.os, what, fail)


def test_what_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "closed.txt", "open.txt", "vault/a.txt", "gone.txt", "folder-gone/a.txt", "manifest.csv")
    refuse(monkeypatch, "closed.txt", "open", errno.EACCES)
    refuse(monkeypatch, "gone.txt", "open", errno.ENOENT)
    refuse(monkeypatch, "manifest.csv", "open", errno.EACCES)
    refuse(monkeypatch, "vault", "scandir", errno.EACCES)
    refuse(monkeypatch, "folder-gone", "scandir", errno.ENOENT)
    assert account(tmp_path).select("path", "fate", "why").rows() == [
        ("closed.txt", "rejected", "unreadable: permission denied"),
        ("folder-gone", "rejected", "vanished: a folder; no such file or directory"),
        ("gone.txt", "rejected", "vanished: no such file or directory"),
        ("manifest.csv", "rejected", "unreadable: permission denied"),
        ("open.txt", "read", None),
        ("vault", "rejected", "unreadable: a folder; permission denied"),
    ]


def test_a_file_that_vanishes_while_it_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "a.txt", "b.txt")
    real = os.scandir

    class Listed(list["os.DirEntry[str]"]):
        def __enter__(self) -> "Listed":
            return self

        def __exit__(self, *args: object) -> None:
            pass

        def __iter__(self) -> "Iterator[os.DirEntry[str]]":
            (tmp_path / "a.txt").unlink()
            return super().__iter__()

    def vanishing(path: str) -> Listed:
        with real(path) as entries:
            return Listed(entries)

    monkeypatch.setattr(seeds.os, "scandir", vanishing)
    assert fates(tmp_path) == {"a.txt": "vanished", "b.txt": None}


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "no seeds folder at {}: create it and put pages in, or name another"),
        (lambda path: path.write_text("x"), "seeds is no folder: {}: name the folder that the pages are in"),
        (
            lambda path: path.symlink_to(path),
            "can't read the seeds folder {}: too many levels of symbolic links: mend that and run again",
        ),
    ],
)
def test_a_seeds_folder_that_is_none(tmp_path: Path, make: "object", says: str) -> None:
    path = tmp_path / "seeds"
    make(path)  # type: ignore[operator]
    with pytest.raises(SeedsError) as e:
        find(path)
    assert str(e.value) == says.format(path)
    assert "\n" not in str(e.value)


def test_an_empty_seeds_folder(tmp_path: Path) -> None:
    assert find(tmp_path) == []
    assert load([]).raw.is_empty()
    assert len(account(tmp_path)) == 0


# --- reading


def test_a_listing_says_how_each_page_is_found(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "b.txt.GZ", "README")
    rows = listing(find(tmp_path))
    assert rows["path"].to_list() == ["a.txt", "b.txt.GZ"]
    assert rows["weight"].to_list() == [len(PAGE), 5 * len(PAGE)]
    status = (tmp_path / "a.txt").stat()
    assert rows.row(0)[1:5] == (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    assert rows["unit"].to_list() == [unit("a.txt", UNITS), unit("b.txt.GZ", UNITS)]


@pytest.mark.parametrize(
    ("pages", "n"), [(0, 16), (16_000, 16), (16_001, 64), (64_001, 256), (200_000, 256), (256_001, 1024)]
)
def test_more_pages_are_dealt_to_more_units(pages: int, n: int) -> None:
    assert units(pages) == n


def test_units_have_about_as_many_pages_each_and_keep_some_as_they_become_more() -> None:
    paths = [f"drop/{i}.txt" for i in range(6_400)]
    before, after = ([unit(path, n) for path in paths] for n in (16, 64))
    sizes = Counter(after)
    assert len(sizes) == 64 and min(sizes.values()) > 60 and max(sizes.values()) < 140
    stay = sum(a == b for a, b in zip(before, after, strict=True))
    assert 1_300 < stay < 1_900, "about a quarter"
    assert len({(a, b) for a, b in zip(before, after, strict=True)}) == 64, "each of them is of one before"


def test_what_was_read_is_told_from_what_may_have_changed_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "a.txt")
    now = (tmp_path / "a.txt").stat().st_ctime_ns
    for later, known in ((0, False), (1, False), (3, True)):
        monkeypatch.setattr(seeds.time, "time_ns", lambda n=later: now + n * 10**9)
        _, states, _ = load(find(tmp_path))
        assert (states["modified"].item() is not None) == known
    monkeypatch.setattr(seeds.time, "time_ns", lambda: now - 10**12)  # a clock that went back
    assert load(find(tmp_path)).states["modified"].item() is None


@pytest.mark.parametrize("stops", [True, False])
def test_a_file_that_changes_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stops: bool
) -> None:
    put(tmp_path, "a.txt")
    found, real, looks = find(tmp_path), os.fstat, []

    def fstat(handle: int) -> os.stat_result:
        looks.append(handle)
        if len(looks) == 2 or not stops:  # between the first look and the second one
            put(tmp_path, "a.txt", data=b"Rain" * len(looks))
        return real(handle)

    monkeypatch.setattr(seeds.os, "fstat", fstat)
    monkeypatch.setattr(seeds.time, "time_ns", lambda: 2**62)
    raw, states, _ = load(found)
    if stops:
        assert raw["raw"].item() == b"Rain" * 2
        assert states["modified"].item() == (tmp_path / "a.txt").stat().st_mtime_ns
    else:
        assert states["modified"].item() is None


def test_what_changes_between_listing_and_reading(tmp_path: Path) -> None:
    put(tmp_path, "grown.txt", "gone.txt", "link.txt", "pipe.txt", "same.txt")
    found = find(tmp_path)
    with open(tmp_path / "grown.txt", "r+b") as file:
        file.truncate(100 * 2**20)
    for name in ("gone.txt", "link.txt", "pipe.txt"):
        (tmp_path / name).unlink()
    (tmp_path / "link.txt").symlink_to("same.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    raw, _, wrong = load(found)
    assert dict(raw.with_columns(pl.col("raw").bin.size()).rows()) == {
        "grown.txt": MAX_PAGE_BYTES + 1,
        "same.txt": len(PAGE),
    }
    assert wrong.select("path", "reason").rows() == [
        ("gone.txt", "vanished"),
        ("link.txt", "unreadable"),
        ("pipe.txt", "unreadable"),
    ]
    assert read(raw, SIDECAR.to_frame())[1]["reason"].to_list() == ["too-large"]


# --- manifests


def test_manifests_of_all_folders(tmp_path: Path) -> None:
    put(tmp_path, "a/x.txt", "a/y.txt", "z.txt")
    put(tmp_path, "manifest.csv", data=b"file,outlet\na/x.txt,far\na/y.txt,far\nno.txt,X\n")
    put(tmp_path, "a/manifest.csv", data=b"file,outlet,date\nx.txt,near,2024-02-19\nno.txt,,soon\n")
    sidecar, wrong = sidecars(find(tmp_path))
    assert sidecar.schema == SIDECAR
    assert sidecar.select("page", "outlet", "date").rows() == [
        ("a/x.txt", "near", date(2024, 2, 19)),
        ("a/y.txt", "far", None),
    ]
    assert wrong.select("path", "record", "reason", "detail").rows() == [
        ("a/manifest.csv", 2, "bad-date", f"line 3: date is 'soon' {LEFT}; no file a/no.txt"),
        ("manifest.csv", 1, "duplicate-file", "a/x.txt stands in another manifest too"),
        ("manifest.csv", 3, "no-such-file", "no file no.txt"),
    ]
    table = account(tmp_path)
    assert table.filter(pl.col("path") == "manifest.csv").row(0)[2:] == (
        *("ignored", "the manifest of its folder", 0, 2),
    )


def test_a_manifest_of_any_size_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeds, "MAX_TABLE_BYTES", 10)
    put(tmp_path, "a", "manifest.csv", data=b"file\na\n    ")
    sidecar, wrong = sidecars(find(tmp_path))
    assert len(sidecar) == 0
    assert wrong.select("path", "record", "reason").rows() == [("manifest.csv", 0, "large-table")]


def test_a_manifest_finds_files_whose_names_are_escaped(tmp_path: Path) -> None:
    put(tmp_path, "back\\slash/x.txt")
    put(tmp_path, "back\\slash/manifest.csv", data=b"file,outlet\nx.txt,Y\n")
    sidecar, wrong = sidecars(find(tmp_path))
    assert sidecar["page"].to_list() == ["back\\\\slash/x.txt"]
    assert len(wrong) == 0


# --- files of records

CUT = "Compressed file ended before the end-of-stream marker was reached"
LINES = b'{"text": "Fog over the harbour"}\n{"text": ""}\n{"text": "Rain", "date": "soon"}\n'


def test_records_are_accounted_for_by_file(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", data=LINES)
    put(tmp_path, "b.jsonl.gz", data=gzip.compress(LINES)[:15])
    put(tmp_path, "c.jsonl", data=b'{"content": "x"}\n')
    put(tmp_path, "d.jsonl", data=b"x\n[]\n")
    put(tmp_path, "e.parquet")
    put(tmp_path, "f.wet", data=b"")
    assert account(tmp_path).select("path", "fate", "why", "n_read", "n_rejected").rows() == [
        ("a.jsonl", "read", None, 2, 1),
        ("b.jsonl.gz", "rejected", f"broken-gzip: not read from record 1 on: {CUT}", 0, 0),
        (
            *("c.jsonl", "rejected"),
            *("no-text: none of its first 1 records can be used; record 1: no 'text'; it has 'content'", 0, 0),
        ),
        ("d.jsonl", "rejected", "broken-json: Expecting value at character 1 of the line", 0, 2),
        (
            *("e.parquet", "rejected"),
            "broken-parquet: not read from record 1 on: Parquet magic bytes not found in footer. Either the file is "
            "corrupted or this is not a parquet file.",
            *(0, 0),
        ),
        ("f.wet", "rejected", "empty: it has no record", 0, 0),
    ]


def test_columns_hold_for_their_folder_and_those_below(tmp_path: Path) -> None:
    put(
        tmp_path,
        "x.jsonl",
        "a/x.jsonl",
        "a/b/x.jsonl",
        "c/x.jsonl",
        data=b'{"text": "A", "content": "B", "body": "C"}\n',
    )
    put(tmp_path, "columns.toml", data=b'text = "content"\n')
    put(tmp_path, "a/Columns.toml", data=b'text = "body"\n')
    put(tmp_path, "c/columns.toml", data=b"text = body\n")
    found = find(tmp_path)
    names, wrong = columns(found)
    texts = {file.path: [r.raw for r in next(blocks(file, names.of(file.path)))] for file in of_records(found)}
    assert texts == {"a/b/x.jsonl": [b"C"], "a/x.jsonl": [b"C"], "c/x.jsonl": [None], "x.jsonl": [b"B"]}
    assert wrong.select("path", "record", "reason").rows() == [("c/columns.toml", 0, "broken-columns")]
    table = account(tmp_path).filter(pl.col("fate") != "read")
    assert table.select("path", "fate", "why").rows() == [
        ("a/Columns.toml", "ignored", "what the record files of its folder call their columns"),
        ("c/columns.toml", "rejected", "broken-columns: Invalid value (at line 1, column 8)"),
        (
            *("c/x.jsonl", "rejected"),
            "broken-columns: the columns.toml of its folder, or of one above, can't be used",
        ),
        ("columns.toml", "ignored", "what the record files of its folder call their columns"),
    ]


def test_the_pages_of_all_files_in_memory(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "b.txt")
    put(tmp_path, "c.jsonl", data=LINES)
    put(tmp_path, "manifest.csv", data=b"file,outlet\nb.txt,Kurier\nc.jsonl,Ledger\n")
    raw, sidecar = everything(find(tmp_path))
    texts, _ = read(raw, sidecar)
    assert texts.select("page", "sidecar_outlet").rows() == [
        ("a.txt", None),
        ("b.txt", "Kurier"),
        ("c.jsonl#1", "Ledger"),
        ("c.jsonl#3", "Ledger"),
    ]


def test_a_file_of_records_that_vanishes_or_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "a.jsonl", "b.jsonl", data=LINES)
    a, b = find(tmp_path)
    (tmp_path / "a.jsonl").unlink()
    assert next(blocks(a, {}))[0].faults == (("vanished", "no such file or directory"),)
    later = (b.changed or 0) + 3 * 10**9
    assert seeds.settled(b, later)
    assert not seeds.settled(b, b.changed or 0)
    assert not seeds.settled(a, later)
    put(tmp_path, "b.jsonl", data=LINES * 2)
    assert not seeds.settled(b, 2**62)


# --- corrections


def test_corrections_of_all_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names, page_id, other = "page_id,line_no,part,line_hash,role", "0f" * 16, "a1" * 16
    rows = [f"{page_id},1,0,{other},body", f"{page_id},2,0,{other},body", "x"]
    put(tmp_path, "corrections.csv", data="\n".join([names, *rows]).encode())
    put(tmp_path, "a/Corrections.csv", data=f"{names}\n{rows[0].replace('body', 'caption')}\n{rows[1]}\n".encode())
    given, wrong = corrections(find(tmp_path))
    assert given.schema == GIVEN.schema
    assert given.select("path", "record").rows() == [("a/Corrections.csv", 2), ("corrections.csv", 2)]
    assert wrong.select("path", "record", "reason").rows() == [
        ("a/Corrections.csv", 1, "two-roles"),
        ("corrections.csv", 1, "two-roles"),
        ("corrections.csv", 3, "bad-hash"),
    ]
    monkeypatch.setattr(seeds, "MAX_TABLE_BYTES", 10)
    given, wrong = corrections(find(tmp_path))
    assert given.is_empty()
    assert wrong["reason"].to_list() == ["large-table"] * 2
    assert corrections([])[0].equals(GIVEN.empty())


# --- files


def test_every_file_is_accounted_for(tmp_path: Path) -> None:
    put(tmp_path, "good.txt", "README.md", "x.html")
    put(tmp_path, "packed.txt.gz", data=gzip.compress(PAGE))
    put(tmp_path, "empty.txt", data=b"")
    put(tmp_path, "picture.txt", data=b"\x89PNG\r\n\x1a\n")
    put(tmp_path, "manifest.csv", data=b"no file column\n")
    assert account(tmp_path).select("path", "fate", "why", "n_read", "n_rejected").rows() == [
        ("README.md", "ignored", "a read-me", 0, 0),
        ("empty.txt", "rejected", "empty: 0 bytes", 0, 0),
        ("good.txt", "read", None, 1, 0),
        ("manifest.csv", "rejected", "no-file-column: the first line is 'no file column'", 0, 0),
        ("packed.txt.gz", "read", None, 1, 0),
        ("picture.txt", "rejected", "binary: a PNG image", 0, 0),
        ("x.html", "rejected", "markup: .html: markup, not text", 0, 0),
    ]


def test_a_lost_file_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"1 files were neither read nor rejected, e\.g\. a"):
        files([Found("a", "a", 1)], NO_PAGES, REJECTED.empty())


NAMES = st.sampled_from(
    ["a.txt", "b", "c.html", ".d", "README", "manifest.csv", "é.txt", "e.txt.gz", "f.jsonl", "g.wet", "columns.toml"]
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield tmp_path_factory.mktemp("folders")


@given(st.dictionaries(st.tuples(st.sampled_from(["x", "x/y", ".z", "w.txt"]), NAMES), st.binary(max_size=30)))
@settings(max_examples=50, deadline=None)
def test_any_folder_is_accounted_for(folders: Path, tree: dict[tuple[str, str], bytes]) -> None:
    root = folders / str(sum(1 for _ in folders.iterdir()))
    root.mkdir()
    for (folder, name), data in tree.items():
        put(root / folder, name, data=data)
    visible = [f"{folder}/{name}" for folder, name in tree if folder != ".z"]
    hidden = [".z"] if len(visible) < len(tree) else []
    assert account(root)["path"].to_list() == sorted([*visible, *hidden])
