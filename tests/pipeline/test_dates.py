"""The days of articles: each form of line, the order of the bases, the weekday that anchors ages, what stays open."""

import datetime as dt

import polars as pl
import pytest

from pipeline.assemble import assemble
from pipeline.dates import KEY, dates, day_orders
from pipeline.matching import abridged
from pipeline.rulebook import Rulebook
from tests.ledger import split_output, texts_for

DAY = dt.date(2023, 8, 14)
FETCHED = dt.datetime(2024, 10, 18, 9, 0, tzinfo=dt.UTC)


def read(
    rules: Rulebook,
    *lines: str,
    language: str | None = "de",
    day_order: str | None = None,
    url: str | None = None,
    sidecar: dt.date | None = None,
    fetched: dt.datetime | None = None,
    captions: tuple[str, ...] = (),
    below: tuple[str, ...] = (),
    roles: tuple[str, ...] = (),
    others: tuple[str, ...] = (),
) -> dict[str, object]:
    """What `dates` says of one article with these date lines in its head and below its first paragraph."""
    article = {
        "page": ["p"],
        "article_no": [1],
        "line_start": [1],
        "first_body": [20],
        "line_end": [29],
        "live": [False],
        "lead": ["Nothing happened."],
        "language": [language],
        "day_order": [day_order],
        "url": [url],
        "sidecar_date": [sidecar],
        "fetched_at": [fetched],
    }
    types = {
        "language": pl.String,
        "day_order": pl.String,
        "url": pl.String,
        "sidecar_date": pl.Date,
        "fetched_at": pl.Datetime("us", "UTC"),
    }
    numbered = [*enumerate(lines, 2), *enumerate(below, 30)]
    stamps = [("p", 1, n, roles[i] if roles else "date_raw", text) for i, (n, text) in enumerate(numbered)]
    stamp_columns = ["page", "article_no", "line_no", "destination", "text"]
    out = dates(
        pl.DataFrame(article, schema_overrides=types),
        pl.DataFrame(stamps, schema=dict(zip(stamp_columns, TYPES, strict=True)), orient="row"),
        pl.DataFrame(
            [("p", 1, c) for c in captions], schema=dict(zip(CAPTION, CAPTION_TYPES, strict=True)), orient="row"
        ),
        day_orders(pl.DataFrame([("p", x) for x in (*lines, *below, *others)], schema=PRINTED, orient="row")),
        rules,
    )
    assert out.columns == [*KEY, "date", "date_kind", "date_raw", "date_basis", "date_not_before"]
    return out.row(0, named=True)


TYPES = (pl.String, pl.Int64, pl.Int64, pl.String, pl.String)
PRINTED = {"page": pl.String, "text": pl.String}
CAPTION, CAPTION_TYPES = ("page", "article_no", "text"), (pl.String, pl.Int64, pl.String)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("14 August 2023", None),
        ("August 14, 2023", None),
        ("AUG 14, 2023", None),
        ("Aug. 14, 2023 11:24 a.m. EDT", None),
        ("August 14th, 2023 at 3:54 pm", None),
        ("11:24pm Aug 14, 2023", None),
        ("14-Aug-2023", None),
        ("Monday, August 14, 2023", None),
        ("August 14, 2023 · 4 min read", None),
        ("• August 14, 2023 | 7 minutes", None),
        ("2 minute read August 14, 2023 2:26 PM GMT+2 Last Updated 9 min ago", "published"),
        ("Published Aug 14, 2023 • Last updated 1 hour ago • 4 minute read", "published"),
        ("Posted on August 14, 2023", "published"),
        ("First published on 14 August 2023", "published"),
        ("Published: 15:56 BST, 14 August 2023 | Updated: 15:57 BST, 15 August 2023", "published"),
        ("Updated 15 August 2023. Published 14 August 2023", "published"),
        ("Updated 14 August 2023", "updated"),
        ("Last modified: August 14, 2023", "updated"),
        ("08:39, 14 Aug 2023Updated 08:41, 15 Aug 2023", "published"),
        ("2023-08-14", None),
        ("2023-08-14T16:15:30Z", None),
        ("2023/8/14 21:17", None),
        ("2023.08.14 20:00", None),
        ("2023年08月14日23:52", None),
        ("2023年8月14日 21時37分", None),
        ("2023년 8월 14일", None),
        ("14.08.2023", None),
        ("14.08.2023, 05:07 Uhr", None),
        ("14.08.2023 - 15:48 UhrLesedauer: 2 Min.", None),
        ("14/8/2023 18:30", None),
        ("Stand: 14.08.2023 16:11 Uhr", "updated"),
        ("Aktualisiert am 14.08.2023 - 18:50 Uhr", "updated"),
        ("Veröffentlicht am 14. August 2023", "published"),
        ("erstellt: 14. August 2023, 15:25 in: Kultur | Kommentare : 0", "published"),
        ("Publié le 14 août 2023 à 14h52, modifié le 15 août 2023 à 15h54", "published"),
        ("Mis à jour le 14 août 2023", "updated"),
        ("14 de agosto de 2023 16:51 h", None),
        ("Actualizado el 14/08/2023 21:57 h", "updated"),
        ("Publicado em 14 de agosto de 2023 às 10h30", "published"),
        ("14 agosto 2023 ( modifica il 15 agosto 2023 | 15:24)", "published"),
        ("Aggiornato il 14 agosto 2023 alle 12:00", "updated"),
        ("Gepubliceerd op 14 augustus 2023 om 08:00", "published"),
        ("Publisert 14. august 2023 kl. 08.00", "published"),
        ("Publikacja: 14.08.2023 21:52", "published"),
        ("Aktualizacja: 15.08.2023 07:10 Publikacja: 14.08.2023 21:52", "published"),
        ("Giriş: 14.08.2023 - 18:24 Güncelleme: 15.08.2023 - 18:57", "published"),
        ("公開日：2023年8月14日", "published"),
        ("毎日新聞 2023/8/14 21:17（最終更新 8/14 21:17） 789文字", "published"),
        ("2023年08月14日23:52 | 来源：港口网", None),
        ("입력 2023.08.14 20:00", "published"),
        ("Von Mara Lindqvist, Lille 14.08.2023, 20:59 Uhr", None),
        ("By Tom Reeve - Port News - Monday, August 14, 2023", None),
        ("Mara Quill / PORTNEWS.COM / Aug 14, 2023, 17:07 IST", None),
        ("Lisboa - 14 ago 2023 - 08:22 Actualizado: 15 ago 2023 - 17:38 CEST", "published"),
        ("Mara Lindqvist 14 August 2023 - 14:41", None),
        ("Montag14. August 2023", None),
        ("Опубликовано 14 августа 2023 г., 10:30", "published"),
        ("Δημοσίευση: 14/08/2023 - 10:30", "published"),
        ("2023. augusztus 14. 10:30", None),
        ("2023. gada 14. augusts", None),
        ("2023 m. rugpjūčio 14 d. 10:30", None),
        ("Julkaistu 14.8.2023 klo 10.30", "published"),
        ("Yayınlanma: 14.08.2023 - 10:30 Son Güncelleme: 15.08.2023 - 12:00", "published"),
        ("Oppdatert 15.08.2023 10:30 Publisert 14.08.2023 09:00", "published"),
        ("14 tháng 8, 2023", None),
        ("Senin, 14 Agustus 2023 10:30 WIB", None),
        ("١٤ أغسطس ٢٠٢٣ - ١٠:٣٠", None),
        ("14 آب 2023", None),
        ("१४ अगस्त २०२३", None),
        ("２０２３年８月１４日 １０時３０分", None),
        ("令和5年8月14日", None),
        ("14 สิงหาคม 2566", None),
        ("۲۳ مرداد ۱۴۰۲ - ۱۰:۳۰", None),
        ("August 14, 2023 / 10:30 AM EDT / PNS", None),
        ("14.08.2023, 09:30 Uhr Kelmore", None),
        ("August 14, 2023 by Mara Quill", None),
        ("Sport | portnews | 14.08.2023 | 23:55 | Uppfært 15.08.2023 7:25", "published"),
        ("By Mara Quill – Updated Aug 14, 2023 at 1:00 PM EST | Fact-checked by Tom Reeve", "updated"),
        # WordPress prints both days and hides one of them
        ("Posted on August 14, 2023 November 12, 2023", "published"),
        ("November 12, 2023 August 14, 2023 by Mara Quill", None),
    ],
)
def test_date_lines(rules: Rulebook, line: str, kind: str | None) -> None:
    found = read(rules, line)
    assert found["date"] == DAY
    assert found["date_kind"] == kind
    assert (found["date_raw"], found["date_basis"]) == (line, "timestamp")


@pytest.mark.parametrize(
    "line",
    [
        "1 of 5",
        "May",
        "Sun, sea and sand",
        "2024",
        "May 2024",
        "Monday",
        "5 May",
        "14:30",
        "31 February 2024",
        "30.02.2024",
        "2024-13-01",
        "14 August 0024",
        "14.08.0024",
        "14.08.2023 - 16.08.2023",
        "The bridge opened on 14 August 2023",
        "14 August 2023 was a Monday.",
        "In Kelmore, August 14, 2023",
        "August 14, 2023: the day the bridge closed",
        "Updated on 14 August 2023, the rules now cover ferries too.",
        "2 months ago",
        "Room 12, 2019",
    ],
)
def test_never_guessed(rules: Rulebook, line: str) -> None:
    found = read(rules, line, fetched=FETCHED)
    assert (found["date"], found["date_kind"], found["date_basis"]) == (None, None, None)
    assert found["date_raw"] == line


@pytest.mark.parametrize(
    ("piece", "order", "language", "expected"),
    [
        ("11/12/2024", None, "de", None),
        ("11/12/2024", "DMY", None, (2024, 12, 11)),
        ("11/12/2024", "MDY", None, (2024, 11, 12)),
        ("11-12-2024", None, "nl", (2024, 12, 11)),
        ("25/12/2024", None, None, (2024, 12, 25)),
        ("12/25/2024", None, None, (2024, 12, 25)),
        ("12/25/2024", "DMY", None, (2024, 12, 25)),
        ("11/11/2024", None, None, (2024, 11, 11)),
        ("32/12/2024", None, None, None),
        # English outlets print 11.12.2024 both ways; where German is read, the day comes first.
        ("11.12.2024", None, "de", (2024, 12, 11)),
        ("11.12.2024", None, "en", None),
        ("11.12.2024", None, None, None),
        ("11.12.2024", "MDY", "de", (2024, 11, 12)),
        ("15.04.25 09:56", None, "de", (2025, 4, 15)),
        ("15.04.25 09:56", None, "en", None),
        ("15.04.25 09:56", None, "ko", None),
        ("15.04.25 09:56", "DMY", "de", (2025, 4, 15)),
        ("15/04/25 09:56", "YMD", "de", (2015, 4, 25)),
        ("15.04.25 09:56", "YMD", "ko", (2015, 4, 25)),
        ("04/15/25 09:56", "MDY", "en", (2025, 4, 15)),
    ],
)
def test_figures_need_an_order(
    rules: Rulebook, piece: str, order: str | None, language: str | None, expected: tuple[int, int, int] | None
) -> None:
    found = read(rules, piece, day_order=order, language=language)["date"]
    assert found == (dt.date(*expected) if expected else None)


@pytest.mark.parametrize(
    ("piece", "other", "language", "expected"),
    [
        ("11/12/2024", "Updated 25/12/2024 10:00", "en", (2024, 12, 11)),
        ("11/12/2024", "Updated 12/25/2024", "en", (2024, 11, 12)),
        ("11/12/2024", "12/25/2023 and 25/12/2023", "en", None),
        ("11/12/2024", "Comment of 25.12.2023", "en", None),  # another form
        ("11/12/2024", "On 12/25/2023", "es", (2024, 11, 12)),  # the page says more than its language
        ("11/12/2024", "", "es", (2024, 12, 11)),
        ("11/12/2024", "", "fr", (2024, 12, 11)),
        ("11/12/2024", "", "en", None),
        ("2024/11/12", "On 25/12/2023", "en", (2024, 11, 12)),
        # The page prints the same day in full.
        ("11/12/2024", "Ferries return - 11 December 2024", "en", (2024, 12, 11)),
        ("11-12-2024", "November 12, 2024", "en", (2024, 11, 12)),
        ("11/12/2024", "11 December 2024 and November 12, 2024", "en", None),
        ("11/12/2024", "13 December 2024", "en", None),
        ("11/12/2024", "11 December 2024, not 12/25/2023", "en", None),
        # It dots the day before the month's name.
        ("11.12.2024", "Miðvikudagur, 16. apríl 2025", "en", (2024, 12, 11)),
        ("11/12/2024", "Miðvikudagur, 16. apríl 2025", "en", None),
        ("11.12.2024", "16. apríl 2025 og 12.25.2023", "en", None),
        # A zone tells where it was printed.
        ("11/12/2024 - 13:55 GMT+1", "", "en", (2024, 12, 11)),
        ("11/12/2024, 13:55 CET", "", "en", (2024, 12, 11)),
        ("11/12/2024 13:55 EST", "", "en", None),
        ("11/12/2024 13:55 GMT+8", "", "en", None),
    ],
)
def test_a_page_or_its_language_tells_the_order(
    rules: Rulebook, piece: str, other: str, language: str, expected: tuple[int, int, int] | None
) -> None:
    found = read(rules, piece, others=(other,), language=language)["date"]
    assert found == (dt.date(*expected) if expected else None)


def test_where_a_date_line_counts(rules: Rulebook) -> None:
    stamps = {2: "9 August 2023", 4: "10 August 2023", 25: "16 August 2023", 60: "1 May 2023"}
    assert at(rules, stamps, first_body=20) == dt.date(2023, 8, 9)  # published, updated, comment, comment
    assert at(rules, {**stamps, 8: "1 June 2023"}, first_body=20) == dt.date(2023, 8, 16)  # teasers; below the summary
    assert at(rules, {2: "Monday, 14 August 2023 - 9:30"}, first_body=90) == DAY
    assert at(rules, {2: "Monday, 14 August 2023"}, first_body=90) is None  # a masthead
    assert at(rules, {40: "14 August 2023"}, first_body=90) is None  # a teaser in the navigation
    assert at(rules, {40: "Published 14 August 2023"}, first_body=90) == DAY


def test_an_update_is_not_the_day_of_what_stood_there_before(rules: Rulebook) -> None:
    page = HEADED + "timestamp {}\nbody The ferries sailed again.\n" + "boilerplate Share\n" * 9 + OLDER + "{}\n"
    assert day_of_page(rules, page.format("Updated 14 August 2023", "1 May 2023 at 9:30")) is None
    assert day_of_page(rules, page.format("Updated 14 August 2023", "15 August 2023 at 9:30")) == DAY
    # A newsroom's update to the minute is of its day; older days around it are teasers'.
    assert day_of_page(rules, page.format("Updated 14 August 2023, 10:30", "1 May 2023")) == DAY
    assert day_of_page(rules, page.format("14 August 2023", "1 May 2023")) == DAY


def test_the_day_of_a_live_blog_is_that_of_its_last_entry_unless_a_label_says_otherwise(rules: Rulebook) -> None:
    body = "timestamp {}\nbody The ferries sailed again.\n"
    live, label = "headline Ferry strike LIVE: crews walk out\n", "boilerplate Live\n"
    for day in ("14 August 2023, 10:30", "Updated 14 August 2023, 10:30"):
        assert day_of_page(rules, HEADED + body.format(day)) == DAY
        assert day_of_page(rules, live + body.format(day)) is None
        assert day_of_page(rules, label + HEADED + body.format(day)) is None
        assert day_of_page(rules, f"{label}boilerplate Harbours\n{HEADED}" + body.format(day)) is None
        assert day_of_page(rules, label + "boilerplate Harbours\n" * 2 + HEADED + body.format(day)) == DAY
        assert day_of_page(rules, "headline Where the ferry crews live\n" + body.format(day)) == DAY
    assert day_of_page(rules, live + body.format("Published 14 August 2023, 10:30")) == DAY


def test_another_day_of_publication_between_the_texts_leaves_the_day_open(rules: Rulebook) -> None:
    body = "body The ferries sailed again.\n"
    page = f"{HEADED}timestamp 14 August 2023\n{body}{OLDER}{{}}\n{body}"
    assert day_of_page(rules, page.format("Published 1 May 2023")) is None
    assert day_of_page(rules, page.format("Published 14 August 2023")) == DAY
    assert day_of_page(rules, page.format("1 May 2023")) == DAY  # an entry's, or a teaser's
    assert day_of_page(rules, f"{HEADED}timestamp 14 August 2023\n{body}{OLDER}Published 1 May 2023\n") == DAY


def test_what_stands_behind_the_last_headline_counts(rules: Rulebook) -> None:
    teasers = "timestamp 9 August 2023\ntimestamp 8 August 2023\ntimestamp 7 August 2023\n"
    body = "timestamp 14 August 2023\nbody The ferries sailed again.\n"
    assert day_of_page(rules, f"{HEADED}{teasers}headline_repeat Ferries return to Kelmore\n{body}") == DAY
    assert day_of_page(rules, f"{HEADED}{teasers}{body}") is None


HEADED, OLDER = "headline Ferries return to Kelmore\n", "boilerplate:page/date-outside-head "


def day_of_page(rules: Rulebook, page: str) -> object:
    lines = split_output({"a": page})
    return assemble(lines, texts_for(lines), rules)[1]["date"].item()


def test_an_age_without_an_anchor_leaves_the_page_title_its_say(rules: Rulebook) -> None:
    title = "boilerplate:model/no-text:0.90 Ferries return to Kelmore | PN | 14.08.2023\n---\n"
    age = "timestamp:timestamp/relative 3 hours ago\nbody The ferries sailed again.\n"
    assert day_of_page(rules, f"{title}{HEADED}{age}") == DAY


def at(rules: Rulebook, stamps: dict[int, str], first_body: int) -> object:
    """The day of an article with its headline on line 1 and these date lines."""
    page = "\n".join(["headline Ferries return to Kelmore", *[f"boilerplate {n}" for n in range(2, 100)]]).split("\n")
    for n, text in stamps.items():
        page[n - 1] = f"timestamp {text}"
    page[first_body - 1] = "body The ferries sailed again in the early hours of the morning."
    lines = split_output({"a": "\n".join(page)})
    return assemble(lines, texts_for(lines), rules)[1]["date"].item()


def test_which_line_counts(rules: Rulebook) -> None:
    both = ("Updated 15 August 2023", "14 August 2023")
    assert read(rules, *both)["date"] == DAY
    assert read(rules, "16 August 2023", "Published 14 August 2023")["date_kind"] == "published"
    # Comments below the text are dated too.
    assert read(rules, "Updated 14 August 2023", below=("Published 1 May 2023",))["date"] == DAY
    assert read(rules, "8/9/2023", below=("Published 1 May 2023",))["date"] is None
    assert read(rules, below=("Stand: 14.08.2023",))["date"] == DAY
    # The masthead's day is the day of the visit; alone in the head of an article it is the article's.
    assert read(rules, "Tuesday, August 15, 2023", "Updated August 14, 2023")["date"] == DAY
    assert read(rules, "Monday, August 14, 2023")["date"] == DAY


def test_a_masthead_above_the_headline_dates_nothing(rules: Rulebook) -> None:
    page = "headline Ferries return to Kelmore\ntimestamp Monday, August 14, 2023\nbody The ferries sailed again."
    lines = split_output({"a": page}).with_columns(pl.col("line_no").replace({1: 2, 2: 1})).sort("line_no")
    (_, articles, _) = assemble(lines, texts_for(lines), rules)
    assert articles["date"].to_list() == [None]


def test_a_byline_dates_the_article_where_it_is_a_date_line(rules: Rulebook) -> None:
    line = "Von Mara Lindqvist 14.08.2023, 20:59 Uhr"
    assert read(rules, line, roles=("byline",))["date"] == DAY
    found = read(rules, "Von Mara Lindqvist", roles=("byline",))
    assert (found["date"], found["date_raw"]) == (None, None)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://kelmore.example/2024/02/19/ferries", (2024, 2, 19)),
        ("https://kelmore.example/news/2024/2/9/ferries", (2024, 2, 9)),
        ("https://kelmore.example/world/2024/feb/19/ferries", (2024, 2, 19)),
        ("https://kelmore.example/2024-02-19/ferries", (2024, 2, 19)),
        ("https://kelmore.example/ferries-return-2024-02-19/", (2024, 2, 19)),
        ("https://kelmore.example/ferries-2024-02-19.html?x=1#y", (2024, 2, 19)),
        ("kelmore.example/2024/02/19", (2024, 2, 19)),
        ("https://kelmore.example/2024/02/31/ferries", None),
        ("https://kelmore.example/2024/02/ferries", None),
        ("https://kelmore.example/0024/02/19/ferries", None),
        ("https://kelmore.example/2024/abc/19/ferries", None),
        ("https://kelmore.example/search?from=/2024/02/19/", None),
        ("https://kelmore.example/a/2024-02-19-2024-02-20-fair", None),
        ("https://kelmore.example/2024/12/24/ferries", None),
    ],
)
def test_urls(rules: Rulebook, url: str, expected: tuple[int, int, int] | None) -> None:
    found = read(rules, url=url, fetched=FETCHED)
    assert found["date"] == (dt.date(*expected) if expected else None)
    assert found["date_basis"] == ("url" if expected else None)


def test_the_order_of_the_bases(rules: Rulebook) -> None:
    line, url, sidecar = "Published 14 August 2023", "https://x.example/2023/08/13/a", dt.date(2023, 8, 12)
    found = read(rules, line, url=url, sidecar=sidecar)
    assert (found["date"], found["date_basis"], found["date_kind"]) == (sidecar, "sidecar", None)
    assert found["date_raw"] == line
    assert read(rules, line, url=url)["date_basis"] == "url"
    assert read(rules, line, "Updated 3 hours ago", fetched=FETCHED)["date_basis"] == "timestamp"
    # A day after the page was fetched is none, whoever states it; two days are left for clocks and zones.
    late = read(rules, line, sidecar=dt.date(2024, 10, 21), fetched=FETCHED)
    assert (late["date"], late["date_basis"]) == (DAY, "timestamp")
    assert read(rules, sidecar=dt.date(2024, 10, 20), fetched=FETCHED)["date_basis"] == "sidecar"
    assert read(rules, "21 October 2024", fetched=FETCHED)["date"] is None


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("Updated 3 sec ago", 18),
        ("Updated 5 min 52 sec ago", 18),
        ("2 hours ago", 18),
        ("10 hours ago", 17),
        ("Published 2 days ago", 16),
        ("an hour ago", 18),
        ("just now", 18),
        ("vor 10 Stunden", 17),
        ("vor 3 Tagen", 15),
        ("il y a 10 heures", 17),
        ("hace 10 horas", 17),
        ("10 ore fa", 17),
        ("há 10 horas", 17),
        ("10 uur geleden", 17),
        ("for 10 timer siden", 17),
        ("för 10 timmar sedan", 17),
        ("10 godzin temu", 17),
        ("před 10 hodinami", 17),
        ("10 saat önce", 17),
        ("10時間前", 17),
        ("10小时前", 17),
        ("10시간 전", 17),
    ],
)
def test_ages_count_from_the_fetch(rules: Rulebook, line: str, day: int) -> None:
    found = read(rules, line, fetched=FETCHED)
    assert (found["date"], found["date_basis"]) == (dt.date(2024, 10, day), "relative")
    assert found["date_raw"] == line
    assert read(rules, line)["date"] is None  # nothing anchors it


HEAD = "headline Ferries return to Kelmore\ntimestamp {stamp}\nbody KELMORE: The ferries {lead} of the harbour.\n"


def anchored(rules: Rulebook, *articles: tuple[str, str], **columns: object) -> list[dt.date | None]:
    """The days of a page's articles, each (date line, words of the lead)."""
    page = "".join(HEAD.format(stamp=stamp, lead=lead) for stamp, lead in articles)
    lines = split_output({"a": page, "b": "headline Other\ntimestamp Updated 2 min ago\nbody On Friday it rained."})
    (_, found, _) = assemble(lines, texts_for(lines, **columns), rules)
    assert found.filter(page="b")["date"].to_list() == [None]  # no page anchors another
    days: list[dt.date | None] = found.filter(page="a")["date"].to_list()
    return days


FRIDAY = dt.date(2024, 10, 18)
OLD, NEW = ("Updated 3 October 2024", "sailed on Monday"), ("Updated 18 October 2024", "sailed on Wednesday out")


def test_a_weekday_in_a_lead_anchors_the_ages_of_its_page(rules: Rulebook) -> None:
    days = anchored(rules, OLD, ("Updated 3 sec ago", "sailed on Friday out"), ("Updated 5 min ago", "lay out"), NEW)
    assert days == [dt.date(2024, 10, 3), FRIDAY, FRIDAY, FRIDAY]


@pytest.mark.parametrize(
    "articles",
    [
        [("Updated 3 sec ago", "sailed on Thursday out")],  # another weekday than the newest day's
        [("Updated 3 sec ago", "sailed on Friday out"), ("Updated 5 min ago", "sailed on Thursday out")],
        [("Updated 3 sec ago", "sailed on Friday, not Thursday, out")],
        [("Updated 3 sec ago", "sailed out")],
        [("Updated 3 sec ago", "lowered prices for Black Friday out")],
        [("Updated 3 sec ago", "have lain idle since last Friday out")],
        [("Updated 3 days ago", "sailed on Friday out")],  # older than a day: says nothing of today
    ],
)
def test_without_one_weekday_ages_stay_open(rules: Rulebook, articles: list[tuple[str, str]]) -> None:
    days = anchored(rules, *articles, NEW)
    assert days == [*[None] * len(articles), FRIDAY]


def test_a_page_without_a_dated_article_anchors_nothing(rules: Rulebook) -> None:
    assert anchored(rules, ("Updated 3 sec ago", "sailed on Friday out")) == [None]


def test_ages_over_a_day_are_not_anchored(rules: Rulebook) -> None:
    days = anchored(rules, ("Updated 3 sec ago", "sailed on Friday out"), ("Updated 30 hours ago", "lay out"), NEW)
    assert days == [FRIDAY, None, FRIDAY]


def test_the_url_dates_the_first_article_only(rules: Rulebook) -> None:
    lines = split_output({"a": HEAD.format(stamp="14 August 2023", lead="a") + HEAD.format(stamp="May", lead="b")})
    (_, found, _) = assemble(lines, texts_for(lines, url="https://x.example/2024/02/19/a"), rules)
    assert found["date"].to_list() == [dt.date(2024, 2, 19), None]
    (_, found, _) = assemble(lines, texts_for(lines, sidecar_date=DAY), rules)
    assert found["date_basis"].to_list() == ["sidecar", "sidecar"]


@pytest.mark.parametrize(
    ("captions", "expected"),
    [
        (("Boats at Kelmore on July 26, 2024. (AFP)",), (2024, 7, 26)),
        (("Boats at Kelmore, 26 July 2024.", "Boats in 2025", "The pier on March 1, 2020"), (2024, 7, 26)),
        (("Boote am 26. Juli 2024 in Kelmore",), (2024, 7, 26)),
        (("Les bateaux, le 1er août 2023.",), (2023, 8, 1)),
        (("Barcos el 26 de julio de 2024",), (2024, 7, 26)),
        (("Archivbild (16.08.2024): Boote",), (2024, 8, 16)),
        (("2024年7月26日、港で",), (2024, 7, 26)),
        (("Boats in July 2024", "Boats on Friday", "Hall 12, 2019"), None),
        (("Boats on February 31, 2024",), None),
        (("Boats on July 26, 2031",), None),  # after the fetch
    ],
)
def test_captions_bound_the_day_and_no_more(
    rules: Rulebook, captions: tuple[str, ...], expected: tuple[int, int, int] | None
) -> None:
    found = read(rules, captions=captions, fetched=FETCHED)
    assert found["date_not_before"] == (dt.date(*expected) if expected else None)
    assert found["date"] is None


def test_every_date_rule_matches_its_example_and_not_its_counter(rules: Rulebook) -> None:
    for rule in rules.rules:
        if rule.id.startswith("timestamp/"):
            texts = abridged(pl.Series([rule.example, rule.counter]), rules)
            assert texts.str.contains(rule.whole).fill_null(False).to_list() == [True, False], rule.id
