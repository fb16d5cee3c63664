"""Bytes → text: what is no page, and that no byte of one is lost or changed."""

import gzip
import random
import tracemalloc

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline import decode as module
from pipeline.decode import CUT, decode, ordinary, unpack, utf8
from pipeline.faults import MAX_PAGE_BYTES, UnreadableError
from tests.reading import NEWS, one, reason


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a JPEG image"),
        (b"%PDF-1.7\nplain so far", "a PDF document"),
        (b"PK\x03\x04\x14\x00", "a ZIP archive or Office document"),
        (gzip.compress(gzip.compress(b"page", mtime=0), mtime=0), "gzip within gzip"),
        (bytes(range(256)) * 20, "580 control characters in 5120 bytes"),
        ("ab\x00".encode("utf-32-le"), "10 control characters in 12 bytes"),
        (b"\xff\xfe" + ("a\x01\x02" * 9).encode("utf-16-le"), "18 control characters in 27 bytes"),
        (b"\x00" * 50, "50 control characters in 50 bytes"),
    ],
)
def test_binary_names_what_it_is(data: bytes, what: str) -> None:
    assert reason(data) == "binary"
    assert one(data)["detail"] == what


def test_html_is_sent_back() -> None:
    assert reason(b"\n <!DOCTYPE html><p>x") == "html"
    assert reason(b'<?xml version="1.0"?><rss/>') == "html"
    assert one("\ufeff<HTML lang=en>".encode("utf-16"))["detail"] == "begins with <HTML"
    paragraphs = b"<p>Fog over the <a href='/x'>harbour</a> again, and again it stayed all day.</p>\n" * 5
    assert reason(b"<!-- x -->" + paragraphs) == "html"
    assert one(b"Home\n" + paragraphs)["detail"] == "20 HTML tags"


def test_a_page_that_shows_some_html_is_a_page() -> None:
    copy_box = "<p>Fog over the harbour.</p> <b>Again</b> " * 4
    assert "text" in one(("The fog stayed all day, as it does in autumn. " * 40 + copy_box).encode())
    assert "text" in one(b"Use <b> and <i>, not <blink> & co. a < b > c\n" * 3)


def test_gzip() -> None:
    page = b"Fog over the harbour\n"
    packed = gzip.compress(page)
    assert one(packed + packed)["text"] == "Fog over the harbour\n" * 2
    assert one(packed + b"\x00" * 512)["text"] == page.decode()
    assert one(gzip.compress(b"") * 5000 + packed)["text"] == page.decode()
    for broken in (packed[:-1], packed[:12], packed[:2], packed + b"tail", packed[:-8] + b"\x00" * 8):
        assert reason(broken) == "broken-gzip"
    damaged = bytearray(gzip.compress(random.Random(1).randbytes(9000)))
    damaged[4000] ^= 0xFF
    assert reason(bytes(damaged)) == "broken-gzip"


def test_gzip_is_unpacked_to_the_bound_and_no_further() -> None:
    bomb = gzip.compress(bytes(200 * 2**20), 9)
    tracemalloc.start()
    assert reason(bomb) == "gzip-bomb"
    assert tracemalloc.get_traced_memory()[1] < 4 * MAX_PAGE_BYTES
    tracemalloc.stop()
    big = gzip.compress(random.Random(1).randbytes(MAX_PAGE_BYTES + 1), 1)
    assert reason(big) == "too-large"


# --- encodings


@pytest.mark.parametrize(
    ("encoding", "bom", "name"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", b"\xef\xbb\xbf", "utf-8-sig"),
        ("utf-16-le", b"\xff\xfe", "utf-16-le"),
        ("utf-16-be", b"\xfe\xff", "utf-16-be"),
        ("utf-32-le", b"\xff\xfe\x00\x00", "utf-32-le"),
        ("utf-32-be", b"\x00\x00\xfe\xff", "utf-32-be"),
        ("utf-16-le", b"", "utf-16-le"),
        ("utf-16-be", b"", "utf-16-be"),
    ],
)
@pytest.mark.parametrize("language", NEWS)
def test_unicode_with_and_without_mark(language: str, encoding: str, bom: bytes, name: str) -> None:
    page = f"{NEWS[language]}\r\n\r\n2024\n"
    row = one(bom + page.encode(encoding))
    assert (row["text"], row["encoding"], row["repaired"]) == (page, name, False)


@pytest.mark.parametrize(
    ("language", "encoding"),
    [(language, "cp1252") for language in ("da", "de", "en", "es", "fr", "pt")]
    + [(language, "latin-1") for language in ("da", "de", "es", "pt")]
    + [(language, "cp1250") for language in ("cs", "hu", "pl")]
    + [(language, "iso8859_2") for language in ("cs", "hu", "pl")]
    + [("tr", "cp1254"), ("lt", "cp1257"), ("el", "cp1253"), ("ar", "cp1256"), ("he", "cp1255"), ("th", "cp874")]
    + [("ru", encoding) for encoding in ("cp1251", "koi8_r", "cp866", "iso8859_5")]
    + [("uk", "cp1251"), ("ja", "cp932"), ("ja", "euc_jp"), ("ja", "iso2022_jp"), ("ko", "cp949")]
    + [("zh", "gb18030"), ("zh-tw", "big5")],
)
@pytest.mark.parametrize("times", [1, 1000])
def test_other_encodings_are_found(language: str, encoding: str, times: int) -> None:
    page = f"2024\n{NEWS[language]}\n" * times
    assert one(page.encode(encoding))["text"] == page


def test_an_encoding_is_found_by_few_letters_in_much_ascii() -> None:
    page = "It rained, and the harbour was empty.\n" * 500 + "The café closed – for good.\n"
    assert one(page.encode("cp1252"))["text"] == page
    assert one(page.encode("cp1252"))["encoding"] == "cp1252"
    assert decode("Ça".encode("latin-1")) == ("Ça", "cp1252")


def test_the_sample_of_a_long_page_is_bounded_and_whole() -> None:
    line = NEWS["ja"].encode("cp932")
    for data in (line * 2000, (line + b" ") * 2000, (line + b"\n") * 2000, b"a" * 99_999 + line * 2000):
        assert 30_000 < len(module._sample(data)) <= 33_000
        assert decode(data)[1] == "cp932"


def test_too_few_bytes_to_tell_are_no_guess() -> None:
    assert reason("Да".encode("cp1251")) == "undecodable"


def test_undecodable_is_never_replaced() -> None:
    noise = bytes(random.Random(1).choices(range(0x20, 0x100), k=5000))
    assert reason(noise) == "undecodable"
    assert one(b"\xff\xfea\x00b")["detail"] == "utf-16-le until byte 4: truncated data"
    assert reason(b"\xfe\xff\xd8\x00\x00a") == "undecodable"
    lone = "a\ufffdb"
    assert one(lone.encode())["text"] == lone


def test_utf8_cut_within_its_last_character_is_read_up_to_it() -> None:
    whole = "Wörter am Fluß – und “mehr”"
    for cut in (1, 2):
        row = one(whole.encode()[:-cut])
        assert (row["text"], row["encoding"], row["repaired"]) == (whole[:-1], CUT, True)
    assert one("only ASCII and a 🎈".encode()[:-1])["encoding"] == CUT
    assert one("only ASCII and one é".encode("latin-1"))["text"] == "only ASCII and one é"


def test_broken_utf8_names_the_byte() -> None:
    data = "Wörter am Fluß – und mehr".encode()
    row = one(data[:12] + b"\xff" + data[12:])
    assert (row["reason"], row["detail"]) == (
        "broken-utf8",
        "1 bytes do not belong to UTF-8, the first is byte 12",
    )
    marked = one(b"\xef\xbb\xbf" + data[:12] + b"\xff" + data[12:])
    assert str(marked["detail"]).endswith("byte 15")


def told(data: bytes) -> tuple[str, str] | None:
    try:
        return decode(unpack(data))
    except UnreadableError:
        return None


BEGINNINGS = [*module._MAGIC, *(mark for mark, _ in module._BOMS), b"\xef\xbb\xbf", b"", b"G", b"\x1b$"]
PIECES = st.one_of(st.binary(max_size=4), st.text(max_size=8).map(str.encode))
RAW = st.builds(
    lambda start, pieces: start + b"".join(pieces), st.sampled_from(BEGINNINGS), st.lists(PIECES, max_size=4)
)


@given(st.lists(RAW, max_size=12))
@example([b"", b"a", b"\xff", "é".encode(), "é".encode()[:1], b"\xed\xa0\x80"])
def test_ordinary_pages_are_what_they_would_be_decoded_to(raw: list[bytes]) -> None:
    texts = utf8(pl.Series(raw, dtype=pl.Binary)).to_list()
    assert len(texts) == len(raw)
    for data, text in zip(raw, texts, strict=True):
        if text is None:
            assert told(data) is None or told(data)[1] not in ("utf-8", "utf-8-sig")  # type: ignore[index]
        elif ordinary(data):
            assert told(data) == (text, "utf-8")


def test_most_pages_are_ordinary() -> None:
    assert all(ordinary(f"{news}\n\t{news}\r\n".encode()) for news in NEWS.values())
