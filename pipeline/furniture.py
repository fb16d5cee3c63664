"""Corpus furniture: lines that stand in many different contexts of one outlet or site, learnt without a rule.

Mere recurrence is not enough: infinite scroll repeats whole articles on many pages, but there each line of an article
has its own neighbours. A line is counted by the paragraphs before it and by those after it, each side for itself: the
first line of a repeated article stands behind many others, but always before the same. What is counted of a line are
the pages that hold it, so that one page more changes what crosses the threshold and nothing else.
"""

from collections.abc import Iterable
from itertools import product

import polars as pl

from pipeline.rulebook import Rulebook
from pipeline.scope import line_key, scopes, template
from pipeline.shares import owned
from pipeline.tables import FURNITURE

# Contexts from which on a line is furniture. A live blog that is scraped a hundred times shows some ten different ones
# around its title.
MIN_CONTEXTS = 15
# Paragraphs that may stand together as furniture (an offer and its terms, a biography over two at the foot of a page).
# An article of more is never furniture, whatever stands around it; one of fewer is, if it moves about on many pages.
BLOCK = 3
# Contexts from which on the numbers in a line tell no article from another, so that "3 comments" speaks for
# "# comments": the title of a daily column has its day to itself.
SHARED = 3


def contexts(lines: pl.DataFrame, texts: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """`lines` of a batch of whole pages → one row for the first and the last print of each line on its page, in the
    order of the page; batches are concatenated for `furniture`. Besides page, scope, line_key and prose, hashes:

    - `before_0`, `before_1` …, `after_0` …: the paragraphs before and after it, from the nearest; null off the page
    - `above`, `below`: the line next to it, null where both are paragraphs; the page's edge counts as a line
    - `widest`: the two widest paragraphs of the page together, which tell whether two pages have the same article
    """
    solid = lines.filter(pl.col("trimmed") != "").with_columns(
        line_key=line_key(pl.col("key")),
        so_far=pl.col("prose").cum_sum().over("page").cast(pl.Int64),
        hash=hashed(pl.col("key")),
    )
    edge, label = hashed(pl.lit("")), hashed(template(pl.col("line_key")))
    beside = {
        name: pl.when(pl.col("page").ne_missing(pl.col("page").shift(k)))
        .then(edge)
        .when(~(pl.col("prose") & pl.col("prose").shift(k)))
        .then(label.shift(k))
        for name, k in (("above", 1), ("below", -1))
    }
    solid = solid.with_columns(**beside)
    widest = pl.col("hash").sort_by("width", "hash", descending=True).head(2).cast(pl.UInt64).sum()
    pages = solid.filter("prose").group_by("page").agg(paragraphs="hash", widest=widest)
    place = pl.col("so_far") - pl.col("prose").cast(pl.Int64)
    return (
        solid.filter(outermost("page", "line_key"))
        .join(pages, on="page", how="inner", maintain_order="left")
        .join(scopes(lines, texts, rules), on="page", how="left", maintain_order="left")
        .select(
            "page",
            "scope",
            "line_key",
            "prose",
            *(paragraph(place - 1 - x).alias(f"before_{x}") for x in range(BLOCK + 1)),
            *(paragraph(pl.col("so_far") + y).alias(f"after_{y}") for y in range(BLOCK + 1)),
            "above",
            "below",
            "widest",
        )
    )


def furniture(contexts: pl.DataFrame) -> pl.DataFrame:
    """All `contexts` of the corpus → FURNITURE: the lines with enough different contexts and, within a known outlet or
    site, the templates of lines whose numbers vary."""
    return learnt([lean(contexts)])


def lean(contexts: pl.DataFrame) -> pl.DataFrame:
    """`contexts` with the page as a digest, as pages are only told apart, and with `group`, the digest of scope and
    template: all that is learnt of a line is learnt from the rows of its group."""
    group = pl.struct("scope", template(pl.col("line_key"))).hash()
    return contexts.with_columns(pl.col("page").hash(), group=group)


def learnt(shares: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """`lean` contexts in shares that have no group in common → FURNITURE."""
    found = pl.concat([pl.DataFrame(schema=FURNITURE.schema), *map(_of_share, shares)])
    return FURNITURE.conform(found.sort(FURNITURE.key))


def _of_share(contexts: pl.DataFrame) -> pl.DataFrame:
    # most lines are of one article, and can't have as many contexts
    contexts = contexts.filter(pl.len().over("group") >= MIN_CONTEXTS).with_columns(line=_line("line_key"))
    names = contexts.select("line", "scope", "line_key").unique("line")
    contexts = contexts.with_columns(known=pl.col("scope") != "").drop("scope", "line_key", "group")
    lines = counted(contexts)
    numbers = names.with_columns(template=template(pl.col("line_key"))).filter(pl.col("template") != pl.col("line_key"))
    numbers = numbers.filter(pl.col("scope") != "").with_columns(of=_line("template"))
    shared = lines.filter(pl.col("n_contexts") >= SHARED).join(numbers, on="line").select("line", "prose", "of")
    numbered = contexts.join(shared, on=["line", "prose"], maintain_order="left").with_columns(line="of")
    templates = counted(numbered.drop("of"))
    found = pl.concat([lines, templates]).filter(pl.col("n_contexts") >= MIN_CONTEXTS)
    of_templates = numbers.select(line="of", scope="scope", line_key="template")
    named = found.join(pl.concat([names, of_templates]).unique("line"), on="line")
    by_line = named.group_by("scope", "line_key").agg(pl.col("n_contexts").max(), pl.col("n_pages").sum())
    return owned(FURNITURE.conform(by_line))


def _line(key: str) -> pl.Expr:
    """A digest in the place of scope and line, which are long and stand in many rows."""
    return pl.struct("scope", pl.col(key).alias("line_key")).hash()


def counted(contexts: pl.DataFrame) -> pl.DataFrame:
    """Contexts of lines (line, known: whether its scope is, and as in `contexts`) → line, prose, n_contexts, n_pages of
    each; what is on few pages may be left out. First and last prints are counted apart, for a refrain has as many
    contexts as its song has verses."""
    line = ["line", "prose"]
    often = contexts.filter(pl.len().over(line) >= SHARED).filter(outermost(*line, "page"))
    last = ~pl.struct(*line, "page").is_first_distinct()
    # the block of furniture that the line may stand in: x paragraphs above it, y below it, and itself if it is one
    blocks = [(x, y) for x, y in product(range(BLOCK + 1), repeat=2) if x + y <= BLOCK]
    fits = [pl.lit(x + y) + pl.col("prose").first() <= BLOCK for x, y in blocks]
    n = [pl.when(fit).then(around(f"before_{x}", f"after_{y}")) for fit, (x, y) in zip(fits, blocks, strict=True)]
    return (
        often.group_by(*line, last=last)
        .agg(
            n_contexts=pl.max_horizontal(n),
            n_pages=pl.len(),
            sure=framed() | (~pl.col("prose") & pl.col("known")).first(),
        )
        .group_by(line)
        .agg(pl.col("n_contexts").filter("sure").max().fill_null(0), pl.col("n_pages").max())
    )


def around(before: str, after: str) -> pl.Expr:
    """How many different contexts a line has between these two: paragraphs on both sides, or on one where the page
    begins or ends on the other. The pages must be different too: else a live blog that is scraped again and again has
    a new context for its title with each entry."""
    begins, ends = pl.col(before).is_null(), pl.col(after).is_null()
    inside = pl.min_horizontal(different(before), different(after))
    edges = different(after, begins), different(before, ends)
    return pl.min_horizontal(different("widest"), pl.max_horizontal(inside, *edges))


def framed() -> pl.Expr:
    """Whether a line has the same line above or below it on most of its pages, so that a template prints it. Asked of
    paragraphs, for agencies put a paragraph of background into hundreds of articles; and of all lines where the site
    is unknown, for "Conclusion" stands between paragraphs on many sites."""
    most = (pl.col(c).drop_nulls().unique_counts().max().fill_null(0) for c in ("above", "below"))
    return pl.max_horizontal(*most) * 2 > pl.len()


def different(column: str, where: pl.Expr | None = None) -> pl.Expr:
    return pl.col(column).filter(pl.lit(True) if where is None else where).drop_nulls().n_unique()


def outermost(*columns: str) -> pl.Expr:
    """The first and the last row with these values."""
    return pl.struct(columns).is_first_distinct() | pl.struct(columns).is_last_distinct()


def paragraph(place: pl.Expr) -> pl.Expr:
    """The page's paragraph at this place; null before its first and behind its last."""
    return pl.col("paragraphs").list.get(pl.when(place >= 0).then(place), null_on_oob=True)


def hashed(text: pl.Expr) -> pl.Expr:
    """Only compared for equality, and within a few hundred: 32 bits do."""
    return text.hash().cast(pl.UInt32, wrap_numerical=True)
