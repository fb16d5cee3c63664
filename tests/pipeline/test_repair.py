"""Repair: what is damaged is mended, what the outlet printed stays."""

import re

import ftfy
import polars as pl
import pytest
from ftfy.badness import BADNESS_RE, MOJIBAKE_CATEGORIES, is_bad
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.repair import UNSAFE, mend, mend_all
from tests.reading import NEWS, one


@pytest.mark.parametrize(
    ("damaged", "sound"),
    [
        ("itâ€™s â€œfineâ€\x9d", "it’s “fine”"),
        ("Ã¼ber", "über"),
        ("voilÃ\xa0 le travail", "voilà le travail"),
        ("Tom &amp; Jerry &lt;live&gt;", "Tom & Jerry <live>"),
        ("one&NewLine;line &#13; only", "one line   only"),
        ("\ufeffbegin", "begin"),
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("C1: don\x92t", "C1: don’t"),
        ("ä¸\xadå›½", "中国"),
    ],
)
def test_damage_is_mended(damaged: str, sound: str) -> None:
    around = "It stayed all day long, as it does in autumn.\r\n" * 5
    row = one(f"{around}{damaged}\r\n\r\n{around}".encode())
    assert (row["text"], row["repaired"]) == (f"{around}{sound}\r\n\r\n{around}", True)


@pytest.mark.parametrize(
    "line",
    [
        "“curly” ‘quotes’ ’n’ „low“ «guillemets» – — … •",
        "ＦＵＬＬ　ｗｉｄｔｈ、全角！",
        "oﬃce ﬁne ĳs",
        "cafe\u0301 क\u093c 豈",
        "a\x0cb\u2028c\u2029d",
        "R&D, AT&T; &c.",
        "a < b &amp; c",
        "20 °C, 3 × 4 m², ½, § 5, £5 “€6”",
        "ØRSTED OG ÅRHUS, ŒUVRE",
        "ВВВВВВВВВВВВ ÂÂÂÂÂÂÂÂÂÂÂÂ¶",
        "&#0; is no character",
    ],
)
def test_what_the_outlet_printed_stays(line: str) -> None:
    row = one(f"{line}\n".encode())
    assert (row["text"], row["repaired"]) == (f"{line}\n", False)


def test_a_repair_adds_no_replacement_character() -> None:
    assert "\ufffd" in ftfy.fix_text("It said â€œno commentâ€? and left.")
    assert "\ufffd" not in mend("It said â€œno commentâ€? and left.")
    assert mend("lost \ufffd and &#0; too") == "lost \ufffd and &#0; too"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60).filter(lambda s: not set(s) & set("\r\n")))
@example("€“")
@example("”£")
@settings(max_examples=500, deadline=None)
def test_a_repair_never_breaks_lines_nor_loses_silently(line: str) -> None:
    mended = mend(line)
    assert not set(mended) & set("\r\n")
    assert mended.count("\ufffd") <= line.count("\ufffd")
    assert mend(mended) == mended


def safe(lines: list[str]) -> pl.Series:
    found = pl.Series(lines, dtype=pl.String)
    return found.filter(~found.str.contains(UNSAFE))


KNOWN = re.compile("[ŒœāàÂÃÎÐ" + "".join(MOJIBAKE_CATEGORIES.values()) + "]")
ALLOWED = safe([chr(c) for c in range(0x20, 0x30000) if not 0xD800 <= c < 0xE000]).to_list()


@given(st.lists(st.text(st.sampled_from([c for c in ALLOWED if ord(c) < 0x2200]), max_size=12), max_size=200))
@settings(max_examples=200, deadline=None)
def test_ftfy_changes_no_safe_line(lines: list[str]) -> None:
    for line in safe(lines):
        assert mend(line) == line


# Characters that stand in the same classes of its patterns, and of this list, are the same to both.
CLASSES = {c for c in re.findall(r"\[[^]]+\]", f"{BADNESS_RE.pattern}{UNSAFE}") if "&&" not in c}
LITERALS = set(re.sub(r"\[[^]]+\]|#.*|[ -~\s]", "", BADNESS_RE.pattern))


def test_ftfy_sees_no_mojibake_in_any_safe_pair() -> None:
    """Its patterns are two or three characters long: each pair that it knows of, in the contexts that matter."""
    chars = [c for c in ALLOWED if KNOWN.match(c)] + list("aZ 1?")
    assert len(chars) > 300
    pairs = [a + b for a in chars for b in chars]
    for before, after in [("", ""), ("a", "a"), (" ", " "), ("В", "В"), ("é", "“"), ("1", "€")]:
        assert not [line for line in safe([before + pair + after for pair in pairs]) if is_bad(line)]


def test_ftfy_sees_no_mojibake_in_any_safe_triple() -> None:
    """Each three characters, one that stands for all that its patterns, and the list, don't tell apart."""
    classes = [re.compile(c) for c in (*CLASSES, *LITERALS)]
    kinds = {(c.islower(), *(bool(kind.match(c)) for kind in classes)): c for c in ALLOWED}
    chars = list(kinds.values())
    assert 30 < len(chars) < 120
    for a in chars:
        assert not [line for line in safe([a + b + c for b in chars for c in chars]) if is_bad(line)]


@pytest.mark.parametrize("language", NEWS)
@pytest.mark.parametrize(
    "wrong", ["latin-1", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "mac_roman", "cp437"]
)
def test_mojibake_of_any_language_is_sent_to_ftfy(language: str, wrong: str) -> None:
    words = NEWS[language].split()
    pieces = [" ".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, min(i + 4, len(words)) + 1)]
    codec = wrong if wrong in ("latin-1", "mac_roman", "cp437") else wrong.replace("cp", "sloppy-windows-")
    damaged = [piece.encode().decode(codec) for piece in pieces]
    # What ftfy can't mend either may stay: nothing is lost by not asking it.
    assert not [line for line in safe(damaged) if mend(line) != line]


WRONG = ("latin-1", "sloppy-windows-1252", "sloppy-windows-1251", "mac_roman")
ODD = ["&amp;", "&lt;", "&amp;amp;", "&NewLine;", "&#0;", "<", "Ã ", "â€�", "\x1a", "\x92", "Â" * 9, "В" * 9, "\x1b[1m"]
HARM = st.sampled_from([None, *WRONG]).flatmap(
    lambda wrong: st.sampled_from([*NEWS.values(), "“‘é’” £5 – naïve Œuvre"]).map(
        lambda said: said.encode().decode(wrong, errors="replace") if wrong else said
    )
)


@given(
    st.lists(st.lists(st.one_of(HARM, st.sampled_from(ODD), st.text(max_size=3)), max_size=4).map("".join), max_size=8)
)
@settings(max_examples=300, deadline=None)
def test_lines_are_mended_together_as_each_alone(lines: list[str]) -> None:
    lines = [re.sub(r"[\r\n]", "", line).encode(errors="ignore").decode() for line in lines]
    assert mend_all(pl.Series(lines, dtype=pl.String)) == [mend(line) for line in lines]


def test_long_lines_are_mended_in_pieces_of_bounded_cost() -> None:
    line = "The mayorâ€™s office said â€œno commentâ€\x9d again, Tom &amp; Jerry. " * 3000
    assert mend(line) == "The mayor’s office said “no comment” again, Tom & Jerry. " * 3000
    assert mend("Ã¼" * 5000) == "ü" * 5000
    assert mend("Â" * 100_000 + "¶") == "Â" * 100_000 + "¶"
    assert mend("&" + "amp;" * 400) == "&"


def test_nuls_and_other_controls_are_dropped() -> None:
    page = "Fog over\x00 the harbour, \x07again.\n" + "It stayed all day long, as it does in autumn.\n" * 5
    row = one(page.encode())
    assert row["text"] == page.replace("\x00", "").replace("\x07", "")
    assert (row["repaired"], row["encoding"]) == (True, "utf-8")
    russian = NEWS["ru"] + "\x00 " + NEWS["ru"]
    assert one(russian.encode("cp1251"))["text"] == russian.replace("\x00", "")
