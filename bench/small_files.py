"""How fast small files are read, decoded and made into the table of lines, from the disk and not from memory.

    python -m bench.small_files WORK [FILES]     # 200,000 files of about 5 KB; 1 GB that stays in WORK

One process on one core, batches as a run has them, three rounds, each with the files' pages dropped from memory before:
all of the machine's (/proc/sys/vm/drop_caches) where that is allowed, else those of each file (posix_fadvise).
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench import generate
from bench.measured import ONE_THREAD, ROOT
from bench.report import table_head

FILES, ROUNDS = 200_000, 3
LEAST = 4_500  # bytes of a file, but for the last of a page
FOLDER = 1_000


def pieces(seed: int = generate.SEED) -> Iterator[bytes]:
    """The generator's pages, cut between lines."""
    for page in generate.pages(float("inf"), seed):
        piece: list[bytes] = []
        size = 0
        for line in page.text.encode().splitlines(keepends=True):
            piece.append(line)
            size += len(line)
            if size >= LEAST:
                yield b"".join(piece)
                piece, size = [], 0
        if size >= LEAST / 2:
            yield b"".join(piece)


def write(folder: Path, files: int) -> Path:
    done = folder.with_name(f"{folder.name}.done")
    if not done.exists():
        for n, piece in enumerate(islice(pieces(), files)):
            drop = folder / f"{n // FOLDER:04}"
            if n % FOLDER == 0:
                drop.mkdir(parents=True, exist_ok=True)
            (drop / f"{n:07}.txt").write_bytes(piece)
        done.touch()
    return folder


def forget(folder: Path) -> str:
    """Drops what memory holds of the files. → how"""
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3\n")
        return "drop_caches"
    except OSError:
        for file in folder.rglob("*.txt"):
            descriptor = os.open(file, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)
        return "posix_fadvise"


def read(folder: Path) -> dict[str, Any]:
    """Files to lines, in this process. → seconds of CPU and wall for each part of the way"""
    from assets import seeds
    from assets.incremental import BATCH
    from pipeline.lines import lines
    from pipeline.manifest import SIDECAR
    from pipeline.read import read as decode

    os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])
    spent: dict[str, list[float]] = {}

    @contextmanager
    def timed(part: str) -> Iterator[None]:
        cpu, wall = time.process_time(), time.perf_counter()
        yield
        took = spent.setdefault(part, [0.0, 0.0])
        took[0] += time.process_time() - cpu
        took[1] += time.perf_counter() - wall

    rows, n_bytes = 0, 0
    with timed("list"):
        found = seeds.find(folder)
    for start in range(0, len(found), BATCH):
        with timed("load"):
            raw = seeds.load(found[start : start + BATCH]).raw
        with timed("decode, repair"):
            texts = decode(raw, SIDECAR.to_frame())[0]
        with timed("lines"):
            rows += lines(texts).height
        n_bytes += int(raw["raw"].bin.size().sum())
    return {"files": len(found), "megabytes": n_bytes / 1e6, "lines": rows, "spent": spent}


class Found(NamedTuple):
    """Medians of the rounds; of each part of the way, and of the whole, seconds of CPU and wall."""

    files: int
    megabytes: float
    lines: int
    emptied: str
    parts: dict[str, tuple[float, float]]
    whole: tuple[float, float]


def measure(work: Path, files: int) -> Found:
    work.mkdir(parents=True, exist_ok=True)
    folder, rounds, how = write(work / f"small-{files}", files), [], ""
    command = [sys.executable, "-m", "bench.small_files", "--read", str(folder)]
    for _ in range(ROUNDS):
        how = forget(folder)
        out = subprocess.run(command, cwd=ROOT, env={**os.environ, **ONE_THREAD}, stdout=subprocess.PIPE, check=True)
        rounds.append(json.loads(out.stdout))
    first, took = rounds[0], [r["spent"] for r in rounds]

    parts = {part: (median(s[part][0] for s in took), median(s[part][1] for s in took)) for part in first["spent"]}
    cpu, wall = (median([float(sum(both[k] for both in s.values())) for s in took]) for k in (0, 1))
    return Found(first["files"], first["megabytes"], first["lines"], how, parts, (cpu, wall))


def markdown(found: Found) -> str:
    size = found.megabytes
    rows = [
        f"| {part} | {cpu:.2f} | {size / cpu:.1f} | {wall:.2f} | {size / wall:.1f} |"
        for part, (cpu, wall) in {**found.parts, "all": found.whole}.items()
    ]
    head = f"{found.files:,} files, {size:,.0f} MB, {found.lines:,} lines; memory emptied by {found.emptied}"
    columns = table_head(["", "CPU s", "MB/s of CPU", "wall s", "MB/s of wall"])
    return "\n".join([head, "", columns, *rows, "", f"    python -m bench.small_files WORK {found.files}", ""])


if __name__ == "__main__":
    if sys.argv[1] == "--read":
        print(json.dumps(read(Path(sys.argv[2]))))
    else:
        print(markdown(measure(Path(sys.argv[1]).absolute(), int(sys.argv[2]) if len(sys.argv) > 2 else FILES)))
