"""Page by page: what a step made of unchanged pages stays, new and changed ones are made in batches, the rest goes.

The pages of a corpus are dealt to units by their names. Of each unit a step keeps its tables, and beside them a
table of what every page was made from. So a unit whose key is the same costs nothing, one in which some pages are
others costs these pages, and the outcome is that of making all pages anew.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from assets.folder import StoreError
from assets.staging import Staging, Unit
from pipeline.tables import Table

BATCH = 1_000  # pages that go through the steps together
BATCH_BYTES = 64 << 20

Frames = Mapping[Table, pl.DataFrame]
Advance = Callable[[int], None]


@dataclass(frozen=True)
class Work:
    """What a step has to make. The key of each of its tables begins with the page."""

    step: str
    maker: str  # the digest of what makes the tables: where it changed, nothing old may stay
    known: Table  # one of the tables: what each page was made from
    keys: Mapping[str, str]  # unit → the digest of all that its tables are made from
    # A unit, and its rows of `known` so far → those to be: the page, and some columns that say what it is made from.
    # A page for which they are the same stays; null is never the same. `weight`: bytes of text, about.
    wanted: Callable[[str, pl.DataFrame], pl.DataFrame]
    # Pages (rows of `wanted`, and their `unit`) → the rows of each table.
    make: Callable[[pl.DataFrame], Frames]


@dataclass
class _Stale:
    """A unit that is not as it should be."""

    unit: str
    wanted: pl.DataFrame
    kept: pl.DataFrame  # its pages that stay


def refresh(staging: Staging, tables: Sequence[Table], work: Work, advance: Advance = lambda pages: None) -> None:
    """Brings the parts of a step's tables up to date."""
    units = staging.units(work.step)
    gone = units.keys() - work.keys.keys()
    if gone:
        for unit in gone:
            del units[unit]
        staging.keep(work.step, units)
    keys = {unit: made.key for unit, made in units.items()}
    for group in _groups(_stale(staging, work, units, advance)):
        made = _made(work, group, advance)
        done = {}
        for stale in group:
            frames = _joined(staging, tables, stale, made, units)
            done[stale.unit] = (_key(work, stale, frames[work.known]), work.maker, frames)
        staging.put(work.step, done, units)
    if any(units[unit].key != key for unit, key in keys.items()):
        staging.keep(work.step, units)


def _stale(staging: Staging, work: Work, units: dict[str, Unit], advance: Advance) -> Iterator[_Stale]:
    """The units in which some pages are others, and which of their pages stay; where all stay, it gets its key."""
    for unit, key in sorted(work.keys.items()):
        old = units.get(unit)
        if old is None or old.maker != work.maker:
            wanted = work.wanted(unit, work.known.empty())
            yield _Stale(unit, wanted, wanted.clear())
        elif old.key != key:
            known = read(staging, work.known, unit)
            wanted = work.wanted(unit, known)
            compared = [c for c in wanted.columns if c in work.known.schema]
            kept = wanted.join(known, on=compared, how="semi", maintain_order="left")
            if kept.height == wanted.height == known.height:
                units[unit] = replace(old, key=key)
            else:
                yield _Stale(unit, wanted, kept)
            advance(kept.height)
        else:
            advance(old.tables[work.known.name].rows)


def _groups(stale: Iterator[_Stale]) -> Iterator[list[_Stale]]:
    """Units that are made together: so that a few pages of each don't cost a batch each."""
    group: list[_Stale] = []
    pages = weight = 0
    for unit in stale:
        group.append(unit)
        left = unit.wanted.height - unit.kept.height
        pages += left
        weight += int(unit.wanted["weight"].sum()) - int(unit.kept["weight"].sum())
        if pages >= BATCH or weight >= BATCH_BYTES:
            yield group
            group, pages, weight = [], 0, 0
    if group:
        yield group


def _made(work: Work, group: list[_Stale], advance: Advance) -> Mapping[Table, pl.DataFrame]:
    """The rows of all pages of a group that don't stay, made batch by batch."""
    new = [
        stale.wanted.join(stale.kept, on=stale.wanted.columns[0], how="anti", maintain_order="left").with_columns(
            unit=pl.lit(stale.unit)
        )
        for stale in group
    ]
    pieces = []
    for piece in _batches(pl.concat(new)):
        pieces.append(work.make(piece))
        advance(piece.height)
    return {table: pl.concat([piece[table] for piece in pieces]) for table in (pieces[0] if pieces else ())}


def _batches(pages: pl.DataFrame) -> Iterator[pl.DataFrame]:
    start = 0
    sizes = pages["weight"].cum_sum()
    while start < pages.height:
        before = int(sizes[start - 1]) if start else 0
        reaches = int(sizes.search_sorted(before + BATCH_BYTES, side="left"))
        end = min(start + BATCH, max(reaches, start + 1), pages.height)
        yield pages.slice(start, end - start)
        start = end


def _joined(
    staging: Staging, tables: Sequence[Table], stale: _Stale, made: Frames, units: Mapping[str, Unit]
) -> Frames:
    """The tables of a unit: rows that stay and rows that were made, in the order of their key."""
    page = stale.wanted.columns[0]
    new = stale.wanted.join(stale.kept, on=page, how="anti")[page].implode()
    frames = {}
    for table in tables:
        name = table.key[0]
        parts = [table.empty()]
        if stale.kept.height:
            parts.append(read(staging, table, stale.unit).filter(pl.col(name).is_in(stale.kept[page].implode())))
        if table in made:
            parts.append(table.conform(made[table].filter(pl.col(name).is_in(new))))
        frames[table] = pl.concat(parts).sort(table.key, maintain_order=True)
    return frames


def _key(work: Work, stale: _Stale, known: pl.DataFrame) -> str | None:
    """The unit's key, None where its pages were not as they were wanted: then the next run looks at each of them."""
    compared = [c for c in stale.wanted.columns if c in known.columns]
    order = compared[0]
    as_wanted = known.select(compared).sort(order).equals(stale.wanted.select(compared).sort(order))
    return work.keys[stale.unit] if as_wanted else None


def read(staging: Staging, table: Table, unit: str) -> pl.DataFrame:
    try:
        return staging.scan_units(table, [unit]).collect()
    except (pl.exceptions.PolarsError, OSError) as e:
        raise StoreError(f"{staging.part(table, unit)} can't be read: delete {staging.root} and run again") from e
