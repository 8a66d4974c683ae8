"""Fields that several tables share: names, labels, addresses, series."""

from __future__ import annotations

from dataclasses import replace

from slogen.model import AlertClass
from slogen.promql.names import RESERVED_LABELS
from slogen.source.fields import DNS_LABEL, LABEL_NAME, Choice, Text
from slogen.source.records import Except, KeysPlaced, MapOf, Refused
from slogen.source.templates import LabelValue

DNS_HINT = "write lower-case letters, digits and dashes, at most 63 characters"
NAME = Text(
    DNS_LABEL,
    "a valid name",
    f"{DNS_HINT}, such as api-gateway",
    code="SLO101",
)
LINE = Text(limit=1000)
CLASSES = Choice(tuple(AlertClass))
LABEL_HINT = "write letters, digits and _, and no digit first"
_RESERVED = "__.*|" + "|".join(sorted(RESERVED_LABELS))
LABELS = MapOf(
    LABEL_NAME,
    LabelValue(Text(limit=1000, what="a label value")),
    "a label name",
    LABEL_HINT,
    Refused(
        pattern=_RESERVED,
        code="SLO106",
        message="the label {} is reserved",
        hint="choose another name",
    ),
)
_HOST = r"(?:\[[0-9a-fA-F:.]+\]|[^\s{}\"'\\\[\]/:@?#]+)(?::[0-9]{1,5})?"
ADDRESS = Except(
    Text(
        rf"https?://(?:[^\s{{}}\"'\\/@?#]+@)?{_HOST}(?:[/?#][^\s{{}}\"'\\]*)?",
        "a web address",
        "write http://… or https://…",
    ),
    Refused(
        pattern="https?://[^/?#]+@.*",
        code="SLO113",
        message="the address {} holds a literal secret",
        hint="leave user and password out",
    ),
)
_PORT = "[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
ENDPOINT = Text(rf"[^\s:/{{}}]+:(?:{_PORT})", "host:port")
LINKS = MapOf(
    "[a-z][a-zA-Z0-9]*",
    ADDRESS,
    "a link name",
    "write letters and digits, and a small letter first",
)
BY = Except(
    Text(LABEL_NAME, "a label name", "write a Prometheus label such as region"),
    Refused(
        pattern=f"{_RESERVED}|objective|window",
        code="SLO106",
        message="the label {} is reserved",
        hint="keep another label: slogen or Prometheus writes this one",
    ),
)
_UNSIGNED = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_VALUES = rf"_(?:x[0-9]+)?|stale|[-+]?(?:NaN|Inf)|[-+]?{_UNSIGNED}(?:(?:[-+]{_UNSIGNED})?x[0-9]+)?"
# As promtool's documentation has it; it takes NaN and Inf one by one only.
SERIES = KeysPlaced(
    MapOf(
        r"[^\x00-\x1f]+",
        Text(
            rf"\s*(?:{_VALUES})(?:\s+(?:{_VALUES}))*\s*",
            "a row of values such as 1x30",
            "write values such as 5, 1x30, 0+10x30, _x3 and stale; NaN and Inf cannot be repeated",
        ),
        "a series",
        "write it on one line",
    )
)
_KUBERNETES_NAME = r"[a-zA-Z0-9](?:[a-zA-Z0-9_.-]{0,61}[a-zA-Z0-9])?"


def _kubernetes_labels(refused: Refused | None = None) -> MapOf:
    return MapOf(
        rf"(?:[a-z0-9](?:[a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_KUBERNETES_NAME}",
        Text(_KUBERNETES_NAME, "a label value", "write letters, digits and - _ ."),
        "a Kubernetes label",
        "write one such as app or app.kubernetes.io/name",
        refused,
    )


SELECTOR = replace(_kubernetes_labels(), least=1)
KUBERNETES_LABELS = _kubernetes_labels(
    Refused(
        pattern=r"app\.kubernetes\.io/(?:name|instance|managed-by)|slogen\.dev/.*",
        code="SLO106",
        message="the label {} is reserved",
        hint="choose another: slogen writes this one",
    )
)
