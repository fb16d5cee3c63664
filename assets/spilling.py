"""Shares of rows as files: what a step deals and does not want in memory meanwhile. See `pipeline.shares`.

staging/.tmp-…/<share>-<k>.arrow    the k-th file of a share; all of them are gone when their step ends
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from assets import folder
from pipeline.shares import Pieces, Shelve

HELD = 16 << 20  # bytes of rows that are held before they are written
OLDEST = pl.CompatLevel.oldest()  # strings end to end: the newest form would write those of all shares with each


@contextmanager
def spilling(root: Path) -> Iterator[Shelve]:
    """Shelves in files below a folder, as long as the block lasts; what is little stays in memory."""
    place = folder.temporary(root)
    number = iter(range(1 << 30))
    try:
        yield lambda pieces: _Shelf(place / str(next(number)), pieces)
    finally:
        shutil.rmtree(place, ignore_errors=True)


class _Shelf:
    def __init__(self, place: Path, pieces: Pieces) -> None:
        self.place = place
        self._files: dict[int, list[Path]] = {}
        self._held: dict[int, list[pl.DataFrame]] = {}
        held = 0.0
        for number, piece in pieces:
            self._held.setdefault(number, []).append(piece)
            held += piece.estimated_size()
            if held > HELD:
                self._spill()
                held = 0.0

    def _spill(self) -> None:
        self.place.mkdir(parents=True, exist_ok=True)
        for number, pieces in self._held.items():
            files = self._files.setdefault(number, [])
            files.append(self.place / f"{number}-{len(files)}.arrow")
            with files[-1].open("xb") as file:
                pl.concat(pieces).write_ipc(file, compression="lz4", compat_level=OLDEST)
        self._held = {}

    def __len__(self) -> int:
        return len(self._files.keys() | self._held.keys())

    def __iter__(self) -> Iterator[pl.DataFrame]:
        for number in sorted(self._files.keys() | self._held.keys()):
            written = (pl.read_ipc(file) for file in self._files.get(number, ()))
            yield pl.concat([*written, *self._held.get(number, ())])
