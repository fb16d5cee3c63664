"""Ours beside its peers on the same generated pages: whole commands in turn, three rounds, medians.

    python -m bench.compare WORK [MB]        # WORK keeps the corpus, the peers' environments and what they write

The peers are datatrove and dolma, each in an environment of its own in WORK (their requirements exclude each other),
and the limit: Polars reading and writing the same as Parquet, and `grep -F`. All have one thread or one task.
"""

import gzip
import json
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import polars as pl

from bench import generate
from bench.measured import ONE_THREAD, ROOT, FailedError, Took, run
from bench.report import Row, markdown

PEERS = Path(__file__).parent / "peers"
OURS, DUPLICATES, CLEANING, LIMIT = (
    "ours: files → all tables",
    "ours: near-duplicates",
    "datatrove: FTFY → C4 → language → Parquet",
    "Polars: read and write the pages' Parquet",
)
MEGABYTES, ROUNDS = 100.0, 3
NEEDLES = (
    "Sign up for", "Follow us on", "All rights reserved", "Privacy Policy", "Read more:", "Advertisement",
    "Continue Reading", "Leave a Reply", "Accept all", "Alle Rechte vorbehalten", "Tous droits réservés", "Publicité",
)  # fmt: skip


@dataclass(frozen=True)
class Contender:
    """A command that is measured. `against`: the contender of ours that it is compared with."""

    name: str
    command: Sequence[str]
    against: str = ""
    before: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Corpus:
    """The same pages in the forms that the contenders read."""

    folder: Path

    @property
    def files(self) -> Path:
        return self.folder / "files"

    @property
    def records(self) -> Path:
        return self.folder / "jsonl"

    @property
    def zipped(self) -> Path:
        return self.folder / "documents"

    @property
    def parquet(self) -> Path:
        return self.folder / "pages.parquet"

    @property
    def text(self) -> Path:
        return self.folder / "pages.txt"

    @property
    def megabytes(self) -> float:
        return self.text.stat().st_size / 1e6


def corpus(work: Path, megabytes: float) -> Corpus:
    """Makes the pages in all forms, unless they are there from an earlier time."""
    made = Corpus(work / f"corpus-{megabytes:g}")
    if made.text.exists():
        return made
    for folder in (made.files, made.records, made.zipped):
        folder.mkdir(parents=True, exist_ok=True)
    generate.write(made.files, megabytes)
    files = sorted(made.files.rglob("*.txt"))
    rows = [{"id": str(f.relative_to(made.files)), "text": f.read_bytes().decode(), "source": "bench"} for f in files]
    _jsonl(rows, made.records / "pages.jsonl")
    # dolma reads compressed records only.
    with gzip.open(made.zipped / "pages.jsonl.gz", "wb", compresslevel=1) as out:
        out.write((made.records / "pages.jsonl").read_bytes())
    pl.DataFrame(rows).write_parquet(made.parquet, compression="zstd", compression_level=3)
    made.text.write_bytes(b"".join(row["text"].encode() for row in rows))
    return made


def _jsonl(rows: Sequence[dict[str, str]], file: Path) -> None:
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def environment(work: Path, peer: str) -> Path:
    """The Python of a peer's environment, set up from its locked requirements."""
    folder, lock = work / f"venv-{peer}", PEERS / f"{peer}.txt"
    done = folder / "lock.txt"
    if not done.exists() or done.read_text() != lock.read_text():
        print(f"Setting up {peer}, once ...", file=sys.stderr, flush=True)
        venv.create(folder, clear=True, with_pip=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "-qq", "install"]
        subprocess.run([*pip, "--no-deps", "--require-hashes", "-r", str(lock)], check=True)
        done.write_text(lock.read_text())
    return folder / "bin" / "python"


def language_model(work: Path, python: Path) -> Path:
    """A stand-in for lid.176: what the filter costs depends on the model's shape, not on what it knows."""
    model, texts = work / "language.bin", work / "language.txt"
    if not model.exists():
        room = generate.Newsroom()
        room.start(0)
        lines = [f"__label__{t.code} {line}" for t in room.tongues for line in room.sentences(t, 1_500)]
        texts.write_text("\n".join(lines) + "\n")
        subprocess.run([python, PEERS / "language_model.py", texts, model], check=True)
    return model


def ours(seeds: Path, data: Path, jobs: int = 1) -> list[str]:
    command = [sys.executable, "-m", "assets", "corpus", "--seeds", str(seeds), "--data", str(data)]
    return [*command, "--jobs", str(jobs)]


def home(work: Path) -> dict[str, str]:
    """The environment of our commands: Dagster's files in WORK."""
    folder = work / "home"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "dagster.yaml", folder)
    return {"DAGSTER_HOME": str(folder)}


def contenders(work: Path, pages: Corpus) -> list[Contender]:
    out, data, articles = work / "out", work / "data", work / "articles"
    out.mkdir(exist_ok=True)
    python, dolma = environment(work, "datatrove"), environment(work, "dolma")
    model = language_model(work, python)

    def clean() -> None:
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()

    def afresh() -> None:
        shutil.rmtree(data, ignore_errors=True)
        home(work)

    def ready() -> None:
        """The articles that our run found, for datatrove's MinHash."""
        clean()
        shutil.rmtree(articles, ignore_errors=True)
        articles.mkdir()
        rows = pl.read_parquet(f"{data / 'page_articles.parquet'}/*.parquet", columns=["page", "article_no", "body"])
        ids = pl.format("{}#{}", "page", "article_no")
        _jsonl(rows.select(id=ids, text="body").to_dicts(), articles / "articles.jsonl")

    needles = work / "needles.txt"
    needles.write_text("\n".join(NEEDLES) + "\n")
    here, alone = str(python), [sys.executable, "-m", "bench.alone"]
    cleaning = [here, str(PEERS / "datatrove_c4.py"), str(pages.records), str(out)]
    tag = [str(dolma.with_name("dolma")), "tag", "--documents", f"{pages.zipped}/*.jsonl.gz"]
    tag += ["--destination", f"{out}/attributes", "--taggers", "c4_v2", "--processes", "1"]
    tables = [*alone, "tables", str(pages.parquet), str(data), str(out)]
    minhash = [here, str(PEERS / "datatrove_minhash.py"), str(articles), str(out)]
    grep = ["grep", "-c", "-F", "-f", str(needles), str(pages.text)]
    again = [*alone, "parquet", str(pages.parquet), str(out)]
    return [
        Contender(OURS, ours(pages.files, data), "", afresh),
        Contender(CLEANING, [*cleaning, str(model)], OURS, clean),
        Contender("datatrove: the same without language", [*cleaning, "none"], OURS, clean),
        Contender("dolma: C4 tagger", tag, OURS, clean),
        Contender(LIMIT, again, OURS, clean),
        Contender("Polars: read the pages, write all our tables", tables, OURS, clean),
        Contender("grep -F, a dozen phrases", grep, OURS, clean),
        Contender(DUPLICATES, [*alone, "duplicates", str(data), str(out)], "", clean),
        Contender("datatrove: MinHash on our articles", minhash, DUPLICATES, ready),
    ]


def compared(work: Path, megabytes: float, rounds: int = ROUNDS) -> list[Row]:
    """A row a contender: the medians of the rounds, and of the ratios within a round."""
    work.mkdir(parents=True, exist_ok=True)
    pages = corpus(work, megabytes)
    rivals = contenders(work, pages)
    settings = {**ONE_THREAD, "DAGSTER_HOME": str(work / "home"), "HF_HUB_OFFLINE": "1"}
    took: dict[str, list[Took]] = {rival.name: [] for rival in rivals}
    failed: set[str] = set()
    for n in range(rounds):
        for rival in rivals:
            if rival.name in failed:
                continue
            rival.before()
            try:
                took[rival.name].append(run(rival.command, work / "log.txt", settings))
            except FailedError as e:
                if not rival.against:  # ours: there is nothing to compare with
                    raise
                failed.add(rival.name)
                print(f"Not measured: {rival.name}: {e}\n", flush=True)
                continue
            last = took[rival.name][-1]
            print(f"round {n + 1}: {rival.name}: {last.cpu:.1f} s CPU, {last.wall:.1f} s", file=sys.stderr, flush=True)
    return [_row(rival, took, pages.megabytes) for rival in rivals if rival.name not in failed]


def _row(rival: Contender, took: dict[str, list[Took]], megabytes: float) -> Row:
    mine = took[rival.name]
    ratio = None
    if rival.against:
        ratio = median(a.cpu / b.cpu for a, b in zip(took[rival.against], mine, strict=True))
    return Row(
        rival.name,
        " ".join(rival.command),
        megabytes,
        median(t.cpu for t in mine),
        median(t.wall for t in mine),
        median(t.rss for t in mine),
        median(t.pss for t in mine),
        ratio,
    )


def main(work: Path, megabytes: float) -> None:
    print(markdown(compared(work, megabytes), work))


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), float(sys.argv[2]) if len(sys.argv) > 2 else MEGABYTES)
