"""What a page calls itself: the outlet's name, learnt from its own title, copyright line, addresses and labels.

One form alone is a guess: the last piece of a title may be a section, a copyright line may name the owner or a
photographer, a domain may be another site's. Two forms of different kinds that name the same are not (`ENOUGH`).
Names in other letters than Latin are left out: no evaluation set says whether they are right.
"""

from functools import cache

import polars as pl

from pipeline.features import folded
from pipeline.patterns import extracted
from pipeline.rulebook import Rulebook

EVIDENCE = {"page": pl.String, "line_no": pl.Int32, "stretch": pl.Int32, "form": pl.String, "name": pl.String}

# Which two forms settle a name: a candidate's own, and another one that agrees. Right / wrong articles of fundus-heavy:
# title with copyright 21/0, address 30/0, house 22/1, label 28/1; suffix with copyright 6/0, address 15/0; copyright
# with address 20/0, house 11/0. A title alone is right in nine of ten only.
ENOUGH = (
    ("title", "copyright"),
    ("title", "address"),
    ("title", "house"),
    ("title", "label"),
    ("suffix", "copyright"),
    ("suffix", "address"),
    ("copyright", "address"),
    ("copyright", "house"),
)
OWN = ("title", "suffix", "elsewhere", "copyright")
TITLED = ("title", "suffix", "elsewhere")
SHOWN = ("title", "suffix", "copyright", "house")  # whose print of the name is shown; the first breaks a tie

MAX_WIDTH = 300  # characters of a line that house text stands in
TOP = 5  # lines of text that the page's own title is among
FOOT = 0.8  # of the page's lines: behind it stands the foot
MIN_HEADLINE = 15  # characters of what stands before the name in a title
MIN_TITLE = 25  # the same where no other line of the page repeats it
PIECES = 4  # of a title behind the headline: sections, the name, a day
LAST_PIECE = r"^(.*\S)(?:\s+[|–—·•»-]+\s+|\s?\|\s?)(\S.{0,47})$"
SEPARATORS = ["|", "–", "—", "·", "•", "»", " - "]
LABEL_WIDTH = 60  # characters of a line that is the name and a few words
LABEL_LETTERS = 5  # a shorter name stands in such lines by chance
OWNER_WORDS = 4  # first words of an owner's name that may be the outlet's
PART = 4  # letters of a name that may be recognised as part of another
YEARS = r"^(?:(?:19|20)\d\d[\s,–-]*)+"
INITIALS = r"^\p{Lu}{2,5}(?:\.\w+)?$"
WRITTEN_OUT = r"^\p{Lu}\w+(?: \w+)* \p{Lu}\w+$"


def mastheads(lines: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """`lines` (page, line_no, text, article_no; in the order of the page) → page, masthead: the name of each page's
    outlet where two forms agree on it and no other name is as well founded."""
    lines = lines.select("page", "line_no", "text", "article_no")
    found = evidence(lines, rules)
    return _shown(_spread(_settled(found), found), found, lines)


# --- evidence


def evidence(lines: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """Every print of what may be the outlet's name → page, line_no, stretch (number of the article that it stands with
    or behind), form, name, key (the name as compared), articles (of the page), inside (it stands before the foot)."""
    about = lines.group_by("page").agg(
        articles=pl.col("article_no").max().fill_null(1), foot=pl.col("line_no").max() * FOOT
    )
    solid = (
        lines.with_columns(
            pl.col("text").str.strip_chars(), stretch=pl.col("article_no").forward_fill().over("page").fill_null(1)
        )
        .filter(pl.col("text").str.len_chars().is_between(2, MAX_WIDTH))
        .select("page", "line_no", "stretch", "text")
    )
    own = _named(pl.concat([_by_titles(solid), _by_forms(solid, rules, "copyright")]), rules)
    solid = solid.join(own, on="page", how="semi", maintain_order="left")  # the rest only bears a candidate out
    named = pl.concat([own, _named(_by_forms(solid, rules, "address", "house"), rules)])
    named = _without_agencies(named, rules)
    named = pl.concat([named, _owners(named), _labels(solid, named)])
    return named.join(about, on="page", maintain_order="left").with_columns(inside=pl.col("line_no") < pl.col("foot"))


def _patterns(rules: Rulebook, form: str) -> list[str]:
    return [m.pattern for m in rules.mastheads if m.form == form]


def _by_forms(solid: pl.DataFrame, rules: Rulebook, *forms: str) -> pl.DataFrame:
    """→ EVIDENCE by the patterns of the rules. Each text is searched once."""
    texts = solid["text"].unique()

    @cache  # forms share their cues
    def near(cues: tuple[str, ...]) -> pl.Series:
        return texts.filter(texts.str.contains_any(list(cues), ascii_case_insensitive=True))

    hits = [pl.DataFrame(schema={"text": pl.String, "form": pl.String, "name": pl.String})]
    for masthead in rules.mastheads:
        if masthead.form in forms:
            some = near(masthead.cues)
            names = pl.DataFrame({"text": some, "name": extracted(some, masthead.pattern)}).drop_nulls("name")
            hits.append(names.select("text", form=pl.lit(masthead.form), name="name"))
    return solid.join(pl.concat(hits), on="text", maintain_order="left").select(EVIDENCE.keys())


def _by_titles(solid: pl.DataFrame) -> pl.DataFrame:
    """→ EVIDENCE by page titles, "Headline | Section | Name", of which another line repeats the headline: `title` is
    the last piece at the top of the page, `elsewhere` further down. `suffix` is another piece at the top, or the last
    one of the first line where nothing repeats the headline."""
    rows = solid.with_columns(rank=pl.int_range(pl.len()).over("page"), head="text").filter(
        pl.col("text").str.contains_any(SEPARATORS)
    )
    pieces = []
    for depth in range(PIECES):
        rows = (
            rows.with_columns(pl.col("head").str.extract_groups(LAST_PIECE).alias("cut"))
            .with_columns(head=pl.col("cut").struct[0], name=pl.col("cut").struct[1])
            .filter(pl.col("head").str.len_chars() >= MIN_HEADLINE)
        )
        pieces.append(rows.with_columns(depth=pl.lit(depth)))
    cut = pl.concat(pieces).with_columns(line_key=folded(pl.col("head")))
    others = solid.select("page", other="line_no", line_key=folded(pl.col("text")))
    repeated = (
        cut.join(others, on=["page", "line_key"])
        .filter(pl.col("line_no") != pl.col("other"))
        .group_by("page", "line_no")
        .agg(headline=pl.col("depth").min())
    )
    words = cut.filter(pl.col("name").str.contains(r"\p{L}"))  # not a day
    words = words.join(repeated, on=["page", "line_no"], how="left", maintain_order="left")
    last = pl.col("depth") == pl.col("depth").min().over("page", "line_no")
    behind, top = pl.col("depth") <= pl.col("headline"), pl.col("rank") < TOP
    lone = pl.col("headline").is_null() & (pl.col("rank") == 0) & (pl.col("head").str.len_chars() >= MIN_TITLE)
    form = (
        pl.when(behind & last & top)
        .then(pl.lit("title"))
        .when(behind & last)
        .then(pl.lit("elsewhere"))
        .when((behind & top) | (lone & last))
        .then(pl.lit("suffix"))
    )
    return words.with_columns(form=form).drop_nulls("form").select(EVIDENCE.keys())


def _named(found: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """EVIDENCE with names freed of years, legal forms and quotes, and with `key`; without what is no outlet's name."""
    name = pl.col("name").str.replace(YEARS, "").str.strip_chars(" \t.,;:|-–—'\"“”«»")
    for pattern in _patterns(rules, "legal") * 2:  # "Co., Ltd."
        name = name.str.replace(rf"(?:{pattern})$", "").str.strip_chars(" ,")
    bare = pl.col("name")
    for pattern in _patterns(rules, "ending"):
        bare = bare.str.replace(rf"(?:{pattern})$", "")
    found = found.with_columns(name).with_columns(key=name_key(bare))
    strange = [bare.str.contains(rf"^(?:{pattern})$") for pattern in _patterns(rules, "stranger")]
    known = pl.col("name").str.contains(r"\p{Latin}") & (pl.col("key").str.len_chars() >= 2)
    return found.filter(known & ~pl.any_horizontal(pl.lit(False), *strange))


def name_key(name: pl.Expr) -> pl.Expr:
    """A name as compared: letters and digits; case, accents, ae for ä, and a leading article folded."""
    plain = name.str.normalize("NFKD").str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", "")
    return plain.str.replace("^the(.{3})", "$1").str.replace_all("([aou])e", "$1")


def _without_agencies(named: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """Evidence without agencies, whose texts and pictures others print; only a page's own title may name one."""
    agency = [pl.col("name").str.contains(rf"^(?:{pattern})$") for pattern in _patterns(rules, "agency")]
    titled = pl.col("form").is_in(TITLED).any().over("page", "key")
    return named.filter(titled | ~pl.any_horizontal(pl.lit(False), *agency))


def _owners(named: pl.DataFrame) -> pl.DataFrame:
    """→ evidence `copyright` for the first words of an owner's name that an address of the page is made of: the outlet
    in "Courier Publishing House"."""
    labels = named.filter(form="address").select("page", "key").unique()
    words = pl.col("name").str.split(" ")
    owners = named.filter(form="copyright")
    firsts = [
        owners.filter(words.list.len() > n).with_columns(words.list.head(n).list.join(" ").str.strip_chars(",."))
        for n in range(1, OWNER_WORDS + 1)
    ]
    return pl.concat(firsts).with_columns(key=name_key(pl.col("name"))).join(labels, on=["page", "key"], how="semi")


def _labels(solid: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """→ evidence `label`: short lines that hold a title's name, two different ones at least."""

    def said(text: str) -> pl.Expr:
        return pl.format(" {} ", pl.col(text).str.to_lowercase().str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " "))

    titles = named.filter((pl.col("form") == "title") & (pl.col("key").str.len_chars() >= LABEL_LETTERS))
    titles = titles.select("page", "name", "key", said=said("name"), title="line_no").unique(
        ["page", "key"], keep="first", maintain_order=True
    )
    short = solid.filter(pl.col("text").str.len_chars() < LABEL_WIDTH).with_columns(line=said("text"))
    return (
        short.join(titles, on="page", maintain_order="left")
        .filter((pl.col("line_no") != pl.col("title")) & pl.col("line").str.contains(pl.col("said"), literal=True))
        .unique(["page", "key", "line"], keep="first", maintain_order=True)
        .filter(pl.len().over("page", "key") >= 2)
        .with_columns(form=pl.lit("label"))
        .select(named.columns)
    )


# --- decision


def _settled(found: pl.DataFrame) -> pl.DataFrame:
    """→ page, key: names that two forms agree on, one a page; none where another name is as well founded, where a
    second page's title names another one, or where, without a title, a copyright line inside the page does."""
    prints = found.select("page", "line_no", "form", "key").unique()
    own = prints.filter(pl.col("form").is_in(OWN))
    # A domain in the title is a title and an address; one in a copyright line is not two witnesses.
    apart = (pl.col("line_no") != pl.col("line_no_other")) | (pl.col("form") != "copyright")
    form, other = pl.col("form").replace("elsewhere", "title"), pl.col("form_other")
    enough = pl.any_horizontal((form == a) & (other == b) for a, b in ENOUGH)
    names = (
        own.join(prints, on="page", suffix="_other")
        .filter(apart & enough & _agree())
        .group_by("page", "key")
        .agg(
            forms=other.n_unique() + pl.col("form").n_unique(),
            elsewhere=(pl.col("form") == "elsewhere").all(),
            titled=pl.col("form").is_in(["title", "suffix"]).any(),
        )
    )
    # One odd title further down is mostly a teaser's; two, or one on a page of several articles, are other pages'.
    second = found.filter(form="elsewhere").filter(
        (pl.col("articles") > 1) | (pl.col("key").n_unique().over("page") > 1)
    )
    titles = pl.concat([found.filter(form="title"), second])
    feet = found.filter((pl.col("form") == "copyright") & pl.col("inside"))
    disputed = [
        mine.join(theirs.select("page", "key"), on="page", suffix="_other").filter(~_related()).select("page")
        for mine, theirs in ((names, names), (names, titles), (names.filter(~pl.col("titled")), feet))
    ]
    return (
        names.filter(~pl.col("elsewhere"))
        .join(pl.concat(disputed), on="page", how="anti")
        .sort("page", "forms", pl.col("key").str.len_chars(), "key", descending=[False, True, True, False])
        .unique("page", keep="first", maintain_order=True)
        .select("page", "key")
    )


def _agree() -> pl.Expr:
    """Whether prints of two forms name the same: key by key, or as a longer name and its part."""
    key, other, form = pl.col("key"), pl.col("key_other"), pl.col("form_other")
    part = (
        ((form == "copyright") & (key.str.len_chars() >= PART) & other.str.contains(key, literal=True))
        | (
            (form == "address")
            & (other.str.len_chars() >= PART)
            & (key.str.starts_with(other) | key.str.ends_with(other))
        )
        | ((form == "house") & (other.str.len_chars() >= PART) & key.str.starts_with(other))
    )
    return (key == other) | (pl.col("form").is_in(TITLED) & part)


def _related() -> pl.Expr:
    """Whether one of two names is the other or a part of it."""
    key, other = pl.col("key"), pl.col("key_other")
    return key.str.contains(other, literal=True) | other.str.contains(key, literal=True)


def _spread(settled: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """→ page, key: of a page of several articles the name only if it stands at the foot too, and with each of them
    where a title or a foot in the middle shows that several pages were glued together."""
    glued = found.filter(pl.col("form").is_in(["elsewhere", "copyright"]) & pl.col("inside")).select("page").unique()
    prints = (
        found.join(settled, on="page", suffix="_other")
        .filter(_related())
        .group_by("page", "articles")
        .agg(foot=(~pl.col("inside")).any(), each=pl.col("stretch").n_unique() == pl.col("articles").first())
        .join(glued.with_columns(glued=True), on="page", how="left")
    )
    whole = pl.col("foot") & (pl.col("each") | pl.col("glued").is_null())
    return settled.join(prints.filter((pl.col("articles") == 1) | whole), on="page", how="semi")


def _shown(settled: pl.DataFrame, found: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """→ page, masthead: each settled name as its page prints it most often; written out where it is a set of
    initials and a line that stands twice on the page has them."""
    order = dict(zip(SHOWN, range(len(SHOWN)), strict=True))
    names = (
        found.filter(pl.col("form").is_in(SHOWN))
        .join(settled, on=["page", "key"], how="semi")
        .group_by("page", "key", "name")
        .agg(n=pl.len(), order=pl.col("form").replace_strict(order, return_dtype=pl.Int32).min())
        .sort("page", "n", "order", "name", descending=[False, True, False, False])
        .unique("page", keep="first", maintain_order=True)
    )
    initials = names.filter(pl.col("name").str.contains(INITIALS)).select("page", "key")
    full = (
        lines.select("page", full=pl.col("text").str.strip_chars())
        .join(initials, on="page")
        .filter(pl.col("full").str.contains(WRITTEN_OUT) & (pl.len().over("page", "full") >= 2))
        .filter(pl.col("full").str.replace_all(r"\P{Lu}", "").str.to_lowercase() == pl.col("key"))
        .group_by("page")
        .agg(pl.col("full").min())
    )
    out = names.join(full, on="page", how="left", maintain_order="left")
    return out.select("page", masthead=pl.coalesce("full", "name"))
