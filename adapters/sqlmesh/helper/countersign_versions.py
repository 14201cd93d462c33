"""The quick kind of rollback point: which version every model had, and SQLMesh's record of it.

No data is copied: a promotion leaves the tables of the versions that it goes away from where they
are. So it takes a moment, on every engine that SQLMesh knows, and it leads back by a promotion as
long as SQLMesh's janitor has not taken these tables.
"""

from __future__ import annotations

import json
import typing as t

from countersign_point import Point
from countersign_state import Project, fingerprint

STATE = "state.json"
PASS, FAIL = "pass", "fail"
Add = t.Callable[[str, str, str, str], None]

# What the database has in its own books, without reading a row: a number of rows that may be old.
RELATIONS = {
    "duckdb": "SELECT schema_name, table_name, estimated_size FROM duckdb_tables()"
    " UNION ALL SELECT schema_name, view_name, NULL FROM duckdb_views()",
    "postgres": "SELECT n.nspname, c.relname, nullif(c.reltuples, -1)::bigint FROM pg_class c"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm')",
}


def keep_versions(
    project: Project, point: Point, environment: t.Any, current: dict[str, t.Any], models: list[dict]
) -> None:
    """Writes SQLMesh's record into the copy, and beside each model about how many rows it has."""
    record = {
        "environment": json.loads(environment.json()),
        "snapshots": [json.loads(snapshot.json()) for snapshot in current.values()],
    }
    with (point.copy / STATE).open("w", encoding="utf-8") as file:
        json.dump(record, file, ensure_ascii=False, indent=1)
    there = relations(project.context)
    for row in models:
        table = row["physical_table"]
        row["rows_about"] = there.get(_bare(table)) if there and table else None


def verify_versions(context: t.Any, point: Point, manifest: dict[str, t.Any], add: Add) -> None:
    """Whether the record is that of the manifest, and whether the tables are still there."""
    from sqlmesh.core.environment import Environment

    try:
        record = json.loads((point.copy / STATE).read_text(encoding="utf-8"))
        kept = fingerprint(Environment.parse_obj(record["environment"]))
        snapshots = len(record["snapshots"])
    except (OSError, ValueError, KeyError) as error:
        add("copy_readable", STATE, FAIL, f"The record {STATE} cannot be read: {error}")
        return
    if kept != manifest["fingerprint"] or snapshots != len(manifest["models"]):
        add("copy_readable", STATE, FAIL, f"The record {STATE} is of another state.")
        return
    add("copy_readable", STATE, PASS, f"The record of {snapshots} models can be read.")
    _tables(context, manifest, add)


def _tables(context: t.Any, manifest: dict[str, t.Any], add: Add) -> None:
    tables = [row["physical_table"] for row in manifest["models"] if row["physical_table"]]
    there = relations(context)
    if there is None:
        # What this engine cannot be asked is looked at by `check` before anybody goes back.
        return
    gone = [table for table in tables if _bare(table) not in there]
    for table in gone:
        add("tables_there", table, FAIL, f"The table {table} is gone; the janitor may have come.")
    if not gone:
        detail = f"All {len(tables)} tables of these versions are there."
        add("tables_there", manifest["point"], PASS, detail)


def relations(context: t.Any) -> dict[tuple[str, str], int | None] | None:
    """About how many rows each table has, by schema and name; none on engines not known here."""
    adapter = context.engine_adapter
    query = RELATIONS.get(adapter.dialect)
    if query is None:
        return None
    return {(schema, name): rows for schema, name, rows in adapter.fetchall(query)}


def _bare(table: str) -> tuple[str, str]:
    from sqlglot import exp

    parsed = exp.to_table(table)
    return parsed.db, parsed.name
