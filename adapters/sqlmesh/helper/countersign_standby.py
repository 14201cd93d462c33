"""Waits, with everything imported that is slow to import, and then is one call of the helper.

One line on stdin is a JSON list, the arguments of `countersign_sqlmesh.py`. The end of the input
before the end of a line means that nobody wants it: it exits 0 and has done nothing.

Until the line is there nothing of a project is read, no database is opened and nothing is sent:
nothing is known but which interpreter this is.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import sys
from pathlib import Path

from countersign_state import Refused, prepare_process, sqlmesh_version

# What a call imports on its way, where it is installed.
SLOW = (
    "sqlmesh.core.context",
    "sqlmesh.core.context_diff",
    "sqlmesh.core.console",
    "sqlmesh.core.plan.evaluator",
    "sqlmesh.core.state_sync",
    "sqlglot.serde",
    "pandas",
    "duckdb",
    "psycopg2",
)


def import_ahead() -> None:
    """Imports what can be imported. What cannot be is said by the call itself, if it needs it."""
    try:
        sqlmesh_version()
    except Refused:
        return
    prepare_process()
    files = Path(__file__).parent.glob("countersign_*.py")
    own = sorted(path.stem for path in files if path.name != Path(__file__).name)
    # What is imported stays: looking through it for garbage takes a seventh of the time.
    gc.disable()
    # The answer's stdout is for the answer alone.
    with contextlib.redirect_stdout(sys.stderr):
        for name in (*SLOW, *own):
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    gc.freeze()
    gc.enable()


def arguments() -> list[str] | None:
    """The arguments of the one call, or none where it will not come."""
    line = sys.stdin.buffer.readline()
    # A call must not find anything to read, as one that was not started ahead.
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    return json.loads(line) if line.endswith(b"\n") else None


def main() -> int:
    import_ahead()
    call = arguments()
    if call is None:
        return 0
    import countersign_sqlmesh

    return countersign_sqlmesh.main(call)


if __name__ == "__main__":
    sys.exit(main())
