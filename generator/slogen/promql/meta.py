"""Whether rules are evaluated and alerts sent, asked of the servers' own metrics.

Names of slogen's groups begin with `slogen-`; the label `rule_group` is "file;group" in Prometheus and in Thanos Ruler.
Sources: rules/manager.go and notifier/metric.go of Prometheus, cmd/thanos/rule.go and pkg/alert of Thanos.
"""

from __future__ import annotations

from slogen.promql import names
from slogen.promql.template import Promql

OURS = 'rule_group=~".*;slogen-.+"'
RULES_FAILING = Promql(f"""
sum by (instance, rule_group) (
  increase(prometheus_rule_evaluation_failures_total{{{OURS}}}[$window])
) > 0
""")
RULES_LATE = Promql(f"""
sum by (instance, rule_group) (
  increase(prometheus_rule_group_iterations_missed_total{{{OURS}}}[$window])
) > 0
""")
# Dropped is what no Alertmanager took. Prometheus 3 counts it for each Alertmanager: the least of them is lost.
DROPPED = Promql("min by (instance) (increase(prometheus_notifications_dropped_total[$window])) > 0")
RULER_DROPPED = Promql("sum by (instance) (increase(thanos_alert_sender_alerts_dropped_total[$window])) > 0")
# It was there in the last hours, and is missed until it is back.
RULER_GONE = Promql(f"""
(
  max(max_over_time(thanos_rule_loaded_rules[$memory]))
  or
  max(ALERTS{{alertname="{names.RULER_GONE_ALERT}",alertstate="firing"}})
)
unless max(thanos_rule_loaded_rules)
""")
RULER_INCOMPLETE = Promql("sum by (instance) (increase(thanos_rule_evaluation_with_warnings_total[$window])) > 0")
UPLOADS_FAILING = Promql("sum by (instance) (increase(thanos_shipper_upload_failures_total[$window])) > 0")
COMPACTOR_HALTED = Promql("max by (instance) (thanos_compact_halted) == 1")
