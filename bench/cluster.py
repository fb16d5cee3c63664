"""The main job on Spark with two workers of one core beside two worker processes, on the same pages: wall and CPU.

    python -m bench.cluster WORK [MB]        # needs PySpark and Java: see docs/cluster.md

A standalone master and its workers run on this machine, as in the tests. Wall counts: Spark's CPU is not all work.
"""

import shutil
import sys
from pathlib import Path

from bench import generate
from bench.compare import home, ours
from bench.measured import ONE_THREAD, Took, run
from bench.report import table_head
from tests.assets.cluster import Cluster

MEGABYTES, WORKERS = 1500.0, 2


def measure(work: Path, megabytes: float) -> dict[str, Took]:
    """What both took, by name. FailedError of `bench.measured` where a job fails."""
    seeds, data, place = generate.write(work / f"files-{megabytes:g}", megabytes), work / "data-cluster", work / "spark"
    shutil.rmtree(place, ignore_errors=True)
    cluster = Cluster(place, WORKERS)
    try:
        here = {**ONE_THREAD, "SPARK_CONF_DIR": str(place / "conf"), "SPARK_LOCAL_IP": "127.0.0.1"}
        on_spark = ["--engine", "spark", "--spark-master", cluster.url]
        took = {}
        for name, command in (("processes", ours(seeds, data, WORKERS)), ("Spark", ours(seeds, data) + on_spark)):
            shutil.rmtree(data, ignore_errors=True)
            took[name] = run(command, work / "log.txt", {**here, **home(work)})
            print(f"{name}: {took[name].wall:.1f} s", file=sys.stderr, flush=True)
        shutil.rmtree(data)
        return took
    finally:
        cluster.stop()


def ratio(took: dict[str, Took]) -> float:
    return took["Spark"].wall / took["processes"].wall


def markdown(took: dict[str, Took], megabytes: float) -> str:
    head = [
        f"{WORKERS} workers, {megabytes:g} MB",
        "wall s",
        "CPU s of the command and what it starts",
        "peak MB (PSS)",
    ]
    rows = [f"| {name} | {t.wall:.1f} | {t.cpu:.1f} | {t.pss:,.0f} |" for name, t in took.items()]
    return "\n".join([table_head(head), *rows, "", f"Spark takes {ratio(took):.2f} times as long."])


if __name__ == "__main__":
    size = float(sys.argv[2]) if len(sys.argv) > 2 else MEGABYTES
    print(markdown(measure(Path(sys.argv[1]).absolute(), size), size))
