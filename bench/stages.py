"""What a megabyte of pages costs, stage by stage: CPU seconds of one process on one core, in batches as a run has them.

    POLARS_MAX_THREADS=1 OMP_NUM_THREADS=1 python -m bench.stages FOLDER...   # every .txt file below the folders, mixed
    POLARS_MAX_THREADS=1 OMP_NUM_THREADS=1 python -m bench.stages             # 1,000 invented pages

A stage's figure is what it takes itself, without the stages that it calls. The best of three rounds, so without what
a process does only once: loading dateparser's languages, reading the needles off the rules.
"""

import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl

from assets.incremental import BATCH
from assets.resources import Model, Rules
from pipeline import corpus, read
from pipeline.linemodel import LineModel
from pipeline.manifest import SIDECAR
from pipeline.rulebook import Rulebook
from tests.corpora import House

ROUNDS = 3

# The functions that a stage's time is counted in, in the order of the flow. `count` makes the lines a second time, as
# a run does: the corpus's furniture must be known before the lines are labelled.
STAGES = {
    "read": ["read.read"],
    "repair": ["repair.repair"],
    "lines": ["lines.lines", "features.measure"],
    "wrapping": ["wrapping.paragraphs", "wrapping.as_printed"],
    "contexts": ["furniture.contexts", "scope.scopes"],
    "furniture": ["furniture.furniture"],
    "rules": ["matching.rule_of"],
    "signs": ["matching.abridged"],
    "pieces": ["parts.cut"],
    "label": ["label.label"],
    "clues": ["clues.clues"],
    "cohesion": ["cohesion.cohesion"],
    "line model": ["linemodel.look"],
    "trees": ["trees.Trees.leaves", "trees.Trees.log_odds"],
    "reasons": ["split.explained"],
    "titles": ["titles.titles"],
    "split": ["split.split"],
    "corrections": ["correct.correct", "correct.signed", "corrections.seen"],
    "stamps": ["stamps.stamped"],
    "outlets": ["outlets.outlets"],
    "mastheads": ["mastheads.mastheads"],
    "language": ["language.languages"],
    "datelines": ["datelines.datelines"],
    "agencies": ["agencies.agencies"],
    "dates": ["dates.dates", "dates.day_orders"],
    "kinds": ["kinds.kinds"],
    "assemble": ["assemble.assemble"],
    "tracking": ["label.looked_up", "tracking.asked"],
}


class Clock:
    """CPU seconds by stage; the time of a stage inside of another counts for the inner one."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self.inside: list[float] = []

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            self.inside.append(0.0)
            start = time.process_time()
            try:
                return function(*args, **kwargs)
            finally:
                took, inner = time.process_time() - start, self.inside.pop()
                self.spent[stage] += took - inner
                if self.inside:
                    self.inside[-1] += took

        return run

    def watch(self) -> None:
        """Puts a clock on every stage's functions, wherever a module of the pipeline has them under a name."""
        modules = [module for name, module in sys.modules.items() if name.startswith("pipeline.")]
        for stage, names in STAGES.items():
            for name in names:
                module, *way, function = name.split(".")
                owner: Any = import_module(f"pipeline.{module}")
                for step in way:
                    owner = getattr(owner, step)
                found = getattr(owner, function)
                for holder in [owner] if way else modules:
                    if getattr(holder, function, None) is found:
                        setattr(holder, function, self.timed(stage, found))


def pages(folders: list[str]) -> pl.DataFrame:
    """path, raw: the pages in the folders, mixed, or invented ones."""
    if not folders:
        texts = [
            f"{a.title}\n\n" + "\n\n".join(a.paragraphs) + "\n" for s in range(25) for a in House(s, 40).articles()
        ]
        found = [(f"{i:04}.txt", text.encode()) for i, text in enumerate(texts)]
    else:
        files = sorted(file for folder in folders for file in Path(folder).rglob("*.txt"))
        found = [(str(file), file.read_bytes()) for file in files]
    random.Random(7).shuffle(found)
    return pl.DataFrame(found, schema={"path": pl.String, "raw": pl.Binary}, orient="row")


def once(raw: pl.DataFrame, rules: Rulebook, model: LineModel) -> None:
    """The steps that work page by page, in batches, and what is learnt between them."""
    texts = [read.read(batch, SIDECAR.to_frame())[0] for batch in raw.iter_slices(BATCH)]
    learnt = corpus.furniture(pl.concat(corpus.count(batch, rules) for batch in texts))
    for batch in texts:
        corpus.understand(batch, learnt, rules, model)


def main(folders: list[str]) -> None:
    start = time.process_time()
    rules, model = Rules().book, Model().lines
    loaded = time.process_time() - start
    raw = pages(folders)
    megabytes = raw["raw"].bin.size().sum() / 1e6
    clock = Clock()
    clock.watch()
    rounds = []
    for _ in range(ROUNDS):
        clock.spent.clear()
        once(raw, rules, model)
        rounds.append(dict(clock.spent))
    best = {stage: min(spent.get(stage, 0.0) for spent in rounds) / megabytes for stage in STAGES}
    print(f"{raw.height:,} pages, {megabytes:.1f} MB; rules and model load in {loaded:.2f} s")
    print("| stage | CPU seconds per MB | share |\n|---|---|---|")
    for stage, cost in (*best.items(), ("all", sum(best.values()))):
        print(f"| {stage} | {cost:.4f} | {cost / sum(best.values()):.1%} |")


if __name__ == "__main__":
    main(sys.argv[1:])
