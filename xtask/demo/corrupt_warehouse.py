"""Damages a warehouse as a clean-up job with a wrong condition does.

Every third order and half of all amounts are gone from the raw tables, and every second row of the models. Tables
that no view reads are dropped, so that there is nothing to point back at. SQLMesh's state stays as it is, and
SQLMesh notices nothing.
"""

import argparse

from warehouse import Warehouse

RAW = (
    "DELETE FROM raw.orders WHERE order_id % 3 = 0",
    "UPDATE raw.payments SET amount_cents = 0 WHERE payment_id % 2 = 0",
)
# Each table of SQLMesh's, and whether a view that people read names it.
ON_DUCKDB = r"""
SELECT
  t.schema_name || '.' || t.table_name,
  EXISTS (
    SELECT 1 FROM duckdb_views() AS v
    WHERE NOT v.internal AND v.schema_name NOT LIKE 'sqlmesh%' AND contains(v.sql, t.table_name)
  )
FROM duckdb_tables() AS t
WHERE t.database_name = 'wh' AND t.schema_name LIKE 'sqlmesh\_\_%' ESCAPE '\'
"""
ON_POSTGRES = r"""
SELECT
  t.schemaname || '.' || t.tablename,
  EXISTS (
    SELECT 1 FROM pg_views AS v
    WHERE v.schemaname NOT IN ('pg_catalog', 'information_schema') AND v.schemaname NOT LIKE 'sqlmesh%'
      AND position(t.tablename IN v.definition) > 0
  )
FROM pg_tables AS t
WHERE t.schemaname LIKE 'sqlmesh\_\_%'
"""


def corrupt(place: str) -> None:
    with Warehouse(place, changes=True) as warehouse:
        for statement in RAW:
            warehouse.run(statement)
        row = "(ctid::text::point)[1]::int" if warehouse.is_postgres else "rowid"
        cascade = " CASCADE" if warehouse.is_postgres else ""
        for table, is_read in warehouse.run(ON_POSTGRES if warehouse.is_postgres else ON_DUCKDB):
            damage = f"DELETE FROM {table} WHERE {row} % 2 = 0" if is_read else f"DROP TABLE {table}{cascade}"
            warehouse.run(damage)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", required=True, help="path of the DuckDB file, or URL of the database")
    corrupt(parser.parse_args().warehouse)
