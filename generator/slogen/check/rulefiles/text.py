"""Expressions and templates as text: patterns, templates, and what servers read of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slogen.check.rulefiles.analysed import Analysed, Servers
from slogen.core import Problem, Severity, closest
from slogen.core.written import Written
from slogen.promql.gotemplate import parse_template
from slogen.promql.gotokens import TemplateError
from slogen.promql.portable import needs
from slogen.promql.query import normalise
from slogen.promql.tree import parts_of_selector

_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
_VALUE = re.compile(r"\$value\b|\.Value\b")


def templates(rule: Analysed) -> Iterator[Problem]:
    """SLO303: a template that Prometheus refuses."""
    for _, value in (*rule.rule.labels, *rule.rule.annotations) if rule.rule.alerts else ():
        try:
            parse_template(value.text)
        except TemplateError as error:
            yield rule.error(value.span, "SLO303", f"not a valid template: {error}", error.hint)


def value_in_label(rule: Analysed) -> Iterator[Problem]:
    """SLO111: a label that changes with the value: another alert at every evaluation."""
    for key, value in rule.rule.labels if rule.rule.alerts else ():
        found = _VALUE.search(value.text) if "{{" in value.text else None
        if found:
            told = f"the label {key.text} changes with the value: each is an alert of its own, and `for` never ends"
            yield rule.error(value.place(*found.span()), "SLO111", told, "put the value into an annotation")


def newer(rule: Analysed) -> Iterator[Problem]:
    """SLO304: what the platform's oldest Prometheus does not know."""
    oldest = rule.servers.version
    for what, since in needs(normalise(rule.rule.expr.text)) if oldest else ():
        if oldest and since > oldest:
            told = f"{what} needs Prometheus {spelt(since)}, the platform's is {spelt(oldest)}"
            hint = "write it without, or raise prometheus.version when every server is that new"
            yield rule.error(rule.rule.expr.place_of(what), "SLO304", told, hint)


def dead_link(rule: Analysed) -> Iterator[Problem]:
    """SLO503: a link to a dashboard that the build does not make."""
    for _, value in rule.rule.annotations:
        yield from dead_links(value, rule.servers)


def dead_links(text: Written, servers: Servers) -> Iterator[Problem]:
    """Yield what is wrong with the links of a text: in the platform's own Grafana, uids of slogen's are known."""
    links = re.finditer(rf"{re.escape(servers.grafana)}/d/([\w-]+)(?![\w{{-])", text.text) if servers.grafana else ()
    for found in links:
        if found[1] not in servers.dashboards:
            ours = found[1].startswith("slogen-")
            close = closest(found[1], servers.dashboards)
            yield Problem(
                span=text.place(*found.span(1)),
                code="SLO503",
                severity=Severity.WARNING if ours else Severity.INFO,
                message=f"no dashboard of this build has the uid {found[1]}",
                hint=f"did you mean {close!r}?" if close else "see that Grafana has one",
            )


def spelt(version: tuple[int, int]) -> str:
    """Return a version as people write it."""
    return f"{version[0]}.{version[1]}"


def patterns(rule: Analysed) -> Iterator[Problem]:
    """SLO330: a regular expression that is none, or has anchors."""
    for node in rule.nodes("VectorSelector"):
        for label, operator, value in parts_of_selector(node)[1]:
            if operator not in ("=~", "!~") or not value:
                continue
            at = rule.place_of_matcher(node, label, operator)
            plain = operator.replace("~", "") if operator == "!~" else "="
            if not _SPECIAL.search(value):
                yield rule.info(
                    at, "SLO330", f'{label}{operator}"{value}" has no pattern', f'write {label}{plain}"{value}"'
                )
            elif value.startswith("^") or (value.endswith("$") and not value.endswith("\\$")):
                told = f'{label}{operator}"{value}": patterns are anchored at both ends anyway'
                yield rule.info(at, "SLO330", told, "leave ^ and $ out")


def external_label(rule: Analysed) -> Iterator[Problem]:
    """SLO326: a label that Prometheus overwrites, or that hides where an alert is from."""
    for key, _ in rule.rule.labels:
        if key.text in rule.servers.external_labels:
            told = f"the label {key.text} is an external label of the servers: this one hides it"
            yield rule.warning(key.span, "SLO326", told, "choose another name")
