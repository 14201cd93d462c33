"""Keeps what hangs on the environment's views on PostgreSQL: other people's views, and grants.

SQLMesh points a view at another table by `DROP VIEW .. CASCADE` and `CREATE VIEW`, and with it go
grants and every view that reads it. They are written into a table of the same database first, and
created again afterwards; what stands in that table is still owed, whoever was killed in between.
"""

from __future__ import annotations

import typing as t

from countersign_data import FAIL, INCONCLUSIVE, PASS
from countersign_postgres_session import literal
from countersign_rollback import Rollback, downstream_closure
from countersign_state import Project, has_table
from countersign_units import BACKUPS
from countersign_views import view_of

OWED = f"{BACKUPS}.owed_statements"
Add = t.Callable[[str, str, str, str], None]

# Depth orders them: a view is created after those that it reads.
HANGING = """
WITH RECURSIVE hanging(oid, depth) AS (
  SELECT to_regclass({view})::oid, 0
  UNION
  SELECT r.ev_class, h.depth + 1
  FROM hanging h
  JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = h.oid
  JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
  WHERE r.ev_class <> h.oid
)
SELECT c.oid, max(h.depth), quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relkind,
  pg_get_viewdef(c.oid), quote_ident(pg_get_userbyid(c.relowner))
FROM hanging h
JOIN pg_class c ON c.oid = h.oid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE h.oid IS NOT NULL
GROUP BY c.oid, n.nspname, c.relname, c.relkind, c.relowner
ORDER BY 2, 3
"""

GRANTS = """
SELECT a.privilege_type, NULL,
  CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
  a.is_grantable
FROM pg_class c, aclexplode(c.relacl) a
WHERE c.oid = {oid} AND a.grantee <> c.relowner
UNION ALL
SELECT a.privilege_type, quote_ident(t.attname),
  CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
  a.is_grantable
FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid, aclexplode(t.attacl) a
WHERE c.oid = {oid} AND NOT t.attisdropped AND a.grantee <> c.relowner
ORDER BY 3, 1, 2
"""


def findings(project: Project, rollback: Rollback, add: Add) -> None:
    """Names what the switch drops, for each view that is made anew, and what keeps one from going."""
    for snapshot in downstream_closure(rollback):
        if not _applies(project, rollback, snapshot):
            continue
        found = list(_hanging(project, rollback, snapshot))
        views = [name for depth, name, kind, *_ in found if depth and kind == "v"]
        stored = [name for depth, name, kind, *_ in found if depth and kind == "m"]
        grants = sum(len(statements) for *_, statements in found)
        model = rollback.names[snapshot.name]
        if snapshot.name in rollback.without:
            if readers := ", ".join(views + stored):
                detail = f"{model} shall leave the environment, and PostgreSQL keeps its view while"
                add("dependents", model, FAIL, f"{detail} others read it: {readers}.")
            continue
        if views or grants:
            what = " and ".join(filter(None, [_counted(grants, "grant"), ", ".join(views)]))
            detail = f"PostgreSQL drops {what} with the view of {model}; they are created again."
            add("dependents", model, PASS, detail)
        if stored:
            detail = f"PostgreSQL drops {', '.join(stored)} with the view of {model}, for good."
            add("dependents_lost", model, INCONCLUSIVE, f"{detail} Create them again by hand.")


def owe(project: Project, rollback: Rollback) -> None:
    """Writes down what will be dropped, before anything is; what is owed already stays."""
    statements: dict[tuple[str, str], int] = {}
    for snapshot in rollback.current.values():
        # A view that goes for good takes its grants with it, and nothing else: see `findings`.
        goes = snapshot.name in rollback.without
        if _applies(project, rollback, snapshot) and not goes:
            for depth, name, kind, text, owner, grants in _hanging(project, rollback, snapshot):
                if depth and kind == "v":
                    statements[name, f"CREATE VIEW {name} AS {text}"] = depth * 3
                    statements[name, f"ALTER VIEW {name} OWNER TO {owner}"] = depth * 3 + 1
                if kind == "v":
                    statements |= {(name, grant): depth * 3 + 2 for grant in grants}
    adapter = _adapter(project, rollback)
    if adapter is None or not statements:
        return
    with adapter.transaction():
        adapter.execute(f"CREATE SCHEMA IF NOT EXISTS {BACKUPS}")
        adapter.execute(f"CREATE TABLE IF NOT EXISTS {OWED} (position INT, name TEXT, statement TEXT)")
        for (name, statement), position in statements.items():
            row = f"{position}, {literal(name)}, {literal(statement)}"
            there = f"SELECT 1 FROM {OWED} WHERE statement = {literal(statement)}"
            adapter.execute(f"INSERT INTO {OWED} SELECT {row} WHERE NOT EXISTS ({there})")


def owed(project: Project, rollback: Rollback) -> list[tuple[str, str]]:
    """Names and statements that were written down and not created again yet."""
    adapter = _adapter(project, rollback)
    if adapter is None or adapter.fetchone(f"SELECT to_regclass({literal(OWED)})")[0] is None:
        return []
    return adapter.fetchall(f"SELECT name, statement FROM {OWED} ORDER BY position, statement")


def settle(project: Project, rollback: Rollback) -> list[dict[str, str]]:
    """Creates what is owed again; returns what could not be, each with its reason.

    What fails is not tried again: somebody may have dropped it on purpose by the next rollback.
    """
    failed: list[dict[str, str]] = []
    adapter = _adapter(project, rollback)
    for name, statement in owed(project, rollback):
        is_there = adapter.fetchone(f"SELECT to_regclass({literal(name)})")[0] is not None
        if not (is_there and statement.startswith("CREATE VIEW")):
            try:
                with adapter.transaction():
                    adapter.execute(statement)
            except Exception as error:  # Each driver has its own errors.
                failed.append({"subject": name, "statement": statement, "reason": str(error)})
        with adapter.transaction():
            adapter.execute(f"DELETE FROM {OWED} WHERE statement = {literal(statement)}")
    return failed


def _hanging(
    project: Project, rollback: Rollback, snapshot: t.Any
) -> t.Iterator[tuple[int, str, str, str, str, list[str]]]:
    """The view of a model and all that reads it: depth, name, kind, text, owner, grants."""
    adapter = project.adapter(snapshot)
    view = view_of(project, rollback.environment, snapshot)
    name = f'"{view.db}"."{view.name}"'
    for oid, depth, relation, kind, text, owner in adapter.fetchall(
        HANGING.format(view=literal(name))
    ):
        grants = []
        for privilege, column, grantee, is_grantable in adapter.fetchall(GRANTS.format(oid=oid)):
            what = f"{privilege} ({column})" if column else privilege
            option = " WITH GRANT OPTION" if is_grantable else ""
            grants.append(f"GRANT {what} ON {relation} TO {grantee}{option}")
        yield depth, relation, kind, text, owner, grants


def _applies(project: Project, rollback: Rollback, snapshot: t.Any) -> bool:
    is_shown = snapshot.name in rollback.promoted and has_table(snapshot)
    return is_shown and project.adapter(snapshot).dialect == "postgres"


def _adapter(project: Project, rollback: Rollback) -> t.Any:
    for snapshot in rollback.current.values():
        if _applies(project, rollback, snapshot):
            return project.adapter(snapshot)
    return None


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}" if count else ""
