"""Applies a rollback and says whether it was done, from the record and from what views read.

A plan made here carries an id derived from the fingerprint it was approved for and from its
targets. A second attempt after a crash can therefore recognise the half-done environment record as
its own, however often it was interrupted, and never takes another deploy's record for it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import typing as t

import countersign_dependents as dependents
from countersign_rollback import Rollback, build_plan, downstream_closure, work_out
from countersign_state import Project, conflict, fingerprint, has_table, impossible
from countersign_views import drop_views, leftover_views, view_disagreements


@dataclasses.dataclass
class Wanted:
    """What the environment shall be: models at identifiers, and models that it shall not have."""

    to: t.Sequence[str] = ()
    without: t.Sequence[str] = ()
    # How it is worked out; `work_out_in_place` for models that stay on their table.
    by: t.Callable[[Project, t.Sequence[str], t.Sequence[str]], Rollback] = work_out

    def work_out(self, project: Project) -> Rollback:
        return self.by(project, self.to, self.without)

    def __bool__(self) -> bool:
        return bool(self.to or self.without)


def promote(
    project: Project,
    wanted: Wanted,
    expected_fingerprint: str,
    findings_of: t.Callable[[Project, Rollback, str], list[dict]],
    announce: t.Callable[[dict], None],
    instead_of: Wanted,
) -> dict[str, t.Any]:
    """Applies the rollback, resumes its own half-done one, or refuses. Returns the answer.

    `instead_of` is what an earlier promotion for the same fingerprint wanted, which this one takes
    back: what that one left, finished or not, is ours as well.
    """
    rollback = wanted.work_out(project)
    environment = rollback.environment
    plan_id = rollback.plan_id(expected_fingerprint)
    forward = instead_of.work_out(project).plan_id(expected_fingerprint) if instead_of else plan_id
    ours = environment.plan_id in {plan_id, forward, *plan_ids(plan_id), *plan_ids(forward)}
    outcome = probe(project, rollback)
    if outcome.recorded:
        lost = dependents.settle(project, rollback)
        return _result(rollback, probe(project, rollback), already=True) | {"lost": lost}
    if fingerprint(environment) != expected_fingerprint and not ours:
        raise conflict(
            f"The environment {environment.name} is not as it was approved: plan "
            f"{environment.plan_id} was applied since. {outcome.detail}",
            state=outcome.state,
            fingerprint=fingerprint(environment),
        )
    known = environment.plan_id if ours else plan_id
    failed = [f for f in findings_of(project, rollback, known) if f["outcome"] == "fail"]
    if failed:
        raise impossible("; ".join(f["detail"] for f in failed), reasons=failed)

    dependents.owe(project, rollback)
    announce({"kind": "started", "new_plan_id": plan_id, "resumed": ours})
    if not rollback.moved:
        # SQLMesh takes views away in the plan that takes their models out of the record. When it is
        # interrupted in between it forgets them: the next plan sees a record without them.
        leftover = leftover_views(project, environment, rollback.without)
        drop_views(project, environment, leftover or [])
    if environment.finalized_ts and not rollback.moved:
        # The record is final, so SQLMesh sees nothing to plan; only the views went astray.
        _promote_views(project, rollback)
    else:
        project.context.apply(build_plan(project, rollback, plan_id))

    after = wanted.work_out(project)
    outcome = probe(project, after)
    if not outcome.recorded:
        raise ApplyFailed(f"The plan ended, but: {outcome.detail}")
    announce({"kind": "work", "stage": "Put back what others had on the views"})
    lost = dependents.settle(project, after)
    outcome = probe(project, after)
    return _result(after, outcome, already=False, before=rollback) | {"lost": lost}


def plan_ids(plan_id: str) -> tuple[str, str]:
    """Of the plans that compute again after the plan of that id: all but the last, and the last."""
    going, done = (hashlib.sha256(f"{plan_id} {word}".encode()) for word in ("restating", "restated"))
    return going.hexdigest()[:32], done.hexdigest()[:32]


class ApplyFailed(Exception):
    """The plan was started and the environment is not as wanted."""


def _promote_views(project: Project, rollback: Rollback) -> None:
    from sqlmesh.core.snapshot import DeployabilityIndex

    by_id = {s.snapshot_id: s for s in rollback.current.values()}
    is_dev = rollback.environment.naming_info.is_dev
    project.context.snapshot_evaluator.promote(
        [s for s in rollback.current.values() if s.name in rollback.promoted and has_table(s)],
        rollback.environment.naming_info,
        deployability_index=DeployabilityIndex.create(by_id) if is_dev else None,
        snapshots=by_id,
    )


def _result(
    now: Rollback, outcome: Outcome, already: bool, before: Rollback | None = None
) -> dict[str, t.Any]:
    """`before` names the identifiers for an undo: the set of the last finalized plan but this."""
    environment = now.environment
    if before is not None and before.moved:
        old = {info.name: info.identifier for info in before.environment.snapshots}
    else:
        previous = environment.previous_finalized_snapshots or []
        old = {info.name: info.identifier for info in previous}
    return {
        "already": already,
        "state": outcome.state,
        # A resumed plan follows itself; what it followed at first is no longer recorded.
        "old_plan_id": _other_than(environment.plan_id, environment.previous_plan_id),
        "new_plan_id": environment.plan_id,
        "models": [now.names[name] for name in now.wanted],
        "without": sorted(now.names[name] for name in now.without),
        "before": {now.names[name]: old.get(name) for name in sorted(now.named)},
        "rebuilt": [now.names[name] for name in (before.rebuilt if before else [])],
        "fingerprint": fingerprint(environment),
    }


def _other_than(plan_id: str, previous: str | None) -> str | None:
    return None if previous == plan_id else previous


@dataclasses.dataclass
class Outcome:
    """Where the environment stands: `state` is done, not_done, partial or unknown.

    `recorded` means that the state database says done, whatever the views read.
    """

    state: str
    detail: str
    recorded: bool = False


def probe(project: Project, rollback: Rollback) -> Outcome:
    """Compares the record and what the views really read with the targets."""
    environment = rollback.environment
    if rollback.missing and not set(rollback.missing) <= set(rollback.moved):
        return Outcome("unknown", "A target is promoted but its snapshot is gone from the state.")
    if rollback.moved:
        return _probe_moved(project, rollback)
    if not environment.finalized_ts:
        return Outcome(
            "partial", f"Plan {environment.plan_id} wrote its record and did not finish."
        )
    wrong, unreadable = view_disagreements(project, environment, downstream_closure(rollback))
    if wrong:
        names = sorted(rollback.names.get(name, name) for name in wrong)
        return Outcome("partial", f"The record is right, but views of {names} read other tables.")
    leftover = leftover_views(project, environment, rollback.without)
    if leftover:
        names = ", ".join(sorted(rollback.names[name] for name in leftover))
        return Outcome("partial", f"The record is right, but there are still views of {names}.")
    if unreadable or leftover is None:
        detail = "The record is right; the engine does not show what the views read."
        return Outcome("unknown", detail, recorded=True)
    detail = f"All {len(rollback.named)} models are at their target and their views read it."
    if rollback.without:
        names = ", ".join(sorted(rollback.names[name] for name in rollback.without))
        detail = f"{detail} Gone with their views: {names}."
    if owed := dependents.owed(project, rollback):
        names = ", ".join(sorted({name for name, _ in owed}))
        owing = f"Grants or definitions of {names} are not there again yet."
        return Outcome("partial", f"{detail} {owing}", recorded=True)
    return Outcome("done", detail, recorded=True)


def _probe_moved(project: Project, rollback: Rollback) -> Outcome:
    """The record moves all targets at once, so some of them elsewhere means: not by this plan."""
    environment, moved = rollback.environment, rollback.moved
    at_target = len(rollback.named) - len(moved)
    detail = f"{at_target} of {len(rollback.named)} models point at their target."
    if at_target and not environment.finalized_ts:
        return Outcome("partial", f"{detail} Plan {environment.plan_id} did not finish.")
    # Both versions may be one table; then what the view reads says nothing.
    told_apart = [
        rollback.stored[name]
        for name in moved
        if name in rollback.stored
        and name in rollback.current
        and name not in rollback.in_place
        and rollback.stored[name].version != rollback.current[name].version
    ]
    wrong, unreadable = view_disagreements(project, environment, told_apart)
    early = {s.name for s in told_apart if s.name in rollback.promoted} - {*wrong, *unreadable}
    if early:
        names = sorted(rollback.names[name] for name in early)
        return Outcome("partial", f"{detail} Views of {names} read theirs all the same.")
    return Outcome("not_done", detail)
