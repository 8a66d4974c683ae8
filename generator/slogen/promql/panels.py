"""What dashboards ask: recorded series, of the slow groups through their last ten minutes.

`$of` is the selector of one SLO, `$matchers` the same without braces. A recorded series of a slow group is written
every five minutes, so an instant query between two of them could find nothing.
"""

from __future__ import annotations

from slogen.promql.template import Promql

# 4 page, 3 no data, 2 ticket, 1 no traffic, 0 fine; nothing when not even the objective is recorded. Nothing is fine
# because something is missing: 0 is the measured ratio times 0.
STATE = Promql("""
4 * max(ALERTS{alertname="SLOErrorBudgetBurn",$matchers,severity="critical",alertstate="firing",escalation=""})
or
3 * max(ALERTS{alertname="SLONoData",$matchers,alertstate="firing",escalation=""})
or
3 * max(
  (slo:objective:ratio$of > bool 0)
  unless on (cluster, service, slo)
  (slo:sli_total:rate5m$of and slo:sli_errors:rate5m$of)
)
or
2 * max(ALERTS{alertname="SLOErrorBudgetBurn",$matchers,severity="warning",alertstate="firing"})
or
0 * max(slo:sli_error:ratio_rate5m$of)
or
1 + max(slo:sli_total:rate5m$of == 0)
""")
BURN = Promql("max(slo:sli_error:ratio_rate$window$of) / scalar(max(slo:error_budget:ratio$of))")
SLOW_BURN = Promql(
    "max(last_over_time(slo:sli_error:ratio_rate$window$of[10m])) / scalar(max(slo:error_budget:ratio$of))"
)
FAILING = Promql("max(slo:sli_error:ratio_rate5m$of)")
FAILED = Promql("sum(slo:sli_errors:rate5m$of)")
EVENTS = Promql("sum(slo:sli_total:rate5m$of)")
GOOD = Promql("1 - max(slo:sli_error:ratio_rate$window$of)")
GOOD_OF_PERIOD = Promql("1 - max(last_over_time(slo:sli_error:ratio_rate$window$of[10m]))")
# What was left when it was last measured is not what is left.
LEFT = Promql("""
min(last_over_time(slo:period_error_budget_remaining:ratio$of[10m])) and on () max(slo:sli_total:rate5m$of)
""")
LEFT_OVER_TIME = Promql("min(last_over_time(slo:period_error_budget_remaining:ratio$of[10m]))")
# As if it went on as in the last hour; -1 when that spends no more than allowed.
GONE_IN = Promql("""
(
  clamp_min(min(last_over_time(slo:period_error_budget_remaining:ratio$of[10m])), 0) * $seconds
  / (max(slo:sli_error:ratio_rate1h$of) / scalar(max(slo:error_budget:ratio$of)) > 1)
)
or
0 * (max(slo:sli_error:ratio_rate1h$of) / scalar(max(slo:error_budget:ratio$of)) <= 1) - 1
""")
SINCE = Promql("""
1000 * min(
  ALERTS_FOR_STATE{alertname="SLOErrorBudgetBurn",$matchers,severity="critical",escalation=""}
  and on (cluster, service, slo)
  ALERTS{alertname="SLOErrorBudgetBurn",$matchers,severity="critical",alertstate="firing",escalation=""}
)
or
1000 * min(
  ALERTS_FOR_STATE{alertname=~"SLO(ErrorBudgetBurn|NoData)",$matchers,escalation=""}
  and on (alertname, cluster, service, slo, severity)
  ALERTS{alertname=~"SLO(ErrorBudgetBurn|NoData)",$matchers,alertstate="firing",escalation=""}
)
""")
TIER = Promql('label_replace($value, "windows", "$told", "", "")')
TIER_FIRES = Promql("($short > bool $factor) * ($long > bool $factor)")
# Bad events of each value, as burn: the bars add up to the burn of the SLO.
SHARES = Promql("""
topk(10,
  sum by ($label) ($bad)
  / scalar(sum($all))
  / scalar(max(slo:error_budget:ratio$of))
)
""")
FRESH = Promql("time() - max(timestamp(slo:sli_error:ratio_rate5m$of))")
FRESH_SLOW = Promql("time() - max(max_over_time(timestamp(slo:period_error_budget_remaining:ratio$of)[30m:1m]))")
QUANTILE = Promql("histogram_quantile($share, sum by (le) (rate($buckets[$interval])))")
FIRING = Promql('ALERTS{$matchers,alertstate="firing",severity=~"critical|warning",escalation=""}')
CAUSES = Promql("""
max by (alertname, severity) (ALERTS{service="$service",alertstate="firing",slo="",escalation="",severity!="none"})
""")

# --- all SLOs that match, a series each -----------------------------------------------------------------------------

STATES = Promql("""
4 * max by (service, slo) (
  ALERTS{alertname="SLOErrorBudgetBurn"$and,severity="critical",alertstate="firing",escalation=""}
)
or
3 * max by (service, slo) (ALERTS{alertname="SLONoData"$and,alertstate="firing",escalation=""})
or
3 * max by (service, slo) (
  (slo:objective:ratio$of > bool 0)
  unless on (cluster, service, slo)
  (slo:sli_total:rate5m$of and slo:sli_errors:rate5m$of)
)
or
2 * max by (service, slo) (ALERTS{alertname="SLOErrorBudgetBurn"$and,severity="warning",alertstate="firing"})
or
0 * max by (service, slo) (slo:sli_error:ratio_rate5m$of)
or
1 + max by (service, slo) (slo:sli_total:rate5m$of == 0)
""")
OBJECTIVES = Promql("max by (service, slo) (slo:objective:ratio$of)")
BURNS = Promql("""
max by (service, slo) (slo:sli_error:ratio_rate$window$of)
/
max by (service, slo) (slo:error_budget:ratio$of)
""")
LEFTS = Promql("""
min by (service, slo) (last_over_time(slo:period_error_budget_remaining:ratio$of[10m]))
and
max by (service, slo) (slo:sli_total:rate5m$of)
""")
# As if it went on as in the last hour; the period of each SLO is recorded in days.
GONE_INS = Promql("""
clamp_min(min by (service, slo) (last_over_time(slo:period_error_budget_remaining:ratio$of[10m])), 0)
* 86400 * max by (service, slo) (slo:time_period:days$of)
/ (
  max by (service, slo) (slo:sli_error:ratio_rate1h$of) / max by (service, slo) (slo:error_budget:ratio$of) > 1
)
or
0 * (
  max by (service, slo) (slo:sli_error:ratio_rate1h$of) / max by (service, slo) (slo:error_budget:ratio$of) <= 1
) - 1
""")
SINCES = Promql("""
1000 * min by (service, slo) (
  ALERTS_FOR_STATE{alertname=~"SLO(ErrorBudgetBurn|NoData)"$and,escalation=""}
  and on (alertname, cluster, service, slo, severity)
  ALERTS{alertname=~"SLO(ErrorBudgetBurn|NoData)"$and,alertstate="firing",escalation=""}
)
""")
# Numbers of SLOs: 0 is that of the objectives which are recorded, so that nothing recorded is not none.
COUNT = Promql("count($which) or 0 * count(slo:objective:ratio$of)")
PAGING = Promql("""
group by (service, slo) (
  ALERTS{alertname="SLOErrorBudgetBurn"$and,severity="critical",alertstate="firing",escalation=""}
)
""")
TICKETS = Promql("""
group by (service, slo) (ALERTS{alertname="SLOErrorBudgetBurn"$and,severity="warning",alertstate="firing"})
""")
UNMEASURED = Promql("""
group by (service, slo) (slo:objective:ratio$of)
unless
group by (service, slo) (slo:sli_total:rate5m$of and slo:sli_errors:rate5m$of)
""")
WORST = Promql("bottomk(10, $lefts)")

# --- the report: of the time range of the page ----------------------------------------------------------------------

ACHIEVED = Promql("""
1 - sum by (service, slo) (sum_over_time(slo:sli_errors:avg_rate5m$of[$range]))
/ (sum by (service, slo) (sum_over_time(slo:sli_total:avg_rate5m$of[$range])) > 0)
""")
USED = Promql("""
sum by (service, slo) (sum_over_time(slo:sli_errors:avg_rate5m$of[$range]))
/ (sum by (service, slo) (sum_over_time(slo:sli_total:avg_rate5m$of[$range])) > 0)
/ max by (service, slo) (last_over_time(slo:error_budget:ratio$of[1h]))
""")
BAD_EVENTS = Promql("300 * sum by (service, slo) (sum_over_time(slo:sli_errors:avg_rate5m$of[$range]))")
ALL_EVENTS = Promql("300 * sum by (service, slo) (sum_over_time(slo:sli_total:avg_rate5m$of[$range]))")
SECONDS_FIRING = Promql("""
$every * max by (service, slo) (
  count_over_time(ALERTS{alertname="SLOErrorBudgetBurn"$and,severity="$severity",alertstate="firing",escalation=""}[$range])
)
""")
PROMISED = Promql("max by (service, slo) (last_over_time(slo:objective:ratio$of[1h]))")

# --- the servers ----------------------------------------------------------------------------------------------------

OLDEST = Promql("topk(10, time() - max by (service, slo) (timestamp(slo:objective:ratio)))")
