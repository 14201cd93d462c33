"""Says how many milliseconds it takes to read all rows of a model, the best of three times."""

import argparse
import time

from warehouse import Warehouse


def read(place: str, model: str) -> float:
    with Warehouse(place) as warehouse:
        began = time.perf_counter()
        warehouse.run(f"SELECT * FROM {model}")
        return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", required=True, help="path of the DuckDB file, or URL of the database")
    parser.add_argument("--model", required=True, help="schema and name of the model")
    arguments = parser.parse_args()
    print(min(read(arguments.warehouse, arguments.model) for _ in range(3)))
