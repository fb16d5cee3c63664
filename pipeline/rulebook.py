"""The rules as values: parses the TOML of `rules/` and checks it. No rule, and no matching, belongs here.

A file may hold `[fragments]` (named pieces of patterns, shared by all files, used as `{name}`, or as `{name:x}` with x
in the place of each `@` in it), `[[sign]]`, `[[rule]]`, `[[agency]]`, `[[kind]]`, `[[phrase]]`, `[[masthead]]`,
`[[stopwords]]` and, below `outlets/`, one `[outlet]`.
Patterns are in the syntax of Polars' linear-time engine (Rust's regex crate).
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from pipeline.tables import ROLES

WHERE = ("line", "inline", "end")
MARKS = (
    *("ends-article", "opens-related", "truncated"),
    *("published", "updated", "relative", "weak", "opens-byline"),
    *("under-headline", "beside-byline", "in-head", "page-title"),
)
# Rules that count only by the lines beside them: tried last, so that they take no line from a rule that is sure of it.
BY_PLACE = {"under-headline", "beside-byline", "in-head", "page-title"}
MAX_PATTERN = 50_000  # characters, all fragments filled in; the longest rule has a third of that
FORMS = ("copyright", "address", "house", "legal", "ending", "agency", "stranger")
DAY_ORDERS = ("DMY", "MDY", "YMD")
# Signs in texts, and in patterns for such texts: in ASCII, as the engine is slow at `\b` where a text has more.
BRACKETS = {"⟨": "{", "⟩": "}"}
IN_TEXT = str.maketrans(BRACKETS)
_IN_PATTERN = str.maketrans({bracket: rf"\{ascii}" for bracket, ascii in BRACKETS.items()})


class RuleError(ValueError):
    """A rule file that can't be used; the message says which file, which rule and what to mend."""


@dataclass(frozen=True)
class Sign:
    """`read_as` in the place of what `pattern` matches, before the rules with signs in their patterns are tried."""

    id: str
    read_as: str
    pattern: str
    why: str
    example: str

    @cached_property
    def stands(self) -> bool:
        """Whether a sign stands in the place of the text afterwards; else the text is only spaced anew."""
        return "⟨" in self.read_as

    @cached_property
    def anywhere(self) -> str:
        """The pattern that finds it in a line, whatever its case."""
        return rf"(?i:{self.pattern.translate(_IN_PATTERN)})"

    @cached_property
    def written(self) -> str:
        """What is put in the place of what it matches."""
        return self.read_as.translate(IN_TEXT)


@dataclass(frozen=True)
class Rule:
    """`role` for a text that `pattern` matches: the whole line (`line`), any piece of a line that it cuts off
    (`inline`, a whole line included), or the end of a line (`end`)."""

    id: str
    role: str
    pattern: str
    why: str
    example: str
    counter: str
    where: str = "line"
    marks: frozenset[str] = frozenset()

    @cached_property
    def whole(self) -> str:
        """The pattern that decides about a whole line, its outer white space gone."""
        return rf"^(?:{self.pattern.translate(_IN_PATTERN)})$"

    @cached_property
    def abridged(self) -> bool:
        """Whether the pattern is about the line with signs in it."""
        return "⟨" in self.pattern

    @cached_property
    def piece(self) -> str:
        """The pattern of a piece to cut out of a line: it ends the line, or the white space behind it goes with it."""
        return rf"(?:{self.pattern})\s*$" if self.where == "end" else rf"(?:{self.pattern})(?:\s+|$)"


@dataclass(frozen=True)
class Agency:
    name: str
    pattern: str
    why: str
    example: str
    counter: str


@dataclass(frozen=True)
class Kind:
    """What a page without an article is, told by a line of it. `alone`: nothing on such a page is an article, even what
    reads like a text."""

    id: str
    kind: str
    pattern: str
    why: str
    example: str
    counter: str

    @property
    def alone(self) -> bool:
        return self.kind in ("error", "consent")


@dataclass(frozen=True)
class Phrase:
    """A form of line that the code asks for by its id; by itself it says nothing of the line's role."""

    id: str
    pattern: str
    why: str
    example: str
    counter: str


@dataclass(frozen=True)
class Masthead:
    """A form of line that prints the outlet's name, which is what `pattern` captures (`name` in `example`); a line
    without any of the `cues` is not searched. Or, by its `form`, what stands behind a name and is no part of it
    (`legal`, `ending`), or is no outlet's name (`stranger`; `agency`, unless the page's title names it)."""

    id: str
    form: str
    pattern: str
    why: str
    example: str
    counter: str
    name: str = ""
    cues: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class StopWords:
    """Words that tell a language: those of every text in it that no other one has."""

    language: str
    words: str
    why: str
    example: str
    counter: str


@dataclass(frozen=True)
class Outlet:
    """An outlet's profile. `signatures` are ids of rules, each of which names the outlet by itself; `layouts` are
    patterns over the roles and rule ids of an article's head and tail, one space between (see `assemble`)."""

    id: str
    name: str
    domains: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    layouts: tuple[str, ...] = ()
    day_order: str | None = None
    dateline: str | None = None


@dataclass(frozen=True)
class Rulebook:
    rules: tuple[Rule, ...] = ()
    signs: tuple[Sign, ...] = ()
    agencies: tuple[Agency, ...] = ()
    kinds: tuple[Kind, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    mastheads: tuple[Masthead, ...] = ()
    stopwords: tuple[StopWords, ...] = ()
    outlets: tuple[Outlet, ...] = ()
    by_id: Mapping[str, Rule] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {rule.id: rule for rule in self.rules})

    @classmethod
    def parse(cls, files: Mapping[str, str]) -> "Rulebook":
        """The rulebook in `files` (path below `rules/` → TOML text), in the order of the paths.
        RuleError where a file is not TOML, a rule lacks a field, or a pattern does not compile."""
        tables = {name: _toml(name, files[name]) for name in sorted(files)}
        fragments = {k: v for table in tables.values() for k, v in table.get("fragments", {}).items()}
        # Polars keeps what a thread has compiled, a megabyte each: so that is done in one that ends.
        with ThreadPoolExecutor(1) as thread:
            book = thread.submit(cls._filled, tables, _filler(fragments)).result()
        _check(book)
        return book

    @classmethod
    def _filled(cls, tables: Mapping[str, dict[str, Any]], fill: Any) -> "Rulebook":
        """Every table of the files as what it is, `fill` putting the fragments into its patterns."""
        rules = [_rule(n, r, fill) for n, t in tables.items() for r in t.get("rule", [])]
        return cls(
            rules=tuple(sorted(rules, key=lambda rule: bool(rule.marks & BY_PLACE))),
            signs=tuple(_make(Sign, n, s, fill) for n, t in tables.items() for s in t.get("sign", [])),
            agencies=tuple(_make(Agency, n, a, fill) for n, t in tables.items() for a in t.get("agency", [])),
            kinds=tuple(_make(Kind, n, k, fill) for n, t in tables.items() for k in t.get("kind", [])),
            phrases=tuple(_make(Phrase, n, x, fill) for n, t in tables.items() for x in t.get("phrase", [])),
            mastheads=tuple(_masthead(n, m, fill) for n, t in tables.items() for m in t.get("masthead", [])),
            stopwords=tuple(_make(StopWords, n, w, fill) for n, t in tables.items() for w in t.get("stopwords", [])),
            outlets=tuple(_outlet(n, t["outlet"], fill) for n, t in tables.items() if "outlet" in t),
        )

    def marked(self, mark: str) -> list[str]:
        """Ids of the rules that carry a mark."""
        return [rule.id for rule in self.rules if mark in rule.marks]

    @property
    def roles(self) -> dict[str, str]:
        """The role that each rule gives, by its id."""
        return {rule.id: rule.role for rule in self.rules}

    def sign(self, id: str) -> Sign:
        return next(sign for sign in self.signs if sign.id == id)

    def phrase(self, id: str) -> str:
        """The pattern of a phrase."""
        return next(phrase.pattern for phrase in self.phrases if phrase.id == id)

    def of_role(self, *roles: str) -> list[str]:
        return [rule.id for rule in self.rules if rule.role in roles]


def _toml(name: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise RuleError(f"rules/{name}: not TOML: {e}") from e


def _filler(fragments: Mapping[str, str]) -> Any:
    use = re.compile(r"\{([a-z][a-z_]*)(?::([^{}]+))?\}")

    def piece(found: re.Match[str]) -> str:
        fragment = fragments[found[1]]
        return f"(?:{fragment.replace('@', found[2]) if found[2] else fragment})"

    def fill(where: str, pattern: str) -> str:
        while use.search(pattern):  # fragments may use fragments
            unknown = {name for name, _ in use.findall(pattern)} - set(fragments)
            if unknown:
                raise RuleError(f"{where}: no fragment {', '.join(sorted(unknown))}")
            pattern = use.sub(piece, pattern)
            if len(pattern) > MAX_PATTERN:
                raise RuleError(f"{where}: its fragments use each other in a circle, or make it too long")
        try:
            pl.Series([""]).str.contains(pattern)
        except pl.exceptions.PolarsError as e:
            raise RuleError(f"{where}: the pattern does not compile: {str(e).splitlines()[-1]}") from e
        return pattern

    return fill


def _make(kind: Any, file: str, table: dict[str, Any], fill: Any) -> Any:
    where = f"rules/{file}: {table.get('id') or table.get('name') or table.get('language') or '(without id)'}"
    fields = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}
    if "pattern" in fields:
        fields["pattern"] = fill(where, fields["pattern"])
    try:
        return kind(**fields)
    except TypeError as e:
        raise RuleError(f"{where}: {str(e).removeprefix(kind.__name__ + '.__init__() ')}") from e


def _rule(file: str, table: dict[str, Any], fill: Any) -> Rule:
    rule: Rule = _make(Rule, file, {**table, "marks": frozenset(table.get("marks", []))}, fill)
    for value, allowed, what in (
        ({rule.role}, ROLES, "role"),
        ({rule.where}, WHERE, "where"),
        (rule.marks, MARKS, "marks"),
    ):
        if not value <= set(allowed):
            raise RuleError(f"rules/{file}: {rule.id}: {what} is one of {', '.join(allowed)}")
    return rule


def _masthead(file: str, table: dict[str, Any], fill: Any) -> Masthead:
    masthead: Masthead = _make(Masthead, file, table, fill)
    if masthead.form not in FORMS:
        raise RuleError(f"rules/{file}: {masthead.id}: form is one of {', '.join(FORMS)}")
    return masthead


def _outlet(file: str, table: dict[str, Any], fill: Any) -> Outlet:
    layouts = [fill(f"rules/{file}: layout", x) for x in table.get("layouts", [])]
    outlet: Outlet = _make(Outlet, file, {**table, "layouts": layouts}, fill)
    if outlet.dateline:
        fill(f"rules/{file}: dateline", outlet.dateline)
    if outlet.day_order not in (None, *DAY_ORDERS):
        raise RuleError(f"rules/{file}: day_order is one of {', '.join(DAY_ORDERS)}")
    return outlet


def _check(book: Rulebook) -> None:
    for what, ids in (
        ("rule", [r.id for r in book.rules]),
        ("sign", [s.id for s in book.signs]),
        ("phrase", [p.id for p in book.phrases]),
        ("outlet", [o.id for o in book.outlets]),
    ):
        twice = sorted(_repeated(ids))
        if twice:
            raise RuleError(f"rules: {what} id used twice: {', '.join(twice)}")
    for outlet in book.outlets:
        unknown = [s for s in outlet.signatures if s not in book.by_id]
        if unknown:
            raise RuleError(f"rules: outlet {outlet.id}: no rule {', '.join(unknown)}")


def _repeated(ids: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    return {x for x in ids if x in seen or seen.add(x)}  # type: ignore[func-returns-value]
