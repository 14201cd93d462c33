"""A connection to PostgreSQL, and what its catalog says of tables and views.

Fingerprints of one session can be compared with those of another: both write rows the same way.
"""

from __future__ import annotations

import typing as t

# Settings that change how a row is written as text, and with it the fingerprint.
SESSION = (
    "SET TimeZone = 'UTC'",
    "SET DateStyle = 'ISO, YMD'",
    "SET IntervalStyle = 'postgres'",
    "SET extra_float_digits = 1",
    "SET bytea_output = 'hex'",
    "SET lock_timeout = '30s'",
)

RELATIONS = """
SELECT n.nspname, c.relname, c.relkind IN ('v', 'm')
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm')
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (
    SELECT 1 FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1, 2
"""

COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod)
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relname = %s AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""


class Session:
    """A connection whose transactions are begun and ended by statements."""

    def __init__(self, connection: t.Any) -> None:
        self._connection = connection
        for statement in SESSION:
            self.run(statement)

    def run(self, statement: str, values: list | None = None) -> list[tuple]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def begin(self, isolation: str) -> str:
        """Begins a transaction and returns the name of its snapshot."""
        self.run(f"BEGIN ISOLATION LEVEL {isolation}")
        return self.run("SELECT pg_export_snapshot()")[0][0]

    def content(self) -> list[dict]:
        """All tables and materialized views with fingerprints, and all views by their columns."""
        return [
            self.view(schema, name) if is_view else self.table(schema, name)
            for schema, name, is_view in self.run(RELATIONS)
        ]

    def view(self, schema: str, name: str) -> dict[str, t.Any]:
        # A view's text is not written the same way after a restore, though it means the same.
        columns = [list(row) for row in self.run(COLUMNS, [schema, name])]
        row = {"schema": schema, "name": name, "kind": "view", "rows": None}
        return row | {"columns": columns, "fingerprint": None}

    def table(self, schema: str, name: str) -> dict[str, t.Any]:
        """Rows, columns, and a hash over all rows that does not depend on their order."""
        half = "('x' || left(md5(countersign_row::text), 16))::bit(64)::bigint::numeric"
        query = f"SELECT count(*), coalesce(sum({half}), 0)::text"
        [(rows, total)] = self.run(f"{query} FROM {qualified(schema, name)} AS countersign_row")
        columns = [list(row) for row in self.run(COLUMNS, [schema, name])]
        row = {"schema": schema, "name": name, "kind": "table", "rows": rows}
        return row | {"columns": columns, "fingerprint": total}


def qualified(schema: str, name: str) -> str:
    return f"{quoted(schema)}.{quoted(name)}"


def literal(text: str) -> str:
    """A text in a statement."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
