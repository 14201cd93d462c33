"""Contract test: a whole release goes back on a real SQLMesh on DuckDB.

The bad switch adds a model, removes one and doubles the rows of another. Beside it stands the
truth: a warehouse on which the bad switch never was deployed.
"""

from __future__ import annotations

import json
import unittest

from helper_case import HelperCase
from helper_stage import REMOVED, TWO_DAYS_AGO, SwitchStage

ADDED, DOUBLED = "marts.revenue_by_method", "marts.order_analytics"


def arguments(changed: list[dict], back: str, away: str, to: str = "to", without: str = "without"):
    """Everything of the release at its `back` identifier; what has none goes away."""
    pairs = [f"--{to}={row['name']}={row[back]}" for row in changed if row[back]]
    return pairs + [f"--{without}={row['name']}" for row in changed if not row[back] and row[away]]


class BlueGreenCase(HelperCase):
    kind = SwitchStage

    def choose(self) -> None:
        self.changed = self.stage.state["changed"]
        self.back = arguments(self.changed, "previous", "current")
        self.instead = arguments(
            self.changed, "previous", "current", "instead-of", "instead-without"
        )
        self.forth = arguments(self.changed, "current", "previous")

    def promotion(self, targets: list[str], *more: str) -> list:
        return [*super().promotion(targets), *more]

    def content(self) -> dict[str, list]:
        """Every row of every view of production."""
        return {view: rows for view, rows in super().content().items() if "__blue." not in view}

    def assert_done(self, promotion: list) -> dict:
        code, answer = self.site.ask(*promotion)
        self.assertEqual((code, answer.get("state")), (0, "done"), answer)
        return answer

    def assert_probe(self, state: str, targets: list[str] | None = None) -> None:
        code, answer = self.site.ask("probe", *(targets or self.back))
        self.assertEqual((code, answer["state"]), (0, state), answer)


class WholeRelease(BlueGreenCase):
    def test_there_again_and_back(self) -> None:
        bad = self.content()
        self.assertIn(ADDED, bad)
        self.assertNotIn(REMOVED, bad)
        self.assertIn(f"--without={ADDED}", self.back)
        code, found = self.site.ask("check", *self.back)
        self.assertEqual((code, found["possible"]), (0, True), found)
        self.assertEqual(found["affected"]["without"], [ADDED])
        self.assertIn(REMOVED, found["affected"]["direct"])
        self.assertGreater(found["backfill"]["intervals"], 0)
        self.assertIsNotNone(found["possible_until_ms"])
        self.assert_probe("not_done")
        code, verdict = self.site.ask("verify", *self.back)
        failed = {row["subject"] for row in verdict["checks"] if row["outcome"] == "fail"}
        self.assertEqual(code, 6)
        self.assertLessEqual({ADDED, REMOVED, DOUBLED}, failed)

        answer = self.assert_done(self.promotion(self.back))
        self.assertEqual(answer["without"], [ADDED])
        before = {row["name"]: row["current"] for row in self.changed}
        self.assertEqual(answer["before"], before)
        self.assertEqual(answer["rebuilt"], [])
        self.assert_true_again()
        self.assert_probe("done")
        code, verdict = self.site.ask(
            "verify", *self.back, "--audits", "--baseline", json.dumps(self.stage.baseline)
        )
        self.assertEqual(code, 0, verdict)
        self.assertIn("gone", {row["name"] for row in verdict["checks"]})
        self.assertTrue(self.assert_done(self.promotion(self.back))["already"])

        self.assert_done(self.promotion(self.forth, *self.instead))
        self.assertEqual(self.content(), bad)
        self.assert_probe("done", self.forth)

    def test_a_plan_without_a_model_is_another_plan(self) -> None:
        to_alone = [argument for argument in self.back if not argument.startswith("--without")]
        self.site.die("VirtualLayerUpdateStage", *self.promotion(self.back))
        code, refused = self.site.ask(*self.promotion(to_alone))
        self.assertEqual(code, 4, refused)

    def test_sqlmesh_agrees_that_nothing_is_left_to_do(self) -> None:
        self.assert_done(self.promotion(self.back))
        before = self.site.record()
        self.site.deploy("good", *TWO_DAYS_AGO)
        self.assertEqual(self.site.record(), before)
        self.assert_true_again()

    def test_the_set_of_a_blue_environment(self) -> None:
        code, state = self.site.ask("inspect", "--source", "env:blue")
        self.assertEqual((code, state["source"]), (0, "env:blue"), state)
        self.assertEqual(state["changed"], self.changed)
        self.assertNotIn("environments", state)
        (blue,) = self.site.ask("inspect", "--environments")[1]["environments"]
        previous = {row["name"]: row["identifier"] for row in state["previous"]}
        self.assertEqual((blue["name"], blue["models"]), ("blue", previous))
        code, refused = self.site.ask("inspect", "--source", "env:green")
        self.assertEqual(code, 3)
        self.assertIn("no environment 'green'", refused["error"])
        code, refused = self.site.ask("inspect", "--source", "green")
        self.assertEqual(code, 2)

    def test_what_stays_must_not_read_what_goes(self) -> None:
        code, found = self.site.ask("check", f"--without={DOUBLED}")
        failed = {row["subject"]: row for row in found["findings"] if row["outcome"] == "fail"}
        self.assertEqual((code, failed[ADDED]["check"]), (3, "parents_match"), found)
        self.assertIn("read what goes away: marts.order_analytics", failed[ADDED]["detail"])

    def test_usage(self) -> None:
        for wrong in (["check"], ["check", f"--without={ADDED}", f"--to={ADDED}=1"]):
            code, answer = self.site.ask(*wrong)
            self.assertEqual((code, answer["kind"]), (2, "usage"), answer)


class Crash(BlueGreenCase):
    """Killed at any moment, the same command again ends in the same right state."""

    def crash(self, marker: str, state: str) -> None:
        self.site.die(marker, *self.promotion(self.back))
        self.assert_probe(state)
        self.assert_done(self.promotion(self.back))
        self.assert_true_again()
        self.assert_probe("done")

    def test_before_anything_shows(self) -> None:
        self.site.die("PhysicalLayerSchemaCreationStage", *self.promotion(self.back))
        self.site.die("BackfillStage", *self.promotion(self.back))
        self.crash('"kind": "evaluated", "model": "marts.order_analytics"', "not_done")

    def test_before_environment_record(self) -> None:
        self.crash("EnvironmentRecordUpdateStage", "not_done")

    def test_after_environment_record(self) -> None:
        self.crash("UnpauseStage", "partial")

    def test_before_views(self) -> None:
        self.crash("VirtualLayerUpdateStage", "partial")

    def test_between_views(self) -> None:
        self.crash(f'"kind": "promoting", "model": "{DOUBLED}"', "partial")

    def test_between_the_views_that_come_and_the_one_that_goes(self) -> None:
        self.crash('"kind": "removing"', "partial")

    def test_before_finalizing(self) -> None:
        self.crash("FinalizeEnvironmentStage", "partial")

    def test_lost_answer(self) -> None:
        self.crash('"already": false', "done")

    def test_twice(self) -> None:
        self.site.die("VirtualLayerUpdateStage", *self.promotion(self.back))
        self.crash("FinalizeEnvironmentStage", "partial")

    def test_a_view_that_lingers_is_seen_and_taken_away(self) -> None:
        self.assert_done(self.promotion(self.back))
        self.site.sql(f"CREATE VIEW {self.site.table(ADDED)} AS SELECT 1 AS one")
        self.assert_probe("partial")
        code, verdict = self.site.ask("verify", *self.back)
        failed = [row["detail"] for row in verdict["checks"] if row["outcome"] == "fail"]
        self.assertEqual((code, len(failed)), (6, 1))
        self.assertIn("its view is there", failed[0])
        self.assert_done(self.promotion(self.back))
        self.assert_true_again()

    def test_taken_back_half_way(self) -> None:
        bad = self.content()
        self.site.die("VirtualLayerUpdateStage", *self.promotion(self.back))
        code, answer = self.site.ask(*self.promotion(self.forth))
        self.assertEqual(code, 4, answer)
        undo = self.promotion(self.forth, *self.instead)
        self.site.die('"kind": "promoting"', *undo)
        self.assert_done(undo)
        self.assertEqual(self.content(), bad)


class Progress(BlueGreenCase):
    def test_lines_say_how_far_it_is(self) -> None:
        code, lines = self.site.helper(*self.promotion(self.back))
        said = [line["progress"] for line in lines if "progress" in line]
        evaluated = [line for line in said if line["kind"] == "evaluated"]
        self.assertTrue(evaluated, said)
        last = evaluated[-1]
        self.assertEqual(last["done"], last["total"])
        self.assertEqual(last["batch"], last["batches"])
        self.assertNotIn("left_ms", last)
        self.assertTrue(all(line["audits_failed"] == 0 for line in evaluated))
        self.assertTrue(any(line["audits_passed"] > 0 for line in evaluated))
        self.assertTrue(any("left_ms" in line for line in said), said)
        removing = [line for line in said if line["kind"] == "removing"]
        self.assertEqual([line["model"] for line in removing], [ADDED])


if __name__ == "__main__":
    unittest.main()
