"""Says whether a rollback point can be relied on: not only there, but whole, readable and fitting."""

from __future__ import annotations

import time
import typing as t

from countersign_point import VERIFIED, Point
from countersign_save import units_of
from countersign_state import sqlmesh_version
from countersign_units import BACKUPS
from countersign_versions import verify_versions

PASS, FAIL, INCONCLUSIVE = "pass", "fail", "inconclusive"
Add = t.Callable[[str, str, str, str], None]


def verify_point(context: t.Any, point: Point, environment: str) -> dict[str, t.Any]:
    """All checks of a point; the verdict is kept beside the manifest."""
    manifest = point.known()
    checks: list[dict] = []

    def add(name: str, subject: str, outcome: str, detail: str) -> None:
        checks.append({"name": name, "subject": subject, "outcome": outcome, "detail": detail})

    _files(point, manifest, add)
    _version(manifest, add)
    if manifest["kind"] == "versions":
        verify_versions(context, point, manifest, add)
        found = []
    else:
        found = units_of(context, manifest, environment)
    for unit, _ in found:
        expected = [row for row in manifest["tables"] if row["unit"] == unit.name]
        copied = [row for row in expected if not row.get("backup")]
        if manifest["kind"] == "full" or copied:
            outcome, detail, rows = unit.inspect_copy(point.copy)
            add("copy_readable", unit.name, outcome, detail)
            if rows is not None:
                compare("copy_content", unit.name, copied, rows, add)
        backups = {row["backup"]: row for row in expected if row.get("backup")}
        if backups:
            kept = [{**r, "schema": BACKUPS, "name": name} for name, r in backups.items()]
            compare("backup_tables", unit.name, kept, unit.inspect_backups(list(backups)), add)
    passed = all(check["outcome"] == PASS for check in checks)
    point.write(VERIFIED, {"at_ms": int(time.time() * 1000), "passed": passed, "checks": checks})
    return {"checks": checks, "passed": passed}


def _files(point: Point, manifest: dict[str, t.Any], add: Add) -> None:
    now = {row["path"]: row for row in point.files()}
    for row in manifest["files"]:
        there = now.get(row["path"])
        if there is None:
            add("checksum", row["path"], FAIL, f"The file {row['path']} is gone.")
        elif there != row:
            detail = f"The file {row['path']} is not what was written: its checksum differs."
            add("checksum", row["path"], FAIL, detail)
    if all(now.get(row["path"]) == row for row in manifest["files"]):
        add("checksum", point.id, PASS, f"All {len(manifest['files'])} files have their checksum.")


def _version(manifest: dict[str, t.Any], add: Add) -> None:
    made, now = manifest["versions"]["sqlmesh"], sqlmesh_version()
    if made.split(".")[:2] == now.split(".")[:2]:
        add("sqlmesh_version", now, PASS, f"SQLMesh {now} reads what SQLMesh {made} wrote.")
    else:
        detail = f"The point was made with SQLMesh {made} and {now} is installed."
        add("sqlmesh_version", now, FAIL, f"{detail} Its state fits the same minor version alone.")


def compare(name: str, subject: str, expected: list[dict], found: list[dict], add: Add) -> None:
    """One check for each table or view that is not as expected; one that passes where all are.

    Fewer rows and other rows are told apart: they ask for different remedies.
    """
    by_name = {(row["schema"], row["name"]): row for row in found}
    wrong = 0
    for row in expected:
        there = by_name.pop((row["schema"], row["name"]), None)
        what = f"{row['schema']}.{row['name']}"
        if there is None:
            detail = f"{what} is missing."
        elif there["columns"] != row["columns"]:
            detail = f"The columns of {what} are not those of the point."
        elif there["rows"] != row["rows"]:
            detail = f"{what} has {there['rows']} rows where the point has {row['rows']}."
        elif there["fingerprint"] != row["fingerprint"]:
            detail = f"{what} has as many rows as the point, but not the same."
        else:
            continue
        wrong += 1
        add(name, what, FAIL, detail)
    for schema, table in by_name:
        wrong += 1
        add(name, f"{schema}.{table}", FAIL, f"{schema}.{table} is not in the point.")
    if not wrong:
        rows = sum(row["rows"] or 0 for row in expected)
        detail = f"{len(expected)} tables and views with {rows} rows are as they were."
        add(name, subject, PASS, detail)
