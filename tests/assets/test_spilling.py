"""Shares in files: the same as in memory, and gone with their step; whole runs in many shares give the same bytes."""

from pathlib import Path

import polars as pl
import pytest
from drops import product, run

from assets import flow, spilling
from pipeline import dedup, publish
from pipeline.shares import Pieces, in_memory

SAMPLES = Path(__file__).parents[2] / "seeds"


def pieces() -> Pieces:
    for n in range(30):
        yield n % 4, pl.DataFrame({"text": [f"line {n} of some length", None], "of": [[n], []], "n": [n, -n]})


@pytest.mark.parametrize("held", [0, 200, 1 << 20])
def test_shares_in_files_are_those_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int) -> None:
    monkeypatch.setattr(spilling, "HELD", held)
    expected = in_memory(pieces())
    with spilling.spilling(tmp_path) as shelve:
        shelf, other = shelve(pieces()), shelve([])
        assert len(shelf) == 4 and len(other) == 0 and list(other) == []
        assert bool(list(tmp_path.rglob("*.arrow"))) == (held < 1 << 20)
        for _ in range(2):
            assert all(a.equals(b) for a, b in zip(shelf, expected, strict=True))
    assert list(tmp_path.iterdir()) == []


def test_a_step_that_fails_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spilling, "HELD", 0)
    with pytest.raises(ZeroDivisionError), spilling.spilling(tmp_path) as shelve:
        shelve(pieces())
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_how_much_is_in_memory_at_a_time_changes_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(SAMPLES, tmp_path / "one")
    monkeypatch.setattr(spilling, "HELD", 0)
    for name, rows in (("BATCH", 3), ("CONTEXTS_HELD", 20), ("POSTINGS_HELD", 100), ("ARTICLES_HELD", 3)):
        monkeypatch.setattr(flow, name, rows)
    monkeypatch.setattr(publish, "SHARE_WORDS", 300)
    monkeypatch.setattr(dedup, "PAIRS", 2)
    run(SAMPLES, tmp_path / "many")
    assert product(tmp_path / "many") == product(tmp_path / "one")
    assert (tmp_path / "many/changes.parquet").read_bytes() == (tmp_path / "one/changes.parquet").read_bytes()
