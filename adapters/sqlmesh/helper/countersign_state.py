"""Opens a SQLMesh project read-only in spirit and answers "what does the environment hold?".

Nothing of the project's models is loaded: environments and snapshots come from the state database,
so a directory with nothing but its configuration is enough. This module must never create a state
database or a warehouse file: a missing one is an answer, not something to initialise.

All SQLMesh names used by the helper are public. The six private attributes of `Context` that a
plan over `plan_builder` would need (`_models`, `dag`, `_loaded`, `_environment_statements`,
`_requirements`, `_standalone_audits`) are avoided by giving stored snapshots to `ContextDiff` and
`PlanBuilder` directly. They remain versioned by no promise, hence the range of tested versions.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import shutil
import tempfile
import typing as t
from importlib import metadata
from pathlib import Path

DAY_MS = 86_400_000
TESTED_FROM, TESTED_BELOW = (0, 236, 4), (0, 237, 0)


class Refused(Exception):
    """A "no" with a reason for a person; `exit_code` 2, 3 or 4."""

    def __init__(self, exit_code: int, sentence: str, **extra: t.Any) -> None:
        super().__init__(sentence)
        self.exit_code, self.extra = exit_code, extra


def usage(sentence: str) -> Refused:
    return Refused(2, sentence)


def impossible(sentence: str, **extra: t.Any) -> Refused:
    return Refused(3, sentence, **extra)


def conflict(sentence: str, **extra: t.Any) -> Refused:
    return Refused(4, sentence, **extra)


def sqlmesh_version() -> str:
    """The installed version, or a refusal outside the tested range. Needs no import of SQLMesh."""
    try:
        version = metadata.version("sqlmesh")
    except metadata.PackageNotFoundError:
        raise impossible("SQLMesh is not installed for this Python interpreter.") from None
    numbers = tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
    if not TESTED_FROM <= numbers < TESTED_BELOW:
        low, high = (".".join(map(str, bound)) for bound in (TESTED_FROM, TESTED_BELOW))
        raise impossible(
            f"SQLMesh {version} is installed; this was tested with versions from {low} up to but "
            f"not including {high} and refuses to touch an environment with any other."
        )
    return version


def environment_name(name: str) -> str:
    """The name as SQLMesh's state has it."""
    from sqlmesh.core.environment import Environment

    return Environment.sanitize_name(name)


def open_context(
    directory: str,
    gateway: str | None,
    console: t.Any,
    adapt: t.Callable[[t.Any, str | None], None] | None = None,
) -> t.Any:
    """The configuration of a project; neither its state nor its engine is opened by this.

    `adapt` may change the connections before anybody uses them.
    """
    from sqlmesh.core import analytics
    from sqlmesh.core.console import set_console
    from sqlmesh.core.context import Context
    from sqlmesh.core.notification_target import NotificationTargetManager

    from countersign_backends import name_backends

    analytics.disable_analytics()
    set_console(console)
    context = Context(paths=[directory], gateway=gateway, load=False)
    name_backends(context.config, context.gateway)
    if adapt:
        adapt(context.config, context.gateway)
    # A chat that is down must not be able to stop a rollback.
    context.notification_targets, context.users = [], []
    context.notification_target_manager = NotificationTargetManager()
    return context


class Project:
    """One gateway's state and engine, and the environment under consideration."""

    def __init__(
        self,
        directory: str,
        gateway: str | None,
        environment: str,
        console: t.Any,
        adapt: t.Callable[[t.Any, str | None], None] | None = None,
    ) -> None:
        self.version = sqlmesh_version()
        self.environment_name = environment_name(environment)
        self.context = open_context(directory, gateway, console, adapt)
        self._refuse_missing_databases()
        self.state = self.context.state_sync

    def _refuse_missing_databases(self) -> None:
        config, gateway = self.context.config, self.context.gateway
        connections = [config.get_connection(gateway), config.get_state_connection(gateway)]
        for connection in filter(None, connections):
            for _, path, read_only in duckdb_files(connection):
                if not Path(path).exists():
                    raise impossible(f"The DuckDB file {path} does not exist.")
                # SQLMesh carries on without a file that another process has locked, and its state
                # then looks empty. Opened here first, the lock is an error that names itself.
                import duckdb

                duckdb.connect(path, read_only=read_only).close()
        # Through Context an empty database would be initialised silently.
        state = config.get_scheduler(gateway).create_state_sync(self.context)
        if state.get_versions(validate=False).schema_version == 0:
            raise impossible("The state database holds no SQLMesh state.")

    def environment(self) -> t.Any:
        """The environment's record, or a refusal when there is none."""
        environment = self.state.get_environment(self.environment_name)
        if environment is None or environment.expired:
            raise impossible(f"There is no environment {self.environment_name!r} in the state.")
        return environment

    def snapshots(self, infos: t.Iterable[t.Any]) -> dict[str, t.Any]:
        """Full snapshots by fully qualified name; records that are gone are left out."""
        return {s.name: s for s in self.state.get_snapshots(list(infos)).values()}

    def fully_qualified(self, model: str) -> str:
        from sqlmesh.core.dialect import normalize_model_name

        return normalize_model_name(
            model,
            default_catalog=self.context.default_catalog,
            dialect=self.context.default_dialect,
        )

    def adapter(self, snapshot: t.Any) -> t.Any:
        """The engine that holds this snapshot's table."""
        gateway = snapshot.model_gateway
        return self.context.engine_adapters[gateway] if gateway else self.context.engine_adapter


def fingerprint(environment: t.Any) -> str:
    """The state of the target: changes with any deploy, finished or not."""
    canonical = {
        "environment": environment.name,
        "plan_id": environment.plan_id,
        "finalized_ts": environment.finalized_ts,
        "models": sorted([s.name, s.identifier, s.version] for s in environment.snapshots),
    }
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def has_table(snapshot: t.Any) -> bool:
    """Whether SQLMesh keeps a table or view of its own for this snapshot."""
    return snapshot.is_model and not snapshot.is_symbolic


def is_forward_only(snapshot: t.Any) -> bool:
    return snapshot.is_model and (snapshot.is_forward_only or snapshot.model.forward_only)


def user_name(snapshot: t.Any) -> str:
    """The name as the model's author wrote it."""
    return snapshot.node.name


def inspect(
    project: Project, source: str | None = None, with_others: bool = False
) -> dict[str, t.Any]:
    """What the environment holds, and the set to go back to: its last one, or that of `source`.

    `with_others` adds what other environments hold. It is asked for, because there may be many of
    them, and because this question is asked before every step.
    """
    environment = project.environment()
    others = []
    if source is not None or with_others:
        others = [
            other
            for other in project.state.get_environments()
            if other.name != environment.name and not other.expired
        ]
    previous_infos = environment.previous_finalized_snapshots or []
    if source is not None:
        previous_infos = _source(source, others)
    current = project.snapshots(environment.snapshots)
    previous = project.snapshots(previous_infos)
    ids_now = {info.name: info.identifier for info in environment.snapshots}
    ids_then = {info.name: info.identifier for info in previous_infos}
    names = {s.name: user_name(s) for s in [*previous.values(), *current.values()]}
    changed = [
        {
            "name": names.get(name, _bare_name(name)),
            "current": ids_now.get(name),
            "previous": ids_then.get(name),
            "previous_in_state": name in previous,
        }
        for name in sorted(ids_now.keys() | ids_then.keys())
        if previous_infos and ids_now.get(name) != ids_then.get(name)
    ]
    answer = {
        "sqlmesh_version": project.version,
        "environment": {
            "name": environment.name,
            "plan_id": environment.plan_id,
            "previous_plan_id": environment.previous_plan_id,
            "finalized_ts": environment.finalized_ts,
            "expiration_ts": environment.expiration_ts,
            "began_ts": _began_ts(environment, current),
        },
        "fingerprint": fingerprint(environment),
        "current": _describe_all(environment.snapshots, current, names),
        "previous": _describe_all(previous_infos, previous, names),
        "changed": changed,
        "source": source or "previous",
    }
    if with_others:
        answer["environments"] = [_held_by(other, names) for other in others]
    return answer


def _began_ts(environment: t.Any, current: dict[str, t.Any]) -> int | None:
    """About when the last release began: its versions were written into the state before they were filled.

    One that was tried elsewhere before is older than that, so what is older than a day does not count.
    """
    finalized_ts = environment.finalized_ts
    if not finalized_ts:
        return None
    before = {(i.name, i.identifier) for i in environment.previous_finalized_snapshots or []}
    made = [s.created_ts for s in current.values() if (s.name, s.identifier) not in before]
    return min([ts for ts in made if finalized_ts - DAY_MS < ts <= finalized_ts], default=finalized_ts)


def _held_by(environment: t.Any, names: dict[str, str]) -> dict[str, t.Any]:
    return {
        "name": environment.name,
        "plan_id": environment.plan_id,
        "finalized_ts": environment.finalized_ts,
        "expiration_ts": environment.expiration_ts,
        "models": {
            names.get(info.name, _bare_name(info.name)): info.identifier
            for info in sorted(environment.snapshots, key=lambda info: info.name)
        },
    }


def _source(source: str, others: list[t.Any]) -> list[t.Any]:
    """The set that an environment such as a pinned `blue` holds, as it is now."""
    from sqlmesh.core.environment import Environment

    kind, _, name = source.partition(":")
    if kind != "env" or not name:
        raise usage(f"--source wants env:NAME, not {source!r}.")
    name = Environment.sanitize_name(name)
    found = next((other for other in others if other.name == name), None)
    if found is None:
        raise impossible(f"There is no environment {name!r} to go back to.")
    if not found.finalized_ts:
        raise impossible(f"The last plan of {name!r} has not finished: there is no way back to it.")
    return found.snapshots


def _describe_all(infos: t.Any, snapshots: dict[str, t.Any], names: dict[str, str]) -> list[dict]:
    rows = []
    for info in sorted(infos, key=lambda info: info.name):
        row = {
            "name": names.get(info.name, _bare_name(info.name)),
            "identifier": info.identifier,
            "version": info.version,
            "kind": str(getattr(info.kind_name, "value", info.kind_name)),
            "physical_table": info.table_name() if has_table(info) else None,
            "parents": [names.get(p.name, _bare_name(p.name)) for p in info.parents],
            "in_state": info.name in snapshots,
        }
        if snapshot := snapshots.get(info.name):
            row |= {
                "forward_only": is_forward_only(snapshot),
                "unrestorable": snapshot.unrestorable,
                "updated_ts": snapshot.updated_ts,
                "ttl_ms": snapshot.ttl_ms,
            }
        rows.append(row)
    return rows


def _bare_name(fully_qualified: str) -> str:
    """The best name for a model whose record is gone: schema and table without quotes."""
    return ".".join(part.strip('"`') for part in fully_qualified.split(".")[-2:])


def duckdb_files(connection: t.Any) -> t.Iterator[tuple[str, str, bool]]:
    """Catalogs and paths of the files behind a DuckDB connection, and whether they are only read."""
    if connection.type_ != "duckdb":
        return
    catalogs: dict[str | None, t.Any] = {None: connection.database}
    for name, candidate in (catalogs | (connection.catalogs or {})).items():
        path = str(getattr(candidate, "path", candidate) or "")
        kind = getattr(candidate, "type", None) or "duckdb"
        elsewhere = path.startswith((":memory:", "md:")) or "://" in path
        if path and kind == "duckdb" and not elsewhere:
            yield name or Path(path).stem, path, bool(getattr(candidate, "read_only", False))


def prepare_process() -> None:
    """Settings that SQLMesh reads while it is imported; call it before the first such import."""
    os.environ["SQLMESH__DISABLE_ANONYMIZED_ANALYTICS"] = "1"
    # Forked workers outlive a killed parent and keep its stdout open: the caller would wait for
    # the end of the output of a process that is long dead.
    os.environ["MAX_FORK_WORKERS"] = "1"
    if "SQLMESH__CACHE_DIR" not in os.environ:
        # SQLMesh's cache is keyed by snapshot only: one of another database would be believed.
        cache = tempfile.mkdtemp(prefix="countersign-sqlmesh-")
        os.environ["SQLMESH__CACHE_DIR"] = cache
        atexit.register(shutil.rmtree, cache, ignore_errors=True)
