"""A standalone cluster of Spark on this machine: a master, and workers of one core each, that are real processes."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

HERE = "127.0.0.1"
# Small, as all of it shares a machine with the tests; what a driver needs to know of its machine is said here, too.
DEFAULTS = f"""spark.driver.bindAddress {HERE}
spark.driver.host {HERE}
spark.driver.memory 512m
spark.executor.memory 512m
spark.ui.enabled false
"""
SHORT = "-XX:TieredStopAtLevel=1"  # compiles less, starts sooner


class Cluster:
    """`home`: where it works, and keeps its logs."""

    def __init__(self, home: Path, workers: int = 2) -> None:
        self.home = home
        (home / "conf").mkdir(parents=True)
        (home / "conf/spark-defaults.conf").write_text(DEFAULTS)
        port = _free()
        self.url = f"spark://{HERE}:{port}"
        self.master = self._start("master.Master", "--port", str(port), "--webui-port", "0")
        self.workers: dict[int, subprocess.Popen[bytes]] = {}
        _await(port)
        for number in range(workers):
            self.start_worker(number)

    def start_worker(self, number: int) -> None:
        place = ["--work-dir", str(self.home / f"worker{number}"), "--webui-port", "0"]
        self.workers[number] = self._start("worker.Worker", self.url, "--cores", "1", "--memory", "600m", *place)

    def kill(self, worker: int) -> None:
        """A worker's machine goes down: the worker, its executors, and their Python."""
        os.killpg(self.workers[worker].pid, signal.SIGKILL)
        self.workers.pop(worker).wait()

    def stop(self) -> None:
        for number in list(self.workers):
            self.kill(number)
        os.killpg(self.master.pid, signal.SIGKILL)
        self.master.wait()

    def _start(self, role: str, *arguments: str) -> subprocess.Popen[bytes]:
        home = spark_home()
        command = [str(home / "bin/spark-class"), f"org.apache.spark.deploy.{role}", "--host", HERE, *arguments]
        with (self.home / f"{role}.log").open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": HERE, "SPARK_DAEMON_JAVA_OPTS": SHORT},
                cwd=self.home,
                start_new_session=True,  # a group of its own, to be ended as one
            )


def spark_home() -> Path:
    import pyspark

    return Path(pyspark.__file__).parent


def _free() -> int:
    with socket.socket() as line:
        line.bind((HERE, 0))
        return int(line.getsockname()[1])


def _await(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            socket.create_connection((HERE, port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail("Spark's master does not start")
