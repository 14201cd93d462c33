"""Prints a hash over all rows of each raw table, as one JSON object."""

import argparse
import hashlib
import json

import duckdb


def hashes(warehouse: str) -> dict[str, dict]:
    found = {}
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{warehouse}' AS wh (READ_ONLY)")
        tables = connection.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_catalog = 'wh' AND table_schema = 'raw' ORDER BY 1"
        ).fetchall()
        for (table,) in tables:
            rows = connection.execute(f'FROM wh.raw."{table}" ORDER BY ALL').fetchall()
            digest = hashlib.sha256(repr(rows).encode()).hexdigest()
            found[f"raw.{table}"] = {"rows": len(rows), "sha256": digest}
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", required=True, help="path of the DuckDB file")
    print(json.dumps(hashes(parser.parse_args().warehouse)))
