"""The card: its figures are those of the tables, its form is Hugging Face's, no name on a page does anything in it."""

from pathlib import Path

import polars as pl
import pytest
import yaml

from assets.carding import templates
from assets.resources import Rules
from assets.reviewing import templates as review_templates
from pipeline.card.card import Made, card
from pipeline.corpus import Corpus
from pipeline.review.audit import COLUMNS, rates
from pipeline.review.glance import Tables
from pipeline.review.words import Words
from pipeline.tables import ARTICLES, FILES, PUBLISHED
from tests.pages import corpus_of

BOOK = Rules().book
WORDS = Words.parse(review_templates()["words.toml"], BOOK)
SEEDS = Path(__file__).parents[3] / "seeds"
SCORES = "Labels 1; 10 folds.\n\n| set | body F1 |\n|---|---|\n| light | 0.957 |\n"
MADE = Made("000007-1f2e3d4c", {"rules": "r" * 32, "model": "m" * 32, "auditing": "a" * 32}, SCORES)


@pytest.fixture(scope="module")
def made() -> Corpus:
    return corpus_of({p.name: p.read_bytes() for p in sorted((SEEDS / "2024-spring").glob("*.txt"))}, BOOK)


def tables(made: Corpus, **other: pl.DataFrame) -> Tables:
    frames = {**made._asdict(), "files": FILES.empty(), **other}
    return Tables(**{name: frames[name].lazy() for name in Tables._fields})


def written(made: Corpus, about: Made = MADE, **other: pl.DataFrame) -> dict[str, str]:
    return card(tables(made, **other), about, templates(), WORDS)


def front(text: str) -> dict[str, object]:
    found = yaml.safe_load(text.split("---\n")[1])
    assert isinstance(found, dict)
    return found


def test_its_figures_are_those_of_the_tables(made: Corpus) -> None:
    text = written(made)["README.md"]
    articles = made.articles
    assert f"| articles | {articles.height}, after {made.duplicates.height} duplicates" in text
    assert f"| words | {articles['n_words'].sum():,}, " in text
    for column in ARTICLES.columns:
        nulls = str(articles[column.name].null_count()) if column.nullable else ""
        assert f"| `{column.name}` |" in text and f"| {nulls} | {column.meaning}" in text
        assert (f"- `{column.name}`: " in text) == column.nullable, "why it may be null"
    solid = made.lines.filter(pl.col("role") != "blank")
    kept = solid["destination"].count()
    assert f"| lines | {kept} of {solid.height} kept ({100 * kept / solid.height:.1f} %)" in text
    fewer = written(made, articles=articles.head(2))["README.md"]
    assert f"| words | {articles.head(2)['n_words'].sum():,}, " in fewer


def test_it_is_a_card_of_hugging_face(made: Corpus) -> None:
    head = front(written(made)["README.md"])
    assert head["language"] == ["en", "de"]
    assert head["size_categories"] == ["n<1K"]
    assert head["license"] == "other"
    configs = head["configs"]
    assert isinstance(configs, list)
    assert {c["config_name"] for c in configs} == {t.name for t in PUBLISHED}
    assert configs[0] == {"config_name": "articles", "data_files": "articles.parquet", "default": True}


def test_it_says_what_it_was_made_with(made: Corpus) -> None:
    text = written(made)["README.md"]
    assert "000007-1f2e3d4c" in text and f"`{'r' * 32}`" in text and f"`{'m' * 32}`" in text
    assert "a" * 32 not in text, "audits make no table"
    digest = text.split("| seeds |")[1].split("`")[-2 if text.count("`") == 0 else 3]
    renamed = made.pages.with_columns(page=pl.lit("x/") + pl.col("page"))
    assert digest in written(made, pages=renamed)["README.md"], "names don't matter"
    assert digest not in written(made, pages=made.pages.head(3))["README.md"], "bytes do"


def test_errors_are_those_that_were_measured(made: Corpus) -> None:
    text = written(made)["README.md"]
    assert "| light | 0.957 |" in text
    assert "nothing has been judged yet" in text
    rows = [("p", "1", "0", "h", "body", "yes", x) for x in ["body"] * 18 + ["boilerplate"] * 2]
    found = rates(pl.DataFrame(rows, schema=list(COLUMNS), orient="row"))
    text = written(made, MADE._replace(rates=found, judged="000006-aaaaaaaa"))["README.md"]
    assert "| lines kept that should be dropped | 2 | 20 | 10.0 % |" in text
    assert "of generation `000006-aaaaaaaa`" in text and "nothing has been judged" not in text
    assert "articles that are not right" not in text, "none was judged"


def test_a_name_on_a_page_is_text(made: Corpus) -> None:
    name = "![x](http://evil.example/p.png) <script>|`\u202e\n# h"
    text = written(made, articles=made.articles.with_columns(outlet=pl.lit(name)))
    for part in text.values():
        assert "http://evil.example/p.png)" not in part.replace("\\", "") or "\\(http" in part or "<svg" in part
        assert "<script" not in part.replace("\\<script", "") and "\u202e" not in part
    assert "\n# h" not in text["README.md"]
    front(text["README.md"])


def test_the_same_tables_give_the_same_bytes_in_any_order(made: Corpus) -> None:
    shuffled = {name: frame.sample(fraction=1, shuffle=True, seed=3) for name, frame in made._asdict().items()}
    assert written(made) == written(replace_all(made, shuffled))


def replace_all(made: Corpus, frames: dict[str, pl.DataFrame]) -> Corpus:
    return made._replace(**frames)


def test_of_an_empty_corpus_there_is_a_card(made: Corpus) -> None:
    empty = {name: frame.clear() for name, frame in made._asdict().items()}
    text = written(replace_all(made, empty))
    assert front(text["README.md"])["size_categories"] == ["n<1K"]
    assert "# 0 news articles" in text["README.md"]
