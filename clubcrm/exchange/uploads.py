"""The files people upload: kept under random names in a folder of their own.

Nobody but the program reads them. One that was never imported goes after a week, one that was after
thirty days (so long its rejected rows can be fetched), and at once when its import is undone.
"""

import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Final

from clubcrm.core.folding import clean_text
from clubcrm.exchange.errors import FileEmpty, FileGone, FileTooLarge
from clubcrm.exchange.readers.port import MAX_BYTES

FOLDER: Final = "uploads"
KEPT_UNUSED: Final = timedelta(days=7)
KEPT_IMPORTED: Final = timedelta(days=30)

_BLOCK: Final = 1 << 20
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{20,60}\.upload")


@dataclass(frozen=True)
class Upload:
    """A file that was taken in: its random name, its own name, and a digest of what it holds."""

    stored_as: str
    file_name: str
    sha256: str


def keep_upload(data_dir: Path, stream: IO[bytes], file_name: str) -> Upload:
    """Keep an uploaded file. Raises FileTooLarge, FileEmpty."""
    folder = data_dir / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{secrets.token_urlsafe(24)}.upload"
    path = folder / name
    digest = hashlib.sha256()
    size = 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            while block := stream.read(_BLOCK):
                size += len(block)
                if size > MAX_BYTES:
                    raise FileTooLarge(size=f"{size / 2**20:.0f}", most=MAX_BYTES // 2**20)
                digest.update(block)
                file.write(block)
        if not size:
            raise FileEmpty
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Upload(name, shown_name(file_name), digest.hexdigest())


def path_of(data_dir: Path, stored_as: str | None) -> Path:
    """Where an upload lies. Raises FileGone where it is kept no longer."""
    if stored_as is None or not _NAME.fullmatch(stored_as):
        raise FileGone
    path = data_dir / FOLDER / stored_as
    if not path.is_file():
        raise FileGone
    return path


def forget_upload(data_dir: Path, stored_as: str) -> None:
    """Remove an upload; one that is gone already is no matter."""
    if _NAME.fullmatch(stored_as):
        (data_dir / FOLDER / stored_as).unlink(missing_ok=True)


def digest_of_file(path: Path) -> str:
    """A digest of what a file holds, by which it is known again."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def shown_name(file_name: str) -> str:
    """The name of a file as it is shown: without folders, and without what could turn a line."""
    return clean_text(re.split(r"[/\\]", file_name)[-1], 240) or "file"
