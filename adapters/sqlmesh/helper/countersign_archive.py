"""A moment of the past out of PostgreSQL's archive: a server of its own that knows no later one.

```
base backup ──copied──▶ private folder ──archived log, up to the moment──▶ answers on a private socket
```

It listens on no network, archives nothing itself, and is gone when the point has been taken out of
it. Whoever is killed meanwhile leaves it behind: the next one finds it by what is written down in
the directory of the points, ends it and removes it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import fcntl
import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import typing as t
from pathlib import Path

from countersign_state import impossible

Announce = t.Callable[[dict], None]

PORT = 5432
RECOVERING, LOCK, SERVER, LOG = "recovering", "lock", "server.json", "log"
LOOK_S = 0.2
GONE_WITHIN_S = 30.0
# PostgreSQL's user on most systems: the server refuses to run as root.
USER = "postgres"
# What a base backup carries along from the server that it is of, and what must not be believed here.
NOT_OURS = (
    *("postmaster.pid", "postmaster.opts", "postgresql.auto.conf", "postgresql.conf"),
    *("standby.signal", "pg_hba.conf", "pg_ident.conf"),
)
TOO_EARLY = "before consistent recovery point"
# The log goes on to the moment and holds no change after it: its end is that moment.
NOTHING_LATER = "recovery ended before configured recovery target was reached"


@dataclasses.dataclass(frozen=True)
class Moment:
    """The moment that is wanted, and where it comes from."""

    at_ms: int
    base: Path
    log: Path
    # Whom the project connects as.
    user: str

    def spelled(self) -> str:
        at = datetime.datetime.fromtimestamp(self.at_ms / 1000, datetime.timezone.utc)
        return at.strftime("%Y-%m-%d %H:%M:%S.%f+00")

    def is_covered(self) -> bool:
        """Whether a log file was archived at that moment or later."""
        return any(f.stat().st_mtime * 1000 >= self.at_ms for f in self.log.iterdir() if f.is_file())


@contextlib.contextmanager
def recovered(into: str, identifier: str, moment: Moment, announce: Announce) -> t.Iterator[str]:
    """A server that has recovered up to the moment; gives the folder of its socket."""
    end_leftovers(into)
    # A time-out asks first; what is cleaned up then is not left to the next one.
    signal.signal(signal.SIGTERM, lambda *_: exit(143))
    folder = Path(os.path.abspath(into)) / RECOVERING / identifier
    with _alone(folder) as is_alone:
        if not is_alone:
            raise impossible(f"Another process is at work in {folder}.")
        server = _Server.anew(folder, moment)
        try:
            announce({"kind": "work", "stage": "Copy the base backup"})
            server.copy()
            announce({"kind": "work", "stage": "Recover"})
            server.recover()
            yield server.socket
        finally:
            server.end()
            shutil.rmtree(folder)


def end_leftovers(into: str) -> list[str]:
    """Ends the servers of those who were killed, and removes their files; returns what they were for."""
    ended = []
    for folder in sorted((Path(os.path.abspath(into)) / RECOVERING).glob("*")):
        with _alone(folder) as is_alone:
            if not is_alone:
                continue
            with contextlib.suppress(FileNotFoundError, ValueError):
                written = json.loads((folder / SERVER).read_text(encoding="utf-8"))
                _Server(folder, None, written["data"], written["socket"]).end()
            shutil.rmtree(folder)
            ended.append(folder.name)
    return ended


@contextlib.contextmanager
def _alone(folder: Path) -> t.Iterator[bool]:
    """Whether nobody else who lives is at work in the folder. No program that is started holds it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@dataclasses.dataclass
class _Server:
    folder: Path
    moment: Moment | None
    data: str
    socket: str
    process: subprocess.Popen | None = None

    @classmethod
    def anew(cls, folder: Path, moment: Moment) -> _Server:
        # A socket's path may not be long. As root the data lie elsewhere too: the server's user has
        # no way into the directory of the points.
        socket = tempfile.mkdtemp(prefix="countersign-")
        data = os.path.join(socket, "data") if os.geteuid() == 0 else str(folder / "data")
        (folder / SERVER).write_text(json.dumps({"data": data, "socket": socket}), encoding="utf-8")
        os.mkdir(data, mode=0o700)
        return cls(folder, moment, data, socket)

    def copy(self) -> None:
        base = self.moment.base
        if any((base / "pg_tblspc").iterdir()):
            raise impossible(f"The base backup {base} has tablespaces, which are not recovered here.")
        _run(["cp", "-a", "--reflink=auto", f"{base}/.", self.data])
        for name in NOT_OURS:
            (Path(self.data) / name).unlink(missing_ok=True)
        (Path(self.data) / "recovery.signal").touch()
        (Path(self.data) / "pg_hba.conf").write_text("local all all trust\n")
        (Path(self.data) / "pg_ident.conf").touch()
        os.chmod(self.data, 0o700)
        if user := _user():
            _run(["chown", "-R", user, self.data, self.socket])

    def recover(self) -> None:
        self._configure(to_the_end=False)
        if not self._is_up():
            log = self._log()
            if NOTHING_LATER not in log or not self.moment.is_covered():
                raise self._refusal(log)
            # The log reaches beyond the moment and nobody changed anything since.
            self._configure(to_the_end=True)
            if not self._is_up():
                raise self._refusal(self._log())

    def _configure(self, to_the_end: bool) -> None:
        settings = {
            "listen_addresses": "",
            "port": PORT,
            "unix_socket_directories": self.socket,
            "unix_socket_permissions": "0700",
            # Else its own history would be put among that of the server that it is a copy of.
            "archive_mode": "off",
            "restore_command": f'cp "{self.moment.log}/%f" "%p"',
            "hot_standby": "off",
            "max_prepared_transactions": 64,
            # It does not outlive this moment.
            "fsync": "off",
            "full_page_writes": "off",
        }
        if not to_the_end:
            target = {"time": self.moment.spelled(), "action": "promote"}
            settings |= {f"recovery_target_{name}": value for name, value in target.items()}
        lines = [f"{name} = {_text(str(value))}\n" for name, value in settings.items()]
        (Path(self.data) / "postgresql.conf").write_text("".join(lines), encoding="utf-8")

    def _is_up(self) -> bool:
        """Starts it and waits until it has recovered; false where it ended itself."""
        import psycopg2

        argv = [server_program(self.moment.base), "-D", self.data]
        with (self.folder / LOG).open("w") as log:
            user = _user()
            other = {"user": user, "group": user, "extra_groups": []} if user else {}
            self.process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.socket, **other
            )
        while self.process.poll() is None:
            with contextlib.suppress(psycopg2.OperationalError):
                place = {"host": self.socket, "port": PORT, "database": "template1"}
                psycopg2.connect(user=self.moment.user, **place).close()
                return True
            time.sleep(LOOK_S)
        return False

    def _log(self) -> str:
        return (self.folder / LOG).read_text(encoding="utf-8", errors="replace")

    def _refusal(self, log: str) -> Exception:
        base, at = self.moment.base, self.moment.spelled()
        if TOO_EARLY in log:
            return impossible(f"At {at} the base backup {base} was still being made.")
        if NOTHING_LATER in log:
            return impossible(f"The archived log in {self.moment.log} does not reach {at}.")
        said = [line for line in log.splitlines() if "FATAL" in line or "ERROR" in line]
        return impossible(f"{base} could not be recovered up to {at}: {' / '.join(said[-3:])}")

    def end(self) -> None:
        """At once, with all of its sessions: nothing in it is worth a checkpoint."""
        pid = self.process.pid if self.process else self._pid()
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)
            self._wait(pid)
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.rmtree(self.socket, ignore_errors=True)

    def _pid(self) -> int | None:
        """The server's process, where it is alive and really this one."""
        try:
            written = (Path(self.data) / "postmaster.pid").read_text().splitlines()
            command = Path(f"/proc/{written[0]}/cmdline").read_bytes().split(b"\0")
        except (OSError, IndexError):
            return None
        return int(written[0]) if self.data.encode() in command else None

    def _wait(self, pid: int) -> None:
        until = time.monotonic() + GONE_WITHIN_S
        while self.process.poll() is None if self.process else Path(f"/proc/{pid}").exists():
            if time.monotonic() > until:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                until = float("inf")
            time.sleep(LOOK_S)


def _user() -> str | None:
    """Whom the server runs as, where it cannot run as we do."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(USER).pw_name
    except KeyError:
        raise impossible(f"PostgreSQL does not run as root, and there is no user {USER}.") from None


def server_program(base: Path) -> str:
    """The server program of the version that the base backup is of."""
    version = (base / "PG_VERSION").read_text().strip()
    on_path = shutil.which("pg_config")
    places = [f"/usr/lib/postgresql/{version}/bin", f"/usr/pgsql-{version}/bin"]
    if on_path:
        places.append(_run([on_path, "--bindir"]).strip())
    for place in places:
        program = os.path.join(place, "postgres")
        if os.path.exists(program) and f" {version}." in _run([program, "--version"]) + ".":
            return program
    raise impossible(f"The server program of PostgreSQL {version} is not installed here.")


def _run(argv: list[str]) -> str:
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise impossible(f"{argv[0]} failed: {done.stderr.strip()}")
    return done.stdout


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
