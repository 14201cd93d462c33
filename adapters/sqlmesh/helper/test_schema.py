"""A forward-only model that a release changed in place, brought back with the values it lost."""

from __future__ import annotations

from helper_case import PointCase
from helper_stage import PlainStage

MODEL = "marts.customer_profile"
STAGES = (
    "CreateSnapshotRecordsStage",
    "EnvironmentRecordUpdateStage",
    "MigrateSchemasStage",
    "UnpauseStage",
    "VirtualLayerUpdateStage",
    "FinalizeEnvironmentStage",
    "Fill loyalty_points",
    '"already": false',
)


class SchemaCase(PointCase):
    """The point is made as CI makes it before a deploy; then the release drops a column."""

    kind = PlainStage

    def choose(self) -> None:
        self.good = next(r["identifier"] for r in self.stage.state["current"] if r["name"] == MODEL)
        if self.makes_point:
            self.save("tables", "--models", MODEL)
        self.site.deploy("dropped")
        _, state = self.site.ask("inspect")
        self.fingerprint = state["fingerprint"]
        self.bad = next(r["identifier"] for r in state["current"] if r["name"] == MODEL)
        self.broken = self.content()

    makes_point = True

    def there(self, command: str, *more: str) -> list[str]:
        return self.between(command, self.good, self.bad, *more)

    def between(self, command: str, to: str, leaving: str, *more: str) -> list[str]:
        named = ["--to", f"{MODEL}={to}", "--leaving", f"{MODEL}={leaving}"]
        return self.at(command, *named, *more)

    def approved(self) -> list[str]:
        return ["--expect-fingerprint", self.fingerprint, "--user", "ana"]

    def assert_restored(self) -> dict:
        code, answer = self.site.ask(*self.there("restore-schema", *self.approved()))
        self.assertEqual(code, 0, answer)
        self.assertEqual(answer["filled"], {MODEL: {"loyalty_points": 500}})
        self.assert_true_again()
        code, probed = self.site.ask(*self.there("probe-schema"))
        self.assertEqual((code, probed["state"]), (0, "done"), probed)
        return answer

    def restored_and_the_way_back(self) -> tuple[dict, list[str]]:
        """Goes back; gives the rows from before that, and the call that undoes it from the run's own point."""
        self.site.sql(f"UPDATE {self.physical_table()} SET source = 'letter'")
        broken = self.content()
        self.save("tables", "--models", MODEL, point="pt_2")
        answer = self.assert_restored()
        back = self.between("restore-schema", self.bad, self.good)
        back = ["pt_2" if word == "pt_1" else word for word in back]
        return broken, [*back, "--expect-fingerprint", answer["fingerprint"], "--user", "ana"]

    def physical_table(self) -> str:
        return self.site.table(self.site.row_table(MODEL).split(".", 1)[1])

    def impossible(self) -> dict[str, str]:
        """The checks that fail, with their sentences."""
        code, answer = self.site.ask(*self.there("check-schema"))
        failed = {r["check"]: r["detail"] for r in answer["findings"] if r["outcome"] == "fail"}
        self.assertEqual(code, 3 if failed else 0, answer)
        return failed


class Schema(SchemaCase):
    def test_there_again_and_back(self) -> None:
        self.assertNotEqual(self.broken, self.stage.truth_content)
        code, found = self.site.ask("check", "--to", f"{MODEL}={self.good}")
        self.assertEqual(code, 3, found)
        self.assertEqual(self.impossible(), {})
        code, probed = self.site.ask(*self.there("probe-schema"))
        self.assertEqual(probed["state"], "not_done", probed)

        answer = self.assert_restored()
        self.assertFalse(answer["already"])
        code, verdict = self.site.ask(*self.there("verify-schema", "--audits"))
        self.assertEqual(code, 0, verdict)
        self.assertIn("values_restored", {row["name"] for row in verdict["checks"]})
        self.assertTrue(self.assert_restored()["already"])

    def test_taken_back(self) -> None:
        """The run's own point has the values of the column that only the bad release has."""
        broken, back = self.restored_and_the_way_back()
        code, answer = self.site.ask(*back)
        self.assertEqual((code, answer.get("filled")), (0, {MODEL: {"source": 500}}), answer)
        self.assertEqual(self.content(), broken)

    def test_values_that_came_since_stay(self) -> None:
        self.assert_restored()
        self.site.sql(f"UPDATE {self.physical_table()} SET loyalty_points = 7 WHERE customer_id = 42")
        code, _ = self.site.ask(*self.there("restore-schema", *self.approved()))
        self.assertEqual(code, 0)
        view = self.site.table(MODEL)
        rows = self.site.sql(f"SELECT loyalty_points FROM {view} WHERE customer_id = 42")
        self.assertEqual(rows, [(7,)])


class SchemaCrash(SchemaCase):
    def test_killed_at_every_stage(self) -> None:
        self.site.keep()
        for stage in STAGES:
            with self.subTest(stage):
                marker = stage if stage.startswith('"') else f'"stage": "{stage}'
                self.site.die(marker, *self.there("restore-schema", *self.approved()))
                self.assert_restored()
                self.site.reset()

    def test_killed_while_it_is_taken_back(self) -> None:
        """The way back ends where it began, too; its point is the run's own."""
        broken, back = self.restored_and_the_way_back()
        for stage in ("MigrateSchemasStage", "VirtualLayerUpdateStage", "Fill source"):
            self.site.die(f'"stage": "{stage}', *back)
        code, answer = self.site.ask(*back)
        self.assertEqual((code, answer.get("filled")), (0, {MODEL: {"source": 500}}), answer)
        self.assertEqual(self.content(), broken)


class TooLate(SchemaCase):
    makes_point = False

    def test_a_point_of_the_time_of_the_incident(self) -> None:
        self.save("tables", "--models", MODEL)
        failed = self.impossible()
        self.assertEqual(set(failed), {"values_recoverable"})
        self.assertIn("only one from before the release", failed["values_recoverable"])
        code, answer = self.site.ask(*self.there("restore-schema", *self.approved()))
        self.assertEqual((code, answer["kind"]), (3, "impossible"), answer)
        self.assertEqual(self.content(), self.broken)

    def test_a_point_without_the_model(self) -> None:
        self.save("tables", "--models", "marts.order_analytics")
        self.assertEqual(set(self.impossible()), {"values_recoverable"})

    def test_no_point(self) -> None:
        code, answer = self.site.ask(*self.there("check-schema"))
        self.assertEqual((code, answer["kind"]), (3, "impossible"), answer)
