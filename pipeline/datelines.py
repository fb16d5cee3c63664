"""The place that opens a story's first paragraph ("LONDON, March 3 (Reuters) -"), as printed."""

import polars as pl

from pipeline.patterns import extracted

# A place in capitals, three words at most (more are a headline).
CAPITALS = r"(?:\p{Lu}[\p{Lu}.’'-]*[ /]){0,2}\p{Lu}[\p{Lu}.’'-]+"
WORDS = r"(?:\p{Lu}[\p{L}.’'-]+|de|del|di|la|le|al|el|of|am|an der|auf|sur)"
PLACE = rf"{WORDS}(?:[ /]{WORDS}){{0,3}}"
COUNTRY = rf"(?:, {PLACE})?"
# The agency's day: "March 3", "3 March 2024", "3. März", "Mar 3".
DAY = r"(?:,? (?:\p{L}{3,9}\.? \d{1,2}|\d{1,2}\.? \p{L}{3,9}\.?)(?:,? (?:19|20)\d\d)?,?)?"
AGENCY = (
    r"(?i:reuters|afp|ap|associated press|dpa(?:/[a-z/-]+)?|efe|ansa|xinhua|tass|interfax|upi|pti|ani|ians|aa|"
    r"anadolu|bernama|kyodo|yonhap|apa|sda|belga|lusa|cna|pa|cp|pap|[cč]tk|mti|ntb|tt|ritzau|anp|stt|aap|jiji|t[eé]lam|notimex|"
    r"europa press|tanjug|hina|sta|agerpres|bta|ukrinform|lapresse|adnkronos|agi|askanews|"
    r"the canadian press|spa|wam|bloomberg|sid|epd|kna)"
)
IN_BRACKETS = rf" ?\({AGENCY}\)"
DASH = r" ?(?:\.\s?[-–—]|—|–|--| -) ?\S"
COLON = r": \S"

FORMS = (
    # An agency in brackets settles it, in capitals or not: "KYIV, Ukraine (AP) —", "Berlin (dpa) -".
    rf"^({PLACE}{COUNTRY}){DAY}{IN_BRACKETS}(?:{DASH}|{COLON})",
    rf"^({CAPITALS}{COUNTRY}){DAY}{IN_BRACKETS}(?:{DASH}|{COLON})",
    # Without one the place stands in capitals: "BAGHDAD:", "ROME, Italy —".
    rf"^({CAPITALS}{COUNTRY}){DAY}(?:{DASH}|{COLON})",
)
# Forms of one agency's own: "(ANSA) - ROMA, 04 MAR -", "新华社北京3月4日电", "(서울=연합뉴스)".
OWN_FORMS = (
    rf"^\({AGENCY}\) ?[-–—] ?({PLACE}|{CAPITALS}){DAY}{DASH}",
    r"^[（(]?(?:新华社|新華社|中新社|央社记者.{0,6}|路透社?)(\p{Han}{2,8}?)\d{1,2}(?:月\d{1,2})?日[电電]",
    r"^[(\[](\p{Hangul}{2,6})\s?=\s?\p{Hangul}{2,6}[)\]]",
)
MIN_LETTERS = 4  # so that an acronym ("UN:", "BBC:") is no place
# Words in the place of a place; compared in capitals, as the first word.
NO_PLACE = (
    "ACHTUNG ADVERTISEMENT ADVERTORIAL ANALYSE ANALYSIS ANSWER ANZEIGE ANÁLISIS AUDIO BACKGROUND BREAKING "
    "CAUTION CLARIFICATION COLUMN COMMENT COMMENTARY CORRECTION DISCLAIMER DISCLOSURE EDITOR EDITOR'S "
    "EDITORIAL EDITORS EDITOR’S EXCLUSIF EXCLUSIVE EXKLUSIV EXPLAINED EXPLAINER FACT FACTBOX FACTCHECK FAQ "
    "FEATURE FIFA FLASH FOLLOW FOTO GALLERY GUIDE HAMAS HINWEIS IMPORTANT INSIGHT INTERVIEW JUST KOMMENTAR "
    "LATEST LETTER LETTERS LISTEN LIVE MEINUNG MORE MUST NASA NATO NEWS NOTE OPEC OPINION PHOTO PHOTOS "
    "PICTURED PODCAST POLL PREVIEW PROFILE PUBLICIDAD PUBLICITÉ QUESTION QUIZ QUOTE READ RECAP REFILE REKLAMA "
    "RELATED REPORT REUTERS REVEALED REVIEW SEE SPECIAL SPOILER SPONSORED STATEMENT SUBSCRIBE SUMMARY TIMELINE "
    "TLDR TOPSHOT TRIGGER UEFA UNESCO UNICEF UPDATE UPDATED UPDATES URGENT VIDEO VIDEOS VIDÉO VIEW WARNING "
    "WATCH WERBUNG WRAPUP ÚLTIMA "
)


def datelines(leads: pl.Series, patterns: pl.Series) -> pl.Series:
    """`leads`: first body paragraphs; `patterns`: the dateline pattern of each one's outlet, null where it has none
    → the place, as printed; null where the paragraph does not open with one."""
    leads = leads.str.strip_chars().str.replace_all(r"\s", " ")
    frame = pl.DataFrame({"lead": leads, "pattern": patterns})
    house = [
        pl.when(pl.col("pattern") == pattern).then(_house(pl.col("lead").str.extract(pattern, 1)))
        for pattern in patterns.drop_nulls().unique().sort()
    ]
    forms, own = ([pl.lit(extracted(leads, form)) for form in some] for some in (FORMS, OWN_FORMS))
    # The third form needs no agency, so it must not take an acronym or a rubric for a place.
    forms[2] = pl.when(forms[2].str.count_matches(r"\p{L}") >= MIN_LETTERS).then(forms[2])
    return frame.select(dateline=pl.coalesce(*[_place(form) for form in (*forms, *own)], *house))["dateline"]


def _place(found: pl.Expr) -> pl.Expr:
    """`found`, or null where it opens with a word that is no place."""
    return pl.when(~found.str.extract(r"^(\S+)").str.to_uppercase().is_in(NO_PLACE.split())).then(found)


def _house(found: pl.Expr) -> pl.Expr:
    """A place by the outlet's own pattern: each of its words has a capital, or is a particle of a name."""
    capitals = found.str.contains(rf"^{PLACE}(?:, {PLACE})?$")
    return pl.when(capitals).then(_place(found))
