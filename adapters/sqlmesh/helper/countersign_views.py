"""Looks at the views of an environment: what they read, and which should not be there any more.

SQLMesh itself never asks the engine: its record may say one thing and the views, which people read,
another.
"""

from __future__ import annotations

import typing as t

from countersign_state import Project, has_table


def view_of(project: Project, environment: t.Any, snapshot: t.Any) -> t.Any:
    """The view through which people read this model in the environment."""
    dialect = project.adapter(snapshot).dialect
    return snapshot.qualified_view_name.table_for_environment(
        environment.naming_info, dialect=dialect
    )


def view_disagreements(
    project: Project, environment: t.Any, snapshots: t.Iterable[t.Any]
) -> tuple[list[str], list[str]]:
    """Names of models whose view reads another table than the snapshot's, and of unreadable ones.

    A view that does not exist reads another table. A definition that the engine does not show to
    this user is unreadable.
    """
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    definitions: dict[int, Definitions | None] = {}
    wrong, unreadable = [], []
    promoted = {info.name for info in environment.promoted_snapshots}
    for snapshot in snapshots:
        if snapshot.name not in promoted or not has_table(snapshot):
            continue
        if not snapshot.virtual_environment_mode.is_full:
            continue
        adapter = project.adapter(snapshot)
        if id(adapter) not in definitions:
            definitions[id(adapter)] = _view_definitions(adapter)
        known = definitions[id(adapter)]
        if known is None:
            unreadable.append(snapshot.name)
            continue
        view = view_of(project, environment, snapshot)
        by_catalog = known.get((view.db.lower(), view.name.lower()), {})
        if view.catalog:
            found = by_catalog.get(view.catalog.lower(), MISSING)
        else:
            found = next(iter(by_catalog.values()), MISSING)
        if found is MISSING:
            wrong.append(snapshot.name)
            continue
        try:
            read = list(parse_one(found or "", dialect=adapter.dialect).find_all(exp.Table))
        except SqlglotError:
            unreadable.append(snapshot.name)
            continue
        tables = [exp.to_table(snapshot.table_name())]
        if environment.naming_info.is_dev:
            # There, SQLMesh may show a preview table instead.
            tables.append(exp.to_table(snapshot.table_name(is_deployable=False)))
        if not any(_is_same_table(source, table) for source in read for table in tables):
            wrong.append(snapshot.name)
    return wrong, unreadable


def leftover_views(
    project: Project, environment: t.Any, names: t.Iterable[str]
) -> list[str] | None:
    """Models among `names` that the environment does not have and whose view is there all the same.

    None where the engine does not show its views, or where each model's own gateway holds its view:
    which one that was is not known of a model that has left.
    """
    gone = set(names) - {info.name for info in environment.snapshots}
    if not gone:
        return []
    if environment.gateway_managed:
        return None
    known = _view_definitions(project.context.engine_adapter)
    if known is None:
        return None
    left = []
    for name in sorted(gone):
        view = _view_by_name(project, environment, name)
        by_catalog = known.get((view.db.lower(), view.name.lower()), {})
        if (view.catalog.lower() in by_catalog) if view.catalog else by_catalog:
            left.append(name)
    return left


def drop_views(project: Project, environment: t.Any, names: t.Iterable[str]) -> None:
    """Takes away what `leftover_views` found, as SQLMesh does it: by name, and nothing else."""
    for name in names:
        project.context.engine_adapter.drop_view(
            _view_by_name(project, environment, name), cascade=False
        )


def _view_by_name(project: Project, environment: t.Any, name: str) -> t.Any:
    """The view of a model that the environment need not have; `name` is fully qualified."""
    from sqlglot import exp
    from sqlmesh.core.snapshot.definition import QualifiedViewName

    dialect = project.context.engine_adapter.dialect
    table = exp.to_table(name)
    view = QualifiedViewName(
        catalog=table.catalog or None, schema_name=table.db or None, table=table.name
    )
    return view.table_for_environment(environment.naming_info, dialect=dialect)


Definitions = dict[tuple[str, str], dict[str, str | None]]
MISSING = object()


def _is_same_table(one: t.Any, other: t.Any) -> bool:
    if one.catalog and other.catalog and one.catalog.lower() != other.catalog.lower():
        return False
    return (one.db.lower(), one.name.lower()) == (other.db.lower(), other.name.lower())


def _view_definitions(adapter: t.Any) -> Definitions | None:
    """Definitions by (schema, view), then catalog; the text is None where the engine hides it."""
    query = (
        "SELECT table_catalog, table_schema, table_name, view_definition"
        " FROM information_schema.views"
    )
    try:
        rows = adapter.fetchall(query)
    except Exception:  # Each driver has its own errors; not every engine has this catalog.
        return None
    definitions: Definitions = {}
    for catalog, schema, name, text in rows:
        definitions.setdefault((schema.lower(), name.lower()), {})[catalog.lower()] = text
    return definitions
