"""Makes a full rollback point of a moment of the past, out of PostgreSQL's archive.

What comes of it is a point like any other: it is restored to where the databases lie now.
"""

from __future__ import annotations

import argparse
import typing as t
from pathlib import Path

from countersign_archive import PORT, Moment, recovered
from countersign_point import Point
from countersign_save import Past, save
from countersign_state import Project, conflict, impossible, open_context, usage
from countersign_units import units

Announce = t.Callable[[dict], None]
WHICH = "SELECT system_identifier::text FROM pg_control_system()"


def save_past(
    arguments: argparse.Namespace, into: Point, console: t.Any, announce: Announce
) -> dict[str, t.Any]:
    """Recovers a server up to the moment and takes the point out of it."""
    if arguments.kind != "full" or not (arguments.base and arguments.log):
        raise usage("A point of the past is of the kind `full` and needs --base and --log.")
    base, log = Path(arguments.base).absolute(), Path(arguments.log).absolute()
    for folder in (base, base / "pg_tblspc", log):
        if not folder.is_dir():
            raise impossible(f"There is no directory {folder}.")
    finished_by(base, arguments.at)
    live = open_context(arguments.project, arguments.gateway, console)
    connection = only_server(live.config, live.gateway)
    places = {unit.name: unit.place() for unit in units(live)}
    moment = Moment(arguments.at, base, log, connection.user)
    with recovered(arguments.into, into.id, moment, announce) as socket:

        def adapt(config: t.Any, gateway: str | None) -> None:
            for connection in _connections(config, gateway):
                connection.host, connection.port, connection.password = socket, PORT, ""

        where = (arguments.project, arguments.gateway, arguments.environment)
        project = Project(*where, console, adapt)
        _same_server(live, project.context, base)
        past = Past(arguments.at, places, {"base_backup": str(base), "log": str(log)})
        return save(project, into, "full", None, arguments.reason, announce, past)


def finished_by(base: Path, at_ms: int) -> None:
    """Refuses a base backup that may hold what was written after the moment.

    PostgreSQL would stop at the first change after the backup's end, and call that the moment.
    """
    manifest = base / "backup_manifest"
    if not manifest.exists():
        raise impossible(f"The base backup {base} was never finished.")
    if manifest.stat().st_mtime * 1000 > at_ms:
        raise impossible(f"At that moment the base backup {base} was still being made.")


def _connections(config: t.Any, gateway: str | None) -> list[t.Any]:
    found = [config.get_connection(gateway), config.get_state_connection(gateway)]
    return [connection for connection in found if connection]


def only_server(config: t.Any, gateway: str | None) -> t.Any:
    """A connection to the one server that holds state and data."""
    found = _connections(config, gateway)
    servers = {(getattr(c, "host", c.type_), getattr(c, "port", None)) for c in found}
    if any(connection.type_ != "postgres" for connection in found):
        raise impossible("Only PostgreSQL's archive leads back to a moment between two points.")
    if len(servers) > 1:
        raise impossible(
            "SQLMesh's state and the data lie on two servers, and an archive is of one of them: "
            "they would come back from different moments."
        )
    return found[0]


def _same_server(live: t.Any, past: t.Any, base: Path) -> None:
    """Refuses an archive of somebody else's server; one that is gone cannot be asked."""
    [(recovered,)] = past.engine_adapter.fetchall(WHICH)
    try:
        [(now,)] = live.engine_adapter.fetchall(WHICH)
    except Exception:
        return
    if recovered != now:
        raise conflict(f"The base backup {base} is of another PostgreSQL server.")
