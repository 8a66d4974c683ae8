"""Templates spell series as PromQL does: those that slogen records are the ones that promql.names knows."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

from slogen.core import Duration
from slogen.promql import burn, names, panels

RECORDED = {value for value in vars(names).values() if isinstance(value, str) and re.match("slo:|slogen[:_]", value)}
RATIO = names.ratio_rate(Duration.of("5m")).removesuffix("5m")


@pytest.mark.parametrize("module", [panels, burn], ids=["panels", "burn"])
def test_every_series_of_a_template_is_a_known_name(module: ModuleType) -> None:
    """A misspelt one would be a query without an answer. A hole may stand for the window."""
    text = Path(str(module.__file__)).read_text("utf-8")
    found = set(re.findall(r"\b(?:slo:|slogen[:_])[a-z0-9_:]+(?:\$(?:window|period|short|long)\b)?", text))
    windows = {name for name in found if re.fullmatch(rf"{RATIO}(?:[0-9]+[mhd]|\$[a-z]+)", name)}
    assert windows
    assert len(found - windows) > 5
    assert found - windows <= RECORDED


def test_alerts_of_an_slo_are_found_by_one_pattern() -> None:
    """Those that say that it burns or is not measured, and no others."""
    (pattern,) = set(re.findall(r'alertname=~"([^"]+)"', panels._BURN_OR_NO_DATA))
    found = {name for name in names.GENERATED_ALERTS if re.fullmatch(pattern, name)}
    assert found == {names.BURN_ALERT, names.NO_DATA_ALERT}
