"""From a wrong line to a right article: the command, the file that it writes, the run behind it."""

import re
import shutil
from pathlib import Path

import polars as pl
import pytest
from running import failures, run

from assets.cli import main
from assets.summary import summary
from pipeline.tables import CORRECTIONS

SAMPLES = Path(__file__).parents[2] / "seeds"
PAGE = "2024-spring/lantern-0304.txt"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drop of one sample page, and its results."""
    root = tmp_path_factory.mktemp("done")
    (root / "seeds" / PAGE).parent.mkdir(parents=True)
    shutil.copy(SAMPLES / PAGE, root / "seeds" / PAGE)
    rerun(root / "seeds", root / "data")
    return root


@pytest.fixture
def folders(done: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A copy of both."""
    root = shutil.copytree(done, tmp_path / "copy", symlinks=True)
    return root / "seeds", root / "data"


def rerun(seeds: Path, data: Path) -> None:
    result = run(seeds, data)
    assert result.success, failures(result)


def table(data: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(data / f"{name}.parquet")


def correct(folders: tuple[Path, Path], *arguments: object) -> int:
    seeds, data = folders
    return main(["correct", "--seeds", str(seeds), "--data", str(data), *map(str, arguments)])


def test_a_line_is_corrected(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    seeds, data = folders
    before = table(data, "articles").row(0, named=True)
    line = table(data, "lines").filter(role="body")["line_no"][1]
    dropped = before["body"].split("\n\n")[1]
    assert correct(folders, PAGE, line, "boilerplate") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"{PAGE}, line {line}: {dropped[:20]}")
    assert re.fullmatch(r"  was body \(model/text:.*\), will be boilerplate\.", said[1])
    assert said[2] == f"  Written to {seeds}/corrections.csv; `make corpus SEEDS={seeds} DATA={data}` applies it."
    rerun(seeds, data)
    told = table(data, "lines").filter(line_no=line).select("role", "reason", "score", "destination").row(0)
    assert told == ("boilerplate", "correction", 1.0, None)
    after = table(data, "articles").row(0, named=True)
    assert after["article_id"] == before["article_id"]
    assert after["body"] == before["body"].replace(dropped + "\n\n", "")
    assert table(data, "corrections").select("n_parts", "reason", "todo").rows() == [(1, None, None)]
    files = table(data, "files").filter(path="corrections.csv").select("fate", "why", "n_rejected")
    assert files.rows() == [("ignored", "corrections of lines", 0)]


def test_a_changed_page_is_reported_and_a_moved_one_is_not(folders: tuple[Path, Path]) -> None:
    seeds, data = folders
    line = table(data, "lines").filter(role="body")["line_no"][1]
    correct(folders, PAGE, line, "boilerplate")
    (seeds / "moved").mkdir()
    (seeds / PAGE).rename(seeds / "moved/page.txt")
    (seeds / "corrections.csv").rename(seeds / "moved/corrections.csv")
    rerun(seeds, data)
    assert table(data, "lines").filter(reason="correction").select("page", "line_no").rows() == [
        ("moved/page.txt", line)
    ]
    with (seeds / "moved/page.txt").open("a") as page:
        page.write("One line more.\n")
    rerun(seeds, data)
    said = " ".join(summary(data, data).split())
    assert "corrected 0 corrections applied, 1 not: no-page 1 moved/corrections.csv, record 1: line" in said
    assert "The page was changed or removed: look the line up and correct it again, or delete the row." in said
    assert table(data, "lines").filter(reason="correction").is_empty()
    assert table(data, "corrections")["reason"].to_list() == ["no-page"]


def test_bad_rows_are_told_and_stop_nothing(folders: tuple[Path, Path]) -> None:
    seeds, data = folders
    correct(folders, PAGE, 1, "headline")
    with (seeds / "corrections.csv").open("a") as file:
        file.write("x,1,0,y,body\n")
    (seeds / "2024-spring/corrections.csv").write_text("page,line\n")
    rerun(seeds, data)
    said = " ".join(summary(data, data).split())
    assert "rejected 1 file: missing-columns 1 2024-spring/corrections.csv: the first line is 'page,line'." in said
    assert "corrected 1 correction applied" in said
    assert "not used 1 row of corrections: bad-hash 1 corrections.csv, record 2: line 3: page_id is 'x'" in said
    assert "manifest" not in said
    fates = table(data, "files").select("path", "fate", "n_rejected").rows()
    assert ("corrections.csv", "ignored", 1) in fates
    assert ("2024-spring/corrections.csv", "rejected", 0) in fates


def test_without_corrections_nothing_is_said_of_them(folders: tuple[Path, Path]) -> None:
    _, data = folders
    assert "\ncorrected " not in summary(data, data)
    assert table(data, "corrections").equals(CORRECTIONS.empty())


def test_a_page_may_be_named_by_its_file_and_a_mind_be_changed(folders: tuple[Path, Path]) -> None:
    seeds, _ = folders
    assert correct(folders, seeds / PAGE, 1, "headline") == 0
    assert correct(folders, PAGE, 1, "body") == 0
    (row,) = (seeds / "corrections.csv").read_text().splitlines()[1:]
    assert row.endswith(",body")
    assert [p.name for p in seeds.iterdir() if p.is_file()] == ["corrections.csv"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((PAGE, 1, "text"), "'text' is no role: choose one of headline, "),
        ((PAGE, 999, "body"), "the page has no line 999: it has "),
        ((PAGE, 1, "body", "--part", 2), "line 1 has no part 2 (there are: 0); PART=0 is all of it"),
        (("nowhere.txt", 1, "body"), "no such page in the results: name it as the column `page` of lines.parquet does"),
        ((PAGE, 2, "body"), "line 2 is blank: there is nothing on it to correct"),
    ],
)
def test_what_can_not_be_corrected(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str], arguments: tuple[object, ...], says: str
) -> None:
    assert correct(folders, *arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1
    assert says in error
    assert not (folders[0] / "corrections.csv").exists()


def test_no_results_and_a_file_that_is_none(
    tmp_path: Path, folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    seeds, _ = folders
    assert main(["correct", "--seeds", str(seeds), "--data", str(tmp_path / "none"), PAGE, "1", "body"]) == 2
    assert "holds no published tables: run `make corpus` first" in capsys.readouterr().err
    for raw, says in ((b"page,line\n", "missing-columns"), (b'page_id,line_no,part,line_hash,role\n"', "is no CSV")):
        (seeds / "corrections.csv").write_bytes(raw)
        assert correct(folders, PAGE, 1, "body") == 2
        assert says in capsys.readouterr().err
        assert (seeds / "corrections.csv").read_bytes() == raw
