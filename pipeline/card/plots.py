"""Plots as SVG: small, readable in light and dark, the same bytes for the same figures. No text of a page but names."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

WIDTH, MARGIN, PLOT = 760, 48, 190  # of the picture, left of the axis, height of columns
ROW, NAMES = 24, 290  # height of a bar, width of its name
LABELS = 14  # labels under an axis at the most
# Okabe and Ito's colours, told apart by the colour-blind too; the last is for what has no name.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9")
GREY = "#8a8f98"
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#24292f}.t{font-weight:600;font-size:15px}.s{fill:#57606a}"
    ".g{stroke:#d0d7de}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.s{fill:#9da7b1}.g{stroke:#3d444d}}"
)


class Series(NamedTuple):
    """Values by label, in one colour; `known`: whether it has a name, or is the rest."""

    name: str
    values: Sequence[int]
    known: bool = True


def columns(title: str, labels: Sequence[str], series: Sequence[Series]) -> str:
    """Stacked columns, one for each label, with a legend where there are several series."""
    totals = [sum(values) for values in zip(*(s.values for s in series), strict=True)] or [0]
    top, legend = _round_up(max(totals)), 24 * (1 + (len(series) - 1) // 3) if len(series) > 1 else 0
    floor = 44 + legend + PLOT
    step = (WIDTH - MARGIN - 8) / max(1, len(labels))
    out = [_text(0, 18, title, "t")]
    out += _legend(series) if legend else []
    for n in range(3):
        value = top * n // 2
        y = floor - PLOT * value / top
        out += [f'<path class="g" d="M{MARGIN} {y:.1f}H{WIDTH}"/>', _text(MARGIN - 6, y + 4, f"{value:,}", "s", "end")]
    every = max(1, -(-len(labels) // LABELS))
    heights = [0.0] * len(labels)
    for i, one in enumerate(series):
        for k, value in enumerate(one.values):
            height = PLOT * value / top
            heights[k] += height
            if value:
                x, width = MARGIN + 4 + k * step, max(1.0, step * 0.8)
                bar = f'x="{x:.1f}" y="{floor - heights[k]:.1f}" width="{width:.1f}" height="{height:.1f}"'
                said = f"{labels[k]}, {one.name}: {value:,}" if legend else f"{labels[k]}: {value:,}"
                out.append(f'<rect {bar} fill="{_colour(i, one)}"><title>{_safe(said)}</title></rect>')
    for k in range(0, len(labels), every):
        out.append(_text(MARGIN + 4 + (k + 0.4) * step, floor + 18, labels[k], "s", "middle"))
    return _svg(floor + 28, title, out)


def bars(title: str, rows: Iterable[tuple[str, int]]) -> str:
    """A horizontal bar for each name, with its value behind it."""
    rows = list(rows)
    top = max((value for _, value in rows), default=0) or 1
    out = [_text(0, 18, title, "t")]
    for k, (name, value) in enumerate(rows):
        y, width = 36 + k * ROW, (WIDTH - NAMES - 80) * value / top
        out.append(_text(NAMES - 8, y + 14, name, "", "end"))
        out.append(f'<rect x="{NAMES}" y="{y}" width="{max(1.0, width):.1f}" height="{ROW - 6}" fill="{COLOURS[0]}"/>')
        out.append(_text(NAMES + max(1.0, width) + 6, y + 14, f"{value:,}", "s"))
    return _svg(44 + len(rows) * ROW, title, out)


def _legend(series: Sequence[Series]) -> Iterable[str]:
    for i, one in enumerate(series):
        x, y = 250 * (i % 3), 32 + 24 * (i // 3)
        yield f'<rect x="{x}" y="{y}" width="12" height="12" fill="{_colour(i, one)}"/>'
        yield _text(x + 18, y + 11, one.name)


def _colour(i: int, series: Series) -> str:
    return COLOURS[i % len(COLOURS)] if series.known else GREY


def _round_up(value: int) -> int:
    """The next even number with one figure of weight or two: a scale that reads well."""
    size = 2 * int(10 ** max(0, len(str(value)) - 2))
    return max(2, -(-value // size) * size)


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "") -> str:
    kind, anchor = f' class="{kind}"' * bool(kind), f' text-anchor="{anchor}"' * bool(anchor)
    return f'<text x="{x:.0f}" y="{y:.0f}"{kind}{anchor}>{_safe(text)}</text>'


def _safe(text: str) -> str:
    """Text that XML can hold: no control character, no mark that turns what follows it."""
    return escape("".join(c if c.isprintable() else "\ufffd" for c in text))


def _svg(height: int, title: str, parts: Iterable[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img">'
    return f"{head}<title>{_safe(title)}</title><style>{STYLE}</style>{''.join(parts)}</svg>\n"
