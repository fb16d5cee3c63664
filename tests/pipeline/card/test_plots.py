"""Plots are well-formed SVG that says its figures, whatever names stand in it."""

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from pipeline.card.plots import Series, bars, columns

SVG = "{http://www.w3.org/2000/svg}"


def rects(svg: str) -> list[dict[str, str]]:
    return [x.attrib for x in ElementTree.fromstring(svg).iter(f"{SVG}rect")]


def test_columns_stand_on_each_other_to_scale() -> None:
    svg = columns("Articles", ["2024-01", "2024-02"], [Series("A", [10, 0]), Series("B", [10, 5], known=False)])
    legend, drawn = rects(svg)[:2], rects(svg)[2:]
    assert len(legend) == 2 and len(drawn) == 3, "an empty column is not drawn"
    a, b, c = drawn
    assert float(a["y"]) == float(b["y"]) + float(b["height"]), "B on A"
    assert float(a["height"]) == float(b["height"]) == 2 * float(c["height"])
    assert a["fill"] != b["fill"] == c["fill"]
    assert "2024-02, B: 5" in svg


def test_bars_are_as_long_as_their_values() -> None:
    svg = bars("Reasons", [("repeat-of", 40), ("page/teaser-block", 10)])
    long, short = (float(x["width"]) for x in rects(svg))
    assert long == 4 * short
    assert ">40<" in svg and ">repeat-of<" in svg


def test_of_nothing_there_is_an_empty_plot() -> None:
    assert rects(columns("Articles", [], [Series("A", [])])) == []
    assert rects(bars("Reasons", [])) == []


@given(st.text(max_size=30), st.integers(0, 10**9))
def test_no_name_breaks_out(name: str, value: int) -> None:
    for svg in (columns(name, [name], [Series(name, [value]), Series("B", [0])]), bars(name, [(name, value)])):
        tags = {x.tag.removeprefix(SVG) for x in ElementTree.fromstring(svg).iter()}
        assert tags <= {"svg", "title", "style", "path", "rect", "text"}
        assert all(c.isprintable() or c == "\n" for c in svg)
