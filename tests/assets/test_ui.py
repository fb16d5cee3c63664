"""Dagster's pages as users click through them, in Debian's Chromium: a server and a daemon of the test's own on a free
port, folders of its own. What the browser saw stands in build/ui/, numbered."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import copy

import polars as pl
import pytest
from running import TITLES, write_page, write_pages

from assets.checks import CHECKS
from pipeline.tables import STAGED

driver = pytest.importorskip("playwright.sync_api", reason="needs playwright, which `make test` installs")

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build" / "ui"
CHROMIUM = "/usr/bin/chromium"
# Seconds to wait for a page and for a run: more than a busy machine needs, as a page that never comes has to be told.
PAGE, RUN = 300, 600

pytestmark = pytest.mark.skipif(
    not Path(CHROMIUM).exists(), reason=f"needs {CHROMIUM}: on Debian apt install chromium, as .ci/run does"
)


@dataclass
class Dagster:
    """A running Dagster: where its pages are, and its folders."""

    url: str
    seeds: Path
    data: Path

    def articles(self) -> pl.DataFrame:
        return pl.read_parquet(self.data / "articles.parquet")


@pytest.fixture(scope="module")
def dagster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dagster]:
    """`dagster dev` (webserver and daemon), as `make ui` starts it, at a home of its own."""
    home = tmp_path_factory.mktemp("home")
    copy(ROOT / "dagster.yaml", home)
    write_pages(home / "seeds" / "drop")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here = Dagster(f"http://127.0.0.1:{port}", home / "seeds", home / "data")
    log = home / "dagster.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "dagster", "dev", "-h", "127.0.0.1", "-p", str(port), "-m", "assets.definitions"],
            env={
                **os.environ,
                "DAGSTER_HOME": str(home),
                "BROADSHEET_SEEDS": str(here.seeds),
                "BROADSHEET_DATA": str(here.data),
                "BROADSHEET_SETTLE": "1",
                "PYTHONPATH": str(ROOT),
                "DAGSTER_GRPC_TIMEOUT_SECONDS": str(PAGE),
                "OMP_WAIT_POLICY": "passive",
            },
            cwd=home,  # the paths of dagster.yaml follow it
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait(lambda: answers(here.url) or process.poll() is not None, PAGE)
        assert process.poll() is None, log.read_text()
        yield here
    finally:
        # The whole group: the server and the daemon are processes of their own.
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/server_info", timeout=5) as response:
            return response.status == 200
    except OSError:
        return False


def wait(until: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.2)


@pytest.fixture
def page(dagster: Dagster, request: pytest.FixtureRequest) -> Iterator["driver.Page"]:
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        page = browser.new_page(base_url=dagster.url, viewport={"width": 1400, "height": 900})
        page.set_default_timeout(PAGE * 1000)
        driver.expect.set_options(timeout=PAGE * 1000)
        try:
            yield page
        finally:
            shot(page, f"{request.node.name}-end")
            browser.close()


def shot(page: "driver.Page", name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


def test_materialize_all_gives_articles_with_checks_and_row_count(dagster: Dagster, page: "driver.Page") -> None:
    page.goto("/asset-groups")
    page.get_by_role("button", name="Materialize all").click()
    page.get_by_role("region", name="Notifications").get_by_role("link", name="View").click()
    finished(page)
    shot(page, "1-run")
    assert dagster.articles().height == len(TITLES)

    page.goto("/assets/articles")
    expect_row_count(page, len(TITLES))
    shot(page, "2-articles")
    page.get_by_role("tab", name="Checks").click()
    for name in (spec.name for check in CHECKS for spec in check.check_specs if spec.asset_key.path == ["articles"]):
        driver.expect(page.get_by_text(name, exact=True).first).to_be_visible()
    shot(page, "3-checks")

    page.set_viewport_size({"width": 1400, "height": 1400})  # what is out of sight is not drawn
    groups = ("reading", "understanding", "articles", "published")
    page.goto("/asset-groups?expanded=" + ",".join(f"global@global:{group}" for group in groups))
    for name in (table.name for table in STAGED):
        driver.expect(page.get_by_text(name).first).to_be_visible()
    shot(page, "4-graph")


def finished(page: "driver.Page") -> None:
    """Waits for the run whose page is open, and for its success."""
    ended = page.get_by_text(re.compile("^(Success|Failure|Canceled)$")).first
    ended.wait_for(timeout=RUN * 1000)
    driver.expect(ended).to_have_text("Success")


def expect_row_count(page: "driver.Page", rows: int) -> None:
    shown = page.locator("div", has=page.get_by_text("Row count", exact=True)).last
    driver.expect(shown).to_contain_text(re.compile(rf"Row count\s*{rows}"))


def test_the_sensor_publishes_a_drop(dagster: Dagster, page: "driver.Page") -> None:
    page.goto("/automation")
    page.get_by_role("link", name="drops").click()
    switch = page.get_by_role("row", name="Running").get_by_role("checkbox")
    switch.press("Space")  # it lies out of sight, behind the picture of a switch
    driver.expect(switch).to_be_checked()
    shot(page, "5-sensor")
    write_page(dagster.seeds / "drop" / "late.txt", "Lighthouse opens its stairs", 9)
    wait(lambda: (dagster.data / "articles.parquet").exists() and dagster.articles().height == len(TITLES) + 1, RUN)

    page.goto("/assets/articles")
    expect_row_count(page, len(TITLES) + 1)
    shot(page, "6-after-the-drop")
    page.goto("/runs")
    driver.expect(page.get_by_role("link", name="drops").first).to_be_visible()
    driver.expect(page.get_by_text("Success", exact=True).first).to_be_visible()
    shot(page, "7-runs")
