"""The read step: raw bytes → pages of text, decoded, repaired and identified; what can't be read → rejected.

Here the parts are joined: `decode` makes text of the bytes, `repair` mends it, `manifest` says where it comes
from, `faults` names what went wrong. Nothing here knows what an article is.
"""

from hashlib import blake2b
from typing import NamedTuple

import polars as pl

from pipeline.decode import CUT, decode, markup, unpack
from pipeline.faults import MAX_PAGE_BYTES, Rejection, UnreadableError, rejections
from pipeline.repair import repair
from pipeline.tables import TEXTS


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
    html = decoded.select("page", found=markup(pl.col("text"))).drop_nulls()
    faults += [Rejection(page, 0, "html", found) for page, found in html.iter_rows()]
    known = sidecar.select("page", "url", "fetched_at", sidecar_outlet="outlet", sidecar_date="date")
    texts = (
        repair(decoded.join(html, on="page", how="anti"))
        .join(known, on="page", how="left", validate="1:1")
        .with_columns(site=site(pl.col("url")), repaired=pl.col("repaired") | (pl.col("encoding") == CUT))
    )
    return TEXTS.conform(texts.sort("page")), rejections(faults)


def site(url: pl.Expr) -> pl.Expr:
    """The host of a URL (scheme optional), lower-case, without `www.`, user and port; else null."""
    url = url.str.strip_chars().str.to_lowercase()
    full = url.str.extract(r"^(?:[a-z][a-z0-9+.-]*:)?//(?:[^/?#@]*@)?(\[[0-9a-f:.]+\]|[^/?#:@\[\]\s]+)(?:[:/?#]|$)")
    bare = url.str.extract(r"^([\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+)(?::\d+)?(?:[/?#]|$)")
    host = pl.coalesce(full, bare).str.strip_prefix("www.").str.strip_chars_end(".")
    return pl.when(host != "").then(host)


def _page(path: str, data: bytes) -> _Page:
    if len(data) > MAX_PAGE_BYTES:
        raise UnreadableError("too-large", f"more than {MAX_PAGE_BYTES} bytes")
    data = unpack(data)
    text, encoding = decode(data)
    if not text:
        raise UnreadableError("empty", "a byte-order mark and nothing behind it")
    return _Page(path, blake2b(data, digest_size=16).hexdigest(), len(data), encoding, text)
