"""Strict schemas of Kubernetes resources: the operators' from ../shared/crds, the core's from kubernetes-validate."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import jsonschema
import kubernetes_validate
import pytest

from tests.conftest import ROOT

CRDS = ROOT.parent / "shared" / "crds"
VERSIONS = ("1.29", "1.37")  # of Kubernetes: an old one that clusters still run, and the newest that is known
_OPERATED = re.compile(r"monitoring\.coreos\.com|opentelemetry\.io|jaegertracing\.io")
needs_crds = pytest.mark.skipif(not CRDS.is_dir(), reason="no strict schemas of custom resources: ../shared is absent")


def faults(resource: dict[str, Any]) -> list[str]:
    """Return what the strict schemas say against a resource; an unknown kind is a fault."""
    api = str(resource.get("apiVersion"))
    if _OPERATED.match(api):
        validator = _crd(api, str(resource.get("kind")))
        return ["no such kind"] if validator is None else [one.message for one in validator.iter_errors(resource)]
    found = []
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(resource, version, strict=True)
        except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError, KeyError) as error:
            found.append(f"{version}: {error}")
    return found


@cache
def _crd(api: str, kind: str) -> jsonschema.Draft202012Validator | None:
    file = CRDS / f"{api.replace('/', '_')}_{kind}.json"
    return jsonschema.Draft202012Validator(json.loads(file.read_text("utf-8"))) if file.exists() else None
