"""Comparing what is measured after a rollback with what its release had; needs no SQLMesh."""

from __future__ import annotations

import unittest

from countersign_data import DEFAULT_TOLERANCE, _check_measured


class Baseline(unittest.TestCase):
    """Rows against what a release had: fewer is wrong, more is normal up to a point."""

    def verdicts(self, base: dict, **limits: float) -> list[str]:
        tolerance = limits.get("tolerance", DEFAULT_TOLERANCE)
        found: list[str] = []
        for rows in (94, 98, 100, 104, 149, 151):
            measured = {"rows": rows, "duplicates": None, "max_time": None}
            _check_measured(
                "marts.a", measured, base, (tolerance, limits.get("growth")),
                lambda name, model, outcome, *rest: found.append(outcome),
            )
        return found

    def test_growth_is_normal(self) -> None:
        ok, bad, ask = "pass", "fail", "inconclusive"
        base = {"rows": 100}
        self.assertEqual(self.verdicts(base), [bad, ok, ok, ok, bad, bad])
        grown = self.verdicts(base, tolerance=0.01, growth=0.5)
        self.assertEqual(grown, [bad, bad, ok, ok, ok, ask])


if __name__ == "__main__":
    unittest.main()
