"""A warehouse of the demo: a DuckDB file, or a database of PostgreSQL that `postgres://` names."""

from __future__ import annotations

import typing as t


class Warehouse:
    """An open warehouse; what is done in it is kept when it is closed without an error."""

    def __init__(self, place: str, *, changes: bool = False) -> None:
        self.is_postgres = place.startswith("postgres://")
        if self.is_postgres:
            self._connection = connect(place)
        else:
            import duckdb

            self._connection = duckdb.connect(config={"threads": 1})
            mode = "" if changes else " (READ_ONLY)"
            self._connection.execute(f"ATTACH '{place}' AS wh{mode}")
            self._connection.execute("USE wh")

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(self, failed: t.Any, *_: t.Any) -> None:
        if self.is_postgres and not failed:
            self._connection.commit()
        self._connection.close()

    def run(self, statement: str) -> list[tuple]:
        """Carries a statement out; gives its rows, none where it has no answer."""
        if not self.is_postgres:
            return self._connection.execute(statement).fetchall()
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


def connect(place: str) -> t.Any:
    """A connection to a database of PostgreSQL."""
    import psycopg2

    return psycopg2.connect(place)
