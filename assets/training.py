"""Trains the line model from labelled folders, and measures it on sites that it has not seen. Files in, files out."""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import polars as pl

from assets.resources import MODEL, RULES, Rules
from assets.versions import closure, source
from pipeline import corpus
from pipeline.because import Words
from pipeline.furniture import furniture
from pipeline.linemodel import LineModel
from pipeline.manifest import SIDECAR
from pipeline.read import read
from pipeline.tables import LINES, PAGE_ARTICLES
from pipeline.training import card
from pipeline.training.fit import CORRECTED, Fitted, Frame, fit, frame
from pipeline.training.labels import Folds, LabelError, Page, corrected, labelled

SCORER, SCORES = "score.py", "scores.md"
LEDGER = f"{LINES.name}.parquet"
# What the table of figures shows, and where the scorer prints it.
FIGURES = {
    "body F1": r"body +F1 ([\d.]+)",
    "strict": r"strict +F1 ([\d.]+)",
    "zone": r"zone +F1 ([\d.]+)",
    "count exact": r"count +exact ([\d.]+)",
    "title": r"stands in the text ([\d.]+)",
    "date wrong": r"date .*?wrong ([\d.]+)",
    "date stated": r"date .*correct where stated ([\d.]+)",
    "outlet wrong": r"outlet .*?wrong ([\d.]+)",
    "outlet stated": r"outlet .*correct where stated ([\d.]+)",
}
# What a model is made by, with all that they import, beside the labels and the rules.
MADE_BY = ("label", "linemodel", "lines", "titles")


def sets(folders: Iterable[Path]) -> dict[str, Path]:
    """The labelled sets by name: each folder with a gold.jsonl, or the folders in it; and the corrected pages of a DATA
    folder. LabelError where there is none."""
    inside = [x for folder in folders for x in (folder, *sorted(folder.glob("*")))]
    found: dict[str, Path] = {x.resolve().name: x for x in inside if (x / "gold.jsonl").is_file()}
    for results in (x for x in inside if (x / LEDGER).is_file()):
        found[CORRECTED] = results
    if not found:
        raise LabelError(
            "no labelled set there: LABELS names folders with pages/ and gold.jsonl, folders of such, or DATA with "
            "corrected lines"
        )
    return found


def pages(folder: Path) -> list[Page]:
    if (folder / LEDGER).is_file():
        return corrected(pl.read_parquet(folder / LEDGER))
    texts = {x.name: x.read_bytes().decode("utf-8") for x in sorted((folder / "pages").glob("*.txt"))}
    try:
        return labelled((folder / "gold.jsonl").read_text(encoding="utf-8"), texts)
    except LabelError as e:
        raise LabelError(f"{folder}: {e}") from e


def folds() -> Folds:
    return Folds.parse((files("pipeline") / "training" / "folds.toml").read_text(encoding="utf-8"))


def train(folders: Iterable[Path], out: Path) -> str:
    """Writes the boosters and their card to `out`; returns what to tell."""
    labels = {name: pages(folder) for name, folder in sets(folders).items()}
    data = frame(labels, RULES.book)
    fitted = fit(data, range(len(data.pages)))
    size = _write(fitted, out)
    words = Words.parse(MODEL.files["words.toml"])
    told = card.card(labels, data, fitted.boosters, words, _scores(out, labels))
    (out / "README.md").write_text(told, encoding="utf-8")
    return f"{out}: {len(fitted.boosters)} boosters, {size / 1e6:.1f} MB, from {data.rows.height:,} lines"


def _write(fitted: Fitted, out: Path) -> int:
    """→ bytes written."""
    out.mkdir(parents=True, exist_ok=True)
    return sum((out / name).write_text(text, encoding="utf-8") for name, text in fitted.files().items())


def _scores(out: Path, labels: Mapping[str, Sequence[Page]]) -> str:
    """The figures that `evaluate` left for these labels."""
    told = (out / SCORES).read_text(encoding="utf-8") if (out / SCORES).is_file() else ""
    if card.digest(labels) in told.split("\n")[0]:
        return told
    return "Not measured for these labels: `make evaluate` with the same LABELS, then `make train` again."


def evaluate(folders: Iterable[Path], only: Sequence[int] | None, work: Path, out: Path) -> Iterator[str]:
    """Scores each set on models that have not seen its pages' sites, and yields the table row by row. `only`: folds,
    all where None; then `out` gets the table. Models are kept in `work`, until something they depend on changes."""
    named = sets(folders)
    scorer = _scorer(folder for name, folder in named.items() if name != CORRECTED)
    labels, held = {name: pages(folder) for name, folder in named.items()}, folds()
    models = _models(labels, held, range(len(held.held)) if only is None else only, work)
    told = [
        f"Labels {card.digest(labels)}; {len(models)} folds by site; each page by a model that saw none of its sites.",
        "",
        "| set | pages | " + " | ".join(FIGURES) + " |",
        "|---" * (len(FIGURES) + 2) + "|",
    ]
    yield from told
    for name, folder in named.items():
        mine = [page for page in labels[name] if held.of(page) in models]
        if mine and name != CORRECTED:
            figures = _score(scorer, folder, mine, held, models, work / "scored" / name)
            told.append(f"| {name} | {len(mine)} | " + " | ".join(figures.get(x, "") for x in FIGURES) + " |")
            yield told[-1]
    if only is None:
        (out / SCORES).write_text("\n".join(told) + "\n", encoding="utf-8")


def _models(labels: Mapping[str, Sequence[Page]], held: Folds, only: Iterable[int], work: Path) -> dict[int, LineModel]:
    data: Frame | None = None
    rules, shipped = RULES, MODEL.files
    out: dict[int, LineModel] = {}
    made_of = _digest(labels, rules)
    for fold in only:
        kept = work / "models" / f"{made_of}-{fold}"
        if not kept.is_dir():
            data = data or frame(labels, rules.book)
            _write(fit(data, [n for n, page in enumerate(data.pages) if held.learns(fold, page)]), kept)
        out[fold] = LineModel.parse({**shipped, **{x.name: x.read_text(encoding="utf-8") for x in kept.iterdir()}})
    return out


def _score(
    scorer: Path, folder: Path, mine: Sequence[Page], held: Folds, models: Mapping[int, LineModel], out: Path
) -> dict[str, str]:
    """Runs the main job over pages of a set, each with its fold's model, and the scorer over what comes out."""
    rules = RULES.book
    raw = pl.DataFrame({"path": [p.name for p in mine], "raw": [p.text.encode() for p in mine]})
    texts, _ = read(raw, SIDECAR.to_frame())
    learnt = furniture(corpus.count(texts, rules))
    of = pl.DataFrame({"page": [p.name for p in mine], "fold": [held.of(p) for p in mine]})
    done = [
        corpus.understand(texts.join(part, on="page", how="semi"), learnt, rules, models[fold])
        for (fold,), part in of.group_by("fold", maintain_order=True)
    ]
    gold = out / folder.resolve().name
    gold.mkdir(parents=True, exist_ok=True)
    pl.concat([x.lines for x in done]).write_parquet(out / f"{LINES.name}.parquet")
    pl.concat([x.page_articles for x in done]).write_parquet(out / f"{PAGE_ARTICLES.name}.parquet")
    names = {p.name for p in mine}
    lines = (folder / "gold.jsonl").read_text(encoding="utf-8").split("\n")
    kept = [line for line in lines if line and json.loads(line)["page"] in names]
    (gold / "gold.jsonl").write_text("\n".join(kept) + "\n", encoding="utf-8")
    (gold / "pages").unlink(missing_ok=True)
    (gold / "pages").symlink_to((folder / "pages").resolve())
    command = [sys.executable, str(scorer), str(gold), str(out)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (out / "score.txt").write_text(told, encoding="utf-8")
    return figures(told)


def figures(told: str) -> dict[str, str]:
    """What the scorer printed, by FIGURES; without those that it has nothing to say on."""
    return {name: found[1] for name, pattern in FIGURES.items() if (found := re.search(pattern, told))}


def _scorer(folders: Iterable[Path]) -> Path:
    for folder in folders:
        beside = folder.resolve().parent / SCORER
        if beside.is_file():
            return beside
    raise LabelError(f"no {SCORER} beside the labelled sets: it is what measures them")


def _digest(labels: Mapping[str, Sequence[Page]], rules: Rules) -> str:
    """Names the models of folds by all that they are made of."""
    package = Path(str(files("pipeline")))
    own = [x for x in sorted((package / "training").glob("*.*")) if x.name != "card.py"]
    told = "".join([x.read_text(encoding="utf-8") for x in own] + [source(x) for x in sorted(closure(MADE_BY))])
    return hashlib.blake2b((told + rules.digest + card.digest(labels)).encode(), digest_size=8).hexdigest()
