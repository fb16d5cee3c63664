"""Bytes → text: gunzip, what is no text (binary files, HTML), and the encoding of what is.

Nothing is replaced by U+FFFD: bytes that fit no encoding reject the page. UTF-8 that is cut within its last
character (a scraper that stops after so many bytes) is read up to that character: its one to three bytes name
none. Broken UTF-8 anywhere else is rejected with the offset, as what stood there can't be known.
"""

import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator

import polars as pl
from charset_normalizer import from_bytes

from pipeline.faults import MAX_PAGE_BYTES, UnreadableError

_GZIP = b"\x1f\x8b"
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
    _GZIP: "gzip within gzip",
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
_UTF8_MARK = b"\xef\xbb\xbf"
_BEGINS_OTHERWISE = re.compile(b"|".join((_MAGIC_RE.pattern, _UTF8_MARK)))  # other marks are no UTF-8
# The encoding of UTF-8 that breaks off within its last character.
CUT = "utf-8 (cut)"
_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


def unpack(data: bytes) -> bytes:
    """The bytes of a file, gzipped or not: one at least; else UnreadableError."""
    if not data:
        raise UnreadableError("empty", "0 bytes")
    return _gunzip(data) if data.startswith(_GZIP) else data


def _gunzip(data: bytes) -> bytes:
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


def utf8(raw: pl.Series) -> pl.Series:
    """The texts of bytes in UTF-8, null where they are not."""
    try:
        return raw.cast(pl.String)
    except pl.exceptions.ComputeError:  # one is not: halves of halves show which
        if len(raw) == 1:
            return pl.Series([None], dtype=pl.String)
        half = len(raw) // 2
        return pl.concat([utf8(raw[:half]), utf8(raw[half:])])


def ordinary(data: bytes) -> bool:
    """Whether bytes that are UTF-8 are what most pages are: they begin as text does and hold no control character, so
    that `unpack` and `decode` would give them as they are."""
    return bool(data) and not _BEGINS_OTHERWISE.match(data) and len(data.translate(None, _CONTROLS)) == len(data)


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
    skip = len(_UTF8_MARK) if data.startswith(_UTF8_MARK) else 0
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

_CENTRAL = ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "âăîşţ", "čćđšž")
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
    "cp1250": _CENTRAL,
    "iso8859_2": _CENTRAL,
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
    counts = Counter(text)
    ascii_letters = sum(n for c, n in counts.items() if c.isascii() and c.isalpha())
    high = Counter({c: n for c, n in counts.items() if not c.isascii()})
    if sum(n for c, n in high.items() if c.isalpha()) > ascii_letters:
        return 0.0
    fits = (sum(high[c] for c in {*a, *a.upper(), *_LATIN_MARKS}) for a in _LATIN[encoding])
    return max(fits) / high.total()


# --- markup

_TAG = (
    r"</?(?:a|abbr|article|b|br|button|div|em|footer|h[1-6]|head|header|html|i|img|input|li|link|meta|nav|ol|option"
    r"|p|path|script|section|span|strong|style|svg|table|tbody|td|th|title|tr|ul)(?:\s[^<>]*)?>"
)


def markup(text: pl.Expr) -> pl.Expr:
    """What makes a text HTML rather than a flattened page; null where nothing does."""
    opening = text.str.extract(r"(?i)^[\s\x00\ufeff]*(<(?:!doctype|\?xml|html|head|body|rss|feed)\b)")
    tags = text.str.count_matches(r"(?i)" + _TAG)
    # Flattened pages may show some markup, e.g. in a box to copy an article from.
    begins = text.str.contains(r"(?i)^\s*(?:<!--|" + _TAG + ")")
    many = (tags >= 10) & (tags * pl.when(begins).then(200).otherwise(60) >= text.str.len_chars())
    return (
        pl.when(opening.is_not_null())
        .then(pl.format("begins with {}", opening))
        .when(many)
        .then(pl.format("{} HTML tags", tags))
    )
