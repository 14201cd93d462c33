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

import countersign_pin_commands
import countersign_point_commands
import countersign_schema_commands
from countersign_apply import failure
from countersign_progress import progress_console
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


def run(arguments: argparse.Namespace, answers: Answers) -> int:
    """Runs one sub-command, prints its answer and returns the exit code."""
    sqlmesh_version()
    prepare_process()
    if arguments.command == "end-backends":
        # Needs neither state nor warehouse: whoever holds them must not be in its way.
        return _end_backends(arguments, answers)
    console = progress_console(answers.progress)
    if handler := countersign_point_commands.COMMANDS.get(arguments.command):
        return handler(arguments, answers, console)
    project = Project(arguments.project, arguments.gateway, arguments.environment, console)
    return COMMANDS[arguments.command](project, arguments, answers)


def _inspect(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    answer = inspect(project, arguments.source, arguments.environments)
    if arguments.views:
        answer["astray"] = _astray(project)
    answers.answer(answer)
    return 0


def _astray(project: Project) -> list[str]:
    """Models whose view is gone or reads another table than the environment's record says."""
    from countersign_state import user_name
    from countersign_views import view_disagreements

    environment = project.environment()
    current = project.snapshots(environment.snapshots)
    wrong, _ = view_disagreements(project, environment, current.values())
    return sorted(user_name(current[name]) for name in wrong)


def _check(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    from countersign_findings import check
    from countersign_rollback import work_out

    result = check(project, work_out(project, arguments.to, arguments.without))
    answers.answer(result)
    return 0 if result["possible"] else 3


def _promote(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    from countersign_apply import apply
    from countersign_findings import check
    from countersign_promote import Wanted, probe, promote
    from countersign_rollback import Rollback

    wanted = Wanted(arguments.to, arguments.without)
    instead_of = Wanted(arguments.instead_of, arguments.instead_without)

    def findings_of(project: Project, rollback: Rollback, plan_id: str) -> list[dict]:
        return check(project, rollback, plan_id)["findings"]

    def work(announce: t.Callable[[dict], None]) -> dict[str, t.Any]:
        expected = arguments.expect_fingerprint
        return promote(project, wanted, expected, findings_of, announce, instead_of)

    def outcome() -> t.Any:
        return probe(project, wanted.work_out(project))

    return apply(project, arguments.user, answers, work, outcome)


def _probe(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    from countersign_promote import probe
    from countersign_rollback import work_out
    from countersign_state import fingerprint

    rollback = work_out(project, arguments.to, arguments.without)
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
    rollback = work_out(project, arguments.to, arguments.without)
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


def _sql(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    from countersign_sql import run_statement

    answers.answer(run_statement(project, arguments.statement, arguments.read_only))
    return 0


def _end_backends(arguments: argparse.Namespace, answers: Answers) -> int:
    from countersign_backends import end_backends

    answers.answer(end_backends(arguments.project, arguments.gateway, arguments.name))
    return 0


COMMANDS = {
    "inspect": _inspect,
    "check": _check,
    "promote": _promote,
    "probe": _probe,
    "verify": _verify,
    "measure": _measure,
    "fingerprint-data": _fingerprint_data,
    "sql": _sql,
    **countersign_schema_commands.COMMANDS,
    **countersign_pin_commands.COMMANDS,
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
    targets.add_argument("--to", action="append", default=[], metavar="MODEL=IDENTIFIER")
    targets.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="MODEL",
        help="a model that the environment shall not have; its view goes, its table stays",
    )
    models = Parser(add_help=False)
    models.add_argument("--models", type=lambda text: text.split(","), metavar="A,B")

    root = Parser(prog="countersign_sqlmesh.py", description=__doc__)
    commands = root.add_subparsers(dest="command", required=True)
    inspection = commands.add_parser("inspect", parents=[common])
    inspection.add_argument(
        "--source",
        metavar="env:NAME",
        help="compare with this environment instead of with the last finished release",
    )
    inspection.add_argument(
        "--environments", action="store_true", help="show also what other environments hold"
    )
    inspection.add_argument(
        "--views",
        action="store_true",
        help="say as well which models have a view that disagrees with the record",
    )
    commands.add_parser("check", parents=[common, targets])
    promote = commands.add_parser("promote", parents=[common, targets])
    _add_approval(promote)
    commands.add_parser("probe", parents=[common, targets])
    verify = commands.add_parser("verify", parents=[common, targets])
    _add_verification(verify)
    commands.add_parser("measure", parents=[common, models])
    commands.add_parser("fingerprint-data", parents=[common, models])
    sql = commands.add_parser("sql", parents=[common])
    sql.add_argument("--statement", required=True)
    sql.add_argument("--read-only", action="store_true", help="refuse whatever is no query")
    end_backends = commands.add_parser("end-backends", parents=[common])
    end_backends.add_argument("--name", required=True, help="the connections' application name")
    points = Parser(add_help=False)
    points.add_argument("--point", required=True, metavar="ID")
    points.add_argument("--into", required=True, metavar="DIR", help="directory of all points")
    countersign_point_commands.add_parsers(commands, [common, points], models)
    countersign_pin_commands.add_parsers(commands, common)
    schema = countersign_schema_commands.add_parsers(commands, [common, targets])
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
    command.add_argument(
        "--instead-without",
        action="append",
        default=[],
        metavar="MODEL",
        help="what that promotion left out",
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
