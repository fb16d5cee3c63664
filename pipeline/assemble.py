"""Step: the parts of the pages' lines, labelled and split, become articles and pages.

`assemble` gives the ledger its last columns, one row to every article, and to every page what it is. What is read
out of the text (day, outlet, language, agencies, place) has a module of its own each.
"""

import hashlib

import polars as pl

from pipeline.agencies import agencies
from pipeline.datelines import datelines
from pipeline.dates import dates, day_orders
from pipeline.kinds import kinds
from pipeline.language import languages
from pipeline.outlets import outlets
from pipeline.patterns import contains
from pipeline.rulebook import Rulebook
from pipeline.stamps import OUTSIDE, stamped
from pipeline.tables import DESTINATION, LINES, PAGE_ARTICLES, PAGES
from pipeline.wrapping import as_printed, begins

KEY = ["page", "article_no"]
BULLET = r"^(?:[•‣▪●◦·■]\s*|[*–—-]\s+)"
# Every character of these scripts is a word; elsewhere a run of letters and digits, hyphens and apostrophes inside.
ALONE = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
WORD = rf"[{ALONE}]|[[\p{{L}}\p{{M}}\p{{N}}]--[{ALONE}]]+(?:['’-][[\p{{L}}\p{{M}}\p{{N}}]--[{ALONE}]]+)*"

SENTENCE_END = r"""[.!?:;…。！？؟।"”’»«“)\]」』】]['’]*$"""
BREAKS_OFF = r"(?:…|\.\.\.|\[…\]|\[\.\.\.\])$"
# A last paragraph without an end is a cut only where it is long enough for a sentence (a heading or a signature is
# not), and where the article ends its other paragraphs, three of them at least: some outlets never do.
CUT_CHARS = 80
ENDED_BEFORE = 3


def assemble(
    lines: pl.DataFrame, texts: pl.DataFrame, rules: Rulebook
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """`lines` (page, page_id, line_no, part, text, printed, role, reason, score, article_no; in the order of the page)
    and `texts` of whole pages → the tables lines, page_articles, pages."""
    rows = _destined(stamped(lines, rules))
    whose = outlets(rows, texts, rules)
    ledger = LINES.conform(as_printed(rows))
    return (
        ledger,
        PAGE_ARTICLES.conform(_articles(ledger, texts, whose, rules).sort(KEY)),
        PAGES.conform(kinds(rows, texts, rules)),
    )


def _destined(lines: pl.DataFrame) -> pl.DataFrame:
    """`lines` with destination; an article without a line of body is none, and the others are numbered again."""
    with_body = lines.filter((pl.col("role") == "body") & pl.col("text").str.contains(r"\S"))
    numbers = (
        with_body.select(KEY)
        .drop_nulls()
        .unique()
        .with_columns(number=pl.col("article_no").rank("dense").over("page").cast(pl.Int32))
    )
    destination = pl.col("role").replace_strict(DESTINATION, default=None, return_dtype=pl.String)
    return (
        lines.join(numbers, on=KEY, how="left", maintain_order="left")
        .with_columns(article_no="number")
        .with_columns(destination=pl.when(pl.col("article_no").is_not_null()).then(destination))
        .drop("number")
    )


def _articles(ledger: pl.DataFrame, texts: pl.DataFrame, whose: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """One row per article of the ledger, every column of `page_articles`."""
    printed = _printed(ledger)
    about = texts.select("page", "page_id", "url", "site", "fetched_at", "sidecar_date")
    out = _columns(printed).join(about, on="page", how="left", maintain_order="left")
    out = out.join(whose, on="page", how="left", maintain_order="left")
    out = out.join(_measures(ledger, rules), on=KEY, how="left", maintain_order="left")
    out = out.hstack(languages(out["body"], rules)).with_columns(
        datelines(out["lead"], out["dateline"]),
        agencies(out["sources"], rules),
        pl.Series("article_id", map(_hash, map("{}:{}".format, out["page_id"], out["line_start"])), pl.String),
        pl.Series("text_hash", map(_hash, _folded(out["body"])), pl.String),
        truncated=pl.col("cut") | _breaks_off(),
        n_words=pl.col("body").str.count_matches(WORD),
    )
    columns = [*KEY, "line_no", "destination", "text"]
    stamps = printed.filter(pl.col("destination").is_in(["date_raw", "byline"])).select(columns)
    others = ledger.filter((pl.col("reason") == OUTSIDE) & pl.col("article_no").is_not_null()).select(columns)
    stamps = pl.concat([stamps, others])
    captions = printed.filter(destination="captions").select(*KEY, "text")
    at_headline = out.join(_headlines(ledger), on=KEY, how="left", maintain_order="left")
    at_headline = at_headline.join(_live(ledger, rules), on=KEY, how="left", maintain_order="left")
    at_headline = at_headline.with_columns(
        line_start=pl.coalesce("right_above", "headline"), live=pl.col("live").fill_null(False)
    )
    dated = dates(at_headline, stamps, captions, day_orders(ledger), rules)
    return out.join(dated, on=KEY, how="left", maintain_order="left")


def _printed(ledger: pl.DataFrame) -> pl.DataFrame:
    """What is kept of each line (of each paragraph, where the page is wrapped) for each destination → page, article_no,
    line_no, last_line, destination, text, is_body."""
    place = [*KEY, "begins", "destination"]
    first = pl.int_range(pl.len()).over(place) == 0
    return (
        ledger.with_columns(begins=begins())
        .drop_nulls("destination")
        .group_by(*place, "line_no", maintain_order=True)
        .agg(
            pl.col("text").str.join("").str.strip_chars(),
            pl.col("joined").first(),
            is_body=(pl.col("role") == "body").any(),
        )
        .filter(pl.col("text") != "")
        .with_columns(pl.when(first).then("text").otherwise(pl.concat_str("joined", "text")))
        .group_by(place, maintain_order=True)
        .agg(
            pl.col("line_no").first(),
            pl.col("text").str.join(""),
            pl.col("is_body").any(),
            last_line=pl.col("line_no").last(),
        )
    )


def _columns(printed: pl.DataFrame) -> pl.DataFrame:
    """What the lines of each article say → page, article_no, title, body, standfirst, captions, byline, line_end,
    and for the next steps headline (line, or the first text's), lead, first_body (line), paragraphs, sources."""
    text, line_no, to, is_body = pl.col("text"), pl.col("line_no"), pl.col("destination"), pl.col("is_body")
    bylines = text.filter(to == "byline")
    return printed.group_by(KEY, maintain_order=True).agg(
        title=text.filter(to == "title").first(),
        body=text.filter(to == "body").str.join("\n\n"),
        standfirst=text.filter(to == "standfirst").str.replace(BULLET, ""),
        captions=text.filter(to == "captions"),
        byline=pl.when(bylines.len() > 0).then(bylines.str.join("; ")),
        headline=pl.coalesce(line_no.filter(to == "title").first(), line_no.filter(to == "body").first()),
        line_end=pl.col("last_line").max(),
        lead=text.filter(is_body).first(),
        first_body=line_no.filter(is_body).first(),
        paragraphs=text.filter(is_body),
        sources=text.filter(to.is_in(["body", "agencies"])).str.join("\n"),
    )


def _headlines(ledger: pl.DataFrame) -> pl.DataFrame:
    """→ page, article_no, right_above: where the headline stands last before the text; it is often the page's title
    too, with navigation and teasers behind it."""
    role, line_no = pl.col("role"), pl.col("line_no")
    text = line_no.filter(role == "body").min()
    heads = line_no.filter(role.is_in(["headline", "headline_repeat"]) & (line_no < text))
    return ledger.drop_nulls("article_no").group_by(KEY).agg(right_above=heads.max())


def _live(ledger: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """→ page, article_no, live (true): the headline says so, or such a label stands up to two lines above it."""
    above = {f"above{k}": pl.col("text").shift(k).over("page") for k in (1, 2)}
    solid = ledger.filter(pl.col("role") != "blank").select(*KEY, "role", pl.col("text").str.strip_chars())
    heads = solid.with_columns(**above).filter(pl.col("role").is_in(["headline", "headline_repeat"]))
    said = contains(heads["text"], rules.phrase("live-headline"))
    for name in above:
        said |= contains(heads[name], rules.phrase("live-label")).fill_null(False)
    return heads.filter(said).select(KEY).drop_nulls().unique().with_columns(live=True)


def _measures(ledger: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """→ page, article_no, line_start, confidence (of the kept parts, weighted by length), cut (a rule says so)."""
    kept = pl.col("destination").is_not_null()
    length = pl.col("text").str.len_chars().filter(kept)
    return (
        ledger.drop_nulls("article_no")
        .group_by(KEY)
        .agg(
            line_start=pl.col("line_no").filter(pl.col("role") != "blank").min(),
            confidence=((pl.col("score").filter(kept) * length).sum() / length.sum()).round(4),
            cut=pl.col("reason").is_in(rules.marked("truncated")).any(),
        )
    )


def _breaks_off() -> pl.Expr:
    """Whether the last of `paragraphs` ends in an ellipsis, or in mid-sentence where the ones before it do not."""
    ended = pl.col("paragraphs").list.eval(pl.element().str.contains(SENTENCE_END))
    before = ended.list.slice(0, ended.list.len() - 1)
    last = pl.col("paragraphs").list.last()
    cut = (
        (last.str.len_chars() >= CUT_CHARS)
        & ~ended.list.last()
        & (before.list.len() >= ENDED_BEFORE)
        & before.list.all()
    )
    return last.str.contains(BREAKS_OFF) | cut


# Characters that NFKC leaves as they are (of Latin, Greek, Cyrillic), or that are punctuation before and after it.
_NORMAL = (
    r"\x00-\x7f«»À-ÖØ-ıĴ-ľŁ-ňŊ-žƀ-ǃǍ-ǰǴ-ȯȲ-ɏ\x{386}\x{388}-\x{3ce}\x{400}-\x{481}\x{48a}-\x{52f}"
    r"\x{2010}-\x{2016}\x{2018}-\x{2026}\x{2030}-\x{2038}€"
)
# But for single spaces, which are most.
BETWEEN_WORDS = r"[[\p{P}\p{S}\p{Z}\p{C}]--[ ]][\p{P}\p{S}\p{Z}\p{C}]*| [\p{P}\p{S}\p{Z}\p{C}]+"


def _folded(bodies: pl.Series) -> pl.Series:
    """Bodies without what a second template or a copy may change: case, width, punctuation, spaces."""
    odd = bodies.str.contains(rf"[^{_NORMAL}]").arg_true()
    normal = bodies.scatter(odd, bodies.gather(odd).str.normalize("NFKC"))
    return normal.str.to_lowercase().str.replace_all(BETWEEN_WORDS, " ").str.strip_chars()


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
