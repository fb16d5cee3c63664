"""The command line: runs the main job, tells what came out of it, rolls back, proposes a profile. No job, no table."""

import argparse
import os
import shlex
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, chdir, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from assets.history import generations
from assets.settings import at_once, home, setting
from assets.store import Store, StoreError, apart
from assets.summary import REVIEW, printable, summary

if TYPE_CHECKING:
    import dagster as dg

# Dagster is imported where it is needed: `--help` and a wrong folder should not wait for it.

MODEL = Path(__file__).parents[1] / "pipeline" / "model"
OK, FAILED, USAGE, STOPPED = 0, 1, 2, 130
# Errors whose message is meant for users.
OURS = ("Failure", "StoreError", "EngineError")
INTERRUPTED = ("KeyboardInterrupt", "DagsterExecutionInterruptedError")


class UsageError(Exception):
    """The command can't start; the message is one line that says what to change."""


def main(arguments: Sequence[str]) -> int:
    options = parser().parse_args(arguments)
    if not options.debug:
        warnings.simplefilter("ignore")
    try:
        return int(options.run(options))
    except UsageError as e:
        return _complain(str(e), USAGE)
    except KeyboardInterrupt:
        return _complain("stopped", STOPPED)
    except BrokenPipeError:  # the reader of our output has gone: `… | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as e:
        if options.debug:
            raise
        return _complain(_one_line(e), FAILED)


def parser() -> argparse.ArgumentParser:
    about = "Scraped news pages in, one table of articles out."
    top = argparse.ArgumentParser(prog="python -m assets", description=about)
    commands = top.add_subparsers(required=True, metavar="command")

    def command(name: str, run: Any, help: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help, description=help)
        made.add_argument("--debug", action="store_true", help="show tracebacks and Dagster's log")
        made.set_defaults(run=run)
        return made

    run = command("corpus", corpus, "read a folder of pages, write the tables")
    run.add_argument("--seeds", default="seeds", help="the folder of raw pages (default: seeds)")
    run.add_argument("--data", default="data", help="the folder of the results (default: data)")
    run.add_argument("--wait", type=float, default=60, help="seconds to wait for another run to end (default: 60)")
    run.add_argument("--jobs", type=_count, default=at_once(), help="processes at once (default: one for each core)")
    run.add_argument("--engine", default="", help="where pages are worked on: local, or spark (default: local)")
    run.add_argument("--spark-master", default="", help="the master of that cluster: spark://<host>:7077")
    back = command("rollback", rollback, "make the generation numbered before the live one live, or the one named")
    back.add_argument("--data", default="data", help="the folder of the results (default: data)")
    back.add_argument("--to", metavar="GENERATION", help="make this one live (default: the one numbered before)")
    past = command("generations", history, "list the generations that are kept, and what each of them changed")
    past.add_argument("--data", default="data", help="the folder of the results (default: data)")
    mend = command("correct", correct, "say what a line is: looks it up in the results, adds it to the corrections")
    mend.add_argument("page", nargs="?", help="the page, as in the column `page` of the results, or its file")
    mend.add_argument("line", nargs="?", type=int, help="the line's number on the page, from 1")
    mend.add_argument("role", nargs="?", help="what it is: headline, body, caption, boilerplate …")
    mend.add_argument("--csv", type=Path, help="add the rows of this file instead, such as the review page's")
    mend.add_argument("--part", type=int, default=0, help="a part of a line that is cut; 0: all of it (default: 0)")
    mend.add_argument("--seeds", default="seeds", help="the folder of raw pages (default: seeds)")
    mend.add_argument("--data", default="data", help="the folder of the results (default: data)")
    ask = command("why", why, "tell why a line, or each line of an article, is kept or dropped")
    ask.add_argument("--article", default="", help="the article's id, or the first characters of it")
    ask.add_argument("--page", default="", help="the page, as in the column `page` of the results, or its file")
    ask.add_argument("--line", default="", help="the line's number on the page, from 1")
    ask.add_argument("--json", action="store_true", help="an object of JSON for each line")
    ask.add_argument("--seeds", default="seeds", help="the folder of raw pages (default: seeds)")
    ask.add_argument("--data", default="data", help="the folder of the results (default: data)")
    judge = command("audit", audit, "state the error rates of the corpus from a sample that was judged")
    judge.add_argument("--csv", type=Path, help="the answers, as the review page gives them")
    judge.add_argument("--data", default="data", help="the folder of the results (default: data)")
    for name, action, what in (
        ("train", train, "fit the line model to labelled folders, write it and its card"),
        ("evaluate", evaluate, "score labelled folders on models that have not seen their sites"),
    ):
        learn = command(name, action, what)
        learn.add_argument("labels", nargs="+", help="folders with pages/ and gold.jsonl, or folders of such")
        learn.add_argument("--model", type=Path, default=MODEL, help="the model's folder (default: pipeline/model)")
    learn.add_argument("--folds", type=int, nargs="*", help="these folds only (default: all)")
    learn.add_argument("--work", type=Path, default=Path("build"), help="where models are kept (default: build)")
    share = command("release", release, "write an edition without the texts, for sharing")
    share.add_argument("--data", default="data", help="the folder of the results (default: data)")
    share.add_argument("--out", default="", help="the new folder")
    back = command("rebuild", rebuild, "write the table of a release with its texts, out of your own copy of its pages")
    back.add_argument("--release", default="", help="the folder that `make release` wrote")
    back.add_argument("--seeds", default="seeds", help="the folder of raw pages (default: seeds)")
    back.add_argument("--out", default="", help="the new folder")
    mine = command("outlet", outlet, "propose an outlet's profile from a folder of its pages, as TOML to be finished")
    mine.add_argument("--pages", default="", help="the folder of the outlet's pages")
    mine.add_argument("--out", default="", help="write it to this new file (default: print it)")
    words = command("dictionary", dictionary, "print what every table and column means, in Markdown")
    words.add_argument("--readme", type=Path, help="print this README instead, with the columns of articles in it")
    return top


def _count(given: str) -> int:
    """A number of processes; nothing at all, as `make` passes it on: whatever is usual."""
    if given and not (given.isdecimal() and int(given)):
        raise argparse.ArgumentTypeError(f"{given!r} is no number of processes: 1, 2, …")
    return int(given or at_once())


def corpus(options: argparse.Namespace) -> int:
    seeds, shown = _folder(options.seeds), _results(options.data)
    data = shown.absolute()
    try:
        apart(seeds, data)
    except StoreError as e:
        raise UsageError(e) from None
    with _at_home(), _instance() as instance:
        result = _run(options, seeds, data, instance)
    if not result.success:
        message, code = _failure(result)
        return _complain(message + _stands(data, shown, result.run_id), code)
    print(summary(data, shown, _drifts(result)))
    return OK


def rollback(options: argparse.Namespace) -> int:
    store = Store(_results(options.data))
    if store.live() is None:
        raise UsageError(f"{store.root} holds no published tables: there is nothing to roll back")
    with store.lock("a rollback"):
        before, now = store.rollback(options.to)
    print(f"{store.root}: {now} is live, {before} was" if now != before else f"{store.root}: {now} was live already")
    print(*generations(store), sep="\n")
    return OK


def history(options: argparse.Namespace) -> int:
    store = Store(_results(options.data))
    if store.live() is None:
        raise UsageError(f"{store.root} holds no published tables yet")
    print(*generations(store), sep="\n")
    return OK


def correct(options: argparse.Namespace) -> int:
    from assets.correcting import CorrectingError, add, merge

    seeds, data = _folder(options.seeds), _results(options.data)
    if options.csv is None and options.role is None:
        raise UsageError("name a page, a line and its role, or a file of corrections")
    try:
        then = _make("corpus", options)
        if options.csv is not None:
            told = merge(seeds, options.csv, then)
        else:
            told = add(seeds, data, options.page, options.line, options.part, options.role, then)
    except CorrectingError as e:
        raise UsageError(e) from None
    print(*map(printable, told), sep="\n")
    return OK


def why(options: argparse.Namespace) -> int:
    from assets.asking import of_article, of_line
    from assets.correcting import CorrectingError

    data = _results(options.data)
    if bool(options.article) == bool(options.page) or bool(options.page) != bool(options.line):
        raise UsageError("name an article with ARTICLE=<id>, or a line with PAGE=<page> LINE=<number>")
    if options.line and not options.line.isdecimal():
        raise UsageError(f"{options.line!r} is no number of a line")
    try:
        if options.article:
            told = list(of_article(data, options.article, options.json))
        else:
            told = list(of_line(_folder(options.seeds), data, options.page, int(options.line), options.json))
    except CorrectingError as e:
        raise UsageError(e) from None
    print(*map(printable, told), sep="\n")
    return OK


def audit(options: argparse.Namespace) -> int:
    from pipeline.review.audit import AnswerError, answers, as_text, rates

    if options.csv is None:
        page = _results(options.data) / REVIEW
        if not page.exists():
            raise UsageError(f"{page} is not there: run `make corpus` first, or name another folder with DATA=")
        print(f"Open {printable(str(page))} in a browser, and follow “Judge a random sample”.")
        command = f"{_make('audit', options)} CSV=<file>"
        print(f"Then `{command}` states the error rates from the answers that you download there.")
        return OK
    try:
        found = rates(answers(options.csv.read_bytes()))
    except OSError as e:
        raise UsageError(f"{options.csv} can't be read ({(e.strerror or str(e)).lower()}): name it with CSV=") from None
    except AnswerError as e:
        raise UsageError(f"{options.csv}: {e}") from None
    print(*as_text(found), sep="\n")
    _card_of(_results(options.data), options.csv.read_bytes())
    return OK


def _card_of(data: Path, given: bytes) -> None:
    """Has the corpus card state the rates of answers, if they are about what is live there."""
    from assets import carding
    from assets.resources import RULES

    store = Store(data)
    if store.live() is None:
        return
    with store.lock("an audit"):
        judged = carding.keep(data, given)
        if judged:
            carding.write(data, RULES)
    where = printable(str(data / "README.md"))
    print(f"{where} states them." if judged else f"{where} does not: the answers are about another generation.")


def release(options: argparse.Namespace) -> int:
    from assets.correcting import CorrectingError
    from assets.releasing import ReleaseError
    from assets.releasing import release as write

    if not options.out:
        raise UsageError("OUT is empty: name a new folder with OUT=<folder>")
    try:
        told = list(write(_results(options.data), Path(options.out)))
    except (CorrectingError, ReleaseError) as e:
        raise UsageError(e) from None
    print(*map(printable, told), sep="\n")
    return OK


def rebuild(options: argparse.Namespace) -> int:
    from assets.releasing import ReleaseError
    from assets.releasing import rebuild as write

    if not options.release or not options.out:
        raise UsageError("name a release with RELEASE=<folder>, and a new folder with OUT=<folder>")
    try:
        told = list(write(Path(options.release), _folder(options.seeds), Path(options.out)))
    except ReleaseError as e:
        raise UsageError(e) from None
    print(*map(printable, told), sep="\n")
    return OK


def train(options: argparse.Namespace) -> int:
    from assets import training

    with _labels():
        print(training.train(map(Path, options.labels), options.model))
    return OK


def evaluate(options: argparse.Namespace) -> int:
    from assets import training

    with _labels():
        for line in training.evaluate(map(Path, options.labels), options.folds, options.work, options.model):
            print(line, flush=True)
    return OK


@contextmanager
def _labels() -> Iterator[None]:
    from pipeline.training.labels import LabelError

    try:
        yield
    except LabelError as e:
        raise UsageError(e) from None


def outlet(options: argparse.Namespace) -> int:
    from assets import resources
    from assets import seeds as drops
    from pipeline.corpus import corpus as understand
    from pipeline.proposals import FILL_IN, MIN_PAGES, profile

    folder, out = _folder(options.pages, "PAGES"), Path(options.out)
    if options.out and out.exists():
        raise UsageError(f"{out} is there already: name a new file with OUT=<file>, or leave OUT out")
    rules = resources.RULES.book
    try:
        found = drops.find(folder)
    except drops.SeedsError as e:
        raise UsageError(e) from None
    made = understand(*drops.everything(found), rules, resources.MODEL.lines)
    if made.pages.height < MIN_PAGES:
        raise UsageError(
            f"{options.pages} holds {made.pages.height} pages that can be read: what recurs shows from {MIN_PAGES} on, "
            "and well from 30 on"
        )
    text = profile(made.lines, made.pages, made.page_articles, made.duplicates, rules, out.stem)
    if not options.out:
        print(text, end="")
        return OK
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as e:
        raise UsageError(f"can't write {out}: {(e.strerror or type(e).__name__).lower()}: choose another OUT") from None
    print(f"{printable(str(out))}: {text.count('[[rule]]')} rules proposed from {made.pages.height} pages.")
    print(f"Finish what says {FILL_IN}, delete the rules of lines that are text; docs/howto.md shows a finished one.")
    return OK


def dictionary(options: argparse.Namespace) -> int:
    from assets.describe import dictionary as text
    from assets.describe import readme

    if options.readme:
        print(readme(options.readme.read_text(encoding="utf-8")), end="")
    else:
        print(text(), end="")
    return OK


def _folder(name: str, given: str = "SEEDS") -> Path:
    if not name:
        raise UsageError(f"{given} is empty: name the folder of your pages with {given}=<folder>")
    folder = Path(name).absolute()
    if not folder.exists():
        raise UsageError(f"{name} is not there: put pages into it, or name another folder with {given}=<folder>")
    if not folder.is_dir():
        raise UsageError(f"{name} is not a folder: name the folder that holds it with {given}=<folder>")
    return folder


def _make(target: str, options: argparse.Namespace) -> str:
    """The command for the same folders, as one types it."""
    folders = (("SEEDS", getattr(options, "seeds", "seeds"), "seeds"), ("DATA", options.data, "data"))
    return " ".join([f"make {target}", *(f"{name}={shlex.quote(x)}" for name, x, usual in folders if x != usual)])


def _results(name: str) -> Path:
    if not name:
        raise UsageError("DATA is empty: name the folder of the results with DATA=<folder>")
    return Path(name)


def _at_home() -> AbstractContextManager[None]:
    """Goes where `dagster.yaml` stands, so that the run is kept where `make ui` shows it."""
    folder = home().absolute()
    if not (folder / "dagster.yaml").is_file():
        return nullcontext()
    os.environ["DAGSTER_HOME"] = str(folder)
    return chdir(folder)  # its paths follow the working directory


def _instance() -> Any:
    import dagster as dg

    home = os.environ.get("DAGSTER_HOME")
    return dg.DagsterInstance.get() if home and Path(home).is_dir() else dg.DagsterInstance.ephemeral()


def _run(
    options: argparse.Namespace, seeds: Path, data: Path, instance: "dg.DagsterInstance"
) -> "dg.ExecuteInProcessResult":
    from assets import progress
    from assets.definitions import defs

    folders = {
        "seeds": str(seeds),
        "data": str(data),
        "wait": options.wait,
        "jobs": options.jobs,
        "engine": options.engine or setting("engine", "local"),
        "spark_master": options.spark_master or setting("spark_master"),
    }
    # While a step runs Dagster keeps what it prints for the run's log; what is dup'ed before still reaches the user.
    with (
        open(os.dup(sys.stderr.fileno()), "w", buffering=1) as screen,
        progress.on_screen(partial(bar, screen), partial(print, file=screen)),
    ):
        return defs.resolve_job_def("corpus").execute_in_process(
            instance=instance,
            raise_on_error=options.debug,
            run_config={
                "resources": {"folders": {"config": folders}},
                "loggers": {"console": {"config": {"log_level": "INFO" if options.debug else "CRITICAL"}}},
            },
        )


@contextmanager
def bar(screen: TextIO, what: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """A progress bar, where somebody looks at it and it takes longer than a second. A thread draws it: batches are
    large, and the time should go on between them."""
    if not screen.isatty():
        yield lambda n: None
        return
    done, over = [0], threading.Event()

    def advance(n: int) -> None:
        done[0] += n

    def draw() -> None:
        if over.wait(1):
            return
        from tqdm import tqdm

        with tqdm(total=total, desc=what, unit=f" {unit}", leave=False, file=screen) as shown:
            while not over.wait(0.5):
                shown.n = done[0]
                shown.refresh()

    drawer = threading.Thread(target=draw, daemon=True)
    drawer.start()
    try:
        yield advance
    finally:
        over.set()
        drawer.join()


def _failure(result: "dg.ExecuteInProcessResult") -> tuple[str, int]:
    """Why a run failed, in one line, and what that returns."""
    failed = [e for e in result.get_asset_check_evaluations() if not e.passed and not _warns(e)]
    if failed:
        first = failed[0]
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        places = str(first.metadata["places"].value) if "places" in first.metadata else ""
        where = f", e.g. {places}" if places else ""
        return f"check {first.asset_check_key.to_user_string()} failed: {first.description}{where}{more}", FAILED
    for event in result.all_events:
        error = getattr(event.event_specific_data, "error", None)
        if error is not None:
            while error.cause is not None and error.cls_name not in OURS:
                error = error.cause
            message = error.message.strip().splitlines()[0]
            if error.cls_name in INTERRUPTED:
                return "stopped", STOPPED
            if error.cls_name in OURS:
                return message.split(": ", 1)[-1], FAILED
            return f"{event.step_key or 'the run'} broke with {message}; --debug shows where", FAILED
    return "the run failed", FAILED


def _drifts(result: "dg.ExecuteInProcessResult") -> list[str]:
    """What is unlike the runs before, a line each."""
    return [e.description or "" for e in result.get_asset_check_evaluations() if not e.passed and _warns(e)]


def _warns(evaluation: "dg.AssetCheckEvaluation") -> bool:
    return evaluation.severity.value == "WARN"


def _stands(data: Path, shown: Path, run: str) -> str:
    """What readers have after a run that failed, and where to look."""
    try:
        live = Store(data).live()
    except StoreError:
        live = None
    tables = f"{shown} still holds the tables of {live}" if live else f"no tables were published in {shown}"
    return f"; {tables} (run {run[:8]} in `make ui`)"


def _one_line(error: Exception) -> str:
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    if isinstance(error, StoreError):
        return first
    return f"{type(error).__name__}: {first} (--debug shows where)"


def _complain(message: str, code: int) -> int:
    print(f"error: {printable(message)}", file=sys.stderr)
    return code
