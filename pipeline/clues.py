"""What the line model sees of each solid line: its own form, its neighbours, its page, its repeats there.

Everything is measured on the page itself. No word is remembered here, only how the line looks and what comes back.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import polars as pl

from pipeline.characters import APART, Characters
from pipeline.cohesion import cohesion
from pipeline.neighbours import FAR, Flags, Floats, Pages, Places, Prints

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
KINDS = {
    "space": r"\s",
    "letter": r"\p{L}",
    "upper": r"\p{Lu}",
    "word": r"\w",
    "number": r"\p{N}",
    "mark": r"\p{P}",
    "sign": r"[\p{P}\p{S}]",
    "comma": r"[,،、，]",
    "stop": r"[.!?…。！？؟।]",
    "behind_stop": r"[\s\"'”’»)]",
    "quote": r"[\"“”„«»「」]",
    "separator": r"[|·•›»/>→]",
    "parenthesis": r"[()\[\]]",
    "i": "I",
}
OFTEN = ("space", "letter", "word", "behind_stop")  # kinds that most characters are of
FOUND = {
    "url": r"(?i)https?://|www\.|\.(?:com|org|net|de)\b",
    "at": r"@|#\p{L}",
    "year": r"\b(?:19|20)\d\d\b",
    "clock": r"\b\d{1,2}[:.h]\d{2}\b",
    # with the characters beside it for `\b`, which takes the engine off its fast path where a curly quote stands
    "daylike": r"(?:^|\W)\d{1,2}[./-]\d{1,2}[./-](?:20)?\d\d(?:\W|$)|(?:^|\W)\d{1,2}\.? \p{L}{3,12}\.? 20\d\d"
    r"|\p{L}{3,9}\.? \d{1,2}, 20\d\d|20\d\d(?:年|-\d\d)",
    "copyright": "[©®]",
    "money": r"[$€£¥₹%]",
    "colon_in": r"^[^:]{2,40}:\s",
}

# What a text holds that matches them.
DAY_PART = r"\d[./-]\d|20\d\d"
URL_PARTS = ["http", "www.", ".com", ".org", ".net", ".de"]

MAX_AWAY, MAX_TIMES = 400, 50

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
    role = pl.col("role").replace_strict({r: i + 1 for i, r in enumerate(ROLES)}, default=0, return_dtype=pl.Int32)
    known_body = pl.col("role").eq_missing("body") & ~pl.col("prose")
    characters = of_characters(rows["trimmed"])
    frame = rows.select(
        width=pl.col("width"),
        **{name: pl.lit(x) for name, x in characters.items()},
        opens=first_of(t.str.head(2), BEGINNINGS),
        closes=first_of(t.str.tail(3), ENDS),
        **found_in(rows["trimmed"], characters["digits"] > 0),
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


def of_characters(texts: pl.Series) -> dict[str, Floats | Places]:
    """What the characters of the texts count up to, as such or by word or character."""
    c = Characters(texts, KINDS, OFTEN)
    first, last = c.runs("space")
    size, words = c.size - 1, c.count(first)
    upper, stop, i = (c.where(kind) for kind in ("upper", "stop", "i"))
    behind_mark = c.of("mark", upper - 1) & c.of("space", upper - 2)
    titled = c.of("space", upper - 1) | behind_mark
    alone = ~c.of("word", i - 1) & ~c.of("word", i + 1)
    return {
        "words": words,
        "word_len": size / words,
        "digits": c.count(c.where("number")) / size,
        "upper": c.count(upper) / size,
        "titled": c.count(upper[titled]) / words,
        "punct": c.count(c.where("sign")) / size,
        "short_words": c.count(short_words(c, first, last)) / words,
        "commas": c.count(c.where("comma")),
        "stops": c.count(stop[c.of("behind_stop", stop + 1)]),
        "quotes": c.count(c.where("quote")),
        "seps": c.count(c.where("separator")),
        "parens": c.count(c.where("parenthesis")),
        "i_you": c.count(i[alone]),
    }


def short_words(c: Characters, first: Places, last: Places) -> Places:
    """Where words of three letters at the most and nothing else begin, of words from their `first` to their `last`
    characters; of several in a row with one space between, every second."""
    short = last - first < 3
    first, last = first[short], last[short]
    letters = c.of("letter", first) & c.of("letter", last) & c.of("letter", (first + last) // 2)
    first, last = first[letters], last[letters]
    at = np.arange(len(first))
    near = (first[1:] - last[:-1] == 2) & (c.code[last[:-1] + 1] != ord(APART))
    apart = np.append(True, ~near)[: len(at)]
    place = at - np.maximum.accumulate(np.where(apart, at, 0))
    return np.asarray(first[place % 2 == 0])


def found_in(texts: pl.Series, figured: Flags) -> dict[str, pl.Series]:
    """Whether the texts match the patterns of FOUND, each tried only where the texts have what it asks for."""
    figure = pl.Series(figured)
    some = {
        "url": texts.str.contains_any(URL_PARTS, ascii_case_insensitive=True),
        "at": texts.str.contains_any(["@", "#"]),
        "year": figure,
        "clock": figure,
        "daylike": tried(texts, DAY_PART, figure),
    }
    return {name: tried(texts, pattern, some.get(name)) for name, pattern in FOUND.items()}


def tried(texts: pl.Series, pattern: str, where: pl.Series | None) -> pl.Series:
    if where is None:
        return texts.str.contains(pattern)
    rows = where.arg_true()
    return where.clone().scatter(rows, texts.gather(rows).str.contains(pattern))


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
    frame = (
        rows.lazy()  # so that numbers are replaced once
        .select(
            pl.col("key").hash(1),
            shape=no_numbers.str.slice(0, 60).hash(1),
            start=no_numbers.str.extract(r"^(\S+\s+\S{1,12})").fill_null(no_numbers).hash(1),
            page=pl.col("page").hash(2),
        )
        .collect()
    )
    out: Clues = {}
    for by in ("key", "shape", "start"):
        prints = Prints((frame[by] ^ frame["page"]).to_numpy())
        out |= {
            f"rep_{by}_since": np.minimum(prints.since, MAX_AWAY).astype(np.float32),
            f"rep_{by}_until": np.minimum(prints.until, MAX_AWAY).astype(np.float32),
            f"rep_{by}_times": np.minimum(prints.times, MAX_TIMES).astype(np.float32),
        }
        if by == "shape":
            first, last = prints.first - pages.start, pages.end - 1 - prints.last
            seen, coming = pages.row > prints.first, pages.row < prints.last
            top = np.where(seen, np.minimum(first, FAR), FAR).astype(np.float32)
            low = np.where(coming, np.minimum(last, FAR), FAR).astype(np.float32)
    out |= {"rep_top": top, "rep_low": low}
    for k in (-2, -1, 1, 2):
        out[f"rep_top@{k:+d}"], out[f"rep_low@{k:+d}"] = pages.near(top, k, FAR), pages.near(low, k, FAR)
    framed: dict[str, Floats | Flags] = {"seen": seen, "coming": coming, "top10": top < 15, "low10": low < 15}
    for name, x in framed.items():
        for a, z in ((-6, -1), (0, 5)):
            out[f"rep_{name}@{a}..{z}"] = pages.means(x, a, z)
    return out
