"""What the assets are given: the two folders, the lock on the data folder, the engine, the rules."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import dagster as dg
from pydantic import Field, PrivateAttr

from assets import processes, progress
from assets.deadruns import bury, without_lock
from assets.engine import Engine, EngineError, Local
from assets.shipped import MODEL, RULES, Model, Rules, made_with
from assets.store import Store, apart
from pipeline.linemodel import LineModel
from pipeline.rulebook import Rulebook

__all__ = ["MODEL", "RULES", "Folders", "Model", "Rules"]


class Folders(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where pages are read from and tables are written to. A run holds the data folder's lock from its first step to
    its last (steps share a process), so that two runs never mix their staged tables."""

    seeds: str = Field(description="The folder of raw pages.")
    data: str = Field(description="The folder of the results.")
    wait: float = Field(default=60, description="Seconds to wait for another run on the data folder to end.")
    jobs: int = Field(default=0, description="Processes that work page by page at once; 0: one for each core.")
    engine: str = Field(default="local", description="Who works page by page: `local`, or `spark` for a cluster.")
    spark_master: str = Field(default="", description="The master of that cluster: spark://<host>:7077.")

    _store: Store | None = PrivateAttr(default=None)
    _workers: Engine | None = PrivateAttr(default=None)

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
        self._store = Store(Path(self.data), made_with())
        with self._store.lock(who, self.wait, waiting) as died, closing(self._chosen()) as self._workers:
            yield died

    def _chosen(self) -> Engine:
        if self.engine == "local":
            return Local(self.jobs)
        if self.engine != "spark":
            raise EngineError(f"there is no engine {self.engine}: choose local or spark")
        for folder in (self.seeds, self.data):
            if not Path(folder).is_absolute():
                raise EngineError(f"the workers of a cluster can't find {folder}: give its whole path, from / on")
        from assets.spark import Spark

        return Spark(self.spark_master)

    @property
    def store(self) -> Store:
        assert self._store is not None, "only a run has the data folder"
        return self._store

    @property
    def workers(self) -> Engine:
        """Who works page by page."""
        assert self._workers is not None, "only a run has work to do"
        return self._workers

    @property
    def rules(self) -> Rulebook:
        return RULES.book

    @property
    def model(self) -> LineModel:
        return MODEL.lines
