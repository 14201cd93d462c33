"""Back to a moment between two points, out of the archive of a PostgreSQL server of the test's own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
import unittest
import urllib.parse
from pathlib import Path
from unittest import mock

import helper_site
from helper_case import PointCase
from helper_site import POSTGRES, PostgresSite
from helper_stage import TWO_DAYS_AGO, releases

ROOT = os.geteuid() == 0
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "archive_mode": "on",
    "wal_level": "replica",
    "full_page_writes": "on",
    "fsync": "off",
    "log_min_messages": "fatal",
}


class Server:
    """A cluster that archives its log, on a port that was free a moment ago."""

    def __init__(self) -> None:
        versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        self.programs = versions[-1].parent if versions else Path(shutil.which("initdb") or "").parent
        self.folder = Path(tempfile.mkdtemp(prefix="countersign-archive-"))
        self.log = self.folder / "log"
        if ROOT:
            shutil.chown(self.folder, "postgres", "postgres")
        self.run("mkdir", str(self.log))
        self.run("initdb", "--auth=trust", "--no-sync", "-U", "postgres", "-D", str(self.data))
        self.port = helper_site.free_port()
        settings = SETTINGS | {"archive_command": f"cp %p {self.log}/%f"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        argv = [str(self.programs / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        argv += ["-k", str(self.folder), *options]
        self.process = subprocess.Popen(argv, stderr=subprocess.DEVNULL, **self.user())
        self.run("pg_isready", "-t", "30", "-h", "127.0.0.1", "-p", str(self.port), tries=100)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def user(self) -> dict:
        other = {"user": "postgres", "group": "postgres", "extra_groups": []} if ROOT else {}
        return other | {"cwd": self.folder}

    def run(self, program: str, *arguments: str, tries: int = 1) -> None:
        packaged = self.programs / program
        argv = [str(packaged) if packaged.exists() else program, *arguments]
        for left in reversed(range(tries)):
            done = subprocess.run(argv, capture_output=True, text=True, **self.user())
            if done.returncode == 0:
                return
            if left:
                time.sleep(0.1)
        raise AssertionError(done.stderr)

    def base_backup(self, name: str) -> Path:
        into = self.folder / name
        place = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres")
        self.run("pg_basebackup", *place, "-D", str(into), "-c", "fast", "-X", "none")
        return into

    def remove(self) -> None:
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder)


class Archive(PointCase):
    """Good release, rows, T, bad release, more rows."""

    def setUp(self) -> None:
        if POSTGRES == "skip":
            self.skipTest("COUNTERSIGN_TEST_POSTGRES names no server")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        # What is left there is ours. The recovered server's user has to find its way through.
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.temporary = Path(temporary.name)
        self.temporary.chmod(0o711)
        here = mock.patch.dict(os.environ, TMPDIR=str(self.temporary))
        here.start()
        self.addCleanup(here.stop)
        self.server = Server()
        self.addCleanup(self.server.remove)
        with mock.patch.object(helper_site, "POSTGRES", self.server.url()):
            self.site = PostgresSite(releases(), "countersign_archived")
        self.site.fill()
        self.site.deploy("good", *TWO_DAYS_AGO)
        self.base = self.server.base_backup("base")
        self.insert(1_000_001)
        self.truth = self.everything()
        time.sleep(0.01)
        self.moment = int(time.time() * 1000)
        time.sleep(0.01)
        self.site.deploy("bad", "--run")
        self.insert(1_000_002)
        self.site.sql("SELECT pg_switch_wal()")
        self.archived()

    def insert(self, order: int) -> None:
        self.site.sql(
            "INSERT INTO raw.orders SELECT (jsonb_populate_record(NULL::raw.orders, to_jsonb(o)"
            f" || '{{\"order_id\": {order}}}')).* FROM (SELECT * FROM raw.orders LIMIT 1) o"
        )

    def everything(self) -> tuple:
        raw = {t: sorted(map(repr, self.site.sql(f"SELECT * FROM raw.{t}"))) for t in ("orders", "payments")}
        return raw, self.site.content(), self.site.record()

    def archived(self) -> None:
        """Waits until the server has put its log away; the copy is the server's own work."""
        for _ in range(300):
            [(late,)] = self.site.sql(
                "SELECT count(*) FROM pg_ls_dir('pg_wal/archive_status') f WHERE f LIKE '%.ready'"
            )
            if not late:
                return
            time.sleep(0.1)
        raise AssertionError("nothing was archived")

    def past(self, at: int | None = None, point: str = "pt_1", base: Path | None = None) -> list[str]:
        source = ["--base", str(base or self.base), "--log", str(self.server.log)]
        moment = ["--at", str(at or self.moment), *source]
        return self.at("save", "--kind", "full", *moment, point=point)

    def assert_nothing_left(self) -> None:
        self.assertEqual(list((self.points / "recovering").iterdir()), [])
        left = [f for f in self.temporary.glob("countersign-*") if (f / "data").exists()]
        self.assertEqual(left, [])

    def test_the_moment_comes_back(self) -> None:
        bad = self.everything()
        self.assertNotEqual(bad[0], self.truth[0])
        self.assertNotEqual(bad[1], self.truth[1])
        code, answer = self.site.ask(*self.past())
        self.assertEqual((code, answer["state"]), (0, "done"), answer)
        self.assertEqual(self.everything(), bad)
        self.assert_nothing_left()
        manifest = self.manifest()
        self.assertEqual(manifest["created_ms"], self.moment)
        self.assertGreater(manifest["made_ms"], self.moment)
        self.assertEqual(manifest["recovered_from"]["base_backup"], str(self.base))
        self.assertEqual(self.failed("verify-point"), set())
        self.assert_done("restore-beside")
        self.assertEqual(self.failed("verify-beside"), set())
        self.assert_done("swap")
        self.assertEqual(self.everything(), self.truth)
        self.assertEqual(self.failed("verify-live"), set())

    def test_killed_and_made_anew(self) -> None:
        for stage in ("Recover", "Copy countersign_archived"):
            self.site.die(f'"stage": "{stage}', *self.past(point="pt_dead"))
        code, answer = self.site.ask(*self.past())
        self.assertEqual(code, 0, answer)
        self.assert_nothing_left()
        self.assertEqual(self.failed("verify-point"), set())

    def check(self, at: int | None = None) -> tuple[int, dict[str, str]]:
        source = ["--base", str(self.base), "--log", str(self.server.log)]
        moment = ["--at", str(at or self.moment), *source]
        code, answer = self.site.ask("check-past", "--into", str(self.points), *moment)
        return code, {row["name"]: f"{row['outcome']}: {row['detail']}" for row in answer["checks"]}

    def test_what_is_known_before(self) -> None:
        code, said = self.check()
        self.assertEqual(code, 0, said)
        self.assertEqual(set(said), {"base_backup", "same_server", "disk_space", "recovery_time"})
        self.assertIn("are free", said["disk_space"])
        self.assertIn("MB of log: about 1 min", said["recovery_time"])
        code, said = self.check(self.moment - 86_400_000)
        self.assertEqual(code, 6)
        self.assertIn("still being made", said["recoverable"])
        control = self.base / "global" / "pg_control"
        control.write_bytes(b"12345678" + control.read_bytes()[8:])
        self.assertIn("of another PostgreSQL server", self.check()[1]["recoverable"])

    def test_what_was_left_is_removed_by_whoever_comes_next(self) -> None:
        for clean in (self.check, lambda: self.site.ask("end-recoveries", "--into", str(self.points))):
            self.site.die('"stage": "Recover', *self.past(point="pt_dead"))
            self.assertEqual([f.name for f in (self.points / "recovering").iterdir()], ["pt_dead"])
            clean()
            self.assert_nothing_left()

    def test_the_release_is_known_by_when_it_began(self) -> None:
        began = self.site.ask("inspect")[1]["environment"]["began_ts"]
        self.assertTrue(self.moment < began < time.time() * 1000, (self.moment, began))

    def test_what_the_archive_does_not_reach(self) -> None:
        late = int(time.time() * 1000) + 3_600_000
        code, answer = self.site.ask(*self.past(late))
        self.assertEqual((code, answer["kind"]), (3, "impossible"), answer)
        self.assertIn("does not reach", answer["error"])
        early = self.moment - 86_400_000
        code, answer = self.site.ask(*self.past(early))
        self.assertEqual((code, answer["kind"]), (3, "impossible"), answer)
        self.assertIn("still being made", answer["error"])
        self.assert_nothing_left()
        self.assertFalse((self.points / "pt_1" / "manifest.json").exists())

    def test_after_the_last_change(self) -> None:
        now = self.everything()
        self.site.sql("SELECT pg_switch_wal()")
        self.archived()
        newest = max(file.stat().st_mtime for file in self.server.log.iterdir())
        code, answer = self.site.ask(*self.past(int(newest * 1000)))
        self.assertEqual(code, 0, answer)
        self.assert_done("restore-beside")
        self.assert_done("swap")
        self.assertEqual(self.everything(), now)


if __name__ == "__main__":
    unittest.main()
