"""A DuckDB file as a unit of a rollback point.

A file is copied by DuckDB itself while it holds the lock, so the copy is of one moment. It is put
in the live file's place by a hard link and a rename: the path names a whole database at every
moment, since whoever opens a DuckDB path that is missing gets a new, empty database.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
import typing as t
from pathlib import Path

from countersign_point import sync
from countersign_state import conflict, impossible
from countersign_units import BACKUPS, Table

SYSTEM_SCHEMAS = ("information_schema", "pg_catalog")


@dataclasses.dataclass
class DuckdbUnit:
    """One file, attached under its catalog's name: views spell that name out."""

    name: str
    path: str
    holds_state: bool = False
    holds_data: bool = False
    engine: str = "duckdb"

    def __post_init__(self) -> None:
        # A rename must hit the file itself, never a symbolic link to it.
        self.path = os.path.realpath(self.path)

    def place(self) -> str:
        return self.path

    def versions(self) -> dict[str, str]:
        import duckdb

        return {"duckdb": duckdb.__version__}

    def settings(self) -> dict[str, t.Any]:
        return {}

    def save_tables(self, folder: Path, state_schema: str, backups: dict[Table, str]) -> list[dict]:
        rows: list[dict] = []
        with self._open() as database:
            if self.holds_state:
                copy = folder / "state.duckdb"
                database.attach("countersign_copy", copy)
                database.run(f"CREATE SCHEMA countersign_copy.{_quoted(state_schema)}")
                for _, table in database.names(self.name, "tables", state_schema):
                    where = f"{_quoted(state_schema)}.{_quoted(table)}"
                    source = f"{_quoted(self.name)}.{where}"
                    database.run(f"CREATE TABLE countersign_copy.{where} AS FROM {source}")
                    row = database.table("countersign_copy", state_schema, table)
                    rows.append(row | {"copy": copy.name})
                database.run("DETACH countersign_copy")
            if backups:
                database.run(f"CREATE SCHEMA IF NOT EXISTS {_quoted(self.name)}.{BACKUPS}")
            for (schema, table), backup in backups.items():
                source = f"{_quoted(self.name)}.{_quoted(schema)}.{_quoted(table)}"
                kept = f"{_quoted(self.name)}.{BACKUPS}.{_quoted(backup)}"
                database.run(f"CREATE OR REPLACE TABLE {kept} AS FROM {source}")
                row = database.table(self.name, BACKUPS, backup)
                rows.append(row | {"schema": schema, "name": table, "backup": backup})
        return rows

    def save_all(self, folder: Path) -> list[dict]:
        with self._open() as database:
            database.attach("countersign_copy", folder / f"{self.name}.duckdb")
            database.run(f"COPY FROM DATABASE {_quoted(self.name)} TO countersign_copy")
            database.run("DETACH countersign_copy")
            return database.content(self.name)

    def has_backup(self, backup: str) -> bool:
        with self._open() as database:
            return (BACKUPS, backup) in database.names(self.name, "tables", BACKUPS)

    def drop_backups(self, backups: list[str]) -> None:
        if not Path(self.path).exists():
            return
        with self._open() as database:
            for backup in backups:
                kept = f"{_quoted(self.name)}.{BACKUPS}.{_quoted(backup)}"
                database.run(f"DROP TABLE IF EXISTS {kept}")

    def inspect_backups(self, backups: list[str]) -> list[dict]:
        with self._open() as database:
            there = {table for _, table in database.names(self.name, "tables", BACKUPS)}
            return [database.table(self.name, BACKUPS, name) for name in backups if name in there]

    def inspect_copy(self, folder: Path) -> tuple[str, str, list[dict] | None]:
        import duckdb

        whole, state = folder / f"{self.name}.duckdb", folder / "state.duckdb"
        copy = whole if whole.exists() else state
        try:
            with Database() as database:
                database.attach(self.name, copy, read_only=True)
                rows = database.content(self.name)
        except duckdb.Error as error:
            return "fail", f"DuckDB cannot read the copy {copy.name}: {error}", None
        return "pass", f"DuckDB reads the copy {copy.name}: {len(rows)} tables and views.", rows

    def restore_beside(self, point: str, folder: Path, settings: dict[str, t.Any]) -> bool:
        restored, part = self._restored(point), self._aside("part", point)
        if restored.exists():
            return False
        _remove(part)
        with Database() as database:
            database.attach("countersign_from", folder / f"{self.name}.duckdb", read_only=True)
            database.attach("countersign_copy", part)
            database.run("COPY FROM DATABASE countersign_from TO countersign_copy")
        sync(part)
        # Complete is what carries the name: a half one never does.
        os.rename(part, restored)
        sync(restored.parent)
        return True

    def drop_beside(self, point: str) -> bool:
        found = [path for path in (self._restored(point), self._aside("part", point)) if path.exists()]
        for path in found:
            _remove(path)
        return bool(found)

    def inspect_beside(self, point: str) -> list[dict] | None:
        restored = self._restored(point)
        if not restored.exists():
            return None
        with Database() as database:
            database.attach(self.name, restored, read_only=True)
            return database.content(self.name)

    def exchange(self, point: str, back: bool) -> str:
        live, coming, leaving = self._three(point, back)
        state, detail = self.probe_exchange(point, back)
        if state == "done":
            return str(leaving)
        if state == "unknown":
            raise conflict(detail, state=state)
        if coming.exists() and live.exists():
            self._put(live, coming, leaving)
        elif coming.exists():
            # Nothing to keep: this mark tells that apart from a database that was never touched.
            _nothing(leaving).touch()
            os.rename(coming, live)
        if _log(coming).exists():
            os.rename(_log(coming), _log(live))
        sync(live.parent)
        return str(leaving)

    def _put(self, live: Path, coming: Path, leaving: Path) -> None:
        _settle(live)
        with _locked(live):
            if not leaving.exists():
                os.link(live, leaving)
                sync(live.parent)
            if _log(live).exists():
                os.rename(_log(live), _log(leaving))
            os.replace(coming, live)

    def probe_exchange(self, point: str, back: bool) -> tuple[str, str]:
        live, coming, leaving = self._three(point, back)
        here, arrives, kept = live.exists(), coming.exists(), leaving.exists()
        if arrives and kept:
            if here and os.path.samefile(live, leaving):
                return "partial", f"{live.name} is about to be exchanged and still the old file."
            return "unknown", f"Both {coming.name} and {leaving.name} are there beside {live.name}."
        if arrives:
            return "not_done", f"{coming.name} waits beside {live.name}."
        if here and (kept or _nothing(leaving).exists()):
            if _log(coming).exists():
                return "partial", f"{live.name} was exchanged and its write-ahead log was not."
            return "done", f"{live.name} was exchanged; {leaving.name} is what it was before."
        if _nothing(coming).exists():
            return "unknown", f"There was no {live.name} before, so there is none to go back to."
        return "unknown", f"Neither {coming.name} nor {leaving.name} is there beside {live.name}."

    def _three(self, point: str, back: bool) -> tuple[Path, Path, Path]:
        coming, leaving = self._restored(point), self._aside("broken", point)
        return (Path(self.path), leaving, coming) if back else (Path(self.path), coming, leaving)

    def _restored(self, point: str) -> Path:
        return self._aside("restore", point)

    def _aside(self, what: str, point: str) -> Path:
        live = Path(self.path)
        return live.with_name(f"{live.stem}_{what}_{point}{live.suffix}")

    @contextlib.contextmanager
    def _open(self) -> t.Iterator[Database]:
        if not Path(self.path).exists():
            raise impossible(f"The DuckDB file {self.path} does not exist.")
        with Database() as database:
            database.attach(self.name, Path(self.path))
            yield database


class Database:
    """A connection of its own, in memory, to which files are attached."""

    def __init__(self) -> None:
        import duckdb

        self._connection = duckdb.connect()
        self.run("SET TimeZone = 'UTC'")

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def run(self, statement: str, values: list | None = None) -> list[tuple]:
        return self._connection.execute(statement, values or []).fetchall()

    def attach(self, name: str, path: Path, read_only: bool = False) -> None:
        option = " (READ_ONLY)" if read_only else ""
        escaped = str(path).replace("'", "''")
        self.run(f"ATTACH '{escaped}' AS {_quoted(name)}{option}")

    def names(self, catalog: str, what: str, schema: str | None = None) -> list[Table]:
        """Names of `tables` or `views`, by schema."""
        one = what.removesuffix("s")
        query = f"SELECT schema_name, {one}_name FROM duckdb_{what}() WHERE database_name = $1"
        rows = self.run(f"{query} AND NOT internal AND NOT temporary ORDER BY ALL", [catalog])
        return [row for row in rows if schema in (None, row[0]) and row[0] not in SYSTEM_SCHEMAS]

    def content(self, catalog: str) -> list[dict]:
        """All tables with fingerprints, and all views with a hash of their text."""
        rows = [self.table(catalog, *name) for name in self.names(catalog, "tables")]
        query = "SELECT schema_name, view_name, md5(sql) FROM duckdb_views()"
        query += " WHERE database_name = $1 AND NOT internal AND NOT temporary ORDER BY ALL"
        for schema, name, text in self.run(query, [catalog]):
            row = {"schema": schema, "name": name, "kind": "view", "rows": None}
            rows.append(row | {"columns": [], "fingerprint": text})
        return rows

    def table(self, catalog: str, schema: str, name: str) -> dict[str, t.Any]:
        """Rows, columns, and a hash over all rows that does not depend on their order."""
        table = f"{_quoted(catalog)}.{_quoted(schema)}.{_quoted(name)}"
        columns = "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = $1"
        columns += " AND schema_name = $2 AND table_name = $3 ORDER BY column_index"
        whole = "md5_number_lower(countersign_row::VARCHAR)"
        [(rows, total)] = self.run(
            f"SELECT count(*), coalesce(sum({whole}), 0)::VARCHAR FROM {table} AS countersign_row"
        )
        return {
            "schema": schema,
            "name": name,
            "kind": "table",
            "rows": rows,
            "columns": [list(row) for row in self.run(columns, [catalog, schema, name])],
            "fingerprint": total,
        }


@contextlib.contextmanager
def _locked(path: Path) -> t.Iterator[None]:
    """Holds DuckDB's own lock on a file that DuckDB may no longer be able to read."""
    with path.open("rb+") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BusyFile(f"could not set lock on {path}: another process has it open") from None
        yield


class BusyFile(Exception):
    """Somebody else has the file open; the same call may succeed a moment later."""


def _settle(live: Path) -> None:
    """Brings DuckDB's write-ahead log into the file where DuckDB can still read both."""
    import duckdb

    if not _log(live).exists():
        return
    with contextlib.suppress(duckdb.Error), Database() as database:
        database.attach("countersign_live", live)
        database.run("CHECKPOINT countersign_live")


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")


def _nothing(path: Path) -> Path:
    return path.with_name(f"{path.name}.nothing")


def _remove(path: Path) -> None:
    for file in (path, _log(path)):
        file.unlink(missing_ok=True)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
