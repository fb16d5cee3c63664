"""Names and places that several modules need; no Dagster."""

import os
from pathlib import Path

POOL = "broadsheet-data"
JOB = "corpus"
JOBS = (JOB, "__ASSET_JOB")  # Dagster's own name of what *Materialize* runs


def home() -> Path:
    """The folder that `dagster.yaml` stands in."""
    return Path(os.environ.get("DAGSTER_HOME") or Path(__file__).parents[1])


def default(name: str) -> str:
    return str(home() / (os.environ.get(f"BROADSHEET_{name.upper()}") or name))


def at_once() -> int:
    """How many processes a run may have where it is not told; 0: one for each core."""
    given = os.environ.get("BROADSHEET_JOBS") or "0"
    return int(given) if given.isdecimal() else 0


def setting(name: str, usual: str = "") -> str:
    return os.environ.get(f"BROADSHEET_{name.upper()}") or usual
