"""Pages from the grammar of the layouts: invented articles, printed as each outlet prints, with every line's role.

Hypothesis draws the shape and a seed; the words come from the seed, so that no two articles share a sentence.
"""

import random
from dataclasses import dataclass, field

from hypothesis import strategies as st

from pipeline.training import labels

STEMS = (
    "harbour lantern orchard granite meadow thistle copper saddle ribbon candle marble willow pepper anchor velvet "
    "timber falcon gravel bishop cannon puddle hammer basket mirror pillow rocket saucer tunnel violin walnut zipper "
    "acorn badger cactus donkey engine ferret goblet hermit island jacket kettle ladder magnet napkin oyster parrot "
    "quarry rabbit salmon teapot umpire vessel wagon yogurt bridge cellar dagger emerald fountain gallery hazel"
).split()
VERBS = "shielded carried painted weighed counted circled mended emptied guarded followed measured rattled".split()
PLACES = "Ostrava Kelmore Dunwick Harrowgate Silverton Marlow Tessin Brackwater".split()
AGENCIES = ("AFP", "Reuters", "AP")

Line = tuple[str, str, int]  # text, role, number of its article (0: none)


@dataclass
class Page:
    """A printed page: its lines with their gold."""

    outlet: str | None
    lines: list[Line] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(text for text, _, _ in self.lines) + "\n"

    def add(self, role: str, *texts: str) -> None:
        self.lines += [(text, role if text.strip() else "blank", len(self.titles)) for text in texts]

    def blank(self, n: int = 1) -> None:
        self.add("blank", *[""] * n)


@dataclass
class Article:
    title: str
    paragraphs: list[str]
    subheads: dict[int, str]
    caption: str
    teasers: list[str]
    bullets: list[str]


class Writer:
    """Writes articles whose headline's words come back in their text, as those of real articles do."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.stems = self.random.sample(STEMS, len(STEMS))
        self.said = 0

    def sentence(self, topic: list[str]) -> str:
        pick, self.said = self.random.choice, self.said + 1
        return (
            f"The {pick(topic)} {pick(VERBS)} the {pick(topic)} of {pick(PLACES)} near a {pick(topic)} on "
            f"day {self.said} of the count{pick(['', ', officials said', ', according to the mayor'])}."
        )

    def article(self, n: int) -> Article:
        topic, self.stems = self.stems[:8], self.stems[8:]
        title = " ".join([topic[0].title(), topic[1], self.random.choice(VERBS), topic[2], "and", topic[3]])
        lead = (
            f"The {topic[0]} and the {topic[1]} met the {topic[2]} and the {topic[3]} in {self.random.choice(PLACES)}."
        )
        body = [" ".join(self.sentence(topic) for _ in range(self.random.randint(1, 3))) for _ in range(n - 1)]
        heads = {k: f"{topic[4].title()} against {topic[5]}" for k in range(2, n - 1) if self.random.random() < 0.2}
        return Article(
            title + self.random.choice(["", "", " at last", ", sources say", "?"]),
            [lead, *body],
            dict(list(heads.items())[:1]),
            f"A {topic[6]} stands beside a {topic[7]} in {self.random.choice(PLACES)} on May 4, 2019. "
            f"({self.random.choice(AGENCIES)})",
            [f"{topic[k].title()} report on the {topic[k + 1]} stays closed" for k in (4, 5, 6)],
            [f"The {topic[6]} stayed where it was", f"No {topic[7]} was seen"],
        )


def body(page: Page, article: Article, spaced: bool, promo: str | None = None) -> None:
    """Paragraphs, with subheads, and a promo on a line of its own behind the second."""
    for k, paragraph in enumerate(article.paragraphs):
        if k in article.subheads:
            page.blank(0 if spaced else 1)
            page.add("subhead", article.subheads[k])
            page.blank(1 if spaced else 0)
        page.add("body", paragraph)
        if spaced and k + 1 < len(article.paragraphs):
            page.blank()
        if promo and k == 1 and k + 1 < len(article.paragraphs):
            page.add("boilerplate", promo)
            page.blank()


def asharq(articles: list[Article], rnd: random.Random) -> Page:
    page = Page("Asharq Al-Awsat")
    for k, article in enumerate(articles):
        page.blank(3 if k else 0)
        page.titles.append(article.title)
        page.add("headline", article.title)
        page.blank()
        page.add("caption", article.caption)
        page.add("caption_repeat", article.caption)
        page.add("boilerplate", "TT")
        page.blank()
        page.add("headline_repeat", article.title)
        page.blank()
        page.add("caption_repeat", article.caption, article.caption)
        page.blank()
        body(page, article, spaced=True)
    return page


def military(articles: list[Article], rnd: random.Random) -> Page:
    page, article = Page("American Military News"), articles[0]
    page.add("boilerplate", "Join our new verified AMN Telegram channel and read the day’s dispatches at breakfast!")
    page.blank()
    page.titles.append(article.title)
    page.add("headline", article.title)
    page.blank()
    page.add("caption", article.caption.rsplit(" (", 1)[0] + " (Ann Obel/Released)")
    page.add("timestamp", "March 4, 2025")
    page.blank()
    body(page, article, spaced=True)
    return page


def arabiya(articles: list[Article], rnd: random.Random) -> Page:
    page = Page("Al Arabiya English")
    page.add("boilerplate", "Connect with us")
    promo = "For all the latest headlines, follow our Google News channel online or via the app."
    for article in articles:
        page.blank(2)
        page.titles.append(article.title)
        page.add("headline", article.title)
        page.blank()
        body(page, article, spaced=True, promo=promo)
        page.blank()
        page.add("related", "Read more:")
        for teaser in article.teasers[: rnd.randint(1, 3)]:
            page.blank()
            page.add("related", teaser)
        page.blank()
        page.add("boilerplate", "Continue Reading")
        if rnd.random() < 0.3:
            page.add("boilerplate", "Click to comment")
            page.blank()
            page.add("boilerplate", "Leave a Reply")
    if promo not in page.text:
        page.outlet = None  # nothing else on the page names it
    return page


def arabnews(articles: list[Article], rnd: random.Random) -> Page:
    page = Page("Arab News")
    for k, article in enumerate(articles):
        page.blank(rnd.randint(1, 2) if k else 0)
        page.titles.append(article.title)
        page.add("headline", article.title)
        page.blank()
        page.add("headline_repeat", article.title)
        if rnd.random() < 0.5:
            page.add("caption", article.caption)
            page.add("boilerplate", "Short Url")
        page.add("timestamp", "Updated 06 March 2025")
        page.add("boilerplate", "Follow")
        page.blank()
        page.add("headline_repeat", article.title)
        page.blank()
        page.add("headline_repeat", article.title)
        if rnd.random() < 0.5:
            page.add("standfirst", *(f"  • {bullet}" for bullet in article.bullets))
            page.blank()
        body(page, article, spaced=False)
    return page


def unknown(articles: list[Article], rnd: random.Random) -> Page:
    page, article = Page(None), articles[0]
    page.titles.append(article.title)
    page.add("headline", article.title)
    page.blank()
    body(page, article, spaced=True)
    page.blank()
    page.add("credit", "Source: Reuters")
    page.add("related", f"Also read: {article.teasers[0]}")
    page.blank()
    page.add("boilerplate", "Latest news", "Related news")
    return page


LAYOUTS = (asharq, military, arabiya, arabnews, unknown)


@st.composite
def pages(draw: st.DrawFn) -> Page:
    """A page in one of the layouts, of one to four articles of two to nine paragraphs."""
    layout = draw(st.sampled_from(LAYOUTS))
    lengths = draw(st.lists(st.integers(2, 9), min_size=1, max_size=4))
    seed = draw(st.integers(0, 10**6))
    writer = Writer(seed)
    return layout([writer.article(n) for n in lengths], random.Random(seed))


def labelled_pages(number: int) -> list[labels.Page]:
    """Pages of one article each, of as many sites, as a labelled folder holds them."""
    out = []
    for seed in range(number):
        layout, writer = LAYOUTS[seed % len(LAYOUTS)], Writer(seed)
        page = layout([writer.article(4 + seed % 6)], random.Random(seed))
        of = {role: tuple(n for n, (_, r, _) in enumerate(page.lines, 1) if r == role) for _, role, _ in page.lines}
        text = tuple(sorted(of["body"] + of.get("subhead", ())))
        article = labels.Article(1, of["headline"] + of.get("headline_repeat", ()), text, f"site{seed}.example", "en")
        out.append(labels.Page(f"{seed}.txt", page.text, (article,)))
    return out
