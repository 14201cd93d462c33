"""Contract test of `sql` and `end-backends` against a real SQLMesh, on DuckDB and on PostgreSQL.

Run like `test_helper`. The second half needs a server in COUNTERSIGN_TEST_POSTGRES (a URL, or `skip`).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import uuid
from pathlib import Path
from urllib.parse import urlsplit

HELPER = Path(__file__).resolve().parent / "countersign_sqlmesh.py"
POSTGRES = os.environ.get("COUNTERSIGN_TEST_POSTGRES", "skip")
MODEL = "MODEL (name marts.a, kind FULL);\nSELECT 1::int AS id, 'x'::text AS name\n"


class Cases:
    """What both engines must do."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.variables = {**os.environ, "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "1"}
        cls.folder = cls.project()
        argv = [str(Path(sys.executable).with_name("sqlmesh")), "plan", "prod", "--auto-apply"]
        argv += ["--no-prompts", "--no-diff"]
        subprocess.run(argv, cwd=cls.folder, env=cls.variables, check=True, capture_output=True)
        # The tests' own table: one of them changes it, the others only count its rows.
        cls.ask("sql", "--statement", "create table flags (name text, value text)")
        rows = "('jobs', 'running'), ('other', 'x')"
        cls.ask("sql", "--statement", f"insert into flags values {rows}")

    @classmethod
    def project(cls) -> Path:
        folder = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, folder)
        config = {
            "gateways": {"local": {"connection": cls.connection_of(folder)}},
            "default_gateway": "local",
            "model_defaults": {"dialect": cls.dialect, "start": "2026-01-01"},
        }
        # Every JSON text is a YAML text.
        (folder / "config.yaml").write_text(json.dumps(config))
        (folder / "models").mkdir()
        (folder / "models" / "a.sql").write_text(MODEL)
        return folder

    @classmethod
    def argv(cls, *arguments: str, folder: Path | None = None) -> list[str]:
        command, *rest = arguments
        place = ["--project", str(folder or cls.folder), "--gateway", "local", "--environment", "prod"]
        return [sys.executable, "-B", str(HELPER), command, *place, *rest]

    @classmethod
    def ask(cls, *arguments: str, folder: Path | None = None) -> tuple[int, dict]:
        done = subprocess.run(
            cls.argv(*arguments, folder=folder),
            env=cls.variables | {"PGAPPNAME": "rb-run_test"},
            capture_output=True,
            text=True,
        )
        return done.returncode, json.loads(done.stdout.splitlines()[-1])

    def sql(self, statement: str, *options: str) -> dict:
        code, answer = self.ask("sql", "--statement", statement, *options)
        self.assertEqual(code, 0, answer)
        return answer

    def test_statements_say_what_came_back_or_was_changed(self) -> None:
        rows = {"rows": 1, "value": "running", "changed": None}
        self.assertEqual(self.sql("select value from flags where name = 'jobs'"), rows)
        none = {"rows": 0, "value": None, "changed": None}
        self.assertEqual(self.sql("select 1 from flags where name = '%s'"), none)
        self.assertEqual(self.sql("select 1 = 1")["value"], "true")
        self.assertEqual(self.sql("select null")["value"], None)
        changed = {"rows": None, "value": None, "changed": 2}
        self.assertEqual(self.sql("update flags set value = 'held'"), changed)
        self.assertEqual(self.sql("select count(*) from flags where value = 'held'")["value"], "2")

    def test_a_probe_changes_nothing(self) -> None:
        self.assertEqual(self.sql("select count(*) from flags", "--read-only")["value"], "2")
        for statement in (
            "delete from flags",
            "drop table flags",
            "with gone as (delete from flags returning 1) select 1 from gone",
        ):
            code, answer = self.ask("sql", "--statement", statement, "--read-only")
            self.assertNotEqual(code, 0, statement)
            self.assertIn("error", answer)
        self.assertEqual(self.sql("select count(*) from flags")["value"], "2")

    def test_a_mistake_is_an_error_and_keeps_nothing(self) -> None:
        code, answer = self.ask("sql", "--statement", "selec 1")
        self.assertEqual((code, answer["kind"]), (1, "crash"), answer)

    def test_no_state_is_made(self) -> None:
        code, answer = self.ask("sql", "--statement", "select 1", folder=self.project())
        self.assertEqual((code, answer["kind"]), (3, "impossible"), answer)

    def test_without_a_leftover_nothing_is_ended(self) -> None:
        self.assertEqual(self.ask("end-backends", "--name", "rb-run_other"), (0, {"ended": 0}))


class OnDuckdb(Cases, unittest.TestCase):
    dialect = "duckdb"

    @classmethod
    def connection_of(cls, folder: Path) -> dict:
        return {"type": "duckdb", "database": str(folder / "warehouse.duckdb")}


@unittest.skipIf(POSTGRES == "skip", "COUNTERSIGN_TEST_POSTGRES names no server")
class OnPostgres(Cases, unittest.TestCase):
    dialect = "postgres"
    server = None

    @classmethod
    def connection_of(cls, folder: Path) -> dict:
        server = urlsplit(POSTGRES)
        database = f"helper_{uuid.uuid4().hex[:12]}"
        if cls.server is None:
            cls.server = cls.connect(server.path.lstrip("/") or "postgres")
            cls.server.autocommit = True
            cls.addClassCleanup(cls.server.close)
        cls.statement(f'create database "{database}"')
        cls.addClassCleanup(cls.statement, f'drop database if exists "{database}" with (force)')
        return {
            "type": "postgres",
            "host": server.hostname,
            "port": server.port or 5432,
            "user": server.username or "postgres",
            "password": server.password or "",
            "database": database,
            # The run's name counts, whatever the project calls its connections.
            "application_name": "the-project",
        }

    @classmethod
    def connect(cls, database: str):
        import psycopg2

        server = urlsplit(POSTGRES)
        return psycopg2.connect(
            host=server.hostname,
            port=server.port or 5432,
            user=server.username or "postgres",
            password=server.password or "",
            dbname=database,
        )

    @classmethod
    def statement(cls, text: str) -> list:
        with cls.server.cursor() as cursor:
            cursor.execute(text)
            return cursor.fetchall() if cursor.description else []

    def test_a_database_that_is_gone_is_in_nobodys_way(self) -> None:
        folder = self.project()
        config = json.loads((folder / "config.yaml").read_text())
        database = config["gateways"]["local"]["connection"]["database"]
        self.statement(f'drop database "{database}"')
        ended = self.ask("end-backends", "--name", "rb-run_other", folder=folder)
        self.assertEqual(ended, (0, {"ended": 0}))

    def asleep(self, name: str) -> int:
        found = self.statement(
            "select count(*) from pg_stat_activity where query like 'select pg_sleep(%' "
            f"and state = 'active' and application_name = '{name}'"
        )
        return found[0][0]

    def test_a_query_that_outlives_its_client_is_ended(self) -> None:
        name = f"rb-run_{uuid.uuid4().hex[:12]}"
        client = subprocess.Popen(
            self.argv("sql", "--statement", "select pg_sleep(600)"),
            env=self.variables | {"PGAPPNAME": name},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 60
        while not self.asleep(name) and time.monotonic() < until:
            self.assertIsNone(client.poll(), "the helper ended by itself")
            time.sleep(0.05)
        client.send_signal(signal.SIGKILL)
        client.wait()
        self.assertEqual(self.asleep(name), 1, "the query must outlive its client")
        self.assertEqual(self.ask("end-backends", "--name", name), (0, {"ended": 1}))
        self.assertEqual(self.asleep(name), 0)
        self.assertEqual(self.ask("end-backends", "--name", name), (0, {"ended": 0}))


if __name__ == "__main__":
    unittest.main()
