"""Whether processes that a test has started have ended."""

import time
from pathlib import Path


def gone(pids: list[int]) -> bool:
    """Whether processes end within a minute."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if not any(alive(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
