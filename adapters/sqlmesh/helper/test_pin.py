"""What the janitor takes without a pin, what it leaves with one, and that a pin touches nothing else."""

from __future__ import annotations

import unittest

from helper_case import HelperCase
from helper_stage import BAD
from test_schema import MODEL, SchemaCase

NAME = "countersign_inc_1"


class PinCase(HelperCase):
    def pin(self, *targets: str) -> dict:
        code, answer = self.site.ask("pin", "--name", NAME, *(targets or self.targets))
        self.assertEqual((code, answer["state"]), (0, "done"), answer)
        return answer

    def unpin(self) -> dict:
        code, answer = self.site.ask("unpin", "--name", NAME)
        self.assertEqual((code, answer["state"]), (0, "not_done"), answer)
        return answer

    def assert_pin(self, state: str) -> None:
        code, answer = self.site.ask("probe-pin", "--name", NAME, *self.targets)
        self.assertEqual((code, answer["state"]), (0, state), answer)

    def janitor(self) -> None:
        """A week later: whatever no environment holds is taken."""
        snapshots = self.site.table("sqlmesh._snapshots")
        self.site.sql(f"UPDATE {snapshots} SET updated_ts = 0, ttl_ms = 1")
        ended = self.site.sqlmesh("bad", "janitor")
        self.assertEqual(ended.code, 0, ended.output + ended.errors)

    def is_possible(self) -> bool:
        code, found = self.site.ask("check", *self.targets)
        self.assertEqual(code, 0 if found["possible"] else 3, found)
        return found["possible"]

    def everything(self) -> tuple:
        """Production's record, every row of every view, and every schema."""
        schemata = self.site.sql("SELECT DISTINCT schema_name FROM information_schema.schemata")
        return self.site.record(), self.content(), sorted(schemata)


class Pin(PinCase):
    def test_without_it_the_tables_go(self) -> None:
        self.assertTrue(self.is_possible())
        self.janitor()
        self.assertFalse(self.is_possible())
        self.assert_refused(3, "no longer in", *self.promotion())

    def test_with_it_they_stay_and_the_rollback_leads_to_equal_rows(self) -> None:
        before = self.everything()
        code, found = self.site.ask("check", *self.targets)
        self.assertIsNotNone(found["possible_until_ms"])
        self.assert_pin("not_done")
        self.assertEqual(self.pin()["in_place"], [])
        self.assert_pin("done")
        code, found = self.site.ask("check", *self.targets)
        self.assertEqual((code, found["possible_until_ms"]), (0, None), found)
        self.assertEqual(self.everything(), before)
        self.janitor()
        self.assertEqual(self.everything(), before)
        self.assert_pin("done")
        self.assertTrue(self.is_possible())
        self.assert_promoted()
        self.assert_true_again()
        self.unpin()
        self.janitor()
        self.assert_true_again()

    def test_released_they_are_the_janitors_again(self) -> None:
        self.assertFalse(self.pin()["already"])
        self.assertTrue(self.pin()["already"])
        before = self.everything()
        self.assertFalse(self.unpin()["already"])
        self.assertTrue(self.unpin()["already"])
        self.assert_pin("not_done")
        self.assertEqual(self.everything(), before)
        self.janitor()
        self.assertFalse(self.is_possible())

    def test_what_is_gone_cannot_be_kept(self) -> None:
        self.janitor()
        code, answer = self.site.ask("pin", "--name", NAME, *self.targets)
        self.assertEqual((code, answer["state"]), (3, "gone"), answer)
        gone = sorted(f"{model}={self.changed[model]['previous']}" for model in BAD)
        self.assertEqual(answer["missing"], gone)
        self.assert_pin("not_done")

    def test_a_version_without_its_table_is_gone(self) -> None:
        model = BAD[0]
        table = self.stage.row_of("previous", model)["physical_table"].split(".", 1)[1]
        self.site.sql(f"DROP TABLE {self.site.table(table)} CASCADE")
        code, answer = self.site.ask("pin", "--name", NAME, *self.targets)
        missing = [f"{model}={self.changed[model]['previous']}"]
        self.assertEqual((code, answer["missing"]), (3, missing), answer)
        self.assert_pin("not_done")

    def test_killed_before_it_is_written_nothing_is_kept(self) -> None:
        self.site.die_before("INSERT INTO", "pin", "--name", NAME, *self.targets)
        self.assert_pin("not_done")
        self.pin()
        self.site.die_before("DELETE FROM", "unpin", "--name", NAME)
        self.assert_pin("partial")
        self.pin()
        self.site.die_before("DELETE FROM", "unpin", "--name", NAME)
        self.unpin()
        self.assert_pin("not_done")

    def test_whoever_ends_the_environment_by_hand_ends_nothing_else(self) -> None:
        self.pin()
        before = self.everything()
        ended = self.site.sqlmesh("bad", "invalidate", NAME)
        self.assertEqual(ended.code, 0, ended.output + ended.errors)
        self.assert_pin("partial")
        ended = self.site.sqlmesh("bad", "janitor")
        self.assertEqual(ended.code, 0, ended.output + ended.errors)
        self.assertEqual(self.everything(), before)
        self.assert_pin("not_done")

    def test_an_environment_of_somebody_else_is_left_alone(self) -> None:
        for name in ("prod", "blue", "countersign"):
            self.assert_refused(2, "--name wants", "pin", "--name", name, *self.targets)
            self.assert_refused(2, "--name wants", "unpin", "--name", name)
        self.assert_refused(2, "Name at least one", "pin", "--name", NAME)
        self.site.deploy("bad", "--include-unmodified", environment=NAME)
        before = self.content()
        self.assert_refused(4, "has views", "pin", "--name", NAME, *self.targets)
        self.assert_refused(4, "has views", "unpin", "--name", NAME)
        self.assertEqual(self.content(), before)


class InPlace(SchemaCase):
    makes_point = False

    def test_of_what_was_changed_in_place_only_the_definition_is_kept(self) -> None:
        version = ("--to", f"{MODEL}={self.good}")
        code, answer = self.site.ask("pin", "--name", NAME, *version)
        self.assertEqual((code, answer["in_place"]), (0, [MODEL]), answer)
        self.assertEqual(self.content(), self.broken)


class PinOnPostgres(Pin):
    engine = "postgres"


if __name__ == "__main__":
    unittest.main()
