"""Fits the line model's boosters to labelled pages.

The clues of every line of every page are held at once (about 1 kB a line).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import lightgbm as lgb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.clues import clues
from pipeline.corpus import labelled
from pipeline.linemodel import SECOND, TITLE, VOCABULARY, Sight, around, matrix
from pipeline.neighbours import Flags, Floats
from pipeline.rulebook import Rulebook
from pipeline.tables import FURNITURE, TEXTS
from pipeline.titles import beside, candidates
from pipeline.training.counting import counts, shares
from pipeline.training.labels import Page, truth
from pipeline.training.made import half, made
from pipeline.trees import Trees
from pipeline.vocabulary import Vocabulary

# Depth against data: see docs/quality.md. Single-threaded sums and a fixed seed: the same labels give the same trees.
PARAMETERS = {
    "objective": "binary",
    "max_bin": 63,
    "num_leaves": 63,
    "learning_rate": 0.12,
    "feature_fraction": 0.35,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "min_data_in_leaf": 40,
    "lambda_l2": 5,
    "seed": 1,
    "deterministic": True,
    "force_col_wise": True,
    "feature_pre_filter": False,
    "verbose": -1,
}
# The head of a chunk stands on many made pages: leaves must be larger than that, or heads are learnt by heart.
OF_STARTS = {"num_leaves": 31, "min_data_in_leaf": 120, "feature_fraction": 0.25, "lambda_l2": 20}
OF: Mapping[str, Mapping[str, float]] = {
    "start1": OF_STARTS,
    # what decides looks at few lines only and may take many small steps
    "start2": {**OF_STARTS, "learning_rate": 0.05, "feature_fraction": 0.15},
    "title2": {"num_leaves": 15, "min_data_in_leaf": 30, "learning_rate": 0.04, "feature_fraction": 0.15},
}
ROUNDS = {"body1": 60, "start1": 60, "title1": 50, "body2": 50, "start2": 200, "title2": 200}

# Lines of a set's (made) pages that a booster of the first look learns from at the most, and of a start its neighbours,
# which are all learnt from.
BUDGET, NEAR = 40_000, 6
# A title is looked for among lines of these widths.
TITLE_WIDTH = (8, 320)
# What a page counts for a target: one of a set of 150 pages as 1, of a larger set less by this power, so that no set
# drowns the others; and the page itself against one made of such pages.
SET_PAGES, SET_POWER = 150, {"body": 1.3, "start": 0.3, "title": 1.0}
VALUE = {"body": (3.0, 0.5), "start": (2.0, 1.0), "title": (2.0, 0.7)}
CORRECTED = "corrected"  # the set of pages that users have corrected
CHUNKS = 0.3  # of the chunks of made pages, the share that titles are ranked on

Booster = lgb.Booster


class Frame(NamedTuple):
    """The solid lines of all pages: `rows` (page: a number, site: of the line's article, width, key, chunk: the gold
    one, is_body, is_title, is_start, made, source: the set, of: its pages, half) and their clues `x` by `names`, but
    for those of their words, for which there are `shares` (see `counting.Counts`); the numbers' `pages`."""

    rows: pl.DataFrame
    x: Floats
    names: list[str]
    shares: pl.DataFrame
    pages: list[Page]


def frame(sets: Mapping[str, Sequence[Page]], rules: Rulebook) -> Frame:
    """Labelled sets by name → all their pages of one article, and the pages made of these; of the set CORRECTED all
    pages as they are. Other pages of several articles are there to be scored: starts are learnt from made ones."""
    parts, xs = [], []
    pages: list[Page] = []
    names: list[str] = []
    for name in sorted(sets):
        singles = [p for p in sets[name] if len(p.articles) == 1 or name == CORRECTED]
        for is_made, source in ((False, singles), (True, made(singles, name))):
            if not source:
                continue
            rows, names, x = _measured(source, rules)
            rows = rows.with_columns(
                page=pl.col("page") + len(pages), made=pl.lit(is_made), of=pl.lit(len(singles)), source=pl.lit(name)
            )
            parts.append(rows)
            xs.append(x)
            pages += source
    rows = pl.concat(parts).with_columns(
        chunk=(pl.col("is_start") | (pl.col("page") != pl.col("page").shift(1)).fill_null(True)).cum_sum()
    )
    return Frame(rows, np.concatenate(xs), names, shares(rows.filter(~pl.col("made"))), pages)


def _measured(pages: Sequence[Page], rules: Rulebook) -> tuple[pl.DataFrame, list[str], Floats]:
    numbered = [page._replace(name=f"{n:09d}") for n, page in enumerate(pages)]
    texts = pl.DataFrame({"page": [p.name for p in numbered], "text": [p.text for p in numbered]})
    texts = texts.with_columns(pl.lit(None, TEXTS.schema[c]).alias(c) for c in TEXTS.schema if c not in texts.columns)
    solid = labelled(texts.select(TEXTS.schema.names()), FURNITURE.empty(), rules).filter(pl.col("trimmed") != "")
    names, x = matrix(clues(solid, rules.marked("ends-article")))
    gold = pl.col("is_body", "is_title", "is_start").fill_null(False)
    rows = solid.join(truth(numbered), on=["page", "line_no"], how="left", maintain_order="left").with_columns(gold)
    halves = pl.Series([half(p) for p in pages], dtype=pl.Int8)
    sites = pl.Series([[a.site for a in p.articles] or [p.name] for p in pages], dtype=pl.List(pl.String))
    number = pl.col("page").cast(pl.Int64)
    rows = rows.with_columns(is_start=pl.col("is_start") & (pl.col("part") <= 1))
    article = (pl.col("is_start").cum_sum().over("page").cast(pl.Int64) - 1).clip(0)
    rows = rows.with_columns(site=sites.gather(rows["page"].cast(pl.Int64))).select(
        number,
        pl.col("site").list.get(article),
        "width",
        "key",
        "is_body",
        "is_title",
        "is_start",
        half=halves.gather(rows["page"].cast(pl.Int64)),
    )
    return rows, names, x


class Samples(NamedTuple):
    """Which rows a booster learns from, what it shall say of them, and with what weight."""

    keep: Flags
    y: Flags
    weight: NDArray[np.float64]


def samples(rows: pl.DataFrame) -> dict[str, Samples]:
    """For each target all lines that are hard, and some of the many easy ones."""
    start = rows["is_start"].to_numpy()
    at = np.flatnonzero(start)
    near = np.zeros(rows.height, bool)
    for k in range(-NEAR, NEAR + 1):
        near[np.clip(at + k, 0, max(rows.height - 1, 0))] = True
    first = rows.select(pl.col("page") != pl.col("page").shift(1)).to_series().fill_null(True).to_numpy()
    wide = rows["width"].is_between(*TITLE_WIDTH).to_numpy()
    always = {"body": np.zeros(rows.height, bool), "start": near, "title": rows["is_title"].to_numpy()}
    among = {"body": np.ones(rows.height, bool), "start": ~first, "title": wide}
    draw = np.random.default_rng(0).random(rows.height)
    group = (rows["source"] + rows["made"].cast(pl.String)).rle_id().to_numpy()
    out = {}
    for target in VALUE:
        easy = ~always[target] & among[target]
        chance = np.minimum(1.0, BUDGET / np.maximum(np.bincount(group, weights=easy), 1))[group]
        chance = np.where(always[target], 1.0, chance)
        weight = page_weight(rows, target) / chance
        if target == "body":
            weight = weight * line_weight(rows)
        out[target] = Samples((draw < chance) & among[target], rows[f"is_{target}"].to_numpy(), weight)
    return out


def page_weight(rows: pl.DataFrame, target: str) -> NDArray[np.float64]:
    """What the page of each row counts."""
    single, of_made = VALUE[target]
    kind = pl.when("made").then(of_made).otherwise(single)
    return rows.select(kind * (pl.col("of") / SET_PAGES) ** -SET_POWER[target]).to_series().to_numpy()


def line_weight(rows: pl.DataFrame) -> NDArray[np.float64]:
    """A line counts with the root of its width within its page, a page with the root of its lines."""
    w = (pl.col("width") + 10.0).sqrt()
    return rows.select(w / w.sum().over("page") * pl.len().over("page").sqrt()).to_series().to_numpy()


class Fitted(NamedTuple):
    """The model: its boosters by name, and what words say."""

    boosters: dict[str, Booster]
    vocabulary: Vocabulary

    def files(self) -> dict[str, str]:
        """The texts of its files by name."""
        told = {f"{name}.txt": text_of(booster) for name, booster in self.boosters.items()}
        return told | {VOCABULARY: self.vocabulary.text()}


def fit(data: Frame, learns: Iterable[int]) -> Fitted:
    """The model of the pages of these numbers alone."""
    allowed = data.rows["page"].is_in(list(learns)).to_numpy()
    index = np.flatnonzero(allowed)
    rows = data.rows[index]
    counted = counts(data.shares, rows.filter(~pl.col("made"))["site"].unique())
    told, said = matrix(counted.unseen(rows.select("site", "key")))
    x, drawn, half_of = data.x[index], samples(rows), rows["half"].to_numpy()
    heard = np.concatenate([said, x], axis=1)
    union = np.flatnonzero(np.logical_or.reduce([s.keep for s in drawn.values()]))
    seen_by = dict.fromkeys(drawn, x) | {"body": heard}
    plain = Binned.of(x[union], data.names, union, len(index))
    binned = dict.fromkeys(drawn, plain) | {"body": Binned.of(heard[union], told + data.names, union, len(index))}
    everything = np.ones(len(index), bool)
    boosters = {f"{k}1": binned[k].boost(s, everything, f"{k}1") for k, s in drawn.items()}
    # what a first look says that has not seen any of the page's sites
    first = {k: np.zeros(len(index), np.float32) for k in drawn}
    for side in (0, 1):
        at = np.flatnonzero(half_of == side)
        for k, s in drawn.items():
            other = half_of != side
            if (other & s.keep).any():
                grown = binned[k].boost(s, other, f"{k}1")
                first[k][at] = Trees.parse(text_of(grown))(seen_by[k][at])
    more, y = matrix(around(rows["page"], rows["width"].to_numpy(), first["body"], first["start"], first["title"]))
    heard = np.concatenate([heard, y], axis=1)
    names, seen = told + data.names + more, heard[:, len(told) :]
    for name in SECOND:
        s = drawn[name[:-1]]
        sees, called = (heard, names) if name.startswith("body") else (seen, names[len(told) :])
        at = np.flatnonzero(s.keep)
        boosters[name] = Binned.of(sees[at], called, at, len(index)).boost(s, everything, name)
    likely = pl.DataFrame({f"{k}1": v for k, v in first.items()})
    boosters[TITLE] = boost_titles(rows, Sight(likely, heard, names, len(told)))
    return Fitted(boosters, counted.vocabulary())


class Binned(NamedTuple):
    """Rows as LightGBM bins them, once for all that is fitted to some of them; `at`: where each row stands there."""

    data: lgb.Dataset
    at: NDArray[np.int64]

    @classmethod
    def of(cls, x: Floats, names: list[str], index: NDArray[np.int64], size: int) -> "Binned":
        at = np.full(size, -1)
        at[index] = np.arange(len(index))
        return cls(lgb.Dataset(x, feature_name=names, params=PARAMETERS, free_raw_data=False).construct(), at)

    def boost(self, s: Samples, among: Flags, name: str) -> Booster:
        index = np.flatnonzero(s.keep & among)
        part = self.data.subset(self.at[index].tolist()).construct()
        part.set_label(s.y[index].astype(np.float32))
        part.set_weight(s.weight[index] / s.weight[index].mean())
        return lgb.train({**PARAMETERS, **OF.get(name, {})}, part, ROUNDS[name])


def boost_titles(rows: pl.DataFrame, sight: Sight) -> Booster:
    """Ranks the candidates of gold chunks."""
    found = candidates(rows["chunk"], sight.likely, rows["width"].to_numpy())
    chunk = rows["chunk"].to_numpy()[found.row]
    chance = np.where(rows["made"].to_numpy()[found.row], CHUNKS, 1.0)
    keep = np.random.default_rng(1).random(int(chunk.max()) + 1)[chunk] < chance
    names, x = matrix(beside(rows, found, sight))
    at = found.row[keep]
    of_chunk = pl.DataFrame({"c": chunk[keep]}).select(pl.len().over("c")).to_series().to_numpy()
    page = page_weight(rows[at], "title")
    data = lgb.Dataset(
        np.concatenate([sight.seen[at], x[keep]], axis=1),
        label=rows["is_title"].to_numpy()[at].astype(np.float32),
        weight=page / np.sqrt(of_chunk),
        feature_name=sight.names[sight.words :] + names,
        params=PARAMETERS,
    )
    return lgb.train({**PARAMETERS, **OF[TITLE]}, data, ROUNDS[TITLE])


def text_of(booster: Booster) -> str:
    """The booster as its file holds it, without LightGBM's list of parameters, which the program fixes."""
    return booster.model_to_string().split("\nparameters:")[0] + "\n"
