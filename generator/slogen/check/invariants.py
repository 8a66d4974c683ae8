"""SLO901: what must hold for the rules of any service. A breach is a bug of slogen, told before it is deployed.

promtool sees nothing of this: it evaluates all groups at one interval, in one server that forgets nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

from slogen.check.expressions import of_sli
from slogen.core import Duration, Report
from slogen.model import AlertClass, Platform
from slogen.plan.alerts import KEEP
from slogen.plan.rules import AlertRule, Evaluator, Rule, RuleGroup, ServicePlan
from slogen.plan.texts import dashboard_uid
from slogen.plan.tiers import PART
from slogen.promql import names

# How far back an instant selector looks: what is recorded less often has gaps.
# Source: --query.lookback-delta, https://prometheus.io/docs/prometheus/latest/querying/basics/#staleness
LOOKBACK = Duration.of("5m")
_SEVERITIES = (*AlertClass, names.NO_SEVERITY)
_CLOCKS = (names.INCIDENT_START, names.OUTAGE_START)
# A selector of slogen's own, as templates write it, and a matcher in it.
_READ = re.compile(r"(ALERTS|slo(?:gen)?[:_][\w:]*)(?:\{([^{}]*)\})?")
_MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')


def check_invariants(plan: ServicePlan, platform: Platform, report: Report) -> None:
    """Report every breach in the plan of a service; one with errors of the user is not written, nor looked at."""
    if report.failed:
        return
    for holds in INVARIANTS:
        for breach in holds(plan, platform):
            report.error(
                plan.service.span,
                "SLO901",
                f"the generated rules are wrong: {breach}",
                "this is a bug of slogen: report the input",
            )


def _speed(group: RuleGroup, plan: ServicePlan) -> str:
    return group.name.removeprefix(f"slogen-{plan.service.name}-")


def intervals(plan: ServicePlan, platform: Platform) -> Iterator[str]:
    """Yield groups that are evaluated more seldom or more often than their expressions count with."""
    every = platform.prometheus.evaluation_interval
    wanted = {"fast": every, "slow": PART, "causes": every}
    for group in plan.groups:
        interval = wanted.get(_speed(group, plan))
        if interval is None:
            yield f"nothing is known of a group {group.name}"
        elif group.interval != platform.scaled(interval):
            yield f"group {group.name} has the interval {group.interval}, not {platform.scaled(interval)}"
        if group.interval > LOOKBACK:
            yield f"group {group.name} has the interval {group.interval}, longer than Prometheus looks back"


def evaluators(plan: ServicePlan, platform: Platform) -> Iterator[str]:
    """Yield groups that two servers evaluate, or one that is not there; what pages is evaluated beside the data."""
    for name, times in Counter(group.name for group in plan.groups).items():
        if times > 1:
            yield f"group {name} is there {times} times"
    for group in plan.groups:
        if group.evaluator is Evaluator.THANOS:
            if not platform.thanos:
                yield f"group {group.name} is Thanos Ruler's, and there is none"
            if any(_severity(rule) == AlertClass.CRITICAL for rule in group.rules):
                yield f"group {group.name} pages and is not evaluated by Prometheus"


def retention(plan: ServicePlan, platform: Platform) -> Iterator[str]:
    """Yield rules that read further back than their server keeps; Thanos keeps what is needed."""
    kept = platform.prometheus.retention
    for group in plan.on(Evaluator.PROMETHEUS):
        for rule in group.rules:
            if rule.lookback > kept:
                yield f"{_name(rule)} looks back {rule.lookback}, and Prometheus keeps {kept}"


def order(plan: ServicePlan, platform: Platform) -> Iterator[str]:
    """Yield rules that read what a later rule of their group makes: they see it an evaluation late.

    Clocks do so on purpose, for they read themselves, and so does a page whose data vanished. What an owner wrote is
    the owner's.
    """
    causes = {alert.name for alert in plan.service.alerts}
    for group in plan.groups:
        later: dict[str, list[Rule]] = {}
        for rule in reversed(group.rules):
            later.setdefault("ALERTS" if isinstance(rule, AlertRule) else rule.record, []).append(rule)
            # Hardly any rule but a page names what comes later: only those that do are looked at closely.
            named = [name for name in later if name in rule.expr]
            if not named or (_name(rule) in causes and not _is_rung(rule)) or _reads_itself(rule, named):
                continue
            for name, braces in _READ.findall(_generated(rule, plan, platform)):
                asked = _MATCHER.findall(braces)
                late = (
                    other for other in later.get(name, ()) if not _on_purpose(rule, other) and _may_be(other, asked)
                )
                yield from (f"{_name(rule)} reads {_name(other)}, which comes later in {group.name}" for other in late)


def _reads_itself(rule: Rule, named: list[str]) -> bool:
    """Return whether a rule reads its own alert and no other, the quick way."""
    if not isinstance(rule, AlertRule) or named != ["ALERTS"]:
        return False
    labels = dict(rule.labels)
    own = f'ALERTS{{alertname="{rule.alert}",service="{labels.get("service")}",slo="{labels.get("slo")}",'
    return rule.expr.count("ALERTS") == rule.expr.count(own)


def _generated(rule: Rule, plan: ServicePlan, platform: Platform) -> str:
    """Return the expression of a rule without what the owner of its SLO wrote."""
    text = rule.expr
    if _name(rule) in (names.ERRORS_RATE, names.TOTAL_RATE):
        for slo in plan.service.slos:
            for expression in of_sli(slo.sli) if slo.name == dict(rule.labels).get("slo") else ():
                text = text.replace(expression.text.replace("$window", str(platform.scaled(PART))), "")
    return text


def _on_purpose(rule: Rule, other: Rule) -> bool:
    return other is rule and (isinstance(rule, AlertRule) or rule.record in _CLOCKS)


def _may_be(rule: Rule, asked: list[tuple[str, str, str]]) -> bool:
    """Return whether what a rule makes may have the labels that are asked for."""
    known = dict(rule.labels) | ({"alertname": rule.alert} if isinstance(rule, AlertRule) else {})
    return all(
        (known[label] in value.split("|")) == operator.startswith("=")
        for label, operator, value in asked
        if label in known
    )


def alert_labels(plan: ServicePlan, platform: Platform) -> Iterator[str]:
    """Yield alerts that lack what routing and people need."""
    service = plan.service
    links = {"runbook_url"} if service.runbook else set()
    links |= {"dashboard_url"} if platform.grafana_url else set()
    causes = {alert.name for alert in service.alerts}
    pages = [dashboard_uid(service.name), *(dashboard_uid(service.name, slo.name) for slo in service.slos)]
    for rule in (rule for group in plan.groups for rule in group.rules if isinstance(rule, AlertRule)):
        labels = {name: value for name, value in rule.labels if value}
        told = {name for name, text in rule.annotations if text}
        if "escalation" in labels:  # a rung has the other labels from its page
            lacking = ({"service"} - labels.keys()) | ({"summary", "description", *links} - told)
        elif rule.alert == names.DEPENDENCY_ALERT:  # it mutes others, and nobody is told of it
            lacking = ({"service", "severity"} - labels.keys()) | ({"summary"} - told)
        else:
            texts = {"summary"} if rule.alert in causes else {"summary", "description"}
            lacking = ({"service", "severity", "team"} - labels.keys()) | ((texts | links) - told)
        page = dict(rule.annotations).get("dashboard_url", "").rpartition("/d/")[2]
        if rule.alert not in causes and page and "{{" not in page and page not in pages:
            yield f"alert {rule.alert} links to the dashboard {page}, and the service has none of this uid"
        if lacking:
            yield f"alert {rule.alert} has no {' and no '.join(sorted(lacking))}"
        if labels.get("service", service.name) != service.name:
            yield f"alert {rule.alert} says that it is of service {labels['service']}"
        if labels.get("severity", names.NO_SEVERITY) not in _SEVERITIES:
            yield f"alert {rule.alert} has the severity {labels['severity']}"


def kept(plan: ServicePlan, platform: Platform) -> Iterator[str]:
    """Yield pages that a lost scrape would end and repeat, and other alerts that outlive what they tell."""
    for rule in (rule for group in plan.groups for rule in group.rules if isinstance(rule, AlertRule)):
        wanted = platform.scaled(KEEP) if _severity(rule) == AlertClass.CRITICAL and not _is_rung(rule) else None
        if rule.keep_firing_for != wanted:
            yield f"alert {rule.alert} is kept for {rule.keep_firing_for or '0s'}, not {wanted or '0s'}"


def _is_rung(rule: Rule) -> bool:
    return isinstance(rule, AlertRule) and "escalation" in dict(rule.labels)


def _severity(rule: Rule) -> str | None:
    return dict(rule.labels).get("severity") if isinstance(rule, AlertRule) else None


def _name(rule: Rule) -> str:
    return rule.alert if isinstance(rule, AlertRule) else rule.record


INVARIANTS: tuple[Callable[[ServicePlan, Platform], Iterator[str]], ...] = (
    intervals,
    evaluators,
    retention,
    order,
    alert_labels,
    kept,
)
