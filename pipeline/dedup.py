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

**No chains**: only rows that may share enough (see `links`) are compared, each pair by all its 5-grams. Rows are
taken in rank order; each goes to the representative that holds most of it (ties: the higher-ranked), checked against
that one itself, or becomes a representative. So nothing that a row was folded into is ever folded, and a second pass
over the rows that stay folds nothing.

Known limit: reports from one template (prices, weather) in which only a few figures change can reach `SAME`,
and those under one standing title `UPDATED`.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import polars as pl

from pipeline.links import linked
from pipeline.shares import Here, Shares, dealt, in_memory
from pipeline.shingles import FEW_WORDS, compared, fingerprints, hashed, of_pairs, words
from pipeline.tables import DUPLICATES, SKETCHES, STORIES

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

# Of a text with a word or two of every sentence edited, the share of common fingerprints is .91 of that of 5-grams in
# the mean, and over .75 of it in 99 of 100.
_LINK: Final = 0.75
# Pairs that stand side by side at a time: bounds memory, changes nothing.
PAIRS: Final = 50_000
_NO_PAIRS: Final = pl.DataFrame(schema={"row": pl.UInt32, "kept": pl.UInt32})

# What of an article is read beside its text.
ABOUT: Final = (
    *("page", "article_no", "article_id", "page_id", "outlet", "site", "title"),
    *("n_words", "text_hash", "fetched_at", "date", "truncated"),
)
# Pairs (row, kept), and the rows that they are of (row, page, article_no, text, n_words, text_hash, title_key) → what
# `compared` says of them: a matter of their two texts alone, so it may be remembered.
Compare = Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]
# See `_linked`.
Link = Callable[[pl.DataFrame, pl.DataFrame, float], pl.DataFrame]


def dedup(page_articles: pl.DataFrame, lots: int = 1) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`page_articles` → (`duplicates`, `stories`), both sorted by page and article_no.

    A pure function of the set of rows: their order, the number of cores and of `lots`, and the hash values do not
    matter."""
    sketched = sketches(page_articles)
    found = in_memory(dealt([postings(sketched)], pl.col("gram"), lots))
    return fold(about(sketched, page_articles), Here(found, in_memory), partial(compare, page_articles=page_articles))


def sketches(page_articles: pl.DataFrame) -> pl.DataFrame:
    """`page_articles` → SKETCHES: all that `fold` reads of the texts."""
    rows = page_articles.with_columns(_title_key()).with_row_index("row")
    text = pl.struct("body", "n_words", "text_hash", "title_key").hash().alias("text")
    return SKETCHES.conform(rows.with_columns(text).join(fingerprints(rows), "row")).sort(SKETCHES.key)


def about(sketches: pl.DataFrame, page_articles: pl.DataFrame) -> pl.DataFrame:
    """SKETCHES and, of the same articles, the columns ABOUT of `page_articles` → what is known of each but its
    fingerprints, a row each, in the order of the sketches; in that order they are numbered from 0 on."""
    rows = page_articles.select(*(pl.col(c) for c in ABOUT if c != "title"), _title_key())
    sized = sketches.select("page", "article_no", "text", size=pl.col("fingerprints").list.len())
    return sized.join(rows, ["page", "article_no"], maintain_order="left")


def postings(sketches: pl.DataFrame, first: int = 0) -> pl.DataFrame:
    """SKETCHES, and the number of the first of them → (article, gram): whose fingerprint each is."""
    article = pl.int_range(first, pl.len() + first, dtype=pl.UInt32)
    rows = sketches.select(article=article, gram="fingerprints")
    return rows.explode("gram").drop_nulls()


def compare(pairs: pl.DataFrame, rows: pl.DataFrame, page_articles: pl.DataFrame) -> pl.DataFrame:
    """See `Compare`; the texts are those of `page_articles`."""
    bodies = page_articles.select("page", "article_no", "body")
    texts = of_pairs(pairs, rows).join(bodies, ["page", "article_no"])
    return compared(pairs, texts, OPENING, LAST_WORDS)


def fold(about: pl.DataFrame, postings: Shares, compare: Compare) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`about` all articles and their `postings`, in lots that have no gram in common → (`duplicates`, `stories`), as
    `dedup`."""
    rows = about.with_row_index("article")
    link = partial(_linked, postings=postings, articles=rows.height)
    duplicates = _duplicates(_ranked(rows, known_outlet_first=True), compare, link)
    rows = rows.join(duplicates, on=["page", "article_no"], how="anti")
    return duplicates, _stories(_ranked(rows, known_outlet_first=False), compare, link)


# --- rank


def _ranked(rows: pl.DataFrame, known_outlet_first: bool) -> pl.DataFrame:
    """The rows in rank order, with `row` (rank from 0)."""
    known = [pl.col("outlet").is_not_null()] if known_outlet_first else []
    by = [*known, *map(pl.col, _LARGEST_FIRST), *map(pl.col, _SMALLEST_FIRST)]
    descending = [True] * (len(by) - len(_SMALLEST_FIRST)) + [False] * len(_SMALLEST_FIRST)
    return rows.sort(by, descending=descending, nulls_last=True).with_row_index("row")


def _title_key() -> pl.Expr:
    """The title's words, or empty."""
    return words("title").list.join(" ").fill_null("").alias("title_key")


# --- two rows, as columns of one row: what stands of the kept one begins with `kept_`


def _side_by_side(pairs: pl.DataFrame, ranked: pl.DataFrame) -> pl.DataFrame:
    """(row, kept, …) → with the columns of both."""
    rows = ranked.drop("row")
    kept = rows.select(pl.all().name.prefix("kept_"))
    return pl.concat([pairs, rows[pairs["row"]], kept[pairs["kept"]]], how="horizontal")


def _where(condition: pl.Expr, pairs: pl.DataFrame, ranked: pl.DataFrame) -> pl.DataFrame:
    """The pairs (row, kept, …) for which a condition on both holds."""
    slices = (some for some in pairs.iter_slices(PAIRS) if some.height)
    held = (_side_by_side(some, ranked).filter(condition).select(pairs.columns) for some in slices)
    return pl.concat([pairs.clear(), *held])


def _same_outlet() -> pl.Expr:
    """Whether two rows count as one outlet's:
    - both outlets known: they are the same;
    - else not where their sites differ; none known: the same known site, or titles alike (headlines that differ are
      of different mastheads), or no titles that could differ;
    - one known: the same title."""
    known, kept_known = pl.col("outlet").is_not_null(), pl.col("kept_outlet").is_not_null()
    same_site = pl.col("site") == pl.col("kept_site")  # null where one is not known
    untitled = (pl.col("title_key") == "") & (pl.col("kept_title_key") == "")
    return (
        pl.when(known & kept_known)
        .then(pl.col("outlet") == pl.col("kept_outlet"))
        .when(~same_site)  # wire copy keeps its headline
        .then(False)
        .when(~known & ~kept_known)
        .then(same_site.fill_null(False) | untitled | _titles_alike())
        .otherwise(_same_title())
    )


def _other_place() -> pl.Expr:
    """Whether a story may hold both: they don't count as one outlet's, and where an outlet is unknown, they are not
    of one page or one known site either."""
    known = pl.col("outlet").is_not_null() & pl.col("kept_outlet").is_not_null()
    same_place = (pl.col("site") == pl.col("kept_site")).fill_null(False) | (pl.col("page") == pl.col("kept_page"))
    return ~_same_outlet() & (known | ~same_place)


def _one_is_the_other() -> pl.Expr:
    """Whether a row of which the other holds `held` (UPDATED or more) is that article, and not a piece quoted in a
    longer one."""
    updated = _same_title() & (_title_words("title_key").list.len() >= TITLE_WORDS)
    fits = pl.col("n_words") >= LENGTH_FITS * pl.col("kept_n_words")
    opens = 2 * pl.col("opening") >= pl.min_horizontal("n_grams", OPENING)
    return pl.when(pl.col("held") < SAME).then(updated).otherwise(fits | _titles_alike() | opens)


def _same_title() -> pl.Expr:
    return (pl.col("title_key") == pl.col("kept_title_key")) & (pl.col("title_key") != "")


def _titles_alike() -> pl.Expr:
    ours, theirs = _title_words("title_key"), _title_words("kept_title_key")
    common = ours.list.set_intersection(theirs).list.len()
    every = ours.list.set_union(theirs).list.len()
    return _same_title() | ((common >= TITLE_WORDS) & (common / every >= TITLE_SHARE))


def _title_words(title: str) -> pl.Expr:
    return pl.col(title).str.split(" ")


# --- greedy assignment


def _assigned(pairs: pl.DataFrame) -> pl.DataFrame:
    """(row, kept, shared) that may be joined → (row, kept, shared): the rows that are, each to its representative."""
    found: dict[int, tuple[int, int]] = {}
    for row, rep, both in pairs.select("row", "kept", "shared").sort("row", "kept").iter_rows():
        if rep not in found and both > found.get(row, (0, 0))[1]:
            found[row] = rep, both
    rows = [(row, rep, both) for row, (rep, both) in found.items()]
    return pl.DataFrame(rows, schema=dict.fromkeys(("row", "kept", "shared"), pl.UInt32), orient="row")


def _linked(blocks: pl.DataFrame, ranked: pl.DataFrame, share: float, postings: Shares, articles: int) -> pl.DataFrame:
    """Rows (row, article, block) of `ranked` → (row, kept): those of one block that may share so much."""
    if blocks.is_empty():
        return _NO_PAIRS
    every = pl.DataFrame({"article": pl.int_range(articles, dtype=pl.UInt32, eager=True)})
    of = every.join(blocks, "article", "left", maintain_order="left").select("row", "block")
    return linked(postings.each(partial(_keyed, of=of)), ranked["size"], _LINK * share)


def _keyed(postings: pl.DataFrame, of: pl.DataFrame) -> pl.DataFrame:
    """Postings (article, gram), the row and block of each article → (row, key) of those that have one."""
    row, block = (pl.lit(of[name]).gather(pl.col("article")) for name in ("row", "block"))
    return postings.select(row=row, key=pl.col("gram") ^ block).drop_nulls()


# --- duplicates


def _duplicates(ranked: pl.DataFrame, compare: Compare, link: Link) -> pl.DataFrame:
    twin_of = _identical(ranked)
    units = ranked.join(twin_of.filter(pl.col("row") == pl.col("unit")), "row", "semi", maintain_order="left")
    counted = compare(_where(_same_outlet(), _of_one_outlet(units, ranked, link), ranked), ranked)
    held = counted.with_columns(held=pl.col("shared") / pl.col("n_grams"))
    much = held.filter(pl.col("shared") > 0, pl.col("held") >= UPDATED)
    found = _assigned(_where(_one_is_the_other(), much, ranked))
    folded = (
        twin_of.join(found.select("kept", unit="row"), "unit", "left")
        .select("row", kept=pl.coalesce("kept", "unit"))
        .filter(pl.col("row") != pl.col("kept"))
    )
    return DUPLICATES.conform(_described(folded, ranked, counted, compare)).sort("page", "article_no")


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


def _of_one_outlet(units: pl.DataFrame, ranked: pl.DataFrame, link: Link) -> pl.DataFrame:
    """(row, kept), by block, so that other outlets' copies of a wire story crowd nobody's fingerprints: the outlet's
    (rows of unknown outlets share one: alike titles make no blocks), and that of a title that rows of known and of
    unknown outlets have."""
    unknown = pl.col("outlet").is_null()
    mixed = (unknown.any() & ~unknown.all()).over("title_key") & (pl.col("title_key") != "")
    outlet, title = hashed(pl.col("outlet").fill_null("")), hashed(pl.col("title_key"))
    blocks = (
        units.select("row", "article", block=outlet),
        units.filter(mixed).select("row", "article", block=title),
    )
    return pl.concat([link(block, ranked, UPDATED) for block in blocks]).unique()


def _described(pairs: pl.DataFrame, ranked: pl.DataFrame, counted: pl.DataFrame, compare: Compare) -> pl.DataFrame:
    """(row, kept), and what is known of pairs already → the columns of DUPLICATES."""
    both = _side_by_side(pairs, ranked)
    same_text = pl.col("text_hash") == pl.col("kept_text_hash")
    left = both.filter(~same_text).select("row", "kept").join(counted, ["row", "kept"], "anti")
    counted = pl.concat([counted, compare(left, ranked)])
    shorter = pl.col("n_words") < SHORTER * pl.col("kept_n_words")
    cut = (~same_text & shorter & pl.col("begins")).fill_null(False)
    held = pl.when(same_text).then(1.0).otherwise(pl.col("shared") / pl.max_horizontal("n_grams", 1))
    return (
        both.join(counted, ["row", "kept"], "left")
        .with_columns(cut=cut)
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
    older = pl.coalesce(_later("fetched_at"), _later("date"), (contained & shorter) | (_same_title() & both_ways))
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


def _stories(ranked: pl.DataFrame, compare: Compare, link: Link) -> pl.DataFrame:
    """The rows that stay, ranked by words → STORIES: every group of a representative and its members."""
    blocks = ranked.select("row", "article", block=pl.lit(0, pl.UInt64))
    pairs = _where(_other_place(), link(blocks, ranked, STORY), ranked)
    counted = compare(pairs, ranked).with_columns(similarity=pl.col("shared") / pl.col("n_grams"))
    shared = counted.filter(pl.col("shared") >= STORY_GRAMS, pl.col("similarity") >= STORY)
    member = _assigned(shared).join(shared, ["row", "kept"]).select("row", "kept", "similarity")
    head = member.select(pl.col("kept").alias("row"), "kept", similarity=pl.lit(1.0)).unique()
    story = ranked.select(pl.col("row").alias("kept"), story_id="article_id")
    about = ranked.select("row", "page", "article_no", "article_id")
    listed = pl.concat([member, head]).join(story, "kept").join(about, "row")
    return STORIES.conform(listed.with_columns(pl.col("similarity").round(4))).sort("page", "article_no")
