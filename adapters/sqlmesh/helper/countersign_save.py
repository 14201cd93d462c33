"""Makes a rollback point: state first, then data, configuration and versions, the manifest last.

Killed at any moment it leaves no point, and the same call begins anew. A point that is finished is
never touched again by saving: the answer is then that it is there already.
"""

from __future__ import annotations

import dataclasses
import platform
import shutil
import subprocess
import time
import typing as t
from pathlib import Path

from countersign_point import BEGUN, Point
from countersign_state import (
    Project,
    conflict,
    environment_name,
    fingerprint,
    has_table,
    impossible,
    is_forward_only,
    user_name,
)
from countersign_units import Unit, units
from countersign_versions import keep_versions

Announce = t.Callable[[dict], None]


@dataclasses.dataclass(frozen=True)
class Past:
    """What a point of the past is taken from: a copy of the databases as they were."""

    at_ms: int
    # Where the databases lie really, by their names.
    places: dict[str, str]
    source: dict[str, str]


def save(
    project: Project,
    point: Point,
    kind: str,
    models: list[str] | None,
    reason: str,
    announce: Announce,
    past: Past | None = None,
) -> dict[str, t.Any]:
    """Makes the point, or says that it is there. Returns the answer."""
    with point.held():
        manifest = point.manifest()
        if manifest is None:
            manifest = _save(project, point, kind, models, reason, announce, past)
            return _answer(point, manifest, already=False)
        asked = (kind, project.environment_name, sorted(models or []))
        made = (manifest["kind"], manifest["environment"], sorted(manifest["asked_models"]))
        if asked != made:
            raise conflict(f"The point {point.id} is there already and was made for something else.")
        return _answer(point, manifest, already=True)


def _save(
    project: Project,
    point: Point,
    kind: str,
    models: list[str] | None,
    reason: str,
    announce: Announce,
    past: Past | None,
) -> dict[str, t.Any]:
    environment = project.environment()
    current = project.snapshots(environment.snapshots)
    has_data = kind != "versions"
    found = units(project.context) if has_data else []
    chosen = _chosen(project, current, models) if has_data else {}
    described = [_model(snapshot, snapshot.name in chosen) for snapshot in current.values()]

    announce({"kind": "work", "stage": "Empty the folder of the point"})
    point.empty()
    started_ms = _now_ms()
    if not has_data:
        keep_versions(project, point, environment, current, described)
    # A DuckDB file has one owner at a time.
    project.context.close()
    # A killed attempt may have left tables; those of this point are named by it.
    backups = _backups(point, found, chosen) if kind == "tables" else {}
    origin = _origin(project)
    places = {unit.name: _place(unit, past) for unit in found}
    # Whoever tidies up finds by this what a killed attempt has left, and where.
    point.write(BEGUN, _begun(project, point, origin, started_ms, places, backups))
    tables = _copy(project, point, kind, found, chosen, backups, announce)
    announce({"kind": "work", "stage": "Keep the configuration"})
    _keep_configuration(project, point)
    made = {"created_ms": started_ms}
    if past:
        # Nobody knows which commit was deployed by then.
        origin |= {"commit": None, "changed_files": []}
        made = {"created_ms": past.at_ms, "made_ms": started_ms, "recovered_from": past.source}
    manifest = {
        "layout": 1,
        "point": point.id,
        "kind": kind,
        **made,
        "reason": reason,
        "environment": environment.name,
        "gateway": _gateway(project),
        "asked_models": models or [],
        "fingerprint": fingerprint(environment),
        "plan_id": environment.plan_id,
        "finalized_ms": environment.finalized_ts,
        "project": origin,
        "versions": _versions(project, found),
        "models": sorted(described, key=lambda row: row["name"]),
        "units": [_unit(unit) | {"place": _place(unit, past)} for unit in found],
        "tables": tables,
        "files": point.files(),
    }
    announce({"kind": "work", "stage": "Write the manifest"})
    point.finish(manifest)
    return manifest


def _copy(
    project: Project,
    point: Point,
    kind: str,
    found: list[Unit],
    chosen: dict[str, t.Any],
    backups: dict[str, dict[tuple[str, str], str]],
    announce: Announce,
) -> list[dict]:
    """Copies what the kind asks for; returns the tables with their rows and fingerprints."""
    state_schema = project.context.config.get_state_schema(project.context.gateway)
    models_of = {_bare(snapshot.table_name()): user_name(snapshot) for snapshot in chosen.values()}
    tables: list[dict] = []
    for unit in found:
        announce({"kind": "work", "stage": f"Copy {unit.name}"})
        if kind == "full":
            rows = unit.save_all(point.copy)
        else:
            rows = unit.save_tables(point.copy, state_schema, backups[unit.name])
        for row in rows:
            row |= {"unit": unit.name, "model": models_of.get((row["schema"], row["name"]))}
        tables += rows
    return tables


def _chosen(
    project: Project, current: dict[str, t.Any], models: list[str] | None
) -> dict[str, t.Any]:
    """Snapshots with a table of their own, by fully qualified name: the named ones, or all."""
    with_table = {
        name: snapshot
        for name, snapshot in current.items()
        if has_table(snapshot) and not snapshot.model.kind.is_view
    }
    if not models:
        return with_table
    names = {project.fully_qualified(model): model for model in models}
    missing = sorted(model for name, model in names.items() if name not in current)
    if missing:
        where = project.environment_name
        raise impossible(f"{', '.join(missing)}: no such model in the environment {where}.")
    return {name: s for name, s in with_table.items() if name in names}


def _model(snapshot: t.Any, is_kept: bool) -> dict[str, t.Any]:
    columns = (snapshot.model.columns_to_types or {}) if snapshot.is_model else {}
    return {
        "name": user_name(snapshot),
        "identifier": snapshot.identifier,
        "version": snapshot.version,
        "kind": str(getattr(snapshot.model_kind_name, "value", snapshot.model_kind_name)),
        "forward_only": is_forward_only(snapshot),
        "physical_table": snapshot.table_name() if has_table(snapshot) else None,
        "columns": list(columns),
        "kept": is_kept,
    }


def _bare(table: str) -> tuple[str, str]:
    from sqlglot import exp

    parsed = exp.to_table(table)
    return parsed.db, parsed.name


def _backups(
    point: Point, found: list[Unit], chosen: dict[str, t.Any]
) -> dict[str, dict[tuple[str, str], str]]:
    """Backup tables by unit, each for the physical table that it copies."""
    from sqlglot import exp

    named: dict[str, dict[tuple[str, str], str]] = {unit.name: {} for unit in found}
    holders = [unit.name for unit in found if unit.holds_data]
    for number, snapshot in enumerate(sorted(chosen.values(), key=lambda s: s.name), start=1):
        catalog = exp.to_table(snapshot.table_name()).catalog
        unit = catalog if catalog in holders else holders[0]
        if catalog and catalog not in holders:
            raise impossible(f"The table of {user_name(snapshot)} lies in {catalog}, out of reach.")
        named[unit][_bare(snapshot.table_name())] = f"{point.id}__{number:03}"
    return named


def _begun(
    project: Project,
    point: Point,
    origin: dict[str, t.Any],
    started_ms: int,
    places: dict[str, str],
    backups: dict[str, dict[tuple[str, str], str]],
) -> dict[str, t.Any]:
    return {
        "point": point.id,
        "created_ms": started_ms,
        "environment": project.environment_name,
        "gateway": _gateway(project),
        "project": origin,
        "units": [{"name": name, "place": place} for name, place in places.items()],
        "tables": [
            {"unit": unit, "backup": backup}
            for unit, named in backups.items()
            for backup in named.values()
        ],
    }


def _gateway(project: Project) -> str:
    return project.context.gateway or project.context.config.default_gateway_name


def _keep_configuration(project: Project, point: Point) -> None:
    for file in sorted(Path(project.context.path).glob("config.*")):
        shutil.copy(file, point.config / file.name)


def _origin(project: Project) -> dict[str, t.Any]:
    directory = Path(project.context.path)
    return {
        "path": str(directory.resolve()),
        "commit": _git(directory, "rev-parse", "HEAD"),
        "changed_files": (_git(directory, "status", "--porcelain", "--", ".") or "").splitlines(),
    }


def _git(directory: Path, *arguments: str) -> str | None:
    """What git says, or none outside a repository."""
    argv = ["git", "-C", str(directory), *arguments]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _versions(project: Project, found: list[Unit]) -> dict[str, str]:
    versions = {"sqlmesh": project.version, "python": platform.python_version()}
    for unit in found:
        versions |= unit.versions()
    return versions


def _place(unit: Unit, past: Past | None) -> str:
    """Where the point belongs, which is not where it was taken from when that was a copy."""
    return past.places[unit.name] if past else unit.place()


def _unit(unit: Unit) -> dict[str, t.Any]:
    return {
        "name": unit.name,
        "engine": unit.engine,
        "holds_state": unit.holds_state,
        "holds_data": unit.holds_data,
        "settings": unit.settings(),
    }


def _answer(point: Point, manifest: dict[str, t.Any], already: bool) -> dict[str, t.Any]:
    return {
        "already": already,
        "state": "done",
        "point": point.id,
        "kind": manifest["kind"],
        "created_ms": manifest["created_ms"],
        "fingerprint": manifest["fingerprint"],
        "tables": sum(1 for row in manifest["tables"] if row["kind"] == "table"),
        "rows": sum(row["rows"] or 0 for row in manifest["tables"]),
        "bytes": sum(row["bytes"] for row in manifest["files"]),
    }


def probe_point(point: Point) -> dict[str, t.Any]:
    """Whether the point is there; a half one counts as none."""
    if point.manifest() is None:
        return {"state": "not_done", "detail": f"There is no finished rollback point {point.id}."}
    return {"state": "done", "detail": f"The rollback point {point.id} is there."}


def drop(context: t.Any, point: Point) -> dict[str, t.Any]:
    """Removes a point with its tables; killed on the way, the same call goes on."""
    if not point.folder.exists():
        return {"already": True, "state": "done", "point": point.id}
    with point.held():
        if point.manifest() is not None:
            point.forget()
        was = point.unfinished() or {"units": [], "tables": []}
        for row in was["units"]:
            tables = [r for r in was["tables"] if r["unit"] == row["name"] and r.get("backup")]
            # The database is left alone where there is nothing to remove: opening it may lock others out.
            if tables and (unit := _unit_at(context, row)):
                unit.drop_backups([r["backup"] for r in tables])
        point.remove()
    return {"already": False, "state": "done", "point": point.id}


def _unit_at(context: t.Any, row: dict[str, t.Any]) -> Unit | None:
    """The unit of that name, where it still lies where it lay."""
    there = (u for u in units(context) if u.name == row["name"] and u.place() == row["place"])
    return next(there, None)


def units_of(context: t.Any, manifest: dict[str, t.Any], environment: str) -> list[tuple[Unit, dict]]:
    """The present units with what the point says of each; a refusal where they do not fit."""
    if manifest["environment"] != environment_name(environment):
        raise impossible(
            f"The rollback point {manifest['point']} was made of the environment "
            f"{manifest['environment']}, not of {environment}."
        )
    found = units(context)
    rows = {row["name"]: row for row in manifest["units"]}
    places = {unit.name: unit.place() for unit in found}
    if places != {name: row["place"] for name, row in rows.items()}:
        made = ", ".join(sorted(row["place"] for row in rows.values()))
        now = ", ".join(sorted(places.values()))
        raise impossible(
            f"The rollback point {manifest['point']} was made of {made}, and the project uses {now} "
            "now. A point is only restored to where it was made."
        )
    return [(unit, rows[unit.name]) for unit in found]


def _now_ms() -> int:
    return int(time.time() * 1000)
