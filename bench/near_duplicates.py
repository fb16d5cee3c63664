"""How well and how fast near-duplicates are found: planted copies, and corpora of articles of 3 KB.

    python bench/near_duplicates.py [ARTICLES …]      # 10,000, 30,000 and 100,000 articles, a fifth of them copies

Prints recall and precision for each kind of copy, then CPU seconds and peak memory, each size in a process of its own.
"""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import polars as pl

from pipeline.dedup import dedup
from tests.planted import KINDS, changed, corpus, score

SIZES = (10_000, 30_000, 100_000)
ONE_CORE = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}


def quality(articles: int) -> None:
    for elsewhere, form in ((False, "later state, same title"), (True, "wire copy, other outlet")):
        for kind, copy in KINDS.items():
            rows, truth = corpus(3, articles, [copy], elsewhere)
            recall, precision = score(truth, *dedup(rows))
            print(f"{kind:32} {form:24} recall {recall:.4f}  precision {precision:.4f}", flush=True)
    rows, truth = corpus(5, 2_000, [changed(0.25)] * 399, elsewhere=True, every=2_000)
    rows = rows.with_columns(outlet=pl.format("Outlet {}", pl.int_range(pl.len())))
    _, stories = dedup(rows)
    copies = stories.join(truth.filter(pl.col("family") == 0), on="page", how="semi")
    print(f"a story of 400 copies: {copies.height} of them in {copies['story_id'].n_unique()}", flush=True)


def size(articles: int) -> None:
    """One size, in this process."""
    rows, truth = corpus(5, round(articles / 1.25), list(KINDS.values()), elsewhere=True, every=20)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    found = dedup(rows)
    seconds, peak = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _, precision = score(truth, *found)
    text = rows["body"].str.len_bytes().sum() / 1e6
    print(
        f"{rows.height:8,} articles, {text:4.0f} MB: {seconds:6.1f} s CPU, peak {peak / 1e6:.2f} GB "
        f"({before / 1e6:.2f} GB before), precision {precision:.4f}",
        flush=True,
    )


def main(sizes: list[int]) -> None:
    quality(1_000)
    for articles in sizes:
        subprocess.run([sys.executable, __file__, "--size", str(articles)], env={**os.environ, **ONE_CORE}, check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--size"]:
        size(int(sys.argv[2]))
    else:
        main([int(n) for n in sys.argv[1:]] or list(SIZES))
