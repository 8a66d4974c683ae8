"""Platforms of every shape, and what a build makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from slogen.app.build import build
from tests.conftest import ROOT

_HEAD = """\
apiVersion: slogen/v1
kind: Platform
metadata: {name: shop, namespace: watch}
receivers:
  sre: {pagerduty: {routingKeyFile: /etc/alertmanager/secrets/pager/key}}
  boss: {email: {to: boss@example.com}}
  chat: {slack: {apiUrlFile: /run/secrets/slack, channel: "#shop"}}
email: {from: a@example.com, smarthost: "smtp.example.com:587", username: me, passwordFile: /run/secrets/mail}
routing:
  critical: [{after: 0s, notify: [sre]}, {after: 1h, notify: [boss]}]
  info: {notify: [chat]}
"""
_SERVICE = """\
apiVersion: slogen/v1
kind: Service
metadata: {name: web, team: core}
scrape:
  - {selector: {app: web}, namespace: shop-front}
  - {job: cache, selector: {app.kubernetes.io/name: cache}, port: http-metrics, path: /stats, honorLabels: true}
  - {job: edge, targets: ["10.0.0.1:9100", "10.0.0.2:9100"], credentialsFile: /run/token, caFile: /run/ca.crt}
slos:
  - name: up
    objective: 99.9
    sli:
      events: {total: 'req_total{job="web"}', bad: 'req_total{job="web",code=~"5.."}'}
  - name: fast
    objective: 99
    sli:
      latency: {histogram: 'req_seconds{job="web"}', threshold: 100ms, native: true}
"""
_PROBED = _SERVICE.replace("slos:", 'probe: {module: http_2xx, targets: ["https://example.com/"]}\nslos:')
_CAUSE = """\
apiVersion: slogen/v1
kind: Service
metadata: {name: queue, team: core}
alerts:
  - {name: QueueDown, severity: warning, expr: 'up{job="web"} == 0', summary: down}
"""
_S3 = "objectStorage: {type: S3, config: {bucket: b, endpoint: s3.example.com}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a test says of a platform beside its text: the labels that everything carries, and who is isolated."""

    text: str
    labels: dict[str, str]
    isolated: tuple[str, ...] = ()
    services: tuple[str, ...] = (_SERVICE, _CAUSE)


_OURS = {"app.kubernetes.io/managed-by": "slogen"}
PLATFORMS = {
    "plain": Expected(text=_HEAD + "prometheus: {retention: 90d}\nkubernetes: {}\n", labels=_OURS),
    "ruler elsewhere": Expected(
        text=_HEAD
        + """\
prometheus: {retention: 6h}
thanos: {}
jaeger: {url: "https://jaeger.example.com"}
kubernetes: {labels: {team: shop}, isolated: [watch]}
""",
        labels={"team": "shop", **_OURS},
        isolated=("watch",),
    ),
    "whole": Expected(
        text=_HEAD
        + f"""\
clusters: [north, south, west]
prometheus:
  version: "3.10"
  url: "https://metrics.example.com/prom"
  retention: 6h
  replicas: 3
  prober: "blackbox.watch.svc:9115"
thanos: {{version: "0.42", {_S3}, retention: {{raw: 45d}}, replicas: 3, receive: true}}
alertmanager: {{version: "0.28", replicas: 3, externalUrl: "https://alerts.example.com", retention: 121h}}
jaeger:
  storage:
    opensearch: {{urls: ["https://os:9200"], indexPrefix: shop, username: jaeger, passwordFile: /es/password}}
kubernetes:
  labels: {{"on": "true", "n": "1", example.com/team_A.b: x.Y_z-1}}
  isolated: [watch, shop-front, other]
  storageClass: fast
  storage: 1Ti
""",
        labels={"on": "true", "n": "1", "example.com/team_A.b": "x.Y_z-1", **_OURS},
        isolated=("watch", "shop-front", "other"),
        services=(_PROBED, _CAUSE),
    ),
    "gcs": Expected(
        text=_HEAD
        + """\
clusters: [only]
prometheus: {retention: 6h, replicas: 1}
thanos: {objectStorage: {type: GCS, config: {bucket: b}}, replicas: 1}
alertmanager: {replicas: 1}
jaeger: {version: "2.13", collectors: 1, storage: {elasticsearch: {urls: ["http://es:9200"]}}}
kubernetes: {labels: {team: shop}, isolated: [watch, shop-front]}
""",
        labels={"team": "shop", **_OURS},
        isolated=("watch", "shop-front"),
    ),
    "azure": Expected(
        text=_HEAD
        + """\
prometheus: {retention: 6h}
thanos: {objectStorage: {type: AZURE, config: {storage_account: a, container: c}}}
kubernetes: {labels: {team: shop}}
""",
        labels={"team": "shop", **_OURS},
    ),
    "folder": Expected(
        text=_HEAD
        + """\
prometheus: {retention: 6h}
thanos: {objectStorage: {type: FILESYSTEM, config: {directory: /bucket}}}
alertmanager: {}
jaeger: {version: "1", storage: {elasticsearch: {urls: ["http://es:9200"]}}}
kubernetes: {labels: {team: shop}}
""",
        labels={"team": "shop", **_OURS},
    ),
}
COMMITTED = Expected(
    text=(ROOT / "slogen.yaml").read_text("utf-8"),
    labels={"prometheus": "acgs2", "team": "acgs2", **_OURS},
    isolated=("acgs2-system",),
    services=tuple(file.read_text("utf-8") for file in sorted((ROOT / "slos").glob("*.yaml"))),
)
ALL = {"committed": COMMITTED, **PLATFORMS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The output of a platform: every file, and the resources in them by file; `platform` is what was read."""

    expected: Expected
    platform: dict[str, Any]
    services: tuple[dict[str, Any], ...]
    files: dict[str, str]
    resources: tuple[tuple[str, dict[str, Any]], ...]


def built(name: str, folder: Path) -> Built:
    """Build one of the platforms in a folder; the committed one is what is committed."""
    expected = ALL[name]
    root = ROOT
    if name != "committed":
        root = folder
        (root / "slogen.yaml").write_text(expected.text, "utf-8")
        (root / "slos").mkdir()
        for number, text in enumerate(expected.services):
            (root / "slos" / f"{number}.yaml").write_text(text, "utf-8")
        outcome = build(root)
        assert not outcome.report.failed, [str(problem) for problem in outcome.report.problems]
    owned = yaml.safe_load((root / ".slogen-manifest.json").read_text("utf-8"))["files"]
    files = {path: (root / path).read_text("utf-8") for path in owned}
    resources = tuple(
        (path, resource)
        for path, text in sorted(files.items())
        if "/kubernetes/" in path and not path.endswith("kustomization.yaml")
        for resource in yaml.load_all(text, yaml.CSafeLoader)
    )
    return Built(
        expected=expected,
        platform=yaml.safe_load(expected.text),
        services=tuple(yaml.safe_load(text) for text in expected.services),
        files=files,
        resources=resources,
    )
