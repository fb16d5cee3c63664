"""Pages of several articles, made of labelled pages of one: the starts of articles are learnt from them."""

import random
from collections import defaultdict
from collections.abc import Sequence

from pipeline.training.labels import Article, Page, bucket

# Blank lines between two articles of a page, and articles on a page: drawn with these weights.
GAPS = {(2, 3): 0.2, (1, 2, 3): 0.27, (1,): 0.4, (0,): 0.05, (1, 1, 1, 2): 0.08}
COUNTS = {2: 0.55, 3: 0.2, 4: 0.12, 5: 0.07, 6: 0.06}
MEAN_COUNT = sum(k * share for k, share in COUNTS.items())
# Of the made pages, those cut to headline and text, as a feed has them; and those of one site only.
PLAIN, ONE_SITE = 0.12, 0.45
# Of the articles on made pages, those cut to a brief of so many paragraphs, and those whose text breaks off: neither
# is common among the labelled pages, and both are in drops.
SHORT, BRIEF, BROKEN = 0.08, (2, 6), 0.03
# Made pages: so many for each page of one article, until they have so many lines.
PER_PAGE, LINES = 18, 500_000
# Longer pages would fill the made ones alone (characters).
LONGEST = 16_000


def half(page: Page) -> int:
    """The inner half of a page's site. No made page crosses it, so that the second look can be trained on what a first
    look gave that had not seen any of the page's sites."""
    return bucket(min(page.sites, default="?"), 2)


def made(pages: Sequence[Page], seed: str) -> list[Page]:
    """Pages of 2-6 articles, out of the given pages of one article: of one site, or of one language."""
    rnd = random.Random(seed)
    pages = [p for p in pages if len(p.articles) == 1 and len(p.text) <= LONGEST and p.articles[0].body]
    lines = sum(p.text.count("\n") + 1 for p in pages) / max(1, len(pages)) * MEAN_COUNT
    total = min(PER_PAGE * len(pages), round(LINES / max(1.0, lines)))
    out = []
    for side in (0, 1):
        pool = [p for p in pages if half(p) == side]
        for i in range(round(total * len(pool) / max(1, len(pages)))):
            out.append(joined(f"{seed}-{side}-{i}", drawn(pool, rnd), rnd))
    return out


def drawn(pool: Sequence[Page], rnd: random.Random) -> list[Page]:
    by_site: defaultdict[str, list[Page]] = defaultdict(list)
    by_language: defaultdict[str, list[Page]] = defaultdict(list)
    for page in pool:
        by_site[page.articles[0].site].append(page)
        by_language[page.articles[0].language].append(page)
    count = rnd.choices(list(COUNTS), list(COUNTS.values()))[0]
    chosen = by_site[rnd.choice(pool).articles[0].site]
    if len(chosen) == 1 or rnd.random() >= ONE_SITE:
        chosen = rnd.choices(list(by_language.values()), [len(x) ** 0.8 for x in by_language.values()])[0]
        chosen = chosen if len(chosen) > 1 else list(pool)
    return rnd.sample(chosen, min(count, len(chosen)))


def joined(name: str, pages: Sequence[Page], rnd: random.Random) -> Page:
    gaps, plain = rnd.choices(list(GAPS), list(GAPS.values()))[0], rnd.random() < PLAIN
    lines: list[str] = []
    articles = []
    for page in pages:
        lines += [""] * (rnd.choice(gaps) if lines else 0)
        kept = chunk_of(page, rnd, plain)
        if rnd.random() < SHORT:
            kept = shortened(kept, page.articles[0], rnd)
        number = {n: len(lines) + k for k, n in enumerate(kept, 1)}
        article = page.articles[0]
        titles, body = (tuple(number[n] for n in ns if n in number) for ns in (article.titles, article.body))
        articles.append(article._replace(first=len(lines) + 1, titles=titles, body=body))
        chunk = [page.text.split("\n")[n - 1] for n in kept]
        if body and rnd.random() < BROKEN:
            last = body[-1] - len(lines) - 1
            words = chunk[last].split(" ")
            chunk[last] = " ".join(words[: max(1, round(len(words) * rnd.uniform(0.3, 0.95)))])
        lines += chunk
    return Page(name, "\n".join(lines), tuple(articles))


def chunk_of(page: Page, rnd: random.Random, plain: bool) -> list[int]:
    """The numbers of the page's lines without the blank ones around them (plain: without what stands before the title,
    or behind the text)."""
    article = page.articles[0]
    solid = [n for n, line in enumerate(page.text.split("\n"), 1) if line.strip()]
    low, high = solid[0], solid[-1]
    if plain:
        sides = rnd.random()
        titles = [n for n in article.titles if n <= article.body[0]]
        low = max(low, titles[-1] if titles else article.body[0]) if sides < 0.66 else low
        high = min(high, article.body[-1]) if sides > 0.33 else high
    return list(range(low, high + 1))


def shortened(lines: list[int], article: Article, rnd: random.Random) -> list[int]:
    """The lines without the end of a longer text: a brief."""
    texts = rnd.randint(*BRIEF)
    if len(article.body) <= texts:
        return lines
    return [n for n in lines if not article.body[texts - 1] < n <= article.body[-1]]
