"""Which metrics a query of a dashboard asks for: PromQL in which Grafana fills in variables."""

from __future__ import annotations

import re
from functools import lru_cache

from slogen.promql.query import matchers, selectors
from slogen.promql.spelling import STRING

# What Prometheus, Alertmanager and Thanos tell of themselves, as far as a dashboard of slogen asks for it.
SERVER_METRICS = frozenset({
    "ALERTS", "ALERTS_FOR_STATE", "alertmanager_notifications_failed_total", "alertmanager_notifications_total",
    "prometheus_notifications_dropped_total", "prometheus_rule_evaluation_failures_total",
    "prometheus_rule_group_interval_seconds", "prometheus_rule_group_iterations_missed_total",
    "prometheus_rule_group_last_duration_seconds", "prometheus_tsdb_head_series",
    "thanos_alert_sender_alerts_dropped_total", "thanos_compact_halted", "thanos_rule_evaluation_with_warnings_total",
    "thanos_rule_loaded_rules", "thanos_shipper_upload_failures_total", "thanos_shipper_uploads_total", "up",
})  # fmt: skip
# Matchers say nothing of the name, but one on it: queries that differ in them alone are read once.
_MATCHERS = re.compile(rf"(?<!\$)\{{(?:[^{{}}\"'`]|{STRING})*\}}")
_NUMBER = re.compile(r"\$\{?__(?:\w+_m?s|from|to)\b\}?")
_TIME = re.compile(r"\$\{?__\w+\}?|(?<=[\[:])\$(?:\w+|\{[^}]*\})")
_LABELS = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)")
_WORD = re.compile(r"\$(?:\w+|\{[^}]*\})")


def metrics(query: str) -> frozenset[str]:
    """Return the names of the metrics that a query asks for; one that is asked by a pattern has none.

    Raises QueryError.
    """
    return _metrics(_MATCHERS.sub(lambda found: found[0] if "__name__" in found[0] else "", query))


@lru_cache(maxsize=4096)
def _metrics(query: str) -> frozenset[str]:
    filled = _TIME.sub("1h", _NUMBER.sub("3600", query))
    filled = _WORD.sub("1", _LABELS.sub(lambda found: _WORD.sub("x", found[0]), filled))
    asked = (matcher for selector in selectors(filled) for matcher in matchers(selector))
    return frozenset(value for label, operator, value in asked if (label, operator) == ("__name__", "="))
