"""Asks and changes a SQLMesh environment on behalf of a rollback, one JSON object per answer.

Lines before the last one on stdout are progress, `{"progress": {..}}`; the last line is the answer
or `{"error": ..}`. Whatever libraries print goes to stderr.

Exit codes: 0 done or nothing to do, 1 crash, 2 wrong usage, 3 impossible, 4 conflict, 5 applying
failed, 6 verification failed. The exit code is a summary: the truth is what `probe` reads.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
import typing as t

import countersign_point_commands
import countersign_schema_commands
from countersign_apply import failure
from countersign_state import Project, Refused, inspect, prepare_process, sqlmesh_version, usage

KINDS = {2: "usage", 3: "impossible", 4: "conflict"}


class Answers:
    """The real stdout, kept apart from everything that libraries print."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)

    def progress(self, fields: dict[str, t.Any]) -> None:
        self.answer({"progress": fields})

    def answer(self, value: dict[str, t.Any]) -> None:
        self._out.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
        self._out.flush()


def progress_console(answers: Answers) -> t.Any:
    """A SQLMesh console that reports evaluation and promotion as progress lines."""
    from sqlmesh.core.console import NoopConsole

    class ProgressConsole(NoopConsole):
        def __init__(self) -> None:
            self._names: dict[str, str] = {}
            self._done = self._total = 0
            self.failures: list[str] = []

        def start_evaluation_progress(self, batched_intervals: t.Any, *_: t.Any, **__: t.Any):
            self._done, self._total = 0, sum(map(len, batched_intervals.values()))

        def start_snapshot_evaluation_progress(self, snapshot: t.Any, audit_only: bool = False):
            self._report("evaluating", snapshot)

        def update_snapshot_evaluation_progress(self, snapshot: t.Any, *_: t.Any, **__: t.Any):
            self._done += 1
            self._report("evaluated", snapshot)

        def start_promotion_progress(self, snapshots: t.Any, *_: t.Any, **__: t.Any) -> None:
            self._done, self._total = 0, len(snapshots)

        def update_promotion_progress(self, snapshot: t.Any, promoted: bool) -> None:
            self._done += 1
            self._report("promoting", snapshot)

        def log_error(self, message: str) -> None:
            self.failures.append(message)
            answers.progress({"kind": "message", "level": "error", "text": message})

        def log_failed_models(self, errors: t.Any) -> None:
            for error in errors:
                self.log_error(f"{error}: {error.__cause__}")

        def _report(self, kind: str, snapshot: t.Any) -> None:
            name = getattr(getattr(snapshot, "node", None), "name", None)
            if name is None:
                view = snapshot.qualified_view_name
                name = f"{view.schema_name}.{view.table}"
            fields = {"kind": kind, "model": name, "done": self._done, "total": self._total}
            answers.progress(fields)

    return ProgressConsole()


def run(arguments: argparse.Namespace, answers: Answers) -> int:
    """Runs one sub-command, prints its answer and returns the exit code."""
    sqlmesh_version()
    prepare_process()
    console = progress_console(answers)
    if handler := countersign_point_commands.COMMANDS.get(arguments.command):
        return handler(arguments, answers, console)
    project = Project(arguments.project, arguments.gateway, arguments.environment, console)
    return COMMANDS[arguments.command](project, arguments, answers)


def _inspect(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    answers.answer(inspect(project))
    return 0


def _check(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    from countersign_findings import check
    from countersign_rollback import work_out

    result = check(project, work_out(project, arguments.to))
    answers.answer(result)
    return 0 if result["possible"] else 3


def _promote(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    from countersign_apply import apply
    from countersign_findings import check
    from countersign_promote import probe, promote
    from countersign_rollback import Rollback, work_out

    def findings_of(project: Project, rollback: Rollback, plan_id: str) -> list[dict]:
        return check(project, rollback, plan_id)["findings"]

    def work(announce: t.Callable[[dict], None]) -> dict[str, t.Any]:
        expected, instead_of = arguments.expect_fingerprint, arguments.instead_of
        return promote(project, arguments.to, expected, findings_of, announce, instead_of)

    def outcome() -> t.Any:
        return probe(project, work_out(project, arguments.to))

    return apply(project, arguments.user, answers, work, outcome)


def _probe(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    from countersign_promote import probe
    from countersign_rollback import work_out
    from countersign_state import fingerprint

    rollback = work_out(project, arguments.to)
    outcome = probe(project, rollback)
    answers.answer(
        {
            "state": outcome.state,
            "detail": outcome.detail,
            "plan_id": rollback.environment.plan_id,
            "finalized": bool(rollback.environment.finalized_ts),
            "fingerprint": fingerprint(rollback.environment),
        }
    )
    return 0


def _verify(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    from countersign_data import read_baseline, verify
    from countersign_rollback import downstream_closure, work_out

    baseline = read_baseline(arguments.baseline)
    rollback = work_out(project, arguments.to)
    scope = downstream_closure(rollback)
    result = verify(project, rollback, scope, baseline, arguments.audits)
    answers.answer(result)
    return 0 if result["passed"] else 6


def _measure(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    from countersign_data import measure

    answers.answer(measure(project, arguments.models))
    return 0


def _fingerprint_data(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    from countersign_data import fingerprint_data

    answers.answer(fingerprint_data(project, arguments.models))
    return 0


COMMANDS = {
    "inspect": _inspect,
    "check": _check,
    "promote": _promote,
    "probe": _probe,
    "verify": _verify,
    "measure": _measure,
    "fingerprint-data": _fingerprint_data,
    **countersign_schema_commands.COMMANDS,
}


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> t.NoReturn:
        raise usage(message)


def parser() -> Parser:
    common = Parser(add_help=False)
    common.add_argument("--project", required=True, help="directory with SQLMesh's configuration")
    common.add_argument("--gateway", help="gateway of that configuration; its default if left out")
    common.add_argument("--environment", default="prod")
    targets = Parser(add_help=False)
    targets.add_argument("--to", action="append", required=True, metavar="MODEL=IDENTIFIER")
    models = Parser(add_help=False)
    models.add_argument("--models", type=lambda text: text.split(","), metavar="A,B")

    root = Parser(prog="countersign_sqlmesh.py", description=__doc__)
    commands = root.add_subparsers(dest="command", required=True)
    commands.add_parser("inspect", parents=[common])
    commands.add_parser("check", parents=[common, targets])
    promote = commands.add_parser("promote", parents=[common, targets])
    _add_approval(promote)
    commands.add_parser("probe", parents=[common, targets])
    verify = commands.add_parser("verify", parents=[common, targets])
    _add_verification(verify)
    commands.add_parser("measure", parents=[common, models])
    commands.add_parser("fingerprint-data", parents=[common, models])
    points = Parser(add_help=False)
    points.add_argument("--point", required=True, metavar="ID")
    points.add_argument("--into", required=True, metavar="DIR", help="directory of all points")
    countersign_point_commands.add_parsers(commands, [common, points], models)
    schema = countersign_schema_commands.add_parsers(commands, [common, targets, points])
    _add_approval(schema["restore-schema"])
    _add_verification(schema["verify-schema"])
    return root


def _add_approval(command: argparse.ArgumentParser) -> None:
    command.add_argument("--expect-fingerprint", required=True)
    command.add_argument(
        "--instead-of",
        action="append",
        default=[],
        metavar="MODEL=IDENTIFIER",
        help="targets of a promotion for the same fingerprint that this one takes back",
    )
    command.add_argument("--user", required=True, help="on whose behalf, for the log")


def _add_verification(command: argparse.ArgumentParser) -> None:
    command.add_argument("--baseline", help="what `measure` printed when all was well")
    command.add_argument("--audits", action="store_true")


def main(argv: list[str]) -> int:
    answers = Answers()
    try:
        return run(parser().parse_args(argv), answers)
    except Refused as refusal:
        fields = {"error": str(refusal), "kind": KINDS[refusal.exit_code], "transient": False}
        answers.answer(fields | refusal.extra)
        return refusal.exit_code
    except Exception as error:
        traceback.print_exc()
        answers.answer(failure(error, "crash"))
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
