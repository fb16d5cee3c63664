"""Repair: characters that were damaged before us (mojibake, HTML entities, control characters), line by line.

What the outlet printed stays: quotes, widths, ligatures, the composition of accents, line breaks. A repair that
would add a U+FFFD isn't made; a U+FFFD that the page already holds stays: what it stood for was lost before us.
"""

import re
from collections.abc import Iterator
from contextlib import suppress

import polars as pl
from ftfy import TextFixerConfig, fix_text_segment
from ftfy.badness import is_bad
from ftfy.fixes import unescape_html

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
_OPENING = r"«©¡¿‹‘“„•"
_CLOSING = r"»®›™”"
_MONEY = r"€£¥"
_SIGNS = r"°×²³½"
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
        rf"[^{_PLAIN}{_GREEK_CYRILLIC}{_ACCENTED}{_OPENING}{_CLOSING}{_MONEY}{_SIGNS}]",
        rf"[{_ACCENTED}][{_ACCENTED}{_OPENING}{_CLOSING}{_MONEY}&&\P{{Ll}}]",
        rf"[{_CLOSING}{_MONEY}][{_ACCENTED}{_OPENING}{_CLOSING}{_MONEY}]",
        rf"[{_GREEK_CYRILLIC}][{_ACCENTED}{_MONEY}]",
        rf"[{_GREEK_CYRILLIC}][{_OPENING}{_CLOSING}][{_GREEK_CYRILLIC}]",
        rf"[^\t\r\n -~][{_SIGNS}]|[{_SIGNS}][^\t\r\n -~]",
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
    """`pages` (page, text, …) with damaged lines mended, and `repaired`: whether any was. Line breaks (`\\r\\n`,
    `\\r`, `\\n`) stay as they are, and their number too."""
    tokens = (
        pages.filter(pl.col("text").str.contains(UNSAFE))
        .select("page", token=pl.col("text").str.extract_all(r"[\r\n]+|[^\r\n]+"))
        .explode("token")
    )
    lines = tokens["token"].unique()
    lines = lines.filter(lines.str.contains(UNSAFE))
    mended = pl.DataFrame({"token": lines, "mended": mend_all(lines)})
    texts = (
        tokens.join(mended, on="token", how="left", maintain_order="left")
        .group_by("page")
        .agg(mended=pl.coalesce("mended", "token").str.join())
    )
    return pages.join(texts, on="page", how="left").with_columns(
        text=pl.coalesce("mended", "text"),
        repaired=(pl.col("mended") != pl.col("text")).fill_null(False),
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
    return _unbroken(mended)


def mend_all(lines: pl.Series) -> list[str]:
    """Each line as `mend` has it, in a twentieth of the time: what is safe once the commonest damage is undone, ftfy
    would leave as it is."""
    quick = pl.Series(map(_undone, lines), dtype=pl.String)
    unsafe = quick.str.contains(UNSAFE)
    return [mend(line) if more else undone for line, undone, more in zip(lines, quick, unsafe, strict=True)]


def _undone(line: str) -> str:
    """A line without HTML entities, and read as UTF-8 where that was read as Latin-1 or Windows-1252: what ftfy does
    first, as it does it."""
    if len(line) > _PIECE or _NESTED.search(line):
        return line
    text = line if "<" in line else unescape_html(line)
    if not text.isascii() and is_bad(text):
        for wrong in ("latin-1", "sloppy-windows-1252"):
            with suppress(UnicodeError):
                return _unbroken(text.encode(wrong).decode())
    return _unbroken(text)


def _unbroken(text: str) -> str:
    return re.sub(r"[\r\n]", " ", text)


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
