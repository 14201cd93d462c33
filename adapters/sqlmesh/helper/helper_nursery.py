"""Starts the helper and SQLMesh's command line with SQLMesh already loaded.

Loading it takes most of the time of a call. A nursery loads it once, and each call is a fork of it: a
process of its own, with its own variables, output and death, that ends as a program ends. What only a
program started anew can show, `test_sql` and `Crash.test_no_worker_outlives_the_helper` look at.
"""

from __future__ import annotations

import atexit
import dataclasses
import functools
import gc
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

HELPER = Path(__file__).resolve().parent
# Seconds after which whatever is still waited for never comes.
PATIENCE = 120


@dataclasses.dataclass
class Ended:
    """What came of a call; the code is negative where a signal ended it."""

    code: int
    output: str
    errors: str


class Nursery:
    """The process that calls are forked from; one call at a time."""

    def __init__(self) -> None:
        # These are read while it is loaded; no thread may be there when a call is forked.
        variables = {
            "MAX_FORK_WORKERS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-B", __file__],
            env=os.environ | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def call(self, program: str, argv: list[str], variables: dict[str, str], **more: t.Any) -> Ended:
        """Runs `helper` or `sqlmesh` with these arguments; it has a fresh cache as its caller gives it."""
        with tempfile.TemporaryDirectory() as folder:
            output, errors = Path(folder, "output"), Path(folder, "errors")
            request = {
                "program": program,
                "argv": argv,
                "variables": variables | {"SQLMESH__CACHE_DIR": str(Path(folder, "cache"))},
                "output": str(output),
                "errors": str(errors),
                **more,
            }
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            code = int(self._process.stdout.readline())
            return Ended(code, output.read_text(), errors.read_text())

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@functools.cache
def nursery() -> Nursery:
    """The nursery of this process."""
    started = Nursery()
    atexit.register(started.close)
    return started


def _serve() -> None:
    # DuckDB is not loaded here: it begins threads, which a fork does not have.
    for module in ("sqlmesh.cli.main", "sqlmesh.core.context", "pandas", "psycopg2"):
        if importlib.util.find_spec(module):
            importlib.import_module(module)
    sys.path.insert(0, str(HELPER))
    for file in HELPER.glob("countersign_*.py"):
        importlib.import_module(file.stem)
    gc.freeze()
    for line in sys.stdin:
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            sys.exit(_become(json.loads(line)))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(request: dict[str, t.Any]) -> int:
    """The call itself, in its own process."""
    for number, (path, mode) in enumerate(
        (
            (os.devnull, os.O_RDONLY),
            (request["output"], os.O_WRONLY | os.O_CREAT),
            (request["errors"], os.O_WRONLY | os.O_CREAT),
        )
    ):
        opened = os.open(path, mode)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(request["variables"])
    if part := request.get("waits_before"):
        _wait_before(part, Path(request["mark"]))
    if request["program"] == "sqlmesh":
        from sqlmesh.cli.main import cli

        os.chdir(request["folder"])
        sys.argv = ["sqlmesh", *request["argv"]]
        return cli(request["argv"], standalone_mode=True)
    import countersign_sqlmesh

    if marker := request.get("dies_at"):
        _die_at(marker)
    if part := request.get("dies_before"):
        _die_before(part)
    return countersign_sqlmesh.main(request["argv"])


def _die_at(marker: str) -> None:
    """Dies by SIGKILL instead of writing the first line that contains the marker."""
    from countersign_sqlmesh import Answers

    answer = Answers.answer

    def dying(self: t.Any, value: dict) -> None:
        if marker in json.dumps(value):
            os.kill(os.getpid(), signal.SIGKILL)
        answer(self, value)

    Answers.answer = dying


def _wait_before(part: str, mark: Path) -> None:
    """Sets the mark before the first statement that contains the part, and waits until it is taken away."""
    from sqlmesh.core.engine_adapter.base import EngineAdapter

    execute = EngineAdapter._execute
    waited: list[bool] = []

    def waiting(self: t.Any, sql: str, *arguments: t.Any, **more: t.Any) -> t.Any:
        if part in sql and not waited:
            waited.append(True)
            mark.touch()
            until = time.monotonic() + PATIENCE
            while mark.exists() and time.monotonic() < until:
                time.sleep(0.02)
        return execute(self, sql, *arguments, **more)

    EngineAdapter._execute = waiting


def _die_before(part: str) -> None:
    """Dies by SIGKILL instead of the first statement or the first program of PostgreSQL that contains it."""
    import countersign_postgres
    from sqlmesh.core.engine_adapter.base import EngineAdapter

    def dying(do: t.Callable, text_of: t.Callable[[tuple], str]) -> t.Callable:
        def instead(*arguments: t.Any, **more: t.Any) -> t.Any:
            if part in text_of(arguments):
                os.kill(os.getpid(), signal.SIGKILL)
            return do(*arguments, **more)

        return instead

    session = countersign_postgres.Session
    session.run = dying(session.run, lambda arguments: arguments[1])
    EngineAdapter._execute = dying(EngineAdapter._execute, lambda arguments: arguments[1])
    countersign_postgres._run = dying(countersign_postgres._run, lambda words: " ".join(words[0]))


if __name__ == "__main__":
    _serve()
