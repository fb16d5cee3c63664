"""The read step: raw bytes → pages of text, decoded, repaired and identified; what can't be read → rejected.

Here the parts are joined: `decode` makes text of the bytes, `repair` mends it, `manifest` says where it comes
from, `faults` names what went wrong. Nothing here knows what an article is.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import NamedTuple

import polars as pl

from pipeline.decode import CUT, decode, markup, ordinary, unpack, utf8
from pipeline.faults import MAX_PAGE_BYTES, Rejection, UnreadableError, one_per_record, rejections
from pipeline.records import Record, page
from pipeline.records import pages as pages_of
from pipeline.repair import repair
from pipeline.tables import TEXTS


class _Page(NamedTuple):
    row: int  # of `raw`
    page_id: str
    n_bytes: int
    encoding: str
    decoded: str | None  # null where the bytes are the text


_PAGE_SCHEMA = pl.Schema(
    {"row": pl.UInt32, "page_id": pl.String, "n_bytes": pl.Int64, "encoding": pl.String, "decoded": pl.String}
)


def read(raw: pl.DataFrame, sidecar: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The pages of a batch of files, or of records of files.

    In: `raw` (path, raw: the bytes of a page, gzipped or not; and `record` where it is not the file as a whole; both
    together unique) and `sidecar` (page, url, fetched_at, outlet, date; page unique, the others may be null). Out:
    TEXTS and REJECTED, sorted by key; every row of `raw` stands in exactly one of them. No bytes raise; a sidecar that
    repeats a page is a Polars error.
    """
    if "record" not in raw.columns:
        raw = raw.with_columns(record=0)
    raw = raw.with_columns(as_is=utf8(raw["raw"]))
    found: list[_Page] = []
    faults: list[Rejection] = []
    given = raw.select("path", "record", "raw", is_utf8=pl.col("as_is").is_not_null())
    for row, (path, record, data, is_utf8) in enumerate(given.iter_rows()):
        try:
            found.append(_page(row, data, is_utf8))
        except UnreadableError as e:
            faults.append(Rejection(path, record, e.reason, e.detail))
    pages = pl.DataFrame(found, schema=_PAGE_SCHEMA, orient="row")
    decoded = pages.hstack(raw.select("path", "record", page(), "as_is")[pages["row"]]).with_columns(
        text=pl.coalesce("decoded", "as_is")
    )
    html = decoded.select("path", "record", "page", tags=markup(pl.col("text"))).drop_nulls()
    faults += [Rejection(path, record, "html", tags) for path, record, _, tags in html.iter_rows()]
    known = sidecar.select("page", "url", "fetched_at", sidecar_outlet="outlet", sidecar_date="date")
    texts = (
        repair(decoded.join(html, on="page", how="anti"))
        .join(known, on="page", how="left", validate="1:1")
        .with_columns(site=site(pl.col("url")), repaired=pl.col("repaired") | (pl.col("encoding") == CUT))
    )
    return TEXTS.conform(texts.sort("page")), rejections(faults)


def read_records(path: str, block: Iterable[Record], sidecar: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The pages of some records of the file `path`, as `read` gives those of files. A record that was read stands in
    REJECTED too where a cell of it can't be used."""
    raw, said, faults = pages_of(path, block, sidecar)
    texts, rejected = read(raw, said)
    return texts, one_per_record(pl.concat([rejected, faults]))


def site(url: pl.Expr) -> pl.Expr:
    """The host of a URL (scheme optional), lower-case, without `www.`, user and port; else null."""
    url = url.str.strip_chars().str.to_lowercase()
    full = url.str.extract(r"^(?:[a-z][a-z0-9+.-]*:)?//(?:[^/?#@]*@)?(\[[0-9a-f:.]+\]|[^/?#:@\[\]\s]+)(?:[:/?#]|$)")
    bare = url.str.extract(r"^([\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+)(?::\d+)?(?:[/?#]|$)")
    host = pl.coalesce(full, bare).str.strip_prefix("www.").str.strip_chars_end(".")
    return pl.when(host != "").then(host)


def _page(row: int, data: bytes, is_utf8: bool) -> _Page:
    if len(data) > MAX_PAGE_BYTES:
        raise UnreadableError("too-large", f"more than {MAX_PAGE_BYTES} bytes")
    if is_utf8 and ordinary(data):
        return _Page(row, _page_id(data), len(data), "utf-8", None)
    data = unpack(data)
    text, encoding = decode(data)
    if not text:
        raise UnreadableError("empty", "a byte-order mark and nothing behind it")
    return _Page(row, _page_id(data), len(data), encoding, text)


def _page_id(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()
