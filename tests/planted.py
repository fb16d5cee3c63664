"""Corpora of page_articles in which it is known what is a copy of what: invented, seeded, fast to make in any number.

Words are drawn as in a language (few of them very often). Each outlet puts its footer under every article, agencies
put a note and stock sentences into theirs, and articles of one topic share a paragraph of background: all that may
not join two articles.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl

from pipeline.tables import PAGE_ARTICLES
from tests.copies import SYLLABLES, digest

WORDS = 20_000
SENTENCES = 17  # of 20 words: with all that stands around them 3 KB
OUTLETS = 40

Sentences = list[str]
Copy = Callable[["Press", Sentences], Sentences]


class Press:
    """Writes sentences and articles; what it writes depends on the seed alone."""

    def __init__(self, seed: int) -> None:
        self.draw = np.random.default_rng(seed)
        syllables = np.array(SYLLABLES)
        lengths = self.draw.integers(1, 5, WORDS)
        self.words = ["".join(self.draw.choice(syllables, n)) for n in lengths]
        self.often = np.cumsum(1 / (np.arange(WORDS) + 5))
        self.drawn: list[str] = []
        self.footers = [self.sentences(3) for _ in range(OUTLETS)]
        self.notes = [self.sentences(1) for _ in range(5)]
        self.stock = self.sentences(20)
        self.background = [self.sentences(3) for _ in range(200)]

    def some(self, n: int) -> list[str]:
        while len(self.drawn) < n:
            places = np.searchsorted(self.often, self.draw.random(50_000) * self.often[-1])
            self.drawn += [self.words[i] for i in places]
        out = self.drawn[-n:]
        del self.drawn[-n:]
        return out

    def sentences(self, n: int) -> Sentences:
        return [" ".join(self.some(length)).capitalize() + "." for length in self.draw.integers(8, 33, n)]

    def one_of(self, n: int) -> int:
        return int(self.draw.integers(n))

    def article(self) -> Sentences:
        """What is said in it, with stock sentences in between."""
        said = self.sentences(SENTENCES)
        for _ in range(2):
            said[self.one_of(len(said))] = self.stock[self.one_of(len(self.stock))]
        return said

    def background_or_none(self) -> Sentences:
        return self.background[self.one_of(len(self.background))] if self.one_of(3) == 0 else []

    def printed(self, said: Sentences, background: Sentences, outlet: int) -> str:
        """As its outlet prints it: with an agency's note now and then, and the outlet's footer."""
        note = self.notes[self.one_of(len(self.notes))] if self.one_of(2) else []
        parts = (said[:6], said[6:12], said[12:], background, note, self.footers[outlet])
        return "\n\n".join(" ".join(part) for part in parts if part)


def changed(share: float) -> Copy:
    """That share of the sentences are others."""

    def copy(press: Press, said: Sentences) -> Sentences:
        other = set(press.draw.permutation(len(said))[: round(share * len(said))].tolist())
        return [press.sentences(1)[0] if i in other else sentence for i, sentence in enumerate(said)]

    return copy


def edited(press: Press, said: Sentences) -> Sentences:
    """One word or two of every sentence are others."""
    out = []
    for sentence in said:
        words = sentence.split()
        for at in press.draw.integers(0, len(words), press.draw.integers(1, 3)):
            words[at] = press.some(1)[0]
        out.append(" ".join(words))
    return out


def excerpt(share: float) -> Copy:
    """That share of it, from anywhere in it."""

    def copy(press: Press, said: Sentences) -> Sentences:
        n = max(1, round(share * len(said)))
        start = press.one_of(len(said) - n + 1)
        return said[start : start + n]

    return copy


def whole(press: Press, said: Sentences) -> Sentences:
    return said


KINDS: dict[str, Copy] = {
    "10 % of the sentences changed": changed(0.10),
    "25 % of the sentences changed": changed(0.25),
    "40 % of the sentences changed": changed(0.40),
    "every sentence edited": edited,
    "excerpts of 35 %": excerpt(0.35),
}


def corpus(
    seed: int, articles: int, copies: Sequence[Copy] = (), elsewhere: bool = False, every: int = 1
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """→ page_articles; and (page, family): the article that each is a copy of, itself for most. Every `every`-th of
    the `articles` has a copy of each kind: a later state under the same title, or (`elsewhere`) another outlet's."""
    press = Press(seed)
    rows: list[tuple[Any, ...]] = []
    for n in range(articles):
        said, background, outlet = press.article(), press.background_or_none(), press.one_of(OUTLETS)
        title = " ".join(press.some(7))
        rows.append((n, outlet, title, press.printed(said, background, outlet)))
        for k, copy in enumerate(copies if n % every == 0 else ()):
            place = (outlet + 1 + k) % OUTLETS if elsewhere else outlet
            head = " ".join(press.some(7)) if elsewhere else title
            rows.append((n, place, head, press.printed(copy(press, said), background, place)))
    pages = [f"{i:07}.txt" for i in range(len(rows))]
    ids = [digest(page) for page in pages]
    frame = pl.DataFrame(rows, schema=["family", "outlet", "title", "body"], orient="row")
    text = pl.col("body").str.to_lowercase()
    frame = frame.with_columns(
        pl.format("Outlet {}", "outlet").alias("outlet"),
        page=pl.Series(pages),
        page_id=pl.Series(ids),
        article_id=pl.Series(ids),
        article_no=1,
        line_start=1,
        line_end=9,
        confidence=1.0,
        truncated=False,
        text_hash=text.hash().cast(pl.String),
        n_words=text.str.count_matches(r"\w+"),
        standfirst=pl.lit([], pl.List(pl.String)),
        captions=pl.lit([], pl.List(pl.String)),
        agencies=pl.lit([], pl.List(pl.String)),
    )
    missing = [pl.lit(None, dtype).alias(c) for c, dtype in PAGE_ARTICLES.schema.items() if c not in frame.columns]
    return PAGE_ARTICLES.conform(frame.with_columns(missing)), frame.select("page", "family")


def score(truth: pl.DataFrame, duplicates: pl.DataFrame, stories: pl.DataFrame) -> tuple[float, float]:
    """How many of the copies stand with another of their family, folded or in one story; and how many of the rows
    that were joined to another are of its family."""
    family = dict(truth.rows())
    heads = stories.filter(pl.col("article_id") == pl.col("story_id")).select("story_id", head="page")
    told = stories.join(heads, on="story_id").filter(pl.col("page") != pl.col("head")).select("page", "head")
    joined = pl.concat([duplicates.select("page", pl.col("kept_page").alias("head")), told])
    right = sum(family[a] == family[b] for a, b in joined.rows())
    copies = truth.height - truth["family"].n_unique()
    return (min(right, copies) / copies if copies else 1.0), (right / joined.height if joined.height else 1.0)
