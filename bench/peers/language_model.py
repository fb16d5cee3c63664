"""A fastText model of the shape of lid.176, for datatrove's LanguageFilter where that can't be downloaded.

    python language_model.py TEXTS OUT        # TEXTS: lines of `__label__<language> text`

It has what the time of a prediction depends on: 16 dimensions, n-grams of 2 to 4 letters in 2,000,000 buckets,
hierarchical softmax over 176 labels. What it knows are the generator's languages; the other labels get a line each.
Runs in the peers' environment.
"""

import sys
from pathlib import Path

import fasttext

LABELS = 176


def main(texts: str, out: str) -> None:
    lines = Path(texts).read_text().splitlines()
    known = {line.split(" ", 1)[0] for line in lines}
    lines += [f"__label__x{k} x{k}" for k in range(LABELS - len(known))]
    whole = Path(f"{out}.txt")
    whole.write_text("\n".join(lines) + "\n")
    model = fasttext.train_supervised(
        str(whole), dim=16, minn=2, maxn=4, bucket=2_000_000, loss="hs", epoch=3, thread=1, verbose=0
    )
    model.save_model(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
