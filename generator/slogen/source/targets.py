"""Where the metrics of a service are: `scrape` and `probe`."""

from __future__ import annotations

from slogen.core import Report, Span
from slogen.model import Probe, Scrape
from slogen.source.fields import Choice, Flag, Text
from slogen.source.receivers import FILE
from slogen.source.records import Except, Key, ListOf, Record, Refused
from slogen.source.sli import Spans, Values
from slogen.source.words import ENDPOINT, NAME, SELECTOR

_JOB = Text(r"[^\s{}\"'\\\\]+", "a job", "write a word such as api-gateway")
_PATH = Text(r"/[^\s{}\"'?#]*", "a path without a query", "write one such as /metrics")
_ASKED = Except(
    Text(r"[^\s{}\"']+", "an address", "write what the module asks"),
    Refused(
        pattern="[a-z]+://[^/?#]+@.*",
        code="SLO113",
        message="the address {} holds a literal secret",
        hint="leave user and password out: they belong into the module of the blackbox exporter",
    ),
)


def _scrape(values: Values, span: Span, spans: Spans, report: Report) -> Scrape:
    for key in ("namespace", "port") if values["targets"] else ():
        if key in spans:
            report.error(spans[key], "SLO010", f"{key} is for Kubernetes, and targets are given", f"remove {key}")
    return Scrape(
        job=values["job"] or "",
        selector=values["selector"] or (),
        namespace=values["namespace"],
        port=values["port"],
        path=values["path"],
        scheme=values["scheme"],
        targets=values["targets"] or (),
        honor_labels=values["honorLabels"],
        credentials_file=values["credentialsFile"],
        ca_file=values["caFile"],
        span=span,
    )


SCRAPE = Record(
    (
        Key("job", _JOB, "label job; else the name of the service"),
        Key("selector", SELECTOR, "labels of the Kubernetes Service"),
        Key("targets", ListOf(ENDPOINT, least=1, unique=True), "host:port, outside of Kubernetes"),
        Key("namespace", NAME, "where the Kubernetes Service is; else anywhere"),
        Key("port", NAME, "name of its port", default="metrics"),
        Key("path", _PATH, "where the metrics are", default="/metrics"),
        Key("scheme", Choice(("http", "https")), "http or https", default="http"),
        Key("honorLabels", Flag(), "labels of the metrics win over those of the target", default=False),
        Key("credentialsFile", FILE, "file with a bearer token, where Prometheus runs"),
        Key("caFile", FILE, "file with the certificates that https is checked against"),
    ),
    _scrape,
    one_of=("selector", "targets"),
)
PROBE = Record(
    (
        Key("job", _JOB, "label job; else the name of the service"),
        Key(
            "module",
            Text(r"[a-zA-Z0-9_-]+", "a module", "write one such as http_2xx"),
            "of the blackbox exporter",
            required=True,
        ),
        Key(
            "targets",
            ListOf(_ASKED, least=1, unique=True),
            "what it asks",
            required=True,
        ),
    ),
    lambda values, span, spans, report: Probe(
        job=values["job"] or "", module=values["module"], targets=values["targets"], span=span
    ),
)
