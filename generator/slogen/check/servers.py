"""What the servers around the rules can do: probes, scrapes, and how long the bucket keeps data.

SLO115, SLO116 and SLO208 to SLO211.
"""

from __future__ import annotations

from collections.abc import Iterator

from slogen.core import Duration, Report
from slogen.model import Catalog, Scrape, ThanosSettings

# A report or a backtest of a period is made in the days after it has ended, and reads all of it.
LATER = Duration.of("3d")
# Data is downsampled when it is so old; kept for less, Thanos' compactor refuses to start.
# Source: cmd/thanos/compact.go and pkg/compact/downsample/downsample.go of Thanos 0.42
DOWNSAMPLED = (Duration.of("40h"), Duration.of("10d"))


def check_servers(catalog: Catalog, report: Report) -> None:
    """Run every check of what is scraped, and of what the bucket keeps."""
    probes(catalog, report)
    scraped_twice(catalog, report)
    thanos = catalog.platform.thanos
    if thanos is not None and thanos.storage is not None:
        forgotten(catalog, thanos, report)
        downsampled(thanos, report)


def probes(catalog: Catalog, report: Report) -> None:
    """Report probes that nobody carries out."""
    if catalog.platform.prometheus.prober is not None:
        return
    for service in catalog.services:
        for probe in service.probes:
            report.error(
                probe.span,
                "SLO115",
                "a probe needs the blackbox exporter, and the platform names none",
                "set prometheus.prober to its host:port",
            )


def scraped_twice(catalog: Catalog, report: Report) -> None:
    """Warn of targets that two scrapes find: twice the cost, and sums that count them twice."""
    earlier: list[Scrape] = []
    for service in catalog.services:
        for scrape in service.scrapes:
            other = next((one for one in earlier if _same_targets(one, scrape)), None)
            if other is not None:
                report.warning(
                    scrape.span,
                    "SLO116",
                    f"these targets are scraped already, as job {other.job!r} at {other.span}",
                    "remove one: what a service scrapes, all may read",
                )
            earlier.append(scrape)


def _same_targets(one: Scrape, other: Scrape) -> bool:
    """Return whether what one finds the other finds as well, at the same path."""
    if (one.path, one.scheme) != (other.path, other.scheme):
        return False
    if one.targets or other.targets:
        return not set(one.targets).isdisjoint(other.targets)
    first, second = set(one.selector), set(other.selector)
    near = one.namespace == other.namespace or None in (one.namespace, other.namespace)
    return one.port == other.port and near and (first <= second or second <= first)


def forgotten(catalog: Catalog, thanos: ThanosSettings, report: Report) -> None:
    """Report raw data that the bucket removes while rules still read it, and warn when reports soon cannot."""
    if thanos.raw is None:
        return
    platform = catalog.platform
    needed, what = max(_read(catalog), default=(Duration(0), ""))
    if thanos.raw < needed:
        report.error(
            thanos.raw_span,
            "SLO208",
            f"the bucket keeps raw data for {thanos.raw}, and {what} reads {needed} of it",
            f"keep it for {needed + LATER}, at least {needed}",
        )
    elif needed and thanos.raw < (longest := _window(catalog)) + LATER and longest > platform.prometheus.retention:
        report.warning(
            thanos.raw_span,
            "SLO209",
            f"the bucket keeps raw data for {thanos.raw}, hardly longer than the SLO window of {longest}",
            f"keep it for {longest + LATER}: a report of a period reads all of it some days later",
        )


def _read(catalog: Catalog) -> Iterator[tuple[Duration, str]]:
    """Yield how far back rules read of what Prometheus does not keep, and whose they are."""
    kept = catalog.platform.prometheus.retention
    for service in catalog.services:
        for slo in service.slos:
            if slo.objective.window > kept:
                yield slo.objective.window, f"SLO {service.name}/{slo.name}"
        for alert in service.alerts:
            if alert.expr.lookback > kept:
                yield alert.expr.lookback, f"alert {alert.name}"


def _window(catalog: Catalog) -> Duration:
    return max((slo.objective.window for service in catalog.services for slo in service.slos), default=Duration(0))


def downsampled(thanos: ThanosSettings, report: Report) -> None:
    """Report data that is removed before it can be downsampled, and warn when the coarse goes before the fine."""
    for name, kept, span, least in (
        ("raw", thanos.raw, thanos.raw_span, DOWNSAMPLED[0]),
        ("5m", thanos.five_minutes, thanos.five_minutes_span, DOWNSAMPLED[1]),
    ):
        if kept is not None and kept < least:
            report.error(
                span,
                "SLO210",
                f"{name} data is downsampled when it is {least} old, and kept for {kept}: the compactor does not start",
                f"keep it for {least} or longer",
            )
            return
    raw, fine, coarse = thanos.raw, thanos.five_minutes, thanos.hour
    pairs = (("5m", fine, "raw", raw, thanos.five_minutes_span), ("1h", coarse, "5m", fine, thanos.hour_span))
    for name, kept, finer, kept_finer, span in pairs:
        if kept is not None and (kept_finer is None or kept < kept_finer):
            told = kept_finer or "for ever"
            report.warning(
                span,
                "SLO211",
                f"{name} data is kept for {kept}, and {finer} data, which takes more room, {told}",
                f"keep {name} data as long as {finer} data, or longer",
            )
