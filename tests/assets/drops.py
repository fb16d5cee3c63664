"""A seeds folder that changes by chance, and runs over it without Dagster: what tests of many drops share."""

import json
import random
import shutil
from pathlib import Path
from typing import Any

from assets import flow
from assets.resources import Folders
from pipeline.corrections import line_hash
from tests.grammar import LAYOUTS, Writer

OUTLETS = ("The Millbrook Courier", "Fenwick Herald")
STEMS = ("bar", "del", "fen", "gor", "hal", "kes", "lin", "mor", "nev", "ost", "per", "quil", "ros")
ENDS = ("by", "don", "field", "ham", "ing", "low", "mere", "ness", "sted", "ton", "wick", "worth")
WORDS = [stem + end for stem in STEMS for end in ENDS]
MOST = 40  # pages: so that two hundred drops don't make a corpus whose runs take long
# Lines of many pages: enough different pages around them make them furniture.
HOUSE = ("Send us your harbour pictures today", "More from the weekend desk inside")


def run(seeds: Path, data: Path, jobs: int = 1, **settings: Any) -> None:
    """The whole job, its checks left out."""
    folders = Folders(seeds=str(seeds), data=str(data), jobs=jobs, **settings)
    with folders.opened("a test"):
        for step in flow.STEPS:
            step.bring_up_to_date(folders)
        flow.publish(folders, flow.counted(folders))


def product(data: Path) -> dict[str, bytes]:
    """Every file of the live generation that does not tell the way there."""
    live = (data / "current").resolve()
    told = {f"{table.name}.parquet" for table in (*flow.HISTORY, flow.MADE_FROM)}
    files = (path for path in live.rglob("*.parquet") if path.is_file() and not told & set(path.parts))
    return {str(path.relative_to(live)): path.read_bytes() for path in sorted(files)}


class Drops:
    """Pages that come, change, move and go; most share paragraphs, a house line, or all with others,
    some are printed as known outlets print. `draw` decides
    what happens; what pages say is of no matter, so `seed` does."""

    def __init__(self, seeds: Path, seed: int, draw: random.Random | None = None) -> None:
        self.seeds, self.words, self.draw = seeds, random.Random(seed), draw or random.Random(seed)
        (seeds / "a").mkdir(parents=True, exist_ok=True)
        (seeds / "b").mkdir(exist_ok=True)
        self.shared = [self.paragraph() for _ in range(3)]

    def paragraph(self) -> str:
        words = self.words.choices(WORDS, k=24)
        return f"The council of {' '.join(words[:12])} said on Monday that the {' '.join(words[12:])} would stay."

    def page(self) -> str:
        if self.words.random() < 0.2:
            writer = Writer(self.words.randrange(10**6))
            articles = [writer.article(self.words.randint(2, 5)) for _ in range(self.words.randint(1, 3))]
            return self.words.choice(LAYOUTS)(articles, self.words).text
        paragraphs = [self.paragraph() for _ in range(self.words.randint(1, 4))]
        if self.words.random() < 0.3:
            paragraphs.insert(self.words.randint(0, len(paragraphs)), self.words.choice(self.shared))
        if self.words.random() < 0.7:
            paragraphs.insert(self.words.randint(0, len(paragraphs)), self.words.choice(HOUSE))
        title = " ".join(self.words.choices(WORDS, k=6)).capitalize()
        return "\n\n".join([title, *paragraphs]) + "\n"

    def names(self) -> list[Path]:
        return sorted(self.seeds.glob("*/*.txt"))

    def new(self) -> Path:
        return self.seeds / self.draw.choice("ab") / f"{self.words.randrange(10**6)}.txt"

    def drop(self, changes: int) -> None:
        """Some changes of the folder, as a scraper or a user makes them."""
        for _ in range(changes):
            pages = self.names()
            more = ["add"] * 6 + ["copy"] * bool(pages) if len(pages) < MOST else []
            kinds = more + ["change", "remove", "move", "same", "manifest", "correct"] * bool(pages) + ["records"]
            kind = self.draw.choice(kinds)
            if kind == "add":
                self.new().write_text(self.page())
                continue
            if kind == "records":
                self.records()
                continue
            page = self.draw.choice(pages)
            if kind == "change":
                page.write_text(self.page())
            elif kind == "remove":
                page.unlink()
            elif kind == "move":
                page.rename(self.new())
            elif kind == "copy":
                shutil.copy(page, self.new())
            elif kind == "same":
                page.write_text(page.read_text())
            elif kind == "manifest":
                self.manifest(page.parent)
            else:
                self.correct(page)

    def records(self) -> None:
        """A file of records that comes, grows, changes or goes."""
        file = self.seeds / self.draw.choice("ab") / "many.jsonl"
        lines = file.read_text().splitlines(keepends=True) if file.exists() else []
        kind = self.draw.choice(["grow", "grow", "change", "break", "go"])
        if kind == "go" or len(lines) > 5:
            file.unlink(missing_ok=True)
        elif kind == "change":
            file.write_text("".join(lines[1:] + lines[:1]))
        else:
            more = "no JSON\n" if kind == "break" else json.dumps({"text": self.page()}) + "\n"
            file.write_text("".join(lines) + more)

    def manifest(self, folder: Path) -> None:
        rows = [
            f"{page.name},https://{self.draw.choice(('courier', 'herald'))}.example/{n},{self.draw.choice(OUTLETS)}"
            for n, page in enumerate(sorted(folder.glob("*.txt")))
            if self.draw.random() < 0.3
        ]
        (folder / "manifest.csv").write_text("\n".join(["file,url,outlet", *rows]) + "\n")

    def correct(self, page: Path) -> None:
        """Says of a line of a page that it is a caption (or, of one line in five, what no longer stands there)."""
        from hashlib import blake2b

        file = self.seeds / "corrections.csv"
        if not file.exists():
            file.write_text("page_id,line_no,part,line_hash,role\n")
        lines = page.read_text().split("\n")
        number = self.draw.choice([n for n, line in enumerate(lines, 1) if line])
        text = lines[number - 1] if self.draw.random() < 0.8 else "nothing"
        row = (blake2b(page.read_bytes(), digest_size=16).hexdigest(), number, 0, line_hash([text])[0], "caption")
        with file.open("a") as rows:
            rows.write(",".join(map(str, row)) + "\n")
