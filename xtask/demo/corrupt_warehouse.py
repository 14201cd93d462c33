"""Damages a warehouse as a clean-up job with a wrong condition does.

Every third order and half of all amounts are gone from the raw tables, and every second row of the models. Tables
that no view reads are dropped, so that there is nothing to point back at. SQLMesh's state stays as it is, and
SQLMesh notices nothing.
"""

import argparse

import duckdb

RAW = (
    "DELETE FROM wh.raw.orders WHERE order_id % 3 = 0",
    "UPDATE wh.raw.payments SET amount_cents = 0 WHERE payment_id % 2 = 0",
)
TABLES = r"""
SELECT
  t.schema_name || '.' || t.table_name,
  EXISTS (
    SELECT 1 FROM duckdb_views() AS v
    WHERE NOT v.internal AND v.schema_name NOT LIKE 'sqlmesh%' AND contains(v.sql, t.table_name)
  )
FROM duckdb_tables() AS t
WHERE t.database_name = 'wh' AND t.schema_name LIKE 'sqlmesh\_\_%' ESCAPE '\'
"""


def corrupt(warehouse: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{warehouse}' AS wh")
        for statement in RAW:
            connection.execute(statement)
        for table, is_read in connection.execute(TABLES).fetchall():
            damage = f"DELETE FROM wh.{table} WHERE rowid % 2 = 0" if is_read else f"DROP TABLE wh.{table}"
            connection.execute(damage)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", required=True, help="path of the DuckDB file")
    corrupt(parser.parse_args().warehouse)
