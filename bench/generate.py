"""A corpus of invented pages that cost what real ones do: of any size, the same bytes for the same seed.

    python -m bench.generate FOLDER MB [SEED]        # files, 1,000 to a folder

Sixty outlets in seven languages, each with its layout and furniture, single articles and several on a page, whole
pages with navigation; pages damaged by a wrong encoding; wire copy, and the same article on several pages. The words
are made of syllables, but for each language's commonest; how often one comes follows Zipf. What is drawn stands in
words.toml. A larger size begins with the pages of a smaller one.
"""

import random
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

SEED = 7
OUTLETS = 60
BLOCK = 100  # pages that are drawn together: wire copy and copies of pages stand in the same block
FOLDER = 1_000  # pages
WORDS = 24_000  # of a language
TABLE = 1 << 20  # places among which a language's words share the draws
TOPIC = 24  # words that an article keeps coming back to

# Of all pages: whole ones, with navigation and all; those of several articles; damaged ones; with HTML entities.
# How many are damaged, and how many of their lines, is what labelled pages show (docs/performance.md).
WHOLE, SEVERAL, DAMAGED, ENTITIES = 0.34, 0.12, 0.0085, 0.012
# Of all articles: agencies' copy that another outlet has too, and an outlet's own on another page.
WIRE, COPY = 0.06, 0.03


class Page(NamedTuple):
    name: str
    outlet: str
    text: str


@dataclass
class Article:
    title: str
    caption: str
    standfirst: list[str]
    paragraphs: list[str]
    outlet: int  # its number


class Tongue:
    """A language: draws its words by their frequency."""

    def __init__(self, code: str, given: dict[str, Any], seed: int) -> None:
        draw = random.Random(f"{seed}/{code}")
        self.code, self.given = code, given
        self.joined = given.get("joined", False)
        self.space = "" if self.joined else " "
        self.stop = "。" if self.joined else "."
        syllables, known = given["syllables"].split(), given["stop"].split()
        made: dict[str, None] = {}
        while len(made) < WORDS:
            word = "".join(draw.choices(syllables, k=draw.choice((1, 2, 2, 2, 3, 3)))) + draw.choice(given["ends"])
            made[word.capitalize() if draw.random() < 1 / 12 else word] = None
        made = dict.fromkeys(sorted(made, key=lambda word: len(word) + draw.random() * 8))  # short words are commoner
        self.words = np.array([*known, *made], dtype=object)
        self.first = len(known)
        # The commonest words are 45 % of a text, the others follow Zipf.
        often = np.concatenate([1 / (np.arange(len(known)) + 2.0), 1 / (np.arange(len(made)) + 30.0)])
        often[: self.first] *= 0.45 / often[: self.first].sum()
        often[self.first :] *= 0.55 / often[self.first :].sum()
        self.table = np.searchsorted(np.cumsum(often), (np.arange(TABLE) + 0.5) / TABLE).astype(np.int32)

    def drawn(self, draw: np.random.Generator, n: int) -> Any:
        """The numbers of n words."""
        return self.table[draw.integers(0, TABLE, n)]


@dataclass
class Outlet:
    """A site: what its pages carry besides articles, and in which order."""

    number: int
    tongue: Tongue
    name: str = ""
    whole: bool = False  # scraped with its navigation
    menu: list[str] = field(default_factory=list)
    foot: list[str] = field(default_factory=list)
    about: list[str] = field(default_factory=list)


class Newsroom:
    """Writes the pages of one block after another; what it writes depends on seed and block alone."""

    def __init__(self, seed: int = SEED) -> None:
        self.seed = seed
        given = tomllib.loads((Path(__file__).parent / "words.toml").read_text())
        self.tongues = [Tongue(code, words, seed) for code, words in given.items()]
        places = [(k + 0.5) / OUTLETS for k in range(OUTLETS)]
        shares = np.cumsum([t.given["share"] for t in self.tongues])
        self.start(-1)
        self.outlets = [
            self.outlet(k, self.tongues[int(np.searchsorted(shares, place))]) for k, place in enumerate(places)
        ]

    def start(self, block: int) -> None:
        self.draw, self.np = random.Random(f"{self.seed}/{block}"), np.random.default_rng([self.seed, block + 1])
        self.wire: dict[str, list[Article]] = {}

    # words

    def words(self, tongue: Tongue, least: int, most: int) -> str:
        ids = tongue.drawn(self.np, self.draw.randint(least, most))
        text = tongue.space.join(tongue.words[ids].tolist())
        return text[:1].upper() + text[1:]

    def name(self, tongue: Tongue) -> str:
        ids = self.np.integers(tongue.first, len(tongue.words), 2)
        return tongue.space.join(word.capitalize() for word in tongue.words[ids].tolist())

    def phrase(self, tongue: Tongue, what: str | list[str], site: str = "") -> str:
        """One of the language's phrases of a kind, its blanks filled in."""
        text: str = self.draw.choice(tongue.given[what] if isinstance(what, str) else what)
        if "{" not in text:
            return text
        draw = self.draw
        blanks: dict[str, Callable[[], str]] = {
            "words": lambda: self.words(tongue, 6, 12),
            "name": lambda: self.name(tongue),
            "place": lambda: self.name(tongue).split(" ")[0],
            "site": lambda: site,
            "n": lambda: str(draw.randint(1, 23)),
            "day": lambda: str(draw.randint(1, 28)),
            "month": lambda: draw.choice(tongue.given["months"].split()),
            "year": lambda: str(draw.randint(2019, 2024)),
            "hour": lambda: f"{draw.randint(1, 12):02}",
            "minute": lambda: f"{draw.randint(0, 59):02}",
        }
        for blank, fill in blanks.items():
            while f"{{{blank}}}" in text:
                text = text.replace(f"{{{blank}}}", fill(), 1)
        return text

    def sentences(self, tongue: Tongue, n: int, topic: Any = None) -> list[str]:
        """n sentences; with a topic every sixth word is one of its words."""
        lengths = self.np.gamma(4.0, 4.2, n).astype(int) + 5
        if tongue.joined:
            lengths += 8
        ids = tongue.drawn(self.np, int(lengths.sum()))
        if topic is not None:
            at = self.np.random(len(ids)) < 1 / 6
            ids[at] = topic[self.np.integers(0, len(topic), int(at.sum()))]
        words, space, out, start = tongue.words[ids].tolist(), tongue.space, [], 0
        how = self.np.random(n).tolist()
        for length, kind in zip(lengths.tolist(), how, strict=True):
            half = start + length // 2
            text = f"{space.join(words[start:half])},{space}{space.join(words[half : start + length])}"
            text = text[:1].upper() + text[1:]
            if kind < 0.17:
                text = f"“{text},” {self.phrase(tongue, 'said')}"
            elif kind < 0.36:
                text = f"{text}, {self.draw.randint(2, 900)} {words[start]}’s"
            out.append(text + tongue.stop)
            start += length
        return out

    # outlets and articles

    def outlet(self, number: int, tongue: Tongue) -> Outlet:
        draw = self.draw
        out = Outlet(number, tongue)
        out.name = f"The {self.name(tongue)}" if tongue.code == "en" else self.name(tongue)
        out.whole = draw.random() < WHOLE
        known = tongue.given["menu"]
        out.menu = draw.sample(known, min(len(known), draw.randint(4, 9)))
        out.menu += [self.words(tongue, 1, 2) for _ in range(draw.randint(6, 24))]
        out.foot = [self.phrase(tongue, [text], out.name) for text in tongue.given["foot"][:5]]
        out.foot += [self.words(tongue, 1, 3) for _ in range(draw.randint(2, 10))]
        out.about = [*tongue.given["cookies"], " ".join(self.sentences(tongue, 2))]
        return out

    def article(self, outlet: Outlet) -> Article:
        """A new article, an agency's that another outlet has, or one of the outlet's own again."""
        tongue, draw = outlet.tongue, self.draw
        told, chance = self.wire.setdefault(tongue.code, []), draw.random()
        if told and chance < WIRE:
            copy = draw.choice(told)
            if copy.outlet == outlet.number:
                return copy
            return Article(self.title(tongue, copy.title.split(" ")), copy.caption, [], copy.paragraphs, outlet.number)
        if told and chance < WIRE + COPY:
            return next((a for a in reversed(told) if a.outlet == outlet.number), told[-1])
        topic = self.np.integers(tongue.first, len(tongue.words), TOPIC)
        n = max(3, min(90, int(draw.lognormvariate(3.0, 0.62))))
        lengths = draw.choices((1, 2, 3, 4), (8, 6, 4, 1), k=n)
        rest = iter(self.sentences(tongue, sum(lengths), topic))
        paragraphs = [tongue.space.join(islice(rest, length)) for length in lengths]
        if n > 12 and draw.random() < 0.4:
            for k in sorted(draw.sample(range(3, n), 2), reverse=True):
                paragraphs.insert(k, self.words(tongue, 3, 6))
        if draw.random() < 0.3:
            paragraphs.append(self.phrase(tongue, "agency"))
        words = tongue.words[topic[:6]].tolist()
        standfirst = [self.words(tongue, 8, 16) for _ in range(draw.choice((0, 0, 0, 1, 3)))]
        caption = self.phrase(tongue, "captions")
        made = Article(self.title(tongue, words), caption, standfirst, paragraphs, outlet.number)
        told.append(made)
        return made

    def title(self, tongue: Tongue, words: list[str]) -> str:
        between = tongue.words[tongue.drawn(self.np, len(words))].tolist()
        text = tongue.space.join(chain(*zip(words, between, strict=True)))
        return text[:1].upper() + text[1:]

    # pages

    def page(self, outlet: Outlet) -> str:
        draw = self.draw
        several = draw.randint(2, 5) if draw.random() < SEVERAL / (1 - WHOLE) and not outlet.whole else 1
        lines = self.above(outlet) if outlet.whole else []
        for k in range(several):
            lines += [""] * draw.randint(1, 3) if k else []
            lines += self.printed(outlet, self.article(outlet))
        lines += self.below(outlet) if outlet.whole else []
        return self.damaged("\n".join(lines) + "\n")

    def above(self, outlet: Outlet) -> list[str]:
        out: list[str] = []
        for k, label in enumerate(outlet.menu):
            out += [label, ""] if k % 5 == outlet.number % 5 else [label]
        return [*outlet.about[:1], "", *out, "", f"{outlet.menu[0]} > {outlet.menu[1]}", ""]

    def below(self, outlet: Outlet) -> list[str]:
        tongue, out = outlet.tongue, [""]
        for _ in range(self.draw.randint(2, 5)):
            out.append(self.words(tongue, 1, 3))
            for _ in range(self.draw.randint(4, 14)):
                out += [self.words(tongue, 1, 3), self.words(tongue, 5, 14), ""]
            out.append("")
        return [*out, *outlet.foot, "", *outlet.about]

    def printed(self, outlet: Outlet, article: Article) -> list[str]:
        """An article as the outlet prints it: head block, text with what stands in between, tail."""
        tongue, draw, layout = outlet.tongue, self.draw, outlet.number % 6
        given = tongue.given
        stamp, by = self.phrase(tongue, "dates"), self.phrase(tongue, "by")
        caption = article.caption
        if layout == 0:
            block = [article.title, "", caption, caption]
            head = [*block, stamp, "", *block, ""]
        elif layout == 1:
            head = [article.title, "", *article.standfirst, by, stamp, "", *given["share_buttons"][:3], ""]
        elif layout == 2:
            head = [article.title, article.title, "", stamp, *(f"• {s}" for s in article.standfirst), "", caption]
        elif layout == 3:
            head = [outlet.menu[1], article.title, *article.standfirst, f"{by} | {stamp}", *given["share_buttons"][:4]]
        elif layout == 4:
            head = [article.title, "", "", caption, "", article.title, by, "", stamp, ""]
        else:
            head = [f"{article.title} - {outlet.name}", "", article.title, "", by, stamp, "", caption, ""]
        tight = outlet.number % 7 == 3
        text: list[str] = []
        for paragraph in article.paragraphs:
            text += [paragraph] if tight else [paragraph, ""]
            if draw.random() < 0.04:
                text += [self.phrase(tongue, "inline"), ""]
            elif draw.random() < 0.04:
                text += [self.phrase(tongue, "captions"), ""]
        tail = [phrase for phrase in given["tail"] if draw.random() < 0.12]
        if draw.random() < 0.4:
            tail += [self.phrase(tongue, "related"), *(self.words(tongue, 6, 12) for _ in range(draw.randint(3, 8)))]
        wide = ["", ""] if outlet.number % 4 == 1 else []
        return [*head, *wide, *text, *chain.from_iterable((self.phrase(tongue, [t]), "") for t in tail)]

    def damaged(self, text: str) -> str:
        """The text, or what a wrong encoding or a flattener makes of it."""
        chance = self.draw.random()
        if chance < DAMAGED:
            return wrongly_read(text)
        if chance < DAMAGED * 2:  # only what one template has printed
            return every(4, wrongly_read, text)
        if chance < DAMAGED * 2 + ENTITIES:
            return every(8, with_entities, text)
        return text

    def block(self, number: int) -> Iterator[tuple[Outlet, str]]:
        self.start(number)
        for _ in range(BLOCK):
            outlet = self.draw.choice(self.outlets)
            yield outlet, self.page(outlet)


def every(nth: int, damage: Callable[[str], str], text: str) -> str:
    return "\n".join(damage(line) if k % nth == 0 else line for k, line in enumerate(text.split("\n")))


def with_entities(text: str) -> str:
    return text.replace("’", "&#8217;").replace("“", "&quot;").replace("”", "&quot;")


def wrongly_read(text: str) -> str:
    """UTF-8 read as the encoding of Windows, or of Latin 1 where that has no such byte."""
    raw = text.encode()
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def pages(megabytes: float, seed: int = SEED) -> Iterator[Page]:
    """Pages until their bytes are `megabytes` (of a million bytes each)."""
    room, number, left = Newsroom(seed), 0, megabytes * 1e6
    for block in range(sys.maxsize):
        for outlet, text in room.block(block):
            if left <= 0:
                return
            yield Page(f"{number // FOLDER:04}/{number:07}.txt", outlet.name, text)
            number += 1
            left -= len(text.encode())


def write(folder: Path, megabytes: float, seed: int = SEED) -> Path:
    """The pages as files below the folder, unless they are there from an earlier time. → the folder"""
    done = folder.with_name(f"{folder.name}.done")
    if not done.exists():
        for page in pages(megabytes, seed):
            file = folder / page.name
            if page.name.endswith("000.txt"):
                file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(page.text.encode())
        done.touch()
    return folder


if __name__ == "__main__":
    write(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else SEED)
