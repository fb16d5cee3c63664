"""The rules as values: fragments, marks, and faults that are named with their place."""

import pytest

from pipeline.rulebook import Rulebook, RuleError

RULE = """
[[rule]]
id = "a/b"
role = "boilerplate"
pattern = 'x{word}y'
why = "a reason"
example = "xay"
counter = "xby"
"""
FRAGMENT = "[fragments]\nword = 'a|{other}'\nother = 'c'\n"
OUTLET = '[outlet]\nid = "o"\nname = "O"\nsignatures = ["a/b"]\nlayouts = ["headline {word}"]\n'


def test_rules_of_all_files_share_their_fragments() -> None:
    book = Rulebook.parse({"z.toml": FRAGMENT, "a.toml": RULE, "outlets/o.toml": OUTLET})
    assert book.by_id["a/b"].pattern == "x(?:a|(?:c))y"
    assert book.outlets[0].layouts == ("headline (?:a|(?:c))",)
    assert book.by_id["a/b"].whole == "^(?:x(?:a|(?:c))y)$"


def test_a_fragment_may_have_a_hole() -> None:
    rule = RULE.replace("x{word}y", "{told:AFP}").replace("xay", "told AFP")
    book = Rulebook.parse({"a.toml": "[fragments]\ntold = 'told @|@ said'\n" + rule})
    assert book.by_id["a/b"].pattern == "(?:told AFP|AFP said)"


def test_marks_and_roles_are_looked_up() -> None:
    book = Rulebook.parse({"a.toml": FRAGMENT + RULE + 'marks = ["truncated"]\n'})
    assert book.marked("truncated") == ["a/b"]
    assert book.marked("weak") == []
    assert book.of_role("boilerplate", "related") == ["a/b"]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"a.toml": "x = "}, "a.toml: not TOML"),
        ({"a.toml": RULE}, "a/b: no fragment word"),
        ({"a.toml": "[fragments]\nword = '{word}'\n" + RULE}, "a/b: its fragments use each other in a circle"),
        ({"a.toml": FRAGMENT + RULE.replace("x{word}y", "x(")}, "a/b: the pattern does not compile"),
        ({"a.toml": FRAGMENT + RULE.replace('why = "a reason"\n', "")}, "a/b: missing 1 required"),
        ({"a.toml": FRAGMENT + RULE + "colour = 1\n"}, "a/b: got an unexpected keyword argument 'colour'"),
        ({"a.toml": FRAGMENT + RULE.replace('"boilerplate"', '"advert"')}, "a/b: role is one of headline"),
        ({"a.toml": FRAGMENT + RULE + 'where = "top"\n'}, "a/b: where is one of line"),
        ({"a.toml": FRAGMENT + RULE + 'marks = ["odd"]\n'}, "a/b: marks is one of"),
        ({"a.toml": FRAGMENT + RULE + RULE}, "rule id used twice: a/b"),
        ({"o.toml": OUTLET, "f.toml": FRAGMENT}, "outlet o: no rule a/b"),
        ({"a.toml": FRAGMENT + RULE, "o.toml": OUTLET + 'dateline = "("'}, "o.toml: dateline: the pattern"),
        ({"a.toml": FRAGMENT + RULE, "o.toml": OUTLET + 'day_order = "MYD"'}, "o.toml: day_order is one of DMY"),
        ({"a.toml": FRAGMENT + RULE, "o.toml": OUTLET.replace("{word}", "(")}, "o.toml: layout: the pattern"),
    ],
)
def test_a_fault_is_named_with_its_place(files: dict[str, str], says: str) -> None:
    with pytest.raises(RuleError, match=says.replace("(", r"\(")):
        Rulebook.parse(files)
