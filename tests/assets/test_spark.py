"""Runs on a cluster: a real master and two workers on this machine. Left out, and shown so, without Java or PySpark."""

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from chores import Chore, killed, logged, refused, squared
from cluster import HERE, Cluster
from drops import product
from drops import run as publish
from running import failures, run

from assets import flow, incremental, linking, spark
from assets.engine import EngineError
from assets.shipped import made_with
from assets.spark import Spark
from tests.corpora import boxes, navigation, planted, together, wire

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "seeds"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What of the environment is as on a machine that is set up for Spark. → where a cluster may work"""
    pytest.importorskip("pyspark", reason="`make test` installs it, from spark.lock")
    if not shutil.which("java"):
        pytest.skip("needs Java 17 or 21: on Debian, apt install default-jre-headless")
    home = tmp_path_factory.mktemp("spark")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_CONF_DIR", str(home / "cluster/conf"))
        patch.setenv("SPARK_LOCAL_IP", HERE)
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{ROOT}/tests/assets")  # so that workers know the chores
        patch.setattr(spark, "BUNDLE", 0.0)  # a task is small here, and should meet the others' only in the results
        yield home


@pytest.fixture(scope="module")
def cluster(settings: Path) -> Iterator[Cluster]:
    cluster = Cluster(settings / "cluster")
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def engine(cluster: Cluster) -> Iterator[Spark]:
    engine = Spark(cluster.url)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample pages, and some with furniture to be learnt, and copy that outlets share."""
    seeds = tmp_path_factory.mktemp("pages") / "seeds"
    shutil.copytree(SAMPLES, seeds)
    corpora = planted(wire, 10, 1), planted(boxes, 30, 2), planted(navigation, 40, 3)
    for page, text in together(*corpora).texts.select("page", "text").iter_rows():
        (seeds / page).parent.mkdir(exist_ok=True)
        (seeds / page).write_text(text)
    with (seeds / "many.jsonl").open("w") as file:
        for text in planted(boxes, 8, 4).texts["text"]:
            file.write(json.dumps({"text": text}) + "\n")
    return seeds


@pytest.fixture(scope="module")
def alone(pages: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What this machine makes of them alone."""
    data = tmp_path_factory.mktemp("alone") / "data"
    publish(pages, data)
    assert pl.read_parquet(data / "stories.parquet").height > 5, "the pages have something to be found"
    assert pl.read_parquet(data / "furniture.parquet").height > 5
    return product(data)


def test_a_run_has_the_same_bytes_on_a_cluster(
    pages: Path, alone: dict[str, bytes], cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    monkeypatch.setattr(incremental, "BATCH", 40)  # so that both workers have something to do
    monkeypatch.setattr(linking, "ARTICLES", 50)
    monkeypatch.setattr(flow, "POSTINGS_HELD", 4_000)
    result = run(pages, data, engine="spark", spark_master=cluster.url)
    assert result.success, failures(result)
    assert product(data) == alone
    # Where nothing has changed there is nothing to do, so nobody is asked.
    again = run(pages, data, engine="spark", spark_master="spark://127.0.0.1:9")
    assert again.success, failures(again)
    assert product(data) == alone


def test_a_worker_killed_while_pages_are_understood_changes_no_byte(
    pages: Path, alone: dict[str, bytes], cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    staging = data / "staging"
    monkeypatch.setattr(incremental, "BATCH", 10)

    def kill() -> None:
        while not ((staging / "furniture.json").exists() and len(list(staging.glob(".tmp-*"))) > 4):
            time.sleep(0.01)
        cluster.kill(0)
        done.append((staging / "understand.units.json").exists())

    done: list[bool] = []
    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    publish(pages, data, engine="spark", spark_master=cluster.url)
    killer.join()
    cluster.start_worker(0)
    assert done == [False], "it was killed before anything was told to be understood"
    assert product(data) == alone


def test_a_cluster_that_is_not_there_fails_the_run_with_one_line(pages: Path, tmp_path: Path, settings: Path) -> None:
    result = run(pages, tmp_path / "data", engine="spark", spark_master="spark://127.0.0.1:9")
    assert not result.success
    assert [message.splitlines()[0] for message in failures(result)] == [
        "dagster._core.definitions.events.Failure: no master of Spark answers at spark://127.0.0.1:9 ([Errno 111] "
        "Connection refused): start one there, or correct SPARK_MASTER"
    ]


def test_a_master_without_workers_is_told_in_one_line(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "WORKERS", 1.0)
    bare = Cluster(settings / "bare", workers=0)
    engine = Spark(bare.url)
    try:
        with pytest.raises(EngineError, match=r"^spark://.* has had no worker for us for 1 s: see on its page .*$"):
            list(engine.map(squared, [Chore(1)]))
    finally:
        engine.close()
        bare.stop()


def test_results_come_in_the_order_of_the_tasks(engine: Spark, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "WAVE", 2)
    assert list(engine.map(squared, (Chore(n) for n in range(11)))) == [n**2 for n in range(11)]
    monkeypatch.setattr(spark, "BUNDLE", 3.0)
    assert list(engine.map(squared, (Chore(n) for n in range(11)))) == [n**2 for n in range(11)]


def test_an_error_is_raised_as_it_was_and_those_before_it_are_told(engine: Spark) -> None:
    answers = engine.map(refused, (Chore(n) for n in range(6)))
    assert [next(answers), next(answers)] == [0, 1]
    with pytest.raises(FileNotFoundError, match="gone: '/pages/2'") as caught:
        next(answers)
    assert "in refused" in str(caught.value.__cause__)


def test_where_nothing_is_to_be_done_no_cluster_is_asked_for() -> None:
    engine = Spark("spark://nowhere.invalid:7077")
    assert list(engine.map(squared, ())) == []
    engine.close()


def test_a_worker_that_is_killed_has_its_tasks_done_by_others(cluster: Cluster, engine: Spark, tmp_path: Path) -> None:
    def kill() -> None:
        while not list(tmp_path.glob("*-worker0-*")):
            time.sleep(0.01)
        cluster.kill(0)  # at work, as what it has begun takes far longer

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    found = list(engine.map(partial(logged, tmp_path), (Chore(n, 2.0) for n in range(6))))
    killer.join()
    cluster.start_worker(0)
    assert found == [(n, "1") for n in range(6)]
    begun = [path.name.split("-")[0] for path in tmp_path.iterdir()]
    assert len(begun) > len(set(begun)), "one was done twice"


def test_a_task_that_nobody_survives_is_told_in_one_line(engine: Spark) -> None:
    with pytest.raises(EngineError, match=r"^Spark gave up: .*Python worker exited.*; what is done is kept$"):
        list(engine.map(killed, [Chore(1)]))


def test_a_worker_that_would_make_other_bytes_is_refused(engine: Spark, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "made_with", lambda: {**made_with(), "understanding": "of another version"})
    with pytest.raises(EngineError, match=r"has another Broadsheet than the driver.*\(understanding\)"):
        list(engine.map(squared, [Chore(1)]))


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("master", ["spark://127.0.0.1:9", "spark://nowhere.invalid:7077", "spark://here"])
def test_a_master_that_does_not_answer_is_told_in_one_line(master: str) -> None:
    with pytest.raises(EngineError, match=f"^no master of Spark answers at {master} .*: start one there.*$"):
        list(Spark(master).map(squared, [Chore(1)]))


def test_no_master_at_all_is_told_in_one_line() -> None:
    with pytest.raises(EngineError, match=r"^ENGINE=spark needs a cluster: .*SPARK_MASTER=.*$"):
        Spark("")


def test_what_is_not_installed_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(EngineError, match=r"^ENGINE=spark needs PySpark .*make corpus ENGINE=spark.*$"):
        list(Spark("spark://127.0.0.1:9").map(squared, [Chore(1)]))


@pytest.mark.usefixtures("settings")
def test_a_machine_without_java_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EngineError, match=r"^ENGINE=spark needs Java .*$"):
        list(Spark("spark://127.0.0.1:9").map(squared, [Chore(1)]))
