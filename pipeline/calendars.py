"""Days as other calendars count them, and months that dateparser does not know: arithmetic and names, no layouts."""

import datetime as dt
import re

# The year before the first of each era.
ERAS = {"令和": 2018, "平成": 1988, "民國": 1911, "民国": 1911}
BUDDHIST = 543
JALALI = "فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند".split()
# Slovenian genitives; the months of the Levant and of the Maghreb.
MONTHS = (
    "januarja februarja marca aprila maja junija julija avgusta septembra oktobra novembra decembra",
    "كانون الثاني,شباط,آذار,نيسان,أيار,حزيران,تموز,آب,أيلول,تشرين الأول,تشرين الثاني,كانون الأول",
    "جانفي فيفري مارس أفريل ماي جوان جويلية أوت سبتمبر أكتوبر نوفمبر ديسمبر",
)
NUMBERS = {name: n for line in MONTHS for n, name in enumerate(re.split(r",| (?!ال)", line), 1)}
ERA_DAY = re.compile(rf"({'|'.join(ERAS)})\s?(\d{{1,3}}|元)\s?年\s?(\d{{1,2}})\s?月\s?(\d{{1,2}})")
BALTIC_DAY = re.compile(r"(\d{4})\.?\s(?:m\.|gada)\s(.+?)(?:\sd)?\.?")
NAMED_DAY = re.compile(r"(\d{1,2})[.\s]\s?(\D+?)\s(\d{4})")


def foreign(piece: str) -> dt.date | None:
    """The day that `piece` prints in another calendar, or with a month of MONTHS; null where it does neither."""
    era = ERA_DAY.match(piece)
    if era:
        name, year, month, day = era.groups()
        return date(ERAS[name] + (1 if year == "元" else int(year)), int(month), int(day))
    named = NAMED_DAY.fullmatch(piece)
    if not named:
        return None
    day, month, year = int(named[1]), named[2].lower(), int(named[3])
    if month in JALALI:
        return _from_jalali(year, JALALI.index(month) + 1, day)
    return date(year, NUMBERS[month], day) if month in NUMBERS else None


def common(piece: str) -> str:
    """`piece` in a form that dateparser knows: a Thai year counted as elsewhere, a Baltic one behind its day."""
    baltic = BALTIC_DAY.fullmatch(piece)
    if baltic:
        return f"{baltic[2]} {baltic[1]}"
    thai = re.search("[\u0e00-\u0e7f]", piece)
    return re.sub(r"25[4-9]\d", lambda y: str(int(y[0]) - BUDDHIST), piece).replace("พ.ศ. ", "") if thai else piece


def date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day) if 1900 <= year < 2100 else None
    except ValueError:
        return None


def _from_jalali(year: int, month: int, day: int) -> dt.date | None:
    """By the 33-year cycle, which agrees with the observed calendar from 1178 to 1633 (1800 to 2254)."""
    if not (1300 <= year < 1500 and 1 <= day <= (31 if month <= 6 else 30)):
        return None
    years = year + 1595
    before = (month - 1) * 31 if month <= 6 else (month - 7) * 30 + 186
    return dt.date.fromordinal(365 * years + years // 33 * 8 + (years % 33 + 3) // 4 + before + day - 356_033)
