"""Rule files of Prometheus and Thanos Ruler, and PrometheusRule resources, with the place of every text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from slogen.core import Duration, Report
from slogen.model.rulefile import Pairs, Resource, WrittenGroup, WrittenRule
from slogen.source.fields import KINDS, LABEL_NAME, nearest
from slogen.source.tree import Node, load

MAX_VALUES = 3_000_000
_LONGEST = 50  # characters of a duration
_RECORD = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(LABEL_NAME)
_GROUP_KEYS = ("name", "interval", "rules", "limit", "query_offset", "labels", "partial_response_strategy")
_RULE_KEYS = ("record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations")
# What a group may have besides, and the first Prometheus that reads it. Source: its CHANGELOG.md.
_NEWER = {"query_offset": (2, 53), "labels": (3, 0)}


def read_rules(file: str, text: str, report: Report) -> list[WrittenGroup]:
    """Return the groups of every document of a file; what Prometheus would refuse in them is reported."""
    groups: list[WrittenGroup] = []
    for root in load(file, text, report, most=MAX_VALUES):
        groups += _Reader(report, thanos=_of_thanos(file, root)).document(root)
    return groups


def _of_thanos(file: str, root: Node) -> bool:
    evaluator = _resource(root, root).labels.get("slogen.dev/evaluator")
    return evaluator == "thanos" if evaluator else "thanos" in file.split("/")[:-1]


def _resource(root: Node, kind: Node) -> Resource:
    metadata = _value(root, "metadata")
    labels = _value(metadata, "labels") if metadata else None
    namespace = _value(metadata, "namespace") if metadata else None
    return Resource(
        labels={key.text: value.text for key, value in labels.entries} if labels else {},
        namespace=namespace.text if namespace else "",
        span=kind.span,
    )


def _value(node: Node, name: str) -> Node | None:
    return next((value for key, value in node.entries if key.text == name), None)


@dataclass(slots=True)
class _Reader:
    report: Report
    thanos: bool

    def document(self, root: Node) -> Iterator[WrittenGroup]:
        """Yield the groups of a document; resources of other kinds have none."""
        if root.kind != "map":
            self.wrong(root, "a map")
            return
        kind = _value(root, "kind")
        if kind is not None and _value(root, "apiVersion") is not None:
            if kind.text == "List":
                for item in self.items(_value(root, "items")):
                    yield from self.document(item)
            if kind.text == "PrometheusRule":
                spec = _value(root, "spec")
                if spec is None or spec.kind != "map":
                    self.report.error(root.span, "SLO009", "the key 'spec' is missing", "add spec: with groups")
                    return
                yield from self.groups(spec, _resource(root, kind))
            return
        yield from self.groups(root)

    def groups(self, node: Node, resource: Resource | None = None) -> Iterator[WrittenGroup]:
        self.keys(node, ("groups", "namespace"))
        groups = _value(node, "groups")
        if groups is None:
            self.report.error(node.span, "SLO009", "the key 'groups' is missing", "a rule file begins with groups:")
        named: dict[str, Node] = {}
        for item in self.items(groups):
            group = self.group(item, resource)
            if group is None:
                continue
            first = named.setdefault(group.name.text, item)
            if first is not item:
                told = f"a second group is named {group.name.text}"
                self.report.error(group.name.span, "SLO102", told, f"the first one stands at line {first.line}")
            yield group

    def group(self, node: Node, resource: Resource | None) -> WrittenGroup | None:
        if node.kind != "map":
            self.wrong(node, "a group")
            return None
        self.keys(node, _GROUP_KEYS)
        name = _value(node, "name")
        if name is None or name.kind != "scalar" or not name.text:
            self.report.error(node.span, "SLO009", "the group has no name", "add name:")
            return None
        interval = _value(node, "interval")
        rules = [rule for item in self.items(_value(node, "rules")) if (rule := self.rule(item)) is not None]
        return WrittenGroup(
            name=name.written,
            rules=tuple(rules),
            interval=self.duration(interval),
            interval_span=interval.span if interval else None,
            needs=tuple((key.text, _NEWER[key.text], key.span) for key, _ in node.entries if key.text in _NEWER),
            thanos=self.thanos or _value(node, "partial_response_strategy") is not None,
            resource=resource,
        )

    def rule(self, node: Node) -> WrittenRule | None:
        if node.kind != "map":
            self.wrong(node, "a rule")
            return None
        self.keys(node, _RULE_KEYS)
        record, alert, expr = (_value(node, name) for name in ("record", "alert", "expr"))
        if (record is None) == (alert is None):
            told = "both record and alert are given" if record else "neither record nor alert is given"
            self.report.error(node.span, "SLO010", told, "give exactly one of record, alert")
            return None
        name = record or alert
        if name is None or not self.filled(name, "a name"):
            return None
        if expr is None:
            self.report.error(node.span, "SLO009", "the key 'expr' is missing", "add expr: with PromQL")
            return None
        if not self.filled(expr, "PromQL"):
            return None
        if record is not None and not _RECORD.fullmatch(record.text):
            self.report.error(
                record.span, "SLO101", f"{record.text!r} is not a metric name", "write letters, digits, _ and :"
            )
        for key, _ in node.entries:
            if record is not None and key.text in ("for", "keep_firing_for", "annotations"):
                self.report.error(key.span, "SLO008", f"a recording rule has no {key.text}", "leave it out")
        return WrittenRule(
            name=name.written,
            alerts=alert is not None,
            expr=expr.written,
            for_=self.duration(_value(node, "for"), zero=True),
            keep_firing_for=self.duration(_value(node, "keep_firing_for"), zero=True),
            labels=self.pairs(_value(node, "labels")),
            annotations=self.pairs(_value(node, "annotations")),
            span=name.span,
        )

    def pairs(self, node: Node | None) -> Pairs:
        if node is None or node.is_null:
            return ()
        if node.kind != "map":
            self.wrong(node, "a map")
            return ()
        found = []
        for key, value in node.entries:
            if not _LABEL.fullmatch(key.text):
                self.report.error(
                    key.span, "SLO005", f"{key.text!r} is not a label name", "write letters, digits and _"
                )
            elif self.scalar(value):
                found.append((key.written, value.written))
        return tuple(found)

    def items(self, node: Node | None) -> list[Node]:
        if node is None or node.is_null:
            return []
        if node.kind != "list":
            self.wrong(node, "a list")
            return []
        return node.items

    def duration(self, node: Node | None, *, zero: bool = False) -> Duration | None:
        if node is None or not self.scalar(node):
            return None
        found = Duration.parse(node.text) if len(node.text) < _LONGEST else None
        if node.text == "0" or (found is not None and not found.ms and zero):
            return Duration(0)
        if found is None or not found.ms:
            self.report.error(node.span, "SLO006", f"{node.text!r} is not a duration", "write one such as 30s or 5m")
            return None
        return found

    def scalar(self, node: Node) -> bool:
        if node.kind != "scalar":
            self.wrong(node, "text")
        return node.kind == "scalar"

    def filled(self, node: Node, what: str) -> bool:
        if not self.scalar(node):
            return False
        if node.is_null or not node.text:
            self.report.error(node.span, "SLO004", f"{what} is wanted, but nothing is written", f"write {what}")
            return False
        return True

    def keys(self, node: Node, known: tuple[str, ...]) -> None:
        for key, _ in node.entries:
            if key.text not in known:
                self.report.error(key.span, "SLO008", f"unknown key {key.text!r}", nearest(key.text, known))

    def wrong(self, node: Node, wanted: str) -> None:
        self.report.error(node.span, "SLO004", f"{wanted} is wanted here, not {KINDS[node.kind]}", f"write {wanted}")
