"""Texts are compared once, and what is remembered of them changes nothing."""

from pathlib import Path

import polars as pl
import pytest
from drops import Drops, product, run

from assets import comparing


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[frozenset[str]]:
    """The pairs of pages whose texts are compared from now on."""
    pairs: list[frozenset[str]] = []
    compare = comparing.compare

    def spying(some: pl.DataFrame, rows: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
        page = dict(rows.select("row", "page").rows())
        pairs.extend(frozenset((page[a], page[b])) for a, b in some.select("row", "kept").rows())
        return compare(some, rows, texts)

    monkeypatch.setattr(comparing, "compare", spying)
    return pairs


def test_a_new_page_has_only_its_own_pairs_compared(tmp_path: Path, compared: list[frozenset[str]]) -> None:
    where, data = tmp_path / "seeds", tmp_path / "data"
    made = Drops(where, 1)
    title, *paragraphs = "Ferry strike ends in the old harbour", *(made.paragraph() for _ in range(5))
    for n in range(3):  # each lacks another paragraph
        text = [title, *(p for k, p in enumerate(paragraphs) if k != n)]
        (where / f"a/{n}.txt").write_text("\n\n".join(text) + "\n")
    run(where, data)
    assert set(compared) == {frozenset((f"a/{a}.txt", f"a/{b}.txt")) for a, b in ((0, 1), (0, 2), (1, 2))}
    compared.clear()
    (where / "b/4.txt").write_text("\n\n".join([title, *paragraphs]) + "\n")
    (where / "b/5.txt").write_text(made.page())
    run(where, data)
    assert compared and all("b/4.txt" in pair for pair in compared)
    compared.clear()
    (where / "b/4.txt").unlink()
    (where / "b/5.txt").unlink()
    run(where, data)
    assert not compared, "pairs that were there all the time"
    run(where, tmp_path / "fresh")
    assert product(data) == product(tmp_path / "fresh")


def test_what_is_remembered_may_be_lost(tmp_path: Path) -> None:
    where, data = tmp_path / "seeds", tmp_path / "data"
    made = Drops(where, 2)
    made.drop(20)
    run(where, data)
    (data / "staging/compared.json").unlink()
    made.drop(3)
    run(where, data)
    run(where, tmp_path / "fresh")
    assert product(data) == product(tmp_path / "fresh")
