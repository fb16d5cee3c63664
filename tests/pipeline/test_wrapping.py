"""Hard-wrapped pages: which are, which lines make one paragraph, and the way back to the lines as printed."""

import random
import textwrap

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.lines import lines
from pipeline.wrapping import as_printed
from tests.grammar import Page, pages
from tests.pages import texts_of
from tests.wrapped import wrap

FERRIES = (
    "The ferries that lay in the harbour of Kelmore for three days have sailed again at noon, and the pilots who had "
    "waited for them on the quay went home to sleep, said the harbour master, who had not slept himself."
)
SWANS = (
    "The swans left the pond behind the mill of Dunwick on Monday morning when the miller closed the sluice, and they "
    "have not come back since, although the children of the village put out bread for them every evening."
)
BRIDGE = (
    "Nobody knows who painted the old railway bridge of Tessin yellow in the night to Sunday, but the mayor has asked "
    "whoever it was to come back and to paint the other side as well, since half a bridge looks like an accident."
)
TEXTS = [FERRIES, SWANS, BRIDGE]
SPACED = "\n\n".join(TEXTS)


def rows(text: str) -> list[str]:
    """The solid lines that the next step sees."""
    return [x.strip() for x in lines(texts_of({"p": text}))["text"].to_list() if x.strip()]


def is_wrapped(text: str) -> bool:
    return lines(texts_of({"p": text}))["printed"].is_not_null().any()


@pytest.mark.parametrize("width", [40, 60, 66, 72, 78, 80, 100])
def test_a_paragraph_is_one_row(width: int) -> None:
    assert rows(wrap(SPACED, width)) == TEXTS


def test_the_row_stands_where_its_first_line_does_and_counts_blank_lines() -> None:
    page = wrap("\n\n\n".join(["Ferries sail again", *TEXTS]), 72)
    got = lines(texts_of({"p": page})).filter(pl.col("trimmed") != "")
    assert got["line_no"].to_list() == [1, 4, 9, 15]
    assert got["gap"].to_list() == [0, 2, 2, 2]
    assert got["width"].to_list() == [18, len(FERRIES), len(SWANS), len(BRIDGE)]
    assert got["prose"].to_list() == [False, True, True, True]


def test_a_headline_over_two_lines_is_one_and_short_lines_stay_alone() -> None:
    head = "Ferries of Kelmore sail again after three days in which nobody could reach the islands"
    page = ["Kelmore Post", "News", head, "By Mara Quill", "March 4, 2024", FERRIES, SWANS, "TT", BRIDGE, "Share"]
    assert rows(wrap("\n".join(page), 72)) == page


def test_a_line_given_twice_begins_a_paragraph_even_behind_a_full_one() -> None:
    caption = "A ferry lies in the harbour of Kelmore on its third day without a pilot"
    page = [caption, caption, "", *TEXTS]
    assert len(caption) == 71
    assert rows(wrap("\n".join(page), 72)) == [caption, caption, *TEXTS]


def test_a_full_line_that_ends_a_paragraph_elsewhere_ends_one_here() -> None:
    head = "Ferries of Kelmore sail again after three days without a pilot aboard"
    page = [head, "", *TEXTS, "", head, "Kelmore people waited on the quay."]
    assert len(head) == 69
    assert rows(wrap("\n".join(page), 72)) == [x for x in page if x]


def test_a_full_line_that_ends_in_a_credit_ends_a_caption() -> None:
    caption = "A ferry lies in the harbour of Kelmore on its third day (Owen Tidewell)"
    page = [*TEXTS, "", caption, "Share"]
    assert len(caption) == 71
    assert rows(wrap("\n".join(page), 72)) == [x for x in page if x]


def test_a_full_line_that_ends_a_sentence_runs_on_where_paragraphs_stand_apart() -> None:
    long = "On the pond of the mill there is no one who minds, and all of us know it. Then they left. " + SWANS
    assert rows(wrap(f"{SPACED}\n\n{long}", 72)) == [*TEXTS, long]


def test_and_ends_its_paragraph_where_they_do_not() -> None:
    first = "On the pond of the mill there is no one who minds, and all know it now."
    assert len(first) == 71
    assert rows(wrap("\n".join([*TEXTS, first, SWANS]), 72)) == [*TEXTS, first, SWANS]


def test_indented_first_lines_and_an_indented_page() -> None:
    page = "\n".join("    " + wrap("xxxx" + x, 72)[4:] for x in TEXTS)
    assert rows(page) == TEXTS
    assert rows(textwrap.indent(wrap(SPACED, 69), "   ")) == TEXTS


def test_items_of_a_list_are_not_joined_but_their_lines_are() -> None:
    items = [f"• {x}" for x in TEXTS]
    hanging = "\n".join(textwrap.fill(x, 72, subsequent_indent="  ") for x in items)
    assert rows(hanging) == items
    assert rows(wrap("\n".join(items), 72)) == items


@pytest.mark.parametrize(
    ("first", "second", "want"),
    [
        ("well-", "known skipper who pays", "well-known skipper"),
        ("exam\xad", "ple of a skipper", "exam\xadple of"),
        ("Vor-", "und Nachteile der Fähre", "Vor- und Nachteile"),
        ("well -", "known to all the pilots", "well - known"),
        ("well", "known to all the pilots", "well known"),
    ],
)
def test_what_joins_two_lines(first: str, second: str, want: str) -> None:
    line = "the ferry of Kelmore was mended by the whole of its crew at the pier and"
    line = line[: 71 - len(first)] + " " + first
    assert want in rows(f"{wrap(SPACED, 72)}\n\n{line}\n{second}.")[-1]


def test_a_script_without_spaces_is_joined_without_them() -> None:
    texts = [
        "港の渡し船は三日のあいだ桟橋に留まっていたが、月曜日の正午に四十人の乗客と一匹の山羊を乗せて再び島へ向かった。",
        "水車小屋の裏の池から白鳥がいなくなったのは、粉屋が水門を閉めた朝のことで、それから一羽も戻って来ていない。",
        "町長は、古い鉄道橋を夜のうちに黄色く塗った人に、もう片側も塗りに戻って来てほしいと呼びかけている。",
    ]
    page = "\n\n".join("\n".join(x[i : i + 40] for i in range(0, len(x), 40)) for x in texts)
    assert rows(page) == texts


@pytest.mark.parametrize("width", [60, 72, 80])
def test_words_that_were_cut_at_the_limit_are_whole_again(width: int) -> None:
    cut = ["\n".join(x[i : i + width] for i in range(0, len(x), width)) for x in TEXTS * 5]
    assert rows("\n\n".join(cut)) == TEXTS * 5
    bare = ["\n".join(line.rstrip() for line in x.split("\n")) for x in cut]  # white space at line ends lost
    assert rows("\n\n".join(bare)) == TEXTS * 5


VERSE = """
The miller went down to the water at noon
and called to the swans by their names,
but the swans had all left for the side of the moon
where nobody minds and nobody blames
the miller who goes to the pond in the night
with bread in his hat and a lamp for a light
and sings to the weeds and the reeds and the rain
until all of the swans have come back again,
and the pond is a pond, and the mill is a mill,
and the miller goes home
and the water is still
"""
TABLE = "\n".join(
    f"{name:<24}{a:>12}{b:>12}{c:>12}{d:>12}"
    for name, a, b, c, d in [
        ("ferries, small", 12, 40, 31, 7),
        ("ferries, large", 8, 44, 28, 9),
        ("barges", 10, 38, 30, 5),
        ("tugs with a pilot", 9, 42, 33, 6),
        ("tugs without", 11, 39, 29, 8),
    ]
)
LISTING = "\n".join(
    [
        "Ferries of Kelmore sail again after three days in port",
        "Swans leave the pond of Dunwick",
        "Who painted the railway bridge of Tessin yellow in the night?",
        "Mayor of Brackwater asks for quiet on Sundays",
        "Goat travels to the islands without a ticket, for the third time",
        "Mill to close its sluice until spring",
        "Pilots sleep through their own party",
    ]
)
LINKS = "\n".join(
    ["The ferries that lay in the", "harbour of Kelmore", "have sailed, said", "the harbour master", "on"] * 3
)


@pytest.mark.parametrize(
    "text",
    [VERSE, TABLE, LISTING, LINKS, "\n".join(TEXTS), SPACED, f"{LINKS}\n{SPACED}", f"{VERSE}\n{SPACED}", "", "\n\n"],
    ids=["verse", "table", "listing", "links", "paragraphs", "spaced", "links, text", "verse, text", "empty", "blank"],
)
def test_not_wrapped(text: str) -> None:
    assert not is_wrapped(text)


def test_too_few_breaks_to_tell() -> None:
    assert not is_wrapped(wrap("\n\n".join([FERRIES[:100], SWANS[:100]]), 72))


@given(st.lists(pages(), min_size=1, max_size=6))
@settings(max_examples=50)
def test_pages_of_known_layouts_are_not_wrapped(drawn: list[Page]) -> None:
    got = lines(texts_of({f"{i}": page.text for i, page in enumerate(drawn)}))
    assert got["printed"].null_count() == got.height


@given(st.lists(pages(), min_size=1, max_size=6), st.integers(60, 80))
@settings(max_examples=50)
def test_paragraphs_that_stand_apart_are_rows_again(drawn: list[Page], width: int) -> None:
    for page in drawn:
        said = [x.strip() for x in page.text.split("\n") if x.strip()]
        text = wrap("\n\n".join(said), width)
        if is_wrapped(text):
            assert rows(text) == said


def cut_up(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Each row's text cut at random places, as promos are cut out of it."""
    rnd, out = random.Random(seed), []
    for row in frame.iter_rows(named=True):
        if not row["text"]:
            out.append(row)
            continue
        at = sorted({0, *(rnd.randrange(len(row["text"]) + 1) for _ in range(rnd.randrange(3)))} - {len(row["text"])})
        pieces = [row["text"][a:b] for a, b in zip(at, [*at[1:], None], strict=True)]
        out += [row | {"text": piece, "part": n if len(pieces) > 1 else 0} for n, piece in enumerate(pieces, 1)]
    return pl.DataFrame(out, schema=frame.schema, orient="row")


@given(pages(), st.integers(40, 80), st.integers(0, 10**6), st.sampled_from(["", "  ", " \t"]))
@settings(max_examples=60)
def test_the_lines_as_printed_come_back_whatever_was_cut(page: Page, width: int, seed: int, indent: str) -> None:
    text = textwrap.indent(wrap(page.text, width), indent)
    got = as_printed(cut_up(lines(texts_of({"p": text})), seed))
    whole = got.group_by("line_no", maintain_order=True).agg(
        pl.col("text").str.join(""), "part", pl.col("joined").n_unique()
    )
    assert whole["line_no"].to_list() == list(range(1, whole.height + 1))
    assert "\n".join(whole["text"]) + "\n" == text
    assert set(whole["joined"]) == {1}
    for parts in whole["part"]:
        assert parts.to_list() in ([0], list(range(1, len(parts) + 1)))


def test_a_piece_may_begin_and_end_inside_a_line() -> None:
    frame = lines(texts_of({"p": wrap(SPACED, 72)})).filter(pl.col("printed").is_not_null()).head(1)
    a, b = FERRIES.index("have sailed"), FERRIES.index(", said")
    pieces = pl.concat(
        [
            frame.with_columns(text=pl.lit(x), role=pl.lit(r))
            for x, r in [(FERRIES[:a], "a"), (FERRIES[a:b], "b"), (FERRIES[b:], "c")]
        ]
    )
    assert as_printed(pieces).select("line_no", "part", "text", "role", "joined").rows() == [
        (1, 1, "The ferries that lay in the harbour of Kelmore for three days ", "a", None),
        (1, 2, "have", "b", None),
        (2, 0, "sailed again at noon, and the pilots who had waited for them on the quay", "b", " "),
        (3, 1, "went home to sleep", "b", " "),
        (3, 2, ", said the harbour master, who had not slept himself.", "c", " "),
    ]
