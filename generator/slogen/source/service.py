"""The native `kind: Service` document: one table of fields, for the reader and for the schema."""

from __future__ import annotations

import re

from slogen.core import Duration, Ratio, Report, Span
from slogen.model import (
    Alert,
    AlertClass,
    Alerting,
    AlertTest,
    Boolean,
    Dependency,
    Freshness,
    Objective,
    Service,
    Slo,
    Threshold,
)
from slogen.promql.names import GENERATED_ALERTS, RESERVED_LABELS
from slogen.source.fields import (
    DNS_LABEL,
    LABEL_NAME,
    Choice,
    Field,
    Flag,
    Length,
    Percent,
    Querying,
    Rate,
    Text,
)
from slogen.source.records import Constant, Either, Key, Later, ListOf, MapOf, Record
from slogen.source.sli import SLI, Spans, Values

NAME = Text(
    DNS_LABEL,
    "a name of lower-case letters, digits and dashes, at most 63",
    "write a DNS label such as api-gateway",
    code="SLO101",
)
LINE = Text(limit=1000)
CLASSES = Choice(tuple(AlertClass))
LABELS = MapOf(LABEL_NAME, Text(limit=1000, what="a label value"), "a label name", RESERVED_LABELS)
LINKS = MapOf("[a-z][a-zA-Z0-9]*", Text(r"https?://[^\s{}\"'\\]+", "a web address", "write https://…"), "a link name")
BY = Text(LABEL_NAME, "a label name", "write a Prometheus label such as region")


def _alerting(values: Values, span: Span, spans: Spans, report: Report) -> Alerting:
    return Alerting(**values)


def _slo(values: Values, span: Span, spans: Spans, report: Report) -> Slo:
    sli = values["sli"]
    if isinstance(sli, (Boolean, Threshold, Freshness)) and values["traffic"] is not None:
        report.error(
            spans["traffic"],
            "SLO109",
            "this SLI counts one event a scrape: traffic has no meaning here",
            "remove traffic",
        )
    no_data = values["noData"]
    return Slo(
        name=values["name"],
        description=values["description"] or "",
        objective=Objective(target=Ratio.from_percent(values["objective"]), window=values["window"]),
        sli=sli,
        by=values["by"],
        traffic=values["traffic"],
        no_data=None if no_data == "off" else AlertClass(no_data),
        alerting=values["alerting"],
        span=span,
        objective_span=spans["objective"],
        by_span=spans.get("by", span),
    )


SLO = Record(
    (
        Key("name", NAME, "label slo", required=True),
        Key("description", LINE, "what is promised, in words"),
        Key("objective", Percent(), "percent of good events, e.g. 99.9", required=True),
        Key(
            "window",
            Length(low=Duration.of("1d"), high=Duration.of("366d"), whole=Duration.of("1d")),
            "rolling window",
            default=Duration.of("30d"),
        ),
        Key("sli", SLI, "how events are counted", required=True),
        Key("by", ListOf(BY, least=1, unique=True), "labels that every rule keeps", default=()),
        Key("traffic", Rate(), "usual events, e.g. 50/s"),
        Key("noData", Choice((*AlertClass, "off")), "class of the alert when nothing is measured", default="warning"),
        Key(
            "alerting",
            Record(
                (
                    Key("critical", Flag(), "page on fast burn", default=True),
                    Key("warning", Flag(), "ticket on slow burn", default=True),
                    Key("escalate", Flag(), "pages climb the ladder", default=True),
                ),
                _alerting,
            ),
            "which alerts",
            default=Alerting(),
        ),
        Key("recovery", Later("recovery (RTO)"), ""),
        Key("calendar", Later("a calendar window"), ""),
        Key("lint", Later("suppressing a lint code"), ""),
    ),
    _slo,
)


def _alert_test(values: Values, span: Span, spans: Spans, report: Report) -> AlertTest:
    return AlertTest(series=values["series"], fires=values["fires"], quiet=values["quiet"])


def _alert(values: Values, span: Span, spans: Spans, report: Report) -> Alert:
    if values["name"] in GENERATED_ALERTS:
        report.error(spans["name"], "SLO105", f"{values['name']} is an alert that slogen writes", "choose another name")
    for name, text in values["labels"]:
        if re.search(r"\{\{.*(\$value|\.Value)", text):
            report.error(
                spans["labels"],
                "SLO111",
                f"the label {name} holds the alert's value",
                "a label that changes makes a new alert each time: put it into the description",
            )
    values = dict(values)
    for_ = values.pop("for")
    return Alert(
        **values | {"severity": AlertClass(values["severity"]), "description": values["description"] or ""},
        for_=for_ if for_ is not None and for_.ms else None,
        span=span,
        expr_span=spans["expr"],
    )


ALERT = Record(
    (
        Key(
            "name",
            Text(
                "[A-Z][a-zA-Z0-9_]{0,99}", "an alert name in CamelCase", "write one such as GatewayDown", code="SLO101"
            ),
            "alert name",
            required=True,
        ),
        Key("severity", CLASSES, "critical, warning or info", required=True),
        Key("expr", Querying(one_line=False), "PromQL that gives series while something is wrong", required=True),
        Key("for", Length(zero=True), "how long before it fires"),
        Key("summary", Text(limit=1000), "one line for whoever is told", required=True),
        Key("description", Text(), "more, with {{ $value }} and {{ $labels.… }}"),
        Key("team", NAME, "who gets the warnings, if not the service's team"),
        Key("labels", LABELS, "more labels", default=()),
        Key("links", LINKS, "more links", default=()),
        Key("escalate", Flag(), "climbs the ladder when critical", default=True),
        Key(
            "tests",
            ListOf(
                Record(
                    (
                        Key(
                            "series",
                            MapOf(r"[^\x00-\x1f]+", Text(what="values such as 1x30"), "a series"),
                            "series and their values",
                            required=True,
                        ),
                        Key("fires", Length(zero=True), "it fires at this time"),
                        Key("quiet", Length(zero=True), "it is quiet at this time"),
                    ),
                    _alert_test,
                    one_of=("fires", "quiet"),
                )
            ),
            "series it must fire on, and stay quiet on",
            default=(),
        ),
        Key("lint", Later("suppressing a lint code"), ""),
    ),
    _alert,
)


def _dependency(values: Values, span: Span, spans: Spans, report: Report) -> Dependency:
    return Dependency(service=values["service"], mutes=AlertClass(values["mutes"]), span=span)


DEPENDENCY = Either(
    NAME,
    Record(
        (
            Key("service", NAME, "a service that this one needs", required=True),
            Key("mutes", Choice(("critical", "warning")), "what a page of it mutes here", default="warning"),
        ),
        _dependency,
    ),
    lambda name, span: Dependency(service=name, span=span),
)

_METADATA = Record(
    (
        Key("name", NAME, "label service", required=True),
        Key("team", NAME, "who gets the warnings", required=True),
        Key("description", LINE, "what the service is"),
        Key("labels", LABELS, "onto every alert", default=()),
        Key("links", LINKS, "runbook and others", default=()),
        Key("dependsOn", ListOf(DEPENDENCY), "services that this one needs", default=()),
        Key("lint", Later("suppressing a lint code"), ""),
    ),
    lambda values, span, spans, report: (values, spans.get("labels", span)),
)


def _service(values: Values, span: Span, spans: Spans, report: Report) -> Service:
    metadata, labels_at = values["metadata"]
    service = Service(
        name=metadata["name"],
        team=metadata["team"],
        description=metadata["description"] or "",
        labels=metadata["labels"],
        links=metadata["links"],
        depends_on=metadata["dependsOn"],
        slos=values["slos"],
        alerts=values["alerts"],
        span=span,
    )
    _unique("SLO", [(slo.name, slo.span) for slo in service.slos], report)
    _unique("alert", [(alert.name, alert.span) for alert in service.alerts], report)
    for name, _ in service.labels:
        for slo in service.slos:
            if name in slo.by:
                report.error(
                    labels_at, "SLO106", f"the label {name!r} is a by label of SLO {slo.name}", "remove one of them"
                )
    if not service.slos and not service.alerts:
        report.error(span, "SLO009", "the service has neither slos nor alerts", "add slos:")
    return service


def _unique(what: str, named: list[tuple[str, Span]], report: Report) -> None:
    first: dict[str, Span] = {}
    for name, span in named:
        if name in first:
            report.error(
                span, "SLO102", f"a second {what} is named {name}", f"the first one stands at line {first[name].line}"
            )
        first.setdefault(name, span)


def _named(kind: str, record: Field) -> tuple[Key, ...]:
    return (
        Key("apiVersion", Constant("slogen/v1"), "slogen/v1", required=True),
        Key("kind", Constant(kind), kind, required=True),
        Key("metadata", record, "name and owner", required=True),
    )


SERVICE = Record(
    (
        *_named("Service", _METADATA),
        Key("slos", ListOf(SLO), "what is promised", default=()),
        Key("alerts", ListOf(ALERT), "alerts on causes", default=()),
        Key("scrape", Later("scrape (ServiceMonitor)"), ""),
        Key("probe", Later("probe"), ""),
    ),
    _service,
)
