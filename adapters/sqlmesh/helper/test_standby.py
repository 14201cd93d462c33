"""A helper that is started ahead: one call and no more, and until then it touches nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from helper_case import HelperCase
from helper_nursery import HELPER

STANDBY = HELPER / "countersign_standby.py"

# Runs the helper and says on stderr what Python opens, asks and starts on its way.
WITNESS = """
import runpy, sys
KINDS = ("open", "socket.", "subprocess.", "os.system", "os.exec", "os.fork", "sqlite3.")
def seen(event, details):
    if event.startswith(KINDS):
        print(event, details[0] if details else "", file=sys.__stderr__)
sys.addaudithook(seen)
sys.argv = sys.argv[1:]
sys.path.insert(0, sys.argv[0].rpartition("/")[0])
runpy.run_path(sys.argv[0], run_name="__main__")
"""

PROBING = ("socket.__new__", "socket.bind")


def standby(given: bytes, *before: str, **options) -> subprocess.CompletedProcess:
    argv = [sys.executable, "-B", *before, str(STANDBY)]
    return subprocess.run(argv, input=given, capture_output=True, timeout=600, **options)


class Unwanted(unittest.TestCase):
    """Nobody gives it arguments."""

    def test_it_ends_with_its_input(self) -> None:
        for given in (b"", b'["inspect", "--project", "/nowhere"]'):
            ended = standby(given)
            self.assertEqual((ended.returncode, ended.stdout), (0, b""), given)

    def test_it_touches_nothing_before(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            (place / "config.yaml").write_text("gateways: {}")
            (place / ".env").write_text("SQLMESH__GATEWAY=other")
            variables = {**os.environ, "HOME": folder, "SQLMESH__CACHE_DIR": f"{folder}/cache"}
            ended = standby(b"", "-c", WITNESS, cwd=folder, env=variables)
            self.assertEqual(ended.returncode, 0, ended.stderr)
            seen = ended.stderr.decode().splitlines()
            self.assertTrue(any("/sqlmesh/core/" in line for line in seen), "it saw nothing")
            own = (sys.prefix, sys.base_prefix, str(HELPER), "/usr/", "/etc/", "/proc/", "/dev/null")
            for line in seen:
                event, _, what = line.partition(" ")
                # A number is a file that is open already.
                is_own = event == "open" and (what.startswith(own) or what.isdigit())
                # Libraries ask which system this is, and whether it has IPv6.
                is_question = (event, what) == ("subprocess.Popen", "file") or event in PROBING
                self.assertTrue(is_own or is_question, line)
            self.assertEqual(sorted(os.listdir(folder)), [".env", "config.yaml"])


class Wanted(HelperCase):
    def test_it_is_the_call_that_it_is_given(self) -> None:
        code, expected = self.site.ask("inspect")
        line = json.dumps(self.site.started("inspect")[3:]).encode() + b"\n"
        ended = standby(line, env=self.site.variables)
        self.assertEqual(ended.returncode, code, ended.stderr)
        self.assertEqual(json.loads(ended.stdout), expected)

    def test_it_serves_one_call_only(self) -> None:
        line = json.dumps(self.site.started("inspect")[3:]).encode() + b"\n"
        ended = standby(line * 2, env=self.site.variables)
        self.assertEqual(len(ended.stdout.splitlines()), 1)

    def test_a_wrong_call_is_refused_as_ever(self) -> None:
        ended = standby(b'["nonsense"]\n', env=self.site.variables)
        self.assertEqual(ended.returncode, 2, ended.stderr)
        self.assertEqual(json.loads(ended.stdout)["kind"], "usage")


if __name__ == "__main__":
    unittest.main()
