"""The review page as an asset: written from the published tables, whole or not at all. No logic on text."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from assets.flow import plain_errors
from assets.folder import ends_with
from assets.folder import write as replace
from assets.resources import RULES, Folders, Rules
from assets.settings import POOL
from assets.store import StoreError
from assets.summary import REVIEW, Generation
from assets.versions import stamp, texts
from pipeline.review.page import review as html


@dg.asset(
    deps=["published"],
    group_name="published",
    kinds={"html"},
    pool=POOL,
    description="The corpus to look at, question and correct: one page for the browser, which needs no server.",
)
def review(folders: Folders) -> dg.MaterializeResult[Any]:
    data = Path(folders.data)
    with plain_errors():
        page, generation = write(data, RULES)
    return dg.MaterializeResult(
        metadata={
            "page": dg.MetadataValue.path(str(page)),
            "open": dg.MetadataValue.url(page.resolve().as_uri()),
            "bytes": page.stat().st_size,
            "generation": generation,
        },
        data_version=dg.DataVersion(generation),
    )


def write(data: Path, rules: Rules) -> tuple[Path, str]:
    """Writes the review page of the live generation, if it does not stand there → its path, the generation's name."""
    generation = Generation(data)
    page, last = data / REVIEW, stamp(["review"], generation=generation.folder.name, rules=rules.digest)
    try:
        if not ends_with(page, last):
            page.parent.mkdir(parents=True, exist_ok=True)
            replace(page, html(generation.shown(), rules.book, templates(), generation.folder.name) + last)
    except OSError as e:
        raise StoreError(f"{page} can't be written ({(e.strerror or str(e)).lower()}): mend that, and run again") from e
    return page, generation.folder.name


def templates() -> Mapping[str, str]:
    """The texts that the review page is made of, as the package ships them."""
    return texts("review")
