"""Says whether a moment of the past can be recovered, before anybody has decided; it starts nothing.

What a killed recovery has left is removed first, as it would take the room that is asked for.
"""

from __future__ import annotations

import argparse
import os
import shutil
import struct
import tempfile
import typing as t
from pathlib import Path

from countersign_archive import end_leftovers, server_program
from countersign_save_past import WHICH, finished_by, only_server
from countersign_state import Refused, impossible, open_context, usage

PASS, FAIL, INCONCLUSIVE = "pass", "fail", "inconclusive"
# What a plain disk does, with some other work beside it.
COPIED_PER_SECOND, REPLAYED_PER_SECOND = 50_000_000, 20_000_000
Add = t.Callable[[str, str, str], None]


def check_past(arguments: argparse.Namespace, console: t.Any) -> dict[str, t.Any]:
    """All checks; one that fails says why the moment cannot be recovered."""
    if not (arguments.at and arguments.base and arguments.log):
        raise usage("check-past needs --at, --base and --log.")
    end_leftovers(arguments.into)
    base, log = Path(arguments.base).absolute(), Path(arguments.log).absolute()
    checks: list[dict] = []

    def add(name: str, outcome: str, detail: str) -> None:
        row = {"name": name, "subject": base.name, "outcome": outcome, "detail": detail}
        checks.append(row | {"expected": None, "observed": None})

    try:
        _archive(base, log, arguments.at, add)
        _server(arguments, base, console, add)
        _room_and_time(Path(arguments.into), base, log, arguments.at, add)
    except Refused as refusal:
        add("recoverable", FAIL, str(refusal))
    return {"checks": checks, "passed": all(check["outcome"] == PASS for check in checks)}


def _archive(base: Path, log: Path, at_ms: int, add: Add) -> None:
    for folder in (base, base / "pg_tblspc", log):
        if not folder.is_dir():
            raise impossible(f"There is no directory {folder}.")
    finished_by(base, at_ms)
    if any((base / "pg_tblspc").iterdir()):
        raise impossible(f"The base backup {base} has tablespaces, which are not recovered here.")
    server_program(base)
    add("base_backup", PASS, f"The base backup {base} was finished before that moment.")


def _server(arguments: argparse.Namespace, base: Path, console: t.Any, add: Add) -> None:
    context = open_context(arguments.project, arguments.gateway, console)
    only_server(context.config, context.gateway)
    # The file begins with the identifier of the cluster.
    [of_base] = struct.unpack("<Q", (base / "global" / "pg_control").read_bytes()[:8])
    try:
        [(now,)] = context.engine_adapter.fetchall(WHICH)
    except Exception as error:  # A server that is gone is no reason not to recover it.
        said = str(error).splitlines()[0]
        detail = f"The live server cannot be asked whether the base backup is its own: {said}"
        return add("same_server", INCONCLUSIVE, detail)
    if str(of_base) != now:
        raise impossible(f"The base backup {base} is of another PostgreSQL server.")
    return add("same_server", PASS, "State and data are of the server that the base backup is of.")


def _room_and_time(into: Path, base: Path, log: Path, at_ms: int, add: Add) -> None:
    base_ms = (base / "backup_manifest").stat().st_mtime * 1000
    files = [file.stat() for file in log.iterdir() if file.is_file()]
    # One file more than those that were put there by then: the moment may stand in the next.
    replayed = [stat.st_size for stat in files if base_ms <= stat.st_mtime * 1000 <= at_ms]
    copied, to_replay = _size(base), sum(replayed) + max((s.st_size for s in files), default=0)
    into.mkdir(parents=True, exist_ok=True)
    # As root the copy lies where the server's own user has a way to.
    beside = Path(tempfile.gettempdir()) if os.geteuid() == 0 else into
    point = beside if os.stat(beside).st_dev == os.stat(into).st_dev else into
    needed = {beside: copied + to_replay}
    needed[point] = needed.get(point, 0) + copied
    for folder, size in needed.items():
        free = shutil.disk_usage(folder).free
        detail = f"The recovery needs up to {_mb(size)} in {folder}, where {_mb(free)} are free."
        add("disk_space", PASS if free > size else FAIL, detail)
    seconds = 2 * copied / COPIED_PER_SECOND + to_replay / REPLAYED_PER_SECOND
    detail = (
        f"The recovery copies {_mb(copied)} and replays about {_mb(to_replay)} of log: about "
        f"{max(1, round(seconds / 60))} min on a plain disk, before the restore begins."
    )
    add("recovery_time", PASS, detail)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _mb(size: int) -> str:
    return f"{max(1, round(size / 1_000_000))} MB"
