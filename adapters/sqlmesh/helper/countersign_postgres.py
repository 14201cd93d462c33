"""A PostgreSQL database as a unit of a rollback point.

`pg_dump` and the fingerprints share one exported snapshot, so they tell of the same moment. Two
`ALTER DATABASE .. RENAME` in one transaction exchange the databases: no crash comes between them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import time
import typing as t
from pathlib import Path

from countersign_postgres_session import RELATIONS, Session, literal, qualified, quoted
from countersign_state import conflict, impossible
from countersign_units import BACKUPS, Table

LONGEST_NAME = 63
# Sessions may come back faster than they are ended; so often the exchange is tried.
TRIES = 5
CONNECTION = (
    *("host", "port", "user", "password"),
    *("sslmode", "connect_timeout", "keepalives_idle", "application_name"),
)
# Their values are lists, which are stored as they are written.
LISTS = ("search_path", "temp_tablespaces", "local_preload_libraries", "session_preload_libraries")

DATABASE = """
SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype
FROM pg_database WHERE datname = %s
"""

GRANTS = """
SELECT CASE WHEN a.grantee = 0 THEN NULL ELSE pg_get_userbyid(a.grantee) END,
  a.privilege_type, a.is_grantable
FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = %s
ORDER BY 1 NULLS FIRST, 2
"""

SETTINGS = """
SELECT CASE WHEN s.setrole = 0 THEN NULL ELSE pg_get_userbyid(s.setrole) END, unnest(s.setconfig)
FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
WHERE d.datname = %s ORDER BY 1 NULLS FIRST, 2
"""


class PostgresUnit:
    """One database of one server, reached as SQLMesh reaches it."""

    engine = "postgres"

    def __init__(self, connection: t.Any) -> None:
        self.name: str = connection.database
        self.holds_state = self.holds_data = False
        self._connection = connection

    def place(self) -> str:
        return f"{self._connection.host}:{self._connection.port}/{self.name}"

    def versions(self) -> dict[str, str]:
        dump = _run(["pg_dump", "--version"], {}).split()
        with self._session(self.name) as session:
            server = session.run("SHOW server_version")[0][0]
        return {"pg_dump": next(word for word in dump if word[0].isdigit()), "postgresql": server}

    def settings(self) -> dict[str, t.Any]:
        with self._session(self.name) as session:
            [found] = session.run(DATABASE, [self.name])
            grants, settings = session.run(GRANTS, [self.name]), session.run(SETTINGS, [self.name])
        keys = ("owner", "encoding", "collate", "ctype")
        return dict(zip(keys, found)) | {"grants": grants, "settings": settings}

    def save_tables(self, folder: Path, state_schema: str, backups: dict[Table, str]) -> list[dict]:
        rows: list[dict] = []
        with self._session(self.name) as session:
            snapshot = session.begin("REPEATABLE READ")
            if self.holds_state:
                copy = folder / "state.dump"
                self._dump(copy, snapshot, "--format=custom", f"--schema={quoted(state_schema)}")
                for schema, table, is_view in session.run(RELATIONS):
                    if schema == state_schema and not is_view:
                        rows.append(session.table(schema, table) | {"copy": copy.name})
            if backups:
                session.run(f"CREATE SCHEMA IF NOT EXISTS {BACKUPS}")
            for (schema, table), backup in backups.items():
                kept, source = f"{BACKUPS}.{quoted(backup)}", qualified(schema, table)
                session.run(f"DROP TABLE IF EXISTS {kept}")
                session.run(f"CREATE TABLE {kept} AS SELECT * FROM {source}")
                row = session.table(BACKUPS, backup)
                rows.append(row | {"schema": schema, "name": table, "backup": backup})
            session.run("COMMIT")
        return rows

    def save_all(self, folder: Path) -> list[dict]:
        with self._session(self.name) as session:
            snapshot = session.begin("REPEATABLE READ READ ONLY")
            self._dump(folder / self.name, snapshot, "--format=directory", "--jobs=2")
            return session.content()

    def has_backup(self, backup: str) -> bool:
        with self._session(self.name) as session:
            found = session.run("SELECT to_regclass(%s)", [f"{BACKUPS}.{quoted(backup)}"])
        return found[0][0] is not None

    def drop_backups(self, backups: list[str]) -> None:
        if not self._exists(self.name):
            return
        with self._session(self.name) as session:
            for backup in backups:
                session.run(f"DROP TABLE IF EXISTS {BACKUPS}.{quoted(backup)}")

    def inspect_backups(self, backups: list[str]) -> list[dict]:
        with self._session(self.name) as session:
            there = {table for schema, table, _ in session.run(RELATIONS) if schema == BACKUPS}
            return [session.table(BACKUPS, name) for name in backups if name in there]

    def inspect_copy(self, folder: Path) -> tuple[str, str, list[dict] | None]:
        whole = folder / self.name
        copy = whole if whole.exists() else folder / "state.dump"
        try:
            # `pg_restore --list` believes a dump that was cut off; reading all of it does not.
            _run(["pg_restore", "--file=/dev/null", str(copy)], {})
        except ToolFailed as error:
            return "fail", f"pg_restore cannot read the copy {copy.name}: {error}", None
        return "pass", f"pg_restore reads the whole copy {copy.name}.", None

    def restore_beside(self, point: str, folder: Path, settings: dict[str, t.Any]) -> bool:
        restored, part = self._aside("restore", point), self._aside("part", point)
        if self._exists(restored):
            return False
        with self._session(self._elsewhere()) as session:
            self._end_sessions(session, [part])
            session.run(f"DROP DATABASE IF EXISTS {quoted(part)}")
            encoding, collate, ctype = (settings[key] for key in ("encoding", "collate", "ctype"))
            session.run(
                f"CREATE DATABASE {quoted(part)} TEMPLATE template0 ENCODING {literal(encoding)}"
                f" LC_COLLATE {literal(collate)} LC_CTYPE {literal(ctype)}"
            )
        arguments = ["--exit-on-error", "--jobs=2", f"--dbname={part}", str(folder / self.name)]
        _run(["pg_restore", *arguments], self._variables(part))
        with self._session(self._elsewhere()) as session:
            session.begin("READ COMMITTED")
            for statement in _like(part, settings):
                session.run(statement)
            # Complete is what carries the name: a half one never does.
            session.run(f"ALTER DATABASE {quoted(part)} RENAME TO {quoted(restored)}")
            mark = f"restored from rollback point {point}"
            session.run(f"COMMENT ON DATABASE {quoted(restored)} IS {literal(mark)}")
            session.run("COMMIT")
        return True

    def drop_beside(self, point: str) -> bool:
        restored, part = self._aside("restore", point), self._aside("part", point)
        # A database of that name without our mark is somebody else's.
        ours = [name for name in (restored,) if self._is_restored(name, point)]
        ours += [name for name in (part,) if self._exists(name)]
        for name in ours:
            with self._session(self._elsewhere()) as session:
                self._end_sessions(session, [name])
                session.run(f"DROP DATABASE IF EXISTS {quoted(name)}")
        return bool(ours)

    def inspect_beside(self, point: str) -> list[dict] | None:
        restored = self._aside("restore", point)
        if not self._exists(restored):
            return None
        with self._session(restored) as session:
            session.begin("REPEATABLE READ READ ONLY")
            return session.content()

    def exchange(self, point: str, back: bool) -> str:
        import psycopg2

        live, coming, leaving = self._three(point, back)
        for attempt in range(TRIES):
            state, detail = self.probe_exchange(point, back)
            if state == "done":
                return leaving
            if state == "unknown":
                raise conflict(detail, state=state)
            with self._session(self._elsewhere()) as session:
                session.begin("READ COMMITTED")
                self._end_sessions(session, [live, coming])
                try:
                    if self._exists(live):
                        session.run(f"ALTER DATABASE {quoted(live)} RENAME TO {quoted(leaving)}")
                    session.run(f"ALTER DATABASE {quoted(coming)} RENAME TO {quoted(live)}")
                    session.run("COMMIT")
                except psycopg2.errors.ObjectInUse:
                    if attempt + 1 == TRIES:
                        raise
                    time.sleep(0.2)
        return leaving

    def probe_exchange(self, point: str, back: bool) -> tuple[str, str]:
        live, coming, leaving = self._three(point, back)
        here, arrives, kept = map(self._exists, (live, coming, leaving))
        if arrives and kept:
            return "unknown", f"Both databases {coming} and {leaving} are there beside {live}."
        if arrives:
            return "not_done", f"The database {coming} waits beside {live}."
        if here and kept:
            return "done", f"{live} was exchanged; the database {leaving} is what it was before."
        if here and not back and self._is_restored(live, point):
            return "done", f"{live} is what was restored; there was no database of that name before."
        return "unknown", f"Neither the database {coming} nor {leaving} is there beside {live}."

    def _is_restored(self, database: str, point: str) -> bool:
        query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
        with self._session(self._elsewhere()) as session:
            return session.run(query, [database]) == [(f"restored from rollback point {point}",)]

    def _three(self, point: str, back: bool) -> tuple[str, str, str]:
        coming, leaving = self._aside("restore", point), self._aside("broken", point)
        return (self.name, leaving, coming) if back else (self.name, coming, leaving)

    def _aside(self, what: str, point: str) -> str:
        whole = f"{self.name}_{what}_{point}"
        if len(whole.encode()) <= LONGEST_NAME:
            return whole
        # PostgreSQL would cut it off by itself, and two names could become one.
        return f"countersign_{what}_{hashlib.sha256(whole.encode()).hexdigest()[:24]}"

    def _exists(self, database: str) -> bool:
        with self._session(self._elsewhere()) as session:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            return bool(session.run(query, [database]))

    def _elsewhere(self) -> str:
        """A database to be connected to while another one is renamed."""
        return "template1" if self.name == "postgres" else "postgres"

    def _end_sessions(self, session: Session, databases: list[str]) -> None:
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        session.run(f"{query} WHERE datname = ANY(%s) AND pid <> pg_backend_pid()", [databases])

    def _dump(self, to: Path, snapshot: str, *options: str) -> None:
        arguments = [f"--snapshot={snapshot}", f"--file={to}", *options, f"--dbname={self.name}"]
        _run(["pg_dump", *arguments], self._variables(self.name))

    def _variables(self, database: str) -> dict[str, str]:
        connection = self._connection
        variables = {
            "PGHOST": connection.host,
            "PGPORT": str(connection.port),
            "PGUSER": connection.user,
            "PGPASSWORD": connection.password,
            "PGDATABASE": database,
            # What is left at work is found by this name.
            "PGAPPNAME": os.environ.get("PGAPPNAME", "countersign"),
        }
        if connection.sslmode:
            variables["PGSSLMODE"] = connection.sslmode
        if connection.role:
            variables["PGOPTIONS"] = f"-c role={connection.role}"
        return variables

    @contextlib.contextmanager
    def _session(self, database: str) -> t.Iterator[Session]:
        import psycopg2

        wanted = {name: getattr(self._connection, name) for name in CONNECTION}
        options = {name: value for name, value in wanted.items() if value is not None}
        try:
            connection = psycopg2.connect(**options | {"database": database})
        except psycopg2.OperationalError as error:
            if f'database "{database}" does not exist' in str(error):
                raise impossible(f"The database {database} does not exist.") from None
            raise
        connection.autocommit = True
        try:
            session = Session(connection)
            if self._connection.role:
                session.run(f"SET ROLE {quoted(self._connection.role)}")
            yield session
        finally:
            connection.close()


class ToolFailed(Exception):
    """A program of PostgreSQL's ended with an error."""


def _run(argv: list[str], variables: dict[str, str]) -> str:
    if shutil.which(argv[0]) is None:
        raise impossible(f"{argv[0]} is not installed; it comes with PostgreSQL's client.")
    done = subprocess.run(
        argv,
        env=os.environ | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        # What an open file locks stays locked until the program ends, should its parent be killed.
        close_fds=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise ToolFailed(" / ".join(said[-3:]))
    return done.stdout


def _like(database: str, settings: dict[str, t.Any]) -> t.Iterator[str]:
    """Statements that give a database the owner, grants and settings that another one had."""
    name = quoted(database)
    for role, setting in settings["settings"]:
        key, _, value = setting.partition("=")
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*", key):
            raise impossible(f"The setting {key} of the database cannot be restored.")
        whose = f"ROLE {quoted(role)} IN DATABASE" if role else "DATABASE"
        yield f"ALTER {whose} {name} SET {key} = {value if key in LISTS else literal(value)}"
    if settings["grants"]:
        yield f"REVOKE ALL ON DATABASE {name} FROM PUBLIC"
    for grantee, privilege, is_grantable in settings["grants"]:
        whom = quoted(grantee) if grantee else "PUBLIC"
        option = " WITH GRANT OPTION" if is_grantable else ""
        yield f"GRANT {privilege} ON DATABASE {name} TO {whom}{option}"
    yield f"ALTER DATABASE {name} OWNER TO {quoted(settings['owner'])}"
