"""How far a long step is: a line in the run's log now and then, or what the command line puts in its place."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Advance = Callable[[int], None]
SECONDS = 10


@contextmanager
def logged(what: str, total: int, unit: str) -> Iterator[Advance]:
    """Says in the run's log how far it is, every few seconds."""
    import dagster as dg  # here, as workers have no use for it

    done = 0
    due = time.monotonic() + SECONDS

    def advance(n: int) -> None:
        nonlocal done, due
        done += n
        if time.monotonic() >= due:
            dg.get_dagster_logger().info(f"{what}: {done:,} of {total:,} {unit}")
            due = time.monotonic() + SECONDS

    yield advance


Show = Callable[[str, int, str], AbstractContextManager[Advance]]
Notice = Callable[[str], None]

# A run that Dagster starts keeps the log.
show: Show = logged

# What a user who waits should know at once.
notice: Notice = lambda message: None  # noqa: E731


@contextmanager
def on_screen(bar: Show, say: Notice) -> Iterator[None]:
    """What the command line has in their place, until the block ends."""
    global show, notice
    before = show, notice
    show, notice = bar, say
    try:
        yield
    finally:
        show, notice = before


def progress(what: str, total: int, unit: str) -> AbstractContextManager[Advance]:
    return show(what, total, unit)
