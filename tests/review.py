"""The review page of a corpus in memory, and how a program reads HTML."""

from html.parser import HTMLParser
from typing import NamedTuple

import polars as pl

from assets.reviewing import templates
from pipeline.corpus import Corpus
from pipeline.review.glance import Tables
from pipeline.review.page import review
from pipeline.rulebook import Rulebook
from pipeline.tables import FILES

PAGE = """Harbour wall to rise again after storms

By Tilda Marrow

March 4, 2024

The council of Quellhaven voted on Tuesday to rebuild the old harbour wall, which storms had broken twice this year.

Sign up for our morning newsletter and never miss a story from us.

The harbour master promised room for all boats at the northern quay, and said nobody would have to pay for it.

Share this article
"""


def tables_of(made: Corpus) -> Tables:
    files = pl.DataFrame(
        {"path": made.pages["page"], "n_bytes": 1, "fate": "read", "why": None, "n_read": 1, "n_rejected": 0},
        schema=FILES.schema,
    )
    return Tables(**{n: (files if n == "files" else getattr(made, n)).lazy() for n in Tables._fields})


def html_of(tables: Tables, rules: Rulebook) -> str:
    return review(tables, rules, templates(), "000001-test")


class Element(NamedTuple):
    tag: str
    attributes: dict[str, str | None]


class Parsed(HTMLParser):
    """`elements` in order, and `texts`: the text of each element of a kind, from its start to its end."""

    VOID = ("meta", "input", "rect", "link", "br")

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self._open: list[int] = []
        self.inside: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attrs)))
        self.inside.append("")
        if tag not in self.VOID:
            self._open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.elements[self._open.pop()].tag == tag

    def handle_data(self, data: str) -> None:
        for n in self._open:
            self.inside[n] += data

    def texts(self, tag: str) -> list[str]:
        return [text for e, text in zip(self.elements, self.inside, strict=True) if e.tag == tag]

    @property
    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        """Every element with the names of its attributes."""
        return [(e.tag, tuple(e.attributes)) for e in self.elements]
