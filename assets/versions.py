"""What tables are made with beside tables: rules, model, code and libraries, as digests that tell when they change."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import metadata
from importlib.resources import files
from importlib.resources.abc import Traversable

# Who makes what: modules (with all that they import of the pipeline), and the libraries whose version may show.
MAKERS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "reading": (("read", "tracking"), ("ftfy", "charset-normalizer")),
    "counting": (("lines", "furniture"), ()),
    "understanding": (
        ("lines", "label", "split", "correct", "assemble", "tracking"),
        ("dateparser", "langdetect", "numpy"),
    ),
    "folding": (("dedup",), ()),
    "selecting": (("publish",), ()),
    "telling": (("changes",), ()),
    "auditing": (("publish", "matching"), ()),
}
# What every table passes through.
ALWAYS = ("polars", "pyarrow")
IMPORTED = re.compile(r"^\s*from pipeline\.(\w+) import", re.MULTILINE)
SIBLING = re.compile(r"^\s*from pipeline import (\w+(?:, \w+)*)", re.MULTILINE)


def digest(texts: Mapping[str, str]) -> str:
    text = "".join(f"{name}\0{texts[name]}\0" for name in sorted(texts))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def code(maker: str) -> str:
    """The digest of what runs where a maker of MAKERS is at work."""
    modules, libraries = MAKERS[maker]
    writer = (files("assets") / "parquet.py").read_text(encoding="utf-8")
    sources = {name: source(name) for name in closure(modules)}
    return digest({**sources, "assets/parquet": writer, **{name: _version(name) for name in (*ALWAYS, *libraries)}})


def closure(modules: tuple[str, ...]) -> set[str]:
    """Modules of the pipeline, and all those that they import."""
    found: set[str] = set()
    left = list(modules)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            text = source(name)
            siblings = [s.strip() for names in SIBLING.findall(text) for s in names.split(",")]
            left += [*IMPORTED.findall(text), *siblings]
    return found


@cache
def source(module: str) -> str:
    return (files("pipeline") / f"{module}.py").read_text(encoding="utf-8")


def toml(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Path and text of every TOML file below a folder."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from toml(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".toml"):
            yield prefix + entry.name, entry.read_text(encoding="utf-8")


def texts(package: str) -> dict[str, str]:
    """The texts of a package of the pipeline by file name: templates, words, code."""
    folder = files("pipeline") / package
    return {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.is_file()}


def stamp(packages: Iterable[str], **facts: str) -> str:
    """The last line of a page for people: a digest of all that it is made of, templates and code of these packages of
    the pipeline among it. A page that ends with it is up to date."""
    sources = {f"{package}/{name}": text for package in packages for name, text in texts(package).items()}
    return f"<!-- {digest({**sources, **facts})} -->\n"


def _version(library: str) -> str:
    return metadata.version(library)
