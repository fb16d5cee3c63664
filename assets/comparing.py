"""Comparisons of texts, remembered from run to run: a pair costs its texts once."""

import polars as pl

from assets.store import Store
from pipeline.dedup import compare
from pipeline.shingles import by_family, of_pairs
from pipeline.tables import COMPARED, PAGE_ARTICLES

# So many pairs have their texts in memory at a time, 150 KB each with all their 5-grams: bounds it, changes nothing.
PAIRS = 2_000
BOTH = list(COMPARED.key)


class Comparisons:
    """What two texts have in common is a matter of them alone, so it holds as long as the code that says so."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.sources = {"folding": store.made_with("folding")}
        there = store.staged.is_made_from(self.sources, [COMPARED])
        self.known = store.read(COMPARED) if there else COMPARED.empty()
        self.stale = not there
        self.used = COMPARED.empty()

    def compare(self, pairs: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
        """See `pipeline.dedup.Compare`."""
        text = rows.select("row", "text")
        named = pairs.join(text, "row").join(text.rename({"row": "kept", "text": "kept_text"}), "kept")
        new = named.join(self.known, BOTH, "anti").unique(BOTH)
        found = [self._compared(some, rows) for some in by_family(new).iter_slices(PAIRS) if some.height]
        self.known = pl.concat([self.known, *found])
        self.used = pl.concat([self.used, self.known.join(named, BOTH, "semi")]).unique()
        return named.join(self.known, BOTH).drop(BOTH)

    def keep(self) -> None:
        """Remembers the pairs that were asked for, for the next run."""
        used = self.used.sort(BOTH)
        if self.stale or not used.equals(self.store.read(COMPARED)):
            with self.store.staged.writers([COMPARED], self.sources) as (writer,):
                writer.write(used)

    def _compared(self, named: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
        pages = of_pairs(named, rows)["page"].unique()
        bodies = self.store.scan(PAGE_ARTICLES).select("page", "article_no", "body")
        texts = bodies.filter(pl.col("page").is_in(pages.implode())).collect()
        found = compare(named.select("row", "kept"), rows, texts)
        return COMPARED.conform(found.join(named, ["row", "kept"]))
