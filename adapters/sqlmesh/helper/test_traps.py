"""What SQLMesh does that a rollback must not fall for: a test for each trap.

Each first shows that the trap is there, with SQLMesh's own command line where that shows it, and then
that the helper stays out of it. A SQLMesh in which a trap is gone fails here as well, and is looked at.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import unittest

from helper_case import HelperCase
from helper_stage import BAD

ORDERS = "marts.order_analytics"
PLAN = ("plan", "prod", "--auto-apply", "--no-prompts", "--no-diff", "--skip-tests")
# Nobody listens there.
NOTIFICATIONS = """
notification_targets:
  - type: smtp
    notify_on: [apply_start, apply_end, apply_failure]
    host: 127.0.0.1
    port: 9
    user: sqlmesh
    password: secret
    sender: sqlmesh@example.com
    recipients: [team@example.com]
"""


class Trap(HelperCase):
    def failed(self, *arguments: str) -> dict[str, str]:
        """What `verify` finds wrong, as subject and sentence."""
        code, verdict = self.site.ask("verify", *self.targets, *arguments)
        found = {r["subject"]: r["detail"] for r in verdict["checks"] if r["outcome"] == "fail"}
        self.assertEqual(code, 6 if found else 0, verdict)
        return found

    def table(self, which: str, model: str = ORDERS) -> str:
        return self.site.table(self.stage.row_of(which, model)["physical_table"].split(".", 1)[1])

    def count(self, name: str) -> int:
        return self.site.sql(f"SELECT count(*) FROM {self.site.table(name)}")[0][0]


class DryRun(Trap):
    def test_a_dry_run_changes_the_environment(self) -> None:
        """So no runbook may ask for one (`policies` refuses it), and the helper never skips what is missing."""
        before = self.site.record()
        ended = self.site.sqlmesh("good", *PLAN, "--dry-run")
        self.assertEqual(ended.code, 0, ended.output)
        self.assertNotEqual(self.site.record(), before)
        self.assertNotEqual(self.content()[ORDERS], self.stage.truth_content[ORDERS])

    def test_check_is_dry(self) -> None:
        before, rows = self.site.record(), self.content()
        code, found = self.site.ask("check", *self.targets)
        self.assertEqual((code, found["possible"]), (0, True))
        self.assertEqual((self.site.record(), self.content()), (before, rows))


class EmptyTables(Trap):
    def test_sqlmesh_succeeds_into_an_empty_table(self) -> None:
        self.site.sql(f"DROP TABLE {self.table('previous')}")
        code, found = self.site.ask("check", *self.targets)
        self.assertEqual(code, 3, found)
        ended = self.site.sqlmesh("good", *PLAN, "--skip-backfill")
        self.assertEqual((ended.code, self.count(ORDERS)), (0, 0), ended.output)
        self.assertIn("0 rows", self.failed()[ORDERS])

    def test_a_table_that_is_emptied_behind_its_view(self) -> None:
        self.assert_promoted()
        self.site.sql(f"DELETE FROM {self.table('previous')}")
        self.assertIn("0 rows", self.failed()[ORDERS])

    def test_a_table_that_is_dropped_behind_its_view(self) -> None:
        self.assert_promoted()
        self.site.sql(f"DROP TABLE {self.table('previous')} CASCADE")
        self.assertIn("is gone", self.failed()[ORDERS])


class Toggle(Trap):
    def test_previous_is_the_bad_version_after_a_rollback(self) -> None:
        self.assert_promoted()
        _, state = self.site.ask("inspect")
        now = {row["name"]: row for row in state["changed"]}
        for model in BAD:
            self.assertEqual(now[model]["previous"], self.changed[model]["current"])
        for word in ("previous", ""):
            code, answer = self.site.ask("probe", "--to", f"{ORDERS}={word}")
            self.assertNotEqual(code, 0, answer)

    def test_the_same_promotion_never_turns_around(self) -> None:
        for marker in ("UnpauseStage", "VirtualLayerUpdateStage", "FinalizeEnvironmentStage"):
            self.site.die(marker, *self.promotion())
        for _ in range(3):
            self.assert_promoted()
            self.assert_true_again()


class SplitBrain(Trap):
    def test_a_record_that_is_final_over_the_views_of_another_plan(self) -> None:
        """What two plans at once leave behind: SQLMesh sees nothing to do."""
        self.site.die("VirtualLayerUpdateStage", *self.promotion())
        record = self.site.table("sqlmesh._environments")
        self.site.sql(f"UPDATE {record} SET finalized_ts = 1 WHERE name = 'prod'")
        bad = self.content()
        self.assert_probe("partial")
        self.assertEqual(set(BAD) - set(self.failed()), set())
        self.assertEqual(self.content(), bad)
        self.assert_promoted()
        self.assert_probe("done")
        self.assert_true_again()


class Janitor(Trap):
    def test_what_the_janitor_took_cannot_come_back(self) -> None:
        snapshots = self.site.table("sqlmesh._snapshots")
        self.site.sql(f"UPDATE {snapshots} SET updated_ts = 0, ttl_ms = 1")
        ended = self.site.sqlmesh("bad", "janitor")
        self.assertEqual(ended.code, 0, ended.output + ended.errors)
        code, found = self.site.ask("check", *self.targets)
        failed = {r["subject"]: r for r in found["findings"] if r["outcome"] == "fail"}
        self.assertEqual(code, 3, found)
        self.assertEqual(failed[ORDERS]["check"], "target_version_exists")
        self.assertIn("no longer in", failed[ORDERS]["detail"])
        self.assert_refused(3, "no longer in", *self.promotion())


class Notifications(Trap):
    def setUp(self) -> None:
        super().setUp()
        for release in ("good", "bad"):
            shutil.copytree(self.site.root / release, self.site.root / f"{release}_told")
            self.addCleanup(shutil.rmtree, self.site.root / f"{release}_told")
            with (self.site.root / f"{release}_told" / "config.yaml").open("a") as config:
                config.write(NOTIFICATIONS)

    def test_a_target_that_is_down_stops_no_promotion(self) -> None:
        before = self.site.record()
        ended = self.site.sqlmesh("good_told", *PLAN)
        self.assertNotEqual(ended.code, 0)
        self.assertIn("refused", (ended.output + ended.errors).lower())
        self.assertEqual(self.site.record(), before)
        code, answer = self.site.ask(*self.promotion(), release="bad_told")
        self.assertEqual((code, answer.get("state")), (0, "done"), answer)
        self.assert_true_again()


class ExitCodes(Trap):
    def test_a_failure_after_everything_was_changed_is_done(self) -> None:
        self.site.die('"already": false', *self.promotion())
        self.assert_probe("done")

    def test_an_audit_without_dates_passes_on_wrong_rows(self) -> None:
        """So `verify` counts rows itself and gives the audits their days."""
        self.assert_promoted()
        _, baseline = self.stage.truth.ask("measure")
        self.site.sql(f"DELETE FROM {self.table('previous')} WHERE order_id % 2 = 0")
        ended = self.site.sqlmesh("good", "audit", "--model", ORDERS)
        self.assertEqual(ended.code, 0, ended.output)
        self.assertIn(ORDERS, self.failed("--audits", "--baseline", json.dumps(baseline)))


class StaleCache(Trap):
    def test_every_call_has_a_cache_of_its_own(self) -> None:
        variables = dict(self.site.variables)
        self.assertNotIn("SQLMESH__CACHE_DIR", variables)
        asked = subprocess.run(
            self.site.started("inspect"), env=variables, capture_output=True, text=True
        )
        self.assertEqual(json.loads(asked.stdout.splitlines()[-1])["fingerprint"], self.fingerprint)
        self.assertFalse((self.site.root / "good" / ".cache").exists())


if __name__ == "__main__":
    unittest.main()
