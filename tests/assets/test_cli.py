"""The command line: what it says, what it returns, and that errors are one line."""

import io
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import dagster as dg
import pytest

from assets import cli, summary
from assets.describe import dictionary
from assets.store import Store
from assets.summary import printable
from pipeline import corpus
from pipeline.corpus import Understood

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An instance of its own, and nothing in the working directory."""
    folder = tmp_path / "home"
    folder.mkdir()
    shutil.copy(ROOT / "dagster.yaml", folder)
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


class Said:
    """What a command returned and printed."""

    def __init__(self, code: int, out: str, error: str) -> None:
        self.code, self.out, self.error = code, out, error


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> object:
    def call(*arguments: str) -> Said:
        capfd.readouterr()
        try:
            code = cli.main(arguments)
        except SystemExit as e:
            code = int(e.code or 0)
        said = capfd.readouterr()
        return Said(code, said.out, said.err)

    return call


def one_line(said: Said) -> str:
    assert said.out == ""
    assert said.error.startswith("error: ")
    assert said.error.count("\n") == 1, said.error
    assert "Traceback" not in said.error
    return said.error


@pytest.mark.parametrize("jobs", ["0", "-1", "all", "1.5"])
def test_a_number_of_processes_is_a_number(run, seeds: Path, jobs: str) -> None:  # type: ignore[no-untyped-def]
    said = run("corpus", "--seeds", "seeds", "--data", "data", f"--jobs={jobs}")
    assert said.code == 2
    assert f"{jobs!r} is no number of processes" in said.error


@pytest.mark.parametrize(("given", "told", "found"), [("", "", 0), ("", "3", 3), ("2", "3", 2), ("", "many", 0)])
def test_as_many_processes_as_are_asked_for(monkeypatch: pytest.MonkeyPatch, given: str, told: str, found: int) -> None:
    """By the command, which `make` gives an empty number, else by the environment; 0: one for each core."""
    monkeypatch.setenv("BROADSHEET_JOBS", told)
    assert cli.parser().parse_args(["corpus", f"--jobs={given}"]).jobs == found
    if not given:
        assert cli.parser().parse_args(["corpus"]).jobs == found


def test_a_run_ends_with_a_summary(run, seeds: Path, home: Path) -> None:  # type: ignore[no-untyped-def]
    said = run("corpus", "--seeds", "seeds", "--data", "data")
    assert (said.code, said.error) == (0, "")
    lines = said.out.splitlines()
    rows = {line[:10].strip(): line[10:] for line in lines if line[:1].strip()}
    assert rows["files"] == "3 read, 1 rejected, 0 ignored"
    assert rows["rejected"] == "1 file: empty 1"
    assert "manifest" not in rows and "warning" not in rows
    assert any("drop/empty.txt: 0 bytes. " in line for line in lines)
    assert rows["pages"].startswith("3 read")
    assert rows["articles"].startswith("3, after 0 duplicates folded into them")
    assert "kept: body" in rows["lines"]
    assert any("dropped: blank" in line for line in lines)
    assert rows["outlets"] == "0 set, 3 left null"
    assert rows["dates"] == "0 set, 3 left null"
    assert rows["table"] == f"data/articles.parquet (generation {Store(Path('data')).live()})"
    assert max(map(len, lines[: lines.index("")])) <= 100
    opened = subprocess.run(rows["open it"], shell=True, capture_output=True, text=True, check=True)
    assert "article_id" in opened.stdout
    assert Path.cwd() == seeds.parent
    os.chdir(home)
    with dg.DagsterInstance.get() as instance:
        assert [r.status for r in instance.get_runs()] == [dg.DagsterRunStatus.SUCCESS]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--seeds", "nowhere"], "nowhere is not there: put pages into it, or name another folder"),
        (["--seeds", "seeds/drop/3.txt"], "3.txt is not a folder"),
        (["--seeds", "seeds", "--data", "seeds/drop/data"], "is within the seeds folder"),
        (["--seeds", "seeds", "--data", "."], "is within the data folder"),
        (["--seeds", ""], "SEEDS is empty: name the folder of your pages with SEEDS=<folder>"),
        (["--data", ""], "DATA is empty: name the folder of the results with DATA=<folder>"),
    ],
)
def test_wrong_folders(run, seeds: Path, arguments: list[str], says: str) -> None:  # type: ignore[no-untyped-def]
    said = run("corpus", *arguments)
    assert said.code == 2
    assert says in one_line(said)


def test_a_data_folder_that_cannot_be_made(run, seeds: Path) -> None:  # type: ignore[no-untyped-def]
    said = run("corpus", "--data", "/proc/foo")
    assert said.code == 1
    assert "/proc/foo: no such file or directory: mend that, or choose another data folder" in one_line(said)


@pytest.mark.parametrize("names", [[], ["a.html", "empty.txt"]])
def test_no_page_at_all_is_a_warning(run, tmp_path: Path, names: list[str]) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "none"
    folder.mkdir()
    for name in names:
        (folder / name).write_text("")
    said = run("corpus", "--seeds", "none")
    assert (said.code, said.error) == (0, "")
    assert not [line for line in said.out.splitlines() if line.endswith(":")]
    warning = " ".join(said.out[said.out.index("\nwarning") :].split())
    found = "none of 2 files could be" if names else "the seeds folder is empty"
    assert warning == f"warning no page was read: {found}. Put each page there as text, in its own .txt file."


def test_advice_is_wrapped_and_manifest_entries_are_told_from_files(run, seeds: Path) -> None:  # type: ignore[no-untyped-def]
    manifest = "file,date,outlet\n3.txt,2024-13-08,The Ledger\n4.txt,8 May,\nno.txt,,\n"
    (seeds / "drop" / "manifest.csv").write_text(manifest)
    (seeds / "drop" / "a.html").write_text("<p>")
    out = run("corpus").out
    assert "…" not in out
    assert max(map(len, out[: out.index("\n\n")].splitlines())) <= 100
    said = " ".join(out.split())
    assert "files 3 read, 2 rejected, 1 ignored rejected 2 files: empty 1, markup 1" in said
    assert (
        "drop/a.html: .html: markup, not text. Flatten it to text first, e.g. with trafilatura or resiliparse." in said
    )
    assert "manifest 3 entries not fully used: bad-date 1, no-such-day 1, no-such-file 1" in said
    assert (
        "drop/manifest.csv, record 1: line 2: date is '2024-13-08' (left empty; the row's other cells are used). "
        "The calendar has no such day: write the right one, or leave the cell empty."
    ) in said
    assert "1 set (sidecar 1), 2 left null" in said


def test_the_width_is_that_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.fileno", lambda: 1, raising=False)
    for columns, width in ((60, 60), (0, 40)):
        monkeypatch.setattr("os.get_terminal_size", lambda _, c=columns: os.terminal_size((c, 24)))
        lines = list(summary._wrapped("files", "word " * 50))
        assert width - 5 <= max(map(len, lines)) <= width
        assert all(line.startswith(" " * 12) for line in lines[1:])


def test_wrong_usage(run) -> None:  # type: ignore[no-untyped-def]
    assert run("corpus", "--sedes", "x").code == 2
    assert run().code == 2


def test_a_failed_check(run, seeds: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    assert run("corpus").code == 0
    live = Store(Path("data")).live()
    whole = corpus.understand
    monkeypatch.setattr(corpus, "understand", lambda *a: lossy(whole(*a)))
    page = seeds / "drop" / "4.txt"
    page.write_text(page.read_text().replace("council", "assembly"))
    said = run("corpus")
    assert said.code == 1
    error = one_line(said)
    assert "check lines:conserved failed: " in error
    assert "drop/4.txt:" in error
    assert f"data still holds the tables of {live}" in error
    assert Store(Path("data")).live() == live


def lossy(done: Understood) -> Understood:
    return done._replace(lines=done.lines.filter(done.lines["line_no"] > 1))


def test_a_bug_is_one_line_too(run, seeds: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    def broken(*_: object) -> Understood:
        raise RuntimeError("a bug\nof two lines")

    monkeypatch.setattr(corpus, "understand", broken)
    said = run("corpus")
    assert said.code == 1
    assert "understand broke with RuntimeError: a bug; --debug shows where; no tables were published in data" in (
        one_line(said)
    )


def test_debug_shows_the_traceback(run, seeds: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    def broken(*_: object) -> Understood:
        raise RuntimeError("a bug")

    monkeypatch.setattr(corpus, "understand", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        run("corpus", "--debug")


def test_stopped_by_hand(run, seeds: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    def stop(*_: object) -> Understood:
        raise KeyboardInterrupt

    monkeypatch.setattr(corpus, "understand", stop)
    said = run("corpus")
    assert said.code == 130
    assert "error: stopped; no tables were published in data" in one_line(said)


def test_another_run_on_the_folder(run, seeds: Path) -> None:  # type: ignore[no-untyped-def]
    with Store(Path("data")).lock("run one"):
        said = run("corpus", "--wait", "0")
    assert said.code == 1
    assert "is being written by run one, process" in one_line(said)
    assert "wait until that ends" in one_line(said)


def test_a_run_that_died_elsewhere_holds_nobody_up(run, seeds: Path, tmp_path: Path, home: Path) -> None:  # type: ignore[no-untyped-def]
    code = (
        "import os; from pipeline import corpus; corpus.understand = lambda *_: os.kill(os.getpid(), 9)\n"
        f"from assets import cli; cli.main(['corpus', '--seeds', {str(seeds)!r}, '--data', {str(tmp_path / 'a')!r}])"
    )
    died = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True)
    assert died.returncode == -9, died.stderr
    assert run("corpus", "--data", "b").code == 0
    os.chdir(home)
    with dg.DagsterInstance.get() as instance:
        assert sorted(r.status.value for r in instance.get_runs()) == ["FAILURE", "SUCCESS"]


def test_a_file_in_the_place_of_the_data_folder(run, seeds: Path) -> None:  # type: ignore[no-untyped-def]
    Path("data").write_text("")
    said = run("corpus")
    assert said.code == 1
    assert "data is not a folder: choose another data folder" in one_line(said)


def test_rollback(run, seeds: Path) -> None:  # type: ignore[no-untyped-def]
    assert run("rollback").code == 2
    assert "DATA is empty" in one_line(run("rollback", "--data", ""))
    run("corpus")
    first = Store(Path("data")).live()
    assert "is the oldest generation that is kept" in one_line(run("rollback"))
    (seeds / "drop" / "3.txt").unlink()
    run("corpus")
    second = Store(Path("data")).live()
    said = run("rollback")
    assert said.code == 0
    told, *lines = said.out.splitlines()
    assert told == f"data: {first} is live, {second} was"
    assert [line.split()[0] for line in lines] == [first, second]
    assert lines[0].endswith("  3 articles, 3 (new-page 3) added  live")
    assert lines[1].endswith("  2 articles, 2 (story 2) changed, 1 (removed-page 1) removed")
    assert run("generations").out.splitlines() == lines
    assert f"(there are: {first} (live), {second})" in one_line(run("rollback", "--to", "nonsense"))
    assert run("rollback", "--to", str(second)).code == 0
    assert Store(Path("data")).live() == second


def test_the_dictionary_in_docs_is_that_of_the_declarations(run) -> None:  # type: ignore[no-untyped-def]
    said = run("dictionary")
    assert said.out == dictionary()
    assert (ROOT / "docs" / "tables.md").read_text() == said.out, "make docs"


def test_the_columns_in_the_readme_are_those_of_the_declarations(run) -> None:  # type: ignore[no-untyped-def]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert run("dictionary", "--readme", str(ROOT / "README.md")).out == text, "make docs"
    assert "| `article_id` |" in text


@pytest.mark.parametrize("looked_at", [True, False])
def test_the_bar(looked_at: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: looked_at)
    with cli.bar(screen, "read", 20, "files") as advance:
        advance(5)
        time.sleep(2.2 if looked_at else 0)
    assert ("5/20" in screen.getvalue()) == looked_at
    assert screen.getvalue().split("\r")[-1].strip() == "", "it is gone in the end"


def test_help_does_not_wait_for_dagster() -> None:
    code = "import sys; from assets import cli; cli.parser(); sys.exit('dagster' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_file_names_cannot_drive_the_terminal() -> None:
    assert printable("a\x1b[31m\udcff é") == "a\\x1b[31m\\udcff é"


@pytest.mark.parametrize(
    ("target", "given", "arguments"),
    [
        ("rollback", [], ["--data", "data"]),
        ("rollback", ["DATA=my data", "TO=it's 1"], ["--data", "my data", "--to", "it's 1"]),
        ("outlet", ["PAGES=my pages"], ["--pages", "my pages"]),
        ("outlet", ["PAGES=a", "OUT=it's 1.toml"], ["--pages", "a", "--out", "it's 1.toml"]),
    ],
)
def test_make_passes_its_variables_on(tmp_path: Path, target: str, given: list[str], arguments: list[str]) -> None:
    """With a Python that only tells what it was asked; a TO or an OUT of the environment is not meant."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nshift 2\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)
    done = subprocess.run(
        ["make", "-s", "-o", ".venv/.ready", target, f"PY={python}", *given],
        cwd=ROOT,
        env={**os.environ, "TO": "elsewhere", "OUT": "elsewhere"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [target, *arguments]


VALE = (
    "The miller mended his wheel on Monday, since the storm of last week had broken two of its oldest boards.",
    "Bees returned to the orchards behind the church, and the keepers expect more honey than in any year before.",
    "A bridge over the northern brook was closed at noon when a carter heard one of its pillars crack loudly.",
)


@pytest.fixture
def vale(tmp_path: Path) -> Path:
    folder = tmp_path / "vale"
    folder.mkdir()
    for n, text in enumerate(VALE):
        (folder / f"{n}.txt").write_text(f"Vale Herald: all that matters\n{text}\nWrite to the Vale Herald\n")
    return folder


def test_a_profile_is_proposed(run, vale: Path) -> None:  # type: ignore[no-untyped-def]
    said = run("outlet", "--pages", "vale")
    assert (said.code, said.error) == (0, "")
    examples = {rule["example"] for rule in tomllib.loads(said.out)["rule"]}
    assert examples == {"Vale Herald: all that matters", "Write to the Vale Herald"}
    written = run("outlet", "--pages", "vale", "--out", "vale.toml")
    assert (written.code, written.error) == (0, "")
    assert "vale.toml: 2 rules proposed from 3 pages." in written.out
    assert Path("vale.toml").read_text(encoding="utf-8") == re.sub(r'(?<=[" ])outlet(?=["/])', "vale", said.out)
    assert "vale.toml is there already" in one_line(run("outlet", "--pages", "vale", "--out", "vale.toml"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "PAGES is empty: name the folder of your pages with PAGES=<folder>"),
        (["--pages", "nowhere"], "nowhere is not there: put pages into it, or name another folder with PAGES=<folder>"),
        (["--pages", "vale/0.txt"], "vale/0.txt is not a folder"),
        (["--pages", "empty"], "empty holds 0 pages that can be read"),
        (["--pages", "vale", "--out", "no/such/folder.toml"], "can't write no/such/folder.toml: no such file"),
    ],
)
def test_no_profile_can_be_proposed(run, vale: Path, arguments: list[str], says: str) -> None:  # type: ignore[no-untyped-def]
    Path("empty").mkdir()
    said = run("outlet", *arguments)
    assert said.code == 2
    assert says in one_line(said)
