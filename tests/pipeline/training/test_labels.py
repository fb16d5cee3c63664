"""Labelled folders, their lines, and folds that keep sites together."""

import json

import polars as pl
import pytest

from pipeline.corpus import corpus
from pipeline.corrections import line_hash
from pipeline.rulebook import Rulebook
from pipeline.tables import GIVEN
from pipeline.training.labels import Article, Folds, LabelError, Page, corrected, labelled, truth
from tests.pages import MODEL, SIDECAR, raw_of

GOLD = {
    "page": "p.txt",
    "articles": [
        {
            "first_line": 1,
            "title_lines": [2],
            "body_lines": [4, 5],
            "domain": "https://www.dunwick.example/",
            "language": "en",
        }
    ],
}
TEXT = "\nSwans leave\nShare\nText one.\nText two.\n"


def page(*sites: str) -> Page:
    return Page("p", "", tuple(Article(1, (), (), site, "en") for site in sites))


def test_a_gold_line() -> None:
    [found] = labelled(json.dumps(GOLD) + "\n", {"p.txt": TEXT})
    assert found.articles == (Article(1, (2,), (4, 5), "dunwick.example", "en"),)
    assert found.sites == {"dunwick.example"}


@pytest.mark.parametrize("wrong", ["{", '{"page": "other.txt", "articles": []}', '{"page": "p.txt", "articles": [{}]}'])
def test_what_is_wrong_is_named_with_its_line(wrong: str) -> None:
    with pytest.raises(LabelError, match=r"gold.jsonl, line 2"):
        labelled(f"{json.dumps(GOLD)}\n{wrong}\n", {"p.txt": TEXT})


def test_a_chunk_starts_with_its_first_solid_line() -> None:
    found = truth(labelled(json.dumps(GOLD), {"p.txt": TEXT})).sort("line_no")
    assert found.rows() == [
        ("p.txt", 2, False, True, True),
        ("p.txt", 4, True, False, False),
        ("p.txt", 5, True, False, False),
    ]


FOLDS = Folds.parse('[[fold]]\npublishers = ["a", "b"]\nsites = ["x"]\n[[fold]]\npublishers = ["b", "c"]\nsites = []\n')


def test_a_page_is_scored_by_a_fold_that_holds_out_all_its_sites() -> None:
    assert [FOLDS.of(page(*sites)) for sites in ("a", "ab", "c", "bc", "x")] == [0, 0, 1, 1, 0]


def test_a_fold_learns_nothing_of_what_it_scores() -> None:
    unknown = page("nobody.example")
    assert [FOLDS.learns(fold, unknown) for fold in (0, 1)].count(False) == 1
    assert not FOLDS.learns(0, page("a", "c"))
    assert FOLDS.learns(1, page("a"))


def test_the_committed_folds_hold_out_every_site_once_at_least() -> None:
    from assets.training import folds

    held = folds().held
    assert len(held) == 10
    assert all(held)


def test_corrected_pages_are_labels(rules: Rulebook) -> None:
    told = (
        "The miller of Dunwick closed sluice {0} of his pond, and swan {0} left it for the meadow behind the mill. " * 2
    )
    text = "Swans leave the pond of Dunwick\n\n" + "\n\n".join(told.format(k).strip() for k in range(5))
    raw = raw_of({"a.txt": text, "b.txt": text, "c.txt": text + "\n\nNobody corrects this one."})
    plain = corpus(raw, pl.DataFrame(schema=SIDECAR), rules, MODEL)
    line = plain.lines.filter(page="a.txt", line_no=5).row(0, named=True)
    given = pl.DataFrame(
        {"path": ["corrections.csv"], "record": [1], "role": ["boilerplate"]}
        | {c: [line[c]] for c in ("page_id", "line_no", "part")}
        | {"line_hash": line_hash([line["text"]])}
    )
    mended = corpus(raw, pl.DataFrame(schema=SIDECAR), rules, MODEL, GIVEN.conform(given))
    [page] = corrected(mended.lines)
    assert page.text == text
    [article] = page.articles
    assert article.titles == (1,)
    assert 5 not in article.body
    assert set(article.body) <= {3, 7, 9, 11}
