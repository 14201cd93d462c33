"""Says whether the environment is what a rollback point says, read through its views."""

from __future__ import annotations

import typing as t

from countersign_point import Point
from countersign_state import Project, fingerprint, has_table, user_name
from countersign_verify_point import FAIL, INCONCLUSIVE, PASS
from countersign_views import view_disagreements, view_of


def verify_live(project: Project, point: Point) -> dict[str, t.Any]:
    """Checks of a restored environment: its record, its views, and the rows behind them."""
    from sqlglot import exp

    manifest = point.known()
    environment = project.environment()
    current = project.snapshots(environment.snapshots)
    checks: list[dict] = []

    def add(name: str, subject: str, outcome: str, detail: str) -> None:
        checks.append({"name": name, "subject": subject, "outcome": outcome, "detail": detail})

    if fingerprint(environment) == manifest["fingerprint"]:
        detail = f"{environment.name} is at the plan {environment.plan_id} of the point."
        add("environment", environment.name, PASS, detail)
    else:
        detail = f"{environment.name} is at the plan {environment.plan_id}; the point has another."
        add("environment", environment.name, FAIL, detail)
    wrong, unreadable = view_disagreements(project, environment, current.values())
    rows_of = {row["model"]: row["rows"] for row in manifest["tables"] if row.get("model")}
    for snapshot in filter(has_table, current.values()):
        model = user_name(snapshot)
        if snapshot.name in wrong:
            add("view", model, FAIL, f"The view of {model} reads another table than it should.")
            continue
        if snapshot.name in unreadable:
            detail = f"The engine does not show what the view of {model} reads."
            add("view", model, INCONCLUSIVE, detail)
        count = exp.select(exp.Count(this=exp.Star())).from_(view_of(project, environment, snapshot))
        rows = project.adapter(snapshot).fetchone(count, quote_identifiers=True)[0]
        expected = rows_of.get(model)
        if expected in (None, rows):
            add("row_count", model, PASS, f"{model} can be read: {rows} rows.")
        else:
            detail = f"{model} has {rows} rows where the point has {expected}."
            add("row_count", model, FAIL, detail)
    return {"checks": checks, "passed": all(check["outcome"] == PASS for check in checks)}
