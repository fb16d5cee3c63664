"""What audits have found good, so that it is not audited again; and what they have not, so that it is made anew.

    staging/<audit>.good.json          the state in which an audit found its tables good, whole and unit by unit

An audit is code too: the state of a table holds the version of the audits and of the rules that they look for.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assets import folder
from assets.staging import Part, Staging, grouped
from pipeline.tables import Table

MADE_WITH = ("auditing", "rules")


class Verdicts:
    def __init__(self, staging: Staging) -> None:
        self._staging = staging
        self._open: dict[str, str] = {}  # the units of the audit that runs now, and their states
        self._bad: list[str] = []

    def state(self, tables: Sequence[Table]) -> str:
        """The state of whole tables. StoreError where they are not up to date."""
        stamps = self._staging.require(*tables)
        return " ".join([self._made_with, *(stamps[table.name].digest for table in tables)])

    def is_good(self, audit: str, state: str) -> bool:
        return bool(self._read(audit).get("whole") == state)

    def good(self, audit: str, state: str) -> None:
        self._write(audit, {**self._read(audit), "whole": state})

    def bad(self, tables: Sequence[Table]) -> None:
        """The tables were not found good: the next run makes them again; of those in parts the units that were not, or
        all if it is not known which."""
        for step in self._staging.steps(tables):
            self._staging.forget_units(step, self._bad or list(self._staging.units(step)))
        for table in tables:
            self._staging.forget(table)

    def open_units(self, audit: str, tables: Sequence[Table], pages: int) -> Iterator[list[str]]:
        """The units whose parts of these tables were not found good before, in groups of about so many pages."""
        stamps = [self._staging.require(table)[table.name] for table in tables]
        known: Mapping[str, str] = self._read(audit).get("units", {})
        self._bad = []
        self._open = {
            unit: " ".join([self._made_with, *(stamp.parts[unit].digest for stamp in stamps)])
            for unit in stamps[0].parts
        }
        self._write(audit, {"units": {unit: s for unit, s in self._open.items() if known.get(unit) == s}})
        left: Mapping[str, Part] = {
            unit: part for unit, part in stamps[0].parts.items() if known.get(unit) != self._open[unit]
        }
        yield from grouped(left, pages)

    def units(self, audit: str, units: Sequence[str], good: bool) -> None:
        """What an audit found of some open units."""
        if not good:
            self._bad += units
            return
        found = self._read(audit)
        self._write(audit, {**found, "units": {**found["units"], **{unit: self._open[unit] for unit in units}}})

    @property
    def _made_with(self) -> str:
        return " ".join(self._staging.versions.get(name, "") for name in MADE_WITH)

    def _read(self, audit: str) -> dict[str, Any]:
        return self._staging.json(f"{audit}.good.json") or {}

    def _write(self, audit: str, found: Mapping[str, object]) -> None:
        folder.write(self._staging.root / f"{audit}.good.json", json.dumps(found))
