"""Lets go of what a dead executor of Countersign held: its thirty seconds have passed, as it were."""

import argparse

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", required=True, help="path of the SQLite file, or URL of the database")
    records = parser.parse_args().records
    if records.startswith("postgres://"):
        import psycopg2 as driver
    else:
        import sqlite3 as driver
    connection = driver.connect(records)
    connection.cursor().execute("UPDATE lease SET until_ms = 0")
    connection.commit()
    connection.close()
