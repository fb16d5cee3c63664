"""Which line of a chunk is its title: the lines that may be, and how each looks beside the others.

What the ranker sees of a candidate is all that the line model sees of the line, and what stands here.
"""

from typing import NamedTuple

import numpy as np
import polars as pl

from pipeline.linemodel import TEXT, TITLE, LineModel, Sight, matrix
from pipeline.neighbours import GRAIN, Floats, Places, running
from pipeline.trees import Leaves

# A title stands before this share of the chunk's text and no more than so many lines behind its first text; a line
# that looks like one, before the other share.
SHARE, BEHIND, LIKE, FAR_SHARE = 0.3, 3, 0.15, 0.7
# Of a chunk's candidates, the ranker sees the likeliest: the title is among them in 98 of 100.
TOP = 10
# A candidate contained in the chunk's first line is its headline with something behind only from this length on.
CONTAINED = 15


class Candidates(NamedTuple):
    """Rows that may be the title of their chunk, with the first row of the chunk and of its text."""

    row: Places
    begin: Places
    text: Places


class Ranked(NamedTuple):
    """How likely each row is its chunk's title; which rows are the candidates, and where they come to in the ranker's
    trees."""

    likely: Floats
    row: Places
    ways: Leaves


def titles(solid: pl.DataFrame, sight: Sight, model: LineModel) -> Ranked:
    """`solid` rows (chunk, a number for each chunk, ascending; key, width), as `sight` saw them."""
    found = candidates(solid["chunk"], sight.likely, solid["width"].to_numpy())
    seen = np.concatenate([sight.seen[found.row], matrix(beside(solid, found, sight))[1]], axis=1)
    ways = model.trees[TITLE].leaves(seen)
    likely = np.zeros(solid.height, np.float32)
    likely[found.row] = model.trees[TITLE].likely(ways)
    return Ranked(likely, found.row, ways)


def candidates(chunk: pl.Series, likely: pl.DataFrame, width: Places) -> Candidates:
    ids = chunk.to_numpy()
    row = np.arange(len(ids))
    begin, end = np.searchsorted(ids, ids, "left"), np.searchsorted(ids, ids, "right")
    body, title = likely["body1"].to_numpy(), likely["title1"].to_numpy()
    total = running(body * width) * GRAIN
    done = (total[row] - total[begin]) / np.maximum(total[end] - total[begin], 1)
    texts = np.append(np.flatnonzero(body > TEXT), len(ids))
    text = np.minimum(texts[np.searchsorted(texts, begin)], end - 1)
    ahead = (done < SHARE) & (row <= text + BEHIND)
    maybe = np.flatnonzero(ahead | ((title > LIKE) & (done < FAR_SHARE)))
    rank = pl.DataFrame({"chunk": begin[maybe], "title": title[maybe]}).select(
        pl.col("title").rank("ordinal", descending=True).over("chunk")
    )
    found = maybe[(rank.to_series() <= TOP).to_numpy()]
    return Candidates(found, begin[found], text[found])


def beside(solid: pl.DataFrame, c: Candidates, sight: Sight) -> dict[str, Floats]:
    """How each candidate looks beside the others of its chunk, and beside the chunk's first line, often the page's own
    title with the outlet behind it."""
    frame = pl.DataFrame(
        {
            "chunk": c.begin,
            "t": sight.likely["title1"].gather(c.row),
            "s": sight.likely["start1"].gather(c.row),
            "words": sight.clue("coh_n_after8")[c.row],
            "share": sight.clue("coh_w_after")[c.row],
            "width": solid["width"].gather(c.row),
            "key": solid["key"].gather(c.row),
            "top": solid["key"].gather(c.begin),
            "d_first": c.text - c.row,
            "d_start": c.row - c.begin,
        }
    )
    t, words, key, top = (pl.col(x) for x in ("t", "words", "key", "top"))
    is_top = pl.col("d_start") == 0
    inside = top.str.contains(key, literal=True) & (key.str.len_chars() >= CONTAINED) & ~is_top

    def of_best(x: pl.Expr) -> pl.Expr:
        return x / x.max().over("chunk").clip(1e-6)

    out = frame.select(
        "d_first",
        "d_start",
        n_cand=pl.len().over("chunk"),
        t_rel=of_best(t),
        t_rank=t.rank("ordinal", descending=True).over("chunk"),
        c_rel=of_best(words),
        c_rank=words.rank("min", descending=True).over("chunk"),
        w_rel=of_best(pl.col("share")),
        width_rank=pl.col("width").rank("min", descending=True).over("chunk"),
        again=pl.len().over("chunk", "key"),
        t_key=t.max().over("chunk", "key"),
        before_c=words.cum_max().shift(1).over("chunk").fill_null(0),
        after_c=words.cum_max(reverse=True).shift(-1).over("chunk").fill_null(0),
        before_t=t.cum_max().shift(1).over("chunk").fill_null(0),
        after_t=t.cum_max(reverse=True).shift(-1).over("chunk").fill_null(0),
        s_before=pl.col("s").cum_sum().over("chunk"),
        in_top=inside,
        begins_top=inside & top.str.starts_with(key),
        top_share=pl.when(inside).then(key.str.len_chars() / top.str.len_chars()).otherwise(0),
        any_in_top=inside.any().over("chunk"),
        is_top=is_top,
        top_seps=top.str.count_matches(r"\s[|–—-]\s"),
    )
    return {x: out[x].cast(pl.Float32).to_numpy() for x in out.columns}
