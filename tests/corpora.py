"""Corpora of invented outlets with planted furniture that no rule knows, and with body text that recurs.

Each layout gives pages whose lines carry their role; `boilerplate` is furniture, in small variations. What changes
from page to page (blocks of related links) is `related`: neither furniture nor body.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from tests.copies import words
from tests.grammar import PLACES, STEMS, Article, Page, Writer
from tests.pages import texts_of


@dataclass
class Planted:
    """Pages as the read step gives them, and the truth: page, line_no, text, role."""

    texts: pl.DataFrame
    truth: pl.DataFrame


class House:
    """One outlet: words for its furniture that are its own, and articles that share no sentence."""

    def __init__(self, seed: int, n: int) -> None:
        self.seed, self.n = seed, n
        self.random, self.writer = random.Random(seed), Writer(seed)
        self.writer.said = seed * 100_000

    def article(self, n: int) -> Article:
        self.writer.stems = self.random.sample(STEMS, len(STEMS))
        return self.writer.article(n)

    def articles(self, low: int = 4, high: int = 9) -> list[Article]:
        return [self.article(self.random.randint(low, high)) for _ in range(self.n)]

    def label(self, n: int = 2) -> str:
        return " ".join(words(n, self.random.randrange(10**9))).capitalize()

    def notice(self, width: int) -> str:
        """A paragraph of furniture."""
        said = ""
        while len(said) < width:
            said = f"{said} {self.label(9)}.".strip()
        return said

    def varied(self, text: str) -> str:
        """As the outlet's templates print it: now and then in capitals, with a space or another mark behind it."""
        change = self.random.choice(["", "", "", "capitals", " ", "  ", ":", " ›", "…"])
        return text.upper() if change == "capitals" else text + change

    def furnish(self, page: Page, *texts: str) -> None:
        page.add("boilerplate", *map(self.varied, texts))

    def related(self, page: Page, low: int = 1, high: int = 4, *summary: str) -> None:
        """Links to other articles, some of them long, some with a summary: others on each page."""
        for _ in range(self.random.randint(low, high)):
            topic = self.random.sample(STEMS, 6)
            more = self.random.choice(["", ", and what the others said of it in the town hall", *summary])
            page.add(
                "related", f"{topic[0].title()} {topic[1]} and the {topic[2]} {topic[3]} behind a {topic[4]}{more}"
            )


def head(page: Page, title: str) -> None:
    page.titles.append(title)
    page.add("headline", title)


def text(page: Page, article: Article, between: Callable[[int], None] = lambda k: None) -> None:
    """Paragraphs; `between` may print something before each of them but the first."""
    for k, paragraph in enumerate(article.paragraphs):
        if k:
            between(k)
        if k in article.subheads:
            page.add("subhead", article.subheads[k])
        page.add("body", paragraph)
        page.blank()


def navigation(house: House) -> list[Page]:
    """A menu and a cookie notice above, a paragraph about the outlet below; daily columns whose titles, reports and
    subheads are alike but for a number; credits that come back."""
    menu, cookies, about = [house.label(1) for _ in range(12)], house.notice(180), house.notice(240)
    share, comments, price, rights = house.label(), house.label(2), house.label(4), house.label(5)
    series, credits = (
        house.label(2),
        [f"(Additional reporting by {house.label(2).title()})" for _ in range(house.n // 6)],
    )
    pages = []
    for day, article in enumerate(house.articles()):
        page, rnd = Page(None), house.random
        house.furnish(page, *menu)
        house.furnish(page, cookies)
        page.blank()
        daily = day % 2 == 0
        head(
            page,
            f"Harbour count and {article.title.lower()}, day {day}" if day % 4 else f"The harbour count, day {day}",
        )
        house.furnish(page, share, f"{rnd.randint(0, 40)} {comments}")
        page.blank()
        if daily:
            index = (
                f"The {PLACES[0]} harbour index rose {rnd.randint(2, 90)} points to {rnd.randint(4000, 9000):,} today."
            )
            article.paragraphs.insert(2, index)
        if day < 8:
            article.subheads[1] = series
        text(page, article)
        page.add("body", rnd.choice(credits)) if daily else None
        page.blank()
        house.furnish(page, share, price + f" ${rnd.choice(['1', '2.50', '4.99', '9.99'])}")
        house.furnish(page, about)
        house.related(page)
        house.furnish(page, f"{rights} {rnd.choice([2023, 2024])}", *menu[:4])
        pages.append(page)
    return pages


def boxes(house: House) -> list[Page]:
    """Boxes of a heading, two paragraphs and a button between the paragraphs of two articles; links that change."""
    heading, offer, terms, button = house.label(2), house.notice(110), house.notice(160), house.label(2)
    advert, readers = house.label(1), house.label(3)
    articles, pages = house.articles(), []
    for first, second in zip(articles, articles[1:] + articles[:1], strict=True):
        page, rnd = Page(None), house.random

        def between(k: int, page: Page = page, at: int = rnd.randint(1, 3), ad: int = rnd.randint(1, 2)) -> None:
            if k == at:
                house.furnish(page, heading)
                page.add("boilerplate", offer, terms)
                house.furnish(page, f"{house.random.randint(2, 60)} {readers}", button)
                page.blank()
            elif k == ad:
                house.furnish(page, advert)
            elif k == 3:
                house.related(page, 1, 2)

        for article in (first, second):
            head(page, article.title)
            page.blank()
            text(page, article, between)
            page.blank(3)
        pages.append(page)
    return pages


def bios(house: House) -> list[Page]:
    """A section, an author's biography below, and a foot of two paragraphs with short lines around them."""
    sections = [f"{house.label(1)} {name}" for name in ("north", "south", "east")]
    lives = [house.notice(130) for _ in range(2)]
    heading, latest, ago = house.label(3), house.label(2), house.label(2)
    foot = [house.notice(100), house.label(2), house.notice(290), house.label(4)]
    pages = []
    for article in house.articles():
        page, rnd = Page(None), house.random
        house.furnish(page, rnd.choice(sections), f"{ago} {rnd.randint(1, 59)} min")
        head(page, article.title)
        page.blank()
        text(page, article, lambda k, page=page: house.related(page, 1, 1) if k == 2 else None)
        house.furnish(page, heading, rnd.choice(lives))
        page.blank()
        house.furnish(page, latest)
        house.related(page, 3, 6, " met on the pier, and stayed.")
        page.blank()
        house.furnish(page, *foot)
        pages.append(page)
    return pages


def scroll(house: House) -> list[Page]:
    """Each article, then the same top story, which has a refrain, then two of the others."""
    share, reactions, more = house.label(), house.label(2), house.label(3)
    foot, articles, top = [house.notice(120), house.notice(220)], house.articles(), house.article(5)
    refrain = f"O {house.label(3).lower()}"
    pages = []
    for first in articles:
        page, rnd = Page(None), house.random
        for article in [first, top, *rnd.sample(articles, 2)]:
            head(page, article.title)
            house.furnish(page, share)
            page.blank()

            def between(k: int, page: Page = page, sung: bool = article is top) -> None:
                if sung:
                    page.add("body", refrain)
                elif k == 2 and house.random.random() < 0.5:
                    house.related(page, 1, 2)

            text(page, article, between)
            house.furnish(page, f"{rnd.randint(0, 30)} {reactions}", more)
            page.blank(2)
        house.furnish(page, *foot)
        pages.append(page)
    return pages


def briefs(house: House) -> list[Page]:
    """A list of one-paragraph news in the order of the clock, scraped again and again as it moves on."""
    menu, share, foot = [house.label(1) for _ in range(5)], house.label(2), house.notice(150)
    news = [house.article(2) for _ in range(house.n * 2)]
    pages = []
    for first in range(0, house.n * 2 - 8, 2):
        page = Page(None)
        house.furnish(page, *menu)
        for article in reversed(news[first : first + 8]):
            page.blank(2)
            head(page, article.title)
            page.add("body", article.paragraphs[1])
            house.furnish(page, share)
        house.furnish(page, foot)
        pages.append(page)
    return pages


def live(house: House) -> list[Page]:
    """A live blog scraped again with each entry, under a title and an introduction that stay, and other live blogs."""
    menu, key, share, foot = [house.label(1) for _ in range(6)], house.label(2), house.label(2), house.notice(150)
    blog, pages = house.article(house.n + 8), []
    states = [(blog, k) for k in range(8, house.n + 8)] + [
        (house.article(12), k) for k in range(11, 12) for _ in menu * 5
    ]
    for article, entries in states:
        page, (intro, *posts) = Page(None), article.paragraphs
        house.furnish(page, *menu)
        head(page, article.title)
        page.blank()
        page.add("body", intro)
        for k in reversed(range(entries)):
            page.blank()
            if k % 5 == 0:
                house.furnish(page, key)
            page.add("body", posts[min(k, len(posts) - 1)]) if k < len(posts) else None
            house.furnish(page, share)
        house.furnish(page, foot)
        pages.append(page)
    return pages


def wire(house: House) -> list[Page]:
    """Five outlets of unknown site, each with its furniture, that print the same agency's copy; the agency puts the
    same paragraphs of background into many of its articles."""
    copy, background = house.articles(5, 8), [house.notice(200) for _ in range(3)]
    for k, article in enumerate(copy):
        article.paragraphs.insert(house.random.randint(2, len(article.paragraphs)), background[k % 3])
    pages = []
    for _ in range(5):
        menu, about, share = [house.label(1) for _ in range(6)], house.notice(170), house.label(2)
        for article in copy:
            page = Page(None)
            house.furnish(page, *menu)
            head(page, article.title)
            page.blank()
            text(page, article)
            house.furnish(page, share, about)
            house.related(page)
            pages.append(page)
    return pages


Layout = Callable[[House], list[Page]]
LAYOUTS: tuple[Layout, ...] = (navigation, boxes, bios, scroll, briefs, live, wire)


def planted(layout: Layout, n: int, seed: int, known: bool = True) -> Planted:
    """Pages of one outlet in `layout` (of five in `wire`), of about `n` articles; `known`: whether its site is."""
    pages = {f"{layout.__name__}-{seed}/{k:03}.txt": page for k, page in enumerate(layout(House(seed, n)))}
    houses = 5 if layout is wire else 1
    sites = [
        f"{layout.__name__}{seed}-{k * houses // len(pages)}.example" if known else None for k in range(len(pages))
    ]
    truth = [(name, i, text, role) for name, page in pages.items() for i, (text, role, _) in enumerate(page.lines, 1)]
    schema = {"page": pl.String, "line_no": pl.Int32, "text": pl.String, "role": pl.String}
    return Planted(
        texts_of({name: page.text for name, page in pages.items()}, site=list[object](sites)),
        pl.DataFrame(truth, schema=schema, orient="row"),
    )


def together(*corpora: Planted) -> Planted:
    return Planted(pl.concat([c.texts for c in corpora]), pl.concat([c.truth for c in corpora]))
