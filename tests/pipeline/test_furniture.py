import polars as pl

from pipeline.furniture import MIN_CONTEXTS, contexts, furniture
from pipeline.label import label
from pipeline.lines import lines
from pipeline.rulebook import Rulebook
from tests.grammar import Writer
from tests.pages import texts_of

SLOGAN = "Dunwick reads us first"


def site_of(n: int, slogan: str = SLOGAN, site: str = "dunwick.example", seed: int = 0) -> pl.DataFrame:
    writer = Writer(seed)
    pages = {}
    for k in range(n):
        first, second = (" ".join(writer.sentence(["mill", "pond", "swan"]) for _ in "ab") for _ in "cd")
        pages[f"{seed}-{k:02}.txt"] = f"A title that is number {k}\n\n{first}\n\n{slogan}\n\n{second}\n"
    return texts_of(pages, site=[site] * n)


def learnt(texts: pl.DataFrame, rules: Rulebook) -> pl.DataFrame:
    return furniture(contexts(lines(texts), texts, rules))


def test_a_line_in_many_contexts_is_furniture(rules: Rulebook) -> None:
    got = learnt(site_of(MIN_CONTEXTS), rules)
    assert got.rows() == [("dunwick.example", SLOGAN.lower(), MIN_CONTEXTS, MIN_CONTEXTS)]


def test_one_context_fewer_is_not_enough(rules: Rulebook) -> None:
    assert learnt(site_of(MIN_CONTEXTS - 1), rules).is_empty()


def test_the_same_article_on_many_pages_is_no_furniture(rules: Rulebook) -> None:
    page = site_of(1)["text"][0]
    assert learnt(texts_of({f"{k}.txt": page for k in range(40)}), rules).is_empty()


def test_contexts_of_two_sites_do_not_add_up(rules: Rulebook) -> None:
    one = site_of(MIN_CONTEXTS - 1)
    other = site_of(MIN_CONTEXTS - 1, site="kelmore.example", seed=1)
    assert learnt(pl.concat([one, other]), rules).is_empty()


def test_pages_without_a_site_are_counted_together(rules: Rulebook) -> None:
    texts = site_of(MIN_CONTEXTS).with_columns(site=pl.lit(None, pl.String))
    assert learnt(texts, rules)["scope"].to_list() == [""]


def test_batches_and_order_do_not_matter(rules: Rulebook) -> None:
    texts = site_of(MIN_CONTEXTS + 3)
    parts = [texts[5:], texts[:5]]
    apart = pl.concat([contexts(lines(part), part, rules) for part in parts])
    assert furniture(apart).equals(learnt(texts, rules))


def test_what_was_learnt_is_applied_to_earlier_pages(rules: Rulebook) -> None:
    texts = site_of(MIN_CONTEXTS)
    got = label(lines(texts), texts, learnt(texts, rules), rules)
    told = got.filter(pl.col("text") == SLOGAN)
    assert told["role"].unique().to_list() == ["boilerplate"]
    assert told["reason"].unique().to_list() == ["furniture"]
