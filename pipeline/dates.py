"""The day of an article: from the sidecar, the URL, the outlet's date line, or an age that something anchors.

A day that the page does not settle stays null; the clock of the run is never asked. Which lines are date lines say
the rules with role `timestamp`, what in them is a day the signs (`rules/dates.toml`).
"""

from dataclasses import replace

import polars as pl

from pipeline.days import MAX_PIECE, age_of, day_of
from pipeline.matching import plain, rule_of, spaced
from pipeline.rulebook import Rulebook

KEY = ["page", "article_no"]
# A page can be fetched in a time zone that is a day behind its outlet's, by a clock that is a day off.
TOLERANCE = pl.duration(days=2)
DAY = pl.duration(days=1)
# Which of an article's date lines counts: publication before update; a line without a label is more likely the
# publication. A `weak` line may be the masthead, which prints the day of the visit: any other line is better.
RANK = {"published": 0, "": 1, "updated": 2}
# Lines of the page (blank ones too) before the first paragraph in which a date line without a label is believed:
# further up, navigation and teasers stand between; and lines behind it in which it may stand under a summary.
HEAD_LINES, UNDER_LINES, BELOW_LINES = 40, 10, 8
# Date lines so near to each other are one article's day of publication and its update, whichever comes first.
NEXT_LINES = 2
# A day and its update; a head with more is a list of teasers.
MAX_HEAD_DAYS = 2

# Days in full inside a line; months are any word, and what is no month in any language gives no day.
IN_FULL = "|".join(
    (
        r"\b\d{1,2}(?:st|nd|rd|th|\.|er|º)?\s(?:de\s|of\s)?\p{L}{3,12}\.?,?\s(?:de\s|del\s)?(?:19|20)\d\d\b",
        r"\b\p{L}{3,12}\.?\s\d{1,2}(?:st|nd|rd|th)?,?\s(?:19|20)\d\d\b",
        r"\b(?:19|20)\d\d-\d\d-\d\d\b",
        r"(?:19|20)\d\d\s?[年년]\s?\d{1,2}\s?[月월]\s?\d{1,2}\s?[日일]",
    )
)
IN_CAPTION = rf"{IN_FULL}|\b\d{{1,2}}\.\s?\d{{1,2}}\.\s?(?:19|20)\d\d\b"
# Days in figures whose order a page may tell: 25/12/2024 does, and then 11/12/2024 is read the same way.
ORDERED = r"\b\d{1,2}(?:\.\s?\d{1,2}\.\s?|/\d{1,2}/|-\d{1,2}-)(?:19|20)\d\d\b"
SEPARATOR = r"^\d{1,2}\s?([-/.])"
# Languages that put a dot behind the day before its month (16. April 2025) print 11.2.2025 with the day first (CLDR).
DOTTED_DAY = r"\b\d{1,2}\. ?\p{L}{3,} (?:19|20)\d\d\b"
# In the path only: a query may ask for another day. `/2024/02/19/`, `/2024/feb/19/`, `/2024-02-19/`, and the
# day as the last words of a slug (`…-2024-02-19/`).
IN_URL = (
    r"(?i)/((?:19|20)\d\d)/(\d{1,2}|[a-z]{3})/(\d{1,2})(?:/|$)",
    r"(?i)[/-]((?:19|20)\d\d)-(\d\d)-(\d\d)(?:/|\.html?$|$)",
)
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # of URLs

# Languages that print days in figures with the day first, and no other way, by the sign between (CLDR's short formats
# and use). English is not here: its outlets print 11.12.2024 and 11/12/2024 both ways; nor are languages that begin
# with the year (Hungarian, Korean), nor forms that are not a language's own (11/12/2024 in German).
DAY_FIRST = {
    ".": "az be bg bs ca cs da de el es et fi fr he hr hy is it ka kk lv mk nb nl no pl pt ro ru sk sl sq sr sv tr uk",
    "/": "ar bn ca el es fr gl he hi id it ms pt sw th tr ur vi",
    "-": "ca es fr gl hi id it nl pt",
}

# Zones of countries that print the day first in whatever language: GMT with an offset, Europe's, India's, Australia's.
DAY_FIRST_ZONE = r"(?i)\b(?:(?:gmt|utc)\s?[+]0?[0-5]\b|ces?t\b|bst\b|eest\b|msk\b|aest\b|aedt\b|sast\b)"

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


def dates(
    articles: pl.DataFrame, stamps: pl.DataFrame, captions: pl.DataFrame, orders: pl.DataFrame, rules: Rulebook
) -> pl.DataFrame:
    """The day of every article and what settled it.

    `articles`: page, article_no, line_start (the headline's, where it stands last above the text), first_body, line_end
    (lines), lead (first body paragraph), live (a live blog), language, day_order (of the outlet), url, sidecar_date,
    fetched_at. `stamps`: page, article_no, line_no, destination, text of the lines with role timestamp or byline, and
    of date lines that are not the article's (no destination). `captions`: page, article_no, text. `orders`: what the
    pages tell (`day_orders`).
    → page, article_no, date, date_kind, date_raw, date_basis, date_not_before, in the order of `articles`.
    """
    read = _read(articles, stamps, orders, rules)
    line = _best(read.filter(~pl.col("relative") & pl.col("day").is_not_null()), "line")
    age = _best(read.filter(pl.col("relative") & pl.col("age").is_not_null()), "age")
    raw = _best(read, "raw")
    known = articles.join(line, on=KEY, how="left", maintain_order="left").join(
        age.drop("age_day"), on=KEY, how="left", maintain_order="left"
    )
    known = _settle(known.join(raw.select(*KEY, "raw_text"), on=KEY, how="left", maintain_order="left"))
    bounds = _caption_days(articles, captions, orders)
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
            *[pl.when(month == name).then(pl.lit(n)) for n, name in enumerate(MONTHS, 1)],
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


def day_orders(lines: pl.DataFrame) -> pl.DataFrame:
    """`lines` of whole pages (page, text) → page, separator, order (DMY, MDY): how the page prints days in figures,
    where those agree that can be read one way only, or that the page prints in full as well, read one way; or where it
    prints days with a dot before their month."""
    days = (
        lines.filter(pl.col("text").str.contains(ORDERED))
        .select("page", day=pl.col("text").str.extract_all(ORDERED))
        .explode("day")
        .with_columns(
            separator=pl.col("day").str.extract(SEPARATOR, 1),
            first=pl.col("day").str.extract(r"^(\d+)", 1).cast(pl.Int32),
            second=pl.col("day").str.extract(r"^\d+\D+(\d+)", 1).cast(pl.Int32),
            year=pl.col("day").str.extract(r"(\d{4})$", 1),
        )
        .with_columns(
            dmy=pl.format("{}-{}-{}", "year", _two("second"), _two("first")).str.to_date("%Y-%m-%d", strict=False),
            mdy=pl.format("{}-{}-{}", "year", _two("first"), _two("second")).str.to_date("%Y-%m-%d", strict=False),
        )
    )
    open_ = days.filter((pl.col("first") <= 12) & (pl.col("second") <= 12) & (pl.col("first") != pl.col("second")))
    full = _in_full(lines.join(open_, on="page", how="semi", maintain_order="left"))
    for name in ("dmy", "mdy"):
        said = full.select("page", pl.col("day").alias(name), pl.lit(True).alias(f"in_{name}"))
        days = days.join(said, on=["page", name], how="left", maintain_order="left")
    told = {x: pl.col(f"in_{x}").fill_null(False) for x in ("dmy", "mdy")}
    asked = lines.join(days.filter(pl.col("separator") == "."), on="page", how="semi")
    dotted = asked.filter(pl.col("text").str.contains(DOTTED_DAY))["page"].unique()
    with_dot = (pl.col("separator") == ".") & pl.col("page").is_in(dotted.implode())
    return (
        days.group_by("page", "separator")
        .agg(
            day_first=((pl.col("first") > 12) | (told["dmy"] & ~told["mdy"]) | with_dot).any(),
            month_first=((pl.col("second") > 12) | (told["mdy"] & ~told["dmy"])).any(),
        )
        .filter(pl.col("day_first") != pl.col("month_first"))
        .select("page", "separator", order=pl.when("day_first").then(pl.lit("DMY")).otherwise(pl.lit("MDY")))
    )


def _two(figures: str) -> pl.Expr:
    return pl.col(figures).cast(pl.String).str.zfill(2)


def _in_full(lines: pl.DataFrame) -> pl.DataFrame:
    """page, text → page, day: each day that a page prints with its month in letters, or the year first."""
    said = lines.select("page", piece=plain(lines["text"]).str.extract_all(IN_FULL)).explode("piece").drop_nulls()
    asked = said.select("piece").unique()
    asked = asked.with_columns(pl.Series("day", [day_of(piece) for piece in asked["piece"]], pl.Date))
    return said.join(asked, on="piece").select("page", "day").drop_nulls().unique()


def _read(articles: pl.DataFrame, stamps: pl.DataFrame, orders: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """Date lines that count → with kind (published, updated, null), relative, day or age; best first.

    Those count that stand in the best place that has any (see `_zone`): what stands further off dates comments and
    teasers. A byline counts only where it is a date line too. An update that names no hour tells nothing where older
    days stand around the article (comments; lines without a destination): what stood there then was published before.
    A live blog's day is that of its last entry, unless a label says that it was published then. Where an article
    prints another day of publication between its texts, it is two that were taken for one: null.
    """
    about = articles.select(*KEY, "line_start", "first_body", "language", "day_order", "fetched_at", "live", "line_end")
    lines = stamps.join(_known(stamps["text"], rules), on="text", how="left", maintain_order="left")
    lines = lines.filter((pl.col("destination") == "date_raw").fill_null(False) | pl.col("known"))
    lines = lines.join(about, on=KEY, how="left", maintain_order="left").with_row_index("row")
    lines = (
        lines.join(_days(_pieces(lines, orders)), on="row", how="left", maintain_order="left")
        .join(_ages(lines), on=["age_piece", "language"], how="left", maintain_order="left", nulls_equal=True)
        .with_columns(day=_possible(pl.col("day")), zone=_zone())
        .filter(pl.col("zone").is_not_null())
    )
    outside, published = pl.col("destination").is_null(), pl.col("kind").eq_missing("published")
    settles = published | ~pl.col("live")
    lines = lines.with_columns(pl.when(settles).then(column).alias(column) for column in ("day", "age"))
    inside = outside & published & pl.col("line_no").is_between("first_body", "line_end")
    before = pl.col("day").filter(outside).min().over(KEY) < pl.col("day")
    replaced = (pl.col("kind") == "updated") & ~pl.col("timed") & before
    lines = lines.with_columns(
        day=pl.when(~replaced.fill_null(False)).then("day"),
        other=pl.col("day").filter(inside).min().over(KEY),
    ).filter(~outside)
    lines = _pairs(lines.filter(~_teasers()))
    # An age that nothing anchors leaves the day above the headline (that of the page's title) its say.
    best = pl.col("zone") == pl.col("zone").min().over(KEY)
    day_above = (pl.col("zone") == ABOVE) & (
        pl.col("zone") == pl.col("zone").filter(~pl.col("relative")).min().over(KEY)
    )
    lines = lines.filter(best | (day_above & ~pl.col("relative"))).with_columns(
        rank=pl.col("kind").fill_null("").replace_strict(RANK),
        away=(pl.col("line_no") - pl.col("first_body").fill_null(pl.col("line_start"))).abs(),
    )
    lines = lines.with_columns(day=pl.when(pl.col("other").is_null() | (pl.col("other") == pl.col("day"))).then("day"))
    return lines.sort(*KEY, "rank", "away", "line_no")


HEAD, BELOW, ABOVE, TAIL, FAR, MASTHEAD = range(6)


def _zone() -> pl.Expr:
    """Where a date line stands, the places in the order in which they count: between headline and text, right below
    the first paragraph, above the headline, further below, and right under a headline far above the text. Null where
    none counts: in the navigation between such a headline and its text, unless a label says what it is."""
    line, start, text = pl.col("line_no"), pl.col("line_start"), pl.col("first_body")
    near = line >= text - HEAD_LINES
    labelled = pl.col("kind").is_not_null() | pl.col("relative")
    return (
        pl.when("weak")
        .then(pl.when((line > start) & near).then(MASTHEAD))
        .when(line > text + BELOW_LINES)
        .then(TAIL)
        .when(line > text)
        .then(BELOW)
        .when(line <= start)
        .then(ABOVE)
        .when(near)
        .then(HEAD)
        .when(labelled | (line - start <= UNDER_LINES))
        .then(FAR)
    )


def _teasers() -> pl.Expr:
    """Whether a line without a label stands among others of its article's head with other days: they date teasers."""
    head = (pl.col("zone") == HEAD) & pl.col("kind").is_null() & pl.col("day").is_not_null()
    return head & (pl.col("day").filter(head).n_unique().over(KEY) > MAX_HEAD_DAYS)


def _pairs(lines: pl.DataFrame) -> pl.DataFrame:
    """Date lines without a label that stand together get the earliest of their days: it is that of publication."""
    lines = lines.sort(*KEY, "zone", "line_no")
    alone = pl.col("kind").is_not_null() | pl.col("relative") | pl.col("day").is_null()
    place = [*KEY, "zone"]
    apart = (pl.col("line_no").diff() > NEXT_LINES).fill_null(True) | alone | alone.shift(1).fill_null(True)
    lines = lines.with_columns(run=apart.over(place).cast(pl.Int32).cum_sum().over(place))
    return lines.with_columns(day=pl.col("day").min().over(*place, "run")).drop("run")


def _best(read: pl.DataFrame, name: str) -> pl.DataFrame:
    """The first of each article's date lines → page, article_no, `<name>_text`, `_kind`, `_day`, `_age`."""
    columns = [pl.col(c).alias(f"{name}_{c}") for c in ("text", "kind", "day", "age")]
    return read.unique(KEY, keep="first", maintain_order=True).select(*KEY, *columns)


def _known(texts: pl.Series, rules: Rulebook) -> pl.DataFrame:
    """Date lines, each once → text, pieces (the days as printed), age_piece, kind, relative, weak, known, zone_order,
    timed (an hour is named): by the first rule with role timestamp that matches; known is false where none does."""
    stamped = replace(rules, rules=tuple(rule for rule in rules.rules if rule.role == "timestamp"))
    lines = texts.unique(maintain_order=True).alias("text").to_frame()
    lines = lines.with_columns(rule_of(lines["text"].str.strip_chars(), stamped), plain=spaced(lines["text"], rules))
    kind = [pl.when(pl.col("rule").is_in(rules.marked(k))).then(pl.lit(k)) for k in ("published", "updated")]
    day, short, age = (rules.sign(name).anywhere for name in ("day", "short", "age"))
    known = pl.col("rule").is_not_null()
    pieces = (
        pl.col("plain")
        .str.extract_all(f"{day}|{short}")
        .list.eval(pl.element().filter(pl.element().str.len_chars() <= MAX_PIECE))
    )
    return lines.select(
        "text",
        pieces=pl.when(known).then(pieces),
        age_piece=pl.when(known).then(pl.col("plain").str.extract(f"({age})", 1)),
        kind=pl.coalesce(*kind),
        relative=pl.col("rule").is_in(rules.marked("relative")).fill_null(False),
        weak=pl.col("rule").is_in(rules.marked("weak")).fill_null(False),
        known=known,
        zone_order=pl.when(pl.col("plain").str.contains(DAY_FIRST_ZONE)).then(pl.lit("DMY")),
        timed=pl.col("plain").str.contains(rules.sign("time").anywhere),
    )


def _pieces(lines: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """Date lines → row, piece, language, order (of the outlet, else as the page prints it, else the language's own)."""
    return _ordered(
        lines.filter(~pl.col("relative"))
        .select("row", "page", "language", pl.coalesce("day_order", "zone_order").alias("day_order"), piece="pieces")
        .explode("piece"),
        orders,
    )


def _ordered(pieces: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """Adds `order` to days as printed (page, piece, language, day_order)."""
    pieces = pieces.drop_nulls("piece").with_columns(separator=pl.col("piece").str.extract(SEPARATOR, 1))
    convention = [
        pl.when((pl.col("separator") == sign) & pl.col("language").is_in(codes.split())).then(pl.lit("DMY"))
        for sign, codes in DAY_FIRST.items()
    ]
    pieces = pieces.join(orders, on=["page", "separator"], how="left", maintain_order="left")
    return pieces.with_columns(order=pl.coalesce("day_order", "order", *convention))


def _days(pieces: pl.DataFrame) -> pl.DataFrame:
    """row, piece, language, order → row, day: the earliest that the line prints; null where one is not settled."""
    asked = pieces.select("piece", "language", "order").unique()
    found = [day_of(*row) for row in asked.iter_rows()]
    asked = asked.with_columns(pl.Series("day", found, pl.Date))
    read = pieces.join(asked, on=["piece", "language", "order"], how="left", nulls_equal=True)
    settled = pl.when(pl.col("day").is_not_null().all()).then(pl.col("day").min())
    return read.group_by("row").agg(settled.alias("day"))


def _ages(lines: pl.DataFrame) -> pl.DataFrame:
    """Each relative piece once → its age: age_piece, language, age (a duration; null where it is none)."""
    asked = lines.filter("relative").select("age_piece", "language").unique().drop_nulls("age_piece")
    found = [age_of(*row) for row in asked.iter_rows()]
    return asked.with_columns(pl.Series("age", found, pl.Duration("us")))


def _caption_days(articles: pl.DataFrame, captions: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """The newest day that a caption of the article names in full → page, article_no, date_not_before."""
    about = articles.select(*KEY, "language", "day_order", "fetched_at")
    named = (
        captions.select(*KEY, piece=plain(captions["text"]).str.extract_all(IN_CAPTION))
        .explode("piece")
        .drop_nulls("piece")
        .join(about, on=KEY, how="inner", maintain_order="left")
        .with_row_index("row")
    )
    days = _days(_ordered(named, orders))
    return named.join(days, on="row").group_by(KEY).agg(_possible(pl.col("day")).max().alias("date_not_before"))
