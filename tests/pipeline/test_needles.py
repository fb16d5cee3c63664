"""Needles: a pattern that matches always finds one of its own in the text; most texts hold none."""

import re

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import pipeline.needles
from assets.resources import Rules
from pipeline.matching import AGE_WITHOUT_FIGURE
from pipeline.needles import EDGE, candidates, folded, matches, needles

BOOK = Rules().book
PATTERNS = {
    **{rule.id: rule.whole for rule in BOOK.rules},
    **{f"sign {sign.id}": sign.anywhere for sign in BOOK.signs},
    **{kind.id: kind.pattern for kind in BOOK.kinds},
    **{masthead.id: masthead.pattern for masthead in BOOK.mastheads},
    **{agency.name: f"(?m){agency.pattern}" for agency in BOOK.agencies},
    **{f"piece {rule.id}": f"(?m){rule.piece}" for rule in BOOK.rules if rule.where != "line"},
    "age": AGE_WITHOUT_FIGURE,
}
EXAMPLES = {rule.id: rule.example for rule in (*BOOK.rules, *BOOK.kinds, *BOOK.mastheads)}
EXAMPLES |= {f"sign {sign.id}": sign.example for sign in BOOK.signs}
EXAMPLES |= {agency.name: agency.example for agency in BOOK.agencies}
EXAMPLES |= {f"piece {rule.id}": rule.example for rule in BOOK.rules if rule.where != "line"}

# Letters whose case is odd, spaces and digits of several kinds.
LETTERS = "aAbkKKsSſßẞiIİıσςΣåÅвᲀ 0٣9.\u00a0\t"
LITERALS = st.text(st.sampled_from(LETTERS), min_size=1, max_size=3).map(re.escape)
ONES = st.sampled_from(
    [r"\d", r"\s", r"\w", r"\p{L}", "[abk]", "[^ab]", r"[\s.]", "[0-4]", ".", "^", "$", r"\b", "(?i:s)"]
)
MANY = st.recursive(
    LITERALS | ONES,
    lambda piece: (
        st.lists(piece, min_size=1, max_size=3).map("".join)
        | st.lists(piece, min_size=1, max_size=3).map(lambda x: f"(?:{'|'.join(x)})")
        | st.tuples(piece, st.sampled_from(["?", "*", "+", "{2}", "{1,2}", "{0,9}"])).map(lambda x: f"(?:{x[0]}){x[1]}")
        | piece.map(lambda x: f"(?i:{x})")
    ),
    max_leaves=6,
)
TEXTS = st.lists(st.text(st.sampled_from(LETTERS), max_size=8), min_size=5, max_size=30)


def found(texts: list[str], pattern: str, cased: bool = False) -> list[bool]:
    """Whether a pattern may match, by its needles alone."""
    [rows] = candidates(folded(pl.Series(texts, dtype=pl.String), cased), [pattern], cased)
    return [i in rows for i in range(len(texts))]


@given(MANY, TEXTS)
@example("(?i:k)", ["K", "s"])
@example("^a$|b$", ["a", "ab", "ba"])
@example("(?i:σ)s", ["ςs", "Σs"])
@example("(?i)aB(?-i:k)", ["Abk", "abK"])
@example("(?i:[ak])b", ["Ab", "aB"])
@settings(max_examples=400, deadline=None)
def test_what_a_pattern_matches_holds_one_of_its_needles(pattern: str, texts: list[str]) -> None:
    hits = pl.Series(texts, dtype=pl.String).str.contains(pattern)
    for cased in (False, True):
        assert all(may for hit, may in zip(hits, found(texts, pattern, cased), strict=True) if hit)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_rule_finds_its_example_whatever_its_case_and_spaces(name: str) -> None:
    text = EXAMPLES[name]
    forms = [text, text.upper(), text.lower(), text.replace(" ", "\u00a0"), text.replace("s", "ſ")]
    forms += [f"« {text} »", f"It rained. {text}", f"It rained.\n{text}\nIt stopped."]
    hits = pl.Series(forms).str.contains(PATTERNS[name])
    for cased in (False, True):
        assert all(may for hit, may in zip(hits, found(forms, PATTERNS[name], cased), strict=True) if hit)


def test_every_letter_is_folded_as_patterns_fold_it() -> None:
    """Of all characters, those that a pattern takes for a letter of the rules where case is ignored."""
    everything = pl.Series([chr(c) for c in range(1, 0x2FFFF) if not 0xD800 <= c < 0xE000])
    letters = {c for pattern in PATTERNS.values() for c in pattern.lower() if c.isalpha()}
    haystacks = folded(everything)
    for letter in letters:
        alike = haystacks.filter(everything.str.contains(f"(?i){letter}"))
        assert set(alike) == {EDGE + needle + EDGE for needle in needles(letter) or ()}


def test_digits_and_spaces_are_folded_as_patterns_know_them() -> None:
    everything = pl.Series([chr(c) for c in range(1, 0x2FFFF) if not 0xD800 <= c < 0xE000])
    assert set(folded(everything.filter(everything.str.contains(r"\d")))) == {f"{EDGE}0{EDGE}"}
    assert set(folded(everything.filter(everything.str.contains(r"\s")))) == {f"{EDGE} {EDGE}"}


def test_nearly_all_rules_have_needles() -> None:
    """A rule without any is tried on every line."""
    assert [rule.id for rule in BOOK.rules if not needles(rule.whole)] == ["byline/name"]


def test_case_tells_an_agency_from_a_word() -> None:
    [agency] = [agency for agency in BOOK.agencies if agency.name == "EFE"]
    assert found(["The referee was preferred.", "(EFE)"], f"(?m){agency.pattern}", cased=True) == [False, True]


def test_few_lines_hold_needles() -> None:
    sentence = "The ferries that were held in the harbour of Kelmore have sailed again"
    rows = candidates(folded(pl.Series([sentence])), [rule.whole for rule in BOOK.rules])
    assert sum(map(len, rows)) == 1


def test_needles_are_found_as_one_pattern_as_they_are_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, patterns = folded(pl.Series(list(EXAMPLES.values()))), [rule.whole for rule in BOOK.rules]
    spelt = candidates(texts, patterns)
    monkeypatch.setattr(pipeline.needles, "SPELT", 0)
    pipeline.needles._sought.cache_clear()
    for found, expected in zip(candidates(texts, patterns), spelt, strict=True):
        assert found.equals(expected)
    pipeline.needles._sought.cache_clear()


def test_matches() -> None:
    texts = pl.Series(["Two hours AGO", "agony", "", "nothing"])
    assert matches(texts, folded(texts), AGE_WITHOUT_FIGURE).to_list() == [True, False, False, False]
    none = pl.Series([], dtype=pl.String)
    assert matches(none, folded(none), "a").to_list() == []
