"""Killed on PostgreSQL, at every stage and between the statements: the same command again ends right.

What SQLMesh and the helper change there takes many statements. A few of them are one transaction, most
are not, and a process may end before each. One of each kind is tried; the next call starts from what
that left.
"""

from __future__ import annotations

import test_blue_green
import test_helper
import test_points
import test_restate
import test_schema
from helper_case import HelperCase
from helper_stage import BAD


class CrashOnPostgres(test_helper.Crash):
    engine = "postgres"

    # It is about processes, not about databases.
    test_no_worker_outlives_the_helper = None


class SwitchCrashOnPostgres(test_blue_green.Crash):
    engine = "postgres"


class SavingCrashOnPostgres(test_points.SavingCrash):
    engine = "postgres"


class SchemaCrashOnPostgres(test_schema.SchemaCrash):
    engine = "postgres"


class RestateCrashOnPostgres(test_restate.RestateCrash):
    engine = "postgres"


class FullCrashOnPostgres(test_points.FullCrash):
    engine = "postgres"


# Before, between and after: rows of the tables, SQLMesh's record, and the views that are dropped first.
PROMOTION = (
    'INSERT INTO "sqlmesh__marts"."marts__order_analytics',
    'DELETE FROM "sqlmesh__marts"."marts__customer_segmentation',
    'INSERT INTO "sqlmesh"."_intervals"',
    'INSERT INTO "sqlmesh"."_environments"',
    'SET "unpaused_ts" = NULL',
    'DROP VIEW IF EXISTS "marts"."customer_segmentation"',
    'CREATE VIEW "marts"."customer_segmentation"',
    'SET "finalized_ts"',
)


class BetweenStatements(HelperCase):
    """Type 2: some models go back."""

    engine = "postgres"

    def test_killed_before_each_kind(self) -> None:
        self.site.keep()
        for part in PROMOTION:
            with self.subTest(part):
                self.site.reset()
                self.site.die_before(part, *self.promotion())
                answer = self.assert_promoted()
                self.assertEqual(
                    answer["before"], {model: self.changed[model]["current"] for model in BAD}
                )
                self.assert_probe("done")
                self.assert_true_again()


class BetweenStatementsOfASwitch(test_blue_green.BlueGreenCase):
    """Type 1: a whole release goes back."""

    engine = "postgres"

    def test_killed_before_each_kind(self) -> None:
        self.site.keep()
        for part in (
            'INSERT INTO "sqlmesh"."_environments"',
            'CREATE VIEW "marts"."segment_summary"',
            'DROP VIEW IF EXISTS "marts"."revenue_by_method"',
            'SET "finalized_ts"',
        ):
            with self.subTest(part):
                self.site.reset()
                self.site.die_before(part, *self.promotion(self.back))
                self.assert_done(self.promotion(self.back))
                self.assert_probe("done")
                self.assert_true_again()


class BetweenStatementsOfASchema(test_schema.SchemaCase):
    """Type 3: a column comes back with its values."""

    engine = "postgres"

    def test_killed_before_each_kind(self) -> None:
        self.site.keep()
        for part in (
            '_schema_tmp" (',
            'DROP COLUMN "source"',
            'ADD COLUMN "loyalty_points"',
            'DROP TABLE IF EXISTS "sqlmesh__marts"."marts__customer_profile',
            'CREATE VIEW "marts"."customer_profile"',
            'AS live SET "loyalty_points"',
        ):
            with self.subTest(part):
                self.site.reset()
                self.site.die_before(part, *self.there("restore-schema", *self.approved()))
                self.assert_restored()


class BetweenStatementsOfAnEnvironment(test_points.FullCase):
    """Type 4: everything goes back. Nothing of it is seen before the exchange, and all of it after."""

    engine = "postgres"

    def test_killed_before_each_kind(self) -> None:
        table = self.site.row_table("marts.order_analytics")
        self.site.sql(f"DELETE FROM {table} WHERE order_id % 2 = 0")
        broken = self.content()
        for part in ("CREATE DATABASE", "pg_restore", "RENAME TO", "COMMENT ON DATABASE"):
            self.site.die_before(part, *self.at("restore-beside"))
            self.assert_state("probe-beside", "not_done")
        self.assertEqual(self.content(), broken)
        self.restore()
        for part in ("RENAME TO", '_restore_pt_1" RENAME TO', "COMMIT"):
            self.site.die_before(part, *self.at("swap"))
            self.assert_state("probe-swap", "not_done")
        self.assertEqual(self.content(), broken)
        self.assert_done("swap")
        self.assert_true_again()

    def test_a_point_is_killed_before_each_kind(self) -> None:
        for kind, parts in {
            "full": ("SELECT pg_export_snapshot", "pg_dump --snapshot"),
            "tables": ("CREATE SCHEMA IF NOT EXISTS rollback_backup", "CREATE TABLE rollback_backup"),
        }.items():
            for number, part in enumerate(parts):
                point = f"pt_{kind}_{number}"
                self.site.die_before(part, *self.at("save", "--kind", kind, point=point))
                self.assertEqual(self.assert_done("probe-point", point=point)["state"], "not_done")
                self.assertFalse(self.save(kind, point=point)["already"])
                self.assertTrue(self.assert_done("verify-point", point=point)["passed"])
