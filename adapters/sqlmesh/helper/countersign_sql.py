"""Carries out one SQL statement of a runbook on the target's gateway and says what came back.

The statement arrives complete. Nothing is put into it here, and no state is created: opening the
project refuses a missing database before anything else is done.
"""

from __future__ import annotations

import typing as t

from countersign_state import Project, usage

ROWS_AT_ONCE = 10_000
LONGEST_VALUE = 1_000


class _NothingKept(Exception):
    """Ends a transaction whose effects, if it had any, must not stay."""


def run_statement(project: Project, statement: str, read_only: bool) -> dict[str, t.Any]:
    """`rows` that came back and the first `value`; `changed` rows where none can come back."""
    adapter = project.context.engine_adapter
    if read_only:
        _refuse_changes(statement, adapter.dialect)
    answer: dict[str, t.Any] = {}
    try:
        with adapter.transaction():
            if read_only and adapter.dialect == "postgres":
                # Functions can write as well: there, the server itself is told.
                adapter.execute("SET TRANSACTION READ ONLY")
            adapter.execute(statement)
            answer = _answer(adapter, statement)
            if read_only:
                raise _NothingKept
    except _NothingKept:
        pass
    return answer


def _answer(adapter: t.Any, statement: str) -> dict[str, t.Any]:
    cursor = adapter.cursor
    if not cursor.description:
        changed = getattr(cursor, "rowcount", -1)
        return {"rows": None, "value": None, "changed": changed if changed >= 0 else None}
    rows, value = 0, None
    while batch := cursor.fetchmany(ROWS_AT_ONCE):
        if not rows:
            value = batch[0][0]
        rows += len(batch)
    if adapter.dialect == "duckdb" and _is_change(statement, adapter.dialect):
        # There, a change answers with the number of its rows as if it were a query.
        is_count = len(cursor.description) == 1 and cursor.description[0][0] == "Count"
        if is_count:
            return {"rows": None, "value": None, "changed": value if rows else None}
    return {"rows": rows, "value": _text(value), "changed": None}


def _text(value: t.Any) -> str | None:
    """A value as a runbook writes it."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)[:LONGEST_VALUE]


def _parsed(statement: str, dialect: str) -> t.Any:
    from sqlglot import parse_one
    from sqlglot.errors import SqlglotError

    try:
        return parse_one(statement, dialect=dialect)
    except SqlglotError:
        return None


def _is_change(statement: str, dialect: str) -> bool:
    from sqlglot import exp

    kinds = (exp.Insert, exp.Update, exp.Delete, exp.Merge)
    tree = _parsed(statement, dialect)
    return tree is not None and tree.find(*kinds) is not None


def _refuse_changes(statement: str, dialect: str) -> None:
    from sqlglot import exp

    tree = _parsed(statement, dialect)
    looks = (exp.Query, exp.Show, exp.Describe)
    if not isinstance(tree, looks) or _is_change(statement, dialect):
        raise usage("This may only look, and the statement is no query that is known to.")
