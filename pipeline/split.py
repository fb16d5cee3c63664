"""Step: labelled lines → articles: where each starts, which line is its headline, which lines are its text.

The line model says what is likely; here the rules, the page's repeats and the likeliest whole are joined.
"""

from itertools import pairwise

import numpy as np
import polars as pl

from pipeline.because import because
from pipeline.chunks import starts
from pipeline.features import SENTENCE_WIDTH
from pipeline.headlines import NEAR, after_end, beneath, doubled, named, printed_again
from pipeline.linemodel import LineModel, Sight, look
from pipeline.matching import rule_of
from pipeline.neighbours import GRAIN, Prints
from pipeline.parts import cut, numbered
from pipeline.rulebook import Rulebook
from pipeline.titles import Ranked, titles

# Lines of whole pages that are looked at together: what the model sees takes about 1.5 kB a line.
LINES = 40_000
# A line is text from this probability on; a paragraph between sure texts, a heading above one, or a sentence right
# behind the last text, from lower ones.
TEXT, SURE_TEXT, BETWEEN, HEADING, CLOSING, FAINT = 0.5, 0.7, 0.3, 0.15, 0.1, 0.25
# A paragraph that an outlet's own rules leave on its page is text from this probability on.
LEFT = 0.05
# A heading in the text is narrower than this.
HEADING_WIDTH = 120
# A headline that its head block doubles starts a chunk, for as sure as GIVEN, once the model is this sure of another.
# In an outlet's own layout nothing speaks against it, however short its text. A page's title that is printed again
# further down starts one for at least as sure as AGAIN.
SURE_START, LEAST_START, GIVEN, HOUSE, AGAIN = 0.5, 0.02, 0.95, 0.999, 0.3
# A line above the text is its chunk's headline from this probability on; what looks like text, behind the first text,
# or like a teaser or a caption above it, from the others on. A doubled headline, and a line that prints the page's own
# title, count as this likely at the least.
TITLE, TITLE_TEXT, TITLE_BEHIND, TITLE_TAKEN = 0.02, 0.05, 0.55, 0.6
DOUBLED_TITLE, NAMED_TITLE = 0.25, 0.6
SHOWN = ("page/under-breadcrumb", "page/doubled-headline", "page/printed-title")
# A line that is printed twice around furniture is a headline from this width on; shorter ones are labels.
REPEATED_WIDTH = 30
# Texts into an article, or share of its text, up to which a date line or a byline is its own; later it is a chronicle's
# or a comment's.
HEAD_TEXTS, HEAD_SHARE = 3, 0.15
# Solid lines above the page's first headline in which its date line and byline may stand.
ABOVE = 4

REPEAT_SCORE, HEAD_SCORE, PLACE_SCORE = 0.95, 0.7, 0.5

CHUNK = "chunk"  # numbered over all pages


def split(labelled: pl.DataFrame, rules: Rulebook, model: LineModel) -> pl.DataFrame:
    """`labelled` lines of whole pages → the same lines in the same order, a credit behind the last paragraph cut off,
    with final `role`, `reason` and `score`, and `article_no` (null outside articles)."""
    return credited(pl.concat([_split(rows, rules, model) for rows in by_pages(labelled)]), rules)


def by_pages(rows: pl.DataFrame) -> list[pl.DataFrame]:
    """The rows in stretches of whole pages, of LINES rows each or of one longer page."""
    size = rows.select(pl.col("page").rle()).unnest("page")["len"]
    stretch = (size.cum_sum() - size) // LINES
    ends = pl.DataFrame({"stretch": stretch, "end": size.cum_sum()}).group_by("stretch").agg(pl.col("end").max())
    bounds = [0, *ends["end"].sort()]
    return [rows[low:high] for low, high in pairwise(bounds)] or [rows]


def _split(labelled: pl.DataFrame, rules: Rulebook, model: LineModel) -> pl.DataFrame:
    rows = labelled.with_row_index("row")
    solid = rows.filter(pl.col("trimmed") != "")
    if solid.height:
        told = told_of(solid, rules, model)
    else:
        told = solid.select("row", pl.lit(None, pl.Int32).alias("article_no"), "role", "reason", "score")
    rows = rows.drop("role", "reason", "score").join(told, on="row", how="left", maintain_order="left")
    blank = pl.col("trimmed") == ""
    rows = rows.with_columns(
        pl.when(blank).then(pl.lit("blank")).otherwise(pl.col(c)).alias(c) for c in ("role", "reason")
    ).with_columns(
        score=pl.when(blank).then(1.0).otherwise("score"),
        article_no=pl.when(blank).then(pl.col("article_no").forward_fill().over("page")).otherwise("article_no"),
    )
    return rows.drop("row")


def told_of(solid: pl.DataFrame, rules: Rulebook, model: LineModel) -> pl.DataFrame:
    """Solid rows of whole pages → row, article_no, role, reason, score."""
    solid = solid.with_columns(pl.col("page").rle_id())  # numbers are told apart faster than names
    sight = look(solid, rules.marked("ends-article"), model)
    solid = housed(place(solid, rules).hstack(sight.likely), rules)
    solid = texts(chunked(solid, sight))
    ranked = titles(solid, sight, model)
    solid = articles(headlines(solid.with_columns(title=pl.Series(ranked.likely)), rules))
    told = decided(solid, rules).select("row", "article_no", "begins", "sure", "role", "reason", "score")
    return explained(told, sight, ranked, model)


def explained(told: pl.DataFrame, sight: Sight, ranked: Ranked, model: LineModel) -> pl.DataFrame:
    """Adds to the reasons that are the model's its probability and the clues that weighed most; to those of an
    article's first line, how sure its start is."""
    text = told["reason"].is_in(["model/text", "model/no-text"]).to_numpy()
    # not where a headline is printed first, if the ranker saw only another print of it
    title = (told["reason"] == "model/headline").to_numpy() & np.isin(np.arange(told.height), ranked.row)
    why = np.full(told.height, None, object)
    if text.any():
        speaks = (told["reason"] == "model/text").to_numpy()[text]
        why[text] = because(model.weigh_text(sight, text), model.words, speaks)
    if title.any():
        at = np.searchsorted(ranked.row, np.flatnonzero(title))
        weights = model.weigh_title(sight.ways["title1"][:, title], ranked.ways[:, at])
        why[title] = because(weights, model.words, np.ones(len(at), bool))
    reason, score = pl.col("reason"), pl.col("score").round(2)
    starts_here = pl.format("{}; an article starts:{}", reason, pl.col("sure").round(2))
    return (
        told.with_columns(why=pl.Series(why.tolist(), dtype=pl.String))
        .with_columns(
            pl.when(pl.col("why").is_not_null()).then(pl.format("{}:{} {}", reason, score, "why")).otherwise(reason)
        )
        .with_columns(pl.when(pl.col("begins") & (pl.col("sure") < 1)).then(starts_here).otherwise(reason))
        .select("row", "article_no", "role", "reason", "score")
    )


def place(solid: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """Solid lines with what their order tells: `n` (number among the page's solid lines), `repeats` (the same line
    stands near), `between` (see `between_repeats`), `ender` (articles end with it), `told` (lines so far that a rule
    knows), `text`, `open`, `run` (texts so far), `runs` (texts of the page), by the rules alone."""
    prints = Prints(solid.select(pl.struct("page", "key").rank("dense")).to_series().to_numpy())
    prose = pl.col("role").eq_missing("body")
    solid = solid.with_columns(
        n=pl.int_range(pl.len(), dtype=pl.Int32).over("page"),
        repeats=pl.Series(np.minimum(prints.since, prints.until) <= NEAR) & pl.col("role").ne_missing("related"),
        ender=pl.col("rule").is_in(rules.marked("ends-article")).fill_null(False),
        told=pl.col("rule").is_not_null().cum_sum().over("page"),
    )
    solid = solid.with_columns(between=between_repeats(solid, prints))
    text = prose & ~pl.col("repeats") & ~pl.col("between")
    return solid.with_columns(
        text=text,
        open=pl.col("role").is_null() | (prose & ~text),
        run=text.cast(pl.Int32).cum_sum().over("page"),
        runs=text.cast(pl.Int32).sum().over("page"),
    )


def between_repeats(solid: pl.DataFrame, prints: Prints) -> pl.Series:
    """Whether a line stands between two prints of one headline, with two pieces of furniture (a date line, a button)
    between them too: in a head block, where even what reads like a text is a picture's."""
    like = pl.col("role").is_null() & ~pl.col("bullet") & (pl.col("width") >= REPEATED_WIDTH)
    told, row = solid["told"].to_numpy(), np.arange(solid.height)
    again = prints.until <= NEAR
    again[again] = told[(row + prints.until)[again]] > told[again] + 1
    leads = solid.select(like).to_series().to_numpy() & again
    ends = prints.since <= NEAR
    ends[ends] = leads[(row - prints.since)[ends]]
    return pl.Series("between", (np.cumsum(leads.astype(int) - ends) > 0) & ~leads)


def housed(solid: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """Adds `house`: an outlet's own rules speak on the page. There they know the furniture, so a paragraph that they
    leave is text unless the model is sure that it is none: `body` says so."""
    house = pl.col("rule").str.extract(r"^([^/]+)/").is_in([outlet.id for outlet in rules.outlets]).fill_null(False)
    solid = solid.with_columns(house=house.any().over("page"))
    left = pl.col("house") & pl.col("role").eq_missing("body") & ~pl.col("repeats") & (pl.col("body") > LEFT)
    return solid.with_columns(body=pl.when(left).then(pl.col("body").clip(SURE_TEXT + GRAIN)).otherwise("body"))


def chunked(solid: pl.DataFrame, sight: Sight) -> pl.DataFrame:
    """Adds `chunk`, and `doubled`: a headline that its head block doubles. It is a start where the page has that
    layout: an outlet's rules speak on it, or the model is sure of another such start. A sentence is rather a picture's
    caption, where the model thinks so too."""
    solid = solid.with_columns(words=pl.Series(sight.clue("coh_words")), after=pl.Series(sight.clue("coh_n_after8")))
    solid = solid.with_columns(doubled(solid))
    layout = pl.col("house") | (pl.col("doubled") & (pl.col("start") > SURE_START)).any().over("page")
    given = pl.col("doubled") & layout & (pl.col("house") | ~pl.col("sentence") | (pl.col("start") > LEAST_START))
    given |= after_end(solid)
    again = printed_again(solid)
    likely = solid.select(
        pl.when(given)
        .then(pl.when("house").then(HOUSE).otherwise(GIVEN).clip(pl.col("start")))
        .when(again)
        .then(pl.col("start").clip(AGAIN))
        .otherwise("start")
    ).to_series()
    mass, gap = solid["body"] * solid["width"], solid["gap"]
    flags = starts(solid["page"], likely.to_numpy(), mass.to_numpy(), gap.fill_null(0).to_numpy())
    sure = pl.when(pl.col("n") > 0).then("sure").otherwise(1.0)
    solid = solid.with_columns(chunk=pl.Series(np.cumsum(flags, dtype=np.int32)), sure=likely)
    return solid.with_columns(sure=sure.first().over(CHUNK))


def texts(solid: pl.DataFrame) -> pl.DataFrame:
    """`text`, `open`, `first`, `last` by the model. Lines that rules know keep what they are; bullets above the first
    paragraph are the standfirst; what stands twice in a head block is no text."""
    p = pl.col("body")
    sure = {k: (p.shift(k) > SURE_TEXT).over("page").fill_null(False) for k in (-2, -1, 1, 2)}
    between = (sure[1] | sure[2]) & (sure[-1] | sure[-2])
    within = (p > SURE_TEXT).cum_max().over(CHUNK) & (p > SURE_TEXT).cum_max(reverse=True).over(CHUNK)
    above_text = (sure[1] | sure[-1]) & pl.col("prose").shift(-1).over("page").fill_null(False)
    heading = ~pl.col("prose") & ~pl.col("sentence") & ~pl.col("bullet") & above_text
    enough = (
        pl.when(between & (pl.col("prose") | pl.col("sentence")))
        .then(BETWEEN)
        .when((between & heading) | (within & listed()))
        .then(HEADING)
        .otherwise(TEXT)
    )
    credited = pl.col("reason").eq_missing("page/paragraph-with-credit")
    # of a page on which nothing is likely, the likeliest paragraphs
    faint = (p.max().over("page") <= TEXT) & pl.col("prose") & (p > FAINT)
    likely = free() & ((p > enough) | credited | faint)
    begun = (likely & ~pl.col("bullet") & ~pl.col("repeats")).cum_max().over(CHUNK)
    solid = bounded(solid.with_columns(text=likely & begun))
    # the last words of a text, or where it breaks off, furniture that rules know between them or not
    behind = (pl.col("n") > pl.col("last")).fill_null(False)
    word = pl.col("open") & (pl.col("sentence") | pl.col("prose")) & (pl.col("gap") <= 1) & ~pl.col("repeats")
    closing = behind & word & (p > CLOSING)
    closing &= (behind & ~closing & free()).cum_sum().over(CHUNK) == 0
    return bounded(solid.with_columns(text=pl.col("text") | closing))


def bounded(solid: pl.DataFrame) -> pl.DataFrame:
    """`open` (neither known nor text), `first` and `last` (`n` of the chunk's first and last text) from `text`."""
    n = pl.col("n").filter("text")
    return solid.with_columns(open=free() & ~pl.col("text"), first=n.min().over(CHUNK), last=n.max().over(CHUNK))


def free() -> pl.Expr:
    """No rule takes the line from the text: it knows none, or one that says `body`."""
    return pl.col("role").is_null() | (pl.col("role") == "body")


def listed() -> pl.Expr:
    """A bullet with another next to it."""
    return pl.col("bullet") & (pl.col("bullet").shift(1) | pl.col("bullet").shift(-1)).over("page").fill_null(False)


def headlines(solid: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """Adds `headline_n` and `headline_key`: the chunk's likeliest `title`, where it first stands in the chunk; `given`,
    how likely that is, and `shown`, the reason where it is not the model's. What reads as a text above its headline
    is what the page says of itself."""
    wide = (solid["title"] > TITLE) | (solid["width"] >= REPEATED_WIDTH)
    solid = solid.with_columns(named=named(solid) & wide)
    solid = solid.with_columns(beneath=beneath(solid, rules.phrase("breadcrumb-opens")))
    given = pl.max_horizontal(
        "title",
        pl.when("doubled").then(pl.when("house").then(HOUSE).otherwise(DOUBLED_TITLE)),
        pl.when("named").then(NAMED_TITLE),
        # of two, the likelier
        pl.when("beneath").then(GIVEN + pl.col("title") / 100),
    )
    solid = solid.with_columns(given=given)
    far = (pl.col("title") > TITLE_BEHIND) | pl.col("named") | pl.col("beneath")
    ahead = (pl.col("n") < pl.col("first")) & (pl.col("given") > TITLE)
    ahead |= (pl.col("n") == pl.col("first")) & (pl.col("given") > TITLE_TEXT)
    taken = pl.col("role").is_in(["related", "caption"]) & (pl.col("title") > TITLE_TAKEN)
    shown = (
        pl.when(pl.col("given") <= pl.col("title"))
        .then(None)
        .when("beneath")
        .then(pl.lit("page/under-breadcrumb"))
        .when(pl.col("doubled").any().over(CHUNK, "key"))
        .then(pl.lit("page/doubled-headline"))
        .otherwise(pl.lit("page/printed-title"))
    )
    best = (
        solid.with_columns(shown=shown)
        .filter(((ahead | far) & free()) | (ahead & taken))
        .sort("given", descending=True, maintain_order=True)
        .unique(CHUNK, keep="first", maintain_order=True)
        .select(CHUNK, "shown", "given", headline_key="key", at="n")
    )
    same = (pl.col("key") == pl.col("headline_key")) & (pl.col("n") <= pl.col("at"))
    solid = solid.drop("given").join(best, on=CHUNK, how="left", maintain_order="left")
    solid = solid.with_columns(headline_n=pl.col("n").filter(same).min().over(CHUNK))
    early = (pl.col("n") <= pl.col("headline_n")).fill_null(False)
    return bounded(solid.with_columns(text=pl.col("text") & ~early))


def articles(solid: pl.DataFrame) -> pl.DataFrame:
    """Adds `article_no`, `begins` (the article's first line), `depth` and `done` (texts of the article so far, and what
    share of all they are). An article is its whole chunk, but for the page's first: that begins with its headline (else
    its first text), or with a date line or byline right above."""
    top = pl.col("chunk") == pl.col("chunk").min().over("page")
    begin = pl.when(top).then(pl.coalesce("headline_n", "first")).otherwise(pl.col("n").min().over(CHUNK))
    above = top & pl.col("role").is_in(["timestamp", "byline"]) & pl.col("n").ge(begin - ABOVE)
    mass = pl.when("text").then("width").otherwise(0)
    number = pl.col("first").is_not_null() & pl.col("chunk").ne_missing(pl.col("chunk").shift(1).over("page"))
    inside = pl.col("first").is_not_null() & ((pl.col("n") >= begin) | above)
    return solid.with_columns(
        article_no=pl.when(inside).then(number.cast(pl.Int32).cum_sum().over("page")),
        begins=inside & (pl.col("n") == pl.col("n").filter(inside).min().over(CHUNK)),
        depth=(pl.col("text") & pl.col("n").is_between("first", "last")).cum_sum().over(CHUNK),
        done=mass.cum_sum().over(CHUNK) / mass.sum().over(CHUNK),
    )


def decided(solid: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """`solid` with `role`, `reason` and `score`, from the strongest evidence that speaks."""
    inside, open_ = pl.col("article_no").is_not_null(), pl.col("open")
    head = inside & (pl.col("n") < pl.col("first")).fill_null(False)
    block = inside & pl.col("n").is_between("first", "last").fill_null(False)
    tail = inside & (pl.col("n") > pl.col("last")).fill_null(False)
    early = inside & ((pl.col("depth") <= HEAD_TEXTS) | (pl.col("done") <= HEAD_SHARE)) & ~tail
    role = pl.col("role")
    headline = inside & (pl.col("n") == pl.col("headline_n")).fill_null(False)
    text = inside & pl.col("text") & ~headline
    next_text = pl.col("text").shift(-1).over("page").fill_null(False)
    # a single line with a dash is a subhead in the manner of AFP
    heading = text & next_text & ~pl.col("sentence") & ~pl.col("prose") & ~listed() & (pl.col("width") < HEADING_WIDTH)
    dated = pl.col("rule").is_in(
        list(set(rules.marked("published") + rules.marked("updated")) - set(rules.marked("relative")))
    )
    date, byline, caption = (role.eq_missing(x) for x in ("timestamp", "byline", "caption"))
    same = ["page", "article_no", "key"]
    first = pl.col("line_no").first().over(same)
    again = inside & (pl.col("n") > pl.col("n").first().over(same))
    repeat = pl.concat_str(pl.lit("repeat-of:"), first.cast(pl.String))
    cases: list[tuple[pl.Expr, str, str | pl.Expr, float | pl.Expr]] = [
        *[(headline & (pl.col("shown") == why), "headline", why, pl.col("given")) for why in SHOWN],
        (headline, "headline", "model/headline", pl.col("title")),
        (again & head & open_ & (pl.col("key") == pl.col("headline_key")), "headline_repeat", repeat, REPEAT_SCORE),
        (again & caption, "caption_repeat", repeat, REPEAT_SCORE),
        (again & head & open_ & pl.col("repeats"), "caption_repeat", repeat, REPEAT_SCORE),
        (
            head & open_ & pl.col("repeats") & (pl.col("width") >= SENTENCE_WIDTH),
            "caption",
            "page/doubled-in-head",
            HEAD_SCORE,
        ),
        (head & pl.col("between") & pl.col("prose"), "caption", "page/between-headlines", HEAD_SCORE),
        (head & open_ & pl.col("bullet"), "standfirst", "page/bullet-under-headline", HEAD_SCORE),
        (heading, "subhead", "model/text", pl.col("body")),
        (text, "body", "model/text", pl.col("body")),
        (block & date & ~early & next_text, "subhead", "page/date-in-text", PLACE_SCORE),
        (date & ~early & ~(tail & dated), "boilerplate", "page/date-outside-head", PLACE_SCORE),
        (
            byline & ~early & ~(tail & (pl.col("n") <= pl.col("last") + 3)),
            "boilerplate",
            "page/byline-outside-head",
            PLACE_SCORE,
        ),
        (caption & ~head & ~block, "boilerplate", "page/caption-outside-text", PLACE_SCORE),
        (open_ & (pl.col("body") <= TEXT), "boilerplate", "model/no-text", 1 - pl.col("body")),
        (open_, "boilerplate", "page/above-headline", PLACE_SCORE),
    ]
    # each condition once: the number of the first that holds, then what that one says
    solid = solid.with_columns(case=pl.coalesce(pl.when(c[0]).then(pl.lit(i, pl.Int8)) for i, c in enumerate(cases)))
    kinds = {i: kind for i, (_, kind, _, _) in enumerate(cases)}
    score = pl.col("score")
    for i, (_, _, _, said) in enumerate(cases):
        score = pl.when(pl.col("case") == i).then(said).otherwise(score)
    why = {i: said for i, (_, _, said, _) in enumerate(cases) if isinstance(said, str)}
    others = [i for i in kinds if i not in why]
    return solid.with_columns(
        role=pl.coalesce(said_by("case", kinds), "role"),
        reason=pl.coalesce(said_by("case", why), pl.when(pl.col("case").is_in(others)).then(repeat), "reason"),
        score=score.cast(pl.Float64),
    )


def said_by(number: str, texts: dict[int, str]) -> pl.Expr:
    """The text of a number, null where it has none."""
    return pl.col(number).replace_strict(texts, default=None, return_dtype=pl.String)


def credited(rows: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """Cuts an agency's credit off the end of body text: a part of its own, role `credit`. What is left is body, unless
    a rule knows it."""
    ends = [rule for rule in rules.rules if rule.where == "end"]
    pieces = cut(rows.with_columns(uncut=pl.col("text")), ends, (pl.col("role") == "body") & ~pl.col("searched"))
    pieces = pieces.with_columns(trimmed=pl.col("text").str.strip_chars())
    was_cut = pl.when(pl.col("text") != pl.col("uncut")).then("trimmed").otherwise(pl.lit(""))
    pieces = pieces.with_columns(rule_of(pieces.select(was_cut).to_series(), rules).alias("fresh"))
    fresh = pl.col("fresh")
    role = fresh.replace_strict(rules.roles, default=None, return_dtype=pl.String)
    return (
        numbered(pieces)
        .with_columns(
            role=pl.coalesce(role, "role"),
            reason=pl.coalesce(fresh, "reason"),
            score=pl.when(fresh.is_not_null()).then(1.0).otherwise("score"),
        )
        .drop("uncut", "fresh", "searched")
    )
