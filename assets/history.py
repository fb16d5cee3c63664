"""The generations of a data folder as people read them: when each was made, and what it changed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from assets.store import Store

CHANGES = ("added", "changed", "removed")


def generations(store: Store) -> Iterator[str]:
    """A line for each generation, oldest first."""
    live = store.live()
    for name in store.names():
        facts: dict[str, Any] = store.published.facts(name)
        made = datetime.fromtimestamp((store.generations / name / "facts.json").stat().st_mtime)
        rows = facts.get("tables", {}).get("articles", {}).get("rows", 0)
        yield f"  {name}  {made:%Y-%m-%d %H:%M}  {rows:,} articles{_changes(facts)}{'  live' * (name == live)}"


def _changes(facts: dict[str, Any]) -> str:
    """What it changed against the generation that was live before, and why."""
    told = facts.get("changes") or {}
    some = [f"{_listed(told[change])} {change}" for change in CHANGES if told.get(change)]
    return f", {', '.join(some)}" if some else ""


def _listed(by: dict[str, int]) -> str:
    whys = ", ".join(f"{why} {n:,}" for why, n in sorted(by.items(), key=lambda found: (-found[1], found[0])))
    return f"{sum(by.values()):,} ({whys})"
