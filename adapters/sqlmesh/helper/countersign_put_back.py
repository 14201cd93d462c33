"""Gives tables that were computed anew the rows that they had, out of the run's own rollback point.

Each table changes in one transaction, so doing it again leads to the same place. Rows that came since
stay where the model says what tells them apart: its time column, or else its key.
"""

from __future__ import annotations

import typing as t

from countersign_point import Point
from countersign_rollback import Rollback
from countersign_schema import key_columns
from countersign_state import Project, has_table, user_name
from countersign_units import BACKUPS


def put_back(
    project: Project,
    rollback: Rollback,
    point: Point,
    models: t.Collection[str],
    announce: t.Callable[[dict], None],
) -> list[str]:
    """Puts the rows back; returns the models. One whose table is another one now is left alone."""
    wanted = {project.fully_qualified(model) for model in models}
    kept = {
        (row["schema"], row["name"]): row
        for row in point.known()["tables"]
        if row.get("backup")
    }
    done = []
    for name, snapshot in sorted(rollback.current.items()):
        if name not in wanted or not has_table(snapshot):
            continue
        row = kept.get(_bare(snapshot))
        if row is not None:
            announce({"kind": "work", "stage": f"Put the rows of {user_name(snapshot)} back"})
            _replace(project, snapshot, row)
            done.append(user_name(snapshot))
    return done


def _bare(snapshot: t.Any) -> tuple[str, str]:
    from sqlglot import exp

    table = exp.to_table(snapshot.table_name())
    return table.db, table.name


def _replace(project: Project, snapshot: t.Any, row: dict[str, t.Any]) -> None:
    from sqlglot import exp

    adapter = project.adapter(snapshot)
    live = exp.to_table(snapshot.table_name())
    backup = exp.table_(row["backup"], db=BACKUPS, catalog=live.catalog)

    def sql(expression: t.Any) -> str:
        return expression.sql(dialect=adapter.dialect, identify=True)

    there = set(adapter.columns(snapshot.table_name()))
    columns = [column for column, _ in row["columns"] if column in there]
    listed = ", ".join(sql(exp.to_identifier(column, quoted=True)) for column in columns)
    with adapter.transaction():
        adapter.execute(f"DELETE FROM {sql(live)} AS live{_where(snapshot, sql, sql(backup))}")
        adapter.execute(f"INSERT INTO {sql(live)} ({listed}) SELECT {listed} FROM {sql(backup)}")


def _where(snapshot: t.Any, sql: t.Callable[[t.Any], str], backup: str) -> str:
    """Which rows go: those of the time that the point knows, or of its keys, or all."""
    from sqlglot import exp

    time_column = snapshot.model.time_column
    if time_column:
        column = sql(exp.to_identifier(time_column.column.name, quoted=True))
        return f" WHERE live.{column} <= (SELECT max(kept.{column}) FROM {backup} AS kept)"
    key = key_columns(snapshot)
    if key and snapshot.is_incremental:
        named = [sql(exp.to_identifier(column, quoted=True)) for column in key]
        joined = " AND ".join(f"live.{column} = kept.{column}" for column in named)
        return f" WHERE EXISTS (SELECT 1 FROM {backup} AS kept WHERE {joined})"
    return ""
