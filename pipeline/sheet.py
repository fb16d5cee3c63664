"""A table that a user wrote (CSV): the names of its columns, and its rows with their lines. Not what they mean."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.decode import decode, unpack
from pipeline.faults import UnreadableError

DELIMITERS = ",;\t"
_LINE_END = re.compile(r"\r\n?|\n")


class Sheet(NamedTuple):
    """Column names (lower case), the delimiter, and the rows behind the names, each with its first line's number."""

    names: list[str]
    delimiter: str
    records: Iterator[tuple[int, list[str]]]


def sheet(raw: bytes, needs: Sequence[str], reason: str) -> Sheet:
    """CSV (`,`, `;` or tab; gzipped or not; any encoding that a page may have) whose first line that is not blank names
    the columns. UnreadableError, for `reason` where a column of `needs` is missing; its rows may raise csv.Error."""
    whole = decode(unpack(raw))[0]
    text = whole.lstrip()
    above = len(_LINE_END.findall(whole[: len(whole) - len(text)]))
    first = io.StringIO(text, newline="").readline()
    delimiter = max(DELIMITERS, key=first.count)
    records = _numbered(text, delimiter, above + 1)
    names = [name.strip().lower() for name in next(records, (0, []))[1]]
    if not set(needs) <= set(names):
        raise UnreadableError(reason, f"the first line is {first.strip()[:100]!r}")
    return Sheet(names, delimiter, records)


def _numbered(text: str, delimiter: str, line: int) -> Iterator[tuple[int, list[str]]]:
    """The rows of a text that begins at `line`, each with the number of its first line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = line
    for cells in reader:
        yield line, cells
        line = start + reader.line_num
