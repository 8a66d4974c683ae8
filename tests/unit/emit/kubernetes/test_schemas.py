"""Every resource is valid, and no field of it can be misspelt without being refused."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from tests.schemas import faults, needs_crds
from tests.unit.emit.kubernetes.platforms import Built

# Maps whose keys are the user's, not the schema's; what is below them is read by other programs. Labels and selectors
# are tried in test_selectors.py, the configuration of a collector is compared with jaeger/ there.
FREE = (
    "labels",
    "matchLabels",
    "annotations",
    "externalLabels",
    "stringData",
    "selector",
    "limits",
    "requests",
    "config",
    "options",
)

Path = tuple[str | int, ...]


def fields(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every field of a resource, without those of free maps."""
    if isinstance(value, dict):
        free = bool(path) and path[-1] in FREE and not {"matchLabels", "matchExpressions"} & value.keys()
        for name, inner in value.items():
            if not free:
                yield (*path, name)
                yield from fields(inner, (*path, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from fields(inner, (*path, place))


def misspelt(resource: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return a copy with another letter at the end of a field's name."""
    changed = copy.deepcopy(resource)
    inside: Any = changed
    for step in path[:-1]:
        inside = inside[step]
    inside[f"{path[-1]}s"] = inside.pop(path[-1])
    return changed


@needs_crds
def test_every_resource_is_valid_to_the_last_field(made: Built) -> None:
    """The operators' schemas and those of two versions of Kubernetes, unknown fields refused."""
    assert len(made.resources) > 8
    for path, resource in made.resources:
        assert faults(resource) == [], (path, resource["kind"], resource["metadata"]["name"])


@needs_crds
def test_a_field_that_is_misspelt_is_refused(outputs: dict[str, Built]) -> None:
    """Each field of each kind, where it stands: in a second resource, rule or item of a list it is the same."""
    tried: set[tuple[str, ...]] = set()
    kept = []
    for made in outputs.values():
        for _, resource in made.resources:
            for path in fields(resource):
                shape = (resource["apiVersion"], resource["kind"], *(step for step in path if isinstance(step, str)))
                if shape not in tried:
                    tried.add(shape)
                    if not faults(misspelt(resource, path)):
                        kept.append(shape)
    assert len(tried) > 400
    assert kept == []
