"""The sub-commands for models that were changed in place: `check`, `promote` and the rest for them."""

from __future__ import annotations

import argparse
import typing as t

from countersign_state import Project

if t.TYPE_CHECKING:
    from countersign_rollback import Rollback
    from countersign_schema import Lost
    from countersign_sqlmesh import Answers

VERIFICATION_FAILED = 6


def _work_out(project: Project, arguments: argparse.Namespace) -> tuple[Rollback, list[Lost]]:
    from countersign_point import point
    from countersign_rollback import work_out_in_place
    from countersign_schema import losses

    rollback = work_out_in_place(project, arguments.to, arguments.without)
    kept = point(arguments.into, arguments.point)
    return rollback, losses(project, rollback, arguments.leaving, kept)


def _check(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    from countersign_schema import check_schema

    result = check_schema(project, *_work_out(project, arguments))
    answers.answer(result)
    return 0 if result["possible"] else 3


def _restore(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    from countersign_apply import apply
    from countersign_promote import Wanted, promote
    from countersign_rollback import work_out_in_place
    from countersign_schema import check_schema, fill, probe_schema

    wanted = Wanted(arguments.to, arguments.without, work_out_in_place)
    instead_of = Wanted(arguments.instead_of, arguments.instead_without, work_out_in_place)

    def findings_of(project: Project, rollback: Rollback, plan_id: str) -> list[dict]:
        _, found = _work_out(project, arguments)
        return check_schema(project, rollback, found, plan_id)["findings"]

    def work(announce: t.Callable[[dict], None]) -> dict[str, t.Any]:
        expected = arguments.expect_fingerprint
        result = promote(project, wanted, expected, findings_of, announce, instead_of)
        _, found = _work_out(project, arguments)
        return result | {"filled": fill(found, announce)}

    def outcome() -> t.Any:
        return probe_schema(project, *_work_out(project, arguments))

    return apply(project, arguments.user, answers, work, outcome)


def _probe(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    from countersign_schema import probe_schema
    from countersign_state import fingerprint

    rollback, found = _work_out(project, arguments)
    outcome = probe_schema(project, rollback, found)
    answer = {"state": outcome.state, "detail": outcome.detail}
    answers.answer(answer | {"fingerprint": fingerprint(rollback.environment)})
    return 0


def _verify(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    from countersign_data import PASS, read_baseline, verify
    from countersign_rollback import downstream_closure
    from countersign_schema import value_checks

    rollback, found = _work_out(project, arguments)
    baseline = read_baseline(arguments.baseline)
    scope = downstream_closure(rollback)
    checks = verify(project, rollback, scope, baseline, arguments.audits)["checks"]
    checks += value_checks(found)
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
        added[name] = commands.add_parser(name, parents=parents)
        added[name].add_argument(
            "--leaving",
            action="append",
            default=[],
            metavar="MODEL=IDENTIFIER",
            help="the version that is left; columns that it lacks are filled from the point",
        )
    return added
