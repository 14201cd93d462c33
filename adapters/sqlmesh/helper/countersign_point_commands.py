"""The sub-commands about rollback points: their arguments, and what each of them calls.

Only `save` and `verify-live` open SQLMesh's state: when a point is restored it may be broken.
"""

from __future__ import annotations

import argparse
import typing as t

from countersign_state import Project, impossible, open_context

if t.TYPE_CHECKING:
    from countersign_sqlmesh import Answers

Handler = t.Callable[[argparse.Namespace, "Answers", t.Any], int]
VERIFICATION_FAILED = 6


def _save(arguments: argparse.Namespace, answers: Answers, console: t.Any) -> int:
    from countersign_point import point
    from countersign_save import save
    from countersign_verify_point import verify_point

    into = point(arguments.into, arguments.point)
    if arguments.at is not None:
        from countersign_save_past import save_past

        answers.answer(save_past(arguments, into, console, answers.progress))
        return 0
    project = Project(arguments.project, arguments.gateway, arguments.environment, console)
    kind, models, reason = arguments.kind, arguments.models, arguments.reason
    answer = save(project, into, kind, models, reason, answers.progress)
    if kind == "versions":
        # It is so quick that nobody has to come back for it.
        verdict = verify_point(project.context, into, arguments.environment)
        failed = [check["detail"] for check in verdict["checks"] if check["outcome"] != "pass"]
        if failed:
            raise impossible(f"The rollback point {into.id} cannot be relied on: {' '.join(failed)}")
    answers.answer(answer)
    return 0


def _probe_point(arguments: argparse.Namespace, answers: Answers, console: t.Any) -> int:
    from countersign_point import point
    from countersign_save import probe_point

    answers.answer(probe_point(point(arguments.into, arguments.point)))
    return 0


def _verify_live(arguments: argparse.Namespace, answers: Answers, console: t.Any) -> int:
    from countersign_point import point
    from countersign_verify_live import verify_live

    project = Project(arguments.project, arguments.gateway, arguments.environment, console)
    result = verify_live(project, point(arguments.into, arguments.point))
    answers.answer(result)
    return 0 if result["passed"] else VERIFICATION_FAILED


def _with_context(
    work: t.Callable[[t.Any, t.Any, argparse.Namespace, Answers], dict],
) -> Handler:
    """A handler that needs the configuration and the point."""

    def handler(arguments: argparse.Namespace, answers: Answers, console: t.Any) -> int:
        from countersign_point import point

        context = open_context(arguments.project, arguments.gateway, console)
        result = work(context, point(arguments.into, arguments.point), arguments, answers)
        answers.answer(result)
        return 0 if result.get("passed", True) else VERIFICATION_FAILED

    return handler


def _drop(context: t.Any, point: t.Any, arguments: argparse.Namespace, answers: Answers) -> dict:
    from countersign_save import drop

    return drop(context, point)


def _verify(context: t.Any, point: t.Any, arguments: argparse.Namespace, answers: Answers) -> dict:
    from countersign_verify_point import verify_point

    return verify_point(context, point, arguments.environment)


def _restore(context: t.Any, point: t.Any, arguments: argparse.Namespace, answers: Answers) -> dict:
    from countersign_beside import restore_beside

    return restore_beside(context, point, arguments.environment, _tag(arguments), answers.progress)


def _probe_beside(
    context: t.Any, point: t.Any, arguments: argparse.Namespace, answers: Answers
) -> dict:
    from countersign_beside import probe_beside

    return probe_beside(context, point, arguments.environment, _tag(arguments))


def _verify_beside(
    context: t.Any, point: t.Any, arguments: argparse.Namespace, answers: Answers
) -> dict:
    from countersign_beside import verify_beside

    return verify_beside(context, point, arguments.environment, _tag(arguments))


def _drop_beside(arguments: argparse.Namespace, answers: Answers, console: t.Any) -> int:
    from countersign_beside import drop_beside

    context = open_context(arguments.project, arguments.gateway, console)
    answers.answer(drop_beside(context, _tag(arguments)))
    return 0


def _check_past(arguments: argparse.Namespace, answers: Answers, console: t.Any) -> int:
    from countersign_past_check import check_past

    result = check_past(arguments, console)
    answers.answer(result)
    return 0 if result["passed"] else VERIFICATION_FAILED


def _end_recoveries(arguments: argparse.Namespace, answers: Answers, console: t.Any) -> int:
    from countersign_archive import end_leftovers

    answers.answer({"ended": end_leftovers(arguments.into)})
    return 0


def _swap(context: t.Any, point: t.Any, arguments: argparse.Namespace, answers: Answers) -> dict:
    from countersign_beside import swap

    back = arguments.command == "unswap"
    return swap(context, point, arguments.environment, _tag(arguments), back, answers.progress)


def _probe_swap(
    context: t.Any, point: t.Any, arguments: argparse.Namespace, answers: Answers
) -> dict:
    from countersign_beside import probe_swap

    return probe_swap(context, point, arguments.environment, _tag(arguments), arguments.back)


def _tag(arguments: argparse.Namespace) -> str:
    from countersign_point import as_id

    return as_id(arguments.tag or arguments.point)


COMMANDS: dict[str, Handler] = {
    "save": _save,
    "probe-point": _probe_point,
    "verify-point": _with_context(_verify),
    "drop-point": _with_context(_drop),
    "restore-beside": _with_context(_restore),
    "probe-beside": _with_context(_probe_beside),
    "verify-beside": _with_context(_verify_beside),
    "drop-beside": _drop_beside,
    "swap": _with_context(_swap),
    "probe-swap": _with_context(_probe_swap),
    "unswap": _with_context(_swap),
    "verify-live": _verify_live,
    "check-past": _check_past,
    "end-recoveries": _end_recoveries,
}
# They are about no point that is there.
WITHOUT_POINT = ("check-past", "end-recoveries")


def add_parsers(commands: t.Any, parents: list, models: t.Any) -> None:
    """Adds the arguments of each."""
    common, _ = parents
    for name in COMMANDS:
        if name in WITHOUT_POINT:
            command = commands.add_parser(name, parents=[common])
            command.add_argument("--into", required=True, metavar="DIR", help="directory of all points")
        else:
            more = [models] if name == "save" else []
            command = commands.add_parser(name, parents=[*parents, *more])
        if name in ("save", "check-past"):
            command.add_argument("--at", type=int, help="a moment of the past, in ms since 1970")
            command.add_argument("--base", help="the base backup that is recovered up to then")
            command.add_argument("--log", help="directory of PostgreSQL's archived log")
        if name == "save":
            command.add_argument("--kind", choices=("tables", "full", "versions"), default="tables")
            command.add_argument("--reason", default="")
        if "swap" in name or "beside" in name:
            command.add_argument("--tag", help="names this use of the point; its id if left out")
        if name == "probe-swap":
            command.add_argument("--back", action="store_true", help="was it taken back?")
