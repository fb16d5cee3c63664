"""What a page is where it holds no article, and whether it is wrapped."""

import polars as pl
import pytest

from pipeline.kinds import kinds
from pipeline.rulebook import Rulebook
from tests.ledger import split_output, texts_for

PROSE = "The ferries that lay in the harbour of Kelmore for three days have sailed again at noon, the owners said. " * 2


def kind(rules: Rulebook, *texts: str, role: str = "boilerplate") -> tuple[str, str]:
    lines = split_output({"a": "\n".join(f"{role} {t}" if t else "" for t in texts)})
    out = kinds(lines, texts_for(lines), rules).row(0, named=True)
    assert out["n_articles"] == 0
    return out["kind"], out["kind_reason"]


def test_every_kind_rule_keeps_its_promise(rules: Rulebook) -> None:
    for rule in rules.kinds:
        assert pl.Series([rule.example, rule.counter]).str.contains(rule.pattern).to_list() == [True, False], rule.id
        assert kind(rules, "Kelmore Post", rule.example) == (rule.kind, rule.id)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["404 Not Found"], ("error", "error/not-found")),
        (["Kelmore Post", "Oops! That page can’t be found."], ("error", "error/not-found")),
        (["Seite nicht gefunden"], ("error", "error/not-found")),
        (["Access Denied", "You don't have permission to access this server."], ("error", "error/denied")),
        (["502 Bad Gateway"], ("error", "error/server")),
        (["Just a moment..."], ("error", "error/robot-check")),
        (["We value your privacy", "Accept all"], ("consent", "consent/cookie-wall")),
        (["Mit Werbung weiterlesen"], ("consent", "consent/cookie-wall")),
        (["Subscribe to continue reading"], ("other", "other/login-wall")),
        (["", ""], ("empty", "page/empty")),
        (["Home", "World", "Boats return", "Prices fall", "Bridge opens"], ("listing", "page/listing")),
        (["Home", "World"], ("other", "page/other")),
        ([PROSE, "Home", "World", "Boats return", "Prices fall"], ("other", "page/other")),
        ([PROSE, *["Boats return"] * 9], ("listing", "page/listing")),
        # A banner on a long page is furniture; an error is the page's own word.
        (["Accept all", *["Boats return"] * 40], ("listing", "page/listing")),
        (["Page not found", *["Boats return"] * 60], ("error", "error/not-found")),
    ],
)
def test_kinds(rules: Rulebook, texts: list[str], expected: tuple[str, str]) -> None:
    assert kind(rules, *texts) == expected


def test_a_page_with_an_article_is_that_whatever_else_it_says(rules: Rulebook) -> None:
    lines = split_output({"a": "headline Page not found\nbody Boats sailed.\nheadline Two\nbody More."})
    out = kinds(lines, texts_for(lines), rules).row(0, named=True)
    assert (out["kind"], out["kind_reason"], out["n_articles"]) == ("articles", "page/articles", 2)


def test_a_page_without_lines_is_empty(rules: Rulebook) -> None:
    lines = split_output({"a": "body Boats"})
    out = kinds(lines.head(0), texts_for(lines), rules).row(0, named=True)
    assert (out["kind"], out["n_articles"], out["wrapped"]) == ("empty", 0, False)


def test_wrapped_is_a_page_with_a_paragraph_on_several_lines(rules: Rulebook) -> None:
    lines = split_output({"a": "body Boats sailed.", "b": "body Boats sailed.\nbody They came back."})
    printed = [{"text": "They", "joined": None}, {"text": "came back.", "joined": " "}]
    lines = lines.with_columns(printed=pl.Series([None, None, printed], dtype=lines.schema["printed"]))
    out = kinds(lines, texts_for(lines), rules)
    assert out.select("page", "wrapped").rows() == [("a", False), ("b", True)]


def test_parts_are_joined_before_they_are_measured(rules: Rulebook) -> None:
    lines = split_output({"a": "boilerplate Page not || boilerplate found"})
    assert kinds(lines, texts_for(lines), rules)["kind"].to_list() == ["error"]
