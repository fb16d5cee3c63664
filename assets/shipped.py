"""The rules and the line model as the package ships them, parsed once a process. No Dagster: workers need them too."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, cached_property
from importlib.metadata import version
from importlib.resources import files

from assets.versions import MAKERS, code, digest, texts, toml
from pipeline.linemodel import LineModel
from pipeline.rulebook import Rulebook


class Rules:
    """The rules, and the hash that tells when they change."""

    @cached_property
    def files(self) -> Mapping[str, str]:
        return dict(toml(files("pipeline") / "rules"))

    @cached_property
    def book(self) -> Rulebook:
        with nothing_thrown_away():
            return Rulebook.parse(self.files)

    @cached_property
    def digest(self) -> str:
        return digest(self.files)


class Model:
    """The line model, and the hash that tells when it changes."""

    @cached_property
    def files(self) -> Mapping[str, str]:
        return texts("model")

    @cached_property
    def lines(self) -> LineModel:
        with nothing_thrown_away():
            return LineModel.parse(self.files)

    @cached_property
    def digest(self) -> str:
        return digest({name: text for name, text in self.files.items() if not name.endswith(".md")})


@contextmanager
def nothing_thrown_away() -> Iterator[None]:
    """While much is made that stays, Python looks through all there is for garbage again and again: two fifths of the
    time that the line model takes to load."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


# Parsed once a process, however many runs it makes.
RULES, MODEL = Rules(), Model()


@cache
def made_with() -> Mapping[str, str]:
    """What tables are made with beside tables: where it is the same, the same pages give the same bytes."""
    shipped = {"broadsheet": version("broadsheet"), "rules": RULES.digest, "model": MODEL.digest}
    return {**shipped, **{name: code(name) for name in MAKERS}}
