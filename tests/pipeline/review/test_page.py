"""The review page's HTML: what stands on it, and that no text of a page can be more than text."""

import re
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assets.reviewing import templates
from pipeline.review import choice
from pipeline.review.glance import Tables
from pipeline.review.page import KEYS, shown
from pipeline.rulebook import Rulebook
from pipeline.tables import DESTINATION, ROLES
from tests.pages import corpus_of
from tests.review import PAGE, Parsed, html_of, tables_of

HOSTILE = (
    "</bdi></script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus='alert(1)",
    "<svg/onload=alert(1)><!--",
    "]]></style><style>*{display:none}</style>",
    "javascript:alert(1)",
    "&lt;b&gt; &amp;amp; &#60;i&#62;",
    "{{ 7 * 7 }} {% raw %}",
    "\u202eeltit\u202c \u2066\u2067 \x00\x0b\r\x1b[31m \x85 \ud800 \ufffe",
)
TEXT = st.text(st.characters(), min_size=1, max_size=60).filter(
    lambda text: text.strip() != "" and "\n\n" not in text
) | st.sampled_from(HOSTILE)


@pytest.fixture(scope="module")
def tables(rules: Rulebook) -> Tables:
    return tables_of(corpus_of({"drop/a.txt": PAGE}, rules))


@pytest.fixture(scope="module")
def plain(tables: Tables, rules: Rulebook) -> Parsed:
    return Parsed(html_of(told(tables, "x"), rules))


def told(tables: Tables, text: str) -> Tables:
    """The tables with a text in the place of each that comes from outside."""
    value = pl.lit(text.encode("utf-8", "replace").decode())
    listed = pl.concat_list(value)
    one = {
        **dict.fromkeys(("outlet", "title", "body", "byline", "date_raw", "language"), value),
        **dict.fromkeys(("standfirst", "captions", "agencies"), listed),
    }
    dropped = pl.col("role") != "blank"
    return tables._replace(
        lines=tables.lines.with_columns(page=value, text=pl.when(dropped).then(value).otherwise("text")),
        pages=tables.pages.with_columns(page=value, url=value, encoding=value),
        articles=tables.articles.with_columns(page=value, **one),
        page_articles=tables.page_articles.with_columns(page=value, **one),
    )


@settings(max_examples=40)
@given(TEXT)
@example(HOSTILE[0])
@example(HOSTILE[1])
@example(HOSTILE[-1])
def test_any_text_is_text_and_nothing_else(tables: Tables, plain: Parsed, rules: Rulebook, text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    page = Parsed(html_of(told(tables, text), rules))
    assert page.shape == plain.shape
    assert page.texts("bdi").count(shown(text)) == plain.texts("bdi").count("x")
    (option,) = [e for e in page.elements if (e.attributes.get("value") or "").startswith("=")]
    assert option.attributes["value"] == f"={shown(text)}"
    for name in ("script", "style"):
        assert page.texts(name) == plain.texts(name)


def test_what_html_can_not_hold_has_a_sign() -> None:
    assert shown("a\x00b\rc\x1bd\n\te") == "a␀b␍c␛d\n\te"
    assert shown("\x7f\x85\ufffe") == "\ufffd" * 3
    assert shown("né 市長 \u202e 🙂") == "né 市長 \u202e 🙂"


def test_nothing_is_fetched_and_nothing_else_is_run(tables: Tables, rules: Rulebook) -> None:
    page = Parsed(html_of(told(tables, "https://example.org/x"), rules))
    (policy,) = [e.attributes["content"] for e in page.elements if e.attributes.get("http-equiv")]
    assert re.fullmatch(
        r"default-src 'none'; script-src 'sha256-\S{44}'; style-src 'sha256-\S{44}'; base-uri 'none'; "
        r"form-action 'none'",
        policy or "",
    )
    for element in page.elements:
        assert element.tag not in ("img", "iframe", "link", "base", "object", "embed", "video", "audio")
        assert not {"src", "srcset", "style", "action", "formaction"} & set(element.attributes)
        assert not [name for name in element.attributes if name.startswith("on")]
        assert (element.attributes.get("href") or "#").startswith("#")


def test_every_line_is_there_once_with_role_reason_and_link(tables: Tables, rules: Rulebook) -> None:
    html = html_of(tables, rules)
    page = Parsed(html)
    rows = tables.lines.collect()
    lines = [
        e.attributes for e in page.elements if e.tag == "li" and e.attributes.get("class", "").split()[:1] == ["l"]
    ]  # type: ignore[union-attr]
    start = rows["page_id"][0][:12]
    assert [a["id"] for a in lines] == [f"{start}-{n}" for n in rows["line_no"]]
    links = {e.attributes.get("href") for e in page.elements if e.tag == "a"}
    assert {f"#{a['id']}" for a in lines} <= links
    assert [(a["class"] or "").split()[1] for a in lines] == rows["role"].to_list()
    struck = rows.filter(pl.col("destination").is_null() & (pl.col("role") != "blank"))["text"].to_list()
    assert struck and page.texts("del")[-len(struck) :] == struck, "behind those of the random sample"
    assert "Label of the share buttons. boilerplate/share" in page.texts("small")


def test_articles_stand_beside_their_lines_as_published(tables: Tables, rules: Rulebook) -> None:
    page = Parsed(html_of(tables, rules))
    sampled, article = page.texts("article")
    row = tables.articles.collect().row(0, named=True)
    for text in (row["title"], row["byline"], *row["body"].split("\n\n"), row["article_id"], str(row["date"])):
        assert text in article
    assert "Sign up" not in article
    assert sampled.split() == article.split()


def test_the_same_tables_give_the_same_bytes_in_any_order(tables: Tables, rules: Rulebook) -> None:
    more = tables_of(corpus_of({f"{n}.txt": PAGE.replace("Tuesday", f"Tuesday {n}") for n in range(4)}, rules))
    turned = Tables(*(table.collect().reverse().lazy() for table in more))
    assert html_of(more, rules) == html_of(turned, rules)


def test_copies_of_a_page_are_shown_once_and_ids_are_unique(rules: Rulebook) -> None:
    page = Parsed(html_of(tables_of(corpus_of({"a.txt": PAGE, "b.txt": PAGE}, rules)), rules))
    ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    assert "1 of 2 pages, the least certain first." in " ".join(page.texts("p"))


def test_a_long_page_and_a_long_line_are_cut_and_say_so(rules: Rulebook, monkeypatch: pytest.MonkeyPatch) -> None:
    word = "harbour " * 800
    long = PAGE + "\n".join(f"Button {n}" for n in range(1_200)) + f"\n{PAGE.splitlines()[6]} {word}\n"
    html = html_of(tables_of(corpus_of({"a.txt": word + "\n" + long}, rules)), rules)
    assert f"The first {choice.MAX_LINES:,} of" in html
    assert "more characters)" in html
    assert html.count('<li class="l ') == choice.MAX_LINES


def test_an_empty_corpus_has_a_page(rules: Rulebook) -> None:
    page = Parsed(html_of(tables_of(corpus_of({}, rules)), rules))
    assert page.texts("h1") == ["The corpus at a glance", "How often is it wrong?"]


def test_every_role_can_be_given_and_keys_are_single() -> None:
    assert set(KEYS.values()) <= set(ROLES) - {"blank"}
    assert set(DESTINATION) <= set(KEYS.values())
    taken = set(re.findall(r"case '(.)':", templates()["review.js"]))
    assert not taken & set(KEYS)


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    r, g, b = (x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_can_be_read(theme: int) -> None:
    themes = re.findall(r":root \{(.*?)\}", templates()["style.css"], re.DOTALL)
    colours: dict[str, Any] = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", themes[theme]))
    pairs = [(x, y) for x in ("ink", "soft", "accent", "low", "mid", "high") for y in ("paper", "ground")]
    pairs += [(x, f"{x}-bg") for x in ("title", "text", "extra", "meta", "gone")] + [("soft", "title-bg")]
    assert {
        f"{a} on {b}": contrast(colours[a], colours[b]) for a, b in pairs if contrast(colours[a], colours[b]) < 4.5
    } == {}
