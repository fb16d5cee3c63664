"""What the line model sees of each solid line: its own form, its neighbours, its page, its repeats there.

Everything is measured on the page itself. No word is remembered here, only how the line looks and what comes back.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import polars as pl

from pipeline.cohesion import cohesion
from pipeline.neighbours import FAR, Flags, Floats, Pages, floats

Clues = dict[str, Floats]

ROLES = ("boilerplate", "caption", "byline", "timestamp", "credit", "related", "headline", "standfirst", "body")
BOILERPLATE, CAPTION, BYLINE, TIMESTAMP, RELATED = (ROLES.index(r) + 1 for r in (*ROLES[:4], "related"))

BEGINNINGS = (r"^\p{Lu}\p{Lu}", r"^\p{Lu}", r"^\p{Ll}", r"^\p{N}", r"^[\"“„«‘'「]", r"^[-–—•*·]", r"^\p{L}")
ENDS = (
    r"\.$",
    r"[!?？！]$",
    r"[:：]$",
    r"[\"”“»’」]$",
    r"[)\]]$",
    r"[,;،]$",
    r"(?:\.\.\.|…)$",
    r"\p{N}$",
    r"\p{L}$",
)
COUNTED = {
    "commas": r"[,،、，]",
    "stops": r"[.!?…。！？؟।](?:[\s\"'”’»)]|$)",
    "quotes": r"[\"“”„«»「」]",
    "seps": r"[|·•›»/>→]",
    "parens": r"[()\[\]]",
    "i_you": r"\bI\b",
}
FOUND = {
    "url": r"(?i)https?://|www\.|\.(?:com|org|net|de)\b",
    "at": r"@|#\p{L}",
    "year": r"\b(?:19|20)\d\d\b",
    "clock": r"\b\d{1,2}[:.h]\d{2}\b",
    "daylike": r"\b\d{1,2}[./-]\d{1,2}[./-](?:20)?\d\d\b|\b\d{1,2}\.? \p{L}{3,12}\.? 20\d\d"
    r"|\p{L}{3,9}\.? \d{1,2}, 20\d\d|20\d\d(?:年|-\d\d)",
    "copyright": "[©®]",
    "money": r"[$€£¥₹%]",
    "colon_in": r"^[^:]{2,40}:\s",
}

# Which measures of the lines around a line are seen: of the two before and after, of the four, and on average.
NEXT_TO = ("width", "prose", "sentence", "gap", "role", "titled", "opens", "closes", "words", "bullet", "upper")
FURTHER = ("width", "prose", "gap", "role")
MEANS = ("width", "prose", "sentence", "gap", "titled", "seps", "quotes", "daylike", "bullet")
WINDOWS = ((-5, -1), (1, 5), (-20, -1), (1, 20))


def clues(rows: pl.DataFrame, ends: Iterable[str]) -> Clues:
    """Solid rows of whole pages as `label` gives them (page, part, trimmed, key, width, gap, sentence, bullet, prose,
    rule, role, teaser) and the ids of the rules that articles end with → the clues by name, a number a row each."""
    pages = Pages(rows["page"])
    line = of_line(rows, ends)
    around = of_page(line, pages) | of_neighbours(line, pages) | of_repeats(rows, pages)
    return line | around | {f"coh_{k}": v for k, v in cohesion(rows, pages).items()}


def of_line(rows: pl.DataFrame, ends: Iterable[str]) -> Clues:
    """The line's own form, and what the rules say of it."""
    t = pl.col("trimmed")
    words, chars = t.str.count_matches(r"\S+"), t.str.len_chars()
    role = pl.col("role").replace_strict({r: i + 1 for i, r in enumerate(ROLES)}, default=0, return_dtype=pl.Int32)
    known_body = pl.col("role").eq_missing("body") & ~pl.col("prose")
    frame = rows.select(
        width=pl.col("width"),
        words=words,
        word_len=chars / words,
        digits=t.str.count_matches(r"\p{N}") / chars,
        upper=t.str.count_matches(r"\p{Lu}") / chars,
        titled=t.str.count_matches(r"(?:^|\s)[\p{P}]?\p{Lu}") / words,
        punct=t.str.count_matches(r"[\p{P}\p{S}]") / chars,
        short_words=t.str.count_matches(r"(?:^|\s)\p{L}{1,3}(?:\s|$)") / words,
        **{name: t.str.count_matches(pattern) for name, pattern in COUNTED.items()},
        opens=first_of(t, BEGINNINGS),
        closes=first_of(t, ENDS),
        **{name: t.str.contains(pattern) for name, pattern in FOUND.items()},
        sentence=pl.col("sentence"),
        bullet=pl.col("bullet"),
        prose=pl.col("prose"),
        gap=pl.col("gap").clip(0, 9),
        role=pl.when(known_body).then(0).otherwise(role),
        ends=pl.col("rule").is_in(list(ends)),
        teaser=pl.col("teaser"),
        piece=pl.col("part"),
    )
    return {c: frame[c].cast(pl.Float32).fill_null(-1).fill_nan(-1).to_numpy() for c in frame.columns}


def first_of(text: pl.Expr, patterns: tuple[str, ...]) -> pl.Expr:
    """The number of the first pattern that the text has, null where it has none."""
    return pl.coalesce(pl.when(text.str.contains(p)).then(pl.lit(i)) for i, p in enumerate(patterns))


def of_page(line: Mapping[str, Floats], pages: Pages) -> Clues:
    """The line's place on the page, and what kind of page it is."""
    one = np.ones_like(line["width"])
    size, n = pages.whole(one), pages.so_far(one)
    prose = pages.whole(line["prose"])
    text = line["width"] * line["prose"]
    all_text = pages.whole(text)
    out = {
        "lines": size,
        "n": n,
        "left": size - n,
        "place": n / size,
        "text": all_text,
        "text_share": all_text / np.maximum(pages.whole(line["width"]), 1),
        "prose": prose,
        "text_place": pages.so_far(text) / np.maximum(all_text, 1),
        "prose_so_far": pages.so_far(line["prose"]),
        "gap": pages.whole(line["gap"]) / size,
        "wide_gaps": pages.whole(line["gap"] >= 2) / size,
        "no_gaps": pages.whole(line["gap"] == 0) / size,
        "prose_width": all_text / np.maximum(prose, 1),
        "bullets": pages.whole(line["bullet"]) / size,
    }
    return {f"page_{k}": v for k, v in out.items()}


def of_neighbours(line: Mapping[str, Floats], pages: Pages) -> Clues:
    """The lines around, one by one and on average, and how far it is to the next of some kinds of lines."""
    out = {f"{c}@{k:+d}": pages.near(line[c], k) for c in NEXT_TO for k in (-2, -1, 1, 2)}
    out |= {f"{c}@{k:+d}": pages.near(line[c], k) for c in FURTHER for k in (-4, -3, 3, 4)}
    out |= {f"{c}@{low}..{high}": pages.means(line[c], low, high) for c in MEANS for low, high in WINDOWS}
    gap, role, width = line["gap"], line["role"], line["width"]
    marks = {
        "prose": line["prose"] > 0,
        "date": (role == TIMESTAMP) | ((line["daylike"] > 0) & (width < 80)),
        "byline": role == BYLINE,
        "caption": role == CAPTION,
        "ends": line["ends"] > 0,
        "related": role == RELATED,
        "wide": gap >= 2,
        "gap3": gap >= 3,
        "copyright": line["copyright"] > 0,
        "boiler": role == BOILERPLATE,
        "long": width >= 250,
    }
    out |= {f"since_{k}": pages.near(pages.since(v), -1, FAR) for k, v in marks.items()}
    out |= {f"until_{k}": pages.near(pages.until(v), 1, FAR) for k, v in marks.items()}
    out["gap_over"] = gap - np.maximum(pages.means(gap, -8, -1), pages.means(gap, 1, 8))
    return out


def of_repeats(rows: pl.DataFrame, pages: Pages) -> Clues:
    """Where the same line, one of its shape (numbers aside) or of its beginning stands elsewhere on the page, and
    whether such lines frame the page: what also stands at its top or bottom comes back around each article."""
    no_numbers = pl.col("key").str.replace_all(r"\p{N}+", "0")
    frame = rows.select(
        "page",
        "key",
        n=pl.int_range(pl.len(), dtype=pl.Int32).over("page"),
        size=pl.len().over("page"),
        shape=no_numbers.str.slice(0, 60),
        start=no_numbers.str.extract(r"^(\S+\s+\S{1,12})").fill_null(no_numbers),
    )
    n = pl.col("n")
    out: Clues = {}
    for by in ("key", "shape", "start"):
        same = ["page", by]
        found = frame.select(
            since=(n - n.shift(1)).over(same).fill_null(FAR).clip(0, 400),
            until=(n.shift(-1) - n).over(same).fill_null(FAR).clip(0, 400),
            times=pl.len().over(same).clip(1, 50),
        )
        out |= {f"rep_{by}_{c}": floats(found[c]) for c in found.columns}
    again = pl.len().over("page", "shape") > 1
    first, last = n.min().over("page", "shape"), n.max().over("page", "shape")
    below = pl.col("size") - 1
    frames = frame.select(
        top=pl.when(again & (n > first)).then(first.clip(0, FAR)).otherwise(FAR),
        low=pl.when(again & (n < last)).then((below - last).clip(0, FAR)).otherwise(FAR),
        seen=again & (n > first),
        coming=again & (n < last),
    )
    top, low, seen, coming = (floats(frames[c]) for c in frames.columns)
    out |= {"rep_top": top, "rep_low": low}
    for k in (-2, -1, 1, 2):
        out[f"rep_top@{k:+d}"], out[f"rep_low@{k:+d}"] = pages.near(top, k, FAR), pages.near(low, k, FAR)
    framed: dict[str, Floats | Flags] = {"seen": seen, "coming": coming, "top10": top < 15, "low10": low < 15}
    for name, x in framed.items():
        for a, z in ((-6, -1), (0, 5)):
            out[f"rep_{name}@{a}..{z}"] = pages.means(x, a, z)
    return out
