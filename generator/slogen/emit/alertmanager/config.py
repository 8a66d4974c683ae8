"""alertmanager.yaml: routes, inhibitions and time intervals, written as a person would."""

from __future__ import annotations

from collections.abc import Iterable

from slogen.emit.alertmanager.receivers import receiver_text
from slogen.emit.alertmanager.templates import TEMPLATE
from slogen.emit.artifact import header
from slogen.emit.yamltext import comment, flow, scalar
from slogen.model import Platform, TimeInterval
from slogen.plan.routing import Inhibition, Matchers, Route, RoutingPlan


def config_text(plan: RoutingPlan, platform: Platform) -> str:
    """Return the configuration of Alertmanager."""
    parts = [
        header(platform.span.file) + _global(plan, platform) + f"templates: [{_templates(platform)}]\n",
        "route:\n" + _root(plan),
        "inhibit_rules:\n" + "\n".join(_inhibition(one) for one in plan.inhibitions),
        "receivers:\n" + "\n".join(receiver_text(one) for one in plan.receivers),
    ]
    if plan.intervals:
        parts.append("time_intervals:\n" + "".join(_interval(one) for one in plan.intervals))
    return "\n".join(parts)


def _templates(platform: Platform) -> str:
    """Return where the templates are: beside this file, or where the operator puts them, which is elsewhere.

    What is not there is left out by Alertmanager.
    """
    name = TEMPLATE.rpartition("/")[2]
    return f"{TEMPLATE}, /etc/alertmanager/config/{name}" if platform.kubernetes else TEMPLATE


def _global(plan: RoutingPlan, platform: Platform) -> str:
    mail = platform.email
    if mail is None or all(one.integration != "email" for receiver in plan.receivers for one in receiver.audiences):
        return ""
    text = f"global:\n  smtp_from: {scalar(mail.sender)}\n  smtp_smarthost: {scalar(mail.smarthost)}\n"
    if mail.username:
        text += f"  smtp_auth_username: {scalar(mail.username)}\n"
    if mail.password_file:
        text += f"  smtp_auth_password_file: {scalar(mail.password_file)}\n"
    return text + f"  smtp_require_tls: {str(mail.require_tls).lower()}\n"


def _root(plan: RoutingPlan) -> str:
    root = plan.root
    text = f"  receiver: {scalar(root.receiver or '')}\n  group_by: [{', '.join(plan.group_by)}]\n"
    return text + _waits(root, "  ") + "  routes:\n" + "\n".join(_route(route, "  ") for route in root.routes)


def _route(route: Route, indent: str) -> str:
    text = comment(route.comment, indent) if route.comment else ""
    text += f"{indent}- matchers: {_matchers(route.matchers)}\n"
    inner = indent + "  "
    if route.receiver:
        text += f"{inner}receiver: {scalar(route.receiver)}\n"
    text += _waits(route, inner)
    if route.during:
        text += f"{inner}active_time_intervals: [{flow(route.during)}]\n"
    if route.goes_on:
        text += f"{inner}continue: true\n"
    if route.routes:
        text += f"{inner}routes:\n" + "".join(_route(one, inner) for one in route.routes)
    return text


def _waits(route: Route, indent: str) -> str:
    waits = route.waits
    if waits is None:
        return ""
    return (
        f"{indent}group_wait: {waits.group_wait}\n{indent}group_interval: {waits.group_interval}\n"
        f"{indent}repeat_interval: {waits.repeat_interval}\n"
    )


def _matchers(matchers: Matchers) -> str:
    return "[" + ", ".join("'" + str(one).replace("'", "''") + "'" for one in matchers) + "]"


def _inhibition(rule: Inhibition) -> str:
    return (
        comment(rule.comment, "")
        + f"- source_matchers: {_matchers(rule.source)}\n"
        + f"  target_matchers: {_matchers(rule.target)}\n"
        + f"  equal: [{', '.join(rule.equal)}]\n"
    )


def _interval(interval: TimeInterval) -> str:
    text = f"- name: {scalar(interval.name)}\n  time_intervals:\n"
    lines = []
    if interval.times:
        times = ", ".join(f'{{start_time: "{start}", end_time: "{end}"}}' for start, end in interval.times)
        lines.append(f"times: [{times}]")
    lines += _ranges("weekdays", interval.weekdays)
    lines += _ranges("days_of_month", interval.days_of_month)
    lines += _ranges("months", interval.months)
    if interval.location:
        lines.append(f"location: {scalar(interval.location)}")
    return text + "  - " + "\n    ".join(lines or ["{}"]) + "\n"


def _ranges(key: str, values: Iterable[str]) -> list[str]:
    written = ", ".join(f'"{value}"' for value in values)
    return [f"{key}: [{written}]"] if written else []
