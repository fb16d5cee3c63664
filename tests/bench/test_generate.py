"""The corpus generator: the same pages for the same seed, and what stands on them."""

from itertools import islice
from pathlib import Path

import pytest

from bench import generate
from pipeline.repair import UNSAFE, mend


@pytest.fixture(scope="module")
def pages() -> list[generate.Page]:
    return list(generate.pages(2.0))


def test_the_same_seed_gives_the_same_pages_and_another_one_others(pages: list[generate.Page]) -> None:
    assert list(generate.pages(2.0)) == pages
    others = list(generate.pages(0.1, seed=8))
    assert not {page.text for page in others} & {page.text for page in pages}


def test_a_larger_corpus_begins_with_the_smaller_one(pages: list[generate.Page]) -> None:
    smaller = list(generate.pages(0.7))
    assert smaller == pages[: len(smaller)]
    assert 0.7e6 <= sum(len(page.text.encode()) for page in smaller) < 0.7e6 + len(smaller[-1].text.encode())


def test_pages_are_as_long_as_real_ones_and_of_several_languages(pages: list[generate.Page]) -> None:
    sizes = sorted(len(page.text.encode()) for page in pages)
    assert 5_000 < sizes[len(sizes) // 2] < 12_000
    assert sizes[len(sizes) // 20] > 1_500
    text = "".join(page.text for page in pages)
    for words in (" the ", " und ", " dans ", " según ", " için ", "について"):
        assert words in text


def test_articles_come_back_in_other_outlets(pages: list[generate.Page]) -> None:
    outlets: dict[str, set[str]] = {}
    for page in pages:
        for line in page.text.split("\n"):
            if len(line) > 150:
                outlets.setdefault(line, set()).add(page.outlet)
    shared = sum(len(names) > 1 for names in outlets.values()) / len(outlets)
    assert 0.01 < shared < 0.2


def test_some_pages_are_damaged_so_that_it_can_be_mended() -> None:
    said = "“Ferries” sailed to Åhus – at last. それ"
    assert generate.wrongly_read(said) != said
    assert mend(generate.wrongly_read(said)) == said


def test_a_few_of_the_lines_need_a_look_at_their_characters(pages: list[generate.Page]) -> None:
    import polars as pl

    lines = pl.Series([line for page in pages for line in page.text.split("\n")])
    assert 0.0005 < lines.str.contains(UNSAFE).mean() < 0.03


def test_files_hold_the_pages_a_thousand_to_a_folder(tmp_path: Path) -> None:
    folder = generate.write(tmp_path / "files", 0.05)
    found = sorted(folder.rglob("*.txt"))
    written = list(generate.pages(0.05))
    assert [file.relative_to(folder).as_posix() for file in found] == [page.name for page in written]
    assert [file.read_bytes().decode() for file in found] == [page.text for page in written]


def test_words_follow_their_language() -> None:
    room = generate.Newsroom()
    room.start(0)
    english = next(t for t in room.tongues if t.code == "en")
    words = " ".join(room.sentences(english, 200)).lower().split()
    common = set(islice(english.words, english.first))
    assert 0.3 < sum(word.strip(",.“”") in common for word in words) / len(words) < 0.6
