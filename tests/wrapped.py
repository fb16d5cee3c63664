"""Pages as a mailing list or a text browser would print them: hard-wrapped."""

import textwrap
from itertools import pairwise


def wrap(page: str, width: int) -> str:
    """Each line of the page broken at the width, between words."""
    return "\n".join(x for line in page.split("\n") for x in broken(line, width))


def broken(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width, break_on_hyphens=False, break_long_words=False) or [line]


def ambiguous(page: str, width: int) -> bool:
    """Whether some line's last piece is full and the next line follows directly: nothing tells that it does not run
    on."""
    lines = page.split("\n")
    return any(
        bool(below.strip()) and len(broken(above, width)[-1]) + 1 + len(below.split()[0]) > width
        for above, below in pairwise(lines)
        if above.strip()
    )
