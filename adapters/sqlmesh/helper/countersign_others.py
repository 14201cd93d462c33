"""Says who else is at work on PostgreSQL: a scheduler that writes, or a reader that keeps a view from being switched.

Only people know whether it matters, so nothing here is more than inconclusive. On DuckDB a single
process can write, and whoever is at work keeps this one out.
"""

from __future__ import annotations

import typing as t

from countersign_data import INCONCLUSIVE, PASS
from countersign_postgres_session import literal
from countersign_rollback import Rollback, downstream_closure
from countersign_state import Project, has_table
from countersign_views import view_of

Add = t.Callable[[str, str, str, str], None]

# A query that only reads and ends soon is in nobody's way.
OTHERS = """
SELECT a.pid, coalesce(nullif(a.application_name, ''), 'A session without a name'),
  extract(epoch FROM clock_timestamp() - a.xact_start)::bigint,
  bool_or(l.mode NOT IN ('AccessShareLock', 'RowShareLock')),
  string_agg(DISTINCT n.nspname || '.' || c.relname, ', ')
FROM pg_locks l
JOIN pg_stat_activity a ON a.pid = l.pid
JOIN pg_class c ON c.oid = l.relation
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.locktype = 'relation' AND l.granted
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND a.pid <> pg_backend_pid()
  AND a.application_name <> current_setting('application_name')
  AND n.nspname || '.' || c.relname IN ({names})
GROUP BY a.pid, a.application_name, a.xact_start, a.state
HAVING bool_or(l.mode NOT IN ('AccessShareLock', 'RowShareLock'))
  OR a.state LIKE 'idle in transaction%'
  OR clock_timestamp() - a.xact_start > interval '30 seconds'
ORDER BY 1
"""


def findings(project: Project, rollback: Rollback, add: Add) -> None:
    """Names the sessions that write tables of this rollback, or keep its views in an open transaction."""
    by_adapter: dict[int, tuple[t.Any, set[str]]] = {}
    for snapshot in [*downstream_closure(rollback), *rollback.stored.values()]:
        adapter = project.adapter(snapshot)
        if adapter.dialect == "postgres" and has_table(snapshot):
            _, names = by_adapter.setdefault(id(adapter), (adapter, set()))
            names |= _relations(project, rollback, snapshot)
    for adapter, names in by_adapter.values():
        if not names:
            continue
        listed = ", ".join(literal(name) for name in sorted(names))
        rows = adapter.fetchall(OTHERS.format(names=listed))
        for pid, who, seconds, writes, what in rows:
            # How long, the server tells its owner and whoever may read all statistics.
            since = "in an open transaction"
            if seconds is not None:
                since = f"in a transaction that is open for {seconds} s"
            if writes:
                detail = f"{who} (process {pid}) writes {what} {since}. A scheduler at work may fill "
                detail += "either version: stop it first, or let it end."
            else:
                detail = f"{who} (process {pid}) keeps {what} {since}. Its view is switched only "
                detail += "once that has ended: until then the step waits."
            add("others_at_work", rollback.environment.name, INCONCLUSIVE, detail)
        if not rows:
            detail = "Nobody else writes the tables of this rollback, or keeps its views."
            add("others_at_work", rollback.environment.name, PASS, detail)


def _relations(project: Project, rollback: Rollback, snapshot: t.Any) -> set[str]:
    from sqlglot import exp

    names = set()
    if snapshot.version:
        names.add(exp.to_table(snapshot.table_name()))
    if snapshot.name in rollback.promoted:
        names.add(view_of(project, rollback.environment, snapshot))
    return {f"{table.db}.{table.name}" for table in names}
