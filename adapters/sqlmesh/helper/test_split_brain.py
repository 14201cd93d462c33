"""Two SQLMesh plans at once on PostgreSQL: the record is final and one plan's, the views are the other's.

A deploy of the bad release is held between its record and its views. Meanwhile a plan of the good one
runs to its end. Then the deploy goes on: it points the views at the bad tables and is told only at its
end that the record is not its own any more. SQLMesh sees nothing to do afterwards.
"""

from __future__ import annotations

import unittest

from helper_held import Held
from helper_stage import BAD
from test_traps import PLAN, Trap

# What the deploy changes: the two models, and what reads them.
ASTRAY = [*sorted((*BAD, "marts.daily_revenue")), "marts.segment_summary"]
FIRST_VIEW = 'DROP VIEW IF EXISTS "marts".'


class SplitBrain(Trap):
    engine = "postgres"

    def test_seen_by_the_helper_alone_and_repaired_in_either_way(self) -> None:
        self.split()
        self.site.keep()
        self.assert_seen()
        with self.subTest("a plan, once the record is not final any more"):
            open_again = "UPDATE sqlmesh._environments SET finalized_ts = NULL"
            self.site.sql(f"{open_again} WHERE name = 'prod'")
            self.site.deploy("truth")
            self.assert_repaired()
        with self.subTest("a promotion to absolute versions"):
            self.site.reset()
            self.fingerprint = self.inspected()["fingerprint"]
            self.assert_promoted()
            self.assertEqual(self.failed("--audits"), {})
            self.assert_repaired()

    def split(self) -> None:
        self.site.deploy("truth")
        self.assert_true_again()
        with Held(self.site, FIRST_VIEW, "bad", *PLAN) as deploy:
            self.assertIsNone(self.recorded()[1])
            self.site.deploy("truth")
            self.assert_true_again()
            final = self.recorded()
            self.assertIsNotNone(final[1])
            ended = deploy.go_on()
        self.assertEqual(ended.code, 1, ended.output)
        self.assertIn(f"Another plan ({final[0]}) was applied", ended.output)
        self.assertEqual(self.recorded(), final)

    def assert_seen(self) -> None:
        wrong = self.content()
        self.assertNotEqual(wrong, self.stage.truth_content)
        again = self.site.sqlmesh("truth", *PLAN)
        self.assertEqual(again.code, 0, again.output)
        self.assertIn("No changes to plan", again.output)
        self.assertEqual(self.content(), wrong)

        self.assertEqual(self.inspected()["astray"], ASTRAY)
        self.assertEqual(self.views_match(), ("inconclusive", True))
        self.assert_probe("partial")
        failed = self.failed()
        for model in BAD:
            expected = f"The view of {model} reads another table than the state says."
            self.assertEqual(failed[model], expected)

    def assert_repaired(self) -> None:
        self.assertEqual(self.inspected()["astray"], [])
        self.assertEqual(self.views_match(), ("pass", False))
        self.assert_probe("done")
        self.assert_true_again()

    def views_match(self) -> tuple[str, bool]:
        """What the check says of the views, and whether it names those that are astray."""
        findings = self.site.ask("check", *self.targets)[1]["findings"]
        [found] = [row for row in findings if row["check"] == "views_match_state"]
        return found["outcome"], all(name in found["detail"] for name in ASTRAY)

    def recorded(self) -> tuple[str, int | None]:
        """The plan that wrote the record, and when it had finished."""
        columns = "plan_id, finalized_ts"
        [row] = self.site.sql(f"SELECT {columns} FROM sqlmesh._environments WHERE name = 'prod'")
        return row

    def inspected(self) -> dict:
        return self.site.ask("inspect", "--views")[1]


if __name__ == "__main__":
    unittest.main()
