"""The rules that others write for one SLO over 30 days: pairs of evaluation interval in seconds and expression.

The windows are those that Sloth and Pyrra write by default, evaluated every 30 s (Pyrra reads the whole period every
2m30s). Recorded series have slogen's names where the rule reads one sample, which costs the same.
"""

from __future__ import annotations

_RAW = 'sum(rate(http_requests_total{job="web",code=~"5.."}[W]))\n/\nsum(rate(http_requests_total{job="web"}[W]))'
_SLO = '{service="web-1",slo="slo-0"}'
_SHORT_TO_LONG = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
_SCALED = ("5m", "32m", "1h4m", "2h9m", "6h26m", "1d1h43m", "4d6h51m")  # Pyrra's 28d windows times 30/28
_TIERS = (("5m", "1h", 14.4), ("30m", "6h", 6), ("2h", "1d", 3), ("6h", "3d", 1))
_EVERY, _PERIOD_EVERY = 30, 150

Rules = tuple[tuple[int, str], ...]


def _ratio(window: str) -> str:
    return f"slo:sli_error:ratio_rate{window}{_SLO}"


def _burn(short: str, long: str, factor: float) -> str:
    return f"{_ratio(short)} > ({factor} * 0.01) and {_ratio(long)} > ({factor} * 0.01)"


def _windows(windows: tuple[str, ...]) -> Rules:
    return tuple((_EVERY, _RAW.replace("W", window)) for window in windows)


RAW: Rules = (*_windows((*_SHORT_TO_LONG, "30d")), *((_EVERY, _burn(*tier)) for tier in _TIERS))
SLOTH: Rules = (
    *_windows(_SHORT_TO_LONG),
    (_EVERY, f"sum_over_time({_ratio('5m')}[30d]) / count_over_time({_ratio('5m')}[30d])"),
    (_EVERY, f"{_ratio('5m')} / slo:error_budget:ratio{_SLO}"),
    (_EVERY, f"{_ratio('30d')} / slo:error_budget:ratio{_SLO}"),
    (_EVERY, f"1 - slo:period_burn_rate:ratio{_SLO}"),
    *((_EVERY, _burn(*tier)) for tier in _TIERS),
)
PYRRA: Rules = (
    *_windows(_SCALED),
    (_PERIOD_EVERY, 'sum by (code) (increase(http_requests_total{job="web"}[30d]))'),
    (_PERIOD_EVERY, 'absent(http_requests_total{job="web"}) == 1'),
    *((_EVERY, _burn(*tier)) for tier in _TIERS),
)
PEERS: dict[str, Rules] = {
    "every window of raw series, 30d too, every 30 s": RAW,
    "Sloth: raw windows up to 3d, 30d from recorded ratios": SLOTH,
    "Pyrra: raw windows up to 4d6h51m, raw 30d every 2m30s": PYRRA,
}
