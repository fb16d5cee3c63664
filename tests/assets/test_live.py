"""Dagster as it runs for months: runs that are started at the same time, and what happens when some of it is killed."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from drops import Drops, product, run

from assets import processes
from assets.settings import JOBS
from assets.store import Store

ROOT = Path(__file__).parents[2]
PATIENCE = 600  # seconds, for what takes a few on a machine that has nothing else to do
FINISHED = {"SUCCESS", "FAILURE", "CANCELED"}

LAUNCH = """mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
WHERE = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } } }"
RUNS = "{ runsOrError { ... on Runs { results { runId status tags { key value } } } } }"


def wait(until: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


class Dagster:
    """`dagster dev`: page, daemon, code server and the workers of runs, all of one group of processes. It is asked as
    a browser asks it."""

    def __init__(self, home: Path) -> None:
        self.home, self.seeds, self.data = home, home / "seeds", home / "data"
        folders = {"DAGSTER_HOME": home, "BROADSHEET_SEEDS": self.seeds, "BROADSHEET_DATA": self.data}
        self.environment = {
            **os.environ,
            **{name: str(path) for name, path in folders.items()},
            "PYTHONPATH": str(ROOT),
            "DAGSTER_GRPC_TIMEOUT_SECONDS": str(PATIENCE),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._groups: list[int] = []  # of processes; a worker may outlive the one that was started first

    def start(self) -> None:
        """Starts it, unless it runs."""
        if self._process and self._process.poll() is None:
            return
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._url = f"http://127.0.0.1:{port}/graphql"
        with (self.home / "dagster.log").open("a") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "dagster",
                    "dev",
                    "-m",
                    "assets.definitions",
                    "-h",
                    "127.0.0.1",
                    "-p",
                    str(port),
                ],
                cwd=self.home,  # the paths of dagster.yaml follow it
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._groups.append(self._process.pid)
        wait(self._repository, "Dagster to come up")

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(30)
        self.kill()

    def kill(self) -> None:
        """Everything at once, as when the machine goes down."""
        for group in self._groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        self._groups.clear()
        if self._process:
            self._process.wait()

    def kill_daemon(self) -> None:
        """The daemon alone. `dagster dev` ends then, as a service does, and leaves what runs to itself."""
        assert self._process
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        [daemon] = [int(pid) for pid in children if b"dagster._daemon" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(daemon, signal.SIGKILL)
        self._process.wait(PATIENCE)

    def launch(self, job: str) -> str:
        selector = {**self._repository(), "jobName": job}
        told = self._ask(LAUNCH, params={"selector": selector, "runConfigData": {}})["launchRun"]
        return str(told["run"]["runId"])

    def launch_and_wait_for_work(self, job: str) -> str:
        """A run that has read the pages, and is about to understand them."""
        read = self.data / "staging" / "listing.json"
        before = read.stat().st_mtime_ns if read.exists() else None
        launched = self.launch(job)
        wait(lambda: read.exists() and read.stat().st_mtime_ns != before, "the run to read")
        return launched

    def runs(self) -> dict[str, str]:
        """All runs, and how they stand."""
        return {run["runId"]: run["status"] for run in self._ask(RUNS)["runsOrError"]["results"]}

    def worker(self, name: str) -> int:
        """The process that a run is."""
        [tags] = [run["tags"] for run in self._ask(RUNS)["runsOrError"]["results"] if run["runId"] == name]
        [tag] = [tag["value"] for tag in tags if tag["key"] == processes.TAG]
        return int(tag.split(" ")[-2])

    def wait_for_runs(self) -> None:
        wait(lambda: set(self.runs().values()) <= FINISHED, "runs to end")

    def _repository(self) -> dict[str, str]:
        """The code location, once it is loaded."""
        try:
            nodes = self._ask(WHERE)["repositoriesOrError"].get("nodes") or []
        except (urllib.error.URLError, OSError):
            nodes = []
        return (
            {"repositoryLocationName": nodes[0]["location"]["name"], "repositoryName": nodes[0]["name"]}
            if nodes
            else {}
        )

    def _ask(self, query: str, **variables: object) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dagster]:
    """A Dagster for all tests, as it takes long to start; who kills it starts it again."""
    home = tmp_path_factory.mktemp("home")
    shutil.copy(ROOT / "dagster.yaml", home)
    dagster = Dagster(home)
    try:
        yield dagster
    finally:
        dagster.stop()


@pytest.fixture(scope="module")
def made(live: Dagster) -> Drops:
    return Drops(live.seeds, 11)


@pytest.fixture
def dagster(live: Dagster, made: Drops) -> Dagster:
    """It runs, and there is something new to do."""
    made.drop(12)
    live.start()
    return live


def is_right(dagster: Dagster, tmp_path: Path) -> bool:
    """Whether it has published what a run from nothing would."""
    run(dagster.seeds, tmp_path / "fresh")
    return product(dagster.data) == product(tmp_path / "fresh") and not list(dagster.data.rglob(".tmp-*"))


def test_two_clicks_and_a_command_at_once(dagster: Dagster, tmp_path: Path) -> None:
    before = len(Store(dagster.data).names())
    folders = ["--seeds", str(dagster.seeds), "--data", str(dagster.data)]
    command = [sys.executable, "-m", "assets", "corpus", *folders, "--wait", str(PATIENCE)]
    beside = subprocess.Popen(
        command, cwd=ROOT, env=dagster.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    clicked = [dagster.launch(job) for job in JOBS]
    said = beside.communicate(timeout=PATIENCE)[0].decode()
    assert beside.returncode == 0, said
    dagster.wait_for_runs()
    assert [dagster.runs()[name] for name in clicked] == ["SUCCESS", "SUCCESS"]
    assert len(Store(dagster.data).names()) == before + 1, "all of them saw the same pages"
    assert is_right(dagster, tmp_path)


@pytest.mark.parametrize("job", JOBS)
def test_a_worker_that_is_killed(dagster: Dagster, tmp_path: Path, job: str) -> None:
    """Its run is ended, and done again, by nobody's hand."""
    before = dagster.runs()
    died = dagster.launch_and_wait_for_work(job)
    os.kill(dagster.worker(died), signal.SIGKILL)
    again(dagster, before, died)
    assert is_right(dagster, tmp_path)


def test_the_daemon_is_killed(dagster: Dagster, tmp_path: Path) -> None:
    """Who runs on without it is not disturbed by the next one; if nobody does, the run is done again."""
    before = dagster.runs()
    launched = dagster.launch_and_wait_for_work(JOBS[0])
    dagster.kill_daemon()
    dagster.start()
    again(dagster, before, launched)
    assert is_right(dagster, tmp_path)


def test_everything_is_killed(dagster: Dagster, tmp_path: Path) -> None:
    before = dagster.runs()
    died = dagster.launch_and_wait_for_work(JOBS[0])
    dagster.kill()
    dagster.start()
    again(dagster, before, died)
    assert is_right(dagster, tmp_path)


def again(dagster: Dagster, before: dict[str, str], died: str) -> None:
    """Waits for the run that does again what a dead one did not."""
    start = time.monotonic()
    wait(lambda: dagster.runs()[died] in FINISHED, "the dead run to be ended")
    print(f"{died} ended after {time.monotonic() - start:.0f} s")
    wait(lambda: "SUCCESS" in {s for name, s in dagster.runs().items() if name not in before}, "a run to complete")
    print(f"completed after {time.monotonic() - start:.0f} s")
    dagster.wait_for_runs()
    print({name: s for name, s in dagster.runs().items() if name not in before})
