"""Whole runs over folders as users have them: files of every fault, few cores and many."""

import gzip
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from drops import product
from drops import run as publish
from running import failures, run

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "seeds"

TEXT = "The swans left the Dunwick pond on Monday when the miller closed the sluice, a ranger said."
PAGE = f"Swans leave Dunwick pond after miller closes sluice\n\n{TEXT}\n\nForty of them were counted on the meadow.\n"


def test_the_number_of_cores_does_not_matter(tmp_path: Path) -> None:
    publish(SAMPLES, tmp_path / "here")
    other = "1" if pl.thread_pool_size() != 1 else "3"
    told = {
        "POLARS_MAX_THREADS": other,
        "PYTHONHASHSEED": other,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT}/tests/assets",
    }
    elsewhere = "import drops, pathlib, sys; drops.run(*map(pathlib.Path, sys.argv[1:]))"
    subprocess.run(
        [sys.executable, "-c", elsewhere, SAMPLES, tmp_path / other], env={**os.environ, **told}, cwd=ROOT, check=True
    )
    assert product(tmp_path / "here") == product(tmp_path / other)


def zoo(seeds: Path) -> None:
    """A drop with every fault that a file can have, and one good page."""
    seeds.mkdir()
    (seeds / "good.txt").write_text(PAGE)
    (seeds / "folder.txt").mkdir()
    (seeds / "folder.txt/inside.txt").write_text(PAGE.replace("swans", "geese"))
    (seeds / "empty.txt").touch()
    (seeds / "binary.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    (seeds / "picture.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (seeds / "page.html").write_text(f"<html><body><p>{TEXT}</p></body></html>")
    (seeds / "markup.txt").write_text(f"<!doctype html><html><body><p>{TEXT}</p></body></html>")
    (seeds / "broken.txt.gz").write_bytes(gzip.compress(PAGE.encode() * 50)[:-20])
    (seeds / "bomb.txt.gz").write_bytes(gzip.compress(b"a" * (64 << 20)))
    (seeds / "packed.txt").write_bytes(gzip.compress(PAGE.replace("swans", "ducks").encode()))
    (seeds / "plain.txt.gz").write_text(PAGE.replace("swans", "cranes"))
    (seeds / "utf16.txt").write_text(PAGE.replace("swans", "herons"), encoding="utf-16")
    (seeds / "latin1.txt").write_bytes(PAGE.replace("swans", "élégant señor pájaros über").encode("latin-1"))
    (seeds / "mojibake.txt").write_bytes(PAGE.replace("miller", "miller’s son").encode().decode("cp1252").encode())
    (seeds / "nul.txt").write_text(PAGE.replace("swans", "sw\0ans of Kelmore"))
    (seeds / "blank.txt").write_text("\n" * 10_000)
    with (seeds / "long.txt").open("wb") as file:  # one line of 200 MB, without taking up 200 MB
        file.truncate(200 << 20)
    record = json.dumps({"text": PAGE.replace("swans", "terns"), "fetched_at": "soon"})
    (seeds / "many.jsonl").write_text(f"{record}\n\n{{broken\n{record.replace('terns', 'gulls')}\n")
    (seeds / "cut.jsonl.gz").write_bytes(
        gzip.compress(f"{record}\n".encode() + os.urandom(9_000).hex().encode())[:-3_000]
    )
    (seeds / "other.jsonl").write_text('{"content": "x"}\n')
    (seeds / "none.parquet").write_bytes(b"PAR1")
    (seeds / "none.warc.wet.gz").touch()
    (seeds / "columns.toml").write_text("")
    (seeds / "dangling.txt").symlink_to(seeds / "nowhere")
    (seeds / "loop.txt").symlink_to("loop.txt")
    (seeds / "outside.txt").symlink_to(Path(__file__))
    os.mkfifo(seeds / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as listener:
        where = os.open(seeds, os.O_RDONLY)  # the path of a socket may not be long, so it is named from its folder
        listener.bind(f"/proc/self/fd/{where}/socket.txt")
        os.close(where)
    (seeds / os.fsdecode(b"name\xff.txt")).write_text(PAGE)


def test_bad_input_stops_nothing_and_none_of_it_disappears(tmp_path: Path) -> None:
    seeds, data = tmp_path / "seeds", tmp_path / "data"
    zoo(seeds)
    result = run(seeds, data)
    assert result.success, failures(result)
    files = pl.read_parquet(data / "files.parquet")
    fates = dict(files.select("path", "fate").rows())
    listed = {os.fsencode(p.relative_to(seeds)) for p in seeds.rglob("*") if not (p.is_dir() and not p.is_symlink())}
    assert len(fates) == len(listed)
    read = {path for path, fate in fates.items() if fate == "read"}
    assert read == {
        "good.txt",
        "folder.txt/inside.txt",
        "packed.txt",
        "plain.txt.gz",
        "utf16.txt",
        "latin1.txt",
        "mojibake.txt",
        "nul.txt",
        "blank.txt",
        "many.jsonl",
        "cut.jsonl.gz",
    }
    rejected = pl.read_parquet(data / "rejected.parquet")
    reasons = dict(rejected.filter(record=0).select("path", "reason").rows())
    of_records = rejected.filter(pl.col("record") > 0).select("path", "record", "reason").rows()
    assert of_records == [
        ("cut.jsonl.gz", 1, "bad-time"),
        ("cut.jsonl.gz", 2, "broken-gzip"),
        *(("many.jsonl", n, reason) for n, reason in ((1, "bad-time"), (3, "broken-json"), (4, "bad-time"))),
    ]
    assert reasons["other.jsonl"] == "no-text"
    assert reasons["none.parquet"] == "broken-parquet"
    assert reasons["none.warc.wet.gz"] == "empty"
    assert reasons["empty.txt"] == "empty"
    assert reasons["binary.txt"] == "binary"
    assert reasons["broken.txt.gz"] == "broken-gzip"
    assert reasons["bomb.txt.gz"] == "gzip-bomb"
    assert reasons["long.txt"] == "too-large"
    assert reasons["markup.txt"] == "html"
    assert reasons["name\\xff.txt"] == "file-name"
    assert set(fates) - read - set(reasons) == {"columns.toml"}
    assert rejected.filter((pl.col("todo").str.len_chars() < 10) | (pl.col("detail") == "")).is_empty()
    pages_read = pl.read_parquet(data / "pages.parquet")
    texts = dict(pages_read.select("page", "text").rows())
    assert "élégant señor pájaros über" in texts["latin1.txt"]
    assert "miller’s son" in texts["mojibake.txt"]
    assert "swans of Kelmore" in texts["nul.txt"]
    assert "herons" in texts["utf16.txt"]
    assert dict(pages_read.select("page", "kind").rows())["blank.txt"] == "empty"
    assert pl.read_parquet(data / "lines.parquet").filter(pl.col("page") == "blank.txt").height == 10_000


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds/locked.txt").write_text(PAGE)
    (tmp_path / "seeds/locked.txt").chmod(0)
    assert run(tmp_path / "seeds", tmp_path / "data").success
    assert pl.read_parquet(tmp_path / "data/rejected.parquet")["reason"].to_list() == ["unreadable"]
