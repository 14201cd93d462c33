"""Values that no rollback point has are computed again, as if the release had never been."""

from __future__ import annotations

import datetime

from helper_case import PointCase
from helper_history import CHANNELS, PROFILE, TALLY, HistoryStage
from helper_site import TODAY

ALL = {CHANNELS: "all", PROFILE: "all", TALLY: "all"}
STAGES = (
    "CreateSnapshotRecordsStage",
    "MigrateSchemasStage",
    "VirtualLayerUpdateStage",
    f"Compute {CHANNELS} again",
    "BackfillStage",
    f"Compute {PROFILE} again",
    '"already": false',
)


class RestateCase(PointCase):
    """No point has the columns that the release dropped."""

    kind = HistoryStage
    models = (CHANNELS, PROFILE)
    restated = (CHANNELS, PROFILE)
    history = ALL

    def choose(self) -> None:
        good = self.identifiers(self.stage.state)
        self.prepare()
        self.site.deploy("less")
        _, state = self.site.ask("inspect")
        self.fingerprint, bad = state["fingerprint"], self.identifiers(state)
        self.broken = self.content()
        self.good, self.bad = ([f"{m}={of[m]}" for m in self.models] for of in (good, bad))

    def prepare(self) -> None:
        """What CI did before the release."""

    @staticmethod
    def identifiers(state: dict) -> dict[str, str]:
        return {row["name"]: row["identifier"] for row in state["current"]}

    @staticmethod
    def flagged(flag: str, values) -> list[str]:
        return [word for value in values for word in (flag, value)]

    def there(self, command: str, *more: str) -> list[str]:
        words = self.flagged("--to", self.good) + self.flagged("--leaving", self.bad)
        words += self.flagged("--restate", self.restated)
        words += self.flagged("--history", [f"{m}={since}" for m, since in self.history.items()])
        return [command, "--into", str(self.points), *words, *more]

    def approved(self) -> list[str]:
        return ["--expect-fingerprint", self.fingerprint, "--user", "ana"]

    def keep(self) -> None:
        """The point that the run makes first."""
        models = ",".join([*self.models, "marts.channel_tally", "marts.channel_days"])
        self.save("tables", "--models", models, point="pt_own")

    def restore(self) -> dict:
        code, answer = self.site.ask(*self.there("restore-schema", *self.approved()))
        self.assertEqual(code, 0, answer)
        return answer

    def assert_restored(self) -> dict:
        answer = self.restore()
        self.assert_true_again()
        self.assert_schema("done")
        return answer

    def assert_schema(self, state: str) -> None:
        expected = ["--expect-fingerprint", self.fingerprint]
        code, probed = self.site.ask(*self.there("probe-schema", *expected))
        self.assertEqual((code, probed["state"]), (0, state), probed)

    def found(self) -> dict[str, list[str]]:
        """What the check says of computing again: `outcome: sentence`, by the finding's name."""
        code, answer = self.site.ask(*self.there("check-schema"))
        self.assertEqual(code, 0 if answer["possible"] else 3, answer)
        said: dict[str, list[str]] = {}
        for row in answer["findings"]:
            said.setdefault(row["check"], []).append(f"{row['outcome']}: {row['detail']}")
        return said

    def verdict(self) -> dict[str, str]:
        code, answer = self.site.ask(*self.there("verify-schema", "--audits", "--saved", "pt_own"))
        self.assertEqual(code, 0 if answer["passed"] else 6, answer)
        return {f"{r['name']} {r['subject']}": r["outcome"] for r in answer["checks"]}


class Restate(RestateCase):
    def test_there_again_and_verified(self) -> None:
        self.assertNotEqual(self.broken, self.stage.truth_content)
        self.keep()
        found = self.found()
        said = " ".join(found["values_recomputable"])
        self.assertNotIn("fail", said)
        self.assertIn(f"{PROFILE} has 500 rows where there are 500 now: 500 with loyalty_points", said)
        self.assertEqual(
            found["computed_anew"],
            ["pass: Because they read it, these are computed anew with it: "
             "marts.channel_days, marts.channel_tally."],
        )
        self.assert_schema("not_done")
        answer = self.assert_restored()
        self.assertEqual((answer["already"], set(answer["restated"])), (False, set(self.models)))
        verdict = self.verdict()
        self.assertEqual(set(verdict.values()), {"pass"}, verdict)
        self.assertIn(f"values_recomputed {CHANNELS}.channel", verdict)
        self.assertIn(f"rows_recomputed {TALLY}", verdict)
        self.assertTrue(self.assert_restored()["already"])

    def test_taken_back(self) -> None:
        """What was computed anew gets the rows that it had, even those that nothing computes."""
        table = self.site.table(self.site.row_table(TALLY).split(".", 1)[1])
        self.site.sql(f"UPDATE {table} SET orders = -1")
        broken = self.content()
        self.keep()
        self.restore()
        self.assertNotEqual(self.content(), broken)
        back = self.flagged("--to", self.bad) + self.flagged("--leaving", self.good)
        back += self.flagged("--put-back", [*self.models, TALLY, "marts.channel_days"])
        back += self.flagged("--instead-of", self.good) + self.approved()
        back = self.at("restore-schema", *back, point="pt_own")
        self.site.die(f'"stage": "Put the rows of {TALLY} back', *back)
        code, answer = self.site.ask(*back)
        self.assertEqual(code, 0, answer)
        self.assertEqual(self.content(), broken)

    def test_fewer_rows_afterwards_are_told(self) -> None:
        self.keep()
        self.restore()
        table = self.site.table(self.site.row_table(PROFILE).split(".", 1)[1])
        self.site.sql(f"DELETE FROM {table} WHERE customer_id = 42")
        self.assertEqual(self.verdict()[f"rows_recomputed {PROFILE}"], "fail")

    def test_an_empty_source(self) -> None:
        """SQLMesh itself restates to nothing, and calls it a success."""
        self.site.sql(f"DELETE FROM {self.site.table('raw.orders')}")
        said = [row for row in self.found()["values_recomputable"] if row.startswith("fail")]
        self.assertIn("would have 0 rows where there are", said[0])
        code, answer = self.site.ask(*self.there("restore-schema", *self.approved()))
        self.assertEqual((code, answer["kind"]), (3, "impossible"), answer)
        self.assertEqual(self.content(), self.broken)
        plan = ("plan", "prod", "--auto-apply", "--no-prompts", "--no-diff", "--skip-tests")
        ended = self.site.sqlmesh("less", *plan, "--restate-model", CHANNELS)
        rows = self.site.sql(f"SELECT count(*) FROM {self.site.table(CHANNELS)}")
        self.assertEqual((ended.code, rows), (0, [(0,)]), ended.output)

    def test_a_source_without_any_values(self) -> None:
        self.site.sql(f"UPDATE {self.site.table('raw.orders')} SET customer_id = NULL")
        said = [row for row in self.found()["values_recomputable"] if row.startswith("fail")]
        self.assertEqual(said, [f"fail: The sources of {CHANNELS} give no value of channel at all."])


class RestateCrash(RestateCase):
    def test_killed_at_every_stage(self) -> None:
        self.site.keep()
        for stage in STAGES:
            with self.subTest(stage):
                marker = stage if stage.startswith('"') else f'"stage": "{stage}'
                self.site.die(marker, *self.there("restore-schema", *self.approved()))
                self.assert_restored()
                self.site.reset()

    def test_half_of_it_is_no_whole(self) -> None:
        marker = f'"stage": "Compute {PROFILE} again'
        self.site.die(marker, *self.there("restore-schema", *self.approved()))
        self.assert_schema("partial")


class Limited(RestateCase):
    """The sources go back thirty days."""

    models = restated = (CHANNELS,)
    since = TODAY - datetime.timedelta(days=30)
    history = {CHANNELS: f"{since:%Y%m%d}", TALLY: "all"}

    def test_older_rows_stay_without_values(self) -> None:
        orders = self.site.table("raw.orders")
        [(older,)] = self.site.sql(f"SELECT count(*) FROM {orders} WHERE ordered_on < '{self.since}'")
        self.site.sql(f"DELETE FROM {orders} WHERE ordered_on < '{self.since}'")
        self.assertEqual(
            self.found()["rows_not_recomputed"],
            [f"inconclusive: {older} rows of {CHANNELS} are of before {self.since}, where its sources "
             "do not go back to: their channel stay empty."],
        )
        self.keep()
        self.restore()
        view = self.site.table(CHANNELS)
        rows = f"SELECT count(*), count(channel) FROM {view} WHERE ordered_on"
        self.assertEqual(self.site.sql(f"{rows} < '{self.since}'"), [(older, 0)])
        [(recent, filled)] = self.site.sql(f"{rows} >= '{self.since}'")
        self.assertTrue(recent and recent == filled)
        self.assertEqual(self.content()[TALLY], self.stage.truth_content[TALLY])
        self.assertEqual(set(self.verdict().values()), {"pass"})

    def test_a_reader_of_which_nobody_said_anything(self) -> None:
        self.history = {CHANNELS: "all"}
        said = self.found()["sources_have_history"]
        self.assertEqual(len(said), 1)
        self.assertIn(f"fail: {TALLY} is filled bit by bit", said[0])

    def test_a_reader_whose_sources_go_back_less_far(self) -> None:
        self.history = {CHANNELS: "all", TALLY: f"{self.since:%Y%m%d}"}
        self.assertIn("rows_not_recomputed", self.found())


class AsAWhole(RestateCase):
    models = restated = (PROFILE,)
    history = {PROFILE: f"{TODAY - datetime.timedelta(days=30):%Y%m%d}"}

    def test_what_is_computed_as_a_whole_needs_all_of_its_sources(self) -> None:
        [said] = self.found()["values_recomputable"]
        self.assertIn("fail: marts.customer_profile can be computed again only as a whole, from", said)


class Mixed(RestateCase):
    """One model has a point, the other is computed again."""

    restated = (CHANNELS,)

    def prepare(self) -> None:
        self.save("tables", "--models", PROFILE)

    def there(self, command: str, *more: str) -> list[str]:
        return super().there(command, "--point", "pt_1", *more)

    def test_each_by_its_way(self) -> None:
        self.keep()
        self.assertIn("values_recoverable", self.found())
        answer = self.assert_restored()
        self.assertEqual(answer["restated"], [CHANNELS])
        self.assertEqual(answer["filled"], {PROFILE: {"loyalty_points": 500}})
        verdict = self.verdict()
        self.assertEqual(set(verdict.values()), {"pass"}, verdict)

    def test_neither_point_nor_sources(self) -> None:
        self.restated = ()
        code, answer = self.site.ask(*self.there("check-schema"))
        failed = [row["subject"] for row in answer["findings"] if row["outcome"] == "fail"]
        self.assertEqual((code, failed), (3, [CHANNELS]), answer)
