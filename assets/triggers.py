"""What starts runs and ends dead ones by itself: the sensor of drops, the daily schedule, the reaper."""

import os
import time
from pathlib import Path

import dagster as dg

from assets import seeds as files
from assets.deadruns import at_work, bury, gone
from assets.drops import Now, Seen, decide
from assets.settings import JOB, default
from assets.store import Store

SETTLE = 30  # seconds in which nothing may change before drops are read; BROADSHEET_SETTLE says otherwise
# A killed worker's run is done again as a whole: what it had made is there already.
TAGS = {"dagster/retry_strategy": "ALL_STEPS"}

corpus = dg.define_asset_job(
    JOB,
    selection=dg.AssetSelection.all(),
    description="Raw pages in, articles.parquet out: every step, every check, then the swap.",
    tags=TAGS,
)


@dg.sensor(
    name="drops",
    job=corpus,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Runs the job when files in the seeds folder were added, changed or removed, once they have settled; "
    "and again, later and later, while they are not published.",
)
def drops(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    settle = float(os.environ.get("BROADSHEET_SETTLE") or SETTLE)
    seeds, data = Path(default("seeds")), Path(default("data"))
    try:
        listing, newest = files.fingerprint(files.find(seeds))
    except files.SeedsError as e:
        return dg.SensorResult(skip_reason=str(e), cursor=context.cursor)
    now = Now(time.time(), listing, newest, Store(data).taken_up(), at_work(context.instance, data))
    found = decide(Seen.parse(context.cursor), now, settle)
    if not found.run:
        return dg.SensorResult(skip_reason=found.why, cursor=str(found.seen))
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=found.run_key, tags=TAGS)], cursor=str(found.seen))


daily = dg.ScheduleDefinition(
    name="daily",
    job=corpus,
    cron_schedule="0 4 * * *",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Runs the job every day at 4: an unchanged folder costs seconds.",
)


@dg.sensor(
    name="reaper",
    minimum_interval_seconds=20,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Ends runs whose process is gone, so that they hold up nobody.",
)
def reaper(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    ended = bury(context.instance, gone(context.instance, Path(default("data")), time.time()))
    return dg.SkipReason(f"ended {', '.join(ended)}" if ended else "no dead run")


SENSORS = [drops, reaper]
SCHEDULES = [daily]
