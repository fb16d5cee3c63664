"""The review page as a run writes it, and the way from a role given there to the next run."""

import re
import shutil
from pathlib import Path

import polars as pl
import pytest
from dagster import AssetKey
from running import Job, failures, run

from assets.cli import main
from tests.review import Parsed

SAMPLES = Path(__file__).parents[2] / "seeds"
PAGE = "2024-spring/lantern-0304.txt"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("reviewed")
    (root / "seeds" / PAGE).parent.mkdir(parents=True)
    shutil.copy(SAMPLES / PAGE, root / "seeds" / PAGE)
    result = run(root / "seeds", root / "data")
    assert result.success, failures(result)
    return root


@pytest.fixture
def folders(done: Path, tmp_path: Path) -> tuple[Path, Path]:
    root = shutil.copytree(done, tmp_path / "copy", symlinks=True)
    return root / "seeds", root / "data"


def page_of(data: Path) -> str:
    return (data / "review/index.html").read_text(encoding="utf-8")


def test_a_run_writes_the_page_and_says_where(job: Job, data: Path) -> None:
    result = job()
    assert result.success, failures(result)
    (event,) = [e for e in result.get_asset_materialization_events() if e.asset_key == AssetKey("review")]
    told = event.materialization.metadata
    assert told["page"].value == str(data / "review/index.html")
    assert told["open"].value == (data / "review/index.html").resolve().as_uri()
    assert [p.name for p in (data / "review").iterdir()] == ["index.html"], "nothing else beside it, no leftovers"
    assert told["generation"].value == (data / "current").readlink().name
    assert f">{told['generation'].value}<" in page_of(data)


def test_the_same_pages_give_the_same_page(job: Job, data: Path, tmp_path: Path) -> None:
    assert job().success and job(into=tmp_path / "again").success
    assert page_of(data) == page_of(tmp_path / "again")


def test_a_page_that_stands_there_is_left(job: Job, data: Path) -> None:
    assert job().success
    page = data / "review/index.html"
    before = page.stat().st_ino
    assert job().success
    assert page.stat().st_ino == before
    page.write_text(page.read_text().replace("<!-- ", "<!-- other "))
    assert job().success
    assert "<!-- other " not in page.read_text(), "made of something else, it is made again"


def test_a_folder_that_can_not_be_written_fails_in_one_line(job: Job, data: Path) -> None:
    data.mkdir()
    (data / "review").write_text("")
    result = job()
    assert not result.success
    (event,) = result.get_step_failure_events()
    error = event.step_failure_data.error
    assert error and error.cause and error.cause.message.strip().endswith("mend that, and run again")
    assert (data / "articles.parquet").exists(), "the tables are published all the same"


def test_what_the_page_gives_a_line_is_obeyed(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """The row as the page's script puts it together, out of what stands on the page."""
    seeds, data = folders
    html = page_of(data)
    page = Parsed(html)
    body = next(e.attributes for e in page.elements if e.attributes.get("class") == "published")
    assert body
    (view,) = [e.attributes for e in page.elements if "data-page-id" in e.attributes]
    line = next(e.attributes for e in page.elements if e.attributes.get("class") == "l body")
    number = int(str(line["id"]).split("-")[1])
    columns = next(e.attributes["data-columns"] for e in page.elements if e.tag == "body")
    row = f"{view['data-page-id']},{number},{line['data-part']},{line['data-hash']},boilerplate"
    given = tmp_path / "corrections(1).csv"
    given.write_text(f"{columns}\n{row}\n")
    assert main(["correct", "--seeds", str(seeds), "--csv", str(given)]) == 0
    assert run(seeds, data).success
    after = pl.read_parquet(data / "lines.parquet").filter(line_no=number).select("role", "reason")
    assert after.rows() == [("boilerplate", "correction")]
    assert "1 of your corrections is applied" in page_of(data)
    assert "A correction of yours says so." in page_of(data)


def test_rows_are_added_to_what_is_there_and_go_before_it(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds, data = folders
    assert main(["correct", "--seeds", str(seeds), "--data", str(data), PAGE, "4", "body"]) == 0
    assert main(["correct", "--seeds", str(seeds), "--data", str(data), PAGE, "5", "byline"]) == 0
    mine = (seeds / "corrections.csv").read_text()
    given = tmp_path / "mine.csv"
    given.write_text("\n".join(mine.splitlines()[:2]).replace(",body", ",caption") + "\n")
    capsys.readouterr()
    assert main(["correct", "--seeds", str(seeds), "--csv", str(given)]) == 0
    assert capsys.readouterr().out.startswith(f"1 correction of {given} is in {seeds}/corrections.csv")
    assert (seeds / "corrections.csv").read_text() == mine.replace(",body", ",caption")


def test_a_file_with_a_bad_row_adds_nothing(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds, _ = folders
    given = tmp_path / "mine.csv"
    for text, says in (
        ("page_id,line_no,part,line_hash,role\nx,1,0,y,body\n", "line 2: page_id is 'x'"),
        ("a,b\n", "the first line is 'a,b'"),
    ):
        given.write_text(text)
        assert main(["correct", "--seeds", str(seeds), "--csv", str(given)]) == 2
        assert says in capsys.readouterr().err
    assert main(["correct", "--seeds", str(seeds), "--csv", str(tmp_path / "none.csv")]) == 2
    assert "can't be read" in capsys.readouterr().err
    assert not (seeds / "corrections.csv").exists()


def test_where_a_sample_is_judged(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, data = folders
    assert main(["audit", "--data", str(data)]) == 0
    assert capsys.readouterr().out.startswith(f"Open {data}/review/index.html in a browser")
    for arguments, says in (
        (["--data", str(tmp_path / "none")], "run `make corpus` first"),
        (["--csv", str(tmp_path / "none.csv")], "can't be read"),
        (["--csv", str(data / "articles.parquet")], "error: "),
    ):
        assert main(["audit", *arguments]) == 2
        error = capsys.readouterr().err
        assert says in error and error.count("\n") == 1


def test_why_in_the_terminal(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    seeds, data = folders
    where = ["--seeds", str(seeds), "--data", str(data)]
    article = pl.read_parquet(data / "articles.parquet").row(0, named=True)
    assert main(["why", *where, "--article", article["article_id"][:8]]) == 0
    said = capsys.readouterr().out
    assert said.startswith(article["title"]) and "boilerplate/newsletter" in said
    assert main(["why", *where, "--page", str(seeds / PAGE), "--line", "5"]) == 0
    said = capsys.readouterr().out
    assert re.match(r" +5  timestamp +March 4, 2024\n +kept in date_raw: ", said)
    assert main(["why", *where, "--page", PAGE, "--line", "5", "--json"]) == 0
    assert capsys.readouterr().out.startswith('{"page": "2024-spring/lantern-0304.txt", "line_no": 5,')


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "name an article with ARTICLE=<id>, or a line with PAGE=<page> LINE=<number>"),
        (("--page", PAGE), "name an article with ARTICLE=<id>, or a line with PAGE=<page> LINE=<number>"),
        (("--page", PAGE, "--line", "x"), "'x' is no number of a line"),
        (("--page", PAGE, "--line", "999"), "the page has no line 999"),
        (("--page", "nowhere.txt", "--line", "1"), "no such page in the results"),
        (("--article", "abc"), "'abc' is too short"),
        (("--article", "f" * 32), f"no article {'f' * 32} in the results"),
    ],
)
def test_what_can_not_be_asked(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    seeds, data = folders
    assert main(["why", "--seeds", str(seeds), "--data", str(data), *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1
    assert says in error
