"""What it costs to run again over 200,000 small files: where nothing has changed, and where one page is new.

    python bench/drops.py FOLDER [FILES]      # 2 GB; what is in FOLDER from an earlier time is used again

Prints wall and CPU seconds of whole commands. The first run takes as long as the pages take to be understood.
"""

import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
SYLLABLES = ("ba", "ke", "lo", "mi", "nu", "ra", "se", "to", "vi", "dan", "mor", "tel")
SMALL = "the of and to in that for was on with said is it at by from as were".split()
NEW = """Lantern makers gather by the quay

The makers of {name} lanterns gathered by the quay on Friday and lit {name} of them for the children of the town.
"""


def pages(folder: Path, n: int) -> None:
    """Invented pages, a thousand to a drop, each a title and a paragraph."""
    draw = random.Random(7)
    words = ["".join(draw.choices(SYLLABLES, k=draw.randint(2, 4))) for _ in range(3_000)]
    for i in range(n):
        drop = folder / f"drop-{i // 1_000:03}"
        if i % 1_000 == 0:
            drop.mkdir(parents=True)
        picked = draw.choices(words, k=20)
        text = " ".join(f"{a} {b}" for a, b in zip(picked[5:19], draw.choices(SMALL, k=14), strict=True))
        title = " ".join(picked[:5]).capitalize()
        (drop / f"{i:06}.txt").write_text(f"{title}\n\n{text.capitalize()} {picked[19]}.\n")


def run(what: str, seeds: Path, data: Path) -> None:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "assets", "corpus", "--seeds", str(seeds), "--data", str(data)]
    environment = {**os.environ, "DAGSTER_HOME": str(data.parent)}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{what:24} {wall:8.1f} s wall {cpu:8.1f} s CPU", flush=True)


def main(work: Path, n: int) -> None:
    seeds, data = work / f"seeds-{n}", work / f"data-{n}"
    work.mkdir(parents=True, exist_ok=True)
    (work / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    if not seeds.exists():
        pages(seeds, n)
        time.sleep(3)  # files that are younger than a clock's grain are read again
    run(f"first run, {n:,} files", seeds, data)
    for _ in range(3):
        run("nothing changed", seeds, data)
    for _ in range(3):
        name = "".join(random.choices(SYLLABLES, k=5))
        (seeds / "drop-000" / f"new-{name}.txt").write_text(NEW.format(name=name))
        time.sleep(3)
        run("one new page", seeds, data)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), int(sys.argv[2]) if len(sys.argv) > 2 else 200_000)
