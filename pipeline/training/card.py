"""The model's card: what it was trained on, what it sees, how it scored on sites that it had not seen."""

import hashlib
from collections.abc import Mapping, Sequence

import lightgbm as lgb

from pipeline.because import Words
from pipeline.training.fit import OF, PARAMETERS, ROUNDS, Frame
from pipeline.training.labels import Page

BOOSTERS = {
    "body1": "first look: is the line text of an article",
    "start1": "first look: is it the first line of an article's chunk",
    "title1": "first look: is it a title",
    "body2": "second look, with the first one's probabilities around the line: text",
    "start2": "the same: first line of a chunk",
    "title2": "which line of a known chunk is its title",
}


def digest(labels: Mapping[str, Sequence[Page]]) -> str:
    """Names labelled sets by all that they hold."""
    hashed = hashlib.blake2b(digest_size=8)
    for name in sorted(labels):
        for page in sorted(labels[name]):
            hashed.update(repr((name, page)).encode())
    return hashed.hexdigest()


def card(
    labels: Mapping[str, Sequence[Page]], data: Frame, boosters: Mapping[str, lgb.Booster], words: Words, scores: str
) -> str:
    """In Markdown; `scores`: the table that `make evaluate` printed for these labels, or what to say instead."""
    counts = [
        f"| {name} | {len(pages):,} | {sum(len(p.articles) for p in pages):,} "
        f"| {len({site for p in pages for site in p.sites}):,} | {_use(pages)} |"
        for name, pages in sorted(labels.items())
    ]
    groups: dict[str, int] = {}
    for name in data.names:
        says = words.says[words.group(name)]
        groups[says] = groups.get(says, 0) + 1
    rows = data.rows
    return "\n".join(
        [
            "# The line model",
            "",
            "Gradient-boosted trees (LightGBM) that say how likely a line of a flattened page is text, the first of an",
            "article's chunk, a title. Made by `make train`; do not edit. It has seen lengths, shapes, places,",
            "how often words come back, and of words, as buckets of a hash, how much more often they stand in text",
            "than in other lines. No sentence of a page is in it, and no word.",
            "",
            "## Trained on",
            f"Labels {digest(labels)}; {rows.height:,} solid lines, of them {int(rows['made'].sum()):,} on pages made",
            "of the pages of one article (2-6 articles, 0-3 blank lines between), from which starts are learnt.",
            "",
            "| set | pages | articles | sites | used for |",
            "|---|---|---|---|---|",
            *counts,
            "",
            "## Boosters",
            "| file | trees | says |",
            "|---|---|---|",
            *(f"| {name}.txt | {boosters[name].num_trees()} | {says} |" for name, says in BOOSTERS.items()),
            "",
            f"Parameters: {_told(PARAMETERS)}.",
            *(f"For {name}: {_told(of)}." for name, of in OF.items()),
            f"Rounds: {_told(ROUNDS)}.",
            "",
            "## What the first look sees",
            "| clues | about |",
            "|---|---|",
            *(f"| {count} | {says} |" for says, count in sorted(groups.items(), key=lambda x: (-x[1], x[0]))),
            "",
            "The second look also sees the first one's probabilities on the lines around, the ranker of titles how the",
            "lines of a chunk compare.",
            "",
            "## Scores on sites that it had not seen",
            scores.strip(),
            "",
        ]
    )


def _use(pages: Sequence[Page]) -> str:
    single = sum(len(p.articles) == 1 for p in pages)
    return "training" if single == len(pages) else "measuring" if not single else f"training ({single:,} pages)"


def _told(values: Mapping[str, object]) -> str:
    return ", ".join(f"{k} {v}" for k, v in values.items())
