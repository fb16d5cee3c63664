"""Other calendars against days whose equal is known."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.calendars import JALALI, common, foreign


@pytest.mark.parametrize(
    ("piece", "day"),
    [
        ("1 فروردین 1402", (2023, 3, 21)),
        ("1 فروردین 1403", (2024, 3, 20)),
        ("30 اسفند 1399", (2021, 3, 20)),
        ("23 مرداد 1402", (2023, 8, 14)),
        ("令和5年8月14日", (2023, 8, 14)),
        ("令和元年5月1日", (2019, 5, 1)),
        ("民國112年8月14日", (2023, 8, 14)),
        ("14. avgusta 2023", (2023, 8, 14)),
        ("14 كانون الأول 2023", (2023, 12, 14)),
        ("32 مرداد 1402", None),
        ("令和5年2月30日", None),
        ("14 August 2023", None),
    ],
)
def test_days(piece: str, day: tuple[int, int, int] | None) -> None:
    assert foreign(piece) == (dt.date(*day) if day else None)


def test_thai_years_count_from_the_buddha() -> None:
    assert common("14 สิงหาคม 2566") == "14 สิงหาคม 2023"
    assert common("14 August 2566") == "14 August 2566"


def test_baltic_years_go_behind() -> None:
    assert common("2023. gada 14. augusts") == "14. augusts 2023"
    assert common("2023 m. rugpjūčio 14 d.") == "rugpjūčio 14 2023"


@given(year=st.integers(1310, 1470), month=st.integers(0, 10))
def test_the_persian_months_follow_one_another(year: int, month: int) -> None:
    first, second = foreign(f"1 {JALALI[month]} {year}"), foreign(f"1 {JALALI[month + 1]} {year}")
    assert first and second and (second - first).days == (31 if month < 6 else 30)
