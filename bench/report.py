"""What the benchmarks print: tables in Markdown, each figure with the command that made it."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    what: str
    command: str
    megabytes: float  # of text
    cpu: float
    wall: float
    rss: float
    pss: float
    ratio: float | None = None  # ours to this one's, in CPU seconds


def markdown(rows: Sequence[Row], work: Path) -> str:
    """The rows as a table, and their commands below it."""
    head = ["", "CPU s", "CPU s per MB", "MB/s a core", "wall s", "peak MB (RSS)", "peak MB (PSS)", "ours : this"]
    lines = [
        f"| {n} {row.what} | {row.cpu:.2f} | {row.cpu / row.megabytes:.4f} | {row.megabytes / row.cpu:.1f} "
        f"| {row.wall:.1f} | {row.rss:,.0f} | {row.pss:,.0f} | {'' if row.ratio is None else f'{row.ratio:.2f}'} |"
        for n, row in enumerate(rows, 1)
    ]
    commands = [f"    {n}  {shown(row.command, work)}" for n, row in enumerate(rows, 1)]
    return "\n".join([table_head(head), *lines, "", *commands, ""])


def table_head(names: Sequence[str]) -> str:
    return f"| {' | '.join(names)} |\n|{' --- |' * len(names)}"


def shown(command: str, work: Path) -> str:
    """The command without this machine's folders."""
    return (
        command.replace(sys.executable, "python")
        .replace(str(work), "WORK")
        .replace(f"{Path(__file__).parents[1]}/", "")
    )
