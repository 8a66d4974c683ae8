"""A repository that nothing is wrong with, and what to write instead of a piece of it so that lint speaks, or does not.

A case is text that stands in place of one piece of the good repository. In a wrong one, « and » stand around what the
carets must be under; they are taken out before slogen sees the text, so line and column are counted here by hand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slogen.app.build import build
from slogen.app.lint import lint_rules
from slogen.core import Report, Span

GOOD = {
    "slogen.yaml": """\
apiVersion: slogen/v1
kind: Platform
metadata: {name: shop}
clusters: [east, west]
prometheus: {retention: 12h}
thanos: {}
alertmanager: {version: "0.25"}
grafana: {url: "https://grafana.example.com"}
kubernetes: {labels: {prometheus: main}}
receivers:
  sre: {pagerduty: {routingKeyFile: /secrets/pagerduty}}
  boss: {email: {to: boss@example.com}}
email: {from: alerts@example.com, smarthost: "mail.example.com:25"}
teams: {core: {notify: [boss]}}
routing:
  critical:
    - {after: 0s, notify: [sre]}
    - {after: 36h, notify: [boss]}
  timings: {critical: {groupWait: 1m}}
""",
    "slos/web.yaml": """\
apiVersion: slogen/v1
kind: Service
metadata: {name: web, team: core}
slos:
  - name: up
    objective: 99.9
    sli: {events: {total: req_total, bad: err_total}}
alerts:
  - name: Down
    severity: warning
    expr: up == 0
    for: 2m
    summary: It is down
    tests:
      - {series: {up: "0x30"}, fires: 10m}
      - {series: {up: 1x30}, quiet: 10m}
""",
    "slos/others.yaml": """\
apiVersion: slogen/v1
kind: Service
metadata: {name: web-api, team: core, dependsOn: [web]}
slos: [{name: up, objective: 99.9, sli: {boolean: up}}]
---
apiVersion: slogen/v1
kind: Service
metadata: {name: store, team: core}
slos: [{name: up, objective: 99.9, sli: {boolean: up}}]
---
apiVersion: slogen/v1
kind: Service
metadata: {name: spool, team: core}
slos: [{name: up, objective: 99.9, sli: {boolean: up}, alerting: {critical: false}}]
""",
    "rules.yaml": """\
groups:
- name: shop
  rules:
  - record: job:up:avg
    expr: avg by (job) (up)
  - alert: ShopErrors
    expr: |
      sum(rate(errors_total[5m])) > 1
    for: 5m
    annotations: {summary: Something is wrong}
""",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """What stands instead of `piece` of a good file, which is in it once.

    `wrong` has texts with the place of the problem, and words of its message; `right` the closest that are right.
    `besides` are codes that are told of the wrong ones as well.
    """

    file: str
    piece: str
    wrong: Mapping[str, str]
    right: Sequence[str]
    besides: frozenset[str] = frozenset()

    def text(self, case: str) -> str:
        """Return the file with a case in it."""
        assert GOOD[self.file].count(self.piece) == 1, self.piece
        return GOOD[self.file].replace(self.piece, case)


def platform(piece: str, wrong: Mapping[str, str], right: Sequence[str], *besides: str) -> Cases:
    """Return cases of slogen.yaml."""
    return Cases(file="slogen.yaml", piece=piece, wrong=wrong, right=right, besides=frozenset(besides))


def service(piece: str, wrong: Mapping[str, str], right: Sequence[str], *besides: str) -> Cases:
    """Return cases of a service."""
    return Cases(file="slos/web.yaml", piece=piece, wrong=wrong, right=right, besides=frozenset(besides))


def rules(piece: str, wrong: Mapping[str, str], right: Sequence[str], *besides: str) -> Cases:
    """Return cases of a rule file."""
    return Cases(file="rules.yaml", piece=piece, wrong=wrong, right=right, besides=frozenset(besides))


def expr(wrong: Mapping[str, str], right: Sequence[str], *besides: str) -> Cases:
    """Return cases of the expression of an alert in a rule file."""
    return rules("sum(rate(errors_total[5m])) > 1", wrong, right, *besides)


def linted(root: Path, file: str, text: str) -> Report:
    """Return what `slogen lint` tells of the good repository with another text of one file."""
    (root / "slos").mkdir(exist_ok=True)
    for name, good in GOOD.items():
        (root / name).write_text(text if name == file else good, "utf-8")
    return lint_rules(root, [file]) if file == "rules.yaml" else build(root, check=True, emit=False).report


def marked(file: str, text: str) -> tuple[str, list[Span]]:
    """Return a text without its marks, and the place that each pair of them was around."""
    places = []
    while found := re.search("«(.*?)»", text, re.S):
        before, inner = text[: found.start()], found[1]
        line, col = before.count("\n") + 1, len(before) - before.rfind("\n")
        places.append(Span(file, line, col, col + len(inner.split("\n")[0])))
        text = before + inner + text[found.end() :]
    return text, places
