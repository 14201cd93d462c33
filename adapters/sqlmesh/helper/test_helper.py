"""Contract test: the helper against a real SQLMesh on DuckDB, as its caller uses it.

Run with the interpreter of an environment that has `requirements.lock` installed:
`python -m unittest -v test_helper`. What a rollback starts from and must lead to is in
`helper_stage`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import unittest

from helper_case import HelperCase
from helper_nursery import HELPER
from helper_stage import BAD


class Rollback(HelperCase):
    def test_there_again_and_back(self) -> None:
        bad = self.content()
        code, found = self.site.ask("check", *self.targets)
        self.assertEqual((code, found["possible"]), (0, True), found)
        self.assertEqual(
            found["affected"]["downstream"], ["marts.daily_revenue", "marts.segment_summary"]
        )
        missing = {row["model"]: row["missing"] for row in found["backfill"]["models"]}
        self.assertEqual(missing["marts.order_analytics"], 2)
        self.assertIsNotNone(found["possible_until_ms"])
        code, verdict = self.site.ask("verify", *self.targets)
        failed = {c["subject"] for c in verdict["checks"] if c["outcome"] == "fail"}
        self.assertEqual((code, failed), (6, set(BAD)))
        self.assert_probe("not_done")

        answer = self.assert_promoted()
        self.assertFalse(answer["already"])
        self.assertEqual(answer["before"], {m: self.changed[m]["current"] for m in BAD})
        self.assert_probe("done")
        self.assert_true_again()
        _, baseline = self.stage.truth.ask("measure")
        self.assertEqual(
            baseline["fingerprint"], self.stage.truth.ask("inspect")[1]["fingerprint"]
        )
        code, verdict = self.site.ask(
            "verify", *self.targets, "--audits", "--baseline", json.dumps(baseline)
        )
        self.assertEqual(code, 0, verdict)
        self.assertIn("audit", {row["name"] for row in verdict["checks"]})

        again = self.assert_promoted()
        self.assertTrue(again["already"])
        self.assertEqual(again["fingerprint"], answer["fingerprint"])

        undo = self.to("current", BAD)
        code, _ = self.site.ask(*self.promotion(undo, answer["fingerprint"]))
        self.assertEqual(code, 0)
        self.assertEqual(self.content(), bad)

    def test_all_models_of_a_release(self) -> None:
        self.assert_promoted(self.to("previous", tuple(self.changed)))
        _, hashes = self.site.ask("fingerprint-data", "--models", ",".join(BAD))
        _, truth = self.stage.truth.ask("fingerprint-data", "--models", ",".join(BAD))
        self.assertEqual(hashes, truth)
        columns = self.site.sql(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = 'marts' AND table_name = 'segment_summary'"
        )
        self.assertNotIn(("average_revenue_cents",), columns)


class Crash(HelperCase):
    """Killed at any moment, the same command again ends in the same right state."""

    def crash(self, marker: str, state: str) -> None:
        self.site.die(marker, *self.promotion())
        self.assert_probe(state)
        answer = self.assert_promoted()
        self.assertEqual(answer["before"], {m: self.changed[m]["current"] for m in BAD})
        self.assert_true_again()

    def test_before_anything_shows(self) -> None:
        self.site.die("CreateSnapshotRecordsStage", *self.promotion())
        self.site.die("PhysicalLayerSchemaCreationStage", *self.promotion())
        self.crash('"kind": "evaluated", "model": "marts.customer_segmentation"', "not_done")

    def test_taken_back_half_way(self) -> None:
        bad = self.content()
        self.site.die("VirtualLayerUpdateStage", *self.promotion())
        undo = self.promotion(self.to("current", BAD))
        code, answer = self.site.ask(*undo)
        self.assertEqual(code, 4, answer)
        instead = [pair.replace("--to", "--instead-of") for pair in self.targets]
        code, answer = self.site.ask(*undo, *instead)
        self.assertEqual(code, 0, answer)
        self.assertEqual(self.content(), bad)

    def test_before_environment_record(self) -> None:
        self.crash("EnvironmentRecordUpdateStage", "not_done")

    def test_after_environment_record(self) -> None:
        self.crash("UnpauseStage", "partial")

    def test_before_views(self) -> None:
        self.crash("VirtualLayerUpdateStage", "partial")

    def test_between_views(self) -> None:
        self.crash('"kind": "promoting", "model": "marts.customer_segmentation"', "partial")

    def test_before_finalizing(self) -> None:
        self.crash("FinalizeEnvironmentStage", "partial")

    def test_no_worker_outlives_the_helper(self) -> None:
        """Every process that inherited stdout must be gone, or its reader waits for ever."""
        argv = self.site.started(*self.promotion())
        variables = self.site.variables
        with subprocess.Popen(argv, env=variables, stdout=subprocess.PIPE) as helper:
            line = helper.stdout.readline()
            helper.kill()
            helper.communicate(timeout=60)
        self.assertIn(b"started", line)

    def test_lost_answer(self) -> None:
        self.crash('"already": false', "done")

    def test_twice(self) -> None:
        self.site.die("VirtualLayerUpdateStage", *self.promotion())
        self.crash("FinalizeEnvironmentStage", "partial")


class Conflict(HelperCase):
    def test_another_deploy_came_between(self) -> None:
        release = self.site.root / "other"
        self.addCleanup(shutil.rmtree, release)
        shutil.copytree(self.site.root / "bad", release)
        model = release / "models/marts/daily_revenue.sql"
        model.write_text(model.read_text().replace("'Revenue by day'", "'Revenue per day'"))
        self.site.deploy("other")
        self.assert_refused(4, "not as it was approved", *self.promotion())

    def test_half_done_rollback_of_somebody_else(self) -> None:
        other = self.promotion(self.to("previous", tuple(self.changed)))
        self.site.die("VirtualLayerUpdateStage", *other)
        answer = self.assert_refused(4, "not as it was approved", *self.promotion())
        self.assertEqual(answer["state"], "partial")
        _, now = self.site.ask("inspect")
        self.assert_refused(3, "has not finished", *self.promotion(fingerprint=now["fingerprint"]))

    def test_view_that_left_the_record_is_put_back(self) -> None:
        bad = self.stage.row_of("current", "marts.order_analytics")
        self.assert_promoted()
        self.site.sql(
            "CREATE OR REPLACE VIEW wh.marts.order_analytics AS "
            f"SELECT * FROM {bad['physical_table']}"
        )
        self.assert_probe("partial")
        self.assert_promoted()
        self.assert_true_again()


class Impossible(HelperCase):
    def test_table_is_gone(self) -> None:
        old = self.stage.row_of("previous", "marts.order_analytics")
        self.site.sql(f"DROP TABLE {old['physical_table']}")
        code, found = self.site.ask("check", *self.targets)
        failed = {
            row["subject"]: row["check"] for row in found["findings"] if row["outcome"] == "fail"
        }
        self.assertEqual((code, failed["marts.order_analytics"]), (3, "physical_table_exists"))
        self.assert_refused(3, "is gone", *self.promotion())

    def test_table_is_empty(self) -> None:
        old = self.stage.row_of("previous", "marts.order_analytics")
        self.site.sql(f"DELETE FROM {old['physical_table']}")
        self.assert_refused(3, "is empty", *self.promotion())

    def test_both_tables_are_empty(self) -> None:
        """The old table is not said to hold rows only because the present one holds none either."""
        for which in ("previous", "current"):
            table = self.stage.row_of(which, "marts.order_analytics")["physical_table"]
            self.site.sql(f"DELETE FROM {table}")
        code, found = self.site.ask("check", *self.targets)
        filled = {
            row["subject"]: row
            for row in found["findings"]
            if row["check"] == "physical_table_filled"
        }
        self.assertEqual(code, 0, found)
        self.assertEqual(filled["marts.order_analytics"]["outcome"], "inconclusive")
        self.assertIn("so is the present one", filled["marts.order_analytics"]["detail"])
        self.assertEqual(filled["marts.customer_segmentation"]["outcome"], "pass")

    def test_snapshot_is_gone(self) -> None:
        targets = ["--to", "marts.order_analytics=1"]
        answer = self.assert_refused(3, "no longer in", *self.promotion(targets))
        self.assertEqual(answer["reasons"][0]["check"], "target_version_exists")

    def test_parent_would_stay_bad(self) -> None:
        targets = self.to("previous", ("marts.customer_segmentation",))
        self.assert_refused(3, "order_analytics", *self.promotion(targets))

    def test_child_needs_a_column_of_the_bad_version(self) -> None:
        release = self.site.root / "needy"
        self.addCleanup(shutil.rmtree, release)
        shutil.copytree(self.site.root / "bad", release)
        model = release / "models/marts/daily_revenue.sql"
        model.write_text(
            "MODEL (name marts.daily_revenue, kind FULL);"
            "SELECT DISTINCT payment_method::TEXT AS payment_method FROM marts.order_analytics"
        )
        self.site.deploy("needy")
        _, found = self.site.ask("check", *self.targets)
        doubts = {row["check"] for row in found["findings"] if row["outcome"] == "inconclusive"}
        self.assertEqual(doubts, {"downstream_columns"})
        promotion = self.promotion(fingerprint=found["fingerprint"])
        answer = self.assert_refused(5, "failed", *promotion)
        self.assertEqual(answer["state"], "not_done")
        self.assertIn("payment_method", str(answer["failures"]))

    def test_no_database_is_not_made(self) -> None:
        self.site.warehouse.unlink()
        code, answer = self.site.ask("inspect")
        self.assertEqual((code, answer["kind"]), (3, "impossible"))
        self.assertFalse(self.site.warehouse.exists())

    def test_locked_database_is_transient(self) -> None:
        import duckdb

        with duckdb.connect(str(self.site.warehouse)):
            code, answer = self.site.ask("inspect")
        self.assertEqual((code, answer["transient"]), (1, True), answer)

    def test_usage(self) -> None:
        for arguments in (["probe", "--to", "nonsense"], ["promote", *self.targets], ["fly"]):
            code, answer = self.site.ask(*arguments)
            self.assertEqual((code, answer["kind"]), (2, "usage"))

    def test_untested_version(self) -> None:
        sys.path.insert(0, str(HELPER))
        self.addCleanup(sys.path.remove, str(HELPER))
        import countersign_state

        bounds = countersign_state.TESTED_FROM
        self.addCleanup(setattr, countersign_state, "TESTED_FROM", bounds)
        countersign_state.TESTED_FROM = (0, 236, 999)
        with self.assertRaises(countersign_state.Refused) as caught:
            countersign_state.sqlmesh_version()
        self.assertEqual(caught.exception.exit_code, 3)


if __name__ == "__main__":
    unittest.main()
