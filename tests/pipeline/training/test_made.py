"""Pages of several articles are made of single ones without losing track of a line."""

import random

from hypothesis import given
from hypothesis import strategies as st

from pipeline.training.labels import Article, Page
from pipeline.training.made import half, joined, made


def single(site: str, number: int) -> Page:
    text = f"\n{site} menu\n{site} headline {number}\n\n" + "\n".join(f"{site} text {number}.{k}" for k in range(9))
    return Page(f"{site}-{number}", f"{text}\n{site} footer", (Article(2, (3,), tuple(range(5, 14)), site, "en"),))


PAGES = [single(f"site{k}", n) for k in range(6) for n in range(2)]


def test_every_gold_line_is_what_it_was() -> None:
    pages = made(PAGES, "x")
    assert len(pages) > 100
    for page in pages:
        lines = page.text.split("\n")
        for article in page.articles:
            assert lines[article.first - 1].strip()
            assert all(lines[n - 1].startswith(f"{article.site} headline") for n in article.titles)
            assert all(lines[n - 1].startswith(article.site) for n in article.body)
            assert article.body


def test_no_page_crosses_the_halves() -> None:
    assert all(len({half(Page("", "", (a,))) for a in page.articles}) == 1 for page in made(PAGES, "x"))


def test_the_same_seed_makes_the_same_pages() -> None:
    assert made(PAGES, "x") == made(PAGES, "x") != made(PAGES, "y")


def test_briefs_and_broken_ends_are_among_them() -> None:
    articles = [(a, page.text.split("\n")) for page in made(PAGES, "x") for a in page.articles]
    assert {len(a.body) for a, _ in articles} >= {2, 3, 9}
    assert any(lines[a.body[-1] - 1] == f"{a.site} text" for a, lines in articles)


@given(st.integers(0, 1000))
def test_chunks_stand_one_after_another(seed: int) -> None:
    page = joined("p", PAGES[:4], random.Random(seed))
    firsts = [a.first for a in page.articles]
    assert firsts == sorted(set(firsts))
    assert all(a.body[-1] < b.first for a, b in zip(page.articles, page.articles[1:], strict=False))


def test_pages_of_several_articles_are_not_taken_apart() -> None:
    several = joined("p", PAGES[:2], random.Random(0))
    assert made([several], "x") == []
