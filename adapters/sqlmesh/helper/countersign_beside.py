"""Brings a whole environment back: restored beside the live one, verified there, exchanged by name.

```
live ───────────────┐  swap       live
<live>_restore_TAG ─┴─────────▶   <live>_broken_TAG      unswap: the other way
```

The tag tells one use of a point from another: a point can be restored more than once.

Until the swap nobody sees the restored databases, and after it nothing is lost: the ones that were
live keep all that they had. Several units are exchanged in order, state first, and taken back in
the reverse order, so that state is never newer than its data.
"""

from __future__ import annotations

import typing as t

from countersign_point import Point
from countersign_save import units_of
from countersign_state import conflict, impossible
from countersign_units import Unit, units
from countersign_verify_point import FAIL, PASS, compare

Announce = t.Callable[[dict], None]


def restore_beside(
    context: t.Any, point: Point, environment: str, tag: str, announce: Announce
) -> dict[str, t.Any]:
    """Restores every unit under another name; what was restored completely stays as it is."""
    manifest = _whole(point)
    with point.held():
        found = units_of(context, manifest, environment)
        if _swapped(found, tag):
            raise conflict(f"The rollback point {point.id} has been swapped in already.")
        restored = []
        for unit, row in found:
            announce({"kind": "work", "stage": f"Restore {unit.name} beside"})
            if unit.restore_beside(tag, point.copy, row["settings"]):
                restored.append(unit.name)
    return {"already": not restored, "state": "done", "point": point.id, "restored": restored}


def probe_beside(context: t.Any, point: Point, environment: str, tag: str) -> dict[str, t.Any]:
    """Whether every unit is there beside the live one, or was exchanged already."""
    found = units_of(context, _whole(point), environment)
    waiting = [unit.name for unit, _ in found if unit.probe_exchange(tag, back=False)[0] != "unknown"]
    if len(waiting) == len(found):
        return {"state": "done", "detail": f"{', '.join(waiting)}: restored beside the live one."}
    return {"state": "not_done", "detail": f"{len(waiting)} of {len(found)} databases are restored."}


def drop_beside(context: t.Any, tag: str) -> dict[str, t.Any]:
    """Removes what was restored under this tag and waits; what was exchanged stays, and so does the broken one.

    Nothing of the point is asked: it may be gone by now.
    """
    dropped = [unit.name for unit in units(context) if unit.drop_beside(tag)]
    return {"already": not dropped, "state": "done", "dropped": dropped}


def verify_beside(context: t.Any, point: Point, environment: str, tag: str) -> dict[str, t.Any]:
    """Compares what was restored with the manifest, table by table."""
    manifest = _whole(point)
    checks: list[dict] = []

    def add(name: str, subject: str, outcome: str, detail: str) -> None:
        checks.append({"name": name, "subject": subject, "outcome": outcome, "detail": detail})

    for unit, _ in units_of(context, manifest, environment):
        rows = unit.inspect_beside(tag)
        if rows is None:
            add("restored_beside", unit.name, FAIL, f"{unit.name} is not restored beside.")
            continue
        add("restored_beside", unit.name, PASS, f"{unit.name} is restored beside the live one.")
        expected = [row for row in manifest["tables"] if row["unit"] == unit.name]
        compare("restored_content", unit.name, expected, rows, add)
    return {"checks": checks, "passed": all(check["outcome"] == PASS for check in checks)}


def swap(
    context: t.Any, point: Point, environment: str, tag: str, back: bool, announce: Announce
) -> dict[str, t.Any]:
    """Exchanges every unit by name; `back` puts what was live before into place again."""
    with point.held():
        found = units_of(context, _whole(point), environment)
        if back:
            found.reverse()
        states = {unit.name: unit.probe_exchange(tag, back) for unit, _ in found}
        # All or none are begun: a unit without a counterpart would be a mixture of two moments.
        blocked = [detail for state, detail in states.values() if state == "unknown"]
        if blocked:
            raise conflict(" ".join(blocked), state="unknown")
        already = all(state == "done" for state, _ in states.values())
        kept = []
        for unit, _ in found:
            announce({"kind": "work", "stage": f"Exchange {unit.name}"})
            kept.append(unit.exchange(tag, back))
    answer = {"already": already, "state": "done", "point": point.id}
    return answer | {"waiting" if back else "broken": kept}


def probe_swap(context: t.Any, point: Point, environment: str, tag: str, back: bool) -> dict[str, t.Any]:
    """Whether all units were exchanged, none, or some."""
    found = units_of(context, _whole(point), environment)
    return _together([unit.probe_exchange(tag, back) for unit, _ in found])


def _together(states: list[tuple[str, str]]) -> dict[str, t.Any]:
    detail = " ".join(detail for _, detail in states)
    kinds = {state for state, _ in states}
    if len(kinds) == 1:
        return {"state": kinds.pop(), "detail": detail}
    return {"state": "unknown" if "unknown" in kinds else "partial", "detail": detail}


def _swapped(found: list[tuple[Unit, dict]], tag: str) -> bool:
    return any(unit.probe_exchange(tag, back=False)[0] == "done" for unit, _ in found)


def _whole(point: Point) -> dict[str, t.Any]:
    manifest = point.known()
    if manifest["kind"] != "full":
        raise impossible(
            f"The rollback point {point.id} is of the kind `{manifest['kind']}`. A full environment is "
            "restored from a point of the kind `full`."
        )
    return manifest


