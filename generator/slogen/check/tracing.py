"""What SLOs over spans and the platform's tracing must agree on: SLO114."""

from __future__ import annotations

from slogen.core import Report
from slogen.model import Platform, Service, Spans
from slogen.plan.tracing import has_jaeger


def span_buckets(service: Service, platform: Platform, report: Report) -> None:
    """Warn of thresholds of spans that may be no bucket bound: the collector is configured by somebody else."""
    if has_jaeger(platform):
        return
    for slo in service.slos:
        if isinstance(slo.sli, Spans) and slo.sli.threshold is not None:
            report.warning(
                slo.sli.span,
                "SLO114",
                f"nothing here makes sure that span metrics have a bucket at {slo.sli.spelled}",
                "add jaeger.storage, or put it among the buckets of your collector",
            )
