"""Prints a hash over all rows of each raw table, as one JSON object."""

import argparse
import hashlib
import json

from warehouse import Warehouse

TABLES = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'raw' AND table_catalog = current_database() ORDER BY 1
"""


def hashes(place: str) -> dict[str, dict]:
    found = {}
    with Warehouse(place) as warehouse:
        for (table,) in warehouse.run(TABLES):
            rows = sorted(map(repr, warehouse.run(f'SELECT * FROM raw."{table}"')))
            digest = hashlib.sha256("\n".join(rows).encode()).hexdigest()
            found[f"raw.{table}"] = {"rows": len(rows), "sha256": digest}
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", required=True, help="path of the DuckDB file, or URL of the database")
    print(json.dumps(hashes(parser.parse_args().warehouse)))
