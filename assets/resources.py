"""What the assets are given: the two folders, the lock on the data folder, the rules."""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field, PrivateAttr

from assets import progress
from assets.store import Store, apart
from pipeline.linemodel import LineModel
from pipeline.rulebook import Rulebook

POOL = "broadsheet-data"


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
        return digest(self.files)


class Model:
    """The line model as the package ships it, and the hash that tells when it changes."""

    @cached_property
    def files(self) -> Mapping[str, str]:
        folder = files("pipeline") / "model"
        return {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.is_file()}

    @cached_property
    def lines(self) -> LineModel:
        return LineModel.parse(self.files)

    @cached_property
    def digest(self) -> str:
        return digest({name: text for name, text in self.files.items() if not name.endswith(".md")})


def digest(texts: Mapping[str, str]) -> str:
    text = "".join(f"{name}\0{texts[name]}\0" for name in sorted(texts))
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
    _model: Model = PrivateAttr(default_factory=Model)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Folders"]:
        run = context.run.run_id if context.run else "?"

        def waiting(holder: str) -> None:
            message = f"{self.data} is being written by {holder}: waiting up to {self.wait:g} s for it to end"
            progress.notice(message)
            if context.log:
                context.log.warning(message)

        apart(Path(self.seeds), Path(self.data))
        self._store = Store(Path(self.data), {"rules": self._rules.digest, "model": self._model.digest})
        with self._store.lock(f"run {run}", self.wait, waiting) as died:
            if context.instance:
                bury(context.instance, dead(context.instance, died, Path(self.data)))
            yield self

    @property
    def store(self) -> Store:
        assert self._store is not None, "only a run has the data folder"
        return self._store

    @property
    def rules(self) -> Rulebook:
        return self._rules.book

    @property
    def model(self) -> LineModel:
        return self._model.lines


def dead(instance: dg.DagsterInstance, died: str | None, here: Path) -> Iterator[str]:
    """Runs whose process is gone: the one that died with the lock of `here`, and those that hold the pool's slot but
    no lock. A run takes its data folder's lock before its first slot and loses it with its last breath."""
    named = re.match(r"run ([0-9a-f-]{36}),", died or "")
    if named:
        yield named[1]
    if instance.event_log_storage.supports_global_concurrency_limits:
        for slot in instance.event_log_storage.get_concurrency_info(POOL).claimed_slots:
            run = instance.get_run_by_id(slot.run_id)
            data = _data(run) if run else here
            if data.resolve() == here.resolve() or not Store(data).is_held():
                yield slot.run_id


def _data(run: dg.DagsterRun) -> Path:
    config: Any = run.run_config
    for key in ("resources", "folders", "config"):
        config = config.get(key, {})
    return Path(config.get("data", default("data")))


def bury(instance: dg.DagsterInstance, runs: Iterable[str]) -> None:
    """Ends dead runs: nobody else would unless the daemon is up, and Dagster has other runs wait for them for ever."""
    for name in runs:
        run = instance.get_run_by_id(name)
        if run and not run.is_finished:
            instance.report_run_failed(run, "The run's process ended before the run did.")
        instance.event_log_storage.free_concurrency_slots_for_run(name)
