"""The same contract on PostgreSQL, with SQLMesh's state in the same database.

Where it is killed meanwhile, `test_postgres_kills` looks.
"""

from __future__ import annotations

import contextlib
import os

import test_blue_green
import test_helper
import test_points
import test_restate
import test_schema
from helper_case import HelperCase


class PromotionOnPostgres(test_helper.Rollback):
    engine = "postgres"


class SavingOnPostgres(test_points.Saving):
    engine = "postgres"


class VersionsOnPostgres(test_points.Versions):
    engine = "postgres"


class VerifyingOnPostgres(test_points.Verifying):
    engine = "postgres"


class FullEnvironmentOnPostgres(test_points.FullEnvironment):
    engine = "postgres"


class SchemaOnPostgres(test_schema.Schema):
    engine = "postgres"


class RestateOnPostgres(test_restate.Restate):
    engine = "postgres"


class LimitedOnPostgres(test_restate.Limited):
    engine = "postgres"


class MixedOnPostgres(test_restate.Mixed):
    engine = "postgres"


class SwitchOnPostgres(test_blue_green.WholeRelease):
    engine = "postgres"

    def test_a_view_that_somebody_reads_cannot_go(self) -> None:
        self.site.sql("CREATE SCHEMA bi")
        self.site.sql(f"CREATE VIEW bi.methods AS SELECT * FROM {test_blue_green.ADDED}")
        answer = self.assert_refused(3, "bi.methods", *self.promotion(self.back))
        self.assertEqual([row["check"] for row in answer["reasons"]], ["dependents"])
        self.site.sql("DROP SCHEMA bi CASCADE")
        self.assert_done(self.promotion(self.back))
        self.assert_true_again()


class Dependents(HelperCase):
    """Views of other people, and grants, that PostgreSQL drops with the environment's views."""

    engine = "postgres"

    def choose(self) -> None:
        super().choose()
        self.reader = f"countersign_reader_{os.getpid()}"
        self.site.server_sql(f"CREATE ROLE {self.reader}")
        self.addCleanup(self.forget_reader)
        for statement in (
            "CREATE SCHEMA bi",
            "CREATE VIEW bi.revenue AS SELECT customer_id, revenue_cents FROM marts.order_analytics",
            "CREATE VIEW bi.total AS SELECT sum(revenue_cents) AS total FROM bi.revenue",
            f"GRANT SELECT ON marts.order_analytics, bi.total TO {self.reader}",
            f"GRANT SELECT (segment) ON marts.customer_segmentation TO {self.reader}",
        ):
            self.site.sql(statement)
        self.hanging = self.found()

    def forget_reader(self) -> None:
        self.site.sql(f"DROP OWNED BY {self.reader}")
        self.site.server_sql(f"DROP ROLE {self.reader}")

    def found(self) -> list:
        """Views and grants as the catalog has them."""
        views = self.site.sql(
            "SELECT schemaname, viewname, definition FROM pg_views WHERE schemaname = 'bi' ORDER BY 2"
        )
        grants = self.site.sql(
            "SELECT table_schema, table_name, column_name, privilege_type"
            f" FROM information_schema.column_privileges WHERE grantee = '{self.reader}' ORDER BY 1, 2, 3"
        )
        # A whole view's grant counts for each column, and the bad version has one more.
        return [*views, *(row for row in grants if row[2] != "payment_method")]

    def content(self) -> dict[str, list]:
        """Without the views of other people."""
        return {v: rows for v, rows in super().content().items() if not v.startswith("bi.")}

    def test_named_before_and_there_afterwards(self) -> None:
        _, answer = self.site.ask("check", *self.targets)
        said = {r["subject"]: r["detail"] for r in answer["findings"] if r["check"] == "dependents"}
        self.assertIn("bi.revenue, bi.total", said["marts.order_analytics"])
        self.assertIn("1 grant", said["marts.customer_segmentation"])
        self.assertEqual(self.assert_promoted()["lost"], [])
        self.assertEqual(self.found(), self.hanging)
        self.assert_true_again()

    def test_killed_before_they_are_there_again(self) -> None:
        for marker in ("FinalizeEnvironmentStage", '"stage": "Put back'):
            self.site.die(marker, *self.promotion())
            self.assert_probe("partial")
        self.assert_promoted()
        self.assert_probe("done")
        self.assertEqual(self.found(), self.hanging)

    def test_what_does_not_fit_any_more_is_told(self) -> None:
        self.site.sql("CREATE VIEW bi.methods AS SELECT payment_method FROM marts.order_analytics")
        [lost, *_] = self.assert_promoted()["lost"]
        self.assertEqual(lost["subject"], "bi.methods")
        self.assertIn("payment_method", lost["reason"])
        self.assertEqual(self.found(), self.hanging)


class AtWork(HelperCase):
    """Sessions of others in the tables and views of the rollback."""

    engine = "postgres"

    def others(self) -> tuple[str, str]:
        _, answer = self.site.ask("check", *self.targets)
        self.assertTrue(answer["possible"])
        [row] = [row for row in answer["findings"] if row["check"] == "others_at_work"]
        return row["outcome"], row["detail"]

    def assert_named(self, statement: str, *words: str) -> None:
        with contextlib.closing(self.site.connection()) as session, session.cursor() as cursor:
            cursor.execute("SET application_name = 'nightly load'")
            cursor.execute(statement)
            outcome, detail = self.others()
        self.assertEqual(outcome, "inconclusive", detail)
        for word in ("nightly load", "marts.order_analytics", "transaction", *words):
            self.assertIn(word, detail)

    def test_who_writes_and_who_keeps_a_view(self) -> None:
        self.assertEqual(self.others()[0], "pass")
        self.assert_named("LOCK TABLE marts.order_analytics IN ROW EXCLUSIVE MODE", "writes")
        self.assert_named("SELECT 1 FROM marts.order_analytics LIMIT 1", "keeps")
        self.assertEqual(self.others()[0], "pass")
