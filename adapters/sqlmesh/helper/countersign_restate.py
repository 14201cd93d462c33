"""Values that no rollback point has, computed again by SQLMesh's own restatement.

Whether the sources of a model still have its history is what its owners alone know; what they said
comes in as the first day of it. Before anything is done, the model's query is run for that time and
its rows are counted: SQLMesh would restate a model to nothing from an empty source, and say nothing.

A restatement in production takes along every model downstream. One that is filled bit by bit would
lose what its own sources do not have any more, so its owners must have said so of it as well.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from countersign_promote import Outcome, plan_ids
from countersign_rollback import Rollback, plan_builder
from countersign_schema import Lost
from countersign_state import Project, has_table, impossible, usage, user_name

ALL = "all"
Announce = t.Callable[[dict], None]


@dataclasses.dataclass
class Anew:
    """Models that are computed again together, and what is computed anew because it reads them."""

    roots: list[Lost]
    # Fully qualified names of the roots and of all that SQLMesh takes along.
    names: set[str]
    # Models that are filled bit by bit and of which nobody has said how far their sources go back.
    untold: list[str]
    # The first day of which every one of them can be computed, as milliseconds; None: all of them.
    since_ms: int | None


def recomputed(
    project: Project, rollback: Rollback, found: list[Lost], history: t.Iterable[str]
) -> list[Anew]:
    """What is computed again, in groups that share the days of which they are computed."""
    told = _told(project, history)
    groups: list[Anew] = []
    for lost in (lost for lost in found if lost.restated and lost.columns):
        names = _with_readers(rollback, lost.name)
        partly = [name for name in names if _is_partly_filled(rollback.resulting[name])]
        untold = sorted({name for name in {lost.name, *partly} if name not in told})
        days = [told[name] for name in {lost.name, *partly} if told.get(name) is not None]
        group = Anew([lost], names, untold, max(days, default=None))
        for other in [other for other in groups if other.names & names]:
            groups.remove(other)
            group.roots += other.roots
            group.names |= other.names
            group.untold = sorted({*group.untold, *other.untold})
            days = [day for day in (group.since_ms, other.since_ms) if day is not None]
            group.since_ms = max(days, default=None)
        groups.append(group)
    return groups


def _told(project: Project, history: t.Iterable[str]) -> dict[str, int | None]:
    told: dict[str, int | None] = {}
    for pair in history:
        model, _, since = pair.partition("=")
        try:
            told[project.fully_qualified(model)] = None if since == ALL else _day_ms(since)
        except ValueError:
            raise usage(f"--history wants MODEL=YYYYMMDD or MODEL=all, not {pair!r}.") from None
    return told


def _day_ms(text: str) -> int:
    day = datetime.datetime.strptime(text, "%Y%m%d").replace(tzinfo=datetime.timezone.utc)
    return int(day.timestamp() * 1000)


def day(since_ms: int) -> str:
    """As people read it."""
    at = datetime.datetime.fromtimestamp(since_ms / 1000, datetime.timezone.utc)
    return at.strftime("%Y-%m-%d")


def _with_readers(rollback: Rollback, name: str) -> set[str]:
    """The model and what reads it; a model that does not let itself be restated ends the way."""
    reached, waiting = {name}, [name]
    while waiting:
        parent = waiting.pop()
        for reader, snapshot in rollback.resulting.items():
            reads = any(node.name == parent for node in snapshot.parents)
            if reads and reader not in reached and not snapshot.disable_restatement:
                reached.add(reader)
                waiting.append(reader)
    return reached


def _is_partly_filled(snapshot: t.Any) -> bool:
    return snapshot.is_model and snapshot.is_incremental and has_table(snapshot)


def readers(rollback: Rollback, group: Anew) -> list[str]:
    """The models that are computed anew although they do not go back themselves, by their names."""
    roots = {lost.name for lost in group.roots}
    with_table = [rollback.resulting[name] for name in sorted(group.names - roots)]
    return [user_name(s) for s in with_table if has_table(s) and not s.model.kind.is_view]


def is_done(rollback: Rollback, expected_fingerprint: str) -> bool:
    """Whether the last of them has finished: SQLMesh finishes its record when all tables are filled."""
    environment = rollback.environment
    _, last = plan_ids(rollback.plan_id(expected_fingerprint))
    return environment.plan_id == last and bool(environment.finalized_ts)


def restate(
    project: Project,
    work_out: t.Callable[[], tuple[Rollback, list[Anew]]],
    expected_fingerprint: str,
    announce: Announce,
) -> list[str]:
    """Computes again what has not been yet; returns the models. The same days twice are the same."""
    rollback, groups = work_out()
    if not groups or is_done(rollback, expected_fingerprint):
        return []
    going, last = plan_ids(rollback.plan_id(expected_fingerprint))
    for number in range(len(groups)):
        # Each plan leaves another record, which the next one has to follow.
        rollback, groups = work_out()
        group = groups[number]
        announce({"kind": "work", "stage": f"Compute {', '.join(r.model for r in group.roots)} again"})
        plan = plan_builder(
            project,
            rollback,
            restate_models={lost.name for lost in group.roots},
            start=group.since_ms,
        ).build()
        outside = {s.name for s in plan.restatements} - group.names
        if outside:
            # Invariant: nothing is computed anew that was not looked at before.
            raise impossible(f"SQLMesh would also compute anew {', '.join(sorted(outside))}.")
        plan_id = last if number + 1 == len(groups) else going
        project.context.apply(plan.copy(update={"plan_id": plan_id}))
    return [lost.model for group in groups for lost in group.roots]


def outcome(rollback: Rollback, groups: list[Anew], expected: str | None) -> Outcome | None:
    """What `probe` says where something is not computed again yet; none where nothing is missing."""
    if not groups:
        return None
    if expected is None:
        raise usage("--restate needs --expect-fingerprint: SQLMesh's plan is known by it.")
    if is_done(rollback, expected):
        return None
    models = ", ".join(lost.model for group in groups for lost in group.roots)
    return Outcome("partial", f"The definitions are back; {models} is not computed again yet.")
