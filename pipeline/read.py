"""The read step: raw bytes → pages of text, decoded, repaired and identified; what can't be read → rejected.

Here belong gunzip, the tests for what is no text, encodings, the repair of damaged characters, and the
manifest (sidecar) of a drop. Nothing here knows what an article is. Decisions that stand behind the code:

- Nothing is replaced by U+FFFD. Bytes that fit no encoding reject the page; a repair that would add a U+FFFD
  isn't made. A U+FFFD that the page already holds stays: what it stood for was lost before us.
- UTF-8 that is cut within its last character (a scraper that stops after so many bytes) is read up to that
  character: its one to three bytes name none. `encoding` says `utf-8 (cut)` and `repaired` is true. Broken
  UTF-8 anywhere else is rejected with the offset, as what stood there can't be known.
- A repair mends mojibake, HTML entities and invisible control characters. What the outlet printed stays:
  quotes, widths, ligatures, the composition of accents, line breaks.
"""

import csv
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import NamedTuple

import polars as pl
from charset_normalizer import from_bytes
from ftfy import TextFixerConfig, fix_text_segment

from pipeline.tables import REJECTED, TEXTS, TIME

# 16 MiB are some 2.5 million words: what is larger is a dump of many pages, or a bomb.
MAX_PAGE_BYTES = 16 * 2**20

# Every reason that this module rejects for, and what the user can do about it.
TODO = {
    "empty": "Scrape the page again, or delete the file.",
    "too-large": f"Split it into a file per page; one may have {MAX_PAGE_BYTES // 2**20} MiB.",
    "binary": "Put the page's text here instead; convert documents to text first.",
    "broken-gzip": "Compress or copy the file again; `gzip -t` must accept it.",
    "gzip-bomb": "Delete the file, or unpack it yourself and see what it is.",
    "html": "Flatten it to text first, e.g. with trafilatura or resiliparse.",
    "broken-utf8": "Scrape the page again, or mend these bytes and save it as UTF-8.",
    "undecodable": "Save the page as UTF-8.",
    "broken-manifest": "Save it as CSV again, with double quotes around cells that hold a delimiter.",
    "no-file-column": "Give the manifest a first line with `file`, and any of url, fetched_at, outlet, date.",
    "no-file": "Write the page's file into the column `file`, relative to the manifest's folder.",
    "file-outside": "List each file in the manifest of its own folder or of one above it.",
    "duplicate-file": "Keep one row for each file; the first was used.",
    "extra-cells": "Put cells that hold the delimiter in double quotes.",
    "bad-time": "Write fetched_at in ISO 8601, e.g. 2024-02-19T08:30:00Z.",
    "bad-date": "Write date as YYYY-MM-DD.",
}

# What `manifest` gives and `read` joins; `manifest` and `record` say which row of which manifest it was.
SIDECAR = pl.Schema(
    [
        ("page", pl.String),
        ("url", pl.String),
        ("fetched_at", TIME),
        ("outlet", pl.String),
        ("date", pl.Date),
        ("manifest", pl.String),
        ("record", pl.Int32),
    ]
)


class UnreadableError(Exception):
    """Why bytes are no page: a reason of `TODO`, and what was found."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


class Rejection(NamedTuple):
    """One fault of one record (0: the file as a whole)."""

    path: str
    record: int
    reason: str
    detail: str


class _Page(NamedTuple):
    page: str
    page_id: str
    n_bytes: int
    encoding: str
    text: str


_PAGE_SCHEMA = TEXTS.schema.to_frame().select(_Page._fields).schema


def read(raw: pl.DataFrame, sidecar: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The pages of a batch of files.

    In: `raw` (path, raw: the bytes of a file, gzipped or not; path unique) and `sidecar` (page, url,
    fetched_at, outlet, date; page unique, the others may be null). Out: TEXTS and REJECTED, sorted by key;
    every path stands in exactly one of them. No bytes raise; a sidecar that repeats a page is a Polars error.
    """
    pages: list[_Page] = []
    faults: list[Rejection] = []
    for path, data in raw.select("path", "raw").iter_rows():
        try:
            pages.append(_page(path, data))
        except UnreadableError as e:
            faults.append(Rejection(path, 0, e.reason, e.detail))
    decoded = pl.DataFrame(pages, schema=_PAGE_SCHEMA, orient="row")
    markup = decoded.select("page", _markup("text")).drop_nulls()
    faults += [Rejection(page, 0, "html", found) for page, found in markup.iter_rows()]
    known = sidecar.select("page", "url", "fetched_at", sidecar_outlet="outlet", sidecar_date="date")
    texts = (
        repair(decoded.join(markup, on="page", how="anti"))
        .join(known, on="page", how="left", validate="1:1")
        .with_columns(site=site(pl.col("url")))
    )
    return TEXTS.conform(texts.sort("page")), rejections(faults, TODO)


def rejections(faults: Iterable[Rejection], todo: Mapping[str, str]) -> pl.DataFrame:
    """REJECTED out of faults, and of what to do by reason."""
    rows = [(*fault, todo[fault.reason]) for fault in faults]
    return one_per_record(pl.DataFrame(rows, schema=REJECTED.schema, orient="row"))


def one_per_record(rejected: pl.DataFrame) -> pl.DataFrame:
    """REJECTED in which several faults of a record share its one row, under the reason of the first."""
    merged = rejected.group_by("path", "record", maintain_order=True).agg(
        pl.col("reason").first(),
        pl.col("detail").str.join("; "),
        pl.col("todo").unique(maintain_order=True).str.join(" "),
    )
    return REJECTED.conform(merged.sort("path", "record"))


def site(url: pl.Expr) -> pl.Expr:
    """The host of a URL (scheme optional), lower-case, without `www.`, user and port; else null."""
    url = url.str.strip_chars().str.to_lowercase()
    full = url.str.extract(r"^(?:[a-z][a-z0-9+.-]*:)?//(?:[^/?#@]*@)?(\[[0-9a-f:.]+\]|[^/?#:@\[\]\s]+)(?:[:/?#]|$)")
    bare = url.str.extract(r"^([\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+)(?::\d+)?(?:[/?#]|$)")
    host = pl.coalesce(full, bare).str.strip_prefix("www.").str.strip_chars_end(".")
    return pl.when(host != "").then(host)


def _page(path: str, data: bytes) -> _Page:
    if not data:
        raise UnreadableError("empty", "0 bytes")
    if len(data) > MAX_PAGE_BYTES:
        raise UnreadableError("too-large", f"more than {MAX_PAGE_BYTES} bytes")
    if data.startswith(b"\x1f\x8b"):
        data = gunzip(data)
    text, encoding = decode(data)
    if not text:
        raise UnreadableError("empty", "a byte-order mark and nothing behind it")
    return _Page(path, blake2b(data, digest_size=16).hexdigest(), len(data), encoding, text)


# --- bytes


def gunzip(data: bytes) -> bytes:
    """The 1 to MAX_PAGE_BYTES bytes that gzip data (one member or several) holds; else UnreadableError."""
    out, view, at = bytearray(), memoryview(data), 0
    while any(view[at : at + 1]):  # zeros behind the last member are padding
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            # Small pieces, as what follows a member in its last piece is copied, and members can be tiny.
            piece = view[at : at + 4096]
            if not piece:
                raise UnreadableError("broken-gzip", f"breaks off at byte {at}")
            try:
                out += member.decompress(piece, MAX_PAGE_BYTES + 1 - len(out))
            except zlib.error as e:
                raise UnreadableError("broken-gzip", f"from byte {at} on: {e}") from e
            at += len(piece) - len(member.unused_data) - len(member.unconsumed_tail)
            if len(out) > MAX_PAGE_BYTES:
                # Text shrinks to a tenth, seldom to a fiftieth.
                reason = "gzip-bomb" if len(out) > 100 * at else "too-large"
                raise UnreadableError(reason, f"{len(data)} bytes that unpack to more than {MAX_PAGE_BYTES}")
    if not out:
        raise UnreadableError("empty", "gzip of 0 bytes")
    return bytes(out)


_MAGIC = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF87a": "a GIF image",
    b"GIF89a": "a GIF image",
    b"II*\x00": "a TIFF image",
    b"MM\x00*": "a TIFF image",
    b"RIFF": "RIFF media (WebP, WAV, AVI)",
    b"OggS": "Ogg media",
    b"ID3\x03": "MP3 audio",
    b"ID3\x04": "MP3 audio",
    b"\x1aE\xdf\xa3": "a Matroska video",
    b"wOFF": "a web font",
    b"wOF2": "a web font",
    b"%PDF-": "a PDF document",
    b"{\\rtf": "an RTF document",
    b"\xd0\xcf\x11\xe0": "an old Office document",
    b"PK\x03\x04": "a ZIP archive or Office document",
    b"PK\x05\x06": "an empty ZIP archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a": "a RAR archive",
    b"BZh91AY&SY": "bzip2 data",
    b"\xfd7zXZ\x00": "xz data",
    b"\x28\xb5\x2f\xfd": "Zstandard data",
    b"\x1f\x8b": "gzip within gzip",
    b"PAR1": "a Parquet table",
    b"SQLite format 3\x00": "an SQLite database",
    b"\x7fELF": "a program",
}
_MAGIC_RE = re.compile(b"|".join(map(re.escape, _MAGIC)))
_CONTROLS = bytes([*range(9), 0x0B, *range(0x0E, 0x20), 0x7F])
_ASCII, _HIGH = bytes(range(0x80)), bytes(range(0x80, 0x100))
_NOT_BELOW_0X30 = bytes(range(0x30, 0x100))
# C1 controls and private characters: what a wrong encoding gives.
_WRONG = re.compile(r"[\x80-\x9f\ue000-\uf8ff]")
# The encoding of UTF-8 that breaks off within its last character.
CUT = "utf-8 (cut)"
_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


def decode(data: bytes) -> tuple[str, str]:
    """Text (without byte-order mark) and encoding of bytes that are no gzip; else UnreadableError.

    In this order: byte-order mark, UTF-16 by its NULs, UTF-8, Latin by language, other scripts by detection.
    """
    if found := _MAGIC_RE.match(data):
        raise UnreadableError("binary", _MAGIC[found[0]])
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _wide(data, len(mark), encoding), encoding
    if wide := _utf16_by_nuls(data):
        return _wide(data, 0, wide), wide
    _refuse_controls(data)
    if b"\x1b$" in data and (text := _strict(data, "iso2022_jp")):  # seven bits, so UTF-8 would take it too
        return text, "iso2022_jp"
    skip = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    try:
        return data[skip:].decode(), "utf-8-sig" if skip else "utf-8"
    except UnicodeDecodeError as e:
        return _not_utf8(data[skip:], e, skip + e.start)


def _not_utf8(data: bytes, e: UnicodeDecodeError, at: int) -> tuple[str, str]:
    """`decode` for bytes that are no UTF-8 from byte `at` of the page on."""
    if text := _cut_utf8(data, e):
        return text, CUT
    kept = data.decode(errors="ignore")
    wide, broken = len(kept) - len(data.translate(None, _HIGH)), len(data) - len(kept.encode())
    # Other encodings hardly ever look like UTF-8: as many good sequences as bad bytes mean it is UTF-8.
    if wide >= broken:
        raise UnreadableError("broken-utf8", f"{broken} bytes do not belong to UTF-8, the first is byte {at}")
    for encoding in _guesses(_sample(data)):
        text = _strict(data, encoding)
        if text and not _WRONG.search(text):
            return text, encoding
    raise UnreadableError("undecodable", f"no UTF-8 from byte {at} on, and no other encoding fits")


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _wide(data: bytes, start: int, encoding: str) -> str:
    try:
        text = data[start:].decode(encoding)
    except UnicodeDecodeError as e:
        raise UnreadableError("undecodable", f"{encoding} until byte {start + e.start}: {e.reason}") from e
    _refuse_controls(text.encode())
    return text


def _utf16_by_nuls(data: bytes) -> str | None:
    """UTF-16 without a mark has its NULs at the even or at the odd places. ASCII as a fifth of the text says it
    for any bytes; less (Chinese has line breaks and digits) only for bytes that are no text as they are."""
    if 0 not in data:
        return None
    even, odd = data[0::2].count(0), data[1::2].count(0)
    most, least, encoding = max((odd, even, "utf-16-le"), (even, odd, "utf-16-be"))
    if most * 10 >= len(data) and least * 20 <= most:
        return encoding
    if most * 200 < len(data) or least * 2 > most or not (_controls(data) or _strict(data, "utf-8") is None):
        return None
    text = _strict(data, encoding)
    return encoding if text and not _WRONG.search(text) else None


def _controls(data: bytes) -> int:
    """How many control characters there are, where they are too many: random bytes hold 11 %, while the repair
    drops a few stray ones."""
    controls = len(data) - len(data.translate(None, _CONTROLS))
    return controls if controls * 33 > len(data) else 0


def _refuse_controls(data: bytes) -> None:
    if controls := _controls(data):
        raise UnreadableError("binary", f"{controls} control characters in {len(data)} bytes")


def _cut_utf8(data: bytes, e: UnicodeDecodeError) -> str | None:
    """The text before a last character that breaks off. A single high byte behind nothing but ASCII is more
    likely the last letter of a Latin page."""
    if e.reason != "unexpected end of data":
        return None
    text = data[: e.start].decode()
    return text if len(data) - e.start > 1 or not text.isascii() else None


# --- encodings other than Unicode's

# The letters outside ASCII of the languages that share Latin code pages. Detectors tell scripts well, these
# badly: the same bytes are letters in all of them. The order decides between equals.
_LATIN = {
    "cp1252": (
        "àâæçéèêëîïôœùûüÿ",
        "äöüß",
        "áéíñóúüªº",
        "áâãàçéêíóôõúüªº",
        "àçèéíïòóúü",
        "àèéìíòóùú",
        "äåæöøé",
        "áðéíóúýþæö",
        "ëïéèöüáóúí",
    ),
    "cp1250": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "âăîşţ", "čćđšž"),
    "iso8859_2": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "âăîşţ", "čćđšž"),
    "cp1254": ("çğıöşüâîûİ",),
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž"),
}
_LATIN_MARKS = "\xa0\xad«»‹›“”„‘’‚–—…•·€£©®™°§´½²³¡¿"
_OTHERS = [
    *("cp1251", "koi8_r", "koi8_u", "iso8859_5", "cp866", "cp1253", "iso8859_7", "cp1255", "cp1256", "cp874"),
    *("cp932", "euc_jp", "gb18030", "big5", "big5hkscs", "cp949"),
]
_SAMPLE_BYTES = 32 * 2**10


def _sample(data: bytes) -> bytes:
    """What tells the encoding, bounded: of the lines that hold more than ASCII, the first 32 KiB."""
    lines: list[bytes] = []
    room = _SAMPLE_BYTES
    for line in io.BytesIO(data):
        if room <= 0:
            break
        if not line.isascii():
            if len(line) > room:
                line = line.lstrip(_ASCII)[:room]
                # No byte below 0x30 is half of a character: a cut behind one tears none.
                line = line.rstrip(_NOT_BELOW_0X30) or (b"" if lines else line)
            lines.append(line)
            room -= len(line)
    return b"".join(lines)


def _guesses(sample: bytes) -> Iterator[str]:
    """Encodings that the sample may be in, the likeliest first."""
    scores = {encoding: _latin_score(sample, encoding) for encoding in _LATIN}
    likely = [encoding for encoding in _LATIN if scores[encoding] >= 0.7]
    yield from sorted(likely, key=lambda encoding: -scores[encoding])
    # A word or two could be anything.
    if len(sample.translate(None, _ASCII)) >= 12:
        # The sample may end within a character.
        for whole in (sample, sample[:-1]):
            matches = from_bytes(whole, cp_isolation=_OTHERS, preemptive_behaviour=False)
            yield from (match.encoding for match in matches)


def _latin_score(sample: bytes, encoding: str) -> float:
    """The share of characters beyond ASCII that the language which fits best has; 0 where most letters are
    beyond ASCII, as in no language with the Latin script."""
    text = _strict(sample, encoding)
    if text is None:
        return 0.0
    high = Counter(text)
    ascii_letters = sum(n for c, n in high.items() if c.isascii() and c.isalpha())
    high = Counter({c: n for c, n in high.items() if not c.isascii()})
    if sum(n for c, n in high.items() if c.isalpha()) > ascii_letters:
        return 0.0
    fits = (sum(high[c] for c in {*a, *a.upper(), *_LATIN_MARKS}) for a in _LATIN[encoding])
    return max(fits) / high.total()


# --- markup

_TAG = (
    r"</?(?:a|abbr|article|b|br|button|div|em|footer|h[1-6]|head|header|html|i|img|input|li|link|meta|nav|ol|option"
    r"|p|path|script|section|span|strong|style|svg|table|tbody|td|th|title|tr|ul)(?:\s[^<>]*)?>"
)


def _markup(text: str) -> pl.Expr:
    """Column `found`: what makes a text HTML rather than a flattened page; null where nothing does."""
    opening = pl.col(text).str.extract(r"(?i)^[\s\x00\ufeff]*(<(?:!doctype|\?xml|html|head|body|rss|feed)\b)")
    tags = pl.col(text).str.count_matches(r"(?i)" + _TAG)
    # Flattened pages may show some markup, e.g. in a box to copy an article from.
    begins = pl.col(text).str.contains(r"(?i)^\s*(?:<!--|" + _TAG + ")")
    many = (tags >= 10) & (tags * pl.when(begins).then(200).otherwise(60) >= pl.col(text).str.len_chars())
    return (
        pl.when(opening.is_not_null())
        .then(pl.format("begins with {}", opening))
        .when(many)
        .then(pl.format("{} HTML tags", tags))
        .alias("found")
    )


# --- repair

# Off: all that changes what the outlet printed. NFC too: it rewrites Hindi letters and Chinese names.
_MEND = TextFixerConfig(
    uncurl_quotes=False,
    fix_line_breaks=False,
    fix_character_width=False,
    fix_latin_ligatures=False,
    normalization=None,
    explain=False,
)
# ftfy reads the second of these only where it explains itself.
_MEND_LESS = _MEND._replace(unescape_html=False, replace_lossy_sequences=False, explain=True)

# Safe lines hold only characters listed here, and those of them that mojibake is made of not side by side.
# ftfy acts only where two or three certain characters meet; the tests hold this list against ftfy's.
_GREEK_CYRILLIC = r"\u0370-\u0383\u0386-\u0401\u0403-\u048f\u0492-\u052f"
_ACCENTED = r"ÀÁÄ-ÍÏÑ-ÖÚ-öø-ſ"
_MARKS = r"«»©®¡¿™‹›‘“”„•"
_MONEY = r"€£"
_PLAIN = (
    r"\t\r\n -~"
    r"\u00a0\u00ad·´–—…’"
    r"\u0180-\u0191\u0193-\u02c5\u02c8-\u02d7\u02e0-\u036f"
    r"\u0530-\u200f\u2010-\u2012\u202a-\u202f\u2032-\u2038\u203b-\u2043\u20a8-\u20ab\u20ad-\u20cf"
    r"\u2190-\u21ff\u25a0-\u25c9\u25cb-\u2bff\u2e80-\ud7ff\uf900-\ufaff\ufb13-\ufefe\uff01-\uffee"
    r"\U00010000-\U0010ffff"
)
UNSAFE = "|".join(
    (
        rf"[^{_PLAIN}{_GREEK_CYRILLIC}{_ACCENTED}{_MARKS}{_MONEY}]",
        rf"[{_ACCENTED}{_MARKS}{_MONEY}][{_ACCENTED}{_MARKS}{_MONEY}]",
        rf"[{_GREEK_CYRILLIC}][{_ACCENTED}{_MONEY}]",
        rf"[{_GREEK_CYRILLIC}][{_MARKS}][{_GREEK_CYRILLIC}]",
        r"[Œœ][^A-Za-z]",
        r"&#?[0-9A-Za-z]{1,24};",
    )
)
# Longer lines are mended in pieces, as ftfy's time grows with the square of what is nested in a line.
_PIECE = 2_000
# Mended layer by layer, each a pass over the line; never more than a handful of them in nature.
_NESTED = re.compile(r"[ÂĀВΒ¬┬]{9}|(?:Ã[\x82‚]){9}")


_GAP = re.compile(r"[A-Za-z,.] (?=[A-Za-z])")


def repair(pages: pl.DataFrame) -> pl.DataFrame:
    """`pages` (page, encoding, text, …) with damaged lines mended, and `repaired`: whether any was, or the
    end was cut off. Line breaks (`\\r\\n`, `\\r`, `\\n`) stay as they are, and their number too."""
    tokens = (
        pages.filter(pl.col("text").str.contains(UNSAFE))
        .select("page", token=pl.col("text").str.extract_all(r"[\r\n]+|[^\r\n]+"))
        .explode("token")
    )
    lines = tokens["token"].unique()
    lines = lines.filter(lines.str.contains(UNSAFE))
    mended = pl.DataFrame({"token": lines, "mended": pl.Series(map(mend, lines), dtype=pl.String)})
    texts = (
        tokens.join(mended, on="token", how="left", maintain_order="left")
        .group_by("page")
        .agg(mended=pl.coalesce("mended", "token").str.join())
    )
    return pages.join(texts, on="page", how="left").with_columns(
        text=pl.coalesce("mended", "text"),
        repaired=pl.col("mended").ne_missing(pl.col("text")) & pl.col("mended").is_not_null()
        | (pl.col("encoding") == CUT),
    )


def mend(line: str) -> str:
    """A line without its damage; it gets no line break and no U+FFFD that it did not have."""
    if len(line) > _PIECE:
        return "".join(map(mend, _pieces(line)))
    if _NESTED.search(line):
        return line
    mended = fix_text_segment(line, _MEND)
    if mended.count("\ufffd") > line.count("\ufffd"):
        mended = fix_text_segment(line, _MEND_LESS) if "\ufffd" not in line else line
    return re.sub(r"[\r\n]", " ", mended)


def _pieces(line: str) -> Iterator[str]:
    """Cut before a space between ASCII letters where there is one: nothing that needs mending is torn."""
    start = 0
    while start < len(line):
        end = start + _PIECE
        if end < len(line):
            gaps = _GAP.finditer(line, start, end)
            end = max((gap.start() + 1 for gap in gaps), default=end)
        yield line[start:end]
        start = end


# --- manifests


def manifest(path: str, raw: bytes) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What a drop's `manifest.csv` says about the pages of its folder.

    In: the manifest's own path relative to `seeds/`, and its bytes: CSV (`,`, `;` or tab; any encoding that a
    page may have) whose first line names the columns: file, and any of url, fetched_at, outlet, date. Out:
    SIDECAR (a row per usable row, sorted by page) and REJECTED; their `record` counts the rows behind the
    column names from 1, blank ones too. A row without a usable file is left out, a bad time or date only
    empties its cell. `fetched_at` without zone is UTC, a day alone its midnight. `\\` separates folders as
    `/` does.
    """
    faults: list[Rejection] = []
    rows: dict[str, dict[str, object]] = {}
    record = 0
    try:
        names, records = _table(raw)
        for record, cells in enumerate(records, 1):
            if any(cell.strip() for cell in cells):
                row, wrong = _row(path, names, cells, rows)
                faults += [Rejection(path, record, *fault) for fault in wrong]
                if row:
                    rows[str(row["page"])] = {**row, "manifest": path, "record": record}
    except UnreadableError as e:
        faults.append(Rejection(path, 0, e.reason, e.detail))
    except csv.Error as e:
        faults.append(Rejection(path, record + 1, "broken-manifest", f"not read from here on: {e}"))
    return pl.DataFrame(list(rows.values()), schema=SIDECAR).sort("page"), rejections(faults, TODO)


def _table(raw: bytes) -> tuple[list[str], Iterator[list[str]]]:
    """Column names, and the rows behind them."""
    if not raw:
        raise UnreadableError("empty", "0 bytes")
    text = decode(gunzip(raw) if raw.startswith(b"\x1f\x8b") else raw)[0].lstrip()
    first = io.StringIO(text, newline="").readline()
    records = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    names = [name.strip().lower() for name in next(records, [])]
    if "file" not in names:
        raise UnreadableError("no-file-column", f"the first line is {first.strip()[:100]!r}")
    return names, records


def _row(
    path: str, names: list[str], cells: list[str], rows: Mapping[str, Mapping[str, object]]
) -> tuple[dict[str, object] | None, list[tuple[str, str]]]:
    """The sidecar row of a manifest's row (None where it has no usable file), and what is wrong with it."""
    if any(cell.strip() for cell in cells[len(names) :]):
        return None, [("extra-cells", f"{len(cells)} cells under {len(names)} column names")]
    given = {name: cell.strip() or None for name, cell in zip(names, cells, strict=False)}
    try:
        page = _page_of(path, given.get("file"))
    except UnreadableError as e:
        return None, [(e.reason, e.detail)]
    if page in rows:
        return None, [("duplicate-file", f"{page} stands in row {rows[page]['record']} already")]
    row: dict[str, object] = {"page": page, "url": given.get("url"), "outlet": given.get("outlet")}
    wrong = []
    for name, reason, parse in (("fetched_at", "bad-time", _time), ("date", "bad-date", date.fromisoformat)):
        value = given.get(name)
        try:
            row[name] = parse(value) if value else None
        except (ValueError, OverflowError):
            row[name] = None
            wrong.append((reason, f"{name} is {str(value)[:100]!r}"))
    return row, wrong


def _page_of(path: str, file: str | None) -> str:
    """The page that a manifest's cell `file` names."""
    if not file:
        raise UnreadableError("no-file", "the cell is empty")
    parts = file.replace("\\", "/").split("/")
    if ".." in parts or not parts[0] or ":" in parts[0]:
        raise UnreadableError("file-outside", f"file is {file[:100]!r}")
    return "/".join([*path.split("/")[:-1], *(part for part in parts if part not in ("", "."))])


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
