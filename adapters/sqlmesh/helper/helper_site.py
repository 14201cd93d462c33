"""What the contract tests share: a warehouse with releases of the demo project, and the helper."""

from __future__ import annotations

import datetime
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

HELPER = Path(__file__).resolve().parent
DEMO = HELPER.parents[2] / "xtask" / "demo"

# Runs the helper and dies by SIGKILL instead of writing the first line that contains the marker.
DIE_AT = """
import json, os, signal, sys
sys.path.insert(0, {helper!r})
import countersign_sqlmesh as helper
answer = helper.Answers.answer
def dying(self, value):
    if {marker!r} in json.dumps(value):
        os.kill(os.getpid(), signal.SIGKILL)
    answer(self, value)
helper.Answers.answer = dying
sys.exit(helper.main(sys.argv[1:]))
"""


class Site:
    """A copy of the prepared warehouse with the two releases beside it."""

    def __init__(self, root: Path, warehouse: Path) -> None:
        self.root, self.warehouse = root, warehouse
        start = datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=120)
        self.variables = {
            **os.environ,
            "COUNTERSIGN_DEMO_WAREHOUSE": str(warehouse),
            "COUNTERSIGN_DEMO_START": start.isoformat(),
            "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "1",
        }
        self.variables.pop("SQLMESH__CACHE_DIR", None)

    def deploy(self, release: str, *options: str, environment: str = "prod") -> None:
        with tempfile.TemporaryDirectory() as cache:
            argv = [str(Path(sys.executable).with_name("sqlmesh")), "-p", str(self.root / release)]
            argv += ["--gateway", "local", "plan", environment, "--auto-apply", "--no-prompts"]
            argv += ["--no-diff", *options]
            done = subprocess.run(
                argv,
                env=self.variables | {"SQLMESH__CACHE_DIR": cache},
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
            )
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)

    def ask(self, *arguments: str, release: str = "good") -> tuple[int, dict]:
        code, lines = self.helper(*arguments, release=release)
        return code, lines[-1]

    def helper(self, *arguments: str, release: str = "good") -> tuple[int, list[dict]]:
        return self.lines([str(HELPER / "countersign_sqlmesh.py")], arguments, release)

    def die(self, marker: str, *arguments: str) -> None:
        program = ["-c", DIE_AT.format(helper=str(HELPER), marker=marker)]
        code, lines = self.lines(program, arguments, "good")
        assert code == -signal.SIGKILL, f"{marker} never came: {lines}"

    def lines(self, program: list, arguments: tuple, release: str) -> tuple[int, list[dict]]:
        argv = self.argv(program, arguments, release)
        done = subprocess.run(argv, env=self.variables, capture_output=True, text=True)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    def argv(self, program: list, arguments: tuple | list, release: str) -> list[str]:
        command, *rest = arguments
        argv = [sys.executable, *program, command, "--project", str(self.root / release)]
        return [*argv, "--gateway", "local", "--environment", "prod", *rest]

    def sql(self, statement: str) -> list:
        import duckdb

        with duckdb.connect() as connection:
            connection.execute(f"ATTACH '{self.warehouse}' AS wh")
            return connection.execute(statement).fetchall()

    def record(self) -> list:
        """SQLMesh's record of the environment, read without the helper."""
        return self.sql("FROM wh.sqlmesh._environments SELECT * WHERE name = 'prod'")

    def content(self) -> dict[str, list]:
        """All rows behind the environment's views by view, read without the helper."""
        views = self.sql(
            "SELECT schema_name || '.' || view_name FROM duckdb_views()"
            " WHERE database_name = 'wh' AND schema_name NOT LIKE 'sqlmesh%' AND NOT internal"
            " ORDER BY ALL"
        )
        return {view: self.sql(f"FROM wh.{view} SELECT * ORDER BY ALL") for (view,) in views}


def new_site(root: Path, name: str) -> Site:
    """A warehouse with the raw data and nothing deployed."""
    specification = importlib.util.spec_from_file_location("fixture", DEMO / "make_fixture.py")
    fixture = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(fixture)
    site = Site(root, root / f"{name}.duckdb")
    fixture.write_fixture(str(site.warehouse), datetime.datetime.now(datetime.UTC).date())
    return site


def two_days_ago() -> tuple[str, str]:
    """Options for a deploy whose tables are stale today."""
    day = datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=2)
    return "--execution-time", f"{day} 12:00:00"
