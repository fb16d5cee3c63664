"""The same article found again, and one story told by several outlets: page_articles → duplicates, stories.

**Texts are compared by their distinct word 5-grams** (see `shingles`). The *containment* of a row in another is
the share of its 5-grams that the other body holds too.

**The same article** is: the same `article_id` (identical bytes under two names), always; else one outlet (see
`_same_outlet`) and either
- the same `text_hash`. Bodies under `FEW_WORDS` words need the same title too, for such a body may be a
  left-over of any page; they have no other way to be folded. Or
- containment of the lower-ranked row in the higher one ≥ `SAME`, and a sign that the one *is* the other, not
  just quoted by it (a short article stands whole in a later round-up, and must keep its row): the titles are
  alike, or the lengths fit, or the texts open alike, as a cut copy does. Or
- containment ≥ `UPDATED` under equal titles of `TITLE_WORDS` words or more: the article, updated (see
  `_one_is_the_other`).
Containment is measured in this direction only: to fold a row whose words the kept one lacks is to lose them
(an update's lost paragraphs are those that the outlet itself replaced).

**Which row stays**: a known outlet before an unknown one, so that no outlet loses an article to a page that
does not say whose it is, and two outlets' copies can't meet in such a page. Between rows of one outlet: more
words, fetched later, dated later (nulls last), and then names, which are arbitrary but fixed.

**A story** is copy that several outlets share: containment ≥ `STORY`, and no sign that both are of one place
(see `_other_place`): no row counts as one outlet with its story's representative, which is the one with most
words (then fetched later, …).

**No chains**: rows are taken in rank order; each goes to the representative that holds most of it (ties: the
higher-ranked), checked against that one itself, or becomes a representative. So nothing that a row was folded
into is ever folded, and a second pass over the rows that stay folds nothing.

Known limit: reports from one template (prices, weather) in which only a few figures change can reach `SAME`,
and those under one standing title `UPDATED`.
"""

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

import polars as pl

from pipeline.shingles import FEW_WORDS, Index, Shingles, begins, hashed, shared, shingles, words
from pipeline.tables import DUPLICATES, STORIES

# A copy with 1 word in 30 changed still holds 5/6 of its 5-grams; other articles on the same event share
# paragraphs, well under half.
SAME: Final = 0.80
# Half: a page's later state replaces paragraphs and keeps its headline; with one paragraph of a few rewritten two
# thirds stay. Another article under the same headline (a sequel) mostly shares its background paragraphs only.
UPDATED: Final = 0.50
# Outlets cut wire copy and add to it; a shared background paragraph alone is mostly less than this.
STORY: Final = 0.30
# A run of 14 words: longer than stock sentences ("did not immediately respond to a request for comment"),
# which would be a third of a very short body.
STORY_GRAMS: Final = 10
# A cut copy's last line may end in an ellipsis or a stray promo, so not quite all of it is in the whole.
CONTAINED: Final = 0.95
# Fewer words than this share of the kept body: cut or not yet complete, not merely edited.
SHORTER: Final = 0.90
# Words at the end of a cut copy that may not be the article's: "…", "Subscribe to read the rest of this story".
LAST_WORDS: Final = 10
# With SAME, two thirds of the longer one are in the shorter one too: no room for another article.
LENGTH_FITS: Final = 0.80
# 10 5-grams are the first 14 words; half of them must stand in the other's first 24 words, so that a dateline
# or one changed word in front does not matter.
OPENING: Final = 10
# Titles are edited: half of all their words in common, and three at least, so that a name is not enough.
TITLE_WORDS: Final = 3
TITLE_SHARE: Final = 0.5

_LARGEST_FIRST: Final = ("n_words", "fetched_at", "date")
_SMALLEST_FIRST: Final = ("page_id", "article_no", "page")


class _Rows(NamedTuple):
    """What the comparison of two rows reads, by row number (0 is the highest rank)."""

    outlet: list[str | None]
    site: list[str | None]
    page: list[str]
    title: list[str]  # normalised, empty where there is none
    n_words: list[int]
    n_grams: list[int]
    opening: pl.Series


_Related = Callable[[int, int], bool]
_Alike = Callable[[int, int, float], bool]


def dedup(page_articles: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`page_articles` → (`duplicates`, `stories`), both sorted by page and article_no.

    A pure function of the set of rows: their order, the number of cores and the hash values do not matter."""
    ranked = _ranked(page_articles, known_outlet_first=True)
    duplicates = _duplicates(ranked)
    kept = page_articles.join(duplicates, on=["page", "article_no"], how="anti")
    return duplicates, _stories(_ranked(kept, known_outlet_first=False))


# --- rank


def _ranked(page_articles: pl.DataFrame, known_outlet_first: bool) -> pl.DataFrame:
    """The rows in rank order, with `row` (rank from 0) and `title_key` (the title's words, or empty)."""
    known = [pl.col("outlet").is_not_null()] if known_outlet_first else []
    by = [*known, *map(pl.col, _LARGEST_FIRST), *map(pl.col, _SMALLEST_FIRST)]
    descending = [True] * (len(by) - len(_SMALLEST_FIRST)) + [False] * len(_SMALLEST_FIRST)
    return (
        page_articles.sort(by, descending=descending, nulls_last=True)
        .with_columns(words("title").list.join(" ").fill_null("").alias("title_key"))
        .with_row_index("row")
    )


def _rows(ranked: pl.DataFrame, grams: Shingles) -> _Rows:
    wide = ranked.join(grams.n_grams, "row", "left", maintain_order="left").join(
        grams.openings, "row", "left", maintain_order="left"
    )
    return _Rows(
        wide["outlet"].to_list(),
        wide["site"].to_list(),
        wide["page"].to_list(),
        wide["title_key"].to_list(),
        wide["n_words"].to_list(),
        wide["n_grams"].fill_null(0).to_list(),
        wide["opening"].fill_null([]),
    )


# --- two rows


def _same_outlet(rows: _Rows, a: int, b: int) -> bool:
    """Whether two rows count as one outlet's:
    - both outlets known: they are the same;
    - else not where their sites differ; none known: the same known site, or titles alike (headlines that differ are
      of different mastheads), or no titles that could differ;
    - one known: the same title."""
    outlet_a, outlet_b = rows.outlet[a], rows.outlet[b]
    site_a, site_b = rows.site[a], rows.site[b]
    title_a, title_b = rows.title[a], rows.title[b]
    if outlet_a is not None and outlet_b is not None:
        return outlet_a == outlet_b
    sites_known = site_a is not None and site_b is not None
    sites_differ = sites_known and site_a != site_b
    if sites_differ:  # wire copy keeps its headline
        return False
    if outlet_a is None and outlet_b is None:
        return sites_known or title_a == title_b == "" or _titles_alike(title_a, title_b)
    return title_a == title_b != ""


def _other_place(rows: _Rows, a: int, b: int) -> bool:
    """Whether a story may hold both: they don't count as one outlet's, and where an outlet is unknown, they are not
    of one page or one known site either."""
    if _same_outlet(rows, a, b):
        return False
    if rows.outlet[a] is not None and rows.outlet[b] is not None:
        return True
    same_site = rows.site[a] is not None and rows.site[a] == rows.site[b]
    return not same_site and rows.page[a] != rows.page[b]


def _one_is_the_other(rows: _Rows, folded: int, kept: int, held: float) -> bool:
    """Whether a row of which the other holds `held` (UPDATED or more) is that article, and not a piece quoted in a
    longer one."""
    title, kept_title = rows.title[folded], rows.title[kept]
    if held < SAME:
        return title == kept_title and len(title.split()) >= TITLE_WORDS
    fits = rows.n_words[folded] >= LENGTH_FITS * rows.n_words[kept]
    return fits or _titles_alike(title, kept_title) or _open_alike(rows, folded, kept)


def _titles_alike(a: str, b: str) -> bool:
    words_a, words_b = set(a.split()), set(b.split())
    common = len(words_a & words_b)
    same = a == b != ""
    return same or (common >= TITLE_WORDS and common / len(words_a | words_b) >= TITLE_SHARE)


def _open_alike(rows: _Rows, folded: int, kept: int) -> bool:
    first = set(rows.opening[folded][:OPENING])
    return 2 * len(first & set(rows.opening[kept])) >= len(first)


# --- greedy assignment


def _assigned(
    index: Index, rows: _Rows, share: float, least: int, related: _Related, alike: _Alike
) -> list[tuple[int, int, int]]:
    """Rows in rank order against the representatives so far: (member, its representative, the 5-grams that they
    share), by member. `related` is the cheap test, made before 5-grams are counted; `alike`, given the containment,
    the last one."""
    found = []
    for row, n in enumerate(rows.n_grams):
        best, most = None, 0
        for rep, both in index.sharing(row, max(least, int(share * n)), related):
            if both > most and both >= least and both / n >= share and alike(row, rep, both / n):
                best, most = rep, both
        if best is None:
            index.add(row)
        else:
            found.append((row, best, most))
    return found


# --- duplicates


def _duplicates(ranked: pl.DataFrame) -> pl.DataFrame:
    twin_of = _identical(ranked)
    first = pl.col("row") == pl.col("unit")
    units = ranked.join(twin_of, "row", maintain_order="left").filter(first).drop("row").with_row_index("row")
    grams = shingles(units, 2 * OPENING)
    rows = _rows(units, grams)
    index = Index(_blocked(units, grams.postings), len(units))
    found = _assigned(index, rows, UPDATED, 1, partial(_same_outlet, rows), partial(_one_is_the_other, rows))
    number = units["unit"]
    stands = {number[f]: number[k] for f, k, _ in found}
    pairs = (
        twin_of.with_columns(kept=pl.col("unit").replace(stands))
        .filter(pl.col("row") != pl.col("kept"))
        .select("row", "kept")
    )
    return DUPLICATES.conform(_described(pairs, ranked)).sort("page", "article_no")


def _identical(ranked: pl.DataFrame) -> pl.DataFrame:
    """(row, unit): the highest-ranked row with the same article_id, or with the same text in the same place;
    what holds for it holds for its twins, so only it is compared. In `row` order."""
    title = pl.when(pl.col("n_words") < FEW_WORDS).then("title_key")
    by_id = ranked.with_columns(same_id=pl.col("row").min().over("article_id"))
    by_text = (
        by_id.filter(pl.col("row") == pl.col("same_id"))
        .with_columns(unit=pl.col("row").min().over("outlet", *_lone_place(), "text_hash", title))
        .select(pl.col("row").alias("same_id"), "unit")
    )
    return by_id.join(by_text, "same_id", maintain_order="left").select("row", "unit")


def _lone_place() -> tuple[pl.Expr, pl.Expr]:
    """Where no outlet is known, what says whose the article is: the site or, without one, the title."""
    unknown = pl.col("outlet").is_null()
    return pl.when(unknown).then("site").alias("place"), pl.when(unknown, pl.col("site").is_null()).then("title_key")


def _blocked(units: pl.DataFrame, postings: pl.DataFrame) -> pl.DataFrame:
    """(row, key, look, post): 5-grams by block, so that other outlets' copies of a wire story crowd nobody's
    lists. Every row looks and posts in the block of its outlet (rows of unknown outlets share one: alike titles
    make no blocks); under the titles that both have, known outlets post and unknown ones look."""
    unknown = pl.col("outlet").is_null()
    place = hashed(pl.format("outlet {}", "outlet").fill_null(""))
    home = units.select("row", place.alias("block"), look=True, post=True)
    mixed = (unknown.any() & ~unknown.all()).over("title_key") & (pl.col("title_key") != "")
    title = hashed(pl.format("title {}", "title_key")).alias("block")
    titled = units.filter(mixed).select("row", title, look=unknown, post=~unknown)
    keyed = postings.join(pl.concat([home, titled]), "row")
    return keyed.select("row", (pl.col("gram") ^ pl.col("block")).alias("key"), "look", "post")


def _described(pairs: pl.DataFrame, ranked: pl.DataFrame) -> pl.DataFrame:
    """(row, kept) → the columns of DUPLICATES."""
    kept = ranked.rename(lambda c: c if c == "row" else f"kept_{c}").rename({"row": "kept"})
    both = pairs.join(ranked, "row").join(kept, "kept")
    same_text = pl.col("text_hash") == pl.col("kept_text_hash")
    differing = both.filter(~same_text).select("row", "kept")
    shorter = pl.col("n_words") < SHORTER * pl.col("kept_n_words")
    cut = begins(both.filter(~same_text & shorter).select("row", "kept"), ranked, LAST_WORDS)
    held = pl.when(same_text).then(1.0).otherwise(pl.col("shared") / pl.max_horizontal("n_grams", 1))
    return (
        both.join(shared(differing, ranked), "row", "left")
        .with_columns(cut=pl.col("row").is_in(cut.implode()))
        .with_columns(similarity=held.round(4), kind=_kind(same_text, held, shorter), why=_why())
    )


def _kind(same_text: pl.Expr, held: pl.Expr, shorter: pl.Expr) -> pl.Expr:
    """How the folded one differs, the first that holds:
    - `exact`: the same text_hash;
    - `truncated`: flagged truncated and CONTAINED in the kept one, or breaking off where that goes on: under
      SHORTER of its words and, but for LAST_WORDS, its beginning;
    - `updated`: an older state: the kept one was fetched later or, where that doesn't tell, is dated later; where
      neither tells, it is a complete shorter version (CONTAINED, under SHORTER), or the titles are equal and each
      text holds 5-grams that the other lacks;
    - `near`: anything else."""
    contained = held >= CONTAINED
    both_ways = (pl.col("shared") < pl.col("n_grams")) & (pl.col("shared") < pl.col("kept_n_grams"))
    same_title = (pl.col("title_key") != "") & (pl.col("title_key") == pl.col("kept_title_key"))
    older = pl.coalesce(_later("fetched_at"), _later("date"), (contained & shorter) | (same_title & both_ways))
    return (
        pl.when(same_text)
        .then(pl.lit("exact"))
        .when((contained & pl.col("truncated")) | pl.col("cut"))
        .then(pl.lit("truncated"))
        .when(older)
        .then(pl.lit("updated"))
        .otherwise(pl.lit("near"))
    )


def _later(column: str) -> pl.Expr:
    """Whether the kept one's time is the later one; null where one is not known or they are the same."""
    ours, theirs = pl.col(column), pl.col(f"kept_{column}")
    return pl.when(ours != theirs).then(theirs > ours)


def _why() -> pl.Expr:
    """The first criterion of the ranking that decided, with its figures."""
    time = pl.col("fetched_at").dt.to_string("%Y-%m-%d %H:%M:%S UTC")
    kept_time = pl.col("kept_fetched_at").dt.to_string("%Y-%m-%d %H:%M:%S UTC")
    day, kept_day = pl.col("date").dt.to_string("%Y-%m-%d"), pl.col("kept_date").dt.to_string("%Y-%m-%d")

    def says(what: str, ours: pl.Expr, theirs: pl.Expr) -> pl.Expr:
        return pl.format(f"{what}: {{}} against {{}}", theirs, ours.fill_null("none"))

    def differ(column: str) -> pl.Expr:
        return pl.col(column).ne_missing(pl.col(f"kept_{column}"))

    def plain(what: str, column: str) -> pl.Expr:
        return says(what, pl.col(column).cast(pl.String), pl.col(f"kept_{column}").cast(pl.String))

    only_kept = pl.col("outlet").is_null() & pl.col("kept_outlet").is_not_null()
    return pl.coalesce(
        pl.when(only_kept).then(plain("outlet known", "outlet")),
        pl.when(differ("n_words")).then(plain("more words", "n_words")),
        pl.when(differ("fetched_at")).then(says("fetched later", time, kept_time)),
        pl.when(differ("date")).then(says("dated later", day, kept_day)),
        pl.when(differ("page_id")).then(plain("page_id sorts first", "page_id")),
        pl.when(differ("article_no")).then(plain("earlier on its page", "article_no")),
        plain("path sorts first", "page"),
    )


# --- stories


def _stories(kept: pl.DataFrame) -> pl.DataFrame:
    """The rows that stay, ranked by words → STORIES: every group of a representative and its members."""
    grams = shingles(kept)
    rows = _rows(kept, grams)
    keys = grams.postings.select("row", pl.col("gram").alias("key"), look=True, post=True)
    index = Index(keys, len(kept))
    found = _assigned(index, rows, STORY, STORY_GRAMS, partial(_other_place, rows), lambda *_: True)
    member = [(row, rep, both / rows.n_grams[row]) for row, rep, both in found]
    head = [(rep, rep, 1.0) for rep in sorted({rep for _, rep, _ in found})]
    schema = {"row": pl.UInt32, "rep": pl.UInt32, "similarity": pl.Float64}
    grouped = pl.DataFrame(member + head, schema=schema, orient="row")
    story = kept.select(pl.col("row").alias("rep"), pl.col("article_id").alias("story_id"))
    listed = grouped.join(story, "rep").join(kept.select("row", "page", "article_no", "article_id"), "row")
    return STORIES.conform(listed.with_columns(pl.col("similarity").round(4))).sort("page", "article_no")
