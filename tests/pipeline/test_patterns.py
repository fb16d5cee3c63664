"""Patterns in threads of their own find what they find anywhere, however many there are."""

import polars as pl
import pytest

from pipeline import patterns
from pipeline.patterns import PATTERNS, contains, extracted, kept, places, replaced

TEXTS = pl.Series("text", ["Swans on 3 May", None, "", "Ärger 12 Mai, 4 Uhr"])


def test_they_find_what_polars_finds() -> None:
    day = r"(\d+) (?:May|Mai)"
    assert contains(TEXTS, day).equals(TEXTS.str.contains(day), null_equal=True)
    assert replaced(TEXTS, r"\d+", "#").equals(TEXTS.str.replace_all(r"\d+", "#"), null_equal=True)
    assert extracted(TEXTS, day).equals(TEXTS.str.extract(day, 1), null_equal=True)
    assert places(TEXTS, r"\d").equals(TEXTS.str.find(r"\d"), null_equal=True)
    assert extracted(TEXTS.clear(), day).to_list() == []


def test_a_group_that_takes_no_part_is_null() -> None:
    assert extracted(pl.Series(["ab", "b", "c"]), "(a)?b").to_list() == ["a", None, None]


def test_each_has_its_thread_and_a_thread_few(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    monkeypatch.setattr(patterns, "_number", {})
    names = [kept(f"{i}", lambda: threading.current_thread().name) for i in range(3 * PATTERNS)]
    assert names == [kept(f"{i}", lambda: threading.current_thread().name) for i in range(3 * PATTERNS)]
    assert max(names.count(name) for name in names) == PATTERNS


def test_more_than_all_threads_keep_are_found_too() -> None:
    words = [f"w{i}x" for i in range(patterns.PATTERNS * patterns.THREADS + 3)]
    texts = pl.Series(words)
    assert [contains(texts, word).arg_true().to_list() for word in words[-3:]] == [[len(words) - i] for i in (3, 2, 1)]


def test_a_fault_is_raised_where_it_was_asked() -> None:
    with pytest.raises(pl.exceptions.ComputeError):
        contains(TEXTS, "(")
