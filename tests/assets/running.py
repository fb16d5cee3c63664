"""What tests of runs share: pages with a mark in them, and how a run is asked for."""

from collections.abc import Callable, Sequence

import dagster as dg

Job = Callable[..., dg.ExecuteInProcessResult]

# No word of a page may show in Dagster's events; this one stands in all of them.
MARK = "Quellhaven"

PAGE = """{title}

The council of {mark} voted on Tuesday to rebuild the old harbour wall, which storms had broken twice within {n} years.
Members said the work would begin in the spring and would cost less than a third of what a new wall had been put at.

Fishermen who keep their boats at pier {n} welcomed the vote, though several asked where they should moor until then.
The harbour master promised room for all {n} boats at the northern quay, and said nobody would have to pay for it.
"""


def failures(result: dg.ExecuteInProcessResult) -> Sequence[str]:
    """What the steps that failed say, in one line each."""
    errors = [event.step_failure_data.error for event in result.get_step_failure_events()]
    return [error.message.strip() for error in errors if error]
