"""Plans to files, as text: one module a target, listed in EMITTERS."""

from __future__ import annotations

from slogen.emit import alertmanager, grafana, jaeger, kubernetes, prometheus, prometheus_server, promtool, thanos
from slogen.emit.artifact import Artifact, Asks, Emitter, owner

EMITTERS: tuple[Emitter, ...] = (
    prometheus.EMITTER,
    prometheus.THANOS_EMITTER,
    kubernetes.EMITTER,
    promtool.EMITTER,
    alertmanager.EMITTER,
    grafana.EMITTER,
    prometheus_server.EMITTER,
    thanos.EMITTER,
    jaeger.EMITTER,
)

__all__ = ["EMITTERS", "Artifact", "Asks", "Emitter", "owner"]
