"""The read step: what becomes of which bytes, and that none is lost or changed without need."""

import csv
import gzip
import io
import random
import re
import tracemalloc
from datetime import UTC, date, datetime

import ftfy
import polars as pl
import pytest
from ftfy.badness import MOJIBAKE_CATEGORIES, is_bad
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.read import (
    CUT,
    MAX_PAGE_BYTES,
    SIDECAR,
    TODO,
    UNSAFE,
    Rejection,
    UnreadableError,
    _sample,
    decode,
    gunzip,
    manifest,
    mend,
    read,
    rejections,
    site,
)
from pipeline.tables import REJECTED, TEXTS

NO_SIDECAR = SIDECAR.to_frame()
NEWS = {
    "da": "Regeringen foreslår nye tiltag, der skal støtte økonomien; Ærø og Øresund får færger igen til foråret.",
    "de": "Die Bürgermeisterin möchte die Straße für Fußgänger öffnen, weil sie künftig schöner grünen soll.",
    "en": "The mayor’s office said “no comment” – and added that the bridge had cost £5 million so far…",
    "es": "El pequeño pueblo celebró el miércoles una reunión según la cual el año próximo habrá más árboles.",
    "fr": "La mairie a annoncé jeudi qu’elle fermera le vieux théâtre, où la fête était déjà prévue à l’été.",
    "pt": "A câmara anunciou que não haverá mais eleições até março, e que a decisão não será revista.",
    "cs": "Starostka v úterý řekla, že nový most přes řeku otevřou příští měsíc, když počasí dovolí.",
    "hu": "A főváros kedden közölte, hogy a tűzoltók új épülete jövő hónapban készül el a folyó mellett.",
    "pl": "Rząd ogłosił, że nowe środki wejdą w życie w przyszłym miesiącu, jeśli sejm je przyjmie, podał też.",
    "tr": "Belediye başkanı salı günü yeni köprünün önümüzdeki ay açılacağını ve ücretsiz olacağını açıkladı.",
    "lt": "Meras antradienį paskelbė, kad naujas tiltas per upę bus atidarytas kitą mėnesį, šių žmonių labui.",
    "el": "Η δήμαρχος ανακοίνωσε την Τρίτη ότι η νέα γέφυρα θα ανοίξει τον επόμενο μήνα στην πόλη.",
    "ru": "Мэр города сообщила во вторник, что новый мост через реку откроют уже в следующем месяце.",
    "uk": "Мерка міста повідомила у вівторок, що новий міст через річку відкриють наступного місяця.",
    "ar": "أعلنت رئيسة البلدية يوم الثلاثاء أن الجسر الجديد فوق النهر سيفتح الشهر المقبل.",
    "he": "ראש העיר הודיעה ביום שלישי כי הגשר החדש מעל הנהר ייפתח בחודש הבא.",
    "hi": "महापौर ने मंगलवार को कहा कि नदी पर नया पुल अगले महीने खुलेगा।",
    "th": "นายกเทศมนตรีกล่าวเมื่อวันอังคารว่าสะพานใหม่ข้ามแม่น้ำจะเปิดในเดือนหน้า",
    "ja": "市長は火曜日、川に架かる新しい橋が来月開通すると発表した。ニュースによると、カモメが待っている。",
    "ko": "시장은 화요일 강을 건너는 새 다리가 다음 달에 개통된다고 밝혔다.",
    "zh": "市长星期二宣布，横跨河流的新桥将于下个月通车，市民对此表示欢迎。",
    "zh-tw": "市長週二宣布，橫跨河流的新橋將於下個月通車，市民對此表示歡迎。",
}


def one(data: bytes) -> dict[str, object]:
    """The row of TEXTS or REJECTED that one file gives."""
    texts, rejected = read(pl.DataFrame({"path": ["a.txt"], "raw": [data]}), NO_SIDECAR)
    assert len(texts) + len(rejected) == 1
    return (texts if len(texts) else rejected).row(0, named=True)


def reason(data: bytes) -> object:
    row = one(data)
    assert row["todo"] == TODO[str(row["reason"])]
    return row["reason"]


# --- the frames


def test_texts_and_rejected_are_the_declared_tables_sorted() -> None:
    raw = pl.DataFrame({"path": ["c", "b", "d", "a"], "raw": [b"sea", b"", b"\x89PNG\r\n", b"air\n"]})
    texts, rejected = read(raw, NO_SIDECAR)
    assert texts.schema == TEXTS.schema
    assert rejected.schema == REJECTED.schema
    assert texts["page"].to_list() == ["a", "c"]
    assert rejected["path"].to_list() == ["b", "d"]
    empty = read(raw.clear(), NO_SIDECAR)
    assert [len(frame) for frame in empty] == [0, 0]


def test_the_page_id_is_of_the_bytes_whatever_the_name_and_compression() -> None:
    data = b"Fog over the harbour\n"
    raw = pl.DataFrame({"path": ["a.txt", "b.gz", "c"], "raw": [data, gzip.compress(data), data]})
    texts, _ = read(raw, NO_SIDECAR)
    assert texts["page_id"].n_unique() == 1
    assert len(texts["page_id"][0]) == 32
    assert texts["n_bytes"].to_list() == [len(data)] * 3


def test_the_sidecar_is_joined() -> None:
    raw = pl.DataFrame({"path": ["a", "b"], "raw": [b"x", b"y"]})
    when = datetime(2024, 2, 19, 8, tzinfo=UTC)
    row = ("b", "https://www.Example.org:8080/x", when, "The Ledger", date(2024, 2, 18), "manifest.csv", 1)
    texts, _ = read(raw, pl.DataFrame([row, ("z", *[None] * 6)], schema=SIDECAR, orient="row"))
    kept = texts.select("url", "site", "fetched_at", "sidecar_outlet", "sidecar_date").rows()
    assert kept == [(None,) * 5, (row[1], "example.org", when, "The Ledger", date(2024, 2, 18))]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.arabnews.com/node/1", "arabnews.com"),
        ("HTTP://User:pw@WWW.Example.ORG:8080/a?b#c", "example.org"),
        ("//cdn.example.org", "cdn.example.org"),
        (" example.co.uk/story ", "example.co.uk"),
        ("www.example.org:80", "example.org"),
        ("https://example.org.", "example.org"),
        ("https://[2001:db8::1]:443/x", "[2001:db8::1]"),
        ("https://köln.example/", "köln.example"),
        ("https://user@/x", None),
        ("https://www./x", None),
        ("mailto:a@b.c", None),
        ("not a url", None),
        ("localhost", None),
        ("", None),
        (None, None),
    ],
)
def test_site(url: str | None, host: str | None) -> None:
    assert pl.DataFrame({"u": [url]}, schema={"u": pl.String}).select(site(pl.col("u"))).item() == host


def test_faults_of_one_record_share_its_row() -> None:
    faults = [("m", 2, "bad-date", "x"), ("m", 2, "bad-time", "y"), ("a", 0, "empty", "z")]
    table = rejections([Rejection(*fault) for fault in faults], TODO)
    assert table.rows() == [
        ("a", 0, "empty", "z", TODO["empty"]),
        ("m", 2, "bad-date", "x; y", f"{TODO['bad-date']} {TODO['bad-time']}"),
    ]


@given(st.lists(st.binary(max_size=300), max_size=8))
@settings(max_examples=200, deadline=None)
def test_any_bytes_end_in_exactly_one_table(files: list[bytes]) -> None:
    names = [f"{n}.txt" for n in range(len(files))]
    raw = pl.DataFrame({"path": names, "raw": files}, schema={"path": pl.String, "raw": pl.Binary})
    texts, rejected = read(raw, NO_SIDECAR)
    assert sorted([*texts["page"], *rejected["path"]]) == sorted(raw["path"])
    assert set(rejected["reason"]) <= set(TODO)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), st.sampled_from(["\n", "\r\n", "\r"]))
@settings(deadline=None)
def test_utf8_keeps_its_lines(line: str, end: str) -> None:
    row = one(f"a{end}{line}{end}{end}b".encode())
    if row.get("text") is not None:
        assert str(row["text"]).startswith(f"a{end}")
        assert str(row["text"]).endswith(f"{end}{end}b")
        assert str(row["text"]).count(end) == 3


# --- what is no page


def test_nothing_is_empty_but_blank_lines_are_a_page() -> None:
    assert reason(b"") == "empty"
    assert reason(b"\xef\xbb\xbf") == "empty"
    assert reason(b"\xff\xfe") == "empty"
    assert reason(gzip.compress(b"")) == "empty"
    assert one(b"\n" * 10_000)["text"] == "\n" * 10_000
    assert one(b" \t\r\n")["text"] == " \t\r\n"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a JPEG image"),
        (b"%PDF-1.7\nplain so far", "a PDF document"),
        (b"PK\x03\x04\x14\x00", "a ZIP archive or Office document"),
        (gzip.compress(gzip.compress(b"page")), "gzip within gzip"),
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
    with pytest.raises(UnreadableError, match="too-large"):
        gunzip(big)
    assert reason(big) == "too-large"


def test_the_size_bound() -> None:
    assert reason(b"a" * (MAX_PAGE_BYTES + 1)) == "too-large"
    assert one(b"a" * MAX_PAGE_BYTES)["n_bytes"] == MAX_PAGE_BYTES


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
        assert 30_000 < len(_sample(data)) <= 33_000
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


def test_nuls_and_other_controls_are_dropped() -> None:
    page = "Fog over\x00 the harbour, \x07again.\n" + "It stayed all day long, as it does in autumn.\n" * 5
    row = one(page.encode())
    assert row["text"] == page.replace("\x00", "").replace("\x07", "")
    assert (row["repaired"], row["encoding"]) == (True, "utf-8")
    russian = NEWS["ru"] + "\x00 " + NEWS["ru"]
    assert one(russian.encode("cp1251"))["text"] == russian.replace("\x00", "")


# --- repair


@pytest.mark.parametrize(
    ("damaged", "sound"),
    [
        ("itâ€™s â€œfineâ€\x9d", "it’s “fine”"),
        ("Ã¼ber", "über"),
        ("voilÃ\xa0 le travail", "voilà le travail"),
        ("Tom &amp; Jerry &lt;live&gt;", "Tom & Jerry <live>"),
        ("one&NewLine;line &#13; only", "one line   only"),
        ("\ufeffbegin", "begin"),
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("C1: don\x92t", "C1: don’t"),
        ("ä¸\xadå›½", "中国"),
    ],
)
def test_damage_is_mended(damaged: str, sound: str) -> None:
    around = "It stayed all day long, as it does in autumn.\r\n" * 5
    row = one(f"{around}{damaged}\r\n\r\n{around}".encode())
    assert (row["text"], row["repaired"]) == (f"{around}{sound}\r\n\r\n{around}", True)


@pytest.mark.parametrize(
    "line",
    [
        "“curly” ‘quotes’ ’n’ „low“ «guillemets» – — … •",
        "ＦＵＬＬ　ｗｉｄｔｈ、全角！",
        "oﬃce ﬁne ĳs",
        "cafe\u0301 क\u093c 豈",
        "a\x0cb\u2028c\u2029d",
        "R&D, AT&T; &c.",
        "a < b &amp; c",
        "20 °C, 3 × 4 m², ½, § 5, £5 “€6”",
        "ØRSTED OG ÅRHUS, ŒUVRE",
        "ВВВВВВВВВВВВ ÂÂÂÂÂÂÂÂÂÂÂÂ¶",
        "&#0; is no character",
    ],
)
def test_what_the_outlet_printed_stays(line: str) -> None:
    row = one(f"{line}\n".encode())
    assert (row["text"], row["repaired"]) == (f"{line}\n", False)


def test_a_repair_adds_no_replacement_character() -> None:
    assert "\ufffd" in ftfy.fix_text("It said â€œno commentâ€? and left.")
    assert "\ufffd" not in mend("It said â€œno commentâ€? and left.")
    assert mend("lost \ufffd and &#0; too") == "lost \ufffd and &#0; too"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60).filter(lambda s: not set(s) & set("\r\n")))
@example("€“")
@example("”£")
@settings(max_examples=500, deadline=None)
def test_a_repair_never_breaks_lines_nor_loses_silently(line: str) -> None:
    mended = mend(line)
    assert not set(mended) & set("\r\n")
    assert mended.count("\ufffd") <= line.count("\ufffd")
    assert mend(mended) == mended


def safe(lines: list[str]) -> pl.Series:
    found = pl.Series(lines, dtype=pl.String)
    return found.filter(~found.str.contains(UNSAFE))


KNOWN = re.compile("[ŒœāàÂÃÎÐ" + "".join(MOJIBAKE_CATEGORIES.values()) + "]")
ALLOWED = safe([chr(c) for c in range(0x20, 0x30000) if not 0xD800 <= c < 0xE000]).to_list()


@given(st.lists(st.text(st.sampled_from([c for c in ALLOWED if ord(c) < 0x2200]), max_size=12), max_size=200))
@settings(max_examples=200, deadline=None)
def test_ftfy_changes_no_safe_line(lines: list[str]) -> None:
    for line in safe(lines):
        assert mend(line) == line


def test_ftfy_sees_no_mojibake_in_any_safe_pair() -> None:
    """Its patterns are two or three characters long: each pair that it knows of, in the contexts that matter."""
    chars = [c for c in ALLOWED if KNOWN.match(c)] + list("aZ 1?")
    assert len(chars) > 300
    pairs = [a + b for a in chars for b in chars]
    for before, after in [("", ""), ("a", "a"), (" ", " "), ("В", "В"), ("é", "“"), ("1", "€")]:
        assert not [line for line in safe([before + pair + after for pair in pairs]) if is_bad(line)]


@pytest.mark.parametrize("language", NEWS)
@pytest.mark.parametrize(
    "wrong", ["latin-1", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "mac_roman", "cp437"]
)
def test_mojibake_of_any_language_is_sent_to_ftfy(language: str, wrong: str) -> None:
    words = NEWS[language].split()
    pieces = [" ".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, min(i + 4, len(words)) + 1)]
    codec = wrong if wrong in ("latin-1", "mac_roman", "cp437") else wrong.replace("cp", "sloppy-windows-")
    damaged = [piece.encode().decode(codec) for piece in pieces]
    # What ftfy can't mend either may stay: nothing is lost by not asking it.
    assert not [line for line in safe(damaged) if mend(line) != line]


def test_long_lines_are_mended_in_pieces_of_bounded_cost() -> None:
    line = "The mayorâ€™s office said â€œno commentâ€\x9d again, Tom &amp; Jerry. " * 3000
    assert mend(line) == "The mayor’s office said “no comment” again, Tom & Jerry. " * 3000
    assert mend("Ã¼" * 5000) == "ü" * 5000
    assert mend("Â" * 100_000 + "¶") == "Â" * 100_000 + "¶"
    assert mend("&" + "amp;" * 400) == "&"


# --- manifests


def rows(raw: bytes, path: str = "drop/manifest.csv") -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    sidecar, rejected = manifest(path, raw)
    assert sidecar.schema == SIDECAR
    assert rejected.schema == REJECTED.schema
    return (
        sidecar.select("page", "url", "fetched_at", "outlet", "date", "record").rows(),
        rejected.select("record", "reason", "detail").rows(),
    )


NOON = datetime(2024, 2, 19, 12, tzinfo=UTC)


def test_a_manifest() -> None:
    raw = (
        b"file,url,fetched_at,outlet,date\n"
        b"b.txt,https://example.org/b,2024-02-19T12:00:00Z,The Ledger,2024-02-18\n"
        b"\n"
        b'a.txt,,,"Ledger, The",\n'
    )
    assert rows(raw) == (
        [
            ("drop/a.txt", None, None, "Ledger, The", None, 3),
            ("drop/b.txt", "https://example.org/b", NOON, "The Ledger", date(2024, 2, 18), 1),
        ],
        [],
    )
    assert rows(b"file\na.txt", "manifest.csv")[0] == [("a.txt", None, None, None, None, 1)]
    assert rows(b"file\n") == ([], [])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_manifest_as_spreadsheets_save_it(encoding: str, delimiter: str, end: str) -> None:
    lines = [" Outlet ", "FILE", "note"], ["Havelländer Kurier", "./sub//a.txt", ""], ["", "sub\\b.txt", "x"]
    raw = end.join(delimiter.join(line) for line in lines).encode(encoding)
    found, wrong = rows(gzip.compress(raw) if end == "\n" else raw)
    assert [(row[0], row[3]) for row in found] == [
        ("drop/sub/a.txt", "Havelländer Kurier"),
        ("drop/sub/b.txt", None),
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("time", "utc"),
    [
        ("2024-02-19T12:00:00+00:00", NOON),
        ("2024-02-19 14:00:00+02:00", NOON),
        ("2024-02-19T12:00", NOON),
        ("20240219T120000Z", NOON),
        ("2024-02-19", NOON.replace(hour=0)),
    ],
)
def test_times_are_utc_unless_they_say_otherwise(time: str, utc: datetime) -> None:
    assert rows(f"file,fetched_at\na,{time}".encode())[0][0][2] == utc


@pytest.mark.parametrize("time", ["yesterday", "19/02/2024", "1708300800", "0001-01-01T00:00+14:00", "2024-13-01"])
def test_a_bad_time_or_date_empties_its_cell_only(time: str) -> None:
    found, wrong = rows(f"file,fetched_at,date,outlet\na,{time},{time},X\nb,,,Y".encode())
    assert found == [("drop/a", None, None, "X", None, 1), ("drop/b", None, None, "Y", None, 2)]
    assert wrong == [(1, "bad-time", f"fetched_at is '{time}'; date is '{time}'")]


def test_bad_rows_are_told_by_number_and_the_rest_is_used() -> None:
    raw = b"file,outlet\na,\n,X\n./a,Y\n../b,\n/etc/passwd,\nC:\\x,\nc,Ledger, The\nd,,,\ne\n"
    found, wrong = rows(raw)
    assert [row[0] for row in found] == ["drop/a", "drop/d", "drop/e"]
    assert [row[:2] for row in wrong] == [
        (2, "no-file"),
        (3, "duplicate-file"),
        (4, "file-outside"),
        (5, "file-outside"),
        (6, "file-outside"),
        (7, "extra-cells"),
    ]
    assert wrong[1][2] == "drop/a stands in row 1 already"


@pytest.mark.parametrize(
    ("raw", "record", "why"),
    [
        (b"", 0, "empty"),
        (b"\x89PNG", 0, "binary"),
        (b"name,url\na,b\n", 0, "no-file-column"),
        (b"\n", 0, "no-file-column"),
        (b'"file', 1, "broken-manifest"),
        (b'file,outlet\na,"X\nb,Y\n', 1, "broken-manifest"),
        (b"file,outlet\na,X\nb," + b"y" * 200_000, 2, "broken-manifest"),
    ],
)
def test_a_manifest_that_is_none(raw: bytes, record: int, why: str) -> None:
    found, wrong = rows(raw)
    assert [row[:2] for row in wrong] == [(record, why)]
    assert len(found) == max(0, record - 1)


@given(st.lists(st.tuples(*[st.text(max_size=9)] * 5), max_size=6), st.sampled_from(",;\t"))
@settings(deadline=None)
def test_any_manifest_is_told_apart_row_by_row(cells: list[tuple[str, ...]], delimiter: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows([["file", "url", "fetched_at", "outlet", "date"], *cells])
    sidecar, rejected = manifest("manifest.csv", out.getvalue().encode("utf-8", "replace"))
    assert sidecar["page"].is_unique().all()
    assert REJECTED.key_repeats(rejected) == 0


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_no_bytes_of_a_manifest_raise(raw: bytes) -> None:
    manifest("manifest.csv", raw)
