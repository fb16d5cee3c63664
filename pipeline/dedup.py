"""The same article found again, and one story told by several outlets: page_articles → duplicates, stories.

**Texts are compared by their distinct word 5-grams.** Words are lower-cased runs of letters, marks and
digits; in scripts without spaces each character is a word. The *containment* of a row in another is the share
of its 5-grams that the other body holds too. A 5-gram is a 64-bit number, compared for equality only.

**The same article** is: the same `article_id` (identical bytes under two names), always; else one outlet (see
`_same_outlet`) and either
- the same `text_hash`. Bodies under `FEW_WORDS` words need the same title too, for such a body may be a
  left-over of any page; they have no other way to be folded. Or
- containment of the lower-ranked row in the higher one ≥ `SAME`, and a sign that the one *is* the other, not
  just quoted by it (a short article stands whole in a later round-up, and must keep its row): the titles are
  alike, or the lengths fit, or the texts open alike, as a cut copy does (see `_one_is_the_other`).
Containment is measured in this direction only: to fold a row whose words the kept one lacks is to lose them.

**Which row stays**: a known outlet before an unknown one, so that no outlet loses an article to a page that
does not say whose it is, and two outlets' copies can't meet in such a page. Between rows of one outlet: more
words, fetched later, dated later (nulls last), and then names, which are arbitrary but fixed.

**A story** is copy that several outlets share: containment ≥ `STORY`, and no sign that both are of one place
(see `_other_place`). Its representative is the one with most words (then fetched later, …).

**No chains**: rows are taken in rank order; each goes to the representative that holds most of it (ties: the
higher-ranked), checked against that one itself, or becomes a representative. So nothing that a row was folded
into is ever folded, and a second pass over the rows that stay folds nothing.

Known limit: reports from one template (prices, weather) in which only a few figures change can reach `SAME`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Final, NamedTuple

import polars as pl

from pipeline.tables import DUPLICATES, STORIES

# Five words in a row are rarely the same by chance, and one changed word spoils only five of them.
GRAM: Final = 5
# A copy with 1 word in 30 changed still holds 5/6 of its 5-grams; other articles on the same event share
# paragraphs, well under half.
SAME: Final = 0.80
# Outlets cut wire copy and add to it; a shared background paragraph alone is mostly less than this.
STORY: Final = 0.30
# A run of 14 words: longer than stock sentences ("did not immediately respond to a request for comment"),
# which would be a third of a very short body.
STORY_GRAMS: Final = 10
# A cut copy's last line may end in an ellipsis or a stray promo, so not quite all of it is in the whole.
CONTAINED: Final = 0.95
# Fewer words than this share of the kept body: cut, not merely edited.
SHORTER: Final = 0.90
# With SAME, two thirds of the longer one are in the shorter one too: no room for another article.
LENGTH_FITS: Final = 0.80
# Under 8 words there are at most three 5-grams: chance.
FEW_WORDS: Final = 8
# 10 5-grams are the first 14 words; half of them must stand in the other's first 24 words, so that a dateline
# or one changed word in front does not matter.
OPENING: Final = 10
# Titles are edited: half of all their words in common, and three at least, so that a name is not enough.
TITLE_WORDS: Final = 3
TITLE_SHARE: Final = 0.5
# For *finding* candidates a 5-gram shows its first (highest-ranked) 32 representatives only, so that
# boilerplate left in every article does not make the work quadratic; verification counts every 5-gram. A
# candidate is missed only where each 5-gram that it shares is also in 32 higher-ranked representatives.
HOLDERS: Final = 32
# Articles tokenised at a time: bounds memory, changes nothing.
SLICE: Final = 2_000
HASH_SEED: Final = 0

_NO_SPACES: Final = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD: Final = rf"[{_NO_SPACES}]|[[\p{{L}}\p{{M}}\p{{N}}]--[{_NO_SPACES}]]+"
# Odd, so that multiplication mod 2⁶⁴ loses nothing; different, so that the order of the words counts.
_WEIGHTS: Final = (
    0x9E3779B97F4A7C15,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0xD6E8FEB86659FD93,
    0xFF51AFD7ED558CCD,
)
_TWIN: Final = ("page", "article_no", "article_id")
_NO_OPENINGS: Final = pl.DataFrame(schema={"row": pl.UInt32, "opening": pl.List(pl.UInt64)})
_NO_COUNTS: Final = pl.DataFrame(schema=dict.fromkeys(("row", "shared", "n_grams", "kept_n_grams"), pl.UInt32))
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


class _Shingles(NamedTuple):
    """`postings`: (row, gram), each once a row, of the 5-grams that several rows hold; `n_grams`: (row,
    n_grams), counting all its distinct ones; `openings`: (row, opening), its first 5-grams in order."""

    postings: pl.DataFrame
    n_grams: pl.DataFrame
    openings: pl.DataFrame


class _Postings:
    """The keys of each row, out of a frame (row, code) sorted by row."""

    def __init__(self, frame: pl.DataFrame, n_rows: int) -> None:
        counts = frame.group_by("row").len()
        every = pl.DataFrame({"row": range(n_rows)}, schema={"row": pl.UInt32})
        ends = every.join(counts, "row", "left", maintain_order="left")["len"].fill_null(0).cum_sum()
        self._codes = frame["code"]
        self._bounds = [0, *ends.to_list()]

    def of(self, row: int) -> list[int]:
        start = self._bounds[row]
        keys: list[int] = self._codes.slice(start, self._bounds[row + 1] - start).to_list()
        return keys


_Test = Callable[[int, int], bool]


def dedup(page_articles: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`page_articles` → (`duplicates`, `stories`), both sorted by page and article_no.

    A pure function of the set of rows: their order, the number of cores and the hash values do not matter."""
    ranked = _ranked(page_articles, known_outlet_first=True)
    duplicates = _duplicates(ranked)
    kept = page_articles.join(duplicates, on=["page", "article_no"], how="anti")
    return duplicates, _stories(_ranked(kept, known_outlet_first=False))


# --- rank, words, 5-grams


def _ranked(page_articles: pl.DataFrame, known_outlet_first: bool) -> pl.DataFrame:
    """The rows in rank order, with `row` (rank from 0) and `title_key` (the title's words, or empty)."""
    known = [pl.col("outlet").is_not_null()] if known_outlet_first else []
    by = [*known, *map(pl.col, _LARGEST_FIRST), *map(pl.col, _SMALLEST_FIRST)]
    descending = [True] * (len(by) - len(_SMALLEST_FIRST)) + [False] * len(_SMALLEST_FIRST)
    return (
        page_articles.sort(by, descending=descending, nulls_last=True)
        .with_columns(_words("title").list.join(" ").fill_null("").alias("title_key"))
        .with_row_index("row")
    )


def _words(column: str) -> pl.Expr:
    return pl.col(column).str.to_lowercase().str.extract_all(_WORD)


def _shingles(ranked: pl.DataFrame) -> _Shingles:
    """`ranked` (row, body, n_words, text_hash, title_key) → its 5-grams. A body under FEW_WORDS has a single
    one, made of text_hash and title, so that it equals only its like."""
    few = pl.col("n_words") < FEW_WORDS
    long = ranked.filter(~few).select("row", "body")
    alone = pl.concat_str("text_hash", "title_key", separator=" ").hash(HASH_SEED)
    grams, openings = [ranked.filter(few).select("row", alone.alias("gram"))], [_NO_OPENINGS]
    for i in range(0, len(long), SLICE):
        every = _grams(long.slice(i, SLICE))
        grams.append(every.select("row", "gram").unique())
        first = every.filter(pl.col("place") < 2 * OPENING)
        openings.append(first.group_by("row").agg(pl.col("gram").sort_by("place").alias("opening")))
    distinct = pl.concat(grams)
    return _Shingles(
        _held_by_several(distinct, "gram"),
        distinct.group_by("row").agg(pl.len().alias("n_grams")),
        pl.concat(openings),
    )


def _held_by_several(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """The rows whose key stands in another row too, sorted by it: a sort takes a fraction of the memory that
    hashed groups take."""
    same = pl.col(key) == pl.col(key).shift()
    return frame.sort(key).filter(same.fill_null(False) | same.shift(-1, fill_value=False))


def _grams(bodies: pl.DataFrame) -> pl.DataFrame:
    """(row, body) → (row, place, gram): every 5-gram; a body of under five words has none."""
    hashes = (
        bodies.select("row", _words("body").alias("word"))
        .filter(pl.col("word").list.len() >= GRAM)
        .explode("word")
        .select("row", pl.col("word").hash(HASH_SEED).alias("word"))
    )
    terms = [pl.col("word").shift(-i) * pl.lit(w, pl.UInt64) for i, w in enumerate(_WEIGHTS)]
    return (
        hashes.with_columns(gram=pl.sum_horizontal(terms))
        .filter(pl.col("row") == pl.col("row").shift(1 - GRAM))
        .select("row", pl.int_range(pl.len()).over("row").alias("place"), "gram")
    )


def _rows(ranked: pl.DataFrame, shingles: _Shingles) -> _Rows:
    wide = ranked.join(shingles.n_grams, "row", "left", maintain_order="left").join(
        shingles.openings, "row", "left", maintain_order="left"
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


def _same_outlet(rows: _Rows, folded: int, kept: int) -> bool:
    """One known outlet; or none known, and the same site or no site known for either; or an unknown one
    against a known one under the same title, unless their sites differ (wire copy keeps its headline)."""
    a, b = rows.outlet[folded], rows.outlet[kept]
    site_a, site_b = rows.site[folded], rows.site[kept]
    if a is not None and b is not None:
        return a == b
    if a is None and b is None:
        return site_a == site_b
    sites_differ = site_a is not None and site_b is not None and site_a != site_b
    return rows.title[folded] != "" and rows.title[folded] == rows.title[kept] and not sites_differ


def _other_place(rows: _Rows, a: int, b: int) -> bool:
    """Whether a story may hold both. Two known outlets must differ; where one is unknown, only being on one
    page or one known site says that both are of one place."""
    outlet_a, outlet_b = rows.outlet[a], rows.outlet[b]
    if outlet_a is not None and outlet_b is not None:
        return outlet_a != outlet_b
    same_site = rows.site[a] is not None and rows.site[a] == rows.site[b]
    return not same_site and rows.page[a] != rows.page[b]


def _one_is_the_other(rows: _Rows, folded: int, kept: int) -> bool:
    """Whether a row whose text the other holds is that article, and not a piece quoted in a longer one."""
    fits = rows.n_words[folded] >= LENGTH_FITS * rows.n_words[kept]
    return fits or _titles_alike(rows.title[folded], rows.title[kept]) or _open_alike(rows, folded, kept)


def _titles_alike(a: str, b: str) -> bool:
    words_a, words_b = set(a.split()), set(b.split())
    common = len(words_a & words_b)
    same = a == b != ""
    return same or (common >= TITLE_WORDS and common / len(words_a | words_b) >= TITLE_SHARE)


def _open_alike(rows: _Rows, folded: int, kept: int) -> bool:
    first = set(rows.opening[folded][:OPENING])
    return 2 * len(first & set(rows.opening[kept])) >= len(first)


# --- greedy assignment


def _postings(keys: pl.DataFrame, n_rows: int) -> tuple[_Postings, _Postings, int]:
    """(row, key, look, post) → what each row looks up, what it posts as a representative, how many codes
    there are. Keys that stand once are left out: nobody can share them."""
    code = (pl.col("key") != pl.col("key").shift()).fill_null(False).cum_sum()
    shared = _held_by_several(keys, "key").select("row", "look", "post", code=code).sort("row")
    looks = _Postings(shared.filter("look"), n_rows)
    posts = _Postings(shared.filter("post"), n_rows)
    return looks, posts, shared["code"].n_unique()


class _Greedy:
    """Rows in rank order against the representatives so far. `related` is the cheap test, made before 5-grams
    are counted; `alike` the last one."""

    def __init__(self, keys: pl.DataFrame, rows: _Rows, share: float, least: int, related: _Test, alike: _Test) -> None:
        self.rows, self.share, self.least = rows, share, least
        self.related, self.alike = related, alike
        self.looks, self.posts, n_codes = _postings(keys, len(rows.n_grams))
        self.holders: list[Sequence[int]] = [()] * n_codes

    def assign(self) -> list[tuple[int, int, int]]:
        """(member, its representative, the 5-grams that they share), by member."""
        found = []
        for row in range(len(self.rows.n_grams)):
            best = self._best(row)
            if best is None:
                self._post(row)
            else:
                found.append((row, *best))
        return found

    def _best(self, row: int) -> tuple[int, int] | None:
        keys = self.looks.of(row)
        held = [self.holders[k] for k in keys]
        full = sum(len(h) == HOLDERS for h in held)
        n = self.rows.n_grams[row]
        need = max(self.least, int(self.share * n))
        if full < need:  # whoever shares enough shares a 5-gram whose list is not full
            held = [h for h in held if len(h) < HOLDERS]
        best, most = None, 0
        hits = Counter(chain.from_iterable(held))
        for rep in sorted(hits):
            if hits[rep] + full < need or not self.related(row, rep):
                continue
            # A representative is met through one block only: where no list is full, hits are shared 5-grams.
            shared = len(set(keys).intersection(self.posts.of(rep))) if full else hits[rep]
            enough = shared > most and shared >= self.least and shared / n >= self.share
            if enough and self.alike(row, rep):
                best, most = rep, shared
        return None if best is None else (best, most)

    def _post(self, row: int) -> None:
        alone = (row,)
        for key in self.posts.of(row):
            held = self.holders[key]
            if not held:
                self.holders[key] = alone  # one tuple for all keys of the row: most have a single holder
            elif isinstance(held, list):
                if len(held) < HOLDERS:
                    held.append(row)
            else:
                self.holders[key] = [*held, row]


# --- duplicates


def _duplicates(ranked: pl.DataFrame) -> pl.DataFrame:
    twin_of = _identical(ranked)
    first = pl.col("row") == pl.col("unit")
    units = ranked.join(twin_of, "row", maintain_order="left").filter(first).drop("row").with_row_index("row")
    shingles = _shingles(units)
    rows = _rows(units, shingles)
    found = _Greedy(
        _blocked(units, shingles.postings),
        rows,
        SAME,
        1,
        lambda f, k: _same_outlet(rows, f, k),
        lambda f, k: _one_is_the_other(rows, f, k),
    ).assign()
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
        .with_columns(unit=pl.col("row").min().over("outlet", _lone_site(), "text_hash", title))
        .select(pl.col("row").alias("same_id"), "unit")
    )
    return by_id.join(by_text, "same_id", maintain_order="left").select("row", "unit")


def _lone_site() -> pl.Expr:
    """The site, where no outlet is known: then it says whose the article is."""
    return pl.when(pl.col("outlet").is_null()).then("site")


def _blocked(units: pl.DataFrame, postings: pl.DataFrame) -> pl.DataFrame:
    """(row, key, look, post): 5-grams by block, so that other outlets' copies of a wire story crowd nobody's
    lists. Every row looks and posts in the block of its outlet (or site); under the titles that both have,
    known outlets post and unknown ones look."""
    place = pl.concat_str(pl.format("outlet {}", "outlet"), pl.format("site {}", _lone_site()), ignore_nulls=True)
    home = units.select("row", place.hash(HASH_SEED).alias("block"), look=True, post=True)
    unknown = pl.col("outlet").is_null()
    mixed = (unknown.any() & ~unknown.all()).over("title_key") & (pl.col("title_key") != "")
    title = pl.col("title_key").hash(HASH_SEED + 1).alias("block")
    titled = units.filter(mixed).select("row", title, look=unknown, post=~unknown)
    keyed = postings.join(pl.concat([home, titled]), "row")
    return keyed.select("row", (pl.col("gram") ^ pl.col("block")).alias("key"), "look", "post")


def _described(pairs: pl.DataFrame, ranked: pl.DataFrame) -> pl.DataFrame:
    """(row, kept) → the columns of DUPLICATES."""
    kept = ranked.rename(lambda c: c if c == "row" else f"kept_{c}").rename({"row": "kept"})
    both = pairs.join(ranked, "row").join(kept, "kept")
    same_text = pl.col("text_hash") == pl.col("kept_text_hash")
    differing = both.filter(~same_text).select("row", "kept")
    counted = [_shared(differing.slice(i, SLICE), ranked) for i in range(0, len(differing), SLICE)]
    counts = pl.concat([_NO_COUNTS, *counted])
    held = pl.when(same_text).then(1.0).otherwise(pl.col("shared") / pl.max_horizontal("n_grams", 1))
    return both.join(counts, "row", "left").with_columns(
        similarity=held.round(4), kind=_kind(same_text, held), why=_why()
    )


def _shared(pairs: pl.DataFrame, ranked: pl.DataFrame) -> pl.DataFrame:
    """(row, kept) → (row, shared, n_grams, kept_n_grams): the distinct 5-grams that both hold, and each."""
    numbers = pl.concat([pairs["row"], pairs["kept"]])
    postings, n_grams, _ = _shingles(ranked.filter(pl.col("row").is_in(numbers.implode())))
    counted = (
        pairs.join(postings, "row")
        .join(postings.rename({"row": "kept"}), ["kept", "gram"])
        .group_by("row")
        .agg(pl.len().alias("shared"))
    )
    return (
        pairs.join(counted, "row", "left")
        .join(n_grams, "row", "left")
        .join(n_grams.rename({"row": "kept", "n_grams": "kept_n_grams"}), "kept", "left")
        .select("row", pl.col("shared", "n_grams", "kept_n_grams").fill_null(0))
    )


def _kind(same_text: pl.Expr, held: pl.Expr) -> pl.Expr:
    """How the folded one differs, the first that holds:
    - `exact`: the same text_hash;
    - `truncated`: CONTAINED in the kept one, and flagged truncated or under SHORTER of its words;
    - `updated`: an older state: the kept one was fetched later or, where that doesn't tell, is dated later;
      where neither tells, the titles are equal and each text holds 5-grams that the other lacks;
    - `near`: anything else."""
    cut = pl.col("truncated") | (pl.col("n_words") < SHORTER * pl.col("kept_n_words"))
    both_ways = (pl.col("shared") < pl.col("n_grams")) & (pl.col("shared") < pl.col("kept_n_grams"))
    same_title = (pl.col("title_key") != "") & (pl.col("title_key") == pl.col("kept_title_key"))
    later = pl.coalesce(_later("fetched_at"), _later("date"), same_title & both_ways)
    return (
        pl.when(same_text)
        .then(pl.lit("exact"))
        .when((held >= CONTAINED) & cut)
        .then(pl.lit("truncated"))
        .when(later)
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
    shingles = _shingles(kept)
    rows = _rows(kept, shingles)
    keys = shingles.postings.select("row", pl.col("gram").alias("key"), look=True, post=True)
    found = _Greedy(keys, rows, STORY, STORY_GRAMS, lambda f, k: _other_place(rows, f, k), lambda _f, _k: True).assign()
    member = [(row, rep, shared / rows.n_grams[row]) for row, rep, shared in found]
    head = [(rep, rep, 1.0) for rep in sorted({rep for _, rep, _ in found})]
    schema = {"row": pl.UInt32, "rep": pl.UInt32, "similarity": pl.Float64}
    grouped = pl.DataFrame(member + head, schema=schema, orient="row")
    story = kept.select(pl.col("row").alias("rep"), pl.col("article_id").alias("story_id"))
    listed = grouped.join(story, "rep").join(kept.select("row", *_TWIN), "row")
    return STORIES.conform(listed.with_columns(pl.col("similarity").round(4))).sort("page", "article_no")
