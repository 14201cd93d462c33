"""Rollback points and the full environment rollback, against a real SQLMesh on both engines."""

from __future__ import annotations

import json
import shutil

from helper_case import PointCase
from helper_stage import BAD

STAGES = ("Empty", "Copy", "Keep the configuration", "Write the manifest")


class Saving(PointCase):
    def test_full(self) -> None:
        before = self.content()
        self.assert_state("probe-point", "not_done")
        answer = self.save("full")
        self.assertFalse(answer["already"])
        self.assert_state("probe-point", "done")
        self.assertTrue(self.save("full")["already"])
        self.assertEqual(self.failed("verify-point"), set())
        self.assertEqual(self.content(), before)
        manifest = self.manifest()
        self.assertEqual(manifest["fingerprint"], self.fingerprint)
        self.assertEqual(manifest["versions"]["sqlmesh"], self.stage.state["sqlmesh_version"])
        models = {row["name"]: row["identifier"] for row in manifest["models"]}
        self.assertEqual(models["marts.order_analytics"], self.changed[BAD[0]]["current"])
        state = [row["name"] for row in manifest["tables"] if row["schema"] == "sqlmesh"]
        self.assertIn("_snapshots", state)

    def test_some_tables(self) -> None:
        self.save("tables", "--models", "marts.order_analytics,staging.stg_orders")
        self.assertEqual(self.failed("verify-point"), set())
        kept = [row for row in self.manifest()["tables"] if row.get("backup")]
        models = {"marts.order_analytics", "staging.stg_orders"}
        self.assertEqual({row["model"] for row in kept}, models)
        for row in kept:
            original = self.site.table(f"{row['schema']}.{row['name']}")
            copy = self.site.table(f"rollback_backup.{row['backup']}")
            rows = self.site.sql(f"SELECT * FROM {original} EXCEPT ALL SELECT * FROM {copy}")
            self.assertEqual(rows, [])
        answer = self.assert_done("drop-point")
        self.assertFalse(answer["already"])
        self.assertFalse((self.points / "pt_1").exists())
        self.assertEqual(self.site.backups(), [])
        self.assertTrue(self.assert_done("drop-point")["already"])

    def test_dropped_by_halves(self) -> None:
        for kind, stage in (("tables", "Keep the configuration"), ("full", "Copy")):
            self.site.die(f'"stage": "{stage}', *self.at("save", "--kind", kind))
            self.assertTrue((self.points / "pt_1" / "begun.json").exists())
            self.assertFalse(self.assert_done("drop-point")["already"])
            self.assertFalse((self.points / "pt_1").exists())
            self.assertEqual(self.site.backups(), [])
        self.save("tables", "--models", "marts.order_analytics")
        self.assertFalse((self.points / "pt_1" / "begun.json").exists())
        # Killed after it was no point any more, and before its table was gone.
        (self.points / "pt_1" / "manifest.json").rename(self.points / "pt_1" / "dropped.json")
        self.assert_state("probe-point", "not_done")
        self.assertEqual(len(self.site.backups()), 1)
        self.assertFalse(self.assert_done("drop-point")["already"])
        self.assertEqual(self.site.backups(), [])
        self.assertTrue(self.assert_done("drop-point")["already"])

    def test_dropped_while_the_warehouse_is_gone(self) -> None:
        self.save("full")
        self.site.destroy()
        self.assertFalse(self.assert_done("drop-point")["already"])
        self.assertFalse((self.points / "pt_1").exists())

    def test_another_point_of_that_id(self) -> None:
        self.save("tables")
        code, answer = self.site.ask(*self.at("save", "--kind", "full"))
        self.assertEqual((code, answer["kind"]), (4, "conflict"), answer)

    def test_never_into_a_directory_of_somebody_else(self) -> None:
        (self.points / "pt_1").mkdir(parents=True)
        (self.points / "pt_1" / "thesis.txt").write_text("years of work")
        code, answer = self.site.ask(*self.at("save"))
        self.assertEqual((code, answer["kind"]), (2, "usage"), answer)
        code, answer = self.site.ask(*self.at("save", point="../elsewhere"))
        self.assertEqual((code, answer["kind"]), (2, "usage"), answer)

    def test_unknown_model(self) -> None:
        code, answer = self.site.ask(*self.at("save", "--models", "marts.nothing"))
        self.assertEqual((code, answer["kind"]), (3, "impossible"), answer)
        self.assert_state("probe-point", "not_done")


class Versions(PointCase):
    """No data: what leads back is a promotion to what the point names."""

    def test_back_to_before_a_rollback(self) -> None:
        before = self.content()
        self.assertFalse(self.save("versions")["already"])
        self.assertTrue(self.save("versions")["already"])
        self.assert_state("probe-point", "done")
        self.assertEqual(self.failed("verify-point"), set())
        self.assertEqual((self.content(), self.site.backups()), (before, []))
        self.assert_promoted()
        self.assert_true_again()
        manifest = self.manifest()
        versions = [f"{row['name']}={row['identifier']}" for row in manifest["models"]]
        back = [argument for version in versions for argument in ("--to", version)]
        now = self.site.ask("inspect")[1]["fingerprint"]
        code, answer = self.site.ask(*self.promotion(back, now))
        self.assertEqual((code, answer["state"]), (0, "done"), answer)
        self.assertEqual(self.content(), before)

    def test_killed_before_it_was_one(self) -> None:
        for stage in ("Empty", "Keep the configuration", "Write the manifest"):
            self.site.die(f'"stage": "{stage}', *self.at("save", "--kind", "versions"))
            self.assert_state("probe-point", "not_done")
        self.save("versions")
        self.assertFalse(self.assert_done("drop-point")["already"])
        self.assertFalse((self.points / "pt_1").exists())

    def test_a_table_that_the_janitor_took(self) -> None:
        self.save("versions")
        self.site.sql(f"DROP TABLE {self.site.row_table('marts.order_analytics')} CASCADE")
        self.assertEqual(self.failed("verify-point"), {"tables_there"})

    def test_a_record_of_something_else(self) -> None:
        self.save("versions")
        file = self.points / "pt_1" / "copy" / "state.json"
        file.write_text(file.read_text().replace('"plan_id": "', '"plan_id": "x'))
        self.assertEqual(self.failed("verify-point"), {"checksum", "copy_readable"})

    def test_nothing_is_restored_from_it(self) -> None:
        self.save("versions")
        code, answer = self.site.ask(*self.at("restore-beside"))
        self.assertEqual((code, answer["kind"]), (3, "impossible"), answer)


class SavingCrash(PointCase):
    def test_killed_at_every_stage(self) -> None:
        for kind in ("tables", "full"):
            for number, stage in enumerate(STAGES):
                point = f"pt_{kind}_{number}"
                arguments = self.at("save", "--kind", kind, point=point)
                self.site.die(f'"stage": "{stage}', *arguments)
                self.assertEqual(self.assert_done("probe-point", point=point)["state"], "not_done")
                self.assertFalse(self.save(kind, point=point)["already"])
                self.assertTrue(self.assert_done("verify-point", point=point)["passed"])
            self.site.die('"already": true', *arguments)


class Verifying(PointCase):
    def test_a_copy_that_was_cut_off(self) -> None:
        self.save("full")
        file = max((self.points / "pt_1" / "copy").rglob("*.d*"), key=self.size)
        with file.open("rb+") as opened:
            opened.truncate(file.stat().st_size // 2)
        self.assertLessEqual({"checksum", "copy_readable"}, self.failed("verify-point"))
        verdict = json.loads((self.points / "pt_1" / "verified.json").read_text())
        self.assertFalse(verdict["passed"])

    @staticmethod
    def size(file) -> int:
        return file.stat().st_size if file.is_file() else -1

    def test_a_backup_table_that_was_changed(self) -> None:
        self.save("tables", "--models", "marts.order_analytics")
        [row] = [row for row in self.manifest()["tables"] if row.get("backup")]
        table = self.site.table(f"rollback_backup.{row['backup']}")
        self.site.sql(f"UPDATE {table} SET revenue_cents = revenue_cents + 1 WHERE order_id = 2")
        self.assertEqual(self.failed("verify-point"), {"backup_tables"})
        self.site.sql(f"DROP TABLE {table}")
        self.assertEqual(self.failed("verify-point"), {"backup_tables"})

    def test_another_sqlmesh(self) -> None:
        self.save("tables", "--models", "marts.order_analytics")
        manifest = self.manifest()
        manifest["versions"]["sqlmesh"] = "0.200.0"
        (self.points / "pt_1" / "manifest.json").write_text(json.dumps(manifest))
        self.assertEqual(self.failed("verify-point"), {"sqlmesh_version"})

    def test_no_point(self) -> None:
        code, answer = self.site.ask(*self.at("verify-point"))
        self.assertEqual((code, answer["kind"]), (3, "impossible"), answer)


class FullCase(PointCase):
    """The point is of the repaired environment, which is what the truth is."""

    def setUp(self) -> None:
        super().setUp()
        self.assert_promoted()
        self.assert_true_again()
        self.save("full")

    def restore(self) -> None:
        self.assert_done("restore-beside")
        self.assertEqual(self.failed("verify-beside"), set())


class FullEnvironment(FullCase):
    def test_after_the_warehouse_was_destroyed(self) -> None:
        self.site.destroy()
        self.restore()
        self.assert_state("probe-swap", "not_done")
        self.assertFalse(self.assert_done("swap")["already"])
        self.assert_state("probe-swap", "done")
        self.assert_true_again()
        self.assert_probe("done")
        self.assertEqual(self.failed("verify-live"), set())
        self.assertTrue(self.assert_done("swap")["already"])
        code, _ = self.site.ask("verify", *self.targets)
        self.assertEqual(code, 0)

    def test_there_again_and_back(self) -> None:
        table = self.site.row_table("marts.order_analytics")
        self.site.sql(f"DELETE FROM {table} WHERE order_id % 2 = 0")
        broken = self.content()
        self.restore()
        self.assertEqual(self.content(), broken)
        self.assert_done("swap")
        self.assert_true_again()
        self.assertFalse(self.assert_done("unswap")["already"])
        self.assertEqual(self.content(), broken)
        self.assertTrue(self.assert_done("unswap")["already"])
        self.assert_state("probe-swap", "done", "--back")
        self.assert_state("probe-swap", "not_done")
        self.assert_done("swap")
        self.assert_true_again()

    def test_what_waits_beside_is_removed_and_what_was_exchanged_is_not(self) -> None:
        before = self.content()
        self.restore()
        self.assertFalse(self.assert_done("drop-beside")["already"])
        self.assert_state("probe-beside", "not_done")
        self.assertTrue(self.assert_done("drop-beside")["already"])
        self.restore()
        self.assert_done("swap")
        self.assertTrue(self.assert_done("drop-beside")["already"])
        self.assert_state("probe-swap", "done")
        self.assertEqual(self.content(), before)

    def test_half_of_it_is_removed_as_well(self) -> None:
        self.site.die('"stage": "Restore', *self.at("restore-beside"))
        self.assert_done("drop-beside")
        self.assert_state("probe-beside", "not_done")
        self.restore()

    def test_a_second_time_from_the_same_point(self) -> None:
        for tag in ("inc_1", "inc_2"):
            self.site.destroy()
            self.assert_done("restore-beside", "--tag", tag)
            self.assert_done("swap", "--tag", tag)
            self.assert_true_again()

    def test_nothing_is_swapped_that_was_not_restored(self) -> None:
        before = self.content()
        code, answer = self.site.ask(*self.at("swap"))
        self.assertEqual((code, answer["kind"]), (4, "conflict"), answer)
        self.assertEqual(self.failed("verify-beside"), {"restored_beside"})
        self.assertEqual(self.content(), before)

    def test_a_restored_copy_that_somebody_changed(self) -> None:
        self.restore()
        self.site.change_restored("pt_1")
        self.assertEqual(self.failed("verify-beside"), {"restored_content"})

    def test_of_another_environment(self) -> None:
        manifest = self.manifest()
        manifest["environment"] = "staging"
        (self.points / "pt_1" / "manifest.json").write_text(json.dumps(manifest))
        code, answer = self.site.ask(*self.at("restore-beside"))
        self.assertEqual((code, answer["kind"]), (3, "impossible"), answer)

    def test_of_another_place(self) -> None:
        manifest = self.manifest()
        manifest["units"][0]["place"] += "_elsewhere"
        (self.points / "pt_1" / "manifest.json").write_text(json.dumps(manifest))
        code, answer = self.site.ask(*self.at("restore-beside"))
        self.assertEqual((code, answer["kind"]), (3, "impossible"), answer)

    def test_a_point_of_tables_is_not_enough(self) -> None:
        shutil.rmtree(self.points)
        self.save("tables")
        code, answer = self.site.ask(*self.at("restore-beside"))
        self.assertEqual((code, answer["kind"]), (3, "impossible"), answer)


class FullCrash(FullCase):
    def test_killed_while_it_is_restored(self) -> None:
        self.site.destroy()
        self.site.die('"stage": "Restore', *self.at("restore-beside"))
        self.assert_state("probe-beside", "not_done")
        self.site.die('"already": false', *self.at("restore-beside"))
        self.assert_state("probe-beside", "done")
        self.assertTrue(self.assert_done("restore-beside")["already"])
        self.site.die('"stage": "Exchange', *self.at("swap"))
        self.assert_state("probe-swap", "not_done")
        self.site.die('"already": false', *self.at("swap"))
        self.assert_state("probe-swap", "done")
        self.assertTrue(self.assert_done("swap")["already"])
        self.assert_true_again()

    def test_killed_while_it_is_taken_back(self) -> None:
        table = self.site.row_table("marts.order_analytics")
        self.site.sql(f"DELETE FROM {table} WHERE order_id % 2 = 0")
        broken = self.content()
        self.restore()
        self.assert_done("swap")
        self.site.die('"stage": "Exchange', *self.at("unswap"))
        self.assert_state("probe-swap", "not_done", "--back")
        self.site.die('"already": false', *self.at("unswap"))
        self.assert_state("probe-swap", "done", "--back")
        self.assertTrue(self.assert_done("unswap")["already"])
        self.assertEqual(self.content(), broken)
