"""Date lines told by their place: behind the text, above the headline, in the head, in the page's title."""

import datetime as dt

import polars as pl
import pytest

from pipeline.assemble import assemble
from pipeline.rulebook import Rulebook
from pipeline.stamps import BEHIND, EARLY, stamped
from tests.ledger import split_output, texts_for

OUTSIDE, DROPPED = "boilerplate:page/date-outside-head", "boilerplate:model/no-text:0.90"
DAY = dt.date(2023, 8, 14)
TEXT = "body The ferries sailed again in the early hours of the morning.\nbody Nobody was there to see them off.\n"
HEADLINE = "headline Ferries return to Kelmore\n"


def days(rules: Rulebook, page: str) -> list[object]:
    lines = split_output({"a": page})
    return assemble(lines, texts_for(lines), rules)[1]["date"].to_list()


@pytest.mark.parametrize(
    "page",
    [
        f"{HEADLINE}{TEXT}{OUTSIDE} 14 August 2023\n",
        f"{HEADLINE}{TEXT}\n{DROPPED} Share\n\n{OUTSIDE} Monday, 14 August 2023\n",
        f"{OUTSIDE} 14 August 2023, 10:30\n---\n{DROPPED} Harbours\n{HEADLINE}{TEXT}",
        f"{DROPPED} Mara Quill 14 August 2023\n---\n{HEADLINE}{TEXT}",
        f"{HEADLINE}{DROPPED} August 14, 2023 3 years Quill 142 Views\n{TEXT}",
        f"{HEADLINE}{DROPPED} mara quill.jpg Von Mara Quill 14.08.2023, 18:11 Uhr\n{TEXT}",
        f"{HEADLINE}body A summary of it all.\n{DROPPED} By: August 14, 2023 Categories:\n{TEXT}",
        f"{HEADLINE}body A summary of it all.\n{DROPPED} Share\n{DROPPED} Print\n{OUTSIDE} 14 August 2023,\n{TEXT}",
        f"{DROPPED} Ferries return to Kelmore | Harbours | PN | 14.08.2023\n"
        + f"{DROPPED} Menu\n" * 50
        + HEADLINE
        + TEXT,
        # a masthead's day, which is that of the visit, does not stand in the way
        f"{HEADLINE}timestamp:timestamp/weekday-day Friday, 18 August 2023\n{TEXT}{OUTSIDE} 14 August 2023\n",
    ],
)
def test_a_day_near_the_text_is_the_articles(rules: Rulebook, page: str) -> None:
    assert days(rules, page) == [DAY]


@pytest.mark.parametrize(
    "page",
    [
        f"{HEADLINE}{TEXT}" + f"{DROPPED} Share\n" * BEHIND + f"{OUTSIDE} 14 August 2023\n",
        f"{HEADLINE}{TEXT}{OUTSIDE} 14 August 2023\n{DROPPED} Fire at the pier\n{OUTSIDE} 12 August 2023\n",  # teasers
        f"{OUTSIDE} Monday, 14 August 2023\n---\n{HEADLINE}{TEXT}",  # a masthead
        f"{OUTSIDE} 14 August 2023\n---\n" + f"{DROPPED} Menu\n" * 9 + HEADLINE + TEXT,
        f"{HEADLINE}{DROPPED} 14 August 2023 was the day when the ferry sank\n{TEXT}",
        f"{HEADLINE}{DROPPED} Boats at the pier of Kelmore, 14 August 2023\n{TEXT}",  # a picture's
        f"{HEADLINE}{TEXT}{DROPPED} Mara Quill 14 August 2023\n",
        f"{HEADLINE}{TEXT}{OUTSIDE} 14 August 2023\n{TEXT}{OUTSIDE} 12 August 2023\n{TEXT}",  # a log's entries
        f"{HEADLINE}{TEXT}{OUTSIDE} Updated 14 August 2023\n{TEXT}",
        f"{HEADLINE}{TEXT}" + f"{TEXT}" * EARLY + f"{OUTSIDE} 14 August 2023\n{TEXT}",
        f"{DROPPED} Kelmore Courier 14 August 2023\n" + f"{DROPPED} Menu\n" * 5 + HEADLINE + TEXT,
    ],
)
def test_a_day_further_off_is_not(rules: Rulebook, page: str) -> None:
    assert days(rules, page) == [None]


def test_a_mastheads_day_behind_a_text_is_that_of_the_page_that_follows(rules: Rulebook) -> None:
    page = f"{HEADLINE}{TEXT}{OUTSIDE} Monday, 14 August 2023\nheadline Fire at the pier\n{TEXT}"
    assert days(rules, page) == [None, None]


def test_unless_it_is_the_articles_last_line_and_nearer_to_its_text(rules: Rulebook) -> None:
    day, follows = f"{OUTSIDE} Monday, 14 August 2023", f"headline Fire at the pier\n{TEXT}"
    assert days(rules, f"{HEADLINE}{TEXT}{day}\n\n{follows}") == [DAY, None]
    assert days(rules, f"{HEADLINE}{TEXT}\n{day}\n\n\n{follows}") == [DAY, None]
    assert days(rules, f"{HEADLINE}{TEXT}\n{day}\n\n{follows}") == [None, None]
    assert days(rules, f"{HEADLINE}{TEXT}{day}\n\n{DROPPED} Menu\n{follows}") == [None, None]


def test_the_page_title_of_a_later_article_tells_its_day(rules: Rulebook) -> None:
    lines = split_output({"a": f"{HEADLINE}{TEXT}{DROPPED} Fire at the pier | PN | 14.08.2023\n{HEADLINE}{TEXT}"})
    numbered = lines.with_columns(pl.when(pl.col("line_no") == 4).then(2).otherwise("article_no").alias("article_no"))
    assert assemble(numbered, texts_for(numbered), rules)[1]["date"].to_list() == [None, DAY]


def test_an_article_with_a_date_line_keeps_it_and_gets_no_other(rules: Rulebook) -> None:
    page = f"{HEADLINE}timestamp:timestamp/day 14 August 2023\n{TEXT}{OUTSIDE} 12 August 2023\n"
    lines = split_output({"a": page})
    assert stamped(lines, rules).equals(lines)
    assert days(rules, page) == [DAY]


def test_the_ledger_tells_by_which_rule(rules: Rulebook) -> None:
    lines = split_output({"a": f"{DROPPED} Menu\n{OUTSIDE} 14 August 2023, 10:30\n---\n{HEADLINE}{TEXT}"})
    told = stamped(lines, rules).select("role", "reason", "article_no").rows()
    assert told[:2] == [("boilerplate", "model/no-text:0.90", None), ("timestamp", "timestamp/day", 1)]
    assert told[2:] == lines.select("role", "reason", "article_no").rows()[2:]
