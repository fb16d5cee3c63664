"""Audits of tables made page by page, as an engine does them: some units at a time. No Dagster: workers need it too."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import polars as pl

from assets.shipped import RULES
from assets.staging import Staging
from pipeline import publish
from pipeline.matching import rule_of
from pipeline.publish import Finding
from pipeline.rulebook import Rulebook
from pipeline.tables import LINES, PAGE_ARTICLES, PAGES, TEXTS

OF_PAGE = (TEXTS, LINES, PAGES, PAGE_ARTICLES)
PAGES_AT_ONCE, PIECE = 400, 300  # in a task, of whole units; in memory beside what was read
PACE = 1e-3  # CPU seconds that a page takes, about


@dataclass(frozen=True)
class Units:
    """Some units of the tables of pages, and how many pages they have."""

    names: Sequence[str]
    pages: int

    @property
    def seconds(self) -> float:
        return PACE * self.pages


def audit(staging: Staging, units: Units) -> list[Finding]:
    """Nothing lost, nothing invented, no known boilerplate in a body."""
    tables = [staging.scan_units(table, units.names).collect() for table in OF_PAGE]
    known, findings = boilerplate(RULES.book), list[Finding]()
    # Pages that are none of the texts' come with the next ones, or with the last.
    for end in (*tables[0]["page"].sort().gather_every(PIECE, PIECE), None):
        here = pl.lit(True) if end is None else pl.col("page") < end
        texts, lines, pages, articles = (table.filter(here) for table in tables)
        findings += publish.audit_pages(texts, lines, pages, articles, known)
        tables = [table.filter(~here) for table in tables]
    return publish.combined(findings)


def boilerplate(rules: Rulebook) -> Callable[[pl.Series], pl.Series]:
    """Tells which texts are, as a whole, of a known family of page furniture."""
    families = replace(rules, rules=tuple(rule for rule in rules.rules if rule.role == "boilerplate"))

    def known(texts: pl.Series) -> pl.Series:
        near = rule_of(texts, families).is_not_null().arg_true()
        ids = rule_of(texts.gather(near), rules)  # one before it, of another role, may take the text
        return pl.repeat(False, len(texts), eager=True).scatter(near, ids.is_in(list(families.by_id)))

    return known
