"""Every selector finds what it is for, and a change to any selector, label, name or port is noticed."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.unit.emit.kubernetes.consistency import complaints
from tests.unit.emit.kubernetes.platforms import Built
from tests.unit.emit.kubernetes.world import World, worlds

# What is compared as a whole with another output: one change in it stands for all.
WHOLES = (("PrometheusRule", "spec"), ("OpenTelemetryCollector", "config"), ("Jaeger", "spec"))
# Maps whose keys are labels.
LABELLED = ("labels", "matchLabels", "selector", "externalLabels")
# Figures and settings that select, name or lead to nothing. test_content.py has those that follow from the input.
SETTINGS = frozenset(
    {
        "image",
        "version",
        "replicas",
        "retention",
        "scrapeInterval",
        "evaluationInterval",
        "externalUrl",
        "routePrefix",
        "enableFeatures",
        "scrapeNativeHistograms",
        "exemplars",
        "blockSize",
        "getConfigInterval",
        "resources",
        "storage",
        "storageClassName",
        "accessModes",
        "securityContext",
        "podSecurityContext",
        "podManagementPolicy",
        "periodSeconds",
        "failureThreshold",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "concurrencyPolicy",
        "readOnly",
        "apiVersion",  # of the resource: the schema of its kind
        "kind",
    }
)
Path = tuple[str | int, ...]


def changes(value: Any, path: Path = ()) -> Iterator[tuple[Path, bool]]:
    """Yield the path of every value that may be changed, and of every key that is a label (True)."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in SETTINGS and not (name == "apiVersion" and len(path) > 1) and not (name == "kind" and path):
                continue
            if path and path[-1] in LABELLED and not isinstance(inner, dict | list):
                yield (*path, name), True
            yield from changes(inner, (*path, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from changes(inner, (*path, place))
    else:
        yield path, False


def changed(resource: dict[str, Any], path: Path, *, key: bool) -> dict[str, Any]:
    """Return a copy in which a value, or a label's name, is another one."""
    mutant = copy.deepcopy(resource)
    inside: Any = mutant
    for step in path[:-1]:
        inside = inside[step]
    last: Any = path[-1]
    if key:
        inside[f"{last}x"] = inside.pop(last)
    elif isinstance(inside[last], bool):
        inside[last] = not inside[last]
    elif isinstance(inside[last], int):
        inside[last] += 1
    else:
        inside[last] = f"{inside[last]}x"
    return mutant


def mutants(world: World) -> Iterator[tuple[str, World]]:
    """Yield a world for every change of every resource."""
    for place, (file, resource) in enumerate(world.resources):
        wholes = Counter[str]()
        for path, key in changes(resource):
            whole = next((name for kind, name in WHOLES if kind == resource["kind"] and name in path[:2]), None)
            wholes[whole or ""] += 1
            if whole and wholes[whole] > 1:
                continue
            mutant = changed(resource, path, key=key)
            resources = (*world.resources[:place], (file, mutant), *world.resources[place + 1 :])
            said = f"{resource['kind']} {resource['metadata']['name']}: {'.'.join(map(str, path))}{' (name)' * key}"
            yield said, World(world.made, resources, world.generated, home=world.home)


def noticed(world: World) -> bool:
    """Return whether anything complains; what cannot even be read is a complaint too."""
    try:
        return any(True for _ in complaints(world))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, AssertionError, yaml.YAMLError):
        return True


def test_every_selector_and_reference_finds_what_it_is_for(made: Built) -> None:
    """In every cluster of the platform."""
    for world in worlds(made):
        assert len(world.resources) > 10
        assert list(complaints(world)) == []


@pytest.mark.parametrize("name", ["committed", "whole", "gcs", "folder"])
def test_a_changed_selector_label_name_or_port_is_noticed(outputs: dict[str, Built], name: str) -> None:
    """Every one of them, in every resource of every cluster: 100 %."""
    tried, kept = 0, []
    for world in worlds(outputs[name]):
        for said, mutant in mutants(world):
            tried += 1
            if not noticed(mutant):
                kept.append(said)
    assert tried > 250
    assert kept == []


def test_a_resource_that_is_missing_is_missed(made: Built) -> None:
    """Each of them, in every cluster."""
    for world in worlds(made):
        for place, (_, resource) in enumerate(world.resources):
            rest = (*world.resources[:place], *world.resources[place + 1 :])
            assert noticed(World(made, rest, world.generated, home=world.home)), resource["metadata"]["name"]
