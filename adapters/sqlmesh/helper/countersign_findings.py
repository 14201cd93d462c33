"""Says whether a rollback is still possible, one finding for each reason it might not be.

SQLMesh itself would happily "succeed" into empty tables: it trusts its state and never asks the
engine whether a table is there. Every finding here is read from the state or the engine and none
changes either of them.
"""

from __future__ import annotations

import time
import typing as t

import countersign_dependents as dependents
import countersign_others as others
from countersign_data import is_empty, table_exists
from countersign_rollback import Rollback, build_plan, downstream
from countersign_state import Project, fingerprint, has_table, is_forward_only
from countersign_views import view_disagreements

PASS, FAIL, INCONCLUSIVE = "pass", "fail", "inconclusive"


def check(project: Project, rollback: Rollback, plan_id: str | None = None) -> dict[str, t.Any]:
    """All findings with what would be affected, the deadline, and the days to fill."""
    findings: list[dict] = []
    deadline = None
    backfill: list[dict] = []

    def add(name: str, subject: str, outcome: str, detail: str) -> None:
        row = {"check": name, "subject": subject, "outcome": outcome, "detail": detail}
        findings.append(row)

    _environment(rollback, plan_id, add)
    _views(project, rollback, add)
    holders = _holders(project)
    for name in rollback.missing:
        add(
            "target_version_exists",
            rollback.names[name],
            FAIL,
            f"Version {rollback.wanted[name]} of {rollback.names[name]} is no longer in "
            "SQLMesh's state; the janitor has removed it or it never existed.",
        )
    for name, stored in rollback.stored.items():
        snapshot = rollback.in_place.get(name, stored)
        model = rollback.names[name]
        add(
            "target_version_exists",
            model,
            PASS,
            f"Version {snapshot.identifier} of {model} is in the state.",
        )
        if name not in rollback.in_place:
            _restorable(rollback, name, snapshot, add)
        _table(project, rollback, name, snapshot, add)
        until = _janitor(rollback.names[name], snapshot, holders, add)
        deadline = min(filter(None, [deadline, until]), default=None)
    dependents.findings(project, rollback, add)
    others.findings(project, rollback, add)
    for name in sorted(rollback.without):
        _left_out(rollback, name, add)
    if not rollback.missing:
        _lineage(rollback, add)
        for name in rollback.rebuilt:
            _table(project, rollback, name, rollback.resulting[name], add)
            _columns(project, rollback, name, add)
        if not rollback.foreign_parents and not rollback.orphans:
            backfill = _backfill(project, rollback, add)
    return {
        "findings": findings,
        "possible": all(finding["outcome"] != FAIL for finding in findings),
        "already": not rollback.moved,
        "affected": {
            "direct": sorted(rollback.names[name] for name in rollback.wanted),
            "downstream": downstream(rollback),
            "without": sorted(rollback.names[name] for name in rollback.without),
        },
        "possible_until_ms": deadline,
        "backfill": {"models": backfill, "intervals": sum(row["missing"] for row in backfill)},
        "fingerprint": fingerprint(rollback.environment),
    }


Add = t.Callable[[str, str, str, str], None]


def _environment(rollback: Rollback, plan_id: str | None, add: Add) -> None:
    environment = rollback.environment
    if environment.finalized_ts:
        add(
            "environment_finalized",
            environment.name,
            PASS,
            f"The last plan of {environment.name} has finished.",
        )
    elif environment.plan_id == plan_id:
        add(
            "environment_finalized",
            environment.name,
            PASS,
            f"The unfinished plan of {environment.name} is this very rollback.",
        )
    else:
        add(
            "environment_finalized",
            environment.name,
            FAIL,
            f"Plan {environment.plan_id} on {environment.name} has not finished: it is running or "
            "it died. Two plans at once can leave views and state in disagreement.",
        )


def _views(project: Project, rollback: Rollback, add: Add) -> None:
    """After two plans at once the record may be one plan's and the views the other's.

    SQLMesh does not look. Whoever is asked must know that the record does not say what people read.
    """
    environment = rollback.environment
    if not environment.finalized_ts:
        return
    wrong, unreadable = view_disagreements(project, environment, rollback.current.values())
    if wrong:
        names = ", ".join(sorted(rollback.names[name] for name in wrong))
        add(
            "views_match_state",
            environment.name,
            INCONCLUSIVE,
            f"Views of {names} read other tables than SQLMesh's record says, as after two plans at "
            "once. Those of the models that go back, and of what reads them, are pointed anew.",
        )
    elif not unreadable:
        detail = f"The views of {environment.name} read what SQLMesh's record says."
        add("views_match_state", environment.name, PASS, detail)


def _restorable(rollback: Rollback, name: str, snapshot: t.Any, add: Add) -> None:
    model, present = rollback.names[name], rollback.current.get(name)
    check_name = "version_restorable"
    shares_table = present is not None and present.version == snapshot.version
    is_same = present is not None and present.identifier == snapshot.identifier
    if snapshot.unrestorable:
        add(
            check_name,
            model,
            FAIL,
            f"{model} was changed in place (forward-only): its old version cannot be restored by "
            "pointing back. This needs a schema rollback.",
        )
    elif snapshot.is_model and not snapshot.virtual_environment_mode.is_full:
        add(
            check_name,
            model,
            FAIL,
            f"{model} has no versioned tables (virtual_environment_mode is not full).",
        )
    elif shares_table and not is_same and is_forward_only(snapshot):
        add(
            check_name,
            model,
            FAIL,
            f"{model} is forward-only: both versions are one table. This needs a schema rollback.",
        )
    elif shares_table and not is_same and not present.is_metadata:
        add(
            check_name,
            model,
            INCONCLUSIVE,
            f"Both versions of {model} are one physical table: rows that the present version "
            "wrote will stay.",
        )
    else:
        add(check_name, model, PASS, f"{model} can be pointed back at its old version.")


def _table(project: Project, rollback: Rollback, name: str, snapshot: t.Any, add: Add) -> None:
    """State says which intervals are filled; only the engine knows whether the table is there."""
    if not has_table(snapshot) or not snapshot.version:
        return
    model, table = rollback.names[name], snapshot.table_name()
    if not table_exists(project, snapshot):
        if snapshot.intervals:
            add(
                "physical_table_exists",
                model,
                FAIL,
                f"The table {table} of {model} is gone although the state says that it is filled; "
                "SQLMesh would create it empty.",
            )
        else:
            add("physical_table_exists", model, PASS, f"{model} will be built anew.")
        return
    add("physical_table_exists", model, PASS, f"The table {table} is there.")
    present = rollback.current.get(name)
    if not snapshot.intervals or present is None or present.version == snapshot.version:
        return
    if not is_empty(project, snapshot):
        add("physical_table_filled", model, PASS, f"The old table of {model} holds rows.")
    elif table_exists(project, present) and not is_empty(project, present):
        add(
            "physical_table_filled",
            model,
            FAIL,
            f"The table {table} of {model} is empty and the present one is not.",
        )
    else:
        # A model may have no rows by right, and only people know that.
        add(
            "physical_table_filled",
            model,
            INCONCLUSIVE,
            f"The table {table} of {model} is empty, and so is the present one: going back brings "
            "no rows. If it should have some, this is not enough.",
        )


Holders = dict[t.Any, tuple[str, int | None]]


def _holders(project: Project) -> Holders:
    """By snapshot, the environment that keeps it for longest and until when; None for ever."""
    holders: Holders = {}
    for environment in project.state.get_environments():
        if environment.expired:
            continue
        until = environment.expiration_ts
        for info in environment.snapshots:
            name, known = holders.get(info.snapshot_id, ("", 0))
            if not name or (known is not None and (until is None or until > known)):
                holders[info.snapshot_id] = (environment.name, until)
    return holders


def _janitor(model: str, snapshot: t.Any, holders: Holders, add: Add) -> int | None:
    """Milliseconds since the epoch at which the janitor may remove the snapshot; None for never."""
    until = snapshot.updated_ts + snapshot.ttl_ms
    if held := holders.get(snapshot.snapshot_id):
        holder, expires = held
        detail = f"The old version of {model} is held by the environment {holder}"
        if expires is None:
            add("kept_from_janitor", model, PASS, f"{detail}.")
            return None
        # An environment that expires keeps what it holds for no longer than that.
        until = max(until, expires)
        hours = (until - time.time() * 1000) / 3_600_000
        add("kept_from_janitor", model, PASS, f"{detail}, which expires; {hours:.0f} h are left.")
        return until
    hours = (until - time.time() * 1000) / 3_600_000
    if hours > 0:
        add(
            "kept_from_janitor",
            model,
            PASS,
            f"The janitor leaves the old version of {model} alone for {hours:.0f} h.",
        )
    else:
        add(
            "kept_from_janitor",
            model,
            INCONCLUSIVE,
            f"The next run of the janitor removes the old version of {model}.",
        )
    return until


def _left_out(rollback: Rollback, name: str, add: Add) -> None:
    model = rollback.names[name]
    detail = f"{model} leaves the environment: its view goes, and its table stays for now."
    if name not in rollback.current:
        detail = f"{model} is not in the environment."
    add("left_out", model, PASS, detail)


def _lineage(rollback: Rollback, add: Add) -> None:
    for name, lost in rollback.orphans.items():
        add(
            "parents_match",
            rollback.names[name],
            FAIL,
            f"{rollback.names[name]} would stay and read what goes away: {', '.join(lost)}. "
            "Name it as well.",
        )
    for name in rollback.stored:
        model, foreign = rollback.names[name], rollback.foreign_parents.get(name)
        if foreign:
            add(
                "parents_match",
                model,
                FAIL,
                f"The old version of {model} was built on versions of its parents that are not "
                f"part of this rollback; name them as well: {', '.join(foreign)}.",
            )
        else:
            add("parents_match", model, PASS, f"The parents of {model} fit its old version.")
    readers = downstream(rollback)
    named = f"{len(readers)} models read them: {', '.join(readers)}." if readers else "None."
    add("downstream", rollback.environment.name, PASS, named)
    for name in rollback.rebuilt:
        model = rollback.names[name]
        if is_forward_only(rollback.resulting[name]):
            add(
                "downstream_forward_only",
                model,
                INCONCLUSIVE,
                f"{model} reads a model that goes back and is forward-only: rows that it has "
                "already taken over stay until it is restated.",
            )


def _columns(project: Project, rollback: Rollback, name: str, add: Add) -> None:
    """A kept definition may read a column that the old version of its parent does not have.

    Never more than inconclusive: macros and dialects can mislead this, and a filling that fails
    leaves the environment as it is.
    """
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.qualify import qualify

    model = rollback.resulting[name].node
    schema = getattr(model, "mapping_schema", None)
    if not schema or not getattr(model, "is_sql", False):
        return
    try:
        query = model.render_query(optimize=False)
        if query is not None:
            catalog = project.context.default_catalog
            qualify(query.copy(), schema=schema, dialect=model.dialect, catalog=catalog)
    except SqlglotError as error:
        add(
            "downstream_columns",
            rollback.names[name],
            INCONCLUSIVE,
            f"{rollback.names[name]} keeps its definition and may not fit the old version of what "
            f"it reads: {error}",
        )


def _backfill(project: Project, rollback: Rollback, add: Add) -> list[dict]:
    from sqlmesh.utils.errors import SQLMeshError

    try:
        plan = build_plan(project, rollback)
    except SQLMeshError as error:
        add("plan_builds", rollback.environment.name, FAIL, f"SQLMesh refuses the plan: {error}")
        return []
    rows = [
        {"model": rollback.names[row.snapshot_id.name], "missing": len(row.intervals)}
        for row in plan.missing_intervals
    ]
    total = sum(row["missing"] for row in rows)
    detail = f"{total} intervals of {len(rows)} models are filled before the switch."
    add("plan_builds", rollback.environment.name, PASS, detail if rows else "Nothing to fill.")
    return rows
