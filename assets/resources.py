"""What the assets are given: the two folders, the lock on the data folder, the rules."""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import dagster as dg
from pydantic import Field, PrivateAttr

from assets import progress
from assets.store import Store
from pipeline.rulebook import Rulebook


def home() -> Path:
    """The folder that `dagster.yaml` stands in."""
    return Path(os.environ.get("DAGSTER_HOME") or Path(__file__).parents[1])


def default(name: str) -> str:
    return str(home() / (os.environ.get(f"BROADSHEET_{name.upper()}") or name))


class Rules:
    """The rules as the package ships them, and the hash that tells when they change."""

    @cached_property
    def files(self) -> Mapping[str, str]:
        return dict(_toml(files("pipeline") / "rules", ""))

    @cached_property
    def book(self) -> Rulebook:
        return Rulebook.parse(self.files)

    @cached_property
    def digest(self) -> str:
        text = "".join(f"{name}\0{self.files[name]}\0" for name in sorted(self.files))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _toml(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _toml(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".toml"):
            yield prefix + entry.name, entry.read_text(encoding="utf-8")


class Folders(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where pages are read from and tables are written to. A run holds the data folder's lock from its first step to
    its last (steps share a process), so that two runs never mix their staged tables."""

    seeds: str = Field(description="The folder of raw pages.")
    data: str = Field(description="The folder of the results.")
    wait: float = Field(default=60, description="Seconds to wait for another run on the data folder to end.")

    _store: Store | None = PrivateAttr(default=None)
    _rules: Rules = PrivateAttr(default_factory=Rules)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Folders"]:
        run = context.run.run_id if context.run else "?"

        def waiting(holder: str) -> None:
            message = f"{self.data} is being written by {holder}: waiting up to {self.wait:g} s for it to end"
            progress.notice(message)
            if context.log:
                context.log.warning(message)

        self._store = Store(Path(self.data), {"rules": self._rules.digest})
        with self._store.lock(f"run {run}", self.wait, waiting) as died:
            if died and context.instance:
                bury(context.instance, died)
            yield self

    @property
    def store(self) -> Store:
        assert self._store is not None, "only a run has the data folder"
        return self._store

    @property
    def rules(self) -> Rulebook:
        return self._rules.book


def bury(instance: dg.DagsterInstance, holder: str) -> None:
    """Ends the run of a lock's holder whose process died: nobody else would, and Dagster keeps the pool's slot for it
    until then."""
    named = re.match(r"run ([0-9a-f-]{36}),", holder)
    run = instance.get_run_by_id(named[1]) if named else None
    if run is None:
        return
    if not run.is_finished:
        instance.report_run_failed(run, "The run's process ended before the run did.")
    instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
