"""The composition: which step follows which. Reads top to bottom; no logic of its own.

`assets` runs these functions batch by batch over files; `corpus` runs all of them over pages in memory.
"""

from typing import NamedTuple

import polars as pl

from pipeline.assemble import assemble
from pipeline.dedup import dedup
from pipeline.furniture import contexts, furniture
from pipeline.label import label
from pipeline.linemodel import LineModel
from pipeline.lines import lines
from pipeline.publish import articles
from pipeline.read import read
from pipeline.rulebook import Rulebook
from pipeline.split import split


class Understood(NamedTuple):
    """The tables that one batch of pages gives: the ledger, its articles, what each page is."""

    lines: pl.DataFrame
    page_articles: pl.DataFrame
    pages: pl.DataFrame


class Corpus(NamedTuple):
    rejected: pl.DataFrame
    furniture: pl.DataFrame
    lines: pl.DataFrame
    page_articles: pl.DataFrame
    pages: pl.DataFrame
    duplicates: pl.DataFrame
    stories: pl.DataFrame
    articles: pl.DataFrame


def count(texts: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """The contexts that the lines of a batch of `texts` stand in; batches are concatenated for `furniture`."""
    return contexts(lines(texts), texts, rules)


def labelled(texts: pl.DataFrame, furniture: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """`texts` (a batch of whole pages) → their lines with what rules and furniture say; the line model learns on it."""
    return label(lines(texts), texts, furniture, rules)


def understand(texts: pl.DataFrame, furniture: pl.DataFrame, rules: Rulebook, model: LineModel) -> Understood:
    """`texts` (a batch of whole pages) and the corpus's `furniture` → ledger, articles, pages of the batch."""
    return Understood(*assemble(split(labelled(texts, furniture, rules), rules, model), texts, rules))


def corpus(raw: pl.DataFrame, sidecar: pl.DataFrame, rules: Rulebook, model: LineModel) -> Corpus:
    """Raw pages in memory (path, raw) and their sidecar rows → every table."""
    texts, rejected = read(raw, sidecar)
    learnt = furniture(count(texts, rules))
    understood = understand(texts, learnt, rules, model)
    duplicates, stories = dedup(understood.page_articles)
    table = articles(understood.page_articles, duplicates, stories)
    return Corpus(rejected, learnt, *understood, duplicates, stories, table)
