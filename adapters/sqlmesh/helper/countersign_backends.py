"""PostgreSQL's side of a call: a killed client leaves its query running there.

Every connection of a run carries the run's name, so that whatever it left behind is found by that
name, ended, and seen to be gone. Other engines know no such names and end queries with their client.
"""

from __future__ import annotations

import os
import time
import typing as t
from pathlib import Path

from countersign_state import impossible

GONE_WITHIN_S = 20.0
LOOK_S = 0.1
ANY_DATABASE = "postgres"
OURS = "select pid from pg_stat_activity where application_name = %s and pid <> pg_backend_pid()"
END = "select pg_terminate_backend(%s)"


def name_backends(config: t.Any, gateway: str | None) -> None:
    """Connections are named by PGAPPNAME, also where the project gives them another name."""
    name = os.environ.get("PGAPPNAME")
    for connection in _connections(config, gateway):
        if name and connection.application_name:
            connection.application_name = name


def end_backends(directory: str, gateway: str | None, name: str) -> dict[str, t.Any]:
    """Ends every backend of this name on the gateway's servers, and waits until none is left."""
    from sqlmesh.core.config import Config
    from sqlmesh.core.config.loader import load_configs

    config = load_configs(None, Config, [directory])[Path(directory).absolute()]
    ended = 0
    for connection in _connections(config, gateway):
        connection.application_name = "countersign-ending"
        client = _connected(connection)
        try:
            # Each look has to see what is there now.
            client.autocommit = True
            ended += _end_on(client, name)
        finally:
            client.close()
    return {"ended": ended}


def _connected(connection: t.Any) -> t.Any:
    """A connection to the server; to whichever database, because backends of all of them are seen.

    The gateway's own may be gone: then a rollback of the whole environment is what brings it back.
    """
    try:
        return connection._connection_factory_with_kwargs()
    except Exception as error:
        if f'database "{connection.database}" does not exist' not in str(error):
            raise
    connection.database = ANY_DATABASE
    return connection._connection_factory_with_kwargs()


def _end_on(client: t.Any, name: str) -> int:
    ended: set[int] = set()
    until = time.monotonic() + GONE_WITHIN_S
    with client.cursor() as cursor:
        while True:
            cursor.execute(OURS, (name,))
            left = [pid for (pid,) in cursor.fetchall()]
            if not left:
                return len(ended)
            if time.monotonic() > until:
                raise impossible(
                    f"{len(left)} connections of {name} are still at work after "
                    f"{GONE_WITHIN_S:.0f} s: {left}."
                )
            for pid in left:
                cursor.execute(END, (pid,))
            ended.update(left)
            time.sleep(LOOK_S)


def _connections(config: t.Any, gateway: str | None) -> list[t.Any]:
    """The gateway's connections to PostgreSQL: of the data and of the state, one for each server."""
    found = [config.get_connection(gateway), config.get_state_connection(gateway)]
    return [c for c in found if c is not None and c.type_ in ("postgres", "gcp_postgres")]
