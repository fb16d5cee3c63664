"""Dagster as it runs for months: runs that are started at the same time, and what happens when everything is killed."""

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
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from drops import Drops, product, run

from assets.settings import JOB
from assets.store import Store

ROOT = Path(__file__).parents[2]
PATIENCE = 240  # seconds
FINISHED = {"SUCCESS", "FAILURE", "CANCELED"}

WHERE = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } } }"
LAUNCH = """mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
STATUS = "query ($run: ID!) { runOrError(runId: $run) { ... on Run { status } } }"


class Page:
    """Dagster's page, asked as a browser asks it."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/graphql"

    def ask(self, query: str, **variables: object) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["data"]

    def wait(self) -> tuple[str, str]:
        """The code location's repository, once it is loaded."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                nodes = self.ask(WHERE)["repositoriesOrError"].get("nodes")
                if nodes:
                    return nodes[0]["location"]["name"], nodes[0]["name"]
            except (urllib.error.URLError, OSError):
                pass
            time.sleep(1)
        raise TimeoutError("Dagster does not come up")

    def launch(self, location: str, repository: str) -> str:
        selector = {"repositoryLocationName": location, "repositoryName": repository, "jobName": JOB}
        told = self.ask(LAUNCH, params={"selector": selector, "runConfigData": {}})["launchRun"]
        return str(told["run"]["runId"])

    def ended(self, runs: list[str]) -> list[str]:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = [str(self.ask(STATUS, run=name)["runOrError"]["status"]) for name in runs]
            if set(found) <= FINISHED:
                return found
            time.sleep(1)
        raise TimeoutError(f"runs don't end: {found}")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    return tmp_path


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    told = {"DAGSTER_HOME": home, "BROADSHEET_SEEDS": home / "seeds", "BROADSHEET_DATA": home / "data"}
    return {**os.environ, **{name: str(value) for name, value in told.items()}, "PYTHONPATH": str(ROOT)}


class Dagster:
    """`dagster dev`: page, daemon, code server and the workers of runs, all of one group of processes."""

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        self._home, self._environment = home, environment

    def __enter__(self) -> Page:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        arguments = ["dev", "-m", "assets.definitions", "-h", "127.0.0.1", "-p", str(port)]
        self._log = (self._home / "dagster.log").open("a")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dagster", *arguments],
            cwd=self._home,
            env=self._environment,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        return Page(port)

    def kill(self) -> None:
        """Everything at once, as when the machine goes down."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
        self._log.close()


def test_two_clicks_and_a_command_at_once(home: Path, environment: dict[str, str]) -> None:
    seeds, data = home / "seeds", home / "data"
    Drops(seeds, 11).drop(12)
    command = [sys.executable, "-m", "assets", "corpus", "--seeds", str(seeds), "--data", str(data), "--wait", "200"]
    with Dagster(home, environment) as page:
        where = page.wait()
        beside = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        clicked = [page.launch(*where) for _ in range(2)]
        said = beside.communicate(timeout=PATIENCE)[0].decode()
        assert beside.returncode == 0, said
        assert page.ended(clicked) == ["SUCCESS", "SUCCESS"]
    assert len(Store(data).names()) == 1, "all of them saw the same pages"
    assert pl.read_parquet(data / "changes.parquet")["change"].unique().to_list() == ["added"]
    run(seeds, home / "fresh")
    assert product(data) == product(home / "fresh")


def test_everything_is_killed_and_started_again(home: Path, environment: dict[str, str]) -> None:
    """The dead run is ended, and done again, by nobody's hand."""
    seeds, data = home / "seeds", home / "data"
    Drops(seeds, 12).drop(12)
    dagster = Dagster(home, environment)
    with dagster as page:
        died = page.launch(*page.wait())
        deadline = time.monotonic() + PATIENCE
        while not (data / "staging").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        dagster.kill()
    assert not (data / "current").exists()
    with dagster as page:
        page.wait()
        start = time.monotonic()
        assert page.ended([died]) == ["FAILURE"]
        print(f"ended after {time.monotonic() - start:.0f} s")
        while not (data / "current").exists():
            assert time.monotonic() < start + PATIENCE, "nobody has done it again"
            time.sleep(0.5)
        print(f"published after {time.monotonic() - start:.0f} s")
        runs = page.ask("{ runsOrError { ... on Runs { results { runId } } } }")["runsOrError"]["results"]
        assert sorted(page.ended([run["runId"] for run in runs])) == ["FAILURE", "SUCCESS"]
    run(seeds, home / "fresh")
    assert product(data) == product(home / "fresh")
    assert not list(data.rglob(".tmp-*"))
