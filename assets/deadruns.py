"""Runs whose process is gone: how they are told from runs at work, and ended.

Nobody else would end one whose machine went down, and Dagster has other runs wait for its slot for ever.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from assets import lock, processes
from assets.settings import JOBS, POOL, default

# A run names its process with its first breath; one that has not after so many seconds has none.
NAMELESS = 60
GOING = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
COMING = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING]
# Where Dagster's default launcher says whose child a run will be; after so many seconds, as a retry has the tags of the
# run before until then.
LAUNCHER, LAUNCHED = ".dagster/grpc_info", 15


def gone(instance: dg.DagsterInstance, data: Path, now: float) -> Iterator[str]:
    """The runs that are said to be going on and are not, as anybody can tell."""
    for record in instance.get_run_records(dg.RunsFilter(statuses=GOING)):
        run = record.dagster_run
        tag = run.tags.get(processes.TAG, "")
        late = now - (record.start_time or now) > NAMELESS
        nameless = run.job_name in JOBS and late and not tag.startswith(run.run_id)
        if nameless or processes.is_gone(tag, run.run_id):
            yield run.run_id
    for record in instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTING])):
        run = record.dagster_run
        late = now - record.update_timestamp.timestamp() > LAUNCHED
        if late and processes.hung_up(run.tags.get(LAUNCHER, "")):
            yield run.run_id
    yield from without_lock(instance, lock.left_by(data))


def at_work(instance: dg.DagsterInstance, data: Path) -> bool:
    """Whether a run on the data folder is going on, or will be."""
    runs = instance.get_runs(dg.RunsFilter(statuses=[*COMING, *GOING]))
    return lock.is_held(data) or any(_data(run).resolve() == data.resolve() for run in runs)


def without_lock(instance: dg.DagsterInstance, died: str | None, held: Path | None = None) -> Iterator[str]:
    """The run that died with a lock, and those that hold the pool's slot but no lock. A run takes its data folder's
    lock before its first slot and loses it with its last breath. `held`: the folder whose lock is the caller's."""
    named = re.match(r"run ([0-9a-f-]{36}),", died or "")
    if named:
        yield named[1]
    if instance.event_log_storage.supports_global_concurrency_limits:
        for slot in instance.event_log_storage.get_concurrency_info(POOL).claimed_slots:
            run = instance.get_run_by_id(slot.run_id)
            data = _data(run) if run else held
            ours = data is not None and held is not None and data.resolve() == held.resolve()
            if data is None or ours or not lock.is_held(data):
                yield slot.run_id


def bury(instance: dg.DagsterInstance, runs: Iterable[str]) -> list[str]:
    """Ends dead runs, and frees what they hold. → those that were not ended before"""
    ended = []
    for name in dict.fromkeys(runs):
        run = instance.get_run_by_id(name)
        if run and not run.is_finished:
            instance.report_run_failed(run, "The run's process ended before the run did.")
            ended.append(name)
        instance.event_log_storage.free_concurrency_slots_for_run(name)
    return ended


def _data(run: dg.DagsterRun) -> Path:
    config: Any = run.run_config
    for key in ("resources", "folders", "config"):
        config = config.get(key, {})
    return Path(config.get("data", default("data")))
