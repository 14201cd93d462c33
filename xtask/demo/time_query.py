"""Says how many milliseconds it takes to read all rows of a model, the best of three times."""

import argparse
import time

import duckdb


def read(warehouse: str, model: str) -> float:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"ATTACH '{warehouse}' AS wh (READ_ONLY)")
        began = time.perf_counter()
        connection.execute(f"FROM wh.{model}").fetchall()
        return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", required=True, help="path of the DuckDB file")
    parser.add_argument("--model", required=True, help="schema and name of the model")
    arguments = parser.parse_args()
    print(min(read(arguments.warehouse, arguments.model) for _ in range(3)))
