"""Curves as SVG, readable in light and dark, the same bytes for the same figures."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

from pipeline.card.plots import COLOURS, MARGIN, PLOT, STYLE, WIDTH

GAP = 92  # between two plots


class Curve(NamedTuple):
    name: str
    points: Sequence[tuple[float, float]]


def curves(title: str, along: str, plots: Sequence[tuple[str, Sequence[Curve]]]) -> str:
    """Plots one below the other, each with its own scale from zero on, over the same numbers `along` the bottom."""
    right = max((x for _, drawn in plots for curve in drawn for x, _ in curve.points), default=1.0)
    out = [_text(0, 18, title, "t")]
    for k, (name, drawn) in enumerate(plots):
        top = 60 + k * (PLOT + GAP)
        out += [_text(0, top - 16, name), *_plot(top, right, drawn), _text(WIDTH, top + PLOT + 36, along, "s", "end")]
    height = 60 + len(plots) * (PLOT + GAP) - GAP + 48
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img">'
    return f"{head}<title>{escape(title)}</title><style>{STYLE}</style>{''.join(out)}</svg>\n"


def _plot(top: float, right: float, drawn: Sequence[Curve]) -> Iterable[str]:
    high = _round_up(max((y for curve in drawn for _, y in curve.points), default=1.0))
    floor, left, width = top + PLOT, MARGIN + 4, WIDTH - MARGIN - 24

    def at(x: float, y: float) -> tuple[float, float]:
        return left + width * x / right, floor - PLOT * y / high

    for n in range(3):
        y = at(0, high * n / 2)[1]
        yield f'<path class="g" d="M{MARGIN} {y:.1f}H{WIDTH}"/>'
        yield _text(MARGIN - 6, y + 4, f"{high * n / 2:,.4g}", "s", "end")
    for x in sorted({x for curve in drawn for x, _ in curve.points}):
        yield _text(at(x, 0)[0], floor + 18, f"{x:,g}", "s", "middle")
    for k, curve in enumerate(drawn):
        colour = COLOURS[k % len(COLOURS)]
        places = [at(*point) for point in curve.points]
        way = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        yield f'<path d="M{way}" fill="none" stroke="{colour}" stroke-width="2"/>'
        for (x, y), (size, value) in zip(places, curve.points, strict=True):
            said = escape(f"{curve.name}, {size:,g}: {value:,.3g}")
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"><title>{said}</title></circle>'
        x = WIDTH - 110 * (len(drawn) - k)
        yield f'<rect x="{x}" y="{top - 27:.0f}" width="12" height="12" fill="{colour}"/>'
        yield _text(x + 18, top - 16, curve.name)


def _round_up(value: float) -> float:
    """The next number of one figure of weight, or one and a half, or two and a half: a scale that reads well."""
    size = 10.0 ** math.floor(math.log10(value))
    return next(size * n for n in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 20) if size * n >= value)


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "") -> str:
    kind, anchor = f' class="{kind}"' * bool(kind), f' text-anchor="{anchor}"' * bool(anchor)
    return f'<text x="{x:.0f}" y="{y:.0f}"{kind}{anchor}>{escape(text)}</text>'
