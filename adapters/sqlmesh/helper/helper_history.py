"""A stage with models that a release changes in place and that others read: what is restated takes those along."""

from __future__ import annotations

import shutil
import typing as t

from helper_site import DEMO
from helper_stage import releases

CHANNELS, PROFILE = "marts.order_channels", "marts.customer_profile"
TALLY, DAYS = "marts.channel_tally", "marts.channel_days"

IN_PLACE = """
MODEL (
  name marts.order_channels,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column ordered_on, forward_only TRUE, on_destructive_change allow
  ),
  grain order_id
);
SELECT
  order_id::BIGINT AS order_id,
  {channel}
  ordered_on::DATE AS ordered_on
FROM raw.orders
WHERE ordered_on BETWEEN @start_date AND @end_date
"""
CHANNEL = "(customer_id % 3)::BIGINT AS channel,"
# Filled day by day: what is computed anew loses the days that its sources do not have.
BIT_BY_BIT = """
MODEL (name marts.channel_tally, kind INCREMENTAL_BY_TIME_RANGE (time_column ordered_on));
SELECT ordered_on::DATE AS ordered_on, COUNT(*)::BIGINT AS orders
FROM marts.order_channels
WHERE ordered_on BETWEEN @start_date AND @end_date
GROUP BY ordered_on
"""
WHOLE = """
MODEL (name marts.channel_days, kind FULL);
SELECT COUNT(DISTINCT ordered_on)::BIGINT AS days, COUNT(*)::BIGINT AS orders FROM marts.order_channels
"""


class HistoryStage:
    """Two models are there as they shall be: it is the truth itself."""

    name = "history"

    def __init__(self, template: t.Any, _: t.Any) -> None:
        _write("whole", "forward_only", CHANNEL)
        _write("less", "dropped_column", "")
        self.template = template
        template.fill()
        template.deploy("whole")
        self.state: dict = template.ask("inspect")[1]
        self.truth_content = template.content()


def _write(release: str, profile: str, channel: str) -> None:
    folder = releases() / release
    if folder.exists():
        return
    shutil.copytree(DEMO / "project", folder)
    shutil.copytree(DEMO / profile, folder, dirs_exist_ok=True)
    for name, text in (
        ("order_channels", IN_PLACE.format(channel=channel)),
        ("channel_tally", BIT_BY_BIT),
        ("channel_days", WHOLE),
    ):
        (folder / "models" / "marts" / f"{name}.sql").write_text(text)
