"""A call of SQLMesh's command line that stops in its middle while others go on."""

from __future__ import annotations

import concurrent.futures
import tempfile
import time
import typing as t
from pathlib import Path

from helper_nursery import PATIENCE, Ended, Nursery
from helper_site import Site


class Held:
    """`sqlmesh` on a release, held before its first statement that contains `before`."""

    def __init__(self, site: Site, before: str, release: str, *arguments: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._mark = Path(self._folder.name, "waits")
        # A nursery has one call at a time, and this one takes as long as it is held.
        self._nursery = Nursery()
        self._pool = concurrent.futures.ThreadPoolExecutor(max_workers=1)
        argv = ["-p", str(site.root / release), "--gateway", site.gateway, *arguments]
        more = {"folder": str(site.root), "waits_before": before, "mark": str(self._mark)}
        self._call = self._pool.submit(
            self._nursery.call, "sqlmesh", argv, site.variables, **more
        )

    def __enter__(self) -> Held:
        until = time.monotonic() + PATIENCE
        while not self._mark.exists():
            if self._call.done():
                raise AssertionError(f"it ended before it was held: {self._call.result()}")
            if time.monotonic() > until:
                raise AssertionError("it neither ends nor comes to where it is held")
            time.sleep(0.02)
        return self

    def go_on(self) -> Ended:
        """Lets it go on, and gives what comes of it."""
        self._mark.unlink()
        return self._call.result(PATIENCE)

    def __exit__(self, *_: t.Any) -> None:
        self._mark.unlink(missing_ok=True)
        self._pool.shutdown()
        self._nursery.close()
        self._folder.cleanup()
