"""Which process a run is: so one that died with its process, or with the machine, is told from one at work."""

import json
import os
import socket
from pathlib import Path

TAG = "broadsheet/process"


def mine(run_id: str) -> str:
    """This process, as a tag of the run that it is. The run is named, as a retry gets its parent's tags."""
    return " ".join([run_id, *_place(), str(os.getpid()), _started(os.getpid()) or "?"])


def is_gone(tag: str, run_id: str) -> bool | None:
    """Whether the process of a tag has ended; None where that can't be told from here (another machine or container,
    or no tag of this run)."""
    name, *place, pid, started = tag.split(" ") if tag.count(" ") >= 4 else ["", "", "", ""]
    here = _place()
    if name != run_id or place[0] != here[0]:
        return None
    if place[1] != here[1]:
        return True  # the machine was started anew
    return None if place != here else _started(int(pid)) != started


def hung_up(server: str) -> bool:
    """Whether nobody answers any more at the socket that a launcher's tag names; False where there is none to ask."""
    try:
        path = json.loads(server)["socket"]
    except (ValueError, TypeError, KeyError):
        return False
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(path)
        except (ConnectionRefusedError, FileNotFoundError):
            return True
        except OSError:
            return False
    return False


def _place() -> list[str]:
    """This machine, its last start, and the processes that can be seen from here."""
    return [socket.gethostname().replace(" ", "_"), _line("/proc/sys/kernel/random/boot_id"), _namespace()]


def _started(pid: int) -> str | None:
    """When a process was started, in ticks since the machine was; None if there is none. Numbers are used again."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    return None if fields[0] in "ZX" else fields[19]


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return "?"


def _line(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return "?"
