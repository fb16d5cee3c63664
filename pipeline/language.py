"""The language of a body: cheap vectorised evidence first, langdetect where that does not decide.

`languages` takes bodies and gives, row by row, `language` (ISO 639-1, null where there is too little text or the
evidence is weak) and `language_score` (0 to 1): by script, the share of letters in that script; by stop words, 1;
else the probability that langdetect gives. Only the first `HEAD` characters are looked at.
"""

import polars as pl
from langdetect import DetectorFactory, LangDetectException, detect_langs

from pipeline.rulebook import Rulebook

HEAD = 2_000  # langdetect's answer does not change beyond this; it keeps its cost per article bounded
MIN_LETTERS = 40  # below this langdetect contradicts itself on prefixes of one text
MIN_IDEOGRAMS = 10  # a character of a script without spaces says as much as a short word
MIN_SHARE = 0.5  # of the letters: the script that the text is written in, quotes of others aside
KANA = 0.05  # of the letters: Japanese mixes kana with Han (least seen .19), Chinese does not (most seen .001)
MIN_PROBABILITY = 0.8  # langdetect gives more than .99 to nearly all bodies in a language that it knows

# Scripts that one language of the news writes in.
SCRIPTS = {
    "ko": r"\p{Hangul}",
    "el": r"\p{Greek}",
    "he": r"\p{Hebrew}",
    "th": r"\p{Thai}",
    "ka": r"\p{Georgian}",
    "hy": r"\p{Armenian}",
    "bn": r"\p{Bengali}",
    "ta": r"\p{Tamil}",
    "te": r"\p{Telugu}",
    "gu": r"\p{Gujarati}",
    "pa": r"\p{Gurmukhi}",
    "kn": r"\p{Kannada}",
    "ml": r"\p{Malayalam}",
    "si": r"\p{Sinhala}",
    "km": r"\p{Khmer}",
    "my": r"\p{Myanmar}",
    "lo": r"\p{Lao}",
    "am": r"\p{Ethiopic}",
}
HAN = r"\p{Han}"
KANA_LETTERS = r"[\p{Hiragana}\p{Katakana}]"

# Share of all words that a language's stop words (`rules/languages.toml`) must have to settle it, and what those of all
# others may have. Of 881 bodies of 21 languages those of another language have .021 at the most.
STOP_WORDS, OTHERS = 0.05, 0.025
# Fewer settle it where nearly nothing speaks for another: neighbours that have no list (Norwegian, Swahili, Indonesian
# among those bodies) have .018 at the most.
FEWER, NEARLY_NONE = 0.03, 0.1


def languages(bodies: pl.Series, rules: Rulebook) -> pl.DataFrame:
    """`bodies` → columns language, language_score, a row for each."""
    head = bodies.str.slice(0, HEAD).alias("head").to_frame().with_row_index("row")
    letters = pl.col("head").str.count_matches(r"\p{L}")
    foreign = pl.col("head").str.count_matches(r"[\p{L}--\p{Latin}]")  # few in most texts, so soon counted
    rows = head.with_columns(letters=letters, foreign=foreign >= MIN_SHARE * letters)
    told = pl.concat([by_script(rows.filter("foreign")), by_words(rows.filter(~pl.col("foreign")), rules)])
    rows = rows.join(told, on="row", how="left", maintain_order="left")
    is_open = pl.col("language").is_null() & (pl.col("letters") >= MIN_LETTERS)
    left = rows.filter(is_open)["head"].unique(maintain_order=True)
    detected = pl.DataFrame(
        [(text, *_langdetect(text)) for text in left],
        schema={"head": pl.String, "found": pl.String, "probability": pl.Float64},
        orient="row",
    )
    return rows.join(detected, on="head", how="left", maintain_order="left").select(
        pl.coalesce("language", "found").alias("language"),
        pl.coalesce("language_score", "probability").round(4).alias("language_score"),
    )


def by_script(rows: pl.DataFrame) -> pl.DataFrame:
    """row, head, letters → row, language, language_score of those that their script settles."""
    kinds = {"han": HAN, "kana": KANA_LETTERS, **SCRIPTS}
    counted = rows.with_columns(
        pl.col("head").str.count_matches(rf"[{pattern}&&\p{{L}}]").alias(kind) for kind, pattern in kinds.items()
    )
    letters = pl.col("letters").clip(lower_bound=1)
    east_asian = (pl.col("han") + pl.col("kana")) / letters
    shares = {
        "ja": pl.when(pl.col("kana") >= KANA * letters).then(east_asian),
        "zh": pl.when(pl.col("kana") < KANA * letters).then(east_asian),
        **{code: pl.col(code) / letters for code in SCRIPTS},
    }
    wide = (pl.col("letters") >= MIN_IDEOGRAMS) & (east_asian >= MIN_SHARE)
    enough = (pl.col("letters") >= MIN_LETTERS) | wide
    found = [pl.when(share >= MIN_SHARE).then(pl.lit(code)) for code, share in shares.items()]
    scores = [pl.when(share >= MIN_SHARE).then(share) for share in shares.values()]
    told = counted.filter(enough).select("row", language=pl.coalesce(found), language_score=pl.coalesce(scores))
    return told.drop_nulls("language")


def by_words(rows: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    """row, head, letters → row, language, language_score (1) of those that stop words settle."""
    listed = [(word, x.language) for x in rules.stopwords for word in x.words.split()]
    owners = pl.DataFrame(listed, schema={"word": pl.String, "language": pl.String}, orient="row")
    words = (
        rows.filter(pl.col("letters") >= MIN_LETTERS)
        .select("row", word=pl.col("head").str.to_lowercase().str.extract_all(r"\p{L}+"))
        .with_columns(n=pl.col("word").list.len())
        .explode("word")
    )
    counts = words.join(owners, on="word").group_by("row", "language").agg(share=pl.len() / pl.col("n").first())
    other = pl.col("share").sum().over("row") - pl.col("share")
    enough = (pl.col("share") >= STOP_WORDS) & (other <= OTHERS)
    few = (pl.col("share") >= FEWER) & (other <= NEARLY_NONE * pl.col("share"))
    told = counts.filter(enough | few)
    return told.select("row", "language", language_score=pl.lit(1.0))


def _langdetect(text: str) -> tuple[str | None, float | None]:
    """langdetect's best language and its probability; nulls where it is unsure or finds no letters it knows."""
    DetectorFactory.seed = 0  # without a seed its answers flip from run to run
    try:
        best = detect_langs(text)[0]
    except LangDetectException:
        return None, None
    if best.prob < MIN_PROBABILITY:
        return None, None
    return best.lang.split("-")[0], best.prob  # zh-cn, zh-tw → zh
