"""What a service and its platform must agree on: SLO101, SLO110, SLO114, SLO304."""

from __future__ import annotations

from collections.abc import Iterator

from slogen.check.dashboards import shared_uids
from slogen.check.expressions import expressions, written
from slogen.check.objectives import check_objectives
from slogen.check.routing import check_routing
from slogen.check.servers import check_servers
from slogen.check.tracing import span_buckets
from slogen.core import Report, Span
from slogen.model import Catalog, Platform, Service
from slogen.promql.gotemplate import parse_template
from slogen.promql.portable import Version


def check_catalog(catalog: Catalog, report: Report) -> None:
    """Run every check that takes the platform and a service, but no plan."""
    for service in catalog.services:
        external_labels(service, catalog.platform, report)
        versions(service, catalog.platform, report)
        span_buckets(service, catalog.platform, report)
        check_objectives(service, catalog.platform, report)
        taken_names(service, report)
    check_routing(catalog, report)
    check_servers(catalog, report)
    shared_uids(catalog, report)


def taken_names(service: Service, report: Report) -> None:
    """Report a service whose file of rules would be rules/kubernetes/kustomization.yaml, which is another one."""
    if service.name == "kustomization":
        report.error(
            service.span,
            "SLO101",
            "'kustomization' is the name of a file that slogen writes",
            "choose another name",
        )


def external_labels(service: Service, platform: Platform, report: Report) -> None:
    """Report labels that Prometheus adds on its way out: its value would take the place of the user's."""
    written = [(service.labels, service.labels_span)]
    written += [(alert.labels, alert.labels_span) for alert in service.alerts]
    for labels, span in written:
        for name, _ in labels:
            if name in platform.external_labels:
                report.error(
                    span,
                    "SLO110",
                    f"{name!r} is an external label: Prometheus adds it when data leaves the server",
                    "choose another name",
                )


def versions(service: Service, platform: Platform, report: Report) -> None:
    """Report what the oldest Prometheus of the platform does not know."""
    mine = platform.prometheus.version
    for span, what, since in _needs(service):
        if since > mine:
            report.error(
                span,
                "SLO304",
                f"{what} needs Prometheus {_spelled(since)}, the platform's is {_spelled(mine)}",
                "write it without, or raise prometheus.version when every server is that new",
            )


def _needs(service: Service) -> Iterator[tuple[Span, str, Version]]:
    for expression in expressions(service):
        for what, since in expression.needs:
            yield written(expression).place_of(what), what, since
    for alert in service.alerts:
        for text in (alert.summary, alert.description, *dict(alert.labels).values()):
            for what, since in parse_template(text).needs:
                yield alert.span, what, since
    for text in dict(service.labels).values():
        for what, since in parse_template(text).needs:
            yield service.labels_span, what, since


def _spelled(version: Version) -> str:
    return f"{version[0]}.{version[1]}"
