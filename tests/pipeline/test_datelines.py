"""Datelines: the place that opens a story, and what looks like one."""

import polars as pl
import pytest

from pipeline.datelines import datelines

HOUSE = r"^([A-Z][\p{L}.’'/ -]{1,40}): "


def place(lead: str, pattern: str | None = None) -> str | None:
    out = datelines(pl.Series([lead]), pl.Series([pattern], dtype=pl.String))
    assert out.name == "dateline"
    found: str | None = out[0]
    return found


@pytest.mark.parametrize(
    ("lead", "expected"),
    [
        ("KELMORE: The ferries sailed.", "KELMORE"),
        ("KELMORE:\u00a0The ferries sailed.", "KELMORE"),
        ("NEW DUNWICK: The ferries sailed.", "NEW DUNWICK"),
        ("KELMORE/DUNWICK: The ferries sailed.", "KELMORE/DUNWICK"),
        ("LONDON, March 3 (Reuters) - The ferries sailed.", "LONDON"),
        ("LONDON, 3 March 2024 (Reuters) — The ferries sailed.", "LONDON"),
        ("KYIV, Ukraine (AP) — The ferries sailed.", "KYIV, Ukraine"),
        ("WASHINGTON (AFP) - The ferries sailed.", "WASHINGTON"),
        ("ROME, Italy — The ferries sailed.", "ROME, Italy"),
        ("ROME — The ferries sailed.", "ROME"),
        ("LISBOA, 4 mar (EFE).- Los barcos zarparon.", "LISBOA"),
        ("Lisboa, 4 mar (EFE).- Los barcos zarparon.", "Lisboa"),
        ("(ANSA) - ROMA, 04 MAR - I traghetti sono partiti.", "ROMA"),
        ("Praha (ČTK) – Trajekty vyjely.", "Praha"),
        ("新华社北京3月4日电 渡轮恢复航行。", "北京"),
        ("(서울=연합뉴스) 여객선이 다시 다닌다.", "서울"),
        ("(The mayor) - Rome - said so.", None),
        ("Berlin (dpa) - Die Fähren fahren wieder.", "Berlin"),
        ("Kyiv, Ukraine (AP) — The ferries sailed.", "Kyiv, Ukraine"),
        ("Frankfurt am Main (dpa/lhe) – Die Fähren fahren.", "Frankfurt am Main"),
        ("Analysis: The ferries sailed.", None),
        ("ANALYSIS: The ferries sailed.", None),
        ("EXCLUSIVE: The ferries sailed.", None),
        ("WATCH: The ferries sailed.", None),
        ("UPDATE 1: The ferries sailed.", None),
        ("Q: Do the ferries sail?", None),
        ("UN: The ferries sailed.", None),
        ("NATO: The ferries sailed.", None),
        ("Kelmore: The ferries sailed.", None),
        ("Kelmore - The ferries sailed.", None),
        ("The mayor (AFP) said so.", None),
        ("KELMORE-based ferries sailed.", None),
        ("KELMORE:", None),
        ("", None),
    ],
)
def test_forms(lead: str, expected: str | None) -> None:
    assert place(lead) == expected


@pytest.mark.parametrize(
    ("lead", "expected"),
    [
        ("Jerusalem: The ferries sailed.", "Jerusalem"),
        ("New Dunwick: The ferries sailed.", "New Dunwick"),
        ("KELMORE: The ferries sailed.", "KELMORE"),
        ("Analysis: The ferries sailed.", None),
        ("The minister said: “The ferries sailed.”", None),
        ("The ferries sailed.", None),
    ],
)
def test_an_outlets_own_form(lead: str, expected: str | None) -> None:
    assert place(lead, HOUSE) == expected


def test_rows_have_their_own_patterns() -> None:
    leads = pl.Series(["Kelmore: Boats.", "Kelmore: Boats.", "DUNWICK: Boats.", None])
    out = datelines(leads, pl.Series([None, HOUSE, None, None]))
    assert out.to_list() == [None, "Kelmore", "DUNWICK", None]
