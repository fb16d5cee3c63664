"""Page by page: what a step made of unchanged pages stays, new and changed ones are made in batches, the rest goes.

The pages of a corpus are dealt to units by their names. Of each unit a step keeps its tables, and beside them a
table of what every page was made from. So a unit whose key is the same costs nothing, one in which some pages are
others costs these pages, and the outcome is that of making all pages anew.

`refresh` finds out what is to be made, has an engine make it, and moves what was made into place. `look` and `make` are
what an engine is given to do, maybe in other processes: they read staged parts, and write new ones beside them. A unit
may be large, so `make` goes through it in pieces; small ones go through together.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any, ClassVar, NamedTuple

import polars as pl

from assets import folder
from assets.engine import Engine
from assets.folder import StoreError
from assets.staging import Made, Staging, Unit
from pipeline.tables import Table

# Pages that go through the steps together: so many at most, of about so many bytes of text. A batch takes some fifty
# times its text in memory; larger ones are not faster.
BATCH = 1_000
BATCH_BYTES = 4 << 20
# What goes to a worker at once holds so many times what fits into a batch of pages that stay.
UNIT = "unit of the page"  # no column of a table
STAY = 8
# CPU seconds for a unit, and for each byte of it, that looking at it takes, about.
LOOK, LOOK_BYTE = 0.005, 1e-8

Frames = Mapping[Table, pl.DataFrame]
Advance = Callable[[int], None]


class Size(NamedTuple):
    """How much there is: pages, and bytes of their text, about."""

    pages: int = 0
    weight: int = 0

    def __add__(self, other: "Size") -> "Size":  # type: ignore[override]
        return Size(self.pages + other.pages, self.weight + other.weight)

    def fills(self, batches: int) -> bool:
        return self.pages >= BATCH * batches or self.weight >= BATCH_BYTES * batches

    @classmethod
    def of(cls, pages: pl.DataFrame) -> "Size":
        return cls(pages.height, int(pages["weight"].sum()))


@dataclass(frozen=True)
class Due:
    """A unit whose key is another one. `ours`: its parts are there, and made by what makes them now. `listed`: what is
    known of its pages, where a step knows that beforehand."""

    unit: str
    key: str | None
    ours: bool
    size: Size
    listed: pl.DataFrame | None

    @property
    def seconds(self) -> float:
        return LOOK + LOOK_BYTE * self.size.weight


@dataclass(frozen=True)
class Looked:
    """What is to be made of a unit, and what stays."""

    stale: Size
    stays: Size
    is_same: bool  # nothing of it is another


@dataclass(frozen=True)
class Group:
    """Units that are made together: so that a few pages of each don't cost a batch each."""

    units: Sequence[Due]
    seconds: float


@dataclass(frozen=True)
class Work(ABC):
    """What a step makes of pages. It is sent to workers, so it holds where things are, and what it has read there is
    not sent along. The key of each table begins with the page."""

    staging: Staging
    maker: str  # the digest of what makes the tables: where it changed, nothing old may stay

    step: ClassVar[str]
    tables: ClassVar[Sequence[Table]]
    known: ClassVar[Table]  # one of them: what each page was made from
    pace: ClassVar[float]  # CPU seconds that a byte takes, about

    @abstractmethod
    def size(self, unit: str) -> Size:
        """How large a unit is that is not listed."""

    @abstractmethod
    def wanted(self, due: Due, known: pl.DataFrame) -> pl.DataFrame:
        """A unit, and its rows of `known` so far → those to be: the page, and some columns that say what it is made
        from. A page for which they are the same stays; null is never the same. `weight`: bytes of text, about."""

    @abstractmethod
    def make(self, pages: pl.DataFrame) -> Frames:
        """Pages (rows of `wanted`, and their `unit`) → the rows of each table."""

    def compared(self, wanted: pl.DataFrame) -> list[str]:
        """What of the pages' rows is told from what it was."""
        return [c for c in wanted.columns if c in self.known.schema and c != "weight"]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, field.name) for field in fields(self))


def refresh(
    engine: Engine,
    work: Work,
    keys: Mapping[str, str | None],
    listed: Mapping[str, pl.DataFrame] | None = None,
    advance: Advance = lambda pages: None,
) -> None:
    """Brings the parts of a step's tables up to date. `keys`: unit → the digest of all that its tables are made from
    (None: of a unit that was made elsewhere, and is as it should be); `listed`: what is known of its pages."""
    staging = work.staging
    units = staging.units(work.step)
    gone = units.keys() - keys.keys()
    if gone:
        for unit in gone:
            del units[unit]
        staging.keep(work.step, units)
    before = {unit: made.key for unit, made in units.items()}
    due = list(_due(work, keys, units, listed or {}, advance))
    try:
        left = list(_left(engine, work, due, units, advance))
        with closing(engine.map(partial(make, work), _groups(work, left))) as groups:  # type: ignore[type-var]
            for made in groups:
                staging.place(work.step, made, units)
                advance(sum(one.parts[work.known.name].rows for one in made))
    except BaseException:
        folder.clean(staging.root)  # what workers had written
        raise
    if any(units[unit].key != key for unit, key in before.items()):
        staging.keep(work.step, units)


def _due(
    work: Work,
    keys: Mapping[str, str | None],
    units: Mapping[str, Unit],
    listed: Mapping[str, pl.DataFrame],
    advance: Advance,
) -> Iterator[Due]:
    """The units that are not known to be as they should be."""
    for unit, key in sorted(keys.items()):
        old, pages = units.get(unit), listed.get(unit)
        ours = old is not None and old.maker == work.maker
        if old is not None and ours and old.key == key:
            advance(old.tables[work.known.name].rows)
        else:
            yield Due(unit, key, ours, work.size(unit) if pages is None else Size.of(pages), pages)


def _left(
    engine: Engine, work: Work, due: Sequence[Due], units: dict[str, Unit], advance: Advance
) -> Iterator[tuple[Due, Looked]]:
    """The units in which something is another; the rest gets its key."""
    looks = engine.map(partial(look, work), (unit for unit in due if unit.ours))
    with closing(looks) as looks:  # type: ignore[type-var]
        for unit in due:
            looked = next(looks) if unit.ours else Looked(unit.size, Size(), False)
            if looked.is_same:
                units[unit.unit] = replace(units[unit.unit], key=unit.key)
                advance(looked.stays.pages)
            else:
                yield unit, looked


def _groups(work: Work, left: Iterable[tuple[Due, Looked]]) -> Iterator[Group]:
    """Units of about one batch of pages that are to be made, or of several of pages that stay."""
    group: list[Due] = []
    stale, stays = Size(), Size()
    for due, looked in left:
        group.append(due)
        stale, stays = stale + looked.stale, stays + looked.stays
        if stale.fills(1) or stays.fills(STAY):
            yield _group(work, group, stale, stays)
            group, stale, stays = [], Size(), Size()
    if group:
        yield _group(work, group, stale, stays)


def _group(work: Work, units: Sequence[Due], stale: Size, stays: Size) -> Group:
    return Group(units, len(units) * LOOK + stale.weight * work.pace + stays.weight * LOOK_BYTE)


# What an engine does


def look(work: Work, due: Due) -> Looked:
    """Which pages of a unit are others than they were."""
    known = read(work.staging, work.known, [due.unit])
    pages = _pages(work, due, known)
    stale = pages.filter("stale")
    is_same = not stale.height and pages.height == known.height
    return Looked(Size.of(stale), Size.of(pages.filter(~pl.col("stale"))), is_same)


def make(work: Work, group: Group) -> list[Made]:
    """Writes the parts of some units: rows that stay and rows that are made, in the order of their key."""
    known = (read(work.staging, work.known, [due.unit]) if due.ours else work.known.empty() for due in group.units)
    pages = _batched(pl.concat(_pages(work, due, rows) for due, rows in zip(group.units, known, strict=True)))
    batches = _Batches(work, pages.filter("stale"))
    return [_write(work, due, pages.filter(unit=due.unit), batches) for due in group.units]


def _pages(work: Work, due: Due, known: pl.DataFrame) -> pl.DataFrame:
    """The pages of a unit as they are wanted, in order, with `unit`; `stale` are those that don't stay."""
    wanted = work.wanted(due, known)
    page = wanted.columns[0]
    stay = wanted.join(known, on=work.compared(wanted), how="semi")[page] if known.height else wanted[page].clear()
    return wanted.sort(page).with_columns(unit=pl.lit(due.unit), stale=~pl.col(page).is_in(stay.implode()))


def _batched(pages: pl.DataFrame) -> pl.DataFrame:
    """Pages with `batch`: the number of the one in which a stale page is made; a page that stays has that before it."""
    sizes = pages.filter("stale")["weight"].cum_sum()
    ends: list[int] = []
    start = 0
    while start < sizes.len():
        before = int(sizes[start - 1]) if start else 0
        reaches = int(sizes.search_sorted(before + BATCH_BYTES, side="left"))
        start = min(start + BATCH, max(reaches, start + 1), sizes.len())
        ends.append(start)
    place = (pages["stale"].cum_sum().cast(pl.Int64) - 1).clip(0)
    return pages.with_columns(batch=pl.Series(ends, dtype=pl.Int64).search_sorted(place, side="right"))


class _Batches:
    """The batches of a group, each made when its first page is asked for, and held until the next one is."""

    def __init__(self, work: Work, stale: pl.DataFrame) -> None:
        self.work, self.stale = work, stale
        self.number = -1
        self.pages: dict[str, int] = {}  # of each unit
        self.made: Mapping[Table, Mapping[str, pl.DataFrame]] = {}

    def rows(self, table: Table, piece: pl.DataFrame) -> pl.DataFrame:
        """The rows of the stale pages of a piece, in order."""
        pages = piece.filter("stale")[piece.columns[0]]
        if not pages.len():
            return table.empty()
        if self.number != piece.item(0, "batch"):
            self.number, self.made = piece.item(0, "batch"), {}
            batch = self.stale.filter(batch=self.number).drop("batch", "stale")
            self.made = {table: _by_unit(table, rows, batch) for table, rows in self.work.make(batch).items()}
            self.pages = dict(batch["unit"].value_counts().iter_rows())
        unit = piece.item(0, "unit")
        made = self.made[table].get(unit)
        if made is None:
            return table.empty()
        whole = pages.len() == self.pages[unit]
        return made if whole else made.filter(pl.col(table.key[0]).is_in(pages.implode()))


def _by_unit(table: Table, rows: pl.DataFrame, batch: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The rows of a batch's pages (page, unit), in order, by their unit."""
    page = table.key[0]
    units = batch.select(pl.col(batch.columns[0]).alias(page), pl.col("unit").alias(UNIT))
    dealt = table.conform(rows).join(units, on=page, how="left").sort(UNIT, *table.key, maintain_order=True)
    return {str(unit): own for (unit,), own in dealt.partition_by(UNIT, as_dict=True, include_key=False).items()}


def _write(work: Work, due: Due, pages: pl.DataFrame, batches: _Batches) -> Made:
    """The parts of a unit."""
    page = pages.columns[0]
    compared = work.compared(pages)
    as_wanted = True
    with work.staging.parts(work.tables) as parts:
        for piece in pieces(pages, "batch"):
            stay = piece.filter(~pl.col("stale"))[page]
            frames = {table: batches.rows(table, piece) for table in work.tables}
            if stay.len():
                frames = {
                    table: pl.concat([_between(work.staging, table, due.unit, stay), new]).sort(
                        table.key, maintain_order=True
                    )
                    for table, new in frames.items()
                }
            parts.write(frames)
            as_wanted &= frames[work.known].select(compared).equals(piece.select(compared))
    # Without a key where pages were not as they were wanted: then the next run looks at each of them.
    return Made(due.unit, due.key if as_wanted else None, work.maker, parts.written)


def pieces(pages: pl.DataFrame, *within: str) -> list[pl.DataFrame]:
    """Pages of a unit in pieces that hold so many pages or bytes as a batch has, and end where `within` changes."""
    weight, number = pl.col("weight").cum_sum() - pl.col("weight"), pl.int_range(pl.len())
    piece = pl.max_horizontal(weight // BATCH_BYTES, number // BATCH)
    found = pages.with_columns(piece=piece.over(within) if within else piece)
    return found.partition_by(*within, "piece", maintain_order=True)


def _between(staging: Staging, table: Table, unit: str, pages: pl.Series) -> pl.DataFrame:
    """The rows of some pages of a unit."""
    if not pages.len():
        return table.empty()
    return read(staging, table, [unit], among(table.key[0], pages))


def among(column: str, pages: pl.Series) -> pl.Expr:
    """Of some pages: so that whole row groups are passed over, and then rows."""
    page = pl.col(column)
    return page.is_between(pl.lit(pages.min()), pl.lit(pages.max())) & page.is_in(pages.implode())


def read(
    staging: Staging, table: Table, units: Sequence[str], where: pl.Expr | bool = True, columns: Sequence[str] = ()
) -> pl.DataFrame:
    """Rows of units; of some columns, if they are named."""
    rows = staging.scan_units(table, units).filter(where)
    try:
        return (rows.select(columns) if columns else rows).collect()
    except (pl.exceptions.PolarsError, OSError) as e:
        parts = staging.part(table, units[0]) if len(units) == 1 else staging.path(table)
        raise StoreError(f"{parts} can't be read: delete {staging.root} and run again") from e
