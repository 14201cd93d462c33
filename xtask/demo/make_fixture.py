"""Writes the raw tables of the demo into a DuckDB file, or into a database of PostgreSQL.

Deterministic: the same --today gives the same rows. Orders lie on the 120 days up to yesterday.
Every fifth order is paid in two parts; a join on payments therefore doubles it.
"""

import argparse
import datetime
import tempfile
import typing as t
from pathlib import Path

import duckdb

CUSTOMERS = 500
ORDERS = 6_000
DAYS = 120

TABLES = f"""
CREATE SCHEMA IF NOT EXISTS raw;
CREATE OR REPLACE TABLE raw.customers AS
SELECT
  i AS customer_id,
  (['de', 'fr', 'nl', 'es'])[1 + i % 4] AS country,
  $today::DATE - 400 + (i * 7 % 280)::INTEGER AS signed_up_on
FROM range(1, {CUSTOMERS} + 1) AS t(i);
CREATE OR REPLACE TABLE raw.orders AS
SELECT
  i AS order_id,
  1 + (i * 131) % {CUSTOMERS} AS customer_id,
  $today::DATE - 1 - (i % {DAYS})::INTEGER AS ordered_on,
  CASE
    WHEN (i + i // {CUSTOMERS}) % 25 = 0 THEN 'cancelled'
    WHEN (i + i // {CUSTOMERS}) % 4 = 0 THEN 'shipped'
    ELSE 'paid'
  END AS status
FROM range(1, {ORDERS} + 1) AS t(i);
CREATE OR REPLACE TABLE raw.payments AS
SELECT
  row_number() OVER (ORDER BY order_id, part) AS payment_id,
  order_id,
  (900 + (order_id * 3719 + order_id // {CUSTOMERS} * 211) % 12000) // parts AS amount_cents,
  CASE part WHEN 1 THEN 'card' ELSE 'voucher' END AS method
FROM (
  SELECT i AS order_id, CASE WHEN (i + i // {CUSTOMERS}) % 5 = 0 THEN 2 ELSE 1 END AS parts
  FROM range(1, {ORDERS} + 1) AS t(i)
), LATERAL (SELECT unnest(range(1, parts + 1)) AS part);
"""


RAW = ("customers", "orders", "payments")


def write_fixture(warehouse: str, today: datetime.date) -> None:
    """Creates or replaces raw.customers, raw.orders and raw.payments."""
    with duckdb.connect(warehouse) as connection:
        for statement in TABLES.split(";"):
            if statement.strip():
                parameters = {"today": today.isoformat()} if "$today" in statement else None
                connection.execute(statement, parameters)


def copy_fixture(connection: t.Any, today: datetime.date) -> None:
    """Creates the same tables with the same rows in a database of PostgreSQL that has none of them."""
    from psycopg2.extras import execute_values

    with tempfile.TemporaryDirectory() as folder, connection.cursor() as cursor:
        shop = Path(folder) / "shop.duckdb"
        write_fixture(str(shop), today)
        cursor.execute("CREATE SCHEMA raw")
        with duckdb.connect(str(shop)) as source:
            for table in RAW:
                columns = source.execute(f"DESCRIBE raw.{table}").fetchall()
                listed = ", ".join(f"{name} {kind}" for name, kind, *_ in columns)
                cursor.execute(f"CREATE TABLE raw.{table} ({listed.replace('VARCHAR', 'TEXT')})")
                rows = source.execute(f"FROM raw.{table}").fetchall()
                execute_values(cursor, f"INSERT INTO raw.{table} VALUES %s", rows)
    connection.commit()


def _write(warehouse: str, today: datetime.date) -> None:
    if not warehouse.startswith("postgres://"):
        return write_fixture(warehouse, today)
    from warehouse import connect

    return copy_fixture(connect(warehouse), today)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", required=True, help="path of the DuckDB file, or URL of the database")
    parser.add_argument("--today", type=datetime.date.fromisoformat, default=None)
    arguments = parser.parse_args()
    _write(arguments.warehouse, arguments.today or datetime.datetime.now(datetime.UTC).date())
