"""Duplicates and stories among many rows: crowded indexes, the properties, planted copies. All text invented."""

import itertools
import random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import dedup as module
from pipeline import links, shingles
from pipeline.dedup import dedup
from tests.copies import DAY, EARLY, LATE, WHOLE, digest, folded, grouped, row, table, text, words


def test_wire_copies_of_many_outlets_do_not_hide_an_outlets_own_duplicate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(links, "HOLDERS", 2)
    rows = [row(WHOLE, f"p{i}", outlet=f"Outlet {i}", title="Same one") for i in range(9)]
    cut = " ".join(WHOLE.split()[:150])
    assert folded(*rows, row(cut, "x", outlet="Outlet 8", title="Same one")) == {"x": "p8"}
    assert len(grouped(*rows)) == 1


def test_boilerplate_shared_by_all_does_not_hide_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """With lists of two representatives those of the boilerplate are full; those of the articles are not."""
    monkeypatch.setattr(links, "HOLDERS", 2)
    boilerplate = text(90, 30)
    bodies = [f"{text(60, 31 + i)} {boilerplate}" for i in range(8)]
    rows = [row(body, f"a{i}") for i, body in enumerate(bodies)]
    copies = [row(" ".join(body.split()[:148]), f"b{i}") for i, body in enumerate(bodies)]
    assert folded(*rows, *copies) == {f"b{i}": f"a{i}" for i in range(8)}


def test_results_do_not_depend_on_hash_values_or_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = table(*planted(random.Random(5)))
    before = dedup(rows)
    monkeypatch.setattr(shingles, "HASH_SEED", 12345)
    monkeypatch.setattr(shingles, "SLICE", 3)
    for a, b in zip(before, dedup(rows), strict=True):
        assert a.equals(b)


# --- properties

PIECES = [text(n, 100 + i) for i, n in enumerate((3, 6, 9, 14, 20, 30, 45, 60))]


@st.composite
def corpora(draw: st.DrawFn) -> pl.DataFrame:
    """Few pieces of text in many combinations, so that rows share much, little or nothing."""
    rows: list[dict[str, Any]] = []
    for i in range(draw(st.integers(0, 9))):
        body = " ".join(draw(st.lists(st.sampled_from(PIECES), max_size=5)))
        same_bytes = draw(st.booleans()) and rows
        rows.append(
            row(
                body,
                f"p{i}",
                page_id=rows[-1]["page_id"] if same_bytes else digest(i),
                outlet=draw(st.sampled_from([None, "Harbour Gazette", "Hill Post"])),
                site=draw(st.sampled_from([None, "one.test", "two.test"])),
                title=draw(st.sampled_from([None, "Tide falls", "Tide falls again today", "Hill school opens"])),
                fetched_at=draw(st.sampled_from([None, EARLY, LATE])),
                date=draw(st.sampled_from([None, DAY])),
                truncated=draw(st.booleans()),
            )
        )
    return table(*rows)


@settings(deadline=None, max_examples=80)
@given(corpora(), st.randoms(use_true_random=False))
def test_properties(corpus: pl.DataFrame, rng: random.Random) -> None:
    duplicates, stories = dedup(corpus)
    order = list(range(len(corpus)))
    rng.shuffle(order)
    again = dedup(corpus[order])
    assert duplicates.equals(again[0]) and stories.equals(again[1]), "order of the rows"

    gone = set(duplicates.select("page", "article_no").rows())
    stand = set(duplicates.select("kept_page", "kept_article_no").rows())
    every = set(corpus.select("page", "article_no").rows())
    assert len(gone) == len(duplicates) and gone <= every, "folded once"
    assert stand <= every - gone, "what stands for others is not folded"

    kept = corpus.join(duplicates, on=["page", "article_no"], how="anti")
    assert kept["article_id"].is_unique().all()
    twice, same_stories = dedup(kept)
    assert len(twice) == 0, "a second pass folds nothing"
    assert same_stories.equals(stories)

    assert set(stories.select("page", "article_no").rows()) <= every - gone
    assert (stories.group_by("story_id").len()["len"] >= 2).all()
    named = stories.join(corpus.drop("article_id"), on=["page", "article_no"])
    pairs = named.join(named, left_on="story_id", right_on="article_id", suffix="_of_it")
    one = pl.col("outlet").eq(pl.col("outlet_of_it")) | (
        pl.any_horizontal(pl.col("outlet", "outlet_of_it").is_null()) & pl.col("site").eq(pl.col("site_of_it"))
    )
    assert len(pairs.filter(one, pl.col("article_id") != pl.col("story_id"))) == 0, "one outlet's"
    assert stories.group_by("story_id").agg((pl.col("article_id") == pl.col("story_id")).sum() == 1)["article_id"].all()


@settings(deadline=None, max_examples=60)
@given(corpora(), st.integers(2, 20), st.integers(1, 8))
def test_lots_change_nothing(corpus: pl.DataFrame, lots: int, holders: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(links, "HOLDERS", holders)
        patch.setattr(module, "PAIRS", 50_000 if lots % 2 else 1)
        for a, b in zip(dedup(corpus, lots), dedup(corpus), strict=True):
            assert a.equals(b)


def grams(body: str) -> set[tuple[str, ...]]:
    tokens = body.split()
    return {tuple(tokens[i : i + 5]) for i in range(len(tokens) - 4)}


@settings(deadline=None, max_examples=60)
@given(corpora())
def test_similarities_are_those_of_sets_of_words(corpus: pl.DataFrame) -> None:
    """The vectorised counts against a plain loop, and nothing that should be folded among the rows that stay."""
    duplicates, stories = dedup(corpus)
    body = {
        (page, no): (grams(b), h)
        for page, no, b, h in corpus.select("page", "article_no", "body", "text_hash").iter_rows()
    }
    for found in duplicates.rows(named=True):
        (own, own_hash), (held, held_hash) = (
            body[found["page"], found["article_no"]],
            body[found["kept_page"], found["kept_article_no"]],
        )
        if own_hash != held_hash and len(own) > 3:
            assert found["similarity"] == round(len(own & held) / len(own), 4)
    kept = corpus.join(duplicates, on=["page", "article_no"], how="anti").drop_nulls("outlet")
    for a, b in itertools.combinations(kept.sort("n_words", descending=True).rows(named=True), 2):
        whole, part = grams(a["body"]), grams(b["body"])
        if (
            a["outlet"] == b["outlet"]
            and a["title"] == b["title"] is not None
            and b["n_words"] < a["n_words"]
            and b["n_words"] >= 8
        ):
            share = module.UPDATED if len(a["title"].split()) >= module.TITLE_WORDS else module.SAME
            assert len(whole & part) < share * len(part)
    assert set(stories["similarity"] >= module.STORY) <= {True}


# --- planted copies


def sentences(n: int, seed: int) -> list[str]:
    return [" ".join(words(18, seed * 1000 + i)).capitalize() + "." for i in range(n)]


def rewritten(body: list[str], share: float, rng: random.Random) -> str:
    """A word changed in `share` of the sentences."""
    out = list(body)
    for i in rng.sample(range(len(body)), round(share * len(body))):
        tokens = out[i].split()
        tokens[rng.randrange(len(tokens))] = "quorl"
        out[i] = " ".join(tokens)
    return " ".join(out)


def planted(rng: random.Random) -> list[dict[str, Any]]:
    """For each of 12 articles a (original), e (edited), t (cut), w (wire copy elsewhere, with a lead of its
    own); all share one background paragraph."""
    background = " ".join(sentences(5, 999))
    rows = []
    for n in range(12):
        body = sentences(20, n)
        share = (0.1, 0.2, 0.3, 0.4)[n % 4]
        rows += [
            row(f"{' '.join(body)} {background}", f"a{n}"),
            row(f"{rewritten(body, share, rng)} {background}", f"e{n}", page_id=f"~{n}"),
            row(" ".join(" ".join(body).split()[: rng.randint(40, 300)]) + "…", f"t{n}", truncated=True),
            row(f"{' '.join(sentences(8, 50 + n) + body[3:])}", f"w{n}", outlet="Hill Post"),
        ]
    return rows


def test_planted_copies_are_found_and_neighbours_are_not_folded() -> None:
    rows = planted(random.Random(4))
    duplicates, stories = dedup(table(*rows))
    found = dict(duplicates.select("page", "kept_page").rows())
    assert found == {f"{kind}{n}": f"a{n}" for n in range(12) for kind in "et"}
    assert {frozenset(g) for g in stories.group_by("story_id").agg("page")["page"].to_list()} == {
        frozenset((f"a{n}", f"w{n}")) for n in range(12)
    }
    assert set(duplicates.filter(pl.col("page").str.starts_with("t"))["kind"]) == {"truncated"}
