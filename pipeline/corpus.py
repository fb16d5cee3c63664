"""The composition: which step follows which. Reads top to bottom; no logic of its own.

`assets` runs these functions batch by batch over files; `corpus` runs all of them over pages in memory.
"""

from typing import NamedTuple

import polars as pl

from pipeline import tracking
from pipeline.assemble import assemble
from pipeline.correct import correct, signed
from pipeline.corrections import account, seen
from pipeline.dedup import dedup
from pipeline.furniture import contexts, furniture
from pipeline.label import LOOKED_UP, label
from pipeline.linemodel import LineModel
from pipeline.lines import lines
from pipeline.publish import articles
from pipeline.read import read
from pipeline.rulebook import Rulebook
from pipeline.split import split
from pipeline.tables import GIVEN

NONE_GIVEN = GIVEN.empty()


class Understood(NamedTuple):
    """The tables that one batch of pages gives: the ledger, its articles, what each page is; how the batch has the
    lines that corrections name; and what furniture its pages asked for (page, asked)."""

    lines: pl.DataFrame
    page_articles: pl.DataFrame
    pages: pl.DataFrame
    seen: pl.DataFrame
    asked: pl.DataFrame


class Corpus(NamedTuple):
    rejected: pl.DataFrame
    furniture: pl.DataFrame
    lines: pl.DataFrame
    page_articles: pl.DataFrame
    pages: pl.DataFrame
    duplicates: pl.DataFrame
    stories: pl.DataFrame
    articles: pl.DataFrame
    corrections: pl.DataFrame


def count(texts: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """The contexts that the lines of a batch of `texts` stand in; batches are concatenated for `furniture`."""
    return contexts(lines(texts), texts, rules)


def labelled(texts: pl.DataFrame, furniture: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """`texts` (a batch of whole pages) → their lines with what rules and furniture say; the line model learns on it."""
    return label(lines(texts), texts, furniture, rules)


def understand(
    texts: pl.DataFrame,
    furniture: pl.DataFrame,
    rules: Rulebook,
    model: LineModel,
    given: pl.DataFrame = NONE_GIVEN,
) -> Understood:
    """`texts` (a batch of whole pages), the corpus's `furniture` and the corrections `given` → ledger, articles, pages
    of the batch."""
    rows = labelled(texts, furniture, rules)
    corrected = correct(split(rows.drop(LOOKED_UP), rules, model), given)
    ledger, page_articles, pages = assemble(corrected, texts, rules)
    return Understood(signed(ledger, given), page_articles, pages, seen(ledger, given), tracking.asked(rows))


def corpus(
    raw: pl.DataFrame,
    sidecar: pl.DataFrame,
    rules: Rulebook,
    model: LineModel,
    given: pl.DataFrame = NONE_GIVEN,
) -> Corpus:
    """Raw pages in memory (path, raw), their sidecar rows and corrections → every table."""
    texts, rejected = read(raw, sidecar)
    learnt = furniture(count(texts, rules))
    ledger, page_articles, pages, found, _ = understand(texts, learnt, rules, model, given)
    duplicates, stories = dedup(page_articles)
    table = articles(page_articles, duplicates, stories)
    tables = (rejected, learnt, ledger, page_articles, pages, duplicates, stories, table)
    return Corpus(*tables, account(given, [found]))
