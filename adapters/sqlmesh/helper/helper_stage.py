"""What the contract tests start from and must lead to: releases on top of each other, and a truth.

A stage is built once for each engine and process, and copied for each test.
"""

from __future__ import annotations

import atexit
import datetime
import functools
import os
import shutil
import tempfile
import typing as t
from pathlib import Path

from helper_site import DEMO, TODAY, DuckdbSite, PostgresSite

BAD = ("marts.order_analytics", "marts.customer_segmentation")
GOOD_CHANGE = Path("models/marts/segment_summary.sql")
TWO_DAYS_AGO = ("--execution-time", f"{TODAY - datetime.timedelta(days=2)} 12:00:00")
REMOVED = "marts.segment_summary"


class Stage:
    """The good release is of two days ago, and the bad one, of today, is on top.

    Beside it stands a warehouse whose models never were bad: the truth that a rollback restores.
    """

    name = "bad"

    def __init__(self, template: t.Any, truth: t.Any) -> None:
        self.template, self.truth = template, truth
        template.fill()
        template.deploy("good", *TWO_DAYS_AGO)
        template.deploy("bad", "--run")
        truth.fill()
        truth.deploy("truth")
        self.state: dict = template.ask("inspect")[1]
        self.truth_content = truth.content()

    def row_of(self, which: str, model: str) -> dict:
        return next(row for row in self.state[which] if row["name"] == model)


class SwitchStage:
    """The bad release adds a model, removes one and doubles the rows of another.

    The environment `blue` holds the good one. In the truth, the bad release never was deployed.
    """

    name = "switch"

    def __init__(self, template: t.Any, truth: t.Any) -> None:
        self.template, self.truth = template, truth
        template.fill()
        template.deploy("good", *TWO_DAYS_AGO)
        blue = ("--create-from", "prod", "--include-unmodified")
        template.deploy("good", *blue, *TWO_DAYS_AGO, environment="blue")
        template.deploy("switch", "--run")
        truth.fill()
        truth.deploy("good")
        self.state: dict = template.ask("inspect")[1]
        self.truth_content = truth.content()
        self.baseline: dict = truth.ask("measure")[1]


class PlainStage:
    """The release with a forward-only model, and nothing bad yet: it is the truth itself."""

    name = "plain"

    def __init__(self, template: t.Any, _: t.Any) -> None:
        self.template = template
        template.fill()
        template.deploy("plain")
        self.state: dict = template.ask("inspect")[1]
        self.truth_content = template.content()


@functools.cache
def stage(kind: type, engine: str) -> t.Any:
    """The stage of that kind and engine, made when it is asked for first."""
    template = _site(engine, kind.name)
    prepared = kind(template, _site(engine, f"truth_{kind.name}"))
    template.keep_as_template()
    return prepared


def _site(engine: str, name: str) -> t.Any:
    root = releases()
    if engine == "duckdb":
        return DuckdbSite(root, root / f"{name}.duckdb")
    site = PostgresSite(root, f"countersign_test_{os.getpid()}_{name}")
    atexit.register(site.remove, and_template=True)
    return site


@functools.cache
def releases() -> Path:
    """A directory with every release of the project."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    root = Path(folder.name)
    for release, change in {
        "good": None,
        "truth": None,
        "bad": "bad_release",
        "switch": "bad_switch",
        "plain": "forward_only",
        "dropped": "dropped_column",
    }.items():
        shutil.copytree(DEMO / "project", root / release)
        if change:
            shutil.copytree(DEMO / change, root / release, dirs_exist_ok=True)
    shutil.copy(DEMO / "bad_release" / GOOD_CHANGE, root / "truth" / GOOD_CHANGE)
    (root / "switch" / "models" / f"{REMOVED.replace('.', '/')}.sql").unlink()
    return root
