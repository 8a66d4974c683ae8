"""What a platform and its services are: frozen values without behaviour of their own."""

from slogen.model.platform import Ladder, Platform, PrometheusSettings, Receiver, Routing, Rung
from slogen.model.service import (
    Alert,
    AlertClass,
    Alerting,
    AlertTest,
    Catalog,
    Dependency,
    Objective,
    Service,
    Slo,
    SloTest,
)
from slogen.model.sli import Boolean, Events, Freshness, Latency, QuerySli, Sli, Threshold

__all__ = [
    "Alert",
    "AlertClass",
    "AlertTest",
    "Alerting",
    "Boolean",
    "Catalog",
    "Dependency",
    "Events",
    "Freshness",
    "Ladder",
    "Latency",
    "Objective",
    "Platform",
    "PrometheusSettings",
    "QuerySli",
    "Receiver",
    "Routing",
    "Rung",
    "Service",
    "Sli",
    "Slo",
    "SloTest",
    "Threshold",
]
