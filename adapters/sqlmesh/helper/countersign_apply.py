"""Runs what changes an environment, and says what it left behind when it fails."""

from __future__ import annotations

import logging
import traceback
import typing as t

from countersign_progress import StageLines
from countersign_state import Project, Refused

if t.TYPE_CHECKING:
    from countersign_promote import Outcome
    from countersign_sqlmesh import Answers

# A single-writer engine or a dropped connection: the same call may succeed a moment later.
TRANSIENT = (
    "could not set lock",
    "database is locked",
    "connection refused",
    "timed out",
    "could not connect",
    "connection reset",
)
CONFLICT, APPLY_FAILED = 4, 5


def apply(
    project: Project,
    user: str,
    answers: Answers,
    work: t.Callable[[t.Callable[[dict], None]], dict[str, t.Any]],
    outcome: t.Callable[[], Outcome],
) -> int:
    """Does the work, prints its answer and returns the exit code.

    `work` announces before its first change; `outcome` reads what there is after a failure.
    """
    from sqlmesh.utils.errors import ConflictingPlanError

    evaluator_log = logging.getLogger("sqlmesh.core.plan.evaluator")
    evaluator_log.setLevel(logging.INFO)
    evaluator_log.propagate = False
    evaluator_log.addHandler(StageLines(answers.progress))
    started: list[dict] = []

    def announce(fields: dict[str, t.Any]) -> None:
        started.append(fields)
        answers.progress(fields | {"user": user})

    try:
        result = work(announce)
    except Refused:
        raise
    except ConflictingPlanError as error:
        answers.answer({"error": str(error), "kind": "conflict", "transient": False})
        return CONFLICT
    except Exception as error:
        if not started:
            raise
        traceback.print_exc()
        said = failure(error, "apply_failed") | {"failures": project.context.console.failures}
        answers.answer(said | _state_after(outcome))
        return APPLY_FAILED
    answers.answer(result | {"user": user})
    return 0


def _state_after(outcome: t.Callable[[], Outcome]) -> dict[str, t.Any]:
    """What a failed plan left behind; a plan can fail after it has changed everything."""
    try:
        found = outcome()
    except Exception as error:
        return {"state": "unknown", "detail": str(error)}
    return {"state": found.state, "detail": found.detail}


def failure(error: BaseException, kind: str) -> dict[str, t.Any]:
    """An error as an answer."""
    text = str(error) or type(error).__name__
    transient = any(sign in text.lower() for sign in TRANSIENT)
    return {"error": text, "kind": kind, "transient": transient}
