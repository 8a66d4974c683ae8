"""Documents of a file to services and platforms, by their `kind`."""

from __future__ import annotations

from typing import Any

from slogen.core import Report
from slogen.model import Platform, Service
from slogen.source.fields import nearest
from slogen.source.platform import PLATFORM
from slogen.source.records import Record
from slogen.source.service import SERVICE
from slogen.source.tree import Node, load

KINDS: dict[str, Record] = {"Service": SERVICE, "Platform": PLATFORM}


def read_file(file: str, text: str, report: Report) -> list[Service | Platform]:
    """Return what every document of a file declares; what could not be read is reported."""
    return [value for node in load(file, text, report) if (value := _read(node, report)) is not None]


def _read(node: Node, report: Report) -> Any:
    kind = next((value for key, value in node.entries if key.text == "kind"), None)
    if kind is None:
        report.error(
            node.span, "SLO009", "the document has no kind", "start with apiVersion: slogen/v1 and kind: Service"
        )
        return None
    if kind.kind != "scalar":
        report.error(kind.span, "SLO004", "the kind is a single word", "write kind: Service or kind: Platform")
        return None
    record = KINDS.get(kind.text)
    if record is None:
        report.error(kind.span, "SLO005", f"{kind.text!r} is not a kind of document", nearest(kind.text, KINDS))
        return None
    return record.read(node, report)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a document, made from the same fields as the reader."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "slogen",
        "description": "An SLO document of slogen: a Service or the Platform",
        "oneOf": [record.schema() for record in KINDS.values()],
    }
