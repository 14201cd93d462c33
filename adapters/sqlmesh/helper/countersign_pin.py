"""Keeps versions from SQLMesh's janitor: an environment of our own that holds them and never expires.

The janitor takes what no environment holds. This one is a record in SQLMesh's state and nothing
else: it promotes no snapshot, so it has no views, and whoever reads the held environment never
notices. It is written in one transaction, so it is there whole or not at all.

What was changed in place (forward-only) shares its table with what came after: the record keeps
such a version's definition, and nobody can keep its rows.
"""

from __future__ import annotations

import hashlib
import typing as t

from countersign_data import table_exists
from countersign_promote import Outcome
from countersign_state import (
    Project,
    conflict,
    environment_name,
    has_table,
    is_forward_only,
    usage,
    user_name,
)

PREFIX = "countersign_"


def pin(project: Project, name: str, to: t.Sequence[str]) -> dict[str, t.Any]:
    """Keeps the versions under this name, or names those that are gone already and changes nothing."""
    from sqlmesh.core.config import EnvironmentSuffixTarget
    from sqlmesh.core.environment import Environment
    from sqlmesh.utils.date import now_timestamp

    name, wanted = _own(project, name), _wanted(project, to)
    if probe(project, name, to).state == "done":
        return {"state": "done", "already": True, "missing": [], "in_place": _in_place(project, to)}
    stored = _stored(project, wanted)
    missing = [
        pair
        for full, pair in wanted.items()
        if full not in stored or not _is_there(project, stored[full])
    ]
    if missing:
        return {"state": "gone", "already": False, "missing": sorted(missing), "in_place": []}
    before = _record(project, name)
    live = project.environment()
    record = Environment(
        name=name,
        snapshots=[snapshot.table_info for snapshot in stored.values()],
        start_at=live.start_at,
        end_at=live.end_at,
        plan_id=_plan_id(name, wanted),
        previous_plan_id=before.plan_id if before else None,
        expiration_ts=None,
        finalized_ts=now_timestamp(),
        promoted_snapshot_ids=[],
        # With this, a cleanup drops views by their full names and never a whole schema.
        suffix_target=EnvironmentSuffixTarget.TABLE,
        normalize_name=live.normalize_name,
        gateway_managed=live.gateway_managed,
    )
    # Nothing is shown to anybody, so days that are not filled do not matter.
    project.state.promote(record, no_gaps_snapshot_names=set())
    found = probe(project, name, to)
    return {"state": found.state, "already": False, "missing": [], "in_place": _in_place(project, to)}


def unpin(project: Project, name: str) -> dict[str, t.Any]:
    """Takes the record away; what it kept is the janitor's again."""
    name = _own(project, name)
    if _record(project, name) is None:
        return {"state": "not_done", "already": True}
    # Not left to the janitor: until its next run, the environment would be listed as if it held something.
    project.state.invalidate_environment(name)
    project.state.delete_expired_environments(name=name)
    return {"state": "done" if _record(project, name) else "not_done", "already": False}


def probe(project: Project, name: str, to: t.Sequence[str]) -> Outcome:
    """Whether exactly these versions are kept under this name."""
    name, wanted = _own(project, name), _wanted(project, to)
    record = _record(project, name)
    if record is None:
        return Outcome("not_done", f"There is no environment {name}.")
    held = {info.name: info.identifier for info in record.snapshots}
    kept = {full: pair.partition("=")[2] for full, pair in wanted.items()}
    if held == kept and not record.expired and record.finalized_ts and not record.expiration_ts:
        return Outcome("done", f"The environment {name} holds {len(held)} versions and never expires.")
    return Outcome("partial", f"The environment {name} does not hold what it should, or expires.")


def _own(project: Project, name: str) -> str:
    """The name as the state has it; refused where it is not one that only we use."""
    own = environment_name(name)
    if not own.startswith(PREFIX) or own == project.environment_name:
        raise usage(f"--name wants a name that begins with {PREFIX}, not {name!r}.")
    return own


def _record(project: Project, name: str) -> t.Any:
    """Our record, expired or not; refused where somebody made an environment of it."""
    record = project.state.get_environment(name)
    if record is not None and record.promoted_snapshots:
        raise conflict(
            f"The environment {name} has views, which Countersign does not make: somebody planned "
            "into it. Give that environment another name, then try again."
        )
    return record


def _wanted(project: Project, to: t.Sequence[str]) -> dict[str, str]:
    """The pairs as they were written, by fully qualified name."""
    wanted: dict[str, str] = {}
    for pair in to:
        model, _, identifier = pair.partition("=")
        if not model or not identifier.isdigit():
            raise usage(f"--to wants MODEL=IDENTIFIER with a decimal identifier, not {pair!r}.")
        if wanted.setdefault(project.fully_qualified(model), pair) != pair:
            raise usage(f"--to names {model} twice with different identifiers.")
    if not wanted:
        raise usage("Name at least one model with --to.")
    return wanted


def _stored(project: Project, wanted: dict[str, str]) -> dict[str, t.Any]:
    from sqlmesh.core.snapshot import SnapshotId

    pairs = {full: pair.partition("=")[2] for full, pair in wanted.items()}
    return project.snapshots(SnapshotId(name=n, identifier=i) for n, i in pairs.items())


def _is_there(project: Project, snapshot: t.Any) -> bool:
    """A record without its table is no way back: SQLMesh would create the table empty."""
    filled = has_table(snapshot) and snapshot.version and snapshot.intervals
    return not filled or table_exists(project, snapshot)


def _in_place(project: Project, to: t.Sequence[str]) -> list[str]:
    """Models whose table the live version shares, so that only their definition is kept."""
    stored = _stored(project, _wanted(project, to))
    live = {info.name: info for info in project.environment().snapshots}

    def is_shared(snapshot: t.Any) -> bool:
        now = live.get(snapshot.name)
        is_other = now is not None and now.identifier != snapshot.identifier
        shares = is_other and now.version == snapshot.version and is_forward_only(snapshot)
        return snapshot.unrestorable or shares

    return sorted(user_name(snapshot) for snapshot in stored.values() if is_shared(snapshot))


def _plan_id(name: str, wanted: dict[str, str]) -> str:
    return hashlib.sha256("\n".join([name, *sorted(wanted.values())]).encode()).hexdigest()[:32]
