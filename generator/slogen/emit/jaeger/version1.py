"""The custom resource of the retired Jaeger operator, for those who still run version 1.

Version 1 and its operator have had no releases since the end of 2025. Source: the operator's code, v1.65.
"""

from __future__ import annotations

import json

from slogen.emit.yamltext import comment
from slogen.emit.yamlvalues import written
from slogen.model import Platform
from slogen.plan.topology import Value, go_duration
from slogen.plan.tracing import kept_days

SECRET = "jaeger-es"  # holds ES_USERNAME and ES_PASSWORD, when there is somebody to sign in as


def custom_resource(platform: Platform) -> str:
    """Return the resource as YAML; the platform has tracing with storage."""
    settings = platform.jaeger
    assert settings is not None
    assert settings.storage is not None
    storage, days = settings.storage, kept_days(settings)
    search: dict[str, Value] = {
        "server-urls": ",".join(storage.urls),
        "use-aliases": True,
        "create-index-templates": False,
    }
    if storage.index_prefix:
        search["index-prefix"] = storage.index_prefix
    search["max-span-age"] = go_duration(settings.retention)
    labels: dict[str, Value] = dict(platform.kubernetes.labels) if platform.kubernetes else {}
    metadata: Value = {
        "name": f"{platform.name}-jaeger",
        "namespace": platform.namespace,
        "labels": {**labels, "app.kubernetes.io/managed-by": "slogen"},
    }
    secret: dict[str, Value] = {"secretName": SECRET} if storage.username else {}
    return (
        comment("For the retired operator of Jaeger 1. Jaeger 2 has no such resource.", "")
        + written({"apiVersion": "jaegertracing.io/v1", "kind": "Jaeger", "metadata": metadata})
        + "spec:\n"
        + written({"strategy": "production"}, "  ")
        + comment("A number of collectors that is fixed would switch the operator's autoscaling off.", "  ")
        + written(
            {"collector": {"minReplicas": min(2, settings.collectors), "maxReplicas": 2 * settings.collectors}}, "  "
        )
        + written({"query": {"replicas": settings.queries}}, "  ")
        + "  storage:\n"
        + written({"type": "elasticsearch", **secret}, "    ")
        + comment("Without use-aliases the operator leaves esRollover out, and says nothing.", "    ")
        + written({"options": {"es": search}}, "    ")
        + comment(
            "Every hour, so that no index is written to for more than a day. Indices are judged by their creation: "
            "searched and kept for a day longer than spans. Durations in hours: Go knows no days.",
            "    ",
        )
        + written(
            {
                "esRollover": {
                    "conditions": json.dumps({"max_age": "23h"}),
                    "readTTL": f"{days * 24}h",
                    "schedule": "5 * * * *",
                },
                "esIndexCleaner": {"enabled": True, "numberOfDays": days, "schedule": "55 23 * * *"},
            },
            "    ",
        )
    )
