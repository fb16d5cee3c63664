"""The stand-off edition as a folder: no sentence in it, the same table out of it, and what it refuses."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from running import failures, run

from assets import releasing
from assets.cli import main
from assets.parquet import TableWriter
from pipeline.standoff import RELEASED, RELEASED_PAGES

SEEDS = Path(__file__).parents[2] / "seeds"


@pytest.fixture(scope="module")
def released(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("released") / "release"
    assert main(["release", "--data", str(samples), "--out", str(out)]) == 0
    return out


def rebuild(release: Path, seeds: Path, out: Path) -> int:
    return main(["rebuild", "--release", str(release), "--seeds", str(seeds), "--out", str(out)])


def test_it_holds_no_sentence_of_the_pages(samples: Path, released: Path) -> None:
    ledger = pl.read_parquet(samples / "lines.parquet").filter(pl.col("text").str.len_chars() >= 20)
    texts = set(ledger["text"].str.strip_chars().str.to_lowercase())
    held: list[str] = [(released / "README.md").read_text(), (released / "release.json").read_text()]
    for table in RELEASED:
        frame = pl.read_parquet(released / f"{table.name}.parquet")
        assert frame.schema == table.schema
        for column in frame.select(pl.col(pl.String), pl.col(pl.List(pl.String)).list.join("\n")).iter_columns():
            held += column.drop_nulls().unique().to_list()
    everything = "\n".join(held).lower()
    assert len(texts) > 200
    assert [text for text in texts if text in everything] == []
    raw = b"".join(p.read_bytes() for p in released.iterdir())
    assert [text for text in texts if text.encode() in raw] == [], "nor does a file's footer"


def test_with_the_pages_it_gives_the_table_byte_for_byte(
    samples: Path, released: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The samples have repaired text, a hard-wrapped page, lines in parts, a gzipped page and one in Windows-1252. The
    own copy has other names, and pages more."""
    copy = tmp_path / "mine"
    copy.mkdir()
    for n, path in enumerate(sorted(SEEDS.rglob("*.txt*"))):
        shutil.copy(path, copy / f"{n}.txt{'.gz' * (path.suffix == '.gz')}")
    (copy / "more.txt").write_text("Something else.")
    assert rebuild(released, copy, tmp_path / "out") == 0
    assert "byte for byte" in capsys.readouterr().out
    assert (tmp_path / "out/articles.parquet").read_bytes() == (samples / "articles.parquet").read_bytes()


def test_another_page_is_refused_by_name(released: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = shutil.copytree(SEEDS, tmp_path / "mine")
    with (copy / "2024-spring/amn-0409.txt").open("ab") as page:
        page.write(b".")
    (copy / "2024-spring/lantern-0304.txt").unlink()
    assert rebuild(released, copy, tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert "2024-spring/amn-0409.txt has other bytes, 2024-spring/lantern-0304.txt is not there; " in error
    assert error.count("\n") == 1 and not (tmp_path / "out").exists()


def test_a_page_without_an_article_is_not_needed(released: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(SEEDS, tmp_path / "mine")
    (copy / "2024-spring/cookie-wall.txt").unlink()
    assert rebuild(released, copy, tmp_path / "out") == 0


def test_a_page_that_is_read_in_another_way_is_refused(
    released: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As with another version of what repairs text."""
    other = shutil.copytree(released, tmp_path / "release")
    pages = pl.read_parquet(other / "pages.parquet")
    (other / "pages.parquet").unlink()
    repaired = pl.when("repaired").then(pl.lit("0" * 32)).otherwise("text_blake2b")
    writer = TableWriter(RELEASED_PAGES, other / "pages.parquet")
    writer.write(pages.with_columns(text_blake2b=repaired))
    writer.close()
    assert rebuild(other, SEEDS, tmp_path / "out") == 2
    assert "alarabiya-mojibake-1128.txt is read as another text" in capsys.readouterr().err


def test_no_release_is_written_of_texts_that_would_not_come_back(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = releasing.pieces
    monkeypatch.setattr(releasing, "pieces", lambda *a: real(*a).filter(pl.col("column") != "byline"))
    assert main(["release", "--data", str(samples), "--out", str(tmp_path / "out")]) == 2
    assert "byline of article 1 is not where the ledger says" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_what_can_not_be_done_is_one_line(
    samples: Path, released: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "there"
    there.mkdir()
    for arguments, says in (
        (["release", "--data", str(samples)], "OUT is empty"),
        (["release", "--data", str(samples), "--out", str(there)], "is there already"),
        (["release", "--data", str(there), "--out", str(tmp_path / "x")], "run `make corpus` first"),
        (["rebuild", "--out", str(tmp_path / "x")], "name a release with RELEASE=<folder>"),
        (["rebuild", "--release", str(there), "--seeds", str(SEEDS), "--out", str(tmp_path / "x")], "is no release"),
        (["rebuild", "--release", str(released), "--seeds", str(SEEDS), "--out", str(there)], "is there already"),
    ):
        assert main(arguments) == 2
        error = capsys.readouterr().err
        assert says in error and error.count("\n") == 1
    assert list(there.iterdir()) == []


def test_of_an_empty_corpus_there_is_a_release(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    result = run(tmp_path / "seeds", tmp_path / "data")
    assert result.success, failures(result)
    assert main(["release", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "out")]) == 0
    assert rebuild(tmp_path / "out", tmp_path / "seeds", tmp_path / "again") == 0
    assert json.loads((tmp_path / "out/release.json").read_text())["articles"]["rows"] == 0
