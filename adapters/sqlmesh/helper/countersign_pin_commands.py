"""The sub-commands that keep versions from the janitor and let them go again."""

from __future__ import annotations

import argparse
import typing as t

from countersign_state import Project

if t.TYPE_CHECKING:
    from countersign_sqlmesh import Answers

IMPOSSIBLE = 3


def _pin(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    from countersign_pin import pin

    answer = pin(project, arguments.name, arguments.to)
    answers.answer(answer)
    return IMPOSSIBLE if answer["state"] == "gone" else 0


def _unpin(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    from countersign_pin import unpin

    answers.answer(unpin(project, arguments.name))
    return 0


def _probe_pin(project: Project, arguments: argparse.Namespace, answers: Answers) -> int:
    from countersign_pin import probe

    outcome = probe(project, arguments.name, arguments.to)
    answers.answer({"state": outcome.state, "detail": outcome.detail})
    return 0


COMMANDS = {"pin": _pin, "unpin": _unpin, "probe-pin": _probe_pin}


def add_parsers(commands: t.Any, common: argparse.ArgumentParser) -> None:
    for name in COMMANDS:
        command = commands.add_parser(name, parents=[common])
        command.add_argument("--name", required=True, help="our environment; begins countersign_")
        if name != "unpin":
            command.add_argument("--to", action="append", default=[], metavar="MODEL=IDENTIFIER")
