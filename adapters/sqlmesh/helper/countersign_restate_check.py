"""Says whether values can be computed again, before it is done, and whether they were, after it."""

from __future__ import annotations

import typing as t

from countersign_data import FAIL, INCONCLUSIVE, PASS, table_exists
from countersign_point import Point
from countersign_restate import Anew, day, readers
from countersign_rollback import Rollback
from countersign_schema import Lost
from countersign_state import Project, has_table, user_name

Add = t.Callable[[str, str, str, str], None]


def findings(project: Project, rollback: Rollback, groups: list[Anew], add: Add) -> None:
    """What is computed again and anew, of which days, from how many rows; and what cannot be."""
    for group in groups:
        for name in group.untold:
            model = rollback.names.get(name) or user_name(rollback.resulting[name])
            detail = (
                f"{model} is filled bit by bit and would be computed anew; targets.yaml does not say how "
                "far back its sources go (`source_history`)."
            )
            add("sources_have_history", model, FAIL, detail)
        for lost in group.roots:
            _root(project, rollback, lost, group.since_ms, add)
        for name in sorted(group.names - {lost.name for lost in group.roots}):
            snapshot = rollback.resulting[name]
            if snapshot.is_model and snapshot.is_incremental and has_table(snapshot):
                if _can_be_counted(snapshot, add):
                    _as_many(project, rollback, snapshot, [], group.since_ms, add)
        if anew := readers(rollback, group):
            detail = f"Because they read it, these are computed anew with it: {', '.join(anew)}."
            add("computed_anew", ", ".join(lost.model for lost in group.roots), PASS, detail)


def _root(
    project: Project, rollback: Rollback, lost: Lost, since_ms: int | None, add: Add
) -> None:
    snapshot, name = lost.target, "values_recomputable"
    if snapshot.disable_restatement:
        detail = f"{lost.model} does not let itself be computed again (`disable_restatement`)."
        return add(name, lost.model, FAIL, detail)
    if not _can_be_counted(snapshot, add):
        return None
    if not _as_many(project, rollback, snapshot, lost.columns, since_ms, add):
        return None
    older = _rows_before(project, rollback, snapshot, since_ms)
    if older:
        columns = ", ".join(lost.columns)
        detail = (
            f"{older} rows of {lost.model} are of before {day(since_ms)}, where its sources do not go "
            f"back to: their {columns} stay empty."
        )
        add("rows_not_recomputed", lost.model, INCONCLUSIVE, detail)
    return None


def _can_be_counted(snapshot: t.Any, add: Add) -> bool:
    """Whether its query tells before what it would be computed to."""
    model, name = user_name(snapshot), "values_recomputable"
    if snapshot.depends_on_self:
        detail = f"{model} reads its own rows: what it would be computed to is not known before."
        add(name, model, FAIL, detail)
        return False
    if not getattr(snapshot.model, "is_sql", False):
        detail = f"{model} is no SQL model: how many rows it would have is not known before."
        add(name, model, INCONCLUSIVE, detail)
        return False
    return True


def _as_many(
    project: Project,
    rollback: Rollback,
    snapshot: t.Any,
    columns: list[str],
    since_ms: int | None,
    add: Add,
) -> bool:
    """Whether it would have no fewer rows than now, and values in these columns."""
    model, name = user_name(snapshot), "values_recomputable"
    start_ms, end_ms = _days(rollback, snapshot)
    if since_ms is not None and start_ms < since_ms and not snapshot.model.kind.is_incremental_by_time_range:
        detail = (
            f"{model} can be computed again only as a whole, from {day(start_ms)} on, and its sources "
            f"go back to {day(since_ms)}."
        )
        add(name, model, FAIL, detail)
        return False
    start_ms = max(start_ms, since_ms or start_ms)
    now = _rows_since(project, rollback, snapshot, since_ms)
    try:
        again, *filled = _counted(project, rollback, snapshot, columns, start_ms, end_ms)
    except Exception as error:  # Each driver has its own errors.
        said = str(error).splitlines()[0]
        # What it reads may come back by this very rollback.
        reads_lost = any(parent.name in rollback.in_place for parent in snapshot.parents)
        outcome = INCONCLUSIVE if reads_lost else FAIL
        add(name, model, outcome, f"The query of {model} cannot be run before: {said}")
        return outcome != FAIL
    of = "as a whole" if since_ms is None else f"from {day(start_ms)} on"
    if again < now:
        detail = (
            f"Computed again {of}, {model} would have {again} rows where there are {now} now: its "
            "sources do not have all of its history."
        )
        add(name, model, FAIL, detail)
        return False
    for column, count in zip(columns, filled):
        if again and not count:
            add(name, model, FAIL, f"The sources of {model} give no value of {column} at all.")
            return False
    values = ", ".join(f"{count} with {column}" for column, count in zip(columns, filled))
    detail = f"Computed again {of}, {model} has {again} rows where there are {now} now"
    add(name, model, PASS, f"{detail}{': ' if values else ''}{values}.")
    return True


def _days(rollback: Rollback, snapshot: t.Any) -> tuple[int, int]:
    """The first and the last millisecond (not included) of what is filled."""
    present = rollback.current.get(snapshot.name, snapshot)
    filled = present.intervals or snapshot.intervals
    if not filled:
        return 0, 0
    return filled[0][0], filled[-1][1]


def _counted(
    project: Project,
    rollback: Rollback,
    snapshot: t.Any,
    columns: list[str],
    start_ms: int,
    end_ms: int,
) -> tuple[int, ...]:
    """Rows of the model's query over these days, and how many of them have each of the columns."""
    from sqlglot import exp
    from sqlmesh.core.snapshot import DeployabilityIndex
    from sqlmesh.utils.date import to_datetime

    adapter = project.adapter(snapshot)
    query = snapshot.model.render_query_or_raise(
        start=to_datetime(start_ms),
        end=to_datetime(end_ms),
        # Their tables as they are now: where one is made anew for this rollback, there is no other yet.
        snapshots=rollback.current,
        deployability_index=DeployabilityIndex.all_deployable(),
        engine_adapter=adapter,
    )
    counts = [exp.Count(this=exp.Star())]
    counts += [exp.Count(this=exp.column(column, quoted=True)) for column in columns]
    counted = exp.select(*counts).from_(query.subquery("again"))
    return tuple(adapter.fetchone(counted, quote_identifiers=True))


def _rows_since(project: Project, rollback: Rollback, snapshot: t.Any, since_ms: int | None) -> int:
    return _rows(project, rollback, snapshot, since_ms, is_before=False)


def _rows_before(project: Project, rollback: Rollback, snapshot: t.Any, since_ms: int | None) -> int:
    if since_ms is None:
        return 0
    return _rows(project, rollback, snapshot, since_ms, is_before=True)


def _rows(
    project: Project, rollback: Rollback, snapshot: t.Any, since_ms: int | None, *, is_before: bool
) -> int:
    """Rows in the table as it is now, of days since then or before; all where days mean nothing."""
    from sqlglot import exp
    from sqlmesh.utils.date import to_datetime

    present = rollback.current.get(snapshot.name)
    if present is None or not table_exists(project, present):
        return 0
    query = exp.select(exp.Count(this=exp.Star())).from_(exp.to_table(present.table_name()))
    time_column = snapshot.model.time_column
    if since_ms is not None and time_column:
        since = snapshot.model.convert_to_time_column(to_datetime(since_ms))
        compare = exp.LT if is_before else exp.GTE
        query = query.where(compare(this=time_column.column.copy(), expression=since))
    elif is_before:
        return 0
    return project.adapter(snapshot).fetchone(query, quote_identifiers=True)[0]


def checks(
    project: Project, rollback: Rollback, groups: list[Anew], saved: Point | None
) -> list[dict[str, t.Any]]:
    """The checks afterwards, as `verify` has them: no fewer rows than the run's own point kept."""
    found: list[dict[str, t.Any]] = []
    kept = {row["model"]: row["rows"] for row in saved.known()["tables"]} if saved else {}

    def add(name: str, subject: str, good: bool, expected: t.Any, observed: t.Any, detail: str) -> None:
        row = {"name": name, "subject": subject, "outcome": PASS if good else FAIL}
        found.append(row | {"expected": expected, "observed": observed, "detail": detail})

    for group in groups:
        roots = {lost.name: lost for lost in group.roots}
        for name in sorted(group.names):
            snapshot = rollback.current.get(name)
            if snapshot is None or not (name in roots or snapshot.is_incremental):
                continue
            if not has_table(snapshot):
                continue
            model, rows = user_name(snapshot), _rows_since(project, rollback, snapshot, None)
            if (before := kept.get(model)) is not None:
                detail = f"{model} has {rows} rows computed again, where it had {before}."
                add("rows_recomputed", model, rows >= before, before, rows, detail)
        for lost in group.roots:
            _filled(project, rollback, lost, group.since_ms, add)
    return found


def _filled(
    project: Project, rollback: Rollback, lost: Lost, since_ms: int | None, add: t.Callable
) -> None:
    """As many empty values as the query itself has: rows that came since do not matter."""
    snapshot = rollback.current[lost.name]
    if not getattr(snapshot.model, "is_sql", False):
        return
    start_ms, end_ms = _days(rollback, snapshot)
    days = (max(start_ms, since_ms or start_ms), end_ms)
    again, *filled = _counted(project, rollback, snapshot, lost.columns, *days)
    for column, with_value in zip(lost.columns, filled):
        rows, there = lost.values(column, snapshot, since_ms)
        empty, allowed = rows - there, again - with_value
        detail = f"{there} of {rows} rows of {lost.model} have their {column}, computed again."
        add("values_recomputed", f"{lost.model}.{column}", bool(there) and empty <= allowed, allowed, empty, detail)
