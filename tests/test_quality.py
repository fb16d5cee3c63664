"""A floor under the figures: the shipped model on evaluation sets, by their own scorer, where ../shared is present.

These pages are among those that the model was trained on, so the figures are not those of unknown outlets (`make
evaluate` gives these, docs/quality.md has them); but what breaks understanding breaks them too.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from assets.training import FIGURES, figures
from pipeline.rulebook import Rulebook
from tests.pages import corpus_of

# Name, hash of its pages and gold, and the figures reached less what a small change may move.
FLOORS: dict[str, tuple[str, dict[str, float]]] = {
    "fundus-light": ("6f5529cc7885c0b1", {"body F1": 0.97, "count exact": 0.98, "title": 0.96, "date wrong": 0.02}),
    "fundus-multi-light-tight": ("8a86278269973a1e", {"body F1": 0.93, "strict": 0.92, "count exact": 0.91}),
}


def hashed(folder: Path) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for path in [folder / "gold.jsonl", *sorted((folder / "pages").iterdir())]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


@pytest.mark.parametrize("name", FLOORS)
def test_the_figures_stand(name: str, shared: Path, rules: Rulebook, tmp_path: Path) -> None:
    folder, (digest, floors) = shared / "eval" / name, FLOORS[name]
    assert hashed(folder) == digest, f"{name} is another set: measure it anew and pin what it gives"
    made = corpus_of({p.name: p.read_bytes() for p in (folder / "pages").iterdir()}, rules)
    made.lines.write_parquet(tmp_path / "lines.parquet")
    made.page_articles.write_parquet(tmp_path / "page_articles.parquet")
    command = [sys.executable, str(shared / "eval/score.py"), name, str(tmp_path)]
    told = figures(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert set(floors) <= set(FIGURES)
    low = {k: (told[k], floor) for k, floor in floors.items() if ("wrong" in k) == (float(told[k]) > floor)}
    assert low == {}
