"""Looks at the data itself: how many rows there are, whether they are right.

Everything is read through the engine adapters that SQLMesh configured; statements are built as
syntax trees so that each engine gets its own dialect. Nothing is written.
"""

from __future__ import annotations

import hashlib
import json
import typing as t

from countersign_state import Project, fingerprint, has_table, usage, user_name
from countersign_views import leftover_views, view_disagreements, view_of

PASS, FAIL, INCONCLUSIVE = "pass", "fail", "inconclusive"
ROWS_AT_ONCE = 10_000
DEFAULT_TOLERANCE = 0.05


def table_exists(project: Project, snapshot: t.Any) -> bool:
    return project.adapter(snapshot).table_exists(snapshot.table_name())


def is_empty(project: Project, snapshot: t.Any) -> bool:
    from sqlglot import exp

    query = exp.select("1").from_(exp.to_table(snapshot.table_name())).limit(1)
    return project.adapter(snapshot).fetchone(query, quote_identifiers=True) is None


def measure(project: Project, models: list[str] | None) -> dict[str, t.Any]:
    """Rows, distinct keys and newest time of each model, read through the environment's views."""
    environment, snapshots = _chosen(project, models)
    return {
        "environment": environment.name,
        # Read before the data: whoever compares it with a later look knows what was measured.
        "fingerprint": fingerprint(environment),
        "models": {user_name(s): _measure(project, environment, s) for s in snapshots},
    }


def _chosen(project: Project, models: list[str] | None) -> tuple[t.Any, list[t.Any]]:
    environment = project.environment()
    current = project.snapshots(environment.snapshots)
    if not models:
        return environment, [s for s in current.values() if has_table(s)]
    chosen = []
    for model in models:
        snapshot = current.get(project.fully_qualified(model))
        if snapshot is None or not has_table(snapshot):
            raise usage(f"The environment {environment.name} has no table for {model}.")
        chosen.append(snapshot)
    return environment, chosen


def _key_of(snapshot: t.Any) -> list[t.Any]:
    """Columns that identify a row: the unique key of the kind, else the first declared grain.

    References are left out: SQLMesh lets them repeat.
    """
    from sqlglot import exp

    if snapshot.model.unique_key:
        return [key.copy() for key in snapshot.model.unique_key]
    if not snapshot.model.grains:
        return []
    grain = snapshot.model.grains[0].copy()
    return list(grain.expressions) if isinstance(grain, exp.Tuple) else [grain.unnest()]


def _measure(project: Project, environment: t.Any, snapshot: t.Any) -> dict[str, t.Any]:
    from sqlglot import exp

    view, key = view_of(project, environment, snapshot), _key_of(snapshot)
    time_column = snapshot.model.time_column
    newest = exp.Max(this=time_column.column.copy()) if time_column else exp.null()
    query = exp.select(exp.Count(this=exp.Star()), newest).from_(view.copy())
    adapter = project.adapter(snapshot)
    rows, max_time = adapter.fetchone(query, quote_identifiers=True)
    distinct = None
    if key:
        keys = exp.select(*key).distinct().from_(view.copy()).subquery("keys")
        counted = exp.select(exp.Count(this=exp.Star())).from_(keys)
        distinct = adapter.fetchone(counted, quote_identifiers=True)[0]
    return {
        "rows": rows,
        "key": [expression.sql(dialect=adapter.dialect) for expression in key],
        "distinct_keys": distinct,
        "duplicates": None if distinct is None else rows - distinct,
        "max_time": None if max_time is None else str(max_time),
    }


def fingerprint_data(project: Project, models: list[str] | None) -> dict[str, t.Any]:
    """A hash over all rows of each model, whatever order its rows and columns have.

    A column that was dropped in place comes back as the last.
    """
    from sqlglot import exp

    environment, snapshots = _chosen(project, models)
    hashes = {}
    for snapshot in snapshots:
        adapter = project.adapter(snapshot)
        query = exp.select("*").from_(view_of(project, environment, snapshot))
        adapter.execute(query, quote_identifiers=True)
        named = [column[0] for column in adapter.cursor.description]
        order = sorted(range(len(named)), key=named.__getitem__)
        columns, rows, total = [named[place] for place in order], 0, 0
        # A sum of row hashes needs no ORDER BY, whose result depends on collations.
        while batch := adapter.cursor.fetchmany(ROWS_AT_ONCE):
            for row in batch:
                text = json.dumps([row[place] for place in order], default=str, ensure_ascii=False)
                total += int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
            rows += len(batch)
        text = json.dumps([columns, rows, total % 2**256])
        digest = hashlib.sha256(text.encode()).hexdigest()
        hashes[user_name(snapshot)] = {"rows": rows, "columns": columns, "sha256": digest}
    return {"environment": environment.name, "models": hashes}


def read_baseline(text: str | None) -> dict[str, t.Any]:
    """What `measure` printed when all was well, as it is given to `verify`."""
    try:
        baseline = json.loads(text) if text else {}
    except ValueError as error:
        raise usage(f"--baseline is not JSON: {error}.") from None
    if not isinstance(baseline, dict):
        raise usage("--baseline wants the object that `measure` printed.")
    return baseline


def verify(
    project: Project, rollback: t.Any, scope: list[t.Any], baseline: dict, with_audits: bool
) -> dict[str, t.Any]:
    """Checks of the data after a rollback, over the named models and all that reads them."""
    environment = rollback.environment
    checks: list[dict] = []

    def add(name: str, subject: str, outcome: str, expected: t.Any, observed: t.Any, detail: str):
        row = {"name": name, "subject": subject, "outcome": outcome}
        checks.append(row | {"expected": expected, "observed": observed, "detail": detail})

    finished = bool(environment.finalized_ts)
    add(
        "environment_finalized",
        environment.name,
        PASS if finished else FAIL,
        True,
        finished,
        f"Plan {environment.plan_id} {'has' if finished else 'has not'} finished.",
    )
    now = {info.name: info.identifier for info in environment.snapshots}
    for name, identifier in rollback.wanted.items():
        is_there = now.get(name) == identifier
        add(
            "version",
            rollback.names[name],
            PASS if is_there else FAIL,
            identifier,
            now.get(name),
            f"{rollback.names[name]} {'is' if is_there else 'is not'} at the wanted version.",
        )
    _check_gone(project, rollback, now, add)
    wrong, unreadable = view_disagreements(project, environment, scope)
    tolerance = baseline.get("tolerance", DEFAULT_TOLERANCE)
    growth = baseline.get("growth")
    for snapshot in filter(has_table, scope):
        model = user_name(snapshot)
        if snapshot.name in wrong:
            add(
                "view",
                model,
                FAIL,
                snapshot.table_name(),
                None,
                f"The view of {model} reads another table than the state says.",
            )
            continue
        table = snapshot.table_name()
        if snapshot.name in unreadable:
            add(
                "view",
                model,
                INCONCLUSIVE,
                table,
                None,
                f"The engine does not show what the view of {model} reads.",
            )
        else:
            add("view", model, PASS, table, table, f"The view of {model} reads its table.")
        if not table_exists(project, snapshot):
            detail = f"The table {table} of {model} is gone or cannot be read."
            add("physical_table_exists", model, FAIL, table, None, detail)
            continue
        measured = _measure(project, environment, snapshot)
        base = baseline.get("models", {}).get(model)
        _check_measured(model, measured, base, (tolerance, growth), add)
        if with_audits:
            _check_audits(project, rollback, snapshot, add)
    return {"checks": checks, "passed": all(check["outcome"] == PASS for check in checks)}


def _check_gone(project: Project, rollback: t.Any, now: dict[str, str], add: t.Callable) -> None:
    """A model that the rollback leaves out is neither in the record nor read by anybody."""
    leftover = leftover_views(project, rollback.environment, rollback.without)
    for name in sorted(rollback.without):
        model = rollback.names[name]
        if name in now:
            outcome, detail = FAIL, f"{model} is still in the environment."
        elif leftover is None:
            outcome, detail = INCONCLUSIVE, f"The engine does not show whether {model} has a view."
        elif name in leftover:
            outcome, detail = FAIL, f"{model} has left the environment, but its view is there."
        else:
            outcome, detail = PASS, f"{model} and its view are gone."
        add("gone", model, outcome, None, now.get(name), detail)


def _check_measured(
    model: str,
    measured: dict,
    base: dict | None,
    limits: tuple[float, float | None],
    add: t.Callable,
) -> None:
    """Compares with the baseline. `limits` are the part of the rows that may be missing, and the part
    by which they may have grown since; without the second, more is as wrong as fewer.
    """
    tolerance, growth = limits
    rows, expected = measured["rows"], (base or {}).get("rows")
    if expected is None:
        add("row_count", model, PASS if rows else FAIL, "more than 0", rows, f"{rows} rows.")
    else:
        low = expected * (1 - tolerance)
        high = expected * (1 + (tolerance if growth is None else growth))
        if low <= rows <= high:
            outcome = PASS
        else:
            # Data grows: a person can tell whether so much more is right.
            outcome = FAIL if rows < low or growth is None else INCONCLUSIVE
        allowed = f"tolerance {tolerance:.0%}"
        if growth is not None:
            allowed = f"at most {tolerance:.0%} fewer or {growth:.0%} more are expected"
        add(
            "row_count",
            model,
            outcome,
            expected,
            rows,
            f"{rows} rows where the baseline has {expected}; {allowed}.",
        )
    if measured["duplicates"] is not None:
        allowed = (base or {}).get("duplicates") or 0
        found, key = measured["duplicates"], ", ".join(measured["key"])
        add(
            "duplicates",
            model,
            PASS if found <= allowed else FAIL,
            allowed,
            found,
            f"{found} rows repeat the key ({key}).",
        )
    if base and base.get("max_time") is not None:
        before, observed = base["max_time"], measured["max_time"]
        add(
            "freshness",
            model,
            PASS if _not_older(observed, before) else FAIL,
            before,
            observed,
            f"Newest row is of {observed}, in the baseline of {before}.",
        )


def _not_older(observed: str | None, before: str) -> bool:
    if observed is None:
        return False
    if observed.isdigit() and before.isdigit():
        return int(observed) >= int(before)
    return observed >= before


def _check_audits(project: Project, rollback: t.Any, snapshot: t.Any, add: t.Callable) -> None:
    """Audits of the environment's own snapshots over all filled days; without dates they lie."""
    model = user_name(snapshot)
    if not snapshot.model.audits_with_args or not snapshot.intervals:
        return
    results = project.context.snapshot_evaluator.audit(
        snapshot,
        snapshots=rollback.current,
        start=snapshot.intervals[0][0],
        end=snapshot.intervals[-1][1],
    )
    for result in results:
        if result.skipped:
            continue
        failed = FAIL if result.blocking else INCONCLUSIVE
        add(
            "audit",
            model,
            failed if result.count else PASS,
            0,
            result.count,
            f"Audit {result.audit.name} found {result.count} rows.",
        )
