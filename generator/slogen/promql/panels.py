"""What dashboards ask: recorded series, of the slow groups through their last ten minutes.

`$of` is the selector of SLOs, `$matchers` the same without braces. A recorded series or an alert of a slow group is
written every five minutes, so an instant query between two of them could find nothing. Series of several clusters,
or of several `by` values, are compared one by one, and the worst is shown; `cluster` is a label where a query sees
several Prometheus, and no label matches none.
"""

from __future__ import annotations

from slogen.promql import names
from slogen.promql.meta import OURS
from slogen.promql.template import Promql

# --- pieces ---------------------------------------------------------------------------------------------------------

_BUDGET = "last_over_time(slo:period_error_budget_remaining:ratio$of[10m])"
_BURN_1H = "slo:sli_error:ratio_rate1h$of / on (cluster, service, slo) group_left () slo:error_budget:ratio$of"
_MEASURED = "(slo:sli_total:rate5m$of and slo:sli_errors:rate5m$of)"
# Pages are alerts of a fast group, tickets of a slow one.
_BURN_ALERT = f'alertname="{names.BURN_ALERT}"'
_PAGES = f'ALERTS{{{_BURN_ALERT},$matchers,severity="critical",alertstate="firing",escalation=""}}'
_TICKETS = f'last_over_time(ALERTS{{{_BURN_ALERT},$matchers,severity="warning",alertstate="firing"}}[10m])'
_SILENT = f'ALERTS{{alertname="{names.NO_DATA_ALERT}",$matchers,alertstate="firing",escalation=""}}'
_BURN_OR_NO_DATA = 'alertname=~"SLO(ErrorBudgetBurn|NoData)"'
# A cluster that nobody hears of has recorded its objective in the last hours.
_UNMEASURED = f"""
  group by (cluster, service, slo) (last_over_time(slo:objective:ratio$of[6h]))
  unless
  group by (cluster, service, slo) {_MEASURED}
"""
# 4 page, 3 no data, 2 ticket, 1 no traffic, 0 fine; nothing when the objective was not even recorded in the last hours.
# Nothing is fine because something is missing: 0 is the measured ratio times 0.
STATES = Promql(f"""
4 * max by (service, slo) ({_PAGES})
or
3 * max by (service, slo) ({_SILENT})
or
3 * max by (service, slo) ({_UNMEASURED})
or
2 * max by (service, slo) ({_TICKETS})
or
0 * max by (service, slo) (slo:sli_error:ratio_rate5m$of)
or
1 + max by (service, slo) (slo:sli_total:rate5m$of == 0)
""")
STATE = Promql("max($states)")

# --- one SLO --------------------------------------------------------------------------------------------------------

BURN = Promql(
    "max(slo:sli_error:ratio_rate$window$of / on (cluster, service, slo) group_left () slo:error_budget:ratio$of)"
)
SLOW_BURN = Promql("""
max(
  last_over_time(slo:sli_error:ratio_rate$window$of[10m])
  / on (cluster, service, slo) group_left () slo:error_budget:ratio$of
)
""")
FAILING = Promql("max(slo:sli_error:ratio_rate5m$of)")
FAILED = Promql("sum(slo:sli_errors:rate5m$of)")
EVENTS = Promql("sum(slo:sli_total:rate5m$of)")
A_MINUTE = Promql("60 * $rate")
GOOD = Promql("1 - max(slo:sli_error:ratio_rate$window$of)")
OBJECTIVE = Promql("max(slo:objective:ratio$of)")
# What was left when it was last measured is not what is left.
LEFT = Promql(f"min({_BUDGET}) and on () max{_MEASURED}")
TIME_LEFT = Promql("($left) * $seconds")
LEFT_OVER_TIME = Promql(f"min({_BUDGET})")
# What is left at each moment of what was spent since the last period began, and a budget that is spent evenly in it.
LEFT_SINCE = Promql("""
min(
  1
  - sum_over_time(
      (
        slo:sli_errors:avg_rate5m$of
        and on ()
        vector(time()) > scalar(max(timestamp(slo:objective:ratio$of @ end()))) - $seconds
      )[$period:5m]
    )
  / (sum_over_time(slo:sli_total:avg_rate5m$of[$period] @ end()) > 0)
  * clamp_max(count_over_time(slo:sli_total:avg_rate5m$of[$period] @ end()) * 300 / $seconds, 1)
  / on (cluster, service, slo) group_left ()
    slo:error_budget:ratio$of @ end()
)
""")
SPENT_EVENLY = Promql("(max(timestamp(slo:objective:ratio$of @ end())) - time()) / $seconds")
# As if it went on as in the last hour: 0 when nothing is left (0 times less than 0 is -0, which no mapping knows), -1
# when the burn spends no more than allowed.
GONE_IN = Promql(f"""
0 * (min({_BUDGET}) <= 0) + 0 and on () max{_MEASURED}
or
min({_BUDGET} * $seconds / ({_BURN_1H} > 1))
or
0 * (max({_BURN_1H}) <= 1) - 1
""")
# The clock of the ladder goes on through a restart; tickets and missing data have none. `$by` may keep a series an SLO.
SINCE = Promql(f"""
1000 * min$by(slogen:incident_start:timestamp_seconds{{{_BURN_ALERT},$matchers}})
or
1000 * min$by(
  last_over_time(ALERTS_FOR_STATE{{{_BURN_OR_NO_DATA},$matchers,escalation=""}}[10m])
  and on (alertname, cluster, service, slo, severity)
  last_over_time(
    ALERTS{{{_BURN_OR_NO_DATA},$matchers,alertstate="firing",escalation=""}}[10m]
  )
)
""")
TIER = Promql('label_replace($value, "windows", "$told", "", "")')
FACTOR = Promql("vector($factor)")
# 0, or $told when both windows of one series are above.
TIER_FIRES = Promql("$told * max(($short > bool $threshold) * ($long > bool $threshold))")
RATIO = Promql("slo:sli_error:ratio_rate$window$of")
SLOW_RATIO = Promql("last_over_time(slo:sli_error:ratio_rate$window$of[10m])")
# Of raw counters, all and bad events of each value of a label; what was never bad is 0.
RATE = Promql("rate($selector[$interval])")
BAD_EACH = Promql("sum by ($label) ($bad) or 0 * sum by ($label) ($all)")
NOT_GOOD_EACH = Promql("sum by ($label) ($all) - (sum by ($label) ($good) or 0 * sum by ($label) ($all))")
HIGHEST_BUCKET = Promql("max without (le) ($bucket)")
SLOWER_NATIVE_EACH = Promql("""
histogram_count(sum by ($label) ($rate)) * (1 - histogram_fraction(-Inf, $bound, sum by ($label) ($rate)))
or
0 * histogram_count(sum by ($label) ($rate))
""")
NATIVE_COUNT = Promql("histogram_count($rate)")
NOT_IN_BUCKET_EACH = Promql("sum by ($label) ($all) - sum by ($label) ($bucket)")
# As burn: the bars add up to that of the SLO, and are 0 where there are no events.
SHARES = Promql("""
topk(10,
  sum by ($label) ($bad)
  / scalar(clamp_min(sum($all), 1e-9))
  / scalar(max(slo:error_budget:ratio$of))
)
""")
# Of sampled SLIs, whose burn is the mean of those of their series.
BURN_EACH = Promql("""
topk(10,
  ($errors)
  / ($total)
  / scalar(max(slo:error_budget:ratio$of))
)
""")
BURN_BY = Promql("""
topk(10,
  max by ($label) (
    slo:sli_error:ratio_rate5m$of / on (cluster, service, slo) group_left () slo:error_budget:ratio$of
  )
)
""")
# An instant selector forgets what is older than five minutes.
FRESH = Promql("time() - min by () (max by (cluster) (max_over_time(timestamp(slo:objective:ratio$of)[1h:1m])))")
FRESH_SLOW = Promql("""
time() - min by () (max by (cluster) (max_over_time(timestamp(slo:period_error_budget_remaining:ratio$of)[1h:1m])))
""")
QUANTILE = Promql("histogram_quantile($share, sum by (le) (rate($buckets[$interval])))")
QUANTILE_NATIVE = Promql("histogram_quantile($share, sum(rate($histogram[$interval])))")
BUCKETS = Promql("sum by (le) (rate($buckets[$interval]))")
BUCKETS_NATIVE = Promql("sum(rate($histogram[$interval]))")
# 2 page, 1 ticket. What lasted for less than a step of the graph is seen all the same.
FIRED = Promql("""
2 * max by ($labels) (max_over_time(ALERTS{$matchers,severity="critical",alertstate="firing",escalation=""}[$interval]))
or
max by ($labels) (max_over_time(ALERTS{$matchers,severity="warning",alertstate="firing",escalation=""}[$interval]))
""")
# Regions in the graphs of a page.
FIRING = Promql("""
max by ($labels) (ALERTS{$matchers,alertstate="firing",escalation="",severity="$severity"})
""")
# All alerts of a service that fire, and since when: pages by the minute, others through their slow groups.
SERVICE_ALERTS = Promql("""
1000 * min by (alertname, slo, severity) (
  last_over_time(ALERTS_FOR_STATE{$matchers,escalation="",severity!="none"}[10m])
  and on (alertname, cluster, service, slo, severity)
  (
    ALERTS{$matchers,alertstate="firing",escalation="",severity="critical"}
    or
    last_over_time(ALERTS{$matchers,alertstate="firing",escalation="",severity!~"critical|none"}[10m])
  )
)
""")

# --- all SLOs that match, a series each -----------------------------------------------------------------------------

PAGES = Promql("max by (service, slo, dashboard) (slogen_slo_info$of)")
EVENTS_EACH = Promql("sum by (slo) (slo:sli_total:rate5m$of)")
OBJECTIVES = Promql("max by (service, slo) (slo:objective:ratio$of)")
BURNS = Promql("""
max by (service, slo) (
  slo:sli_error:ratio_rate$window$of / on (cluster, service, slo) group_left () slo:error_budget:ratio$of
)
""")
# The last hour against the one before it, as multiples of what is allowed.
TREND = Promql(f"""
max by (service, slo) ({_BURN_1H})
-
max by (service, slo) (
  slo:sli_error:ratio_rate1h$of offset 1h / on (cluster, service, slo) group_left () slo:error_budget:ratio$of
)
""")
# The lanes of those that fired longest in the time of the page.
FIRED_LONGEST = Promql("""
($fired)
and on (service, slo)
topk($most, max by (service, slo) (
  count_over_time(ALERTS{$matchers,alertstate="firing",escalation=""}[$range] @ end())
))
""")
LEFTS = Promql(f"""
(
  min by (service, slo) ({_BUDGET})
  and
  max by (service, slo) {_MEASURED}
)
""")
# The period of each SLO is recorded in days.
GONE_INS = Promql(f"""
(0 * (min by (service, slo) ({_BUDGET}) <= 0) + 0 and max by (service, slo) {_MEASURED})
or
min by (service, slo) (
  86400 * {_BUDGET} * on (cluster, service, slo) group_left () slo:time_period:days$of
  / ({_BURN_1H} > 1)
)
or
0 * (max by (service, slo) ({_BURN_1H}) <= 1) - 1
""")
# Numbers of SLOs: 0 is that of the objectives which are recorded, so that nothing recorded is not none.
COUNT = Promql("count($which) or 0 * count(slo:objective:ratio$of)")
ALL = Promql("count($objectives)")
PAGING = Promql(f"group by (service, slo) ({_PAGES})")
TICKETS = Promql(f"group by (service, slo) ({_TICKETS})")
TOO_FAST = Promql("$burns > 1")
SPENT = Promql("$lefts <= 0")
UNMEASURED = Promql(f"group by (service, slo) ({_UNMEASURED})")
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
USED_BEFORE = Promql("""
sum by (service, slo) (sum_over_time(slo:sli_errors:avg_rate5m$of[$range] offset $range))
/ (sum by (service, slo) (sum_over_time(slo:sli_total:avg_rate5m$of[$range] offset $range)) > 0)
/ max by (service, slo) (last_over_time(slo:error_budget:ratio$of[1h]))
""")
# A sample a day: how much faster than allowed the day that begins there was spent, of the SLOs that used most of all.
DAYS = Promql("""
(
  sum by (service, slo) (sum_over_time(slo:sli_errors:avg_rate5m$of[1d] offset -1d))
  / (sum by (service, slo) (sum_over_time(slo:sli_total:avg_rate5m$of[1d] offset -1d)) > 0)
  / max by (service, slo) (last_over_time(slo:error_budget:ratio$of[1d] @ end() offset -1d))
)
and on (service, slo)
topk($most,
  sum by (service, slo) (sum_over_time(slo:sli_errors:avg_rate5m$of[$range] @ end() offset -1d))
  / (sum by (service, slo) (sum_over_time(slo:sli_total:avg_rate5m$of[$range] @ end() offset -1d)) > 0)
  / max by (service, slo) (last_over_time(slo:error_budget:ratio$of[1d] @ end() offset -1d))
)
""")
# The clock of an incident changes when the next one begins; the first one is none that changed.
PAGES_BEGUN = Promql("""
max by (service, slo) (1 + changes(slogen:incident_start:timestamp_seconds{$matchers}[$range]))
""")
# Which part of the time was measured, of the series that was for the shortest time.
COVERED = Promql("""
min by (service, slo) (count_over_time(slo:sli_total:avg_rate5m$of[$range])) * 300 / $seconds
""")
BAD_EVENTS = Promql("300 * sum by (service, slo) (sum_over_time(slo:sli_errors:avg_rate5m$of[$range]))")
ALL_EVENTS = Promql("300 * sum by (service, slo) (sum_over_time(slo:sli_total:avg_rate5m$of[$range]))")
SECONDS_FIRING = Promql("""
$every * max by (service, slo) (
  count_over_time(
    ALERTS{$matchers,severity="$severity",alertstate="firing",escalation=""}[$range]
  )
)
""")
LONGEST_OUTAGE = Promql("max by (service, slo) (max_over_time(slo:outage:seconds$of[$range]))")
PROMISED = Promql("max by (service, slo) (last_over_time(slo:objective:ratio$of[1h]))")
MOST_USED = Promql("topk(10, $used)")
# Numbers of SLOs: 0 is that of the measured ones, so that nothing measured is not none.
KEPT = Promql("count((($used) and ($covered) >= $enough) <= 1) or 0 * count($covered)")
MISSED = Promql("count(($used) > 1) or 0 * count($covered)")
UNCOVERED = Promql("count(($covered) < $enough unless ($used) > 1) or 0 * count($covered)")

# --- the servers ----------------------------------------------------------------------------------------------------

OLDEST = Promql("""
topk(5, time() - max by (cluster, service) (max_over_time(timestamp(slo:objective:ratio)[1h:1m])))
""")
OLDEST_SLOW = Promql("""
topk(5, time() - max by (cluster, service) (
  max_over_time(timestamp(slo:period_error_budget_remaining:ratio)[1h:1m])
))
""")
# In the last quarter of an hour.
FAILED_EVALUATIONS = Promql(f"sum(increase(prometheus_rule_evaluation_failures_total{{{OURS}}}[15m]))")
MISSED_EVALUATIONS = Promql(f"sum(increase(prometheus_rule_group_iterations_missed_total{{{OURS}}}[15m]))")
DROPPED_ALERTS = Promql("sum(min by (instance) (increase(prometheus_notifications_dropped_total[15m])))")
FAILED_NOTIFICATIONS = Promql("sum(increase(alertmanager_notifications_failed_total[15m]))")
INCOMPLETE_ANSWERS = Promql("sum(increase(thanos_rule_evaluation_with_warnings_total[15m]))")
RULER_DROPPED_ALERTS = Promql("sum(increase(thanos_alert_sender_alerts_dropped_total[15m]))")

_WATCHDOG = f'alertname="{names.WATCHDOG_ALERT}",alertstate="firing"'
WATCHDOG = Promql(f"max(ALERTS{{{_WATCHDOG}}})")
# In each cluster; of a Prometheus itself, without the label, there is one.
WATCHDOGS = Promql(f"""
(count(count by (cluster) (ALERTS{{{_WATCHDOG}}})) == bool $clusters)
or
(count by () (ALERTS{{{_WATCHDOG},cluster=""}}) > bool 0)
""")
# Whether pages can be believed: 3 rules are not evaluated, 2 no Alertmanager takes alerts, 1 some are not delivered.
# 0 is said only when all of them are known, and the watchdog, where there is one, fires.
TRUST = Promql("""
3 + 0 * (($failed) > 0)
or
3 + 0 * (($missed) > 0)
or
2 + 0 * (($dropped) > 0)
or
1 + 0 * (($undelivered) > 0)
or
0 * (($failed) + ($missed) + ($dropped) + ($undelivered))
""")
WATCHED = Promql("""
3 + 0 * (($watchdog) == 0)
or
(
$trust
)
and on () ($watchdog) == 1
""")
# What is lost by Prometheus or by a ruler; each may be one that is not there.
EITHER = Promql("($one) + ($other) or ($one) or ($other)")
UNANSWERED = Promql("count(up == 0) or 0 * count(up)")
SERIES = Promql("max by (instance) (prometheus_tsdb_head_series)")
RULERS = Promql("count(count by (instance) (thanos_rule_loaded_rules > 0))")
HALTED = Promql("max(thanos_compact_halted)")

_TOOK = f"prometheus_rule_group_last_duration_seconds{{{OURS}}}"
_INTERVAL = f"prometheus_rule_group_interval_seconds{{{OURS}}}"
SLOWEST_GROUPS = Promql(f"topk(20, max by (rule_group) ({_TOOK} / {_INTERVAL}))")
GROUPS_TOOK = Promql(f"max by (rule_group) ({_TOOK})")
GROUPS_FAILED = Promql(f"sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total{{{OURS}}}[15m]))")

# A minute and an hour.
SENT = Promql("60 * sum by (integration) (rate(alertmanager_notifications_total[$interval]))")
SENT_FAILED = Promql("60 * sum by (integration) (rate(alertmanager_notifications_failed_total[$interval]))")
UPLOADS = Promql("3600 * sum(rate(thanos_shipper_uploads_total[1h]))")
UPLOADS_FAILED = Promql("3600 * sum(rate(thanos_shipper_upload_failures_total[1h]))")
