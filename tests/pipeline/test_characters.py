"""Characters: what the texts hold, as patterns would count it."""

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.characters import Characters
from pipeline.clues import of_characters

TEXTS = st.lists(
    st.text(st.sampled_from("aIÉz1٣ .,?!\u201d)“|»\u00a0日😀-"), min_size=1).map(str.strip).filter(bool), max_size=8
)

# What the clues were defined as, and the model was trained with.
COUNTED = {
    "words": r"\S+",
    "commas": r"[,،、，]",
    "stops": r"[.!?…。！？؟।](?:[\s\"'”’»)]|$)",
    "quotes": r"[\"“”„«»「」]",
    "seps": r"[|·•›»/>→]",
    "parens": r"[()\[\]]",
    "i_you": r"\bI\b",
}
BY_CHARACTER = {"digits": r"\p{N}", "upper": r"\p{Lu}", "punct": r"[\p{P}\p{S}]"}
BY_WORD = {"titled": r"(?:^|\s)[\p{P}]?\p{Lu}", "short_words": r"(?:^|\s)\p{L}{1,3}(?:\s|$)"}


@given(TEXTS)
@example(["a b c", "a  b", "d", "e f"])
@example(["-A -A", ".A", "A"])
@example([])
def test_counts_are_those_of_the_patterns(texts: list[str]) -> None:
    series = pl.Series(texts, dtype=pl.String)
    found = {name: list(x) for name, x in of_characters(series).items()}
    words, size = series.str.count_matches(r"\S+"), series.str.len_chars()
    for name, pattern in COUNTED.items():
        assert found[name] == series.str.count_matches(pattern).to_list()
    for patterns, by in ((BY_CHARACTER, size), (BY_WORD, words)):
        for name, pattern in patterns.items():
            assert found[name] == (series.str.count_matches(pattern) / by).to_list()


def test_where_a_kind_stands() -> None:
    c = Characters(pl.Series(["ab", "b é"]), {"space": r"\s", "b": "[bé]"}, ["space"])
    assert c.of("b").tolist() == [False, True, False, True, False, True, False]
    assert c.where("b").tolist() == [1, 3, 5]
    assert c.count(c.where("b")).tolist() == [1, 2]
    assert c.of("space", c.where("b") - 1).tolist() == [False, True, True]
    assert [x.tolist() for x in c.runs("space")] == [[0, 3, 5], [1, 3, 5]]


def test_before_the_first_character_stands_the_last() -> None:
    c = Characters(pl.Series(["a"]), {"space": r"\s"})
    assert c.of("space", c.runs("space")[0] - 1).tolist() == [True]
