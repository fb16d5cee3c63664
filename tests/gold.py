"""Judges a corpus against a hand-made gold file, line by line: what differs, in words."""

import re
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

from pipeline.corpus import Corpus

LISTS = (
    "headline_repeat",
    "caption",
    "caption_repeat",
    "boilerplate",
    "subhead",
    "related",
    "credit",
    "standfirst",
    "timestamp",
)


def fold(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "").strip()


def gold_roles(page: dict[str, Any], lines: list[str]) -> dict[int, str]:
    """Role of every solid line of a gold page."""
    roles = dict.fromkeys(page.get("boilerplate", []), "boilerplate")
    for article in page["article"]:
        roles[article["headline"]] = "headline"
        roles |= {n: name for name in LISTS for n in article.get(name, [])}
        low, high = map(int, article["body"].split("-"))
        roles |= {n: "body" for n in range(low, high + 1) if lines[n - 1].strip() and n not in roles}
    return roles


def differences(corpus: Corpus, gold_file: Path, folder: Path) -> list[str]:
    """Every way in which the corpus differs from the gold. Pages are told by their solid lines, whatever their
    names, line ends and outer blank lines; shifted line numbers are followed."""
    ledger: dict[str, dict[int, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in corpus.lines.iter_rows(named=True):
        ledger[row["page"]][row["line_no"]].append(row)
    solid = {
        page: [(n, rows) for n, rows in sorted(lines.items()) if "".join(r["text"] for r in rows).strip()]
        for page, lines in ledger.items()
    }
    found = {tuple(fold("".join(r["text"] for r in rows)) for _, rows in lines): p for p, lines in solid.items()}
    out = []
    for page in tomllib.loads(gold_file.read_text(encoding="utf-8"))["page"]:
        lines = (folder / page["file"]).read_text(encoding="utf-8").removesuffix("\n").split("\n")
        roles = gold_roles(page, lines)
        order = [n for n, line in enumerate(lines, 1) if line.strip()]
        name = found.get(tuple(fold(lines[n - 1]) for n in order))
        if name is None:
            out.append(f"{page['file']}: not in the corpus")
            continue
        number = {n: there for n, (there, _) in zip(order, solid[name], strict=True)}
        for n, (_, rows) in zip(order, solid[name], strict=True):
            if {r["role"] for r in rows} != {roles[n]}:
                out.append(f"{page['file']}:{n} {[r['role'] for r in rows]}, gold {roles[n]}: {lines[n - 1][:60]}")
        out += articles(corpus, page, name, lines, roles, number)
    return out


def articles(
    corpus: Corpus, page: dict[str, Any], name: str, lines: list[str], roles: dict[int, str], number: dict[int, int]
) -> list[str]:
    rows = {a["line_start"]: a for a in corpus.page_articles.iter_rows(named=True) if a["page"] == name}
    out = [] if len(rows) == len(page["article"]) else [f"{page['file']}: {len(rows)} articles"]
    for gold in page["article"]:
        got = rows.get(number[gold["headline"]])
        if got is None:
            out.append(f"{page['file']}:{gold['headline']} no article starts here")
            continue
        low, high = map(int, gold["body"].split("-"))
        text = [fold(lines[n - 1]) for n in range(low, high + 1) if roles.get(n) in ("body", "subhead")]
        want: dict[str, Any] = {
            "title": fold(lines[gold["headline"] - 1]),
            "outlet": page["outlet"] or None,
            "date": gold["date"] or None,
            "captions": [fold(lines[n - 1]) for n in gold.get("caption", [])],
            "standfirst": [fold(lines[n - 1]).lstrip("• ") for n in gold.get("standfirst", [])],
            "body": text,
        }
        want |= {c: gold[c] for c in ("date_basis", "date_not_before", "dateline") if c in gold}
        have = {
            **{c: str(got[c]) if c.startswith("date") and got[c] else got[c] for c in want},
            "body": [fold(x) for x in got["body"].split("\n\n")],
        }
        out += [
            f"{page['file']}:{gold['headline']} {c}: {str(have[c])[:80]!r}, gold {str(want[c])[:80]!r}"
            for c in want
            if have[c] != want[c]
        ]
    return out
