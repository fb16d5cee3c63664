"""Files as the data folder has them: made under a temporary name, moved when they are whole, errors in one line."""

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TEMPORARY = ".tmp-"


class StoreError(Exception):
    """What is wrong with the data folder; the message is one line that says what, where and what to do."""


def temporary(folder: Path) -> Path:
    """A new name in a folder, for what is not yet whole."""
    return folder / f"{TEMPORARY}{uuid.uuid4().hex}"


def write(path: Path, content: str | bytes) -> None:
    """A file with this content, in the place of an older one in one step."""
    unfinished = temporary(path.parent)
    try:
        with unfinished.open("xb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def ends_with(path: Path, text: str) -> bool:
    """Whether a file stands there whose last words are these."""
    return path.is_file() and path.read_text(encoding="utf-8").endswith(text)


def sync(path: Path) -> None:
    """Has a folder's names, or a file, on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def point(link: Path, target: Path) -> None:
    """Points a link somewhere else in one step."""
    if link.is_symlink() and link.readlink() == target:
        return
    if link.is_dir() and not link.is_symlink():
        raise StoreError(f"{link} is a folder where a link should be: move it away and run again")
    unfinished = temporary(link.parent)
    unfinished.symlink_to(target)
    unfinished.replace(link)
    sync(link.parent)


def same_file(source: Path, target: Path) -> None:
    """A second name for a file that is replaced, never written to: so it costs no copy."""
    try:
        os.link(source, target)
    except OSError as e:
        if e.errno not in (errno.EPERM, errno.ENOTSUP, errno.EXDEV, errno.EMLINK, errno.ENOSYS):
            raise
        shutil.copy2(source, target)  # a file system without hard links
        sync(target)


def clean(folder: Path) -> None:
    """Removes what was never finished."""
    if folder.is_dir():
        for left in folder.glob(f"{TEMPORARY}*"):
            shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()


@contextmanager
def told(root: Path) -> Iterator[None]:
    """Errors of the file system in the data folder as one line that says what to do."""
    try:
        yield
    except OSError as e:
        where = Path(e.filename) if isinstance(e.filename, str) else root
        if not where.is_relative_to(root):
            raise  # something else that was done while a table was being written
        if e.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            what = f"no space left for {root}: free some, or choose another data folder"
        elif e.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            what = f"{where} can't be written: make it writable, or choose another data folder"
        elif e.errno in (errno.ENOTDIR, errno.EEXIST):
            what = f"{where} is not a folder: choose another data folder"
        else:
            what = f"{where}: {(e.strerror or str(e)).lower()}: mend that, or choose another data folder"
        raise StoreError(what) from e
