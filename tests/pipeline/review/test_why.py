"""The answer in the terminal."""

import json

import pytest

from assets.reviewing import templates
from pipeline.review.why import COLUMNS, about, as_json, as_text, explained
from pipeline.review.words import Words
from pipeline.rulebook import Rulebook
from tests.pages import corpus_of
from tests.review import PAGE


@pytest.fixture(scope="module")
def words(rules: Rulebook) -> Words:
    return Words.parse(templates()["words.toml"], rules)


def test_every_line_that_is_not_blank_says_what_became_of_it(rules: Rulebook, words: Words) -> None:
    made = corpus_of({"a.txt": PAGE}, rules)
    told = "\n".join(as_text(explained(made.lines, words), words))
    for row in made.lines.filter(made.lines["role"] != "blank").iter_rows(named=True):
        assert f"{row['line_no']:>6}  {row['role']:<15}  {row['text'][:40]}" in told
    assert "kept in title: The likeliest headline" in told
    assert "dropped: Label of the share buttons. [boilerplate/share]" in told
    assert all(len(line) <= 120 for line in told.splitlines())


def test_for_scripts_every_row_is_an_object(rules: Rulebook, words: Words) -> None:
    made = corpus_of({"a.txt": PAGE.replace("Share", "\u202eShäre")}, rules)
    rows = [json.loads(line) for line in as_json(explained(made.lines, words))]
    assert [tuple(row) for row in rows] == [COLUMNS] * made.lines.height
    assert [row["text"] for row in rows] == made.lines["text"].to_list()


def test_the_head_of_an_article_says_what_is_null(rules: Rulebook) -> None:
    made = corpus_of({"a.txt": PAGE}, rules)
    row = made.page_articles.row(0, named=True)
    told = "\n".join(about(row, {"kept_article_id": "f" * 32, "kind": "near"}))
    assert f"article     {row['article_id']}" in told
    assert "outlet      null: nothing settles it" in told
    assert "date        2024-03-04, by timestamp: March 4, 2024" in told
    assert f"folded      into {'f' * 32} (near), which has the row in `articles`" in told
