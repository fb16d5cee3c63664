"""An outlet's profile, proposed from a folder of its pages: what recurs on them, as TOML that a person finishes.

A line is the outlet's furniture where it stands in several contexts (its nearest long lines that stand on no other
page), as corpus furniture is, but from fewer on: a person looks at it. What only a person can say is marked `FILL_IN`.
"""

import json
import re
from collections.abc import Iterable, Iterator

import polars as pl

from pipeline.features import folded, width
from pipeline.mastheads import mastheads, name_key
from pipeline.outlets import heads
from pipeline.rulebook import MAX_PATTERN, Rulebook

FILL_IN = "FILL IN"
# Pages and contexts from which on a line is proposed. At two, a repeated sentence of a running story is.
MIN_PAGES = MIN_CONTEXTS = 3
MAX_WIDTH = 400  # of a line that a rule looks at
MAX_HOSTS = FORMS = 5  # shown of each: hosts, date lines, layouts
LONG = 80  # width of a line that tells a page from others
TAIL = 6  # lines behind the text that make the layout of a tail

HOST = r"(?i)(?:^|[\s(/|@])((?:[a-z0-9-]+\.)+[a-z]{2,8})(?:[/\s),|?]|\.?$)"
DOMAIN = r"([^.]+)\.(?:(?:co|com|org|net|gov|ac)\.)?[^.]+$"  # of a host: its name and its endings
NAME = r"\p{Lu}[\p{L}\p{M}.’'-]*(?: \p{Lu}[\p{L}\p{M}.’'-]*)*"
TEXT_ROLES = ("headline", "headline_repeat", "caption", "caption_repeat", "standfirst", "subhead", "body")


def profile(
    lines: pl.DataFrame,
    texts: pl.DataFrame,
    page_articles: pl.DataFrame,
    duplicates: pl.DataFrame,
    rules: Rulebook,
    file: str = "outlet",
) -> str:
    """The tables `lines`, `texts` (or `pages`), `page_articles` and `duplicates` of one outlet's pages → the text of a
    file for `rules/outlets/`: name, domains, a rule a recurring line; as comments the forms of date lines and
    layouts. An article that scrolls along on many pages is counted once. The id is made of the name that the pages
    print, or else of the file's."""
    whole = _whole(lines.join(duplicates, on=["page", "article_no"], how="anti", maintain_order="left"))
    name = _name(whole, rules)
    slug = _slug(name) or _slug(file) or "outlet"
    found = recurring(whole, rules)
    ids = _ids(slug, found["example"])
    found = found.with_columns(id=pl.Series(ids, dtype=pl.String))
    blocks = [
        "\n".join(_outlet(name, slug, whole, texts, found)),
        "\n".join(_remarks(whole, page_articles, found, rules)),
        *("\n".join(_rule(row, texts.height)) for row in found.iter_rows(named=True)),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def recurring(lines: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """Whole lines (page, line_no, text, role, reason, article_no) → the lines and families of lines that recur in
    several contexts and that no rule knows yet: pattern, example (the commonest), n_lines, n_pages, n_forms, and how
    many stand in the head, inside the text, in the tail; those of most pages first."""
    rest = _unknown(_placed(lines), rules)
    found = []
    for eligible, family, pattern, least_forms in _families():
        grouped = rest.filter(eligible).with_columns(family=family, pattern=pattern)
        common = _common(grouped, least_forms)
        patterns = grouped.select("family", "pattern", example="text").unique(["family", "example"])
        found.append(common.join(patterns, on=["family", "example"]))
        rest = rest.join(
            grouped.join(common, on="family", how="semi"), on=["page", "line_no"], how="anti", maintain_order="left"
        )
    out = pl.concat(found).filter(pl.col("pattern").str.len_chars() < MAX_PATTERN)
    columns = ("pattern", "example", "n_lines", "n_pages", "n_forms", "head", "inside", "tail")
    return out.sort(["n_pages", "n_lines", "example"], descending=[True, True, False]).select(columns)


def _unknown(solid: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """Lines that no rule knows and that may be furniture. The headline of one page's article may stand as a teaser on
    many others: it is that page's."""
    titles = (
        solid.filter(pl.col("role") == "headline")
        .group_by("key")
        .agg(n=pl.col("page").n_unique())
        .filter(pl.col("n") == 1)
    )
    rest = solid.filter(~pl.col("reason").is_in(set(rules.by_id)) & (pl.col("width") <= MAX_WIDTH))
    return rest.join(titles, on="key", how="anti", maintain_order="left")


def _families() -> list[tuple[pl.Expr, pl.Expr, pl.Expr, int]]:
    """The ways in which lines are alike, strictest first: which lines each is for, what those alike share, the pattern
    that matches them, how many forms they have at the least. The same line; with other numbers; with other names."""
    text = pl.col("text")
    named = text.str.replace_all(rf" {NAME}", " \x01")
    escaped = text.str.escape_regex()
    numbered = escaped.str.replace_all(r"\d+", r"\d+")
    any_name = named.str.escape_regex().str.replace_all(r"\d+", r"\d+").str.replace_all("\x01", NAME, literal=True)
    has_names = ~pl.col("role").is_in(TEXT_ROLES) & named.str.contains("\x01")
    return [
        (pl.lit(True), pl.col("key"), pl.format("(?i:{})", escaped), 1),
        (text.str.contains(r"\d"), pl.col("key").str.replace_all(r"\d+", "0"), pl.format("(?i:{})", numbered), 2),
        (has_names, named.str.replace_all(r"\d+", "0"), any_name, MIN_PAGES),
    ]


def _common(grouped: pl.DataFrame, least_forms: int) -> pl.DataFrame:
    """The families that recur: family, n_pages, n_contexts, n_forms, n_lines, example, head, inside, tail."""
    families = grouped.group_by("family").agg(
        n_pages=pl.col("page").n_unique(),
        n_contexts=pl.col("context").drop_nulls().n_unique(),
        n_forms=pl.col("key").n_unique(),
        n_lines=pl.len(),
        example=pl.col("text").mode().min(),
        **{place: (pl.col("place") == place).sum() for place in ("head", "inside", "tail")},
    )
    return families.filter(
        (pl.col("n_pages") >= MIN_PAGES) & (pl.col("n_contexts") >= MIN_CONTEXTS) & (pl.col("n_forms") >= least_forms)
    )


def _whole(lines: pl.DataFrame) -> pl.DataFrame:
    """The ledger with the parts of a line joined; its role and reason are those of its first part."""
    return lines.group_by("page", "line_no", maintain_order=True).agg(
        pl.col("text").str.join("").str.strip_chars(),
        pl.col("role", "reason").first(),
        pl.col("article_no").drop_nulls().first(),
    )


def _placed(lines: pl.DataFrame) -> pl.DataFrame:
    """Solid lines with key, width, place (head, inside, tail: before, between or behind the lines of text of the page)
    and context (the nearest long lines that stand on this page only)."""
    solid = lines.filter(pl.col("text") != "").with_columns(key=folded(pl.col("text")), width=width(pl.col("text")))
    body, line_no = pl.col("role") == "body", pl.col("line_no")
    own = (pl.col("width") >= LONG) & (pl.col("page").n_unique().over("key") == 1)
    solid = solid.with_columns(
        first=line_no.filter(body).min().over("page"),
        last=line_no.filter(body).max().over("page"),
        own=pl.when(own).then("key"),
    ).with_columns(before=pl.col("own").forward_fill().over("page"), after=pl.col("own").backward_fill().over("page"))
    return solid.with_columns(
        place=pl.when(line_no < pl.col("first"))
        .then(pl.lit("head"))
        .when(line_no > pl.col("last"))
        .then(pl.lit("tail"))
        .otherwise(pl.lit("inside")),
        context=pl.when(pl.col("before").is_not_null() | pl.col("after").is_not_null()).then(
            pl.concat_str(pl.col("before").fill_null(""), pl.lit("\n"), pl.col("after").fill_null(""))
        ),
    )


def _name(whole: pl.DataFrame, rules: Rulebook) -> str | None:
    """What most pages call themselves."""
    names = mastheads(whole, rules).group_by("masthead").len().sort("len", "masthead", descending=[True, False])
    return names["masthead"][0] if names.height else None


# --- the file


def _outlet(
    name: str | None, slug: str, whole: pl.DataFrame, texts: pl.DataFrame, found: pl.DataFrame
) -> Iterator[str]:
    hosts = _hosts(whole, texts)
    key = pl.select(name_key(pl.lit(name))).item() if name else None
    own = hosts.filter((pl.col("label") == key) | pl.col("scraped"))["host"].to_list() if key else []
    signatures = found.filter(pl.col("example").str.contains(name, literal=True))["id"].to_list() if name else []
    yield f"# {name or FILL_IN}: proposed from {texts.height} pages. Finish what says {FILL_IN}, delete what is text."
    yield ""
    yield "[outlet]"
    yield f"id = {_string(slug)}"
    yield f"name = {_string(name or f'{FILL_IN}: its name as it prints it')}"
    yield f"domains = {_array(own)}"
    others = [f"{host} ({n})" for host, n in hosts.select("host", "n").iter_rows() if host not in own]
    if others:
        yield f"# hosts on the pages: {', '.join(others[:MAX_HOSTS])}"
    if signatures:
        yield "# These rules print its name. Keep the ones that no other outlet's page would print:"
        yield f"# signatures = {_array(signatures)}"


def _remarks(whole: pl.DataFrame, page_articles: pl.DataFrame, found: pl.DataFrame, rules: Rulebook) -> Iterator[str]:
    """The forms of date lines, the day order that they prove, the layouts, and what the rules know already."""
    dates = page_articles["date_raw"].drop_nulls()
    forms = dates.str.replace_all(r"\d", "0").str.replace_all(r"\p{L}{3,}", "a").value_counts(sort=True)
    order = _day_order(dates)
    if order:
        yield f"day_order = {_string(order)}"
    articles = page_articles.height
    if len(dates):
        shown = forms.sort("count", "date_raw", descending=[True, False]).head(FORMS)
        yield f"# date lines, on {len(dates)} of {articles} articles: " + "; ".join(
            f"{form} ({n})" for form, n in shown.iter_rows()
        )
    elif articles:
        yield f"# date lines: none found on {articles} articles"
    ruled = _ruled(whole, found)
    for what, layouts in (("head", heads(ruled)["head"]), ("tail", _tails(ruled))):
        counts = layouts.alias("layout").value_counts().sort("count", "layout", descending=[True, False]).head(FORMS)
        yield from (f"# layout of the {what}, {n} of {articles}: {layout}" for layout, n in counts.iter_rows())
    known = (
        whole.filter(pl.col("reason").is_in(list(rules.by_id)))
        .group_by("reason")
        .agg(n=pl.col("page").n_unique())
        .sort("n", "reason", descending=[True, False])
    )
    if known.height:
        yield "# known already (pages): " + ", ".join(f"{rule} ({n})" for rule, n in known.iter_rows())


def _rule(row: dict[str, object], n_pages: int) -> Iterator[str]:
    places = ", ".join(f"{place} {row[place]}" for place in ("head", "inside", "tail") if row[place])
    forms = f"; {row['n_forms']} forms" if row["n_forms"] != 1 else ""
    yield f"# {row['n_lines']} lines on {row['n_pages']} of {n_pages} pages: {places}{forms}"
    yield "[[rule]]"
    yield f"id = {_string(str(row['id']))}"
    yield 'role = "boilerplate"'
    yield f"pattern = {_pattern(str(row['pattern']))}"
    yield f"why = {_string('recurs on {n_pages} pages around different texts'.format(**row))}"
    yield f"example = {_string(str(row['example']))}"
    yield f"counter = {_string(f'{FILL_IN}: a line with such words that is text')}"


def _ruled(whole: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """The lines as the proposed rules would label them."""
    ruled = pl.coalesce(
        *(
            pl.when(pl.col("text").str.contains(f"^(?:{pattern})$")).then(pl.lit(rule))
            for pattern, rule in found.select("pattern", "id").iter_rows()
        ),
        pl.lit(None, pl.String),
    )
    texts = whole.select("text").unique().with_columns(rule=ruled).drop_nulls()
    out = whole.join(texts, on="text", how="left", maintain_order="left")
    by_rule = pl.col("rule").is_not_null()
    return out.with_columns(
        role=pl.when(by_rule).then(pl.lit("boilerplate")).otherwise("role"), reason=pl.coalesce("rule", "reason")
    )


def _tails(ruled: pl.DataFrame) -> pl.Series:
    """The first words behind the last line of text of each page, as `heads` writes them."""
    last = pl.col("line_no").filter(pl.col("role") == "body").max().over("page")
    by_rule = (pl.col("role") == "boilerplate") & pl.col("reason").str.contains("^[^/:]+/[^:]+$")
    behind = ruled.filter((pl.col("line_no") > last) & (pl.col("role") != "blank"))
    words = behind.with_columns(word=pl.when(by_rule).then("reason").otherwise("role"))
    return words.group_by("page", maintain_order=True).agg(pl.col("word").head(TAIL).str.join(" "))["word"]


def _hosts(whole: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    """Domains that the pages print, on two of them at least, or were scraped from → host, n (pages), label, scraped."""
    printed = whole.select("page", host=pl.col("text").str.extract(HOST, 1).str.to_lowercase(), scraped=pl.lit(False))
    sites = texts.select("page", host="site", scraped=pl.lit(True))
    return (
        pl.concat([printed, sites])
        .with_columns(pl.col("host").str.extract(DOMAIN, 0))
        .drop_nulls("host")
        .group_by("host")
        .agg(n=pl.col("page").n_unique(), scraped=pl.col("scraped").any())
        .filter((pl.col("n") >= 2) | pl.col("scraped"))
        .with_columns(label=name_key(pl.col("host").str.extract(DOMAIN, 1)))
        .sort("n", "host", descending=[True, False])
    )


def _day_order(dates: pl.Series) -> str | None:
    """The order that numeric date lines prove: a number over twelve can only be a day."""
    parts = pl.select(dates.str.extract_groups(r"\b(?<a>\d{1,2})[./-](?<b>\d{1,2})[./-]\d{2,4}\b").alias("x"))
    a, b = (parts["x"].struct.field(x).cast(pl.Int32) for x in ("a", "b"))
    day_first, month_first = bool((a > 12).any()), bool((b > 12).any())
    return None if day_first == month_first else "DMY" if day_first else "MDY"


def _slug(text: str | None) -> str:
    plain = pl.select(pl.lit(text or "").str.normalize("NFKD").str.to_lowercase()).item()
    return "-".join(re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode())[:5])


def _ids(slug: str, examples: Iterable[str]) -> list[str]:
    """An id for each rule: the outlet's, and the first words of the example; numbered where two are the same."""
    seen: dict[str, int] = {}
    ids = []
    for example in examples:
        words = _slug(example) or "line"
        seen[words] = seen.get(words, 0) + 1
        ids.append(f"{slug}/{words}" if seen[words] == 1 else f"{slug}/{words}--{seen[words]}")
    return ids


def _string(text: str) -> str:
    """A TOML string; JSON's escapes are TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _array(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_string, texts))}]"


def _pattern(text: str) -> str:
    return _string(text) if re.search(r"['\x00-\x1f\x7f]", text) else f"'{text}'"
