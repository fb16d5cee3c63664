"""The code location: assembles assets, checks, jobs, triggers, resources and the executor, and does nothing else."""

import dagster as dg

from assets.carding import corpus_card
from assets.checks import CHECKS
from assets.flow import ASSETS
from assets.resources import Folders
from assets.reviewing import review
from assets.settings import at_once, default, setting
from assets.triggers import SCHEDULES, SENSORS, corpus

defs = dg.Definitions(
    assets=[*ASSETS, review, corpus_card],
    asset_checks=CHECKS,
    jobs=[corpus],
    schedules=SCHEDULES,
    sensors=SENSORS,
    resources={
        "folders": Folders(
            seeds=default("seeds"),
            data=default("data"),
            jobs=at_once(),
            engine=setting("engine", "local"),
            spark_master=setting("spark_master"),
        )
    },
    # One process: a step costs milliseconds to start instead of seconds, and a run holds one lock.
    executor=dg.in_process_executor,
)
