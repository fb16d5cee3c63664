"""What tests of runs share: pages with a mark in them, and how a run is asked for."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from assets.definitions import defs

Job = Callable[..., dg.ExecuteInProcessResult]

# No word of a page may show in Dagster's events; this one stands in all of them.
MARK = "Quellhaven"

PAGE = """{title}

The council of {mark} voted on Tuesday to rebuild the old harbour wall, which storms had broken twice within {n} years.
Members said the work would begin in the spring and would cost less than a third of what a new wall had been put at.

Fishermen who keep their boats at pier {n} welcomed the vote, though several asked where they should moor until then.
The harbour master promised room for all {n} boats at the northern quay, and said nobody would have to pay for it.
"""


TITLES = ("Harbour wall to rise again", "Ferry runs late into the night", "Market moves inland")


def write_pages(folder: Path) -> None:
    """A page of one article for each title, and an empty file."""
    folder.mkdir(parents=True, exist_ok=True)
    for n, title in enumerate(TITLES, 3):
        write_page(folder / f"{n}.txt", title, n)
    (folder / "empty.txt").write_text("")


def write_page(path: Path, title: str, n: int) -> None:
    page = PAGE.format(title=f"{title} in {MARK}", mark=MARK, n=n).replace("harbour", f"harbour{n}")
    path.write_text(page)


def run(
    seeds: Path, data: Path, *assets: str, instance: dg.DagsterInstance | None = None, wait: float = 0, **settings: Any
) -> dg.ExecuteInProcessResult:
    """The job on two folders, or those of its assets that are named; `settings` are further ones of `Folders`."""
    folders = {"seeds": str(seeds), "data": str(data), "wait": wait, **settings}
    return defs.resolve_job_def("corpus").execute_in_process(
        instance=instance,
        raise_on_error=False,
        asset_selection=[dg.AssetKey(a) for a in assets] or None,
        run_config={
            "resources": {"folders": {"config": folders}},
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        },
    )


def failures(result: dg.ExecuteInProcessResult) -> Sequence[str]:
    """What the steps that failed say, in one line each."""
    errors = [event.step_failure_data.error for event in result.get_step_failure_events()]
    return [error.message.strip() for error in errors if error]
