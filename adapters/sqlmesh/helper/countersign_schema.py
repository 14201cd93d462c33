"""Takes a forward-only model back to an earlier definition: first its columns, then their values.

Such a model has one table for all of its versions, so a release changes it in place. A SQLMesh plan
brings dropped columns back, and they are empty then while every audit passes. Their values come
from a table that a rollback point kept before the release; one made later has lost them as well.

Only what is empty is filled, so doing it again changes nothing, and what was written since stays.
"""

from __future__ import annotations

import typing as t

from countersign_data import FAIL, INCONCLUSIVE, PASS
from countersign_findings import check
from countersign_point import Point
from countersign_promote import Outcome, probe
from countersign_rollback import Rollback
from countersign_state import Project, usage
from countersign_units import BACKUPS

Add = t.Callable[[str, str, str, str], None]


class Lost:
    """The columns of one model that the release dropped, and the table that kept them."""

    def __init__(self, project: Project, rollback: Rollback, name: str, leaving: t.Any) -> None:
        from sqlglot import exp

        target = rollback.in_place[name]
        self.name, self.target = name, target
        # Whether its values are computed again, because no point has them.
        self.restated = False
        self.model, self.adapter = rollback.names[name], project.adapter(target)
        table = exp.to_table(rollback.current[name].table_name())
        self.physical, self.table = (table.db, table.name), self._sql(table)
        self.catalog = table.catalog
        self.wanted = list(target.model.columns_to_types or {})
        present = list(leaving.model.columns_to_types or {}) if leaving is not None else self.wanted
        self.columns = [column for column in self.wanted if column not in present]
        self.key = key_columns(target)
        self.backup: str | None = None
        self.kept: list[str] = []

    def find_backup(self, manifest: dict[str, t.Any]) -> None:
        """Looks for the table of this model in a point."""
        from sqlglot import exp

        for row in manifest["tables"]:
            if row.get("backup") and (row["schema"], row["name"]) == self.physical:
                table = exp.table_(row["backup"], db=BACKUPS, catalog=self.catalog)
                self.backup, self.kept = self._sql(table), [name for name, _ in row["columns"]]

    @property
    def unkept(self) -> list[str]:
        """Columns whose values the point does not have."""
        return [column for column in [*self.key, *self.columns] if column not in self.kept]

    def fill(self) -> None:
        """Puts the kept values where there are none."""
        for column in self.columns:
            this, kept = self._named(column), f"kept.{self._named(column)}"
            with self.adapter.transaction():
                self.adapter.execute(
                    f"UPDATE {self.table} AS live SET {this} = {kept} FROM {self.backup} AS kept"
                    f" WHERE {self._joined()} AND live.{this} IS NULL AND {kept} IS NOT NULL"
                )

    def counts(self, column: str) -> tuple[int, int]:
        """Rows whose value the point kept, and those of them that have one now."""
        this = self._named(column)
        return self.adapter.fetchone(
            f"SELECT count(*), count(live.{this}) FROM {self.table} AS live"
            f" JOIN {self.backup} AS kept ON {self._joined()} WHERE kept.{this} IS NOT NULL"
        )

    def values(self, column: str, snapshot: t.Any, since_ms: int | None) -> tuple[int, int]:
        """Rows of the days since then, and those of them that have a value now; no point is asked."""
        from sqlmesh.utils.date import to_datetime

        query = f"SELECT count(*), count(live.{self._named(column)}) FROM {self.table} AS live"
        time_column = snapshot.model.time_column
        if since_ms is not None and time_column:
            since = self._sql(snapshot.model.convert_to_time_column(to_datetime(since_ms)))
            query += f" WHERE live.{self._named(time_column.column.name)} >= {since}"
        return self.adapter.fetchone(query)

    def newer_rows(self) -> int:
        """Rows that the point does not know."""
        query = f"SELECT count(*) FROM {self.table} AS live WHERE NOT EXISTS"
        query += f" (SELECT 1 FROM {self.backup} AS kept WHERE {self._joined()})"
        return self.adapter.fetchone(query)[0]

    def repeated_keys(self) -> int:
        """Rows of the backup whose key another row has as well."""
        key = ", ".join(map(self._named, self.key))
        query = f"SELECT count(*) FROM (SELECT DISTINCT {key} FROM {self.backup}) AS keys"
        rows = self.adapter.fetchone(f"SELECT count(*) FROM {self.backup}")[0]
        return rows - self.adapter.fetchone(query)[0]

    def _joined(self) -> str:
        return " AND ".join(f"live.{k} = kept.{k}" for k in map(self._named, self.key))

    def _named(self, column: str) -> str:
        from sqlglot import exp

        return self._sql(exp.to_identifier(column, quoted=True))

    def _sql(self, expression: t.Any) -> str:
        return expression.sql(dialect=self.adapter.dialect, identify=True)


def key_columns(snapshot: t.Any) -> list[str]:
    """The columns that identify a row; none where the key is no plain columns."""
    from countersign_data import _key_of
    from sqlglot import exp

    keys = [key.this if isinstance(key, exp.Column) else key for key in _key_of(snapshot)]
    plain = all(isinstance(key, (exp.Identifier, exp.Column)) for key in keys)
    return [key.name for key in keys] if plain else []


def losses(
    project: Project,
    rollback: Rollback,
    leaving: t.Iterable[str],
    point: Point | None,
    restate: t.Iterable[str] = (),
) -> list[Lost]:
    """What each model that was changed in place has lost. `leaving` names the versions left, and
    `restate` the models whose values come from no point.
    """
    from sqlmesh.core.snapshot import SnapshotId

    left: dict[str, t.Any] = {}
    for pair in leaving:
        model, _, identifier = pair.partition("=")
        if not model or not identifier.isdigit():
            raise usage(f"--leaving wants MODEL=IDENTIFIER, not {pair!r}.")
        name = project.fully_qualified(model)
        left |= project.snapshots([SnapshotId(name=name, identifier=identifier)])
    found = [Lost(project, rollback, name, left.get(name)) for name in rollback.in_place]
    again = {project.fully_qualified(model) for model in restate}
    for lost in found:
        lost.restated = lost.name in again
    needed = point is not None and any(lost.columns and not lost.restated for lost in found)
    manifest = point.known() if needed else {"tables": []}
    for lost in found:
        if not lost.restated:
            lost.find_backup(manifest)
    return found


def check_schema(
    project: Project,
    rollback: Rollback,
    found: list[Lost],
    anew: list[t.Any],
    plan_id: str | None = None,
) -> dict[str, t.Any]:
    """The findings of `check`, and whether the lost values can be had back. `anew` is what is computed
    again, as `countersign_restate` has it.
    """
    from countersign_restate_check import findings

    result = check(project, rollback, plan_id)

    def add(name: str, subject: str, outcome: str, detail: str) -> None:
        row = {"check": name, "subject": subject, "outcome": outcome, "detail": detail}
        result["findings"].append(row)

    for lost in found:
        _recoverable(lost, add)
    findings(project, rollback, anew, add)
    result["possible"] = all(row["outcome"] != FAIL for row in result["findings"])
    return result


def _recoverable(lost: Lost, add: Add) -> None:
    model, name = lost.model, "values_recoverable"
    if not lost.columns:
        detail = f"The release dropped no column of {model}: its rows stay as they are."
        return add(name, model, PASS, detail)
    columns = ", ".join(lost.columns)
    if lost.restated:
        return None
    if lost.backup is None:
        detail = f"No rollback point that is named keeps a table of {model}, whose values of {columns} are lost."
        return add(name, model, FAIL, detail)
    if not lost.key:
        detail = f"{model} declares no key of plain columns, so rows cannot be matched."
        return add(name, model, FAIL, detail)
    if lost.unkept:
        gone = ", ".join(lost.unkept)
        detail = (
            f"The rollback point was made when {model} had no {gone} any more; only one from before "
            "the release has the values."
        )
        return add(name, model, FAIL, detail)
    if repeated := lost.repeated_keys():
        detail = f"{repeated} rows of the kept table of {model} repeat their key."
        return add(name, model, FAIL, detail)
    add(name, model, PASS, f"The rollback point has the values of {columns} of {model}.")
    if newer := lost.newer_rows():
        detail = f"{newer} rows of {model} came after the rollback point: their {columns} stay empty."
        add("rows_after_point", model, INCONCLUSIVE, detail)
    return None


def fill(found: list[Lost], announce: t.Callable[[dict], None]) -> dict[str, dict[str, int]]:
    """Fills all lost columns; returns for each how many rows have their value again."""
    for lost in found:
        if lost.columns and not lost.restated:
            announce({"kind": "work", "stage": f"Fill {', '.join(lost.columns)} of {lost.model}"})
            lost.fill()
    from_point = [lost for lost in found if not lost.restated]
    return {lost.model: {c: lost.counts(c)[1] for c in lost.columns} for lost in from_point}


def probe_schema(project: Project, rollback: Rollback, found: list[Lost]) -> Outcome:
    """Where the environment stands: its definitions, and the values in their columns."""
    outcome = probe(project, rollback)
    if not outcome.recorded:
        return outcome
    for lost in (lost for lost in found if not lost.restated):
        for column in lost.columns:
            kept, filled = lost.counts(column)
            if filled < kept:
                detail = f"{column} of {lost.model} has {filled} of {kept} values back."
                return Outcome("partial", f"{outcome.detail} {detail}")
    return outcome


def value_checks(found: list[Lost]) -> list[dict[str, t.Any]]:
    """The checks of the filled columns, as `verify` has them."""
    checks = []
    for lost in (lost for lost in found if not lost.restated):
        for column in lost.columns:
            kept, filled = lost.counts(column)
            row = {"name": "values_restored", "subject": f"{lost.model}.{column}"}
            row |= {"outcome": PASS if filled == kept else FAIL, "expected": kept}
            detail = f"{filled} of {kept} kept values of {column} are there."
            checks.append(row | {"observed": filled, "detail": detail})
        newer = lost.newer_rows() if lost.columns else 0
        if newer:
            row = {"name": "rows_after_point", "subject": lost.model, "outcome": INCONCLUSIVE}
            detail = f"{newer} rows came after the rollback point; their values were never kept."
            checks.append(row | {"expected": 0, "observed": newer, "detail": detail})
    return checks
