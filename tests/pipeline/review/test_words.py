"""Reasons in plain words: every reason that the code or a rule can give has some."""

import re
from pathlib import Path

import polars as pl
import pytest

from assets.reviewing import templates
from pipeline.review.words import Words, family, in_words
from pipeline.rulebook import Rulebook
from pipeline.tables import ROLES
from tests.pages import corpus_of

PIPELINE = Path(__file__).parents[3] / "pipeline"
SEEDS = Path(__file__).parents[3] / "seeds"


@pytest.fixture(scope="module")
def words(rules: Rulebook) -> Words:
    return Words.parse(templates()["words.toml"], rules)


def test_every_reason_of_the_code_has_words(words: Words) -> None:
    code = "".join(path.read_text() for path in PIPELINE.glob("*.py"))
    literal = set(re.findall(r'"((?:page|model)/[a-z-]+)"', code))
    assert {"page/teaser-block", "model/no-text"} <= literal
    assert literal | {"furniture", "repeat-of", "correction", "blank"} <= set(words.reasons)


def test_every_rule_and_kind_has_words(words: Words, rules: Rulebook) -> None:
    for x in (*rules.rules, *rules.kinds):
        assert re.fullmatch(r"[^a-z].*\.", words.reasons[x.id], re.DOTALL)
    assert set(words.roles) == set(ROLES)


def test_every_line_of_the_samples_has_words(words: Words, rules: Rulebook) -> None:
    raw = {p.name: p.read_bytes() for p in sorted(SEEDS.glob("2024-spring/*.txt"))}
    reasons = corpus_of(raw, rules).lines["reason"].unique()
    said = in_words(reasons, words)
    assert said.null_count() == 0
    assert not [x for x in said if re.search(r"[{}]|null|\.\.$", x)]
    assert not set(reasons.to_frame().select(family(pl.col("reason"))).to_series()) - set(words.reasons)


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("repeat-of:12", "It repeats line 12."),
        (
            "model/text:0.97 for: the lines after it, how long it is; against: its letters and signs",
            "The line model takes it for text (97 % sure). For that: the lines after it, how long it is. "
            "Against that: its letters and signs.",
        ),
        (
            "model/text:0.19 against: how long it is",
            "Alone, the line model would not take it for text (19 %); what stands around it decided. "
            "Against that: how long it is.",
        ),
        (
            "model/headline:0.5 against: the lines before it; an article starts:0.86",
            "The likeliest headline of its article, by the line model (50 %). Against that: the lines before it. "
            "An article starts here (86 %).",
        ),
        (
            "page/doubled-headline; an article starts:0.4",
            "It stands twice above the text, as headlines do. An article starts here (40 %).",
        ),
        ("boilerplate/share", "Label of the share buttons. "),
        ("a-rule/of-yesterday", "a-rule/of-yesterday."),
    ],
)
def test_words(words: Words, reason: str, says: str) -> None:
    assert in_words(pl.Series([reason]), words).to_list() == [says.strip()]
