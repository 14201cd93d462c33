"""The sub-commands for models that were changed in place: `check`, `promote` and the rest for them."""

from __future__ import annotations

import argparse
import dataclasses
import typing as t

from countersign_state import Project

if t.TYPE_CHECKING:
    from countersign_restate import Anew
    from countersign_rollback import Rollback
    from countersign_schema import Lost
    from countersign_sqlmesh import Answers

VERIFICATION_FAILED = 6


@dataclasses.dataclass
class Work:
    """What is asked for, worked out against the environment as it is at this moment."""

    rollback: Rollback
    found: list[Lost]
    anew: list[Anew]


def _work_out(project: Project, arguments: argparse.Namespace) -> Work:
    from countersign_point import point
    from countersign_restate import recomputed
    from countersign_rollback import work_out_in_place
    from countersign_schema import losses

    rollback = work_out_in_place(project, arguments.to, arguments.without)
    kept = point(arguments.into, arguments.point) if arguments.point else None
    found = losses(project, rollback, arguments.leaving, kept, arguments.restate)
    # Without its targets there is nothing to compute, and `check` says that they are missing.
    anew = [] if rollback.missing else recomputed(project, rollback, found, arguments.history)
    return Work(rollback, found, anew)


def _findings(project: Project, work: Work, plan_id: str | None = None) -> dict[str, t.Any]:
    from countersign_schema import check_schema

    return check_schema(project, work.rollback, work.found, work.anew, plan_id)


def _check(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    result = _findings(project, _work_out(project, arguments))
    answers.answer(result)
    return 0 if result["possible"] else 3


def _restore(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    from countersign_apply import apply
    from countersign_point import point
    from countersign_promote import Wanted, promote
    from countersign_put_back import put_back
    from countersign_restate import restate
    from countersign_rollback import work_out_in_place
    from countersign_schema import fill

    wanted = Wanted(arguments.to, arguments.without, work_out_in_place)
    instead_of = Wanted(arguments.instead_of, arguments.instead_without, work_out_in_place)
    expected = arguments.expect_fingerprint

    def findings_of(project: Project, rollback: Rollback, plan_id: str) -> list[dict]:
        found = dataclasses.replace(_work_out(project, arguments), rollback=rollback)
        return _findings(project, found, plan_id)["findings"]

    def now() -> tuple[Rollback, list[Anew]]:
        found = _work_out(project, arguments)
        return found.rollback, found.anew

    def work(announce: t.Callable[[dict], None]) -> dict[str, t.Any]:
        result = promote(project, wanted, expected, findings_of, announce, instead_of)
        found = _work_out(project, arguments)
        put = []
        if arguments.put_back:
            kept = point(arguments.into, arguments.point)
            put = put_back(project, found.rollback, kept, arguments.put_back, announce)
        filled = fill(found.found, announce)
        again = restate(project, now, expected, announce)
        if again:
            # What was filled is read by what is computed again, and may be computed anew itself.
            filled = fill(_work_out(project, arguments).found, announce)
        already = result["already"] and not again and not put
        return result | {"filled": filled, "put_back": put, "restated": again, "already": already}

    def outcome() -> t.Any:
        return _outcome(project, arguments)

    return apply(project, arguments.user, answers, work, outcome)


def _outcome(project: Project, arguments: argparse.Namespace) -> t.Any:
    from countersign_restate import outcome
    from countersign_schema import probe_schema

    work = _work_out(project, arguments)
    found = probe_schema(project, work.rollback, work.found)
    if found.state != "done":
        return found
    return outcome(work.rollback, work.anew, arguments.expect_fingerprint) or found


def _probe(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    from countersign_state import fingerprint

    outcome = _outcome(project, arguments)
    answer = {"state": outcome.state, "detail": outcome.detail}
    answers.answer(answer | {"fingerprint": fingerprint(project.environment())})
    return 0


def _verify(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    from countersign_data import PASS, read_baseline, verify
    from countersign_point import point
    from countersign_restate_check import checks as recomputed
    from countersign_rollback import downstream_closure
    from countersign_schema import value_checks

    work = _work_out(project, arguments)
    baseline = read_baseline(arguments.baseline)
    scope = downstream_closure(work.rollback)
    checks = verify(project, work.rollback, scope, baseline, arguments.audits)["checks"]
    checks += value_checks(work.found)
    saved = point(arguments.into, arguments.saved) if arguments.saved else None
    checks += recomputed(project, work.rollback, work.anew, saved)
    passed = all(check["outcome"] == PASS for check in checks)
    answers.answer({"checks": checks, "passed": passed})
    return 0 if passed else VERIFICATION_FAILED


COMMANDS: dict[str, t.Callable[[Project, argparse.Namespace, Answers], int]] = {
    "check-schema": _check,
    "restore-schema": _restore,
    "probe-schema": _probe,
    "verify-schema": _verify,
}


def add_parsers(commands: t.Any, parents: list) -> dict[str, argparse.ArgumentParser]:
    """Adds the arguments that all of them take, and returns the parsers by name."""
    added = {}
    for name in COMMANDS:
        command = added[name] = commands.add_parser(name, parents=parents)
        command.add_argument("--into", required=True, metavar="DIR", help="directory of all points")
        command.add_argument("--point", metavar="ID", help="the point that has the lost values")
        for flag, metavar, about in (
            ("--leaving", "MODEL=IDENTIFIER", "the version that is left; it lacks what is filled"),
            ("--restate", "MODEL", "a model whose values no point has: it is computed again"),
            ("--history", "MODEL=YYYYMMDD", "the first day that its sources have, or `all`"),
        ):
            command.add_argument(flag, action="append", default=[], metavar=metavar, help=about)
    restore, probe, verify = (added[f"{name}-schema"] for name in ("restore", "probe", "verify"))
    about = "a model that gets the rows of the point: an undo of what was computed again"
    restore.add_argument("--put-back", action="append", default=[], metavar="MODEL", help=about)
    probe.add_argument("--expect-fingerprint", help="what was approved; --restate needs it")
    verify.add_argument("--saved", metavar="ID", help="the run's own point, made before")
    return added
