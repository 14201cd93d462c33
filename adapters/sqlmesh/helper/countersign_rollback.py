"""Works out "these models of the environment point at these snapshots again".

Targets are absolute (model, identifier) pairs, never "the previous version": after a rollback
"previous" is the bad version, and a retry would toggle back to it. A release that added models
goes back without them, one that removed models brings them back. What was not named keeps its
definition; whatever lies downstream of a named model is rebuilt on the named model's old tables.

This module only reads: building a SQLMesh plan changes neither state nor warehouse.
"""

from __future__ import annotations

import dataclasses
import hashlib
import typing as t

from countersign_state import Project, impossible, is_forward_only, usage, user_name


@dataclasses.dataclass
class Rollback:
    """The environment as it is and as it shall be. Keys are fully qualified model names."""

    environment: t.Any
    current: dict[str, t.Any]
    wanted: dict[str, str]
    stored: dict[str, t.Any]
    names: dict[str, str]
    asked: dict[str, str]
    without: set[str] = dataclasses.field(default_factory=set)
    # Models that were changed in place, with the version whose definition they get again.
    in_place: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    resulting: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    rebuilt: list[str] = dataclasses.field(default_factory=list)
    foreign_parents: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    orphans: dict[str, list[str]] = dataclasses.field(default_factory=dict)

    @property
    def named(self) -> set[str]:
        """Every model that this is about, whether it goes back or goes away."""
        return self.wanted.keys() | self.without

    @property
    def moved(self) -> list[str]:
        """Named models that do not point at their target yet, or are there and shall not be."""
        now = {info.name: info.identifier for info in self.environment.snapshots}
        back = [name for name, identifier in self.wanted.items() if now.get(name) != identifier]
        return back + sorted(self.without & now.keys())

    @property
    def promoted(self) -> set[str]:
        """Models that have a view in the environment; all of them in production."""
        return {info.name for info in self.environment.promoted_snapshots}

    @property
    def missing(self) -> list[str]:
        """Named models whose target has left the state."""
        return [name for name in self.wanted if name not in self.stored]

    def plan_id(self, expected_fingerprint: str) -> str:
        """The id of the one plan that may do this for this approval (32 hex digits)."""
        parts = [expected_fingerprint, *(f"{n}={i}" for n, i in sorted(self.asked.items()))]
        parts += [f"without {name}" for name in sorted(self.without)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def work_out(project: Project, to: t.Iterable[str], without: t.Iterable[str] = ()) -> Rollback:
    """Reads the state and computes the resulting snapshot set. Changes nothing."""
    return _work_out(project, to, without, in_place=False)


def work_out_in_place(
    project: Project, to: t.Iterable[str], without: t.Iterable[str] = ()
) -> Rollback:
    """The same, where forward-only models go back to a definition and stay on their table.

    A version that was changed in place cannot be pointed at again. A new snapshot of its definition
    can, and that is what `wanted` names then; its identifier follows from the definition alone.
    """
    return _work_out(project, to, without, in_place=True)


def _work_out(
    project: Project, to: t.Iterable[str], without: t.Iterable[str], *, in_place: bool
) -> Rollback:
    from sqlmesh.core.snapshot import SnapshotId

    wanted, written = {}, {}
    for pair in to:
        model, _, identifier = pair.partition("=")
        if not model or not identifier.isdigit():
            raise usage(f"--to wants MODEL=IDENTIFIER with a decimal identifier, not {pair!r}.")
        name = project.fully_qualified(model)
        if wanted.setdefault(name, identifier) != identifier:
            raise usage(f"--to names {model} twice with different identifiers.")
        written[name] = model
    gone = {project.fully_qualified(model): model for model in without}
    if not wanted and not gone:
        raise usage("Name at least one model with --to or --without.")
    if both := wanted.keys() & gone.keys():
        names = sorted(written[name] for name in both)
        raise usage(f"--to and --without both name {', '.join(names)}.")
    environment = project.environment()
    current = project.snapshots(environment.snapshots)
    lost = {info.name for info in environment.snapshots} - current.keys()
    if lost:
        raise impossible(f"Snapshots of the environment are missing in the state: {sorted(lost)}.")
    stored = project.snapshots(SnapshotId(name=n, identifier=i) for n, i in wanted.items())
    names = {n: user_name(s) for n, s in current.items()}
    names |= written | gone
    rollback = Rollback(environment, current, wanted, stored, names, dict(wanted), set(gone))
    reverting = _find_in_place(rollback) if in_place else set()
    if not rollback.missing:
        _compose(project, rollback, reverting)
    return rollback


def _find_in_place(rollback: Rollback) -> set[str]:
    """Fills `in_place`; returns those whose definition is not live yet."""
    reverting = set()
    for name, snapshot in rollback.stored.items():
        present = rollback.current.get(name)
        if present is None:
            continue
        shares_table = present.version == snapshot.version and is_forward_only(snapshot)
        if not (snapshot.unrestorable or shares_table):
            continue
        rollback.in_place[name] = snapshot
        if _definition(present) == _definition(snapshot):
            rollback.wanted[name], rollback.stored[name] = present.identifier, present
        else:
            reverting.add(name)
    return reverting


def _definition(snapshot: t.Any) -> tuple[str, str]:
    """What tells definitions apart; a stamp only tells snapshots of one definition apart."""
    node = snapshot.node.copy(update={"stamp": None})
    return node.data_hash, node.metadata_hash


def _compose(project: Project, rollback: Rollback, reverting: set[str]) -> None:
    """Fills `resulting`: named models as stored, the rest as it is, downstream of a change anew."""
    from sqlmesh.core.snapshot import Snapshot
    from sqlmesh.utils.dag import DAG

    pinned = {**rollback.current, **rollback.stored}
    for name in rollback.without:
        pinned.pop(name, None)
    nodes = {name: snapshot.node for name, snapshot in pinned.items()}
    dag: t.Any = DAG()
    for name, node in nodes.items():
        dag.add(name, [parent for parent in node.depends_on if parent in nodes])

    ids = {name: s.identifier for name, s in rollback.current.items()}
    changed: set[str] = set()
    for name in dag.sorted:
        has_changed_parent = any(parent in changed for parent in dag.graph[name])
        if name in rollback.stored:
            if name in reverting or ids.get(name) != rollback.wanted[name]:
                changed.add(name)
        elif has_changed_parent:
            changed.add(name)
            rollback.rebuilt.append(name)

    nodes = _with_fresh_schemas(project, nodes, dag, rollback.rebuilt)
    # Pinned snapshots keep the fingerprint they were stored with: identifiers stay absolute.
    anew = {*rollback.rebuilt, *reverting}
    known = {n: s.fingerprint for n, s in pinned.items() if n not in anew}
    for name in dag.sorted:
        if name not in anew:
            rollback.resulting[name] = pinned[name]
            continue
        of = pinned[name]
        options = {"ttl": of.ttl, "table_naming_convention": of.table_naming_convention}
        snapshot = Snapshot.from_node(nodes[name], nodes=nodes, cache=known, **options)
        before = project.snapshots([snapshot.snapshot_id]).get(name)
        while before is not None and before.unrestorable:
            # The stamp makes a new snapshot of the same table, as SQLMesh itself does it.
            stamp = f"revert to {before.identifier}"
            nodes[name] = nodes[name].copy(update={"stamp": stamp})
            known.pop(name, None)
            snapshot = Snapshot.from_node(nodes[name], nodes=nodes, cache=known, **options)
            before = project.snapshots([snapshot.snapshot_id]).get(name)
        rollback.resulting[name] = before or snapshot
        known[name] = snapshot.fingerprint
        if name in reverting:
            rollback.stored[name] = rollback.resulting[name]
            rollback.wanted[name] = snapshot.identifier

    for name, snapshot in pinned.items():
        if name not in rollback.stored:
            lost = [parent.name for parent in snapshot.parents if parent.name in rollback.without]
            if lost:
                rollback.orphans[name] = sorted(rollback.names[parent] for parent in lost)
    result_ids = {s.snapshot_id for s in rollback.resulting.values()}
    for name, snapshot in rollback.stored.items():
        foreign = [f"{p.name}={p.identifier}" for p in snapshot.parents if p not in result_ids]
        if foreign:
            rollback.foreign_parents[name] = foreign


def _with_fresh_schemas(
    project: Project, nodes: dict[str, t.Any], dag: t.Any, rebuilt: list[str]
) -> dict[str, t.Any]:
    """Rebuilt models see the columns of their new parents (`select *` depends on it)."""
    from sqlmesh.core.model import update_model_schemas
    from sqlmesh.utils import UniqueKeyDict

    if not rebuilt:
        return nodes
    fresh = dict(nodes)
    for name in rebuilt:
        if fresh[name].is_model:
            fresh[name] = fresh[name].copy(update={"mapping_schema": {}})
    models: t.Any = UniqueKeyDict("models", {n: node for n, node in fresh.items() if node.is_model})
    update_model_schemas(dag, models=models, cache_dir=project.context.cache_dir)
    return fresh | dict(models)


def build_plan(project: Project, rollback: Rollback, plan_id: str | None = None) -> t.Any:
    """The SQLMesh plan from the present environment to `resulting`. Building changes nothing."""
    # The closure also when nothing moves any more: a resumed plan has its filling to finish.
    filled = {s.name for s in downstream_closure(rollback)} | set(rollback.wanted)
    plan = plan_builder(
        project, rollback, backfill_models=sorted(filled - rollback.without)
    ).build()
    return plan.copy(update={"plan_id": plan_id}) if plan_id else plan


def plan_builder(project: Project, rollback: Rollback, **more: t.Any) -> t.Any:
    """A builder of plans from the present environment to `resulting`, and no fresher than that."""
    from sqlmesh.core import constants
    from sqlmesh.core.context_diff import ContextDiff
    from sqlmesh.core.plan import PlanBuilder
    from sqlmesh.utils.date import to_datetime

    context, environment = project.context, rollback.environment
    # No newer than what the environment shows today: a rollback changes versions, not freshness.
    ends = project.state.max_interval_end_per_model(environment.name)
    seeds = {name for name, s in rollback.current.items() if s.is_seed}
    default_end = max((end for name, end in ends.items() if name not in seeds), default=None)
    diff = ContextDiff.create(
        environment.name,
        snapshots=rollback.resulting,
        create_from=constants.PROD,
        state_reader=project.state,
        provided_requirements=environment.requirements,
        infer_python_dependencies=False,
        environment_statements=project.state.get_environment_statements(environment.name),
        gateway_managed_virtual_layer=environment.gateway_managed,
    )
    project.state.refresh_snapshot_intervals(diff.snapshots.values())
    is_dev = environment.name != constants.PROD
    may_expire = is_dev and environment.name not in context.pinned_environments
    return PlanBuilder(
        diff,
        apply=context.apply,
        allow_destructive_models=sorted(rollback.in_place),
        allow_additive_models=sorted(rollback.in_place),
        is_dev=is_dev,
        environment_ttl=context.environment_ttl if may_expire else None,
        environment_suffix_target=environment.suffix_target,
        environment_catalog_mapping=context.environment_catalog_mapping,
        categorizer_config=context.auto_categorize_changes,
        default_end=default_end,
        end_override_per_model={name: to_datetime(end) for name, end in ends.items()},
        end_bounded=True,
        console=context.console,
        **more,
    )


def downstream_closure(rollback: Rollback) -> list[t.Any]:
    """The named models and everything in the environment that reads them, however indirectly."""
    reached = set(rollback.named)
    while True:
        more = {
            name
            for name, snapshot in rollback.current.items()
            if name not in reached and any(parent.name in reached for parent in snapshot.parents)
        }
        if not more:
            return [s for name, s in rollback.current.items() if name in reached]
        reached |= more


def downstream(rollback: Rollback) -> list[str]:
    """Names of models that read a named one and are not named themselves."""
    closure = {s.name for s in downstream_closure(rollback)} - rollback.named
    return sorted(rollback.names[name] for name in closure)
