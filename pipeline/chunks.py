"""Where the chunks of a page begin: of the lines that may start one, the choice that is likeliest as a whole.

A chunk is an article with all that stands around its text. Dynamic programming over the few likely lines of a page.
"""

import numpy as np
import polars as pl

from pipeline.linemodel import log_odds
from pipeline.neighbours import GRAIN, Flags, Floats, Pages, other, running

# A line of this probability gains and costs nothing, and that a page is of several articles at all costs ONCE (in
# log-odds): pages of one have lines of middling probability too. The model is surer of starts where blank lines set
# articles apart (APART); where those do on a page, a line without them must be likelier than one with them (CLOSE).
# Chosen on out-of-fold predictions, as what follows.
EVEN, APART, CLOSE, ONCE = 0.2, 0.25, 0.45, 0.3
WIDE = 2  # blank lines that set apart
# What a chunk without text costs, and the text (expected characters) from which on it costs nothing.
THIN, ENOUGH = 6.0, 400.0
# Lines around over which the probability of one start may be spread, and the least that is looked at.
SPREAD, LEAST = 3, 0.05


def starts(page: pl.Series, likely: Floats, mass: Floats, gap: Floats) -> Flags:
    """For rows of whole pages with the probability to start a chunk, the expected characters of text, and the blank
    lines above: the first rows of the chunks. The choice has the greatest sum of log-odds over EVEN, less what chunks
    of little text cost."""
    pages = Pages(page)
    flags: Flags = pages.row == pages.start
    likely = gathered(pages, likely)
    wide = (gap >= WIDE) & ~flags
    even = np.where(wide, APART, np.where(pages.whole(wide) > 0, CLOSE, EVEN))
    gain = log_odds(likely) - log_odds(even)
    total = running(mass) * GRAIN
    maybe = np.flatnonzero((likely > LEAST) & ~flags)
    bounds = np.flatnonzero(other(pages.start[maybe]))
    for nodes in np.split(maybe, bounds[1:]) if len(maybe) else []:
        first, end = int(pages.start[nodes[0]]), int(pages.end[nodes[0]])
        flags[best_path(first, nodes.tolist(), end, gain, total)] = True
    return flags


def gathered(pages: Pages, likely: Floats) -> Floats:
    """At the likeliest row within SPREAD rows, the sum of their probabilities; elsewhere 0."""
    top = np.maximum.reduce([pages.near(likely, k, 0) for k in range(-SPREAD, SPREAD + 1)])
    return np.where(likely >= top, np.minimum(pages.sums(likely, -SPREAD, SPREAD), 0.999), 0).astype(np.float32)


def best_path(first: int, maybe: list[int], end: int, gain: Floats, total: Floats) -> list[int]:
    def cost(a: int, b: int) -> float:
        return THIN * max(0.0, 1.0 - float(total[b] - total[a]) / ENOUGH)

    nodes = [first, *maybe]
    best, back = [0.0], [-1]
    for j in range(1, len(nodes)):
        value, k = max((best[k] - cost(nodes[k], nodes[j]) - ONCE * (k == 0), k) for k in range(j))
        best.append(value + float(gain[nodes[j]]))
        back.append(k)
    j = max(range(len(nodes)), key=lambda k: best[k] - cost(nodes[k], end))
    chosen = []
    while j > 0:
        chosen.append(nodes[j])
        j = back[j]
    return chosen
