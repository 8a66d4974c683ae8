"""Texts that Prometheus expands: `{{ $labels.x }}` in annotations and labels."""

from __future__ import annotations

from dataclasses import dataclass

from slogen.core import Report
from slogen.promql.gotemplate import parse_template
from slogen.promql.gotokens import TemplateError
from slogen.source.fields import Json, Text
from slogen.source.tree import Node

_CHANGING = frozenset({"$value", "$", "query", "now"})


@dataclass(frozen=True, slots=True)
class Templated:
    """A text that may hold templates."""

    text: Text

    def read(self, node: Node, report: Report) -> str | None:
        """Return the text."""
        text = self.text.read(node, report)
        if text is None or "{{" not in text:
            return text
        try:
            parse_template(text)
        except TemplateError as error:
            report.error(node.span, "SLO303", f"not a valid template: {error}", error.hint)
            return None
        return text

    def schema(self) -> Json:
        """Return a string schema; templates are the reader's."""
        return self.text.schema()


@dataclass(frozen=True, slots=True)
class LabelValue:
    """A label's value: a text whose templates use labels alone, so that it stays the same while an alert lasts."""

    text: Text

    def read(self, node: Node, report: Report) -> str | None:
        """Return the value."""
        text = Templated(self.text).read(node, report)
        if text is None or "{{" not in text:
            return text
        names = parse_template(text).names
        changing = sorted(name for name in names if name in _CHANGING or name.startswith("."))
        if not changing:
            return text
        report.error(
            node.span,
            "SLO111",
            f"a label cannot hold {changing[0]}",
            "a label that changes makes a new alert each time: use $labels.…, put values into the description",
        )
        return None

    def schema(self) -> Json:
        """Return a string schema; templates are the reader's."""
        return self.text.schema()
