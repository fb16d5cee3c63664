"""The code location: assembles assets, checks, the job, resources and the executor, and does nothing else."""

import dagster as dg

from assets.checks import CHECKS
from assets.flow import ASSETS
from assets.resources import Folders, default
from assets.reviewing import review

corpus = dg.define_asset_job(
    "corpus",
    selection=dg.AssetSelection.all(),
    description="Raw pages in, articles.parquet out: every step, every check, then the swap.",
)

defs = dg.Definitions(
    assets=[*ASSETS, review],
    asset_checks=CHECKS,
    jobs=[corpus],
    resources={"folders": Folders(seeds=default("seeds"), data=default("data"))},
    # One process: a step costs milliseconds to start instead of seconds, and a run holds one lock.
    executor=dg.in_process_executor,
)
