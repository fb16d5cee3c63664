"""The corpus card as an asset: `README.md` beside the tables, with its plots. No logic on text, no figure of its own.

README.md       the card, in the form that Hugging Face reads
card/           its plots
audits/         answers about a random sample, by generation: `make audit` puts them there
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from assets.flow import plain_errors
from assets.folder import StoreError, clean, ends_with
from assets.folder import write as replace
from assets.generations import Generations
from assets.resources import MODEL, RULES, Folders, Rules
from assets.reviewing import templates as words_of_reasons
from assets.settings import POOL
from assets.summary import Generation
from assets.versions import stamp, texts
from pipeline import tables
from pipeline.card.card import PLOTS, Made, card
from pipeline.review.audit import AnswerError, answers, rates
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
    found, judged = judgement(data)
    scores = MODEL.files.get("scores.md", "")
    made = Made(live.folder.name, versions if isinstance(versions, dict) else {}, scores, found, judged)
    facts = {name: repr(value) for name, value in made._replace(rates=None)._asdict().items()}
    facts["rates"] = "" if found is None else found.write_json()
    page, last = data / "README.md", stamp(["card", "review"], rules=rules.digest, **facts)
    try:
        if not (ends_with(page, last) and all((data / plot).is_file() for plot in PLOTS)):
            words = Words.parse(words_of_reasons()["words.toml"], rules.book)
            clean(data / "card")  # what a run that was killed left there
            for name, text in card(live.shown(), made, templates(), words).items():
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
    """The texts that the card is made of, as the package ships them."""
    return texts("card")
