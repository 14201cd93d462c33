"""A warehouse with releases of the demo project, on DuckDB or PostgreSQL, and the helper's calls.

PostgreSQL is the server of `COUNTERSIGN_TEST_POSTGRES`; `skip` there, or nothing, leaves its tests
out.
"""

from __future__ import annotations

import datetime
import importlib.util
import json
import os
import shutil
import signal
import socket
import sys
import typing as t
import urllib.parse
from pathlib import Path

from helper_nursery import HELPER, Ended, nursery

DEMO = HELPER.parents[2] / "xtask" / "demo"
POSTGRES = os.environ.get("COUNTERSIGN_TEST_POSTGRES", "skip")
TODAY = datetime.datetime.now(datetime.UTC).date()


def free_port() -> int:
    """One that nobody uses at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Site:
    """A warehouse with the releases of the project beside it."""

    gateway: str

    def __init__(self, root: Path, places: dict[str, str]) -> None:
        self.root = root
        self.variables = {
            **os.environ,
            "COUNTERSIGN_DEMO_START": (TODAY - datetime.timedelta(days=120)).isoformat(),
            "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "1",
            **places,
        }
        self.variables.pop("SQLMESH__CACHE_DIR", None)

    def deploy(self, release: str, *options: str, environment: str = "prod") -> None:
        plan = ("plan", environment, "--auto-apply", "--no-prompts", "--no-diff")
        ended = self.sqlmesh(release, *plan, *options)
        if ended.code:
            raise AssertionError(ended.output + ended.errors)

    def sqlmesh(self, release: str, *arguments: str) -> Ended:
        """SQLMesh's own command line on a release."""
        argv = ["-p", str(self.root / release), "--gateway", self.gateway, *arguments]
        return nursery().call("sqlmesh", argv, self.variables, folder=str(self.root))

    def ask(self, *arguments: str, release: str = "good") -> tuple[int, dict]:
        code, lines = self.helper(*arguments, release=release)
        return code, lines[-1]

    def helper(self, *arguments: str, release: str = "good") -> tuple[int, list[dict]]:
        return self._call(arguments, release)

    def die(self, marker: str, *arguments: str) -> None:
        """Calls the helper, which is killed when it says the first thing that contains the marker."""
        code, lines = self._call(arguments, "good", dies_at=marker)
        assert code == -signal.SIGKILL, f"{marker} never came: {lines}"

    def die_before(self, part: str, *arguments: str) -> None:
        """Calls the helper, which is killed before the first statement that contains the part."""
        code, lines = self._call(arguments, "good", dies_before=part)
        assert code == -signal.SIGKILL, f"{part} never came: {lines}"

    def _call(self, arguments: tuple, release: str, **more: str) -> tuple[int, list[dict]]:
        argv = self._argv(arguments, release)
        ended = nursery().call("helper", argv, self.variables, **more)
        return ended.code, [json.loads(line) for line in ended.output.splitlines()]

    def started(self, *arguments: str) -> list[str]:
        """The command line for a helper that is started anew."""
        program = [sys.executable, "-B", str(HELPER / "countersign_sqlmesh.py")]
        return [*program, *self._argv(arguments, "good")]

    def _argv(self, arguments: tuple, release: str) -> list[str]:
        command, *rest = arguments
        argv = [command, "--project", str(self.root / release)]
        return [*argv, "--gateway", self.gateway, "--environment", "prod", *rest]

    def sql(self, statement: str) -> list:
        raise NotImplementedError

    def table(self, name: str) -> str:
        """A table of the warehouse as a statement of `sql` names it."""
        raise NotImplementedError

    def row_table(self, model: str) -> str:
        """The physical table that the environment's view of the model reads."""
        current = self.ask("inspect")[1]["current"]
        return next(row["physical_table"] for row in current if row["name"] == model)

    def backups(self) -> list:
        """The tables that rollback points keep in the warehouse."""
        tables = "SELECT table_name FROM information_schema.tables"
        return self.sql(f"{tables} WHERE table_schema = 'rollback_backup'")

    def record(self) -> list:
        """SQLMesh's record of the environment, read without the helper."""
        name = self.table("sqlmesh._environments")
        return self.sql(f"SELECT * FROM {name} WHERE name = 'prod'")

    def content(self) -> dict[str, list]:
        """All rows behind the environments' views by view, read without the helper.

        Columns are ordered by their names: one that was dropped comes back as the last.
        """
        columns: dict[str, list[str]] = {}
        for schema, view, column in self.sql(
            "SELECT v.table_schema, v.table_name, c.column_name"
            " FROM information_schema.views v JOIN information_schema.columns c"
            " USING (table_catalog, table_schema, table_name)"
            " WHERE v.table_schema NOT IN ('information_schema', 'pg_catalog', 'main')"
            " AND v.table_schema NOT LIKE 'sqlmesh%' ORDER BY 1, 2, 3"
        ):
            columns.setdefault(f"{schema}.{view}", []).append(f'"{column}"')
        return {view: self._rows(view, ", ".join(named)) for view, named in columns.items()}

    def _rows(self, view: str, named: str) -> list[str]:
        rows = self.sql(f"SELECT {named} FROM {self.table(view)}")
        return [named, *sorted(map(repr, rows))]


class DuckdbSite(Site):
    gateway = "local"

    def __init__(self, root: Path, warehouse: Path) -> None:
        super().__init__(root, {"COUNTERSIGN_DEMO_WAREHOUSE": str(warehouse)})
        self.warehouse = warehouse

    def fill(self) -> None:
        _fixture().write_fixture(str(self.warehouse), TODAY)

    def copy(self, folder: Path) -> DuckdbSite:
        warehouse = folder / "warehouse.duckdb"
        shutil.copy(self.warehouse, warehouse)
        return DuckdbSite(self.root, warehouse)

    def sql(self, statement: str) -> list:
        import duckdb

        with duckdb.connect() as connection:
            connection.execute(f"ATTACH '{self.warehouse}' AS wh")
            return connection.execute(statement).fetchall()

    def table(self, name: str) -> str:
        return f"wh.{name}"

    def keep_as_template(self) -> None:
        pass

    def keep(self) -> None:
        """Remembers all of it for `reset`."""
        shutil.copy(self.warehouse, self.warehouse.with_suffix(".kept"))

    def reset(self) -> None:
        shutil.copy(self.warehouse.with_suffix(".kept"), self.warehouse)

    def destroy(self) -> None:
        """What a disk does: the file is still there and no database any more."""
        with self.warehouse.open("rb+") as file:
            file.write(b"\0" * 65_536)

    def change_restored(self, tag: str) -> None:
        restored = self.warehouse.with_name(f"warehouse_restore_{tag}.duckdb")
        DuckdbSite(self.root, restored).sql("DELETE FROM wh.raw.orders WHERE order_id = 1")

    def remove(self) -> None:
        pass


class PostgresSite(Site):
    gateway = "postgres"

    def __init__(self, root: Path, database: str) -> None:
        server = urllib.parse.urlsplit(POSTGRES)
        self.server = {
            "host": server.hostname or "127.0.0.1",
            "port": str(server.port or 5432),
            "user": server.username or "postgres",
            "password": server.password or "",
        }
        places = {f"COUNTERSIGN_DEMO_PG{key.upper()}": v for key, v in self.server.items()}
        super().__init__(root, places | {"COUNTERSIGN_DEMO_PGDATABASE": database})
        self.database = database

    def fill(self) -> None:
        self.anew(f'CREATE DATABASE "{self.database}"')
        connection = self.connection()
        _fixture().copy_fixture(connection, TODAY)
        connection.close()

    def copy(self, folder: Path) -> PostgresSite:
        # The database's name is part of every model's identity, so the copy has to bear it.
        self.anew(f'CREATE DATABASE "{self.database}" TEMPLATE "{self.database}_template"')
        return PostgresSite(self.root, self.database)

    def keep_as_template(self) -> None:
        self.server_sql(f'ALTER DATABASE "{self.database}" RENAME TO "{self.database}_template"')

    def keep(self) -> None:
        self.server_sql(f'CREATE DATABASE "{self.database}_kept" TEMPLATE "{self.database}"')

    def reset(self) -> None:
        self.server_sql(f'DROP DATABASE "{self.database}" WITH (FORCE)')
        self.server_sql(f'CREATE DATABASE "{self.database}" TEMPLATE "{self.database}_kept"')

    def anew(self, create: str) -> None:
        self.remove()
        self.server_sql(create)

    def connection(self, database: str | None = None) -> t.Any:
        import psycopg2

        return psycopg2.connect(**self.server, database=database or self.database)

    def sql(self, statement: str) -> list:
        return _run(self.connection(), statement)

    def server_sql(self, statement: str) -> list:
        return _run(self.connection("postgres"), statement)

    def table(self, name: str) -> str:
        return name

    def destroy(self) -> None:
        """What a wrong command does: state and data are gone."""
        schemas = self.sql("SELECT nspname FROM pg_namespace WHERE nspname ~ '^(sqlmesh|marts)'")
        for (schema,) in schemas:
            self.sql(f'DROP SCHEMA "{schema}" CASCADE')

    def change_restored(self, tag: str) -> None:
        query = f"SELECT datname FROM pg_database WHERE datname LIKE '{self.database}_restore%'"
        [(restored,)] = self.server_sql(query)
        _run(self.connection(restored), "DELETE FROM raw.orders WHERE order_id = 1")

    def remove(self, *, and_template: bool = False) -> None:
        """Drops the database and all that stand beside it."""
        query = f"SELECT datname FROM pg_database WHERE datname LIKE '{self.database}%'"
        for (database,) in self.server_sql(query):
            if and_template or database != f"{self.database}_template":
                self.server_sql(f'DROP DATABASE "{database}" WITH (FORCE)')


def _run(connection: t.Any, statement: str) -> list:
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def _fixture() -> t.Any:
    specification = importlib.util.spec_from_file_location("fixture", DEMO / "make_fixture.py")
    fixture = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(fixture)
    return fixture
