"""When a run is due: what the sensor remembers of the seeds folder, and what it does about what it sees. No files."""

import json
from dataclasses import asdict, dataclass, replace

# A folder that never comes to rest is read all the same, after so many times the time that it should have settled in.
PATIENCE = 20


@dataclass(frozen=True)
class Seen:
    """The sensor's cursor. Times are in seconds since 1970."""

    listing: str = ""  # the digest of the folder's listing as it last was
    since: float = 0  # when it was first so
    restless: float | None = None  # since when there has been something that no run was asked for
    asked: str = ""  # the listing that a run was last asked for
    runs: int = 0  # how many were

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


def decide(seen: Seen, listing: str, newest: float, now: float, settle: float) -> Decision:
    """What to do about a folder whose listing is this and whose newest file was changed at `newest`: one run for a
    burst of drops, once nothing has changed for `settle` seconds."""
    if listing == seen.asked:
        return Decision(replace(seen, listing=listing, since=now, restless=None), False, "nothing new")
    if listing != seen.listing:
        seen = replace(seen, listing=listing, since=now)
    restless = now if seen.restless is None else min(seen.restless, now)
    seen = replace(seen, restless=restless)
    age = now - newest
    quiet = now - seen.since >= settle and not 0 <= age < settle
    overdue = now - restless >= PATIENCE * settle
    if quiet or overdue:
        asked = replace(seen, asked=listing, runs=seen.runs + 1, restless=None)
        return Decision(asked, True, "drops have settled" if quiet else "drops go on coming in")
    return Decision(seen, False, f"files are coming in: waiting until nothing has changed for {settle:g} s")
