"""What the contract tests have in common: a copy of the deployed project, and the calls."""

from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path

from helper_site import POSTGRES
from helper_stage import BAD, Stage, stage


class HelperCase(unittest.TestCase):
    engine = "duckdb"
    kind: type = Stage

    def setUp(self) -> None:
        if self.engine == "postgres" and POSTGRES == "skip":
            self.skipTest("COUNTERSIGN_TEST_POSTGRES names no server")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.stage = stage(self.kind, self.engine)
        self.site = self.stage.template.copy(self.folder)
        self.addCleanup(self.site.remove)
        self.fingerprint = self.stage.state["fingerprint"]
        self.changed = {row["name"]: row for row in self.stage.state["changed"]}
        self.choose()

    def choose(self) -> None:
        self.targets = self.to("previous", BAD)

    def to(self, which: str, models: tuple[str, ...]) -> list[str]:
        pairs = [f"{model}={self.changed[model][which]}" for model in models]
        return [argument for pair in pairs for argument in ("--to", pair)]

    def promotion(self, targets: list[str] | None = None, fingerprint: str | None = None) -> list:
        expected = fingerprint or self.fingerprint
        targets = targets or self.targets
        return ["promote", *targets, "--expect-fingerprint", expected, "--user", "ana"]

    def assert_promoted(self, targets: list[str] | None = None) -> dict:
        code, answer = self.site.ask(*self.promotion(targets))
        self.assertEqual(code, 0, answer)
        self.assertEqual(answer["state"], "done")
        return answer

    def content(self) -> dict[str, list]:
        return self.site.content()

    def assert_true_again(self) -> None:
        self.assertEqual(self.content(), self.stage.truth_content)

    def assert_probe(self, state: str) -> None:
        code, answer = self.site.ask("probe", *self.targets)
        self.assertEqual((code, answer["state"]), (0, state), answer)

    def assert_refused(self, code: int, text: str, *arguments: str) -> dict:
        before = self.site.record()
        got, answer = self.site.ask(*arguments)
        self.assertEqual(got, code, answer)
        self.assertIn(text, answer["error"])
        self.assertEqual(self.site.record(), before)
        return answer


class PointCase(HelperCase):
    """With a directory for rollback points."""

    @property
    def points(self) -> Path:
        return self.folder / "points"

    def at(self, command: str, *arguments: str, point: str = "pt_1") -> list[str]:
        return [command, "--into", str(self.points), "--point", point, *arguments]

    def assert_done(self, command: str, *arguments: str, point: str = "pt_1") -> dict:
        code, answer = self.site.ask(*self.at(command, *arguments, point=point))
        self.assertEqual(code, 0, answer)
        return answer

    def assert_state(self, probe: str, state: str, *arguments: str) -> None:
        answer = self.assert_done(probe, *arguments)
        self.assertEqual(answer["state"], state, answer)

    def save(self, kind: str, *arguments: str, point: str = "pt_1") -> dict:
        return self.assert_done("save", "--kind", kind, *arguments, point=point)

    def failed(self, command: str) -> set[str]:
        """The names of the checks that fail; the exit code says so as well."""
        code, answer = self.site.ask(*self.at(command))
        names = {row["name"] for row in answer["checks"] if row["outcome"] == "fail"}
        self.assertEqual(code, 6 if names else 0, answer)
        return names

    def manifest(self) -> dict:
        return json.loads((self.points / "pt_1" / "manifest.json").read_text())
