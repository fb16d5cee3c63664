"""The random sample to judge, and the error rates of the answers."""

import hashlib

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.review.audit import COLUMNS, AnswerError, answers, as_text, rates, sample, wilson
from pipeline.review.glance import Tables
from pipeline.rulebook import Rulebook
from tests.pages import corpus_of
from tests.review import PAGE, tables_of

HEAD = ",".join(COLUMNS) + "\n"
HASH = "0" * 32


@pytest.fixture(scope="module")
def tables(rules: Rulebook) -> Tables:
    pages = {f"{n}.txt": PAGE.replace("Tuesday", f"Tuesday {n}").replace("Harbour", f"Harbour {n}") for n in range(9)}
    return tables_of(corpus_of({**pages, "copy.txt": pages["3.txt"]}, rules))


def test_the_sample_is_of_lines_that_say_something_each_once(tables: Tables) -> None:
    drawn = sample(tables, lines=20, articles=3)
    assert drawn.lines.height == 20
    assert drawn.articles.height == 1, "the pages differ by a word: one article of the table"
    assert drawn.lines.filter(role="blank").is_empty()
    assert not drawn.lines.select("page_id", "line_no", "part").is_duplicated().any()
    assert drawn.lines["page"].n_unique() > 4
    own = drawn.near.join(drawn.lines, on=["number", "page", "line_no", "part"])
    assert own.height == 20, "each stands among those around it"


def test_a_sample_of_all_is_all_and_copies_count_once(tables: Tables) -> None:
    solid = tables.lines.collect().filter(pl.col("role") != "blank")
    drawn = sample(tables, lines=10_000).lines
    assert drawn.height == solid.select("page_id", "line_no", "part").n_unique()


def test_the_sample_is_the_same_in_any_order_and_a_longer_one_goes_on_where_it_ends(tables: Tables) -> None:
    turned = Tables(*(table.collect().reverse().lazy() for table in tables))
    assert sample(tables, 20, 3).lines.equals(sample(turned, 20, 3).lines)
    assert sample(tables, 20, 3).near.equals(sample(turned, 20, 3).near)
    key = ["page_id", "line_no", "part"]
    assert sample(tables, 40).lines.head(20).select(key).equals(sample(tables, 20).lines.select(key))


def test_every_line_has_the_same_chance() -> None:
    """Of 4,000 pages of ten lines, 4,000 drawn lines: a tenth at each place, within four standard deviations."""
    ids = [hashlib.blake2b(str(n).encode(), digest_size=16).hexdigest() for n in range(4_000)]
    pages = pl.DataFrame({"page": ids, "page_id": ids})
    lines = pages.join(pl.DataFrame({"line_no": range(1, 11)}), how="cross").with_columns(
        part=pl.lit(0, pl.Int32), line_no=pl.col("line_no").cast(pl.Int32), role=pl.lit("body"), text=pl.lit("x")
    )
    empty = pl.LazyFrame({"article_id": []}, schema={"article_id": pl.String})
    made = Tables(**{**dict.fromkeys(Tables._fields, empty), "lines": lines.lazy(), "pages": pages.lazy()})
    drawn = sample(made, lines=4_000).lines
    counts = drawn["line_no"].value_counts()["count"].cast(pl.Int64)
    assert counts.len() == 10
    assert (counts - 400).abs().max() < 4 * (4_000 * 0.1 * 0.9) ** 0.5  # type: ignore[operator]
    per_page = drawn["page"].value_counts()["count"]
    assert 0.30 < 1 - per_page.len() / 4_000 < 0.42, "as many pages without a line as chance has (1/e)"


def test_rates_of_answers() -> None:
    given = answers(
        (
            HEAD
            + f"{'a' * 32},1,0,{HASH},body,yes,body\n"
            + f"{'a' * 32},2,0,{HASH},body,yes,boilerplate\n"
            + f"{'a' * 32},3,0,{HASH},caption,yes,body\n"
            + f"{'a' * 32},4,0,{HASH},boilerplate,no,related\n"
            + f"{'a' * 32},5,0,{HASH},boilerplate,no,body\n"
            + f"{'a' * 32},1,0,,article,yes,wrong\n"
        ).encode()
    )
    found = {what: (n, wrong) for what, n, wrong in rates(given).select("what", "n", "wrong").rows()}
    assert found == {
        "lines kept that should be dropped": (3, 1),
        "lines dropped that should be kept": (2, 1),
        "lines with another role": (5, 4),
        "articles that are not right": (1, 1),
    }
    assert next(iter(as_text(rates(given)))) == (
        "lines kept that should be dropped    33.3 %  (95 %: 6.1 to 79.2 %; 1 of 3)"
    )


def test_nothing_judged_is_no_rate() -> None:
    found = rates(answers(HEAD.encode()))
    assert found["rate"].null_count() == found.height
    assert all(line.endswith("none judged") for line in as_text(found))


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(0, 10, 0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1), (3, 200, 0.0051, 0.0432)],
)
def test_wilson(k: int, n: int, low: float, high: float) -> None:
    assert wilson(k, n) == pytest.approx((k / n, low, high), abs=5e-5)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share(pair: tuple[int, int]) -> None:
    share, low, high = wilson(*pair)
    assert 0 <= low <= share + 1e-12 and share - 1e-12 <= high <= 1 and low < high


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"a,b\n", "missing-columns"),
        (HEAD.encode() + b"x,1,0,y,text,yes,body\n", "line 2: said is 'text'"),
        (HEAD.encode() + b"x,1,0,y,body,maybe,body\n", "line 2: kept is 'maybe'"),
        (HEAD.encode() + b"x,1,0,,article,yes,body\n", "line 2: is is 'body', not one of right, wrong"),
        (HEAD.encode() + b'"', "no CSV"),
    ],
)
def test_answers_that_can_not_be_used(raw: bytes, says: str) -> None:
    with pytest.raises(AnswerError, match=says):
        answers(raw)
