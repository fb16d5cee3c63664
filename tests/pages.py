"""Frames of pages for tests, and whole corpora from texts in memory."""

from collections.abc import Mapping

import polars as pl

from assets import resources
from pipeline.corpus import Corpus, corpus
from pipeline.rulebook import Rulebook
from pipeline.tables import TEXTS, TIME

MODEL = resources.MODEL.lines

SIDECAR = pl.Schema({"page": pl.String, "url": pl.String, "fetched_at": TIME, "outlet": pl.String, "date": pl.Date})


def raw_of(pages: Mapping[str, str | bytes]) -> pl.DataFrame:
    """Pages as they are read from files: path, raw."""
    raw = [x.encode() if isinstance(x, str) else x for x in pages.values()]
    return pl.DataFrame({"path": list(pages), "raw": raw}, schema={"path": pl.String, "raw": pl.Binary})


def texts_of(pages: Mapping[str, str], **columns: list[object]) -> pl.DataFrame:
    """Pages as the read step gives them."""
    n = len(pages)
    given = {
        "page": list(pages),
        "page_id": [f"{i:032x}" for i in range(n)],
        "n_bytes": [len(x.encode()) for x in pages.values()],
        "encoding": ["utf-8"] * n,
        "repaired": [False] * n,
        "text": list(pages.values()),
        **columns,
    }
    return pl.DataFrame({c: given.get(c, [None] * n) for c in TEXTS.schema}, schema=TEXTS.schema)


def corpus_of(pages: Mapping[str, str | bytes], rules: Rulebook) -> Corpus:
    """By the line model as it ships."""
    return corpus(raw_of(pages), pl.DataFrame(schema=SIDECAR), rules, MODEL)
