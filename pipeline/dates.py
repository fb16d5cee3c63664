"""The day of an article: from the sidecar, the URL, the outlet's date line, or an age that something anchors.

A day that the page does not settle stays null; the clock of the run is never asked. Which lines are date lines,
and which piece of them is the day, say the rules with role `timestamp` (`rules/dates.toml`).
"""

import datetime as dt
import functools
import re

import polars as pl
from dateparser.date import DateDataParser

from pipeline.rulebook import Rule, Rulebook

KEY = ["page", "article_no"]
MAX_PIECE = 60  # characters: the longest day or age as printed is half of that; libraries get bounded input
# A page can be fetched in a time zone that is a day behind its outlet's, by a clock that is a day off.
TOLERANCE = pl.duration(days=2)
DAY = pl.duration(days=1)
# Only ever read with REQUIRE_PARTS, or as the start of an age; fixed so that no clock is read.
BASE = dt.datetime(2000, 1, 31, 12)
# Which of an article's date lines counts: publication before update; a line without a label is more likely the
# publication. A `weak` line may be the masthead, which prints the day of the visit: any other line is better.
RANK = {"published": 0, "": 1, "updated": 2}
WEAK = 3

# Days in full inside a caption; months are any word, and what is no month in any language gives no day.
IN_CAPTION = "|".join(
    (
        r"\b\d{1,2}(?:st|nd|rd|th|\.|er|º)?\s(?:de\s|of\s)?\p{L}{3,12}\.?,?\s(?:de\s|del\s)?(?:19|20)\d\d\b",
        r"\b\p{L}{3,12}\.?\s\d{1,2}(?:st|nd|rd|th)?,?\s(?:19|20)\d\d\b",
        r"\b(?:19|20)\d\d-\d\d-\d\d\b",
        r"\b\d{1,2}\.\s?\d{1,2}\.\s?(?:19|20)\d\d\b",
        r"(?:19|20)\d\d\s?[年년]\s?\d{1,2}\s?[月월]\s?\d{1,2}\s?[日일]",
    )
)
FIGURES = re.compile(r"(\d{1,4})\s?([-/.年년])\s?(\d{1,2})\s?[-/.月월]\s?(\d{1,4})\s?[日일]?")
# In the path only: a query may ask for another day. `/2024/02/19/`, `/2024/feb/19/`, `/2024-02-19/`, and the
# day as the last words of a slug (`…-2024-02-19/`).
IN_URL = (
    r"(?i)/((?:19|20)\d\d)/(\d{1,2}|[a-z]{3})/(\d{1,2})(?:/|$)",
    r"(?i)[/-]((?:19|20)\d\d)-(\d\d)-(\d\d)(?:/|\.html?$|$)",
)
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"

# Languages that print dotted days with the day first, and no other way (CLDR's short formats and use). English is
# not here: its outlets print 11.12.2024 both ways; nor are those that begin with the year (Hungarian, Korean).
DAY_FIRST = "bg cs da de el es et fi fr hr is it lv mk nl no pl pt ro ru sk sl sq sv tr uk"

# Monday to Sunday as leads name them. Turkish `pazar` is a market too, Portuguese days but the last two are
# ordinals (`segunda`): neither is here.
WEEKDAYS = (
    "monday montag lundi lunes lunedì maandag mandag måndag poniedziałek pondělí pazartesi",
    "tuesday dienstag mardi martes martedì dinsdag tirsdag tisdag wtorek úterý salı",
    "wednesday mittwoch mercredi miércoles mercoledì woensdag onsdag środa środę středa středu çarşamba",
    "thursday donnerstag jeudi jueves giovedì donderdag torsdag czwartek čtvrtek perşembe",
    "friday freitag vendredi viernes venerdì vrijdag fredag piątek pátek cuma",
    "saturday samstag sonnabend samedi sábado sabato zaterdag lördag lørdag sobota sobotę sobotu cumartesi",
    "sunday sonntag dimanche domingo domenica zondag søndag söndag niedziela niedzielę neděle neděli",
)
# "Black Friday" is no day of this week, and "last Friday" not the day of the report.
NO_WEEKDAY = r"(?i)\b(?:black|good|ash|holy|super|palm|bloody|cyber|easter|last|next|every|each|previous)\s\p{L}+"


def dates(articles: pl.DataFrame, stamps: pl.DataFrame, captions: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """The day of every article and what settled it.

    `articles`: page, article_no, line_start, first_body (lines), lead (first body paragraph), language, day_order (of
    the outlet), url, sidecar_date, fetched_at. `stamps`: page, article_no, line_no, destination, text of the lines
    with role timestamp or byline. `captions`: page, article_no, text.
    → page, article_no, date, date_kind, date_raw, date_basis, date_not_before, in the order of `articles`.
    """
    read = _read(articles, stamps, rules)
    line = _best(read.filter(~pl.col("relative") & pl.col("day").is_not_null()), "line")
    age = _best(read.filter(pl.col("relative") & pl.col("age").is_not_null()), "age")
    raw = _best(read, "raw")
    known = articles.join(line, on=KEY, how="left", maintain_order="left").join(
        age.drop("age_day"), on=KEY, how="left", maintain_order="left"
    )
    known = _settle(known.join(raw.select(*KEY, "raw_text"), on=KEY, how="left", maintain_order="left"))
    bounds = _caption_days(articles, captions, rules)
    return known.join(bounds, on=KEY, how="left", maintain_order="left").select(
        *KEY, "date", "date_kind", "date_raw", "date_basis", "date_not_before"
    )


def _settle(known: pl.DataFrame) -> pl.DataFrame:
    """Articles with all their evidence → date, date_kind, date_raw, date_basis, by the order of the bases."""
    known = known.with_columns(
        sidecar=_possible(pl.col("sidecar_date")),
        # The URL addresses the article that the page opens with; what stands below came by scrolling.
        url_day=pl.when(pl.col("article_no") == pl.col("article_no").min().over("page")).then(_possible(_url_day())),
    ).with_columns(absolute=pl.coalesce("sidecar", "url_day", "line_day"))
    known = known.join(_anchors(known), on="page", how="left", maintain_order="left")
    fresh = pl.col("age_age") < DAY
    relative = (
        pl.when(pl.col("fetched_at").is_not_null())
        .then((pl.col("fetched_at") - pl.col("age_age")).dt.date())
        .when(fresh)
        .then("anchor")
    )
    basis = pl.coalesce(
        *[
            pl.when(pl.col(column).is_not_null()).then(pl.lit(name))
            for column, name in (
                ("sidecar", "sidecar"),
                ("url_day", "url"),
                ("line_day", "timestamp"),
                ("from_age", "relative"),
            )
        ]
    )
    return (
        known.with_columns(from_age=relative)
        .with_columns(date=pl.coalesce("absolute", "from_age"), date_basis=basis)
        .with_columns(
            date_kind=pl.when(date_basis="timestamp").then("line_kind").when(date_basis="relative").then("age_kind"),
            date_raw=pl.when(date_basis="timestamp")
            .then("line_text")
            .when(date_basis="relative")
            .then("age_text")
            .otherwise("raw_text"),
        )
    )


def _possible(day: pl.Expr) -> pl.Expr:
    """`day`, or null where it lies after the page was fetched."""
    return pl.when(pl.col("fetched_at").is_null() | (day <= (pl.col("fetched_at") + TOLERANCE).dt.date())).then(day)


def _url_day() -> pl.Expr:
    path = pl.col("url").str.replace(r"[?#].*$", "").str.replace(r"^[a-zA-Z][\w+.-]*://[^/]*", "")
    days = []
    for pattern in IN_URL:
        month = path.str.extract(pattern, 2).str.to_lowercase()
        figures = pl.coalesce(
            month.str.to_integer(strict=False),
            *[pl.when(month == name).then(pl.lit(n)) for n, name in enumerate(MONTHS.split(), 1)],
        )
        parts = (path.str.extract(pattern, 1), figures, path.str.extract(pattern, 3))
        day = pl.concat_str(*[part.cast(pl.String).str.zfill(2) for part in parts], separator="-")
        days.append(day.str.to_date("%Y-%m-%d", strict=False))
    return pl.coalesce(*days)


def _anchors(known: pl.DataFrame) -> pl.DataFrame:
    """The day of each page's fresh relative timestamps, where its leads tell → page, anchor.

    The leads of those articles must name one weekday, and it must be that of the page's newest dated article.
    """
    newest = known.group_by("page").agg(pl.col("absolute").max().alias("anchor")).drop_nulls("anchor")
    names = [(name, n) for n, day in enumerate(WEEKDAYS, 1) for name in day.split()]
    numbers = pl.DataFrame(names, schema={"name": pl.String, "weekday": pl.Int8}, orient="row")
    pattern = rf"(?i)\b(?:{'|'.join(name for name, _ in names)})\b"
    named = (
        known.filter(pl.col("absolute").is_null() & (pl.col("age_age") < DAY))
        .select("page", name=pl.col("lead").str.replace_all(NO_WEEKDAY, "").str.extract_all(pattern))
        .explode("name")
        .with_columns(pl.col("name").str.to_lowercase())
        .join(numbers, on="name")
        .group_by("page")
        .agg(pl.col("weekday").unique())
        .filter(pl.col("weekday").list.len() == 1)
        .select("page", pl.col("weekday").list.first())
    )
    both = newest.join(named, on="page")
    return both.filter(pl.col("anchor").dt.weekday() == pl.col("weekday")).select("page", "anchor")


# --- date lines ---


def _read(articles: pl.DataFrame, stamps: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """Date lines → with kind (published, updated, null), relative, day or age, rank; best first.

    Where an article has date lines in its head, those below its first paragraph do not count: they date comments.
    A weak one above the headline is the masthead's, and a byline counts only where it is a date line too.
    """
    about = articles.select(*KEY, "line_start", "first_body", "language", "day_order", "fetched_at")
    lines = stamps.join(_pieces(stamps["text"], rules), on="text", how="left", maintain_order="left")
    lines = lines.join(about, on=KEY, how="left", maintain_order="left").with_columns(
        below=(pl.col("line_no") > pl.col("first_body")).fill_null(False),
        prints_day_first=_prints_day_first(),
    )
    lines = lines.filter(
        (pl.col("destination") == "date_raw") | pl.col("known"),
        ~pl.col("weak") | (pl.col("line_no") > pl.col("line_start")),
    )
    lines = lines.filter(pl.col("below") == pl.col("below").min().over(KEY))
    days = _days(lines.filter(~pl.col("relative")))
    ages = _ages(lines.filter(pl.col("relative")))
    return (
        lines.join(days, on=["piece", "languages", "day_order", "prints_day_first"], how="left", nulls_equal=True)
        .join(ages, on=["piece", "languages"], how="left", nulls_equal=True)
        .with_columns(
            day=_possible(pl.col("day")),
            rank=pl.when("weak").then(WEAK).otherwise(pl.col("kind").fill_null("").replace_strict(RANK)),
        )
        .sort(*KEY, "rank", "line_no")
    )


def _best(read: pl.DataFrame, name: str) -> pl.DataFrame:
    """The first of each article's date lines → page, article_no, `<name>_text`, `_kind`, `_day`, `_age`."""
    columns = [pl.col(c).alias(f"{name}_{c}") for c in ("text", "kind", "day", "age")]
    return read.unique(KEY, keep="first", maintain_order=True).select(*KEY, *columns)


def _pieces(texts: pl.Series, rules: Rulebook) -> pl.DataFrame:
    """Date lines, each once → text, piece (the day or age as printed), kind, relative, weak, known, languages: by the
    first rule with role timestamp that matches; none gives a null piece and known is false.

    Rule by rule on what no rule before has taken, outside of one big expression: so a pattern is compiled once a
    process, where an expression compiles it in each of Polars' threads.
    """
    left = texts.unique(maintain_order=True).alias("text").to_frame()
    found = []
    for rule in rules.rules:
        if rule.role == "timestamp" and left.height:
            matches = left["text"].str.strip_chars().str.contains(rule.whole)
            found.append(_piece(left.filter(matches), rule))
            left = left.filter(~matches)
    return pl.concat([*found, _piece(left, None)])


def _piece(lines: pl.DataFrame, rule: Rule | None) -> pl.DataFrame:
    """Date lines that `rule` matches (or none does), with what it says of them."""
    piece = pl.lit(None, pl.String)
    if rule and "(?P<date>" in rule.pattern:
        piece = pl.lit(lines["text"].str.strip_chars().str.extract(rule.whole, 1))
    marks = rule.marks if rule else frozenset()
    kind = next((mark for mark in ("published", "updated") if mark in marks), None)
    return lines.with_columns(
        piece=piece,
        kind=pl.lit(kind, pl.String),
        relative=pl.lit("relative" in marks),
        weak=pl.lit("weak" in marks),
        known=pl.lit(rule is not None),
        languages=pl.lit(" ".join(rule.languages) if rule else ""),
    ).with_columns(piece=pl.when(pl.col("piece").str.len_chars() <= MAX_PIECE).then("piece"))


def _prints_day_first() -> pl.Expr:
    """Whether a dotted day (3.4.2024) has the day first by the convention of the article's language."""
    return pl.col("language").is_in(DAY_FIRST.split()).fill_null(False)


def _days(lines: pl.DataFrame) -> pl.DataFrame:
    """Each piece once → its day: piece, languages, day_order, prints_day_first, day (null where not settled)."""
    asked = lines.select("piece", "languages", "day_order", "prints_day_first").unique().drop_nulls("piece")
    found = [day_of(p, languages.split(), order, first) for p, languages, order, first in asked.iter_rows()]
    return asked.with_columns(pl.Series("day", found, pl.Date))


def _ages(lines: pl.DataFrame) -> pl.DataFrame:
    """Each relative piece once → its age: piece, languages, age (a duration; null where it is none)."""
    asked = lines.select("piece", "languages").unique().drop_nulls("piece")
    found = [age_of(piece, languages.split()) for piece, languages in asked.iter_rows()]
    return asked.with_columns(pl.Series("age", found, pl.Duration("us")))


def _caption_days(articles: pl.DataFrame, captions: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """The newest day that a caption of the article names in full → page, article_no, date_not_before."""
    every = " ".join(dict.fromkeys(code for r in rules.rules if "relative" not in r.marks for code in r.languages))
    about = articles.select(*KEY, "language", "day_order", "fetched_at")
    named = (
        captions.select(*KEY, piece=pl.col("text").str.extract_all(IN_CAPTION))
        .explode("piece")
        .drop_nulls("piece")
        .join(about, on=KEY, how="inner", maintain_order="left")
        .with_columns(languages=pl.lit(every), prints_day_first=_prints_day_first())
    )
    days = _days(named)
    return (
        named.join(days, on=["piece", "languages", "day_order", "prints_day_first"], nulls_equal=True)
        .group_by(KEY)
        .agg(_possible(pl.col("day")).max().alias("date_not_before"))
    )


# --- one day, one age ---


def day_of(piece: str, languages: list[str], order: str | None, prints_day_first: bool) -> dt.date | None:
    """The day that `piece` prints, or null where it does not settle one.

    `order` is the outlet's day order; `prints_day_first` says that dotted days start with the day here.
    """
    figures = FIGURES.fullmatch(piece)
    if figures:
        first, separator, second, third = figures.groups()
        convention = "DMY" if separator == "." and prints_day_first else None
        return _from_figures(first, second, third, order or convention)
    return _from_words(piece, languages)


def _from_figures(first: str, second: str, third: str, order: str | None) -> dt.date | None:
    a, b, c = int(first), int(second), int(third)
    if len(first) == 4:
        return _day(a, b, c)
    if len(third) < 4:  # 05.04.25: three readings
        return {"DMY": _day(2000 + c, b, a), "MDY": _day(2000 + c, a, b), "YMD": _day(2000 + a, b, c)}.get(order or "")
    readings = {"DMY": _day(c, b, a), "MDY": _day(c, a, b)}
    possible = {day for day in readings.values() if day}
    return possible.pop() if len(possible) == 1 else readings.get(order or "")


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day) if 1900 <= year < 2100 else None
    except ValueError:
        return None


def _from_words(piece: str, languages: list[str]) -> dt.date | None:
    """By dateparser, in these languages only; null unless day and year are figures of the piece, which dateparser
    does not promise."""
    found = _parser(tuple(languages)).get_date_data(piece[:MAX_PIECE]).date_obj
    if found is None:
        return None
    day: dt.date = found.date()
    printed = [int(n) for n in re.findall(r"\d+", piece)]
    return day if sorted(printed) == sorted((day.day, day.year)) else None


def age_of(piece: str, languages: list[str]) -> dt.timedelta | None:
    """How long ago `piece` ("5 min 52 sec ago") is, by dateparser; null where it says nothing or the future."""
    found = _parser(tuple(languages), needs_day=False).get_date_data(piece[:MAX_PIECE]).date_obj
    return BASE - found if found is not None and found <= BASE else None


@functools.cache
def _parser(languages: tuple[str, ...], needs_day: bool = True) -> DateDataParser:
    """A parser for these languages. It never asks the clock: BASE stands for now, and UTC for here."""
    settings = {"RELATIVE_BASE": BASE, "TIMEZONE": "UTC", "RETURN_AS_TIMEZONE_AWARE": False}
    parts = {"REQUIRE_PARTS": ["day", "month", "year"], "PARSERS": ["absolute-time"]}
    kind = parts if needs_day else {"PARSERS": ["relative-time"]}
    return DateDataParser(languages=list(languages), try_previous_locales=False, settings={**settings, **kind})
