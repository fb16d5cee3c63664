"""The card's figures, counted from the published tables, put into its template. No text of a page but names."""

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl
from jinja2 import DictLoader, Environment, StrictUndefined

from pipeline.card.plots import Series, bars, columns
from pipeline.review.glance import Tables, counts, glance
from pipeline.review.words import Words
from pipeline.tables import ARTICLES, PUBLISHED

SERIES = 5  # outlets that have a colour of their own
OUTLETS = 20  # that are listed
NAME = 60  # characters of a name that are shown
MONTHS = 36  # more are shown by year
WORDS = (50, 100, 200, 400, 800, 1_600, 3_200)
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (10**7, "1M<n<10M"))
IN_PARTS = ("lines", "pages", "page_articles")
MARKED = re.compile(r"[\\`*_{}\[\]<>()#+!|~&-]")
TIME, LENGTHS, DROPPED = PLOTS = ("card/time.svg", "card/lengths.svg", "card/dropped.svg")  # beside the card


class Made(NamedTuple):
    """What the corpus was made with: its generation, the digests of rules, model and program, how the model scored
    (its Markdown), and the error rates that a judged sample gave (`audit.rates`), if there are any, and of which
    generation."""

    generation: str
    versions: Mapping[str, str]
    scores: str
    rates: pl.DataFrame | None = None
    judged: str = ""


def card(tables: Tables, made: Made, files: Mapping[str, str], words: Words) -> dict[str, str]:
    """The published tables → the card and its plots by their names in its folder. `files`: the texts of this folder."""
    articles = tables.articles
    start = glance(tables)
    said = tomllib.loads(files["words.toml"])
    outlets = _outlets(articles)
    times, undated = _times(articles)
    dropped = [(row["reason"], int(row["n"]), words.of_family(row["reason"])) for row in start.dropped]
    text = rendered(
        "card.md",
        files,
        start=start,
        made=made,
        about=_about(articles),
        seeds=_seeds(tables.pages),
        size=next((size for limit, size in SIZES if start.articles < limit), "n>10M"),
        languages=_counts(articles, "language"),
        configs=[
            (t.name, f"{t.name}.parquet/*.parquet" if t.name in IN_PARTS else f"{t.name}.parquet") for t in _shown()
        ],
        columns=_columns(articles, said["null"]),
        bases={name: _counts(articles, f"{name}_basis") for name in ("date", "outlet")},
        outlets=outlets.head(OUTLETS).to_dicts(),
        more_outlets=max(0, outlets.height - OUTLETS),
        dropped=dropped,
        undated=undated,
        scores=_table(made.scores),
        rates=made.rates.to_dicts() if made.rates is not None else [],
        parts=said["parts"],
    )
    return {
        TIME: times,
        LENGTHS: _lengths(articles),
        DROPPED: bars("Lines dropped, by reason", [(reason, n) for reason, n, _ in dropped]),
        "README.md": text,
    }


def rendered(name: str, files: Mapping[str, str], **values: Any) -> str:
    """A template of this folder as Markdown. What comes from a page must pass the filter `name`."""
    site = Environment(
        loader=DictLoader(dict(files)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    site.filters |= {"n": "{:,}".format, "name": _name, "percent": _percent}
    return site.get_template(name).render(values)


def _shown() -> Sequence[Any]:
    return [ARTICLES, *(t for t in PUBLISHED if t is not ARTICLES)]


def _about(articles: pl.LazyFrame) -> dict[str, Any]:
    n_words, date = pl.col("n_words"), pl.col("date")
    return (
        articles.select(
            words=n_words.cast(pl.Int64).sum(),
            median=n_words.median(),
            first=date.min(),
            last=date.max(),
            stories=pl.col("story_id").drop_nulls().n_unique(),
            shared=pl.col("story_id").count(),
            truncated=pl.col("truncated").sum(),
            unsure=(pl.col("confidence") < 0.5).sum(),
        )
        .collect()
        .row(0, named=True)
    )


def _seeds(pages: pl.LazyFrame) -> str:
    """The digest of the pages' bytes, whatever the pages are called."""
    ids = pages.select(pl.col("page_id").sort()).collect()["page_id"]
    return hashlib.blake2b("\n".join(ids).encode(), digest_size=16).hexdigest()


def _counts(rows: pl.LazyFrame, column: str) -> list[tuple[str, int]]:
    return counts(rows.drop_nulls(column), column)


def _columns(articles: pl.LazyFrame, why: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each column with how often it is null, and why it may be."""
    nullable = [c.name for c in ARTICLES.columns if c.nullable]
    nulls = articles.select(pl.col(nullable).null_count()).collect(engine="streaming").row(0, named=True)
    return [
        {
            "name": c.name,
            "type": _type(c.dtype),
            "nulls": nulls[c.name] if c.nullable else None,
            "meaning": c.meaning.replace("|", "\\|"),
            "why": why.get(c.name, ""),
        }
        for c in ARTICLES.columns
    ]


def _type(dtype: Any) -> str:
    if isinstance(dtype, pl.List):
        return f"list of {_type(dtype.inner)}"
    return "datetime" if isinstance(dtype, pl.Datetime) else str(dtype).lower()


def _outlets(articles: pl.LazyFrame) -> pl.DataFrame:
    date = pl.col("date")
    return (
        articles.group_by("outlet")
        .agg(n=pl.len(), words=pl.col("n_words").median(), first=date.min(), last=date.max(), undated=date.null_count())
        .sort("n", "outlet", descending=[True, False], nulls_last=True)
        .collect()
    )


def _times(articles: pl.LazyFrame) -> tuple[str, int]:
    """The plot of articles over time, and how many have no date."""
    rows = articles.select("outlet", "date").collect()
    dated = rows.drop_nulls("date")
    if dated.is_empty():
        return columns("Articles by month", [], [Series("articles", [])]), rows.height
    bounds = pl.date_range(pl.col("date").min().dt.truncate("1mo"), pl.col("date").max(), "1mo")
    months = dated.select(month=bounds)["month"]
    unit, form = ("month", "%Y-%m") if len(months) <= MONTHS else ("year", "%Y")
    labels = months.dt.strftime(form).unique(maintain_order=True).to_list()
    counted = dated.group_by("outlet", label=pl.col("date").dt.strftime(form)).agg(n=pl.len())
    top = dated.drop_nulls("outlet")["outlet"].value_counts().sort("count", "outlet", descending=[True, False])
    named = top["outlet"].head(SERIES).to_list()
    of = pl.when(pl.col("outlet").is_in(named)).then("outlet")
    by = {key: dict(g.select("label", "n").rows()) for (key,), g in _summed(counted, of).items()}
    series = [Series(_clip(name), [by[name].get(x, 0) for x in labels]) for name in named]
    if None in by:
        rest = "other outlets, or none known" if top.height > len(named) else "outlet not known"
        series.append(Series(rest, [by[None].get(x, 0) for x in labels], known=False))
    return columns(f"Articles by {unit}", labels, series), rows.height - dated.height


def _summed(counted: pl.DataFrame, of: pl.Expr) -> dict[Any, pl.DataFrame]:
    rows = counted.group_by("label", of=of).agg(pl.col("n").sum()).sort("label")
    return rows.partition_by("of", as_dict=True)


def _lengths(articles: pl.LazyFrame) -> str:
    edges = [0, *WORDS]
    labels = [f"{a:,}–{b - 1:,}" for a, b in zip(edges, WORDS, strict=False)] + [f"{WORDS[-1]:,}–"]
    bin_ = pl.sum_horizontal((pl.col("n_words") >= edge).cast(pl.Int32) for edge in WORDS)
    found = dict(articles.group_by(bin=bin_).agg(n=pl.len()).collect().rows())
    return columns(
        "Articles by length in words", labels, [Series("articles", [found.get(k, 0) for k in range(len(labels))])]
    )


def _table(scores: str) -> str:
    """The table of a Markdown text, empty columns left out."""
    rows = [[c.strip() for c in line.strip("|").split("|")] for line in scores.splitlines() if line.startswith("|")]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _clip(name: str) -> str:
    return name if len(name) <= NAME else f"{name[:NAME]}…"


def _name(name: str | None) -> str:
    """A name from a page as plain text of Markdown: it marks up nothing, links nowhere, turns nothing."""
    if name is None:
        return "*not known*"
    return MARKED.sub(r"\\\g<0>", "".join(c if c.isprintable() else "\ufffd" for c in _clip(name)))


def _percent(part: float, whole: float = 1) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"
