"""The databases behind a gateway, as whole things that can be copied, compared and exchanged.

A unit is one DuckDB file or one PostgreSQL database; it holds SQLMesh's state, data, or both. Units
come in the order in which they are taken: state first. State that is older than its data only
fills intervals again; state that is newer leaves gaps that nobody sees.

Only the configuration is read here: a unit must be found while its database is broken or gone.
"""

from __future__ import annotations

import typing as t

from countersign_state import duckdb_files, impossible

if t.TYPE_CHECKING:
    from pathlib import Path

# The schema of tables that rollback points keep inside the database.
BACKUPS = "rollback_backup"
Table = tuple[str, str]


class Unit(t.Protocol):
    """What both engines can do; `countersign_duckdb` and `countersign_postgres` say how."""

    name: str
    engine: str
    holds_state: bool
    holds_data: bool

    def place(self) -> str:
        """Where it is, without credentials; a point is only ever restored to where it was made."""

    def versions(self) -> dict[str, str]:
        """Programs whose versions matter for reading a copy."""

    def save_tables(self, folder: Path, state_schema: str, backups: dict[Table, str]) -> list[dict]:
        """Copies state into the folder and tables into the backup schema; returns the tables."""

    def save_all(self, folder: Path) -> list[dict]:
        """Copies everything into the folder; returns all tables and views with fingerprints."""

    def settings(self) -> dict[str, t.Any]:
        """What belongs to the database and is in no copy of its content."""

    def has_backup(self, backup: str) -> bool:
        """Whether a table of the backup schema is there."""

    def drop_backups(self, backups: list[str]) -> None:
        """Removes tables of the backup schema; those that are gone already are no matter."""

    def inspect_backups(self, backups: list[str]) -> list[dict]:
        """The tables of the backup schema as they are now."""

    def inspect_copy(self, folder: Path) -> tuple[str, str, list[dict] | None]:
        """Whether a copy can be read whole: an outcome, a sentence, and its tables if they show."""

    def restore_beside(self, point: str, folder: Path, settings: dict[str, t.Any]) -> bool:
        """Makes the copy a database beside the live one; false where it was there already."""

    def drop_beside(self, point: str) -> bool:
        """Removes the restored one, whole or half; false where there was none."""

    def inspect_beside(self, point: str) -> list[dict] | None:
        """All tables and views of the restored one; none where it is not there."""

    def exchange(self, point: str, back: bool) -> str:
        """Puts the restored one (or, back, the kept one) in the live one's place."""

    def probe_exchange(self, point: str, back: bool) -> tuple[str, str]:
        """done, not_done, partial or unknown, and a sentence."""


def units(context: t.Any) -> list[Unit]:
    """The units of the context's gateway, those with state first."""
    config, gateway = context.config, context.gateway
    data = config.get_connection(gateway)
    state = config.get_state_connection(gateway) or data
    found: dict[str, t.Any] = {}
    for connection, role in ((state, "holds_state"), (data, "holds_data")):
        for unit in _of(connection):
            known = found.setdefault(unit.place(), unit)
            setattr(known, role, True)
    return sorted(found.values(), key=lambda unit: not unit.holds_state)


def _of(connection: t.Any) -> list[t.Any]:
    if connection.type_ == "postgres":
        from countersign_postgres import PostgresUnit

        return [PostgresUnit(connection)]
    if connection.type_ == "duckdb":
        from countersign_duckdb import DuckdbUnit

        files = [
            DuckdbUnit(name, path)
            for name, path, read_only in duckdb_files(connection)
            if not read_only
        ]
        attached = connection.catalogs or {}
        others = len(attached) + bool(connection.database) - len(list(duckdb_files(connection)))
        if files and not others:
            return files
        raise impossible(
            "A rollback point covers DuckDB files; this gateway also has catalogs that are no files."
        )
    raise impossible(
        f"Rollback points are made for DuckDB and PostgreSQL; this gateway is {connection.type_}."
    )
