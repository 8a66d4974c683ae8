"""Every window expression, once: what a rule's text is made of.

`$of` is the selector of one SLO or of all SLOs of a service, such as `{service="api"}`. `$part` is the
5m window that raw series are read over, `$half` half of it. Formulas: docs/formulas.md.
"""

from __future__ import annotations

from slogen.promql.template import Promql

# The last $part counts exactly, what is older comes from recorded rates; the division by the number of
# parts cancels in the ratio. `or r` serves a service born failing, or back after a gap.
RATIO_HEAD_AND_TAIL = Promql("""
(
  slo:sli_errors:rate5m$of
  + $rest * (avg_over_time(slo:sli_errors:rate5m$of[$tail] offset $half) or slo:sli_errors:rate5m$of)
)
/
(
  slo:sli_total:rate5m$of
  + $rest * (avg_over_time(slo:sli_total:rate5m$of[$tail] offset $half) or slo:sli_total:rate5m$of)
  > 0
)
""")
RATIO_NOW = Promql("""
slo:sli_errors:rate5m$of
/
(slo:sli_total:rate5m$of > 0)
""")
RATIO_SLOW = Promql("""
sum_over_time(slo:sli_errors:avg_rate5m$of[$window])
/
(sum_over_time(slo:sli_total:avg_rate5m$of[$window]) > 0)
""")
ERRORS_AVG = Promql("avg_over_time(slo:sli_errors:rate5m$of[$part])")
TOTAL_AVG = Promql("avg_over_time(slo:sli_total:rate5m$of[$part])")

CURRENT_BURN = Promql("slo:sli_error:ratio_rate5m$of $over slo:error_budget:ratio$of")
PERIOD_BURN = Promql("slo:sli_error:ratio_rate$period$of $over slo:error_budget:ratio$of")
PERIOD_DAYS = Promql("0 * slo:objective:ratio$of + $days")
# An SLO one hour old has not spent a month's budget: burn counts for the part of the period that was seen.
BUDGET_REMAINING = Promql(
    "1 - slo:period_burn_rate:ratio$of * clamp_max(count_over_time(slo:sli_total:avg_rate5m$of[$period]) / $parts, 1)"
)

BURN = Promql("""
slo:sli_error:ratio_rate$short$of > $threshold
and
slo:sli_error:ratio_rate$long$of > $threshold
""")
# At least k bad events in the long window. An avg_over_time times the window would count six for one on a
# young server; the head counts fully at once, else the guard would delay the page.
GUARD_FAST = Promql("""
and
(
  slo:sli_errors:rate5m$of * $seconds
  + $every * (sum_over_time(slo:sli_errors:rate5m$of[$tail] offset $part) or 0 * slo:sli_errors:rate5m$of)
  > $least
)
""")
GUARD_SLOW = Promql("""
and
sum_over_time(slo:sli_errors:avg_rate5m$of[$window]) * $seconds > $least
""")
# An incident does not end because its data vanished: what was firing is held for an hour, unless it had recovered.
VANISHED = Promql("""
(last_over_time(slo:sli_error:ratio_rate5m$of[$hour]) > $threshold unless slo:sli_total:rate5m$of)
and on ($labels)
ALERTS{alertname="SLOErrorBudgetBurn",$matchers,severity="critical",alertstate="firing",escalation=""}
""")
EXHAUSTED = Promql("slo:period_error_budget_remaining:ratio$of <= 0")

# Without `by` labels the objective has the labels of the data, and one branch says it all.
NO_DATA = Promql("""
slo:objective:ratio$of
unless
(slo:sli_total:rate5m$of and slo:sli_errors:rate5m$of)
""")
NO_DATA_BY = Promql("""
(
  slo:objective:ratio$of
  unless ignoring ($by)
  (slo:sli_total:rate5m$of and slo:sli_errors:rate5m$of)
)
or
(
  last_over_time(slo:sli_total:rate5m$of[$memory])
  unless
  (slo:sli_total:rate5m$of and slo:sli_errors:rate5m$of)
)
""")

# An outage lasts while more than half of the events of $part are bad, which is the real one moved by half of $part, or
# for an hour without data. A pause shorter than $part does not end it.
OUTAGE_START = Promql("""
(
  0 * (
    slo:sli_error:ratio_rate5m$of > 0.5
    or
    (last_over_time(slo:sli_error:ratio_rate5m$of[$hour]) > 0.5 unless slo:sli_total:rate5m$of)
  )
  + last_over_time(slogen:outage_start:timestamp_seconds$of[$part])
)
or
(0 * (slo:sli_error:ratio_rate5m$of > 0.5 and slo:sli_errors:rate5m$of * $seconds > $least) + time())
""")
OUTAGE = Promql("time() - slogen:outage_start:timestamp_seconds$of")
OVERDUE = Promql("slo:outage:seconds$of >= $within")

INCIDENT_START = Promql("""
(
  0 * max without (alertstate) (ALERTS{service="$service",severity="critical",alertstate="firing",escalation=""})
  + on ($labels) group_left ()
  min by ($labels) (last_over_time(slogen:incident_start:timestamp_seconds{service="$service"}[$hold]))
)
or
(0 * max without (alertstate) (ALERTS{service="$service",severity="critical",alertstate="firing",escalation=""}) + time())
""")
RUNG = Promql("time() - slogen:incident_start:timestamp_seconds{$matchers} >= $seconds")
DEPENDENCY = Promql("""
(time() - min(slogen:incident_start:timestamp_seconds{service="$dependency"}) < $seconds)
unless on ()
(
  last_over_time(slogen:incident_start:timestamp_seconds{service="$service"}[$hold])
  < on () group_left ()
  (min(slogen:incident_start:timestamp_seconds{service="$dependency"}) - $every)
)
""")
