"""Every receiver in the configuration, as real amtool of the oldest and of a current version reads it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from slogen.check.routing import SINCE
from tests.unit.emit.told import AMTOOLS, PORTABLE, RECEIVERS, compiled, program


@pytest.mark.parametrize(
    ("amtool", "version", "receivers"),
    [("0.25", "0.25", PORTABLE), ("0.34", "0.25", PORTABLE), ("0.34", "0.28", RECEIVERS)],
)
def test_amtool_takes_every_receiver_of_a_version(
    amtool: str, version: str, receivers: tuple[str, ...], tmp_path: Path
) -> None:
    """Debian's 0.25 takes what needs no newer one; a current one takes what was written for 0.25, too."""
    told = compiled(version, receivers=receivers)
    done = subprocess.run(
        [program(AMTOOLS, amtool), "check-config", str(told.write(tmp_path))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in done.stdout
    assert "- 1 templates" in done.stdout


def test_teams_are_told_by_workflows() -> None:
    """Connectors, which msteams_configs post to, are retired."""
    assert "msteamsv2" in compiled("0.28", receivers=RECEIVERS).integrations()


def test_everybody_but_the_dead_mans_switch_hears_when_it_is_over() -> None:
    """Defaults differ between integrations, so it is written out; to a switch, any message is a sign of life."""
    receivers = yaml.safe_load(compiled("0.28", receivers=RECEIVERS).config)["receivers"]
    for receiver in receivers:
        for key, those in receiver.items():
            if key != "name":
                assert [one["send_resolved"] for one in those] == [receiver["name"] != "watchdog"] * len(those)
    assert "watchdog" in [receiver["name"] for receiver in receivers]


def test_secrets_are_named_by_file_and_nothing_else_is() -> None:
    """What stands in the configuration may be read by all."""
    told = compiled("0.28", receivers=RECEIVERS)
    for kind, integration in told.integrations().items():
        files = [key for key in integration if key.endswith("_file")]
        assert len(files) == (kind not in ("email", "webhook")), kind
    assert set(re.findall(r"/secrets/[a-z]+", told.config)) == {
        f"/secrets/{name}" for name in ("pagerduty", "slack", "opsgenie", "hook", "telegram", "discord", "teams")
    }


def test_what_an_older_version_cannot_carry_is_told() -> None:
    """Of the settings that name a file, these four came after 0.25, or did not work before: docs/decisions/0011."""
    assert {setting: since for setting, (since, _) in SINCE.items()} == {
        ("webhook", "urlFile"): (0, 28),
        ("telegram", "botTokenFile"): (0, 26),
        ("discord", "webhookUrlFile"): (0, 28),
        ("msteams", "webhookUrlFile"): (0, 28),
    }
