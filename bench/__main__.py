"""All benchmarks, one after another, and at the end one table of what must hold, each figure with its command.

    python -m bench WORK [--size 100] [--rounds 3] [--only compare sizes ...]

At `--size 100` (MB) an hour or more and 8 GB in WORK; every other size is a share of that: 20 takes some minutes.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import cluster, compare, generate, report, sizes, small_files
from bench.measured import ONE_THREAD, ROOT
from bench.report import table_head

FULL = 100.0
PLOT = ROOT / "docs" / "images" / "performance.svg"


class Claim(NamedTuple):
    """What must hold: a figure, its bound (the least where `least`), and the command that shows it."""

    what: str
    value: float
    bound: float
    command: str
    least: bool = False
    form: str = "{:.2f}"

    def holds(self) -> bool:
        return self.value >= self.bound if self.least else self.value <= self.bound


class Bench:
    def __init__(self, work: Path, size: float, rounds: int) -> None:
        self.work, self.size, self.rounds = work, size, rounds
        self.claims: list[Claim] = []

    def stages(self) -> None:
        """The corpus's first 15 MB at the most, stage by stage."""
        megabytes = min(self.size, 15.0)
        folder = generate.write(self.work / f"files-{megabytes:g}", megabytes)
        self.told("bench.stages", str(folder), one_thread=True)

    def compare(self) -> None:
        rows = compare.compared(self.work, self.size, self.rounds)
        print(report.markdown(rows, self.work), flush=True)
        command = f"python -m bench.compare WORK {self.size:g}"
        bounds = {compare.CLEANING: 0.30, compare.LIMIT: 12.0}
        for row in rows:
            if row.what in bounds and row.ratio is not None:
                self.claims.append(Claim(f"CPU, ours to {row.what}", row.ratio, bounds[row.what], command))

    def sizes(self) -> None:
        steps = [self.size * part / FULL for part in sizes.MEGABYTES]
        runs = sizes.measure(self.work, steps, sizes.JOBS)
        print(sizes.markdown(runs, self.work), flush=True)
        PLOT.write_text(sizes.plot(runs))
        print(f"The plot is {PLOT.relative_to(ROOT)}.\n", flush=True)
        at = {(run.megabytes, run.jobs): run.took for run in runs}
        command = f"python -m bench.sizes WORK --megabytes {' '.join(f'{s:g}' for s in steps)}"
        small, large = at[steps[0], 1], at[steps[-1], 1]
        grown = f"{steps[0]:g} → {steps[-1]:g} MB"
        cost = (large.cpu / steps[-1]) / (small.cpu / steps[0])
        most = max(took.pss for took in at.values()) / 1e3
        faster = at[steps[-1], 1].wall / at[steps[-1], 2].wall
        self.claims += [
            Claim(f"CPU per MB, {grown}", cost, 1.1, command),
            Claim(f"peak memory, {grown}", large.pss / small.pss, 1.5, command),
            Claim("peak memory, GB", most, 1.2, command),
            Claim(f"wall, one core to two, {steps[-1]:g} MB", faster, 1.6, command, least=True),
        ]

    def cluster(self) -> None:
        megabytes = self.size * cluster.MEGABYTES / FULL
        took = cluster.measure(self.work, megabytes)
        print(cluster.markdown(took, megabytes), flush=True)
        command = f"python -m bench.cluster WORK {megabytes:g}"
        what = f"wall, Spark with two workers to two processes, {megabytes:g} MB"
        self.claims.append(Claim(what, cluster.ratio(took), 3.0, command))

    def small_files(self) -> None:
        files = max(1_000, round(small_files.FILES * self.size / FULL))
        found = small_files.measure(self.work, files)
        print(small_files.markdown(found), flush=True)
        speed, command = found.megabytes / found.whole[1], f"python -m bench.small_files WORK {files}"
        what = f"{files:,} small files to lines, cold, MB/s on one core"
        self.claims.append(Claim(what, speed, 25.0, command, least=True, form="{:.1f}"))

    def near_duplicates(self) -> None:
        self.told("bench.near_duplicates", *(str(round(n * self.size / FULL)) for n in (10_000, 30_000, 100_000)))

    def drops(self) -> None:
        self.told("bench.drops", str(self.work), str(round(200_000 * self.size / FULL)))

    def told(self, module: str, *arguments: str, one_thread: bool = False) -> None:
        command = " ".join([module, *arguments]).replace(str(self.work), "WORK")
        print(f"    python -m {command}\n", flush=True)
        given = {**os.environ, **(ONE_THREAD if one_thread else {})}
        subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, check=True, env=given)
        print(flush=True)

    def summary(self) -> str:
        rows = [
            f"| {c.what} | {c.form.format(c.value)} | {'≥' if c.least else '≤'} {c.bound:g} "
            f"| {'yes' if c.holds() else 'no'} | `{c.command}` |"
            for c in self.claims
        ]
        return "\n".join([table_head(["what", "measured", "to be", "holds", "command"]), *rows])


def main(arguments: Sequence[str]) -> None:
    parts: dict[str, Callable[[Bench], None]] = {
        "stages": Bench.stages,
        "compare": Bench.compare,
        "sizes": Bench.sizes,
        "cluster": Bench.cluster,
        "small_files": Bench.small_files,
        "near_duplicates": Bench.near_duplicates,
        "drops": Bench.drops,
    }
    options = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("work", type=Path)
    options.add_argument("--size", type=float, default=FULL)
    options.add_argument("--rounds", type=int, default=compare.ROUNDS)
    options.add_argument("--only", nargs="+", choices=parts, default=list(parts))
    given = options.parse_args(arguments)
    given.work.mkdir(parents=True, exist_ok=True)
    bench = Bench(given.work.absolute(), given.size, given.rounds)
    for name in given.only:
        print(f"## {name.replace('_', ' ').capitalize()}\n", flush=True)
        parts[name](bench)
    if bench.claims:
        print(f"## In one table ({given.size:g} MB)\n\n{bench.summary()}")


if __name__ == "__main__":
    main(sys.argv[1:])
