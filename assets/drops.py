"""When a run is due: what the sensor remembers of the seeds folder, and what it does about what it sees. No files."""

import json
from dataclasses import asdict, dataclass, replace

# A folder that never comes to rest is read all the same, after so many times the time that it should have settled in.
PATIENCE = 20
# Seconds after which drops that a run was asked for, and did not publish, are tried once more: then the next, …
AGAIN = (60, 240, 900, 3600)


@dataclass(frozen=True)
class Seen:
    """The sensor's cursor. Times are in seconds since 1970."""

    listing: str = ""  # the digest of the folder's listing as it last was
    since: float = 0  # when it was first so
    restless: float | None = None  # since when there has been something that no run was asked for
    asked: str = ""  # the listing that a run was last asked for
    tries: int = 0  # how many were asked for it
    worked: float = 0  # when the last one was asked for, or a run was last at work
    runs: int = 0  # how many were asked for at all

    @classmethod
    def parse(cls, cursor: str | None) -> "Seen":
        try:
            return cls(**json.loads(cursor or "{}"))
        except (ValueError, TypeError):  # of an older version
            return cls()

    def __str__(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Decision:
    seen: Seen
    run: bool
    why: str

    @property
    def run_key(self) -> str:
        """Each request's own: the folder may come to look as it did before, and that is a change too."""
        return f"{self.seen.asked}-{self.seen.runs}"


@dataclass(frozen=True)
class Now:
    """What there is to be seen: the folder's listing, when its newest file was changed, the listing of what is
    published, and whether a run is at work or waiting for its turn."""

    time: float
    listing: str
    newest: float
    published: str | None
    at_work: bool


def decide(seen: Seen, now: Now, settle: float) -> Decision:
    """What to do about what there is: one run for a burst of drops, once nothing has changed for `settle` seconds; and
    another one, later and later, while they are not published."""
    if now.listing != seen.listing:
        seen = replace(seen, listing=now.listing, since=now.time)
    if now.at_work:
        # It may publish all of this, or part of it: that shows when it has ended.
        return Decision(replace(seen, worked=now.time), False, "a run is at work")
    if now.listing == now.published:
        return Decision(replace(seen, since=now.time, restless=None, tries=0), False, "nothing new")
    if now.listing == seen.asked and seen.tries:
        left = min(seen.worked, now.time) + AGAIN[min(seen.tries, len(AGAIN)) - 1] - now.time
        if left > 0:
            why = f"the run that was asked for did not publish what there is: another one in {left:.0f} s"
            return Decision(replace(seen, restless=None), False, why)
        return _asked(seen, now, seen.tries + 1, "once more, as the last run did not publish what there is")
    restless = now.time if seen.restless is None else min(seen.restless, now.time)
    age = now.time - now.newest
    if now.time - seen.since >= settle and not 0 <= age < settle:
        return _asked(seen, now, 1, "drops have settled")
    if now.time - restless >= PATIENCE * settle:
        return _asked(seen, now, 1, "drops go on coming in")
    why = f"files are coming in: waiting until nothing has changed for {settle:g} s"
    return Decision(replace(seen, restless=restless), False, why)


def _asked(seen: Seen, now: Now, tries: int, why: str) -> Decision:
    asked = replace(seen, asked=now.listing, tries=tries, worked=now.time, runs=seen.runs + 1, restless=None)
    return Decision(asked, True, why)
