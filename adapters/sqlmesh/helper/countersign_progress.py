"""Says while SQLMesh works what it does, how far it is, and how long it may still take.

The estimate comes from the run's own pace: the time so far, divided by the batches that are done.
It is left out until a batch is done, because nothing is known of the pace before.
"""

from __future__ import annotations

import logging
import time
import typing as t

Say = t.Callable[[dict[str, t.Any]], None]


class Pace:
    """How far an evaluation is: models and batches, and the time since it began."""

    def __init__(self, batches: dict[str, int]) -> None:
        self._batches, self._since = batches, time.monotonic()
        self._evaluated = dict.fromkeys(batches, 0)

    def evaluated(self, model: str) -> None:
        self._evaluated[model] = self._evaluated.get(model, 0) + 1

    def fields(self, model: str) -> dict[str, t.Any]:
        """`done` counts models whose batches are all done; a model in work is not."""
        done = [name for name, all_of in self._batches.items() if self._evaluated[name] >= all_of]
        batches, evaluated = sum(self._batches.values()), sum(self._evaluated.values())
        fields: dict[str, t.Any] = {
            "done": len(done),
            "total": len(self._batches),
            "batch": self._evaluated.get(model, 0),
            "batches": self._batches.get(model, 0),
        }
        if evaluated and batches > evaluated:
            each = (time.monotonic() - self._since) / evaluated
            fields["left_ms"] = round(each * (batches - evaluated) * 1000)
        return fields


def progress_console(say: Say) -> t.Any:
    """A SQLMesh console that reports evaluation and promotion as progress lines."""
    from sqlmesh.core.console import NoopConsole

    class ProgressConsole(NoopConsole):
        def __init__(self) -> None:
            self._pace = Pace({})
            self._done = self._total = 0
            self.failures: list[str] = []

        def start_evaluation_progress(self, batched_intervals: t.Any, *_: t.Any, **__: t.Any):
            batches = {s.name: len(intervals) for s, intervals in batched_intervals.items()}
            self._pace = Pace(batches)

        def start_snapshot_evaluation_progress(self, snapshot: t.Any, audit_only: bool = False):
            self._report("evaluating", snapshot, self._pace.fields(snapshot.name))

        def update_snapshot_evaluation_progress(
            self,
            snapshot: t.Any,
            interval: t.Any,
            batch_idx: int,
            duration_ms: int | None,
            num_audits_passed: int,
            num_audits_failed: int,
            *_: t.Any,
            **__: t.Any,
        ) -> None:
            self._pace.evaluated(snapshot.name)
            seen = {
                "duration_ms": duration_ms,
                "audits_passed": num_audits_passed,
                "audits_failed": num_audits_failed,
            }
            self._report("evaluated", snapshot, self._pace.fields(snapshot.name) | seen)

        def start_promotion_progress(self, snapshots: t.Any, *_: t.Any, **__: t.Any) -> None:
            self._done, self._total = 0, len(snapshots)

        def update_promotion_progress(self, snapshot: t.Any, promoted: bool) -> None:
            self._done += 1
            kind = "promoting" if promoted else "removing"
            self._report(kind, snapshot, {"done": self._done, "total": self._total})

        def log_error(self, message: str) -> None:
            self.failures.append(message)
            say({"kind": "message", "level": "error", "text": message})

        def log_failed_models(self, errors: t.Any) -> None:
            for error in errors:
                self.log_error(f"{error}: {error.__cause__}")

        def _report(self, kind: str, snapshot: t.Any, fields: dict[str, t.Any]) -> None:
            name = getattr(getattr(snapshot, "node", None), "name", None)
            if name is None:
                view = snapshot.qualified_view_name
                name = f"{view.schema_name}.{view.table}"
            say({"kind": kind, "model": name} | fields)

    return ProgressConsole()


class StageLines(logging.Handler):
    """Turns SQLMesh's "Evaluating plan stage X" records into progress lines."""

    def __init__(self, say: Say) -> None:
        super().__init__(logging.INFO)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        if str(record.msg).startswith("Evaluating plan stage") and record.args:
            self._say({"kind": "stage", "stage": str(record.args[0])})
