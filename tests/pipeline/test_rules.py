"""Every rule at work: its example, its counter-example, and that it is missed when it is gone."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from assets.resources import Rules
from pipeline.agencies import agencies
from pipeline.lines import lines
from pipeline.matching import abridged, rule_of
from pipeline.parts import cut
from pipeline.proposals import FILL_IN
from pipeline.rulebook import IN_TEXT, Masthead, Phrase, Rule, Rulebook, Sign
from tests.pages import texts_of

BOOK = Rules().book
KEPT = tomllib.loads((Path(__file__).parents[1] / "data/rules.toml").read_text(encoding="utf-8"))
PHRASES: dict[str, str] = KEPT["rule"]
AGENCIES: dict[str, str] = KEPT["agency"]
KINDS: dict[str, str] = KEPT["kind"]
FORMS: dict[str, str] = KEPT["phrase"]
MASTHEADS: dict[str, str] = KEPT["masthead"]
each = pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)


def matched(texts: list[str], rules: Rulebook) -> list[str | None]:
    """The rule that tells each text; ask for all at once, since it is the patterns' compilation that costs."""
    return rule_of(pl.Series(texts), rules).to_list()


EXAMPLES = matched([rule.example for rule in BOOK.rules], BOOK)
RAW = pl.Series([rule.example for rule in BOOK.rules])
SIGNED = abridged(RAW, BOOK)
# every rule → the rules whose examples it would tell
TOLD = {
    rule.id: [
        r.id
        for r, hit in zip(BOOK.rules, (SIGNED if rule.abridged else RAW).str.contains(rule.whole), strict=True)
        if hit
    ]
    for rule in BOOK.rules
}
KEPT_APART = matched(list(PHRASES.values()), BOOK)


@pytest.mark.parametrize(
    ("rule", "found"), list(zip(BOOK.rules, EXAMPLES, strict=True)), ids=lambda x: getattr(x, "id", "")
)
def test_example_is_told_by_this_rule(rule: Rule, found: str) -> None:
    assert found == rule.id


@each
def test_without_the_rule_its_example_is_missed(rule: Rule) -> None:
    """Or told as something else: no rule does what another one does."""
    others = [other for other, told in TOLD.items() if rule.id in told and other != rule.id]
    same = [x for x in others if (BOOK.by_id[x].role, BOOK.by_id[x].marks) == (rule.role, rule.marks)]
    assert same == []


@each
def test_counter_example_is_left_alone(rule: Rule) -> None:
    alone = replace(BOOK, rules=(rule,))
    assert matched([rule.counter], alone) == [None]
    assert len(cut(lines(texts_of({"p": rule.counter})), [rule], pl.lit(rule.where != "line"))) == 1


@pytest.mark.parametrize("sign", BOOK.signs, ids=lambda sign: sign.id)
def test_sign_reads_its_example(sign: Sign) -> None:
    as_read = re.sub(r"\$\d", "", sign.written).strip()
    example = sign.example.translate(IN_TEXT)
    read = pl.Series([example]).str.replace_all(sign.anywhere, sign.written).item()
    assert read != example
    assert as_read in read
    assert len(sign.why) >= 10


@each
def test_why_is_given(rule: Rule) -> None:
    assert len(rule.why) >= 10


def test_no_profile_is_half_finished() -> None:
    texts = {rule.id: f"{rule.why} {rule.example} {rule.counter}" for rule in BOOK.rules}
    names = {outlet.id: outlet.name for outlet in BOOK.outlets}
    assert [id for id, text in {**texts, **names}.items() if FILL_IN in text] == []


@pytest.mark.parametrize("rule", [r for r in BOOK.rules if r.where != "line"], ids=lambda rule: rule.id)
def test_piece_is_cut_off_the_end_of_a_paragraph(rule: Rule) -> None:
    text = f"The miller closed the sluice before the rain came. {rule.example}"
    pieces = cut(lines(texts_of({"p": text})), [rule], pl.lit(True))["text"].to_list()
    assert pieces == ["The miller closed the sluice before the rain came. ", rule.example]


@pytest.mark.parametrize("rule", [r for r in BOOK.rules if r.where == "inline"], ids=lambda rule: rule.id)
def test_piece_is_not_cut_out_of_a_sentence(rule: Rule) -> None:
    text = f"The miller said that {rule.example} was all the sign outside his mill had ever said to anyone."
    assert len(cut(lines(texts_of({"p": text})), [rule], pl.lit(True))) == 1


@pytest.mark.parametrize(("rule_id", "found"), list(zip(PHRASES, KEPT_APART, strict=True)))
def test_no_rule_was_lost(rule_id: str, found: str) -> None:
    """The phrases are kept apart from the rules, so that a rule that goes takes no test with it."""
    assert found == rule_id


def test_every_rule_has_its_phrase() -> None:
    assert set(PHRASES) == {rule.id for rule in BOOK.rules}


@pytest.mark.parametrize("name", AGENCIES)
def test_no_agency_was_lost(name: str) -> None:
    named = agencies(pl.Series([AGENCIES[name]]), BOOK)
    assert name in named.to_list()[0]


@pytest.mark.parametrize("kind_id", KINDS)
def test_no_kind_was_lost(kind_id: str) -> None:
    assert [k.id for k in BOOK.kinds if pl.Series([KINDS[kind_id]]).str.contains(k.pattern).item()] == [kind_id]


def test_every_agency_and_kind_has_its_phrase() -> None:
    assert set(AGENCIES) == {agency.name for agency in BOOK.agencies}
    assert set(KINDS) == {kind.id for kind in BOOK.kinds}


@pytest.mark.parametrize("phrase", BOOK.phrases, ids=lambda phrase: phrase.id)
def test_a_phrase_is_found_in_its_example_and_not_in_its_counter_example(phrase: Phrase) -> None:
    texts = pl.Series([phrase.example, FORMS[phrase.id], phrase.counter])
    assert texts.str.contains(phrase.pattern).to_list() == [True, True, False]
    assert len(phrase.why) >= 10


def test_no_phrase_was_lost() -> None:
    assert set(FORMS) == {phrase.id for phrase in BOOK.phrases}


def captured(masthead: Masthead, text: str) -> str | None:
    """What a form of masthead finds in a text: the name, or all of what is no part of a name or no name."""
    if masthead.form in ("copyright", "address", "house"):
        cued = pl.Series([text]).str.contains_any(list(masthead.cues), ascii_case_insensitive=True).item()
        return pl.Series([text]).str.extract(masthead.pattern, 1).item() if cued else None
    start = "" if masthead.form in ("legal", "ending") else "^"
    found = pl.Series([text]).str.extract(rf"{start}({masthead.pattern})$", 1).item()
    return text.removesuffix(found) if found and not start else found


@pytest.mark.parametrize("masthead", BOOK.mastheads, ids=lambda m: m.id)
def test_a_masthead_finds_the_name_in_its_example_and_none_in_its_counter_example(masthead: Masthead) -> None:
    assert captured(masthead, masthead.example) == (masthead.name or masthead.example)
    assert captured(masthead, masthead.counter) is None
    assert len(masthead.why) >= 10


@pytest.mark.parametrize("masthead_id", MASTHEADS)
def test_no_masthead_was_lost(masthead_id: str) -> None:
    [masthead] = [m for m in BOOK.mastheads if m.id == masthead_id]
    assert captured(masthead, MASTHEADS[masthead_id])


def test_every_masthead_has_its_phrase() -> None:
    assert set(MASTHEADS) == {m.id for m in BOOK.mastheads}
