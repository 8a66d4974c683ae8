"""Every series, label and alert name that slogen writes, once."""

from __future__ import annotations

from slogen.core import Duration

ERRORS_RATE = "slo:sli_errors:rate5m"
TOTAL_RATE = "slo:sli_total:rate5m"
ERRORS_AVG = "slo:sli_errors:avg_rate5m"
TOTAL_AVG = "slo:sli_total:avg_rate5m"
OBJECTIVE = "slo:objective:ratio"
BUDGET = "slo:error_budget:ratio"
CURRENT_BURN = "slo:current_burn_rate:ratio"
PERIOD_BURN = "slo:period_burn_rate:ratio"
BUDGET_REMAINING = "slo:period_error_budget_remaining:ratio"
PERIOD_DAYS = "slo:time_period:days"
INFO = "slogen_slo_info"
INCIDENT_START = "slogen:incident_start:timestamp_seconds"
OUTAGE_START = "slogen:outage_start:timestamp_seconds"
OUTAGE = "slo:outage:seconds"

BURN_ALERT = "SLOErrorBudgetBurn"
NO_DATA_ALERT = "SLONoData"
EXHAUSTED_ALERT = "SLOErrorBudgetExhausted"
RECOVERY_ALERT = "SLORecoveryOverdue"
DEPENDENCY_ALERT = "SLODependencyPaging"
WATCHDOG_ALERT = "Watchdog"
# About the servers that evaluate rules and send alerts.
RULES_FAILING_ALERT = "SLORulesFailing"
RULES_LATE_ALERT = "SLORulesLate"
DROPPED_ALERT = "SLONotificationsDropped"
RULER_GONE_ALERT = "SLORulerGone"
RULER_INCOMPLETE_ALERT = "SLORulerIncomplete"
COMPACTOR_HALTED_ALERT = "SLOCompactorHalted"
UPLOADS_FAILING_ALERT = "SLOUploadsFailing"
GENERATED_ALERTS = (
    BURN_ALERT,
    NO_DATA_ALERT,
    EXHAUSTED_ALERT,
    RECOVERY_ALERT,
    DEPENDENCY_ALERT,
    WATCHDOG_ALERT,
    RULES_FAILING_ALERT,
    RULES_LATE_ALERT,
    DROPPED_ALERT,
    RULER_GONE_ALERT,
    RULER_INCOMPLETE_ALERT,
    COMPACTOR_HALTED_ALERT,
    UPLOADS_FAILING_ALERT,
)
PLATFORM_SERVICE = "slogen"  # label `service` of alerts about the servers themselves
NO_SEVERITY = "none"  # of alerts that only mute others, or show that alerts arrive

# External labels that tell copies of a series apart.
PROMETHEUS_REPLICA = "prometheus_replica"
RULER_REPLICA = "thanos_ruler_replica"  # the operator of Prometheus writes this one too
RECEIVE_REPLICA = "receive_replica"
TENANT = "tenant_id"  # receive writes it in any case

# Labels that slogen, Prometheus or Alertmanager give a meaning of their own.
RESERVED_LABELS = frozenset(
    {"service", "slo", "severity", "team", "escalation", "alertname", "alertstate", "le", "quantile"}
)
# Labels that a cause alert gets, whatever its expression gives.
WRITTEN_LABELS = frozenset({"service", "severity", "team", "escalation"})


def ratio_rate(window: Duration) -> str:
    """Return the name of the recorded error ratio over `window`, e.g. `slo:sli_error:ratio_rate1h`."""
    return f"slo:sli_error:ratio_rate{window}"
