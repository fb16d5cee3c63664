"""One day, or one age, as a page prints it: a piece of a line in, what it settles out. No lines, no articles.

The clock of the run is never asked.
"""

import datetime as dt
import functools
import re

from dateparser.date import DateDataParser

from pipeline.calendars import common, date, foreign

MAX_PIECE = 60  # characters: the longest day or age as printed is half of that; libraries get bounded input
# Only ever read with REQUIRE_PARTS, or as the start of an age; fixed so that no clock is read.
BASE = dt.datetime(2000, 1, 31, 12)
# Languages that dateparser is asked for where the article's own does not read the day, in this order.
LANGUAGES = (
    "en de fr es it pt nl nb sv da fi is et lv lt pl cs sk sl hr sr sr-Latn mk bg ru uk be el ro hu sq ca gl tr az ar "
    "fa ur he hi mr bn ta te th id ms fil sw af ka hy"
).split()
AGE_LANGUAGES = "en de fr es it pt nl nb sv da pl cs tr ja zh ko".split()

FIGURES = re.compile(r"(\d{1,4})\s?([-/.年년])\s?(\d{1,2})\s?[-/.月월]\s?(\d{1,4})\s?[日일號号]?")
# What stands for any day and any year beside words: nothing is fused with it that a language may ask of some days only.
LONE_DAY, LONE_YEAR = re.compile(r"(?<!\w)[0-9]{1,2}(?!\w)"), re.compile(r"(?<!\w)(?:19|20)[0-9]{2}(?!\w)")
VIETNAMESE = re.compile(r"(\d{1,2})\stháng\s(\d{1,2}),?\s(?:năm\s)?(\d{4})")


def day_of(piece: str, language: str | None = None, order: str | None = None) -> dt.date | None:
    """The day that `piece` prints, or null where it does not settle one; `order` is that of its figures."""
    figures = FIGURES.fullmatch(piece.rstrip(". "))
    if figures:
        first, _, second, third = figures.groups()
        return _from_figures(first, second, third, order)
    vietnamese = VIETNAMESE.fullmatch(piece)
    if vietnamese:
        day, month, year = map(int, vietnamese.groups())
        return date(year, month, day)
    return foreign(piece) or _from_words(common(piece), language)


def _from_figures(first: str, second: str, third: str, order: str | None) -> dt.date | None:
    a, b, c = int(first), int(second), int(third)
    if len(first) == 4:
        return date(a, b, c)
    if len(third) < 4:  # 05.04.25: three readings
        return {"DMY": date(2000 + c, b, a), "MDY": date(2000 + c, a, b), "YMD": date(2000 + a, b, c)}.get(order or "")
    readings = {"DMY": date(c, b, a), "MDY": date(c, a, b)}
    possible = {day for day in readings.values() if day}
    return possible.pop() if len(possible) == 1 else readings.get(order or "")


def _from_words(piece: str, language: str | None) -> dt.date | None:
    """By dateparser; where day and year stand alone, once for all days and years: the month is the same."""
    days, years = LONE_DAY.findall(piece), LONE_YEAR.findall(piece)
    if len(days) == len(years) == 1 and len(_figures(piece)) == 2 and 1 <= int(days[0]) <= 31:
        said = _parsed(LONE_YEAR.sub("2012", LONE_DAY.sub(lambda d: "1" * len(d[0]), piece)), language)
        return said and date(int(years[0]), said.month, int(days[0]))
    return _parsed(piece, language)


@functools.lru_cache(maxsize=10_000)
def _parsed(piece: str, language: str | None) -> dt.date | None:
    """By dateparser, in the article's language, else in any; null unless day and year are figures of the piece, which
    dateparser does not promise."""
    printed = sorted(_figures(piece))
    # English next: its months stand on pages in every language; all the others cost a second to load.
    for languages in ((language,) if language in LANGUAGES else (), ("en",), tuple(LANGUAGES)):
        found = _parser(languages).get_date_data(piece[:MAX_PIECE]).date_obj if languages else None
        if found is not None and printed == sorted((found.day, found.year)):
            day: dt.date = found.date()
            return day
    return None


def _figures(piece: str) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", piece)]


@functools.lru_cache(maxsize=10_000)
def age_of(piece: str, language: str | None = None) -> dt.timedelta | None:
    """How long ago `piece` ("5 min 52 sec ago") is, by dateparser; null where it says nothing or the future."""
    for languages in ((language,) if language in AGE_LANGUAGES else (), tuple(AGE_LANGUAGES)):
        found = _parser(languages, needs_day=False).get_date_data(piece[:MAX_PIECE]).date_obj if languages else None
        if found is not None and found <= BASE:
            age: dt.timedelta = BASE - found
            return age
    return None


@functools.cache
def _parser(languages: tuple[str, ...], needs_day: bool = True) -> DateDataParser:
    """A parser for these languages. It never asks the clock: BASE stands for now, and UTC for here."""
    settings = {"RELATIVE_BASE": BASE, "TIMEZONE": "UTC", "RETURN_AS_TIMEZONE_AWARE": False}
    parts = {"REQUIRE_PARTS": ["day", "month", "year"], "PARSERS": ["absolute-time"]}
    kind = parts if needs_day else {"PARSERS": ["relative-time"]}
    return DateDataParser(languages=list(languages), try_previous_locales=False, settings={**settings, **kind})
