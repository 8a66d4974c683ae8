"""Where dashboards are, and the data sources that they ask."""

from __future__ import annotations

from slogen.core import Report, Span
from slogen.model import GrafanaSettings, LogsSettings
from slogen.source.expressions import Querying, Searching
from slogen.source.fields import Flag, Text
from slogen.source.records import Except, Key, Record, Refused, table
from slogen.source.sli import Spans, Values
from slogen.source.words import ADDRESS

_UID = Except(
    Text("[A-Za-z0-9_-]{1,40}", "a uid", "write letters, digits, - and _, at most 40"),
    Refused(
        pattern="jaeger|alertmanager",
        code="SLO005",
        message="the uid {} is that of another data source that slogen writes",
        hint="choose another one",
    ),
)
_NAME = Except(
    Text(r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,98}[A-Za-z0-9])?", "a name", "write letters, digits, blanks and . _ -"),
    Refused(
        pattern="Jaeger|Alertmanager",
        code="SLO005",
        message="the name {} is that of another data source that slogen writes",
        hint="choose another one",
    ),
)

_SOURCE = table(
    Key("name", _NAME, "name"),
    Key("uid", _UID, "uid"),
    Key("url", ADDRESS, "address for Grafana; else the Service that slogen writes"),
)


def _logs(values: Values, span: Span, spans: Spans, report: Report) -> LogsSettings:
    source = values["datasource"] or {}
    return LogsSettings(
        query=values["query"],
        name=source.get("name") or "Loki",
        uid=source.get("uid") or "loki",
        url=source.get("url"),
    )


_LOGS = Record(
    (
        Key("query", Searching(), "LogQL that finds the logs of $service", required=True),
        Key("datasource", _SOURCE, "the Loki that is asked; without `url` it is one that Grafana has already"),
    ),
    _logs,
)


def _grafana(values: Values, span: Span, spans: Spans, report: Report) -> GrafanaSettings:
    source = values["datasource"] or {}
    name, uid = source.get("name") or "Prometheus", source.get("uid") or "prometheus"
    logs = values["logs"]
    if logs and (logs.uid == uid or logs.name == name):
        what = f"the uid {uid!r}" if logs.uid == uid else f"the name {name!r}"
        report.error(spans["logs"], "SLO005", f"logs and metrics have {what} in common", "name another data source")
    return GrafanaSettings(
        url=values["url"].rstrip("/"),
        datasource_name=name,
        datasource_uid=uid,
        logs=logs,
        datasource_url=source.get("url"),
        deploys=values["deploys"].text if values["deploys"] else None,
        operator=values["operator"],
    )


GRAFANA = Record(
    (
        Key("url", ADDRESS, "address for people", required=True),
        Key(
            "datasource",
            _SOURCE,
            "data source",
        ),
        Key("deploys", Querying(), "PromQL that gives series at a deploy of $service"),
        Key("logs", _LOGS, "where the logs of services are: lines at the end of their pages"),
        Key("operator", Flag(), "GrafanaDashboard resources for the Grafana operator", default=False),
    ),
    _grafana,
)
