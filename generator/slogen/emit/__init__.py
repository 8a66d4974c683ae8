"""Plans to files, as text: one module a target, listed in EMITTERS."""

from __future__ import annotations

from slogen.emit import alertmanager, grafana, operator, prometheus, promtool
from slogen.emit.artifact import Artifact, Emitter

EMITTERS: tuple[Emitter, ...] = (
    prometheus.EMITTER,
    prometheus.THANOS_EMITTER,
    operator.EMITTER,
    promtool.EMITTER,
    alertmanager.EMITTER,
    grafana.EMITTER,
)

__all__ = ["EMITTERS", "Artifact", "Emitter"]
