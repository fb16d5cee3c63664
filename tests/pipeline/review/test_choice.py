"""Which pages are shown in full."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline.review.choice import DRAWN, EXAMPLE, LEAST, LINE_BYTES, choose
from pipeline.tables import LINES, PAGE_ARTICLES, PAGES

REASONS = ("model/text:0.9 for: x", "furniture", "repeat-of:3", "boilerplate/share")


def corpus(n: int, lines: int = 5) -> tuple[pl.LazyFrame, pl.LazyFrame, pl.LazyFrame]:
    """n pages of some lines; the ledger, the pages, an article each (none on every tenth)."""
    page = pl.DataFrame({"n": range(n)}).select(
        page=pl.format("{}.txt", pl.col("n")),
        # no order of numbers; another half for the draw
        page_id=pl.format(
            "{}{}", *((pl.col("n") * k % 1_000_003).cast(pl.String).str.zfill(16) for k in (7919, 104729))
        ),
        confidence=pl.when(pl.col("n") % 10 != 0).then((pl.col("n") * 37 % 1000) / 1000),
        kinds=pl.when(pl.col("n") < 5).then(4).otherwise(2),
    )
    rows = page.join(pl.DataFrame({"line_no": range(1, lines + 1)}), how="cross").with_columns(
        text=pl.lit("x" * 10),
        role=pl.lit("body"),
        reason=(pl.col("line_no") % pl.col("kinds")).replace_strict(dict(enumerate(REASONS)), return_dtype=pl.String),
    )
    return (
        rows.select(c for c in LINES.schema if c in rows.columns).lazy(),
        page.select(c for c in PAGES.schema if c in page.columns).lazy(),
        page.drop_nulls("confidence").select(c for c in (*PAGE_ARTICLES.schema,) if c in page.columns).lazy(),
    )


def test_all_are_shown_where_they_fit() -> None:
    chosen = choose(*corpus(50))
    assert set(chosen["page"]) == {f"{n}.txt" for n in range(50)}
    assert chosen["confidence"].drop_nulls().is_sorted()
    assert chosen["confidence"].tail(5).null_count() == 5, "pages without an article come last"


def test_each_way_of_choosing_has_its_turns_and_the_budget_holds() -> None:
    tables = corpus(2_000)
    each = 5 * (LINE_BYTES + 2 * 10)
    chosen = choose(*tables, budget=60 * each)
    assert chosen.height == 60
    ways = dict(chosen["chosen"].value_counts().iter_rows())
    assert set(ways) == {LEAST, EXAMPLE, DRAWN}
    assert min(ways[LEAST], ways[DRAWN]) >= 25
    lowest = tables[2].collect()["confidence"].sort().head(25).to_list()
    assert chosen["confidence"].drop_nulls().head(25).to_list() == lowest
    shown = chosen["examples"].explode().drop_nulls()
    assert sorted(shown) == ["boilerplate/share", "furniture", "model/text", "repeat-of"], "one page for each reason"


def test_one_page_is_shown_whatever_it_costs() -> None:
    assert choose(*corpus(3), budget=1).height == 1
    assert choose(*corpus(0)).is_empty()


@given(st.randoms(use_true_random=False), st.integers(1, 300))
def test_the_order_of_rows_does_not_matter(random: object, n: int) -> None:
    tables = corpus(n)
    mixed = [t.collect().sample(fraction=1, shuffle=True, seed=random.randrange(1_000)).lazy() for t in tables]  # type: ignore[attr-defined]
    assert choose(*tables, budget=30_000).equals(choose(*mixed, budget=30_000))


def test_the_draw_stays_as_the_corpus_grows() -> None:
    each = 5 * (LINE_BYTES + 2 * 10)
    before, after = (choose(*corpus(n), budget=90 * each).filter(chosen=DRAWN) for n in (1_000, 1_100))
    kept = set(before["page"]) & set(after["page"])
    assert len(kept) >= 0.8 * before.height
