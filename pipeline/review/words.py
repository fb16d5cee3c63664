"""Reasons of the ledger in plain words."""

import tomllib
from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from pipeline.rulebook import Kind, Rule, Rulebook


class Words(NamedTuple):
    """What a reason's family, the clauses behind it, and a role mean."""

    reasons: Mapping[str, str]
    clauses: Mapping[str, str]
    roles: Mapping[str, str]
    rules: frozenset[str]

    @classmethod
    def parse(cls, text: str, rules: Rulebook) -> "Words":
        """`text`: words.toml. A rule is told by its `why`."""
        own = tomllib.loads(text)
        known: list[Rule | Kind] = [*rules.rules, *rules.kinds]
        why = {x.id: f"{x.why[:1].upper()}{x.why[1:]}.".replace("`", "") for x in known}
        return cls({**why, **own["reasons"]}, own["clauses"], own["roles"], frozenset(why))

    def of_family(self, name: str) -> str:
        """What all reasons of a family have in common."""
        said = self.reasons.get(name, "").replace("line {line}", "a line above")
        return said.replace(" ({sure} sure)", "").replace(" ({sure})", "")


def family(reason: pl.Expr) -> pl.Expr:
    """A reason without the line or the probability that it names: a rule's id, `repeat-of`, `model/text` …"""
    return reason.str.extract(r"^([^:; ]*)")


def in_words(reasons: pl.Series, words: Words) -> pl.Series:
    """Each reason as one to four sentences."""
    reason = pl.col("reason")
    known = family(reason).replace_strict(dict(words.reasons), default=None, return_dtype=pl.String)
    sure = reason.str.extract(r"^model/[a-z-]+:([0-9.]+)")
    unsure = (family(reason) == "model/text") & (sure.cast(pl.Float64) < 0.5)
    said = (
        pl.when(unsure)
        .then(pl.lit(words.clauses["unsure"]))
        .otherwise(pl.coalesce(known, pl.format("{}.", reason)))
        .str.replace("{line}", reason.str.extract(r"^repeat-of:(\d+)").fill_null("?"), literal=True)
        .str.replace("{sure}", _percent(sure), literal=True)
    )
    rest = [
        _clause(words.clauses["for"], reason.str.extract(r"^[^ ]+ (?:.*; )?for: ([^;]+)")),
        _clause(words.clauses["against"], reason.str.extract(r"against: ([^;]+)")),
        _clause(words.clauses["starts"], _percent(reason.str.extract(r"an article starts:([0-9.]+)$"))),
    ]
    return (
        reasons.alias("reason").to_frame().select(pl.concat_str(said, *rest, separator=" ", ignore_nulls=True))
    ).to_series()


def _clause(form: str, said: pl.Expr) -> pl.Expr:
    return pl.when(said.is_not_null()).then(pl.format(form, said))


def _percent(number: pl.Expr) -> pl.Expr:
    return pl.format("{} %", (number.cast(pl.Float64) * 100).round().cast(pl.Int32))
