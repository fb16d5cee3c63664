"""The corpus card as an asset: `README.md` beside the tables, with its plots. No logic on text, no figure of its own.

README.md       the card, in the form that Hugging Face reads
card/           its plots
audits/         answers about a random sample, by generation: `make audit` puts them there
"""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from assets.flow import plain_errors
from assets.folder import StoreError, clean
from assets.folder import write as replace
from assets.generations import Generations
from assets.resources import RULES, Folders, Model, Rules
from assets.reviewing import templates as words_of_reasons
from assets.settings import POOL
from assets.summary import Generation
from assets.versions import stamp
from pipeline import tables
from pipeline.card.card import Made, card
from pipeline.review.audit import AnswerError, answers, rates
from pipeline.review.glance import Tables
from pipeline.review.words import Words

AUDITS = "audits"


@dg.asset(
    deps=["published"],
    group_name="published",
    kinds={"markdown"},
    pool=POOL,
    name="card",
    description="What is in the corpus, how it was made, and how far to trust it: a page for people beside the tables.",
)
def corpus_card(folders: Folders) -> dg.MaterializeResult[Any]:
    data = Path(folders.data)
    with plain_errors():
        page, generation = write(data, RULES)
    return dg.MaterializeResult(
        metadata={"page": dg.MetadataValue.path(str(page)), "generation": generation},
        data_version=dg.DataVersion(generation),
    )


def write(data: Path, rules: Rules) -> tuple[Path, str]:
    """Writes the card of the live generation, if it does not stand there → its path, the generation's name. The plots
    come first: a reader of the card finds them."""
    live = Generation(data)
    versions = Generations(data).facts(live.folder.name).get("versions")
    scores = Model().files.get("scores.md", "")
    audits = {x.name: x.read_bytes().hex() for x in sorted((data / AUDITS).glob("*.csv"))}
    facts = {"versions": repr(versions), "generation": live.folder.name, "scores": scores, "audits": repr(audits)}
    page, last = data / "README.md", stamp(["card", "review"], rules=rules.digest, **facts)
    try:
        if page.is_file() and page.read_text(encoding="utf-8").endswith(last):
            return page, live.folder.name
        found, judged = judgement(data)
        made = Made(live.folder.name, versions if isinstance(versions, dict) else {}, scores, found, judged)
        shown = Tables(**{name: live.scan(getattr(tables, name.upper())) for name in Tables._fields})
        words = Words.parse(words_of_reasons()["words.toml"], rules.book)
        clean(data / "card")  # what a run that was killed left there
        for name, text in card(shown, made, templates(), words).items():
            path = data / name
            path.parent.mkdir(parents=True, exist_ok=True)
            replace(path, text + last if path == page else text)
    except OSError as e:
        raise StoreError(f"{page} can't be written ({(e.strerror or str(e)).lower()}): mend that") from e
    return page, live.folder.name


def judgement(data: Path) -> tuple[pl.DataFrame | None, str]:
    """The error rates of the last generation that was judged, and its name."""
    for path in sorted((data / AUDITS).glob("*.csv"), reverse=True):
        try:
            return rates(answers(path.read_bytes())), path.stem
        except (OSError, AnswerError):
            continue
    return None, ""


def keep(data: Path, given: bytes) -> str | None:
    """Keeps answers about the live generation for the card → its name; None where they are not about it."""
    live = Generation(data)
    said = answers(given)
    place = ["page_id", "line_no", "part"]
    lines = said.filter(pl.col("said") != "article").cast({"line_no": pl.Int32, "part": pl.Int32}, strict=False)
    kept = pl.when(pl.col("destination").is_not_null()).then(pl.lit("yes")).otherwise(pl.lit("no"))
    ledger = live.scan(tables.LINES).select(*place, said="role", kept=kept)
    known = lines.lazy().join(ledger, on=[*place, "said", "kept"], how="anti").collect()
    if said.is_empty() or known.height:
        return None
    path = data / AUDITS / f"{live.folder.name}.csv"
    path.parent.mkdir(exist_ok=True)
    replace(path, given)
    return live.folder.name


def templates() -> Mapping[str, str]:
    folder = files("pipeline") / "card"
    return {name: (folder / name).read_text(encoding="utf-8") for name in ("card.md", "release.md", "words.toml")}
