"""Corrections as users write them: which rows are used, what becomes of them, how a row gets into the file."""

import csv
import io

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.corrections import COLUMNS, account, agreed, corrections, line_hash, matches, seen, with_row
from pipeline.faults import TODO
from pipeline.tables import CORRECTIONS, GIVEN, REJECTED, ROLES
from tests.corrections import COLUMN_NAMES, csv_of, given_for
from tests.ledger import split_output

ID, HASH = "0f" * 16, "a1" * 16
LEDGER = split_output(
    {
        "a": "headline Boats return\nbody They sailed. || boilerplate Follow us\nbody At noon.",
        "b": "headline Bridge opens\nbody It rained.",
    }
)


def rows(raw: bytes) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    good, bad = corrections("drop/corrections.csv", raw)
    assert good.schema == GIVEN.schema
    assert bad.schema == REJECTED.schema
    assert all(bad["todo"].str.len_chars() > 10)
    return good.drop("path").rows(), bad.select("record", "reason", "detail").rows()


# --- read


def test_a_file_of_corrections() -> None:
    raw = f"{COLUMN_NAMES}\n{ID},12,0,{HASH},body\n\n{ID.upper()}, 3 ,2,{HASH},Boilerplate\n".encode()
    assert rows(raw) == ([(1, ID, 12, 0, HASH, "body"), (3, ID, 3, 2, HASH, "boilerplate")], [])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_order_of_columns_and_others_beside_them(encoding: str, delimiter: str) -> None:
    lines = ["note", "Role", "line_hash", "part", "line_no", "page_id"], ["naïve", "body", HASH, "0", "1", ID]
    assert rows("\r\n".join(map(delimiter.join, lines)).encode(encoding)) == ([(1, ID, 1, 0, HASH, "body")], [])


@pytest.mark.parametrize(
    ("row", "reason", "detail"),
    [
        (f"{ID},1,0,{HASH},text", "unknown-role", "role is 'text'"),
        (f"{ID},1,0,{HASH},", "unknown-role", "role is ''"),
        (f"{ID},1,0,{HASH}", "unknown-role", "role is ''"),
        (f"{ID},one,0,{HASH},body", "bad-number", "line_no is 'one'"),
        (f"{ID},0,0,{HASH},body", "bad-number", "line_no is '0'"),
        (f"{ID},99999999999,0,{HASH},body", "bad-number", "line_no is '99999999999'"),
        (f"{ID},٣,0,{HASH},body", "bad-number", "line_no is '٣'"),
        (f"{ID},1,-1,{HASH},body", "bad-number", "part is '-1'"),
        (f"{ID},1,,{HASH},body", "bad-number", "part is ''"),
        (f"{ID},1,0,1.5E+31,body", "bad-hash", "line_hash is '1.5E+31'"),
        (f"a.txt,1,0,{HASH},body", "bad-hash", "page_id is 'a.txt'"),
    ],
)
def test_a_bad_row_is_set_aside_and_the_others_are_used(row: str, reason: str, detail: str) -> None:
    good, bad = rows(f"{COLUMN_NAMES}\n{row}\n{ID},7,0,{HASH},body\n".encode())
    assert good == [(2, ID, 7, 0, HASH, "body")]
    assert bad == [(1, reason, f"line 2: {detail}")]


@pytest.mark.parametrize(
    ("raw", "record", "reason"),
    [
        (b"", 0, "empty"),
        (b"page_id,line_no,part,role\n", 0, "missing-columns"),
        (f"{ID},1,0,{HASH},body\n".encode(), 0, "missing-columns"),
        (f'{COLUMN_NAMES}\n{ID},1,0,{HASH},body\n"'.encode(), 2, "broken-corrections"),
    ],
)
def test_a_file_that_is_none(raw: bytes, record: int, reason: str) -> None:
    good, bad = rows(raw)
    assert [row[:2] for row in bad] == [(record, reason)]
    assert len(good) == max(0, record - 1)


@given(st.binary(max_size=200))
def test_no_bytes_raise(raw: bytes) -> None:
    rows(raw)
    rows(COLUMN_NAMES.encode() + b"\n" + raw)


def test_rows_that_disagree_are_set_aside_and_the_same_twice_is_not() -> None:
    one = given_for(LEDGER, {1: "body", 2: "caption", 3: "body"})
    other = given_for(LEDGER, {1: "caption", 2: "caption"}).with_columns(path=pl.lit("drop/corrections.csv"))
    usable, bad = agreed(pl.concat([other, one]))
    assert usable.select("path", "record").rows() == [
        ("corrections.csv", 2),
        ("corrections.csv", 3),
        ("drop/corrections.csv", 2),
    ]
    says = "line 1, part 0 of its page is to be body and caption"
    assert bad.rows() == [
        ("corrections.csv", 1, "two-roles", says, TODO["two-roles"]),
        ("drop/corrections.csv", 1, "two-roles", says, TODO["two-roles"]),
    ]


# --- find, account for


def test_the_hash_is_that_of_the_exact_text() -> None:
    assert line_hash(["", "Füchse "]).to_list() == [
        "cae66941d9efbd404e4d88758ea67670",
        "39cd7c28e7c44ccd26f755a0bfabed97",
    ]


def named(roles: dict[int | tuple[int, int], str]) -> list[tuple[object, ...]]:
    found = matches(LEDGER, given_for(LEDGER, roles))
    return found.select("page", "line_no", "part", "named", "role").sort("line_no", "part", "named").rows()


def test_a_part_and_a_whole_line_are_found_by_their_texts() -> None:
    assert named({1: "body"}) == [("a", 1, 0, 0, "body")]
    assert named({(2, 2): "body"}) == [("a", 2, 2, 2, "body")]
    assert named({2: "body"}) == [("a", 2, 1, 0, "body"), ("a", 2, 2, 0, "body")]


@pytest.mark.parametrize("column", ["page_id", "line_no", "part", "line_hash"])
def test_all_four_have_to_agree(column: str) -> None:
    wrong = {"page_id": "id-b", "line_no": 3, "part": 1, "line_hash": HASH}
    given = given_for(LEDGER, {(2, 2): "body"}).with_columns(pl.lit(wrong[column]).alias(column))
    assert matches(LEDGER, given.cast(dict(GIVEN.schema))).is_empty()


def test_every_correction_is_accounted_for() -> None:
    given = pl.concat(
        [
            given_for(LEDGER, {1: "body", 2: "body"}),
            given_for(LEDGER, {3: "body"}).with_columns(record=pl.lit(3, pl.Int32), line_no=pl.lit(4, pl.Int32)),
            given_for(LEDGER, {3: "body"}).with_columns(record=pl.lit(4, pl.Int32), line_hash=pl.lit(HASH)),
            given_for(LEDGER, {3: "body"}).with_columns(record=pl.lit(5, pl.Int32), page_id=pl.lit(ID)),
            given_for(LEDGER, {1: "body"}, "b").with_columns(record=pl.lit(6, pl.Int32)),
        ]
    )
    copy = LEDGER.filter(page="a").with_columns(page=pl.lit("copy"))
    batches = [seen(batch, given) for batch in (LEDGER.filter(page="a"), LEDGER.filter(page="b"), copy)]
    told = account(given, batches)
    assert told.select("record", "n_parts", "reason").rows() == [
        (1, 2, None),
        (2, 4, None),
        (3, 0, "no-line"),
        (4, 0, "other-text"),
        (5, 0, "no-page"),
        (6, 1, None),
    ]
    assert told["todo"].is_null().to_list() == told["reason"].is_null().to_list()
    assert account(given, reversed(batches)).equals(told)
    assert account(given, [])["reason"].to_list() == ["no-page"] * 6
    assert account(GIVEN.empty(), [seen(LEDGER, GIVEN.empty())]).equals(CORRECTIONS.empty())


# --- write

ROW = dict(zip(COLUMNS, (ID, "12", "0", HASH, "body"), strict=True))


def test_the_first_row_makes_the_file() -> None:
    assert with_row(b"", ROW) == f"{COLUMN_NAMES}\n{ID},12,0,{HASH},body\n".encode()


def test_a_row_goes_behind_the_others_or_into_the_place_of_its_line() -> None:
    raw = b"\xef\xbb\xbfrole;note;page_id;line_hash;line_no;part\r\nbody;naive;x;y;1;0\r\n\r\n"
    longer = with_row(raw, ROW)
    assert longer == raw + f"body;;{ID};{HASH};12;0\r\n".encode()
    assert with_row(longer, ROW) == longer
    changed = with_row(longer, {**ROW, "role": "caption"})
    assert changed == raw + f"caption;;{ID};{HASH};12;0\r\n".encode()


NAMES = st.permutations([*COLUMNS, "note"])
CELLS = st.fixed_dictionaries(
    {
        "page_id": st.sampled_from([ID, HASH]),
        "line_no": st.integers(1, 3).map(str),
        "part": st.integers(0, 1).map(str),
        "line_hash": st.just(HASH),
        "role": st.sampled_from(ROLES),
        "note": st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=9),
    }
)


@given(NAMES, st.lists(CELLS, max_size=5, unique_by=lambda c: (c["page_id"], c["line_no"], c["part"])), CELLS)
@settings(max_examples=50)
def test_a_written_row_is_read_again_and_the_others_stay(
    names: list[str], cells: list[dict[str, str]], row: dict[str, str]
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([names, *([x[name] for name in names] for x in cells)])
    row = {column: row[column] for column in COLUMNS}
    good, bad = corrections("c.csv", with_row(out.getvalue().encode(), row))
    assert bad.is_empty()
    key = COLUMNS[:-1]
    want = {tuple(x[c] for c in key): x["role"] for x in [*cells, row]}
    assert {tuple(map(str, r[:-1])): r[-1] for r in good.select(COLUMNS).rows()} == want
    assert len(good) == len(want)


def test_what_is_found_can_be_read_back() -> None:
    given = given_for(LEDGER, {1: "headline"}).with_columns(page_id=pl.lit(ID))
    assert corrections("corrections.csv", csv_of(given))[0].equals(given)
