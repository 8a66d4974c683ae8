"""The native `kind: Service` document: one table of fields, for the reader and for the schema."""

from __future__ import annotations

from dataclasses import replace

from slogen.core import Duration, Ratio, Report, Span
from slogen.model import (
    SAMPLED,
    Alert,
    AlertClass,
    Alerting,
    AlertTest,
    Dependency,
    Ignore,
    Objective,
    Service,
    Slo,
    SloTest,
)
from slogen.promql.labels import named_labels
from slogen.promql.names import GENERATED_ALERTS, WRITTEN_LABELS
from slogen.promql.query import normalise, parsed
from slogen.source.expressions import Querying
from slogen.source.fields import LABEL_NAME, Choice, Day, Field, Flag, Length, Percent, Rate, Text
from slogen.source.records import AsWritten, Constant, Either, Key, Later, ListOf, MapOf, OneOrMore, Record
from slogen.source.sli import SLI, Spans, Values
from slogen.source.targets import PROBE, SCRAPE
from slogen.source.templates import Templated
from slogen.source.words import BY, CLASSES, LABEL_HINT, LABELS, LINE, LINKS, NAME, SERIES

LINT = Key(
    "lint",
    ListOf(
        Record(
            (
                Key("ignore", Text("SLO[0-9]{3}", "a code such as SLO213"), "the code", required=True),
                Key("reason", LINE, "why it is right as it is", required=True),
                Key("until", Day(), "the last day of it, e.g. 2027-01-31", required=True),
            ),
            lambda values, span, spans, report: Ignore(
                code=values["ignore"], reason=values["reason"], until=values["until"], span=spans["ignore"]
            ),
        ),
        least=1,
    ),
    "codes that are not told of this",
    default=(),
)


def _alerting(values: Values, span: Span, spans: Spans, report: Report) -> Alerting:
    return Alerting(**values)


def _slo(values: Values, span: Span, spans: Spans, report: Report) -> Slo:
    sli = values["sli"]
    if isinstance(sli, SAMPLED) and values["traffic"] is not None:
        report.error(
            spans["traffic"],
            "SLO109",
            "this SLI counts one event a scrape: traffic has no meaning here",
            "remove traffic",
        )
    no_data = values["noData"]
    within, recovery_span = values["recovery"] or (None, span)
    return Slo(
        name=values["name"],
        description=values["description"] or "",
        rationale=values["rationale"] or "",
        objective=Objective(target=Ratio.from_percent(values["objective"]), window=values["window"]),
        sli=sli,
        by=values["by"],
        traffic=values["traffic"],
        no_data=None if no_data == "off" else AlertClass(no_data),
        alerting=values["alerting"],
        recovery=within,
        tests=values["tests"],
        lint=values["lint"],
        span=span,
        objective_span=spans["objective"],
        recovery_span=recovery_span,
        by_span=spans.get("by", span),
    )


def _slo_test(values: Values, span: Span, spans: Spans, report: Report) -> SloTest | None:
    values = dict(values)
    missing = values.pop("noData")
    given = [name for name in ("errors", "total") if values[name] is not None]
    if len(given) != (0 if missing else 2):
        report.error(
            span, "SLO010", "a test says either errors and total, or noData: true", "give both rates or neither"
        )
        return None
    series, places = values.pop("series")
    return SloTest(**values, series=series, span=span, places=places)


SLO_TEST = Record(
    (
        Key("name", LINE, "what is tried, in words", required=True),
        Key("series", SERIES, "raw series and their values, one a scrape", required=True),
        Key("at", Length(), "when it is looked at, after the start", required=True),
        Key("errors", Rate(zero=True), "bad events that must be counted then, e.g. 3/m"),
        Key("total", Rate(zero=True), "all events that must be counted then"),
        Key("noData", Flag(), "true when there must be no data then", default=False),
        Key(
            "labels",
            MapOf(LABEL_NAME, Text(limit=1000), "a label name", LABEL_HINT),
            "by labels of the series",
            default=(),
        ),
    ),
    _slo_test,
)

SLO = Record(
    (
        Key("name", NAME, "label slo", required=True),
        Key("description", LINE, "what is promised, in words"),
        Key("rationale", Text(limit=1000), "why this objective: what a lower or a higher one would mean"),
        Key("objective", Percent(), "percent of good events, e.g. 99.9", required=True),
        Key(
            "window",
            Length(low=Duration.of("1d"), high=Duration.of("366d"), whole=Duration.of("1d")),
            "rolling window",
            default=Duration.of("30d"),
        ),
        Key("sli", SLI, "how events are counted", required=True),
        Key("by", ListOf(BY, least=1, unique=True), "labels that every rule keeps", default=()),
        Key("traffic", Rate(), "usual events, e.g. 50/s; with by, those of one value"),
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
        Key(
            "recovery",
            Record(
                (
                    Key(
                        "within",
                        Length(low=Duration.of("1m"), high=Duration.of("1d")),
                        "the recovery time objective (RTO)",
                        required=True,
                    ),
                ),
                lambda values, span, spans, report: (values["within"], spans["within"]),
            ),
            "how long an outage may last",
        ),
        Key("tests", ListOf(SLO_TEST), "what the SLI must count of given series", default=()),
        Key("calendar", Later("a calendar window"), ""),
        LINT,
    ),
    _slo,
)


def _alert_test(values: Values, span: Span, spans: Spans, report: Report) -> AlertTest:
    series, places = values["series"]
    return AlertTest(series=series, fires=values["fires"], quiet=values["quiet"], span=span, places=places)


def _alert(values: Values, span: Span, spans: Spans, report: Report) -> Alert:
    if values["name"] in GENERATED_ALERTS:
        report.error(spans["name"], "SLO105", f"{values['name']} is an alert that slogen writes", "choose another name")
    written = named_labels(parsed(normalise(values["expr"].text))) & WRITTEN_LABELS
    if written:
        report.error(
            spans["expr"],
            "SLO306",
            f"the result keeps the label {min(written)}, which slogen writes itself",
            "series that differ in it alone become one alert, and the rule fails: leave the label out",
        )
    values = dict(values)
    for_ = values.pop("for")
    told = {name: values.pop(name) for name in ("summary", "description")}
    texts = {name: text.text if text else "" for name, text in told.items()}
    return Alert(
        **values | texts | {"severity": AlertClass(values["severity"])},
        for_=for_ if for_ is not None and for_.ms else None,
        written=tuple((name, text) for name, text in told.items() if text),
        span=span,
        expr_span=spans["expr"],
        labels_span=spans.get("labels", span),
        links_span=spans.get("links", span),
        team_span=spans.get("team", span),
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
        Key("summary", AsWritten(Templated(Text(limit=1000))), "one line for whoever is told", required=True),
        Key("description", AsWritten(Templated(Text())), "more, with {{ $value }} and {{ $labels.… }}"),
        Key("team", NAME, "who gets the warnings, if not the service's team"),
        Key("labels", LABELS, "more labels", default=()),
        Key("links", LINKS, "more links", default=()),
        Key("escalate", Flag(), "climbs the ladder when critical", default=True),
        Key(
            "tests",
            ListOf(
                Record(
                    (
                        Key("series", SERIES, "series and their values, a sample a minute", required=True),
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
        LINT,
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
        LINT,
    ),
    lambda values, span, spans, report: (values, spans),
)


def _service(values: Values, span: Span, spans: Spans, report: Report) -> Service:
    metadata, places = values["metadata"]
    service = Service(
        name=metadata["name"],
        team=metadata["team"],
        description=metadata["description"] or "",
        labels=metadata["labels"],
        links=metadata["links"],
        depends_on=metadata["dependsOn"],
        slos=values["slos"],
        alerts=values["alerts"],
        scrapes=tuple(one if one.job else replace(one, job=metadata["name"]) for one in values["scrape"]),
        probes=tuple(one if one.job else replace(one, job=metadata["name"]) for one in values["probe"]),
        lint=metadata["lint"],
        span=span,
        team_span=places["team"],
        labels_span=places.get("labels", span),
        links_span=places.get("links", span),
    )
    _unique("SLO", [(slo.name, slo.span) for slo in service.slos], report)
    _unique("alert", [(alert.name, alert.span) for alert in service.alerts], report)
    for name, _ in service.labels:
        for slo in service.slos:
            if name in slo.by:
                report.error(
                    places["labels"],
                    "SLO106",
                    f"the label {name!r} is a by label of SLO {slo.name}",
                    "remove one of them",
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
        Key("scrape", OneOrMore(SCRAPE), "where its metrics are", default=()),
        Key("probe", OneOrMore(PROBE), "addresses that the blackbox exporter asks", default=()),
    ),
    _service,
)
