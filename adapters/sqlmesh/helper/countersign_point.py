"""A rollback point as a directory: where its parts lie, and how it is known to be whole.

```
DIR/ID/manifest.json   written last and at once: without it there is no point
       begun.json      what it is going to be, until the manifest is written
       dropped.json    the manifest of what is being removed
       verified.json   what came of the last verification
       config/         the project's configuration
       copy/           databases or SQLMesh's state
       saving          held by whoever is at work here
```
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import re
import shutil
import typing as t
from pathlib import Path

from countersign_state import impossible, usage

LAYOUT = 1
# Also part of the names of databases, files and tables.
ID = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")
MANIFEST, VERIFIED, LOCK = "manifest.json", "verified.json", "saving"
BEGUN, DROPPED = "begun.json", "dropped.json"


class BusyPoint(Exception):
    """Another process is at work on the point; the same call may succeed a moment later."""


@dataclasses.dataclass(frozen=True)
class Point:
    """One directory; everything in it is found by relative names."""

    id: str
    folder: Path

    @property
    def copy(self) -> Path:
        return self.folder / "copy"

    @property
    def config(self) -> Path:
        return self.folder / "config"

    def manifest(self) -> dict[str, t.Any] | None:
        """What the point holds, or none where it was never finished."""
        manifest = _read(self.folder / MANIFEST)
        if manifest and manifest["layout"] != LAYOUT:
            raise impossible(f"The rollback point {self.id} has a layout that is not known here.")
        return manifest

    def known(self) -> dict[str, t.Any]:
        """The manifest, or a refusal."""
        manifest = self.manifest()
        if manifest is None:
            raise impossible(f"There is no rollback point {self.id} in {self.folder.parent}.")
        return manifest

    def unfinished(self) -> dict[str, t.Any] | None:
        """What was being removed, or else what was being made, where that was interrupted."""
        return _read(self.folder / DROPPED) or _read(self.folder / BEGUN)

    def finish(self, manifest: dict[str, t.Any]) -> None:
        """From this moment on it is a point."""
        for file in sorted(self.folder.rglob("*"), reverse=True):
            sync(file)
        self.write(MANIFEST, manifest)
        (self.folder / BEGUN).unlink(missing_ok=True)

    def write(self, name: str, value: dict[str, t.Any]) -> None:
        draft = self.folder / f"{name}.draft"
        with draft.open("w", encoding="utf-8") as file:
            json.dump(value, file, ensure_ascii=False, indent=1, default=str)
            file.flush()
            os.fsync(file.fileno())
        os.rename(draft, self.folder / name)
        sync(self.folder)
        sync(self.folder.parent)

    def forget(self) -> None:
        """No point any more; what it was is kept until its tables are gone as well."""
        os.rename(self.folder / MANIFEST, self.folder / DROPPED)
        sync(self.folder)

    def empty(self) -> None:
        """Removes what an interrupted `save` left; never a finished point."""
        for folder in (self.copy, self.config):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)

    def remove(self) -> None:
        """Removes the directory; what it was goes last, so that an interrupted removal is found."""
        for folder in (self.copy, self.config):
            shutil.rmtree(folder, ignore_errors=True)
        for name in (VERIFIED, DROPPED, BEGUN):
            (self.folder / name).unlink(missing_ok=True)
        shutil.rmtree(self.folder)

    def files(self) -> list[dict[str, t.Any]]:
        """Every file of the copy and the configuration with its hash."""
        found = [*self.copy.rglob("*"), *self.config.rglob("*")]
        return [self._file(path) for path in sorted(found) if path.is_file()]

    def _file(self, path: Path) -> dict[str, t.Any]:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        name = path.relative_to(self.folder).as_posix()
        return {"path": name, "bytes": path.stat().st_size, "sha256": digest}

    @contextlib.contextmanager
    def held(self) -> t.Iterator[None]:
        """One process at a time; programs that it starts go on holding it, should it be killed."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mark = self.folder / LOCK
        others = [entry for entry in self.folder.iterdir() if entry.name != LOCK]
        if others and not mark.exists():
            raise usage(f"{self.folder} is not empty and no rollback point; nothing is put there.")
        with mark.open("a") as file:
            os.set_inheritable(file.fileno(), True)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                message = f"could not set lock on {mark}: another process is at work on it"
                raise BusyPoint(message) from None
            yield


def point(directory: str, identifier: str) -> Point:
    """The point of that id, whether it is there or not."""
    return Point(as_id(identifier), Path(os.path.abspath(directory)) / identifier)


def as_id(text: str) -> str:
    """The text, where it may become part of names; a refusal otherwise."""
    if not ID.fullmatch(text):
        raise usage("A point's id or tag has at most 40 lower-case letters, digits and _.")
    return text


def _read(file: Path) -> dict[str, t.Any] | None:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def sync(path: Path) -> None:
    """Returns when the file, or the names in the directory, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
