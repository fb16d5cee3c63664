"""What the assets are given: the two folders, the lock on the data folder, the rules."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import dagster as dg
from pydantic import Field, PrivateAttr

from assets import processes, progress
from assets.deadruns import bury, without_lock
from assets.store import Store, apart
from assets.versions import MAKERS, code, digest, toml
from pipeline.linemodel import LineModel
from pipeline.rulebook import Rulebook


class Rules:
    """The rules as the package ships them, and the hash that tells when they change."""

    @cached_property
    def files(self) -> Mapping[str, str]:
        return dict(toml(files("pipeline") / "rules"))

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


# Parsed once a process, however many runs it makes.
RULES, MODEL = Rules(), Model()


class Folders(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where pages are read from and tables are written to. A run holds the data folder's lock from its first step to
    its last (steps share a process), so that two runs never mix their staged tables."""

    seeds: str = Field(description="The folder of raw pages.")
    data: str = Field(description="The folder of the results.")
    wait: float = Field(default=60, description="Seconds to wait for another run on the data folder to end.")

    _store: Store | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Folders"]:
        def waiting(holder: str) -> None:
            message = f"{self.data} is being written by {holder}: waiting up to {self.wait:g} s for it to end"
            progress.notice(message)
            if context.log:
                context.log.warning(message)

        run = context.run.run_id if context.run else "?"
        if context.instance and context.instance.has_run(run):
            context.instance.add_run_tags(run, {processes.TAG: processes.mine(run)})
        with self.opened(f"run {run}", waiting) as died:
            if context.instance:
                bury(context.instance, without_lock(context.instance, died, Path(self.data)))
            yield self

    @contextmanager
    def opened(self, who: str, waiting: Callable[[str], None] = lambda holder: None) -> Iterator[str | None]:
        """Has the data folder for `who`. → who died with it, if somebody did"""
        apart(Path(self.seeds), Path(self.data))
        made_with = {"broadsheet": version("broadsheet"), "rules": RULES.digest, "model": MODEL.digest}
        self._store = Store(Path(self.data), {**made_with, **{name: code(name) for name in MAKERS}})
        with self._store.lock(who, self.wait, waiting) as died:
            yield died

    @property
    def store(self) -> Store:
        assert self._store is not None, "only a run has the data folder"
        return self._store

    @property
    def rules(self) -> Rulebook:
        return RULES.book

    @property
    def model(self) -> LineModel:
        return MODEL.lines
