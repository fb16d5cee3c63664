"""What the main job costs as the corpus grows, and with one and two worker processes: CPU, wall, memory.

    python -m bench.sizes WORK [--megabytes 100 500 1500] [--jobs 1 2] [--svg FILE]

Whole commands over files on disk, each into a new folder. Memory is that of all processes together.
"""

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import generate
from bench.compare import home, ours
from bench.measured import ONE_THREAD, Took, run
from bench.plot import Curve, curves
from bench.report import shown, table_head

MEGABYTES, JOBS = (100.0, 500.0, 1500.0), (1, 2)


class Run(NamedTuple):
    megabytes: float
    jobs: int
    took: Took
    command: str


def measured(work: Path, megabytes: float, jobs: int) -> Run:
    """One run of the main job into a new folder."""
    seeds, data = generate.write(work / f"files-{megabytes:g}", megabytes), work / "data-sizes"
    shutil.rmtree(data, ignore_errors=True)
    command = ours(seeds, data, jobs)
    took = run(command, work / "log.txt", {**ONE_THREAD, **home(work)})
    shutil.rmtree(data)
    print(f"{megabytes:g} MB, {jobs}: {took.cpu:.1f} s CPU, {took.wall:.1f} s", file=sys.stderr, flush=True)
    return Run(megabytes, jobs, took, " ".join(command))


def measure(work: Path, megabytes: Sequence[float], jobs: Sequence[int]) -> list[Run]:
    work.mkdir(parents=True, exist_ok=True)
    return [measured(work, size, n) for size in megabytes for n in jobs]


def markdown(runs: Sequence[Run], work: Path) -> str:
    """A row a run, what it is to the smallest of as many jobs, and to one job of the same size; the commands below."""
    head = [
        "", "text, MB", "jobs", "CPU s", "CPU s per MB", "to the smallest", "wall s", "one job : this",
        "peak MB (RSS)", "peak MB (PSS)", "to the smallest",
    ]  # fmt: skip
    first = {run.jobs: run for run in reversed(runs)}
    alone = {run.megabytes: run for run in runs if run.jobs == 1}
    lines = []
    for n, (size, jobs, took, _) in enumerate(runs, 1):
        least = first[jobs]
        cost = (took.cpu / size) / (least.took.cpu / least.megabytes)
        faster = f"{alone[size].took.wall / took.wall:.2f}" if size in alone else ""
        lines.append(
            f"| {n} | {size:,.0f} | {jobs} | {took.cpu:.1f} | {took.cpu / size:.4f} | {cost:.2f} | {took.wall:.1f} "
            f"| {faster} | {took.rss:,.0f} | {took.pss:,.0f} | {took.pss / least.took.pss:.2f} |"
        )
    commands = [f"    {n}  {shown(run.command, work)}" for n, run in enumerate(runs, 1)]
    return "\n".join([table_head(head), *lines, "", *commands, ""])


def plot(runs: Sequence[Run]) -> str:
    """Cost and memory against size, as SVG."""
    jobs = sorted({run.jobs for run in runs})

    def by(of: Callable[[Run], float]) -> list[Curve]:
        return [Curve(f"{n} job{'s' * (n > 1)}", [(r.megabytes, of(r)) for r in runs if r.jobs == n]) for n in jobs]

    return curves(
        "What a run takes as the corpus grows",
        "MB of text",
        [
            ("CPU seconds per MB", by(lambda r: r.took.cpu / r.megabytes)),
            ("Peak memory of all processes, MB", by(lambda r: r.took.pss)),
        ],
    )


def main(arguments: Sequence[str]) -> None:
    options = argparse.ArgumentParser(prog="python -m bench.sizes", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("work", type=Path)
    options.add_argument("--megabytes", type=float, nargs="+", default=MEGABYTES)
    options.add_argument("--jobs", type=int, nargs="+", default=JOBS)
    options.add_argument("--svg", type=Path, help="write the plot to this file")
    given = options.parse_args(arguments)
    runs = measure(given.work.absolute(), given.megabytes, given.jobs)
    print(markdown(runs, given.work.absolute()))
    if given.svg:
        given.svg.write_text(plot(runs))


if __name__ == "__main__":
    main(sys.argv[1:])
