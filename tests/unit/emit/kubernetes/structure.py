"""Labels, places and names of resources, and what workloads, budgets, Services and rules select."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.unit.emit.kubernetes.world import (
    NAME,
    OPERATED,
    SHARED_NAMESPACE,
    Pods,
    World,
    home_of,
    matches,
    owned,
    parsed,
)

SPREAD = {"kubernetes.io/hostname": "DoNotSchedule", "topology.kubernetes.io/zone": "ScheduleAnyway"}
UNSCOPED = ("ClusterRole", "ClusterRoleBinding")


def every_resource_is_labelled_and_in_its_place(world: World) -> Iterator[str]:
    """The platform's labels on all of them; names used once; no namespace but the platform's and isolated ones."""
    seen = Counter((one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in _all(world))
    yield from (f"twice: {one}" for one, times in seen.items() if times > 1)
    for one in _all(world):
        metadata = one["metadata"]
        if not world.made.expected.labels.items() <= metadata["labels"].items():
            yield f"labels of {owned(one)}"
        extra = metadata["labels"].keys() - world.made.expected.labels.keys()
        if extra != {"Service": {NAME, "app.kubernetes.io/instance"}, "PrometheusRule": {"slogen.dev/evaluator"}}.get(
            one["kind"], set()
        ):
            yield f"more labels of {owned(one)}: {extra}"
        place = metadata.get("namespace")
        allowed = {None} if one["kind"] in UNSCOPED else {home_of(world)}
        if one["kind"] == "NetworkPolicy":
            allowed = set(world.made.expected.isolated)
        if place not in allowed:
            yield f"namespace of {owned(one)}"


def _all(world: World) -> list[dict[str, Any]]:
    return [resource for _, resource in world.resources]


def workloads_select_their_own_pods(world: World) -> Iterator[str]:
    """The selector of a workload, of its budget and of its spread: these pods and no others."""
    budgets = Counter[tuple[str, str]]()
    for one in world.of("PodDisruptionBudget"):
        found = world.selected(one["spec"]["selector"], one["metadata"]["namespace"])
        budgets.update(pods.owner for pods in found)
        if len(found) != 1 or one["spec"].get("maxUnavailable") != 1 or one["metadata"]["name"] != _called(found[0]):
            yield f"budget {owned(one)}"
    for pods in world.pods:
        kind, name = pods.owner
        if kind in ("Job", "CronJob"):
            continue
        resource = world.named(kind, name)
        assert resource is not None
        spec = resource["spec"]
        if kind == "OpenTelemetryCollector":
            if spec["podDisruptionBudget"] != {"maxUnavailable": 1}:
                yield f"budget of {name}"
        elif budgets[pods.owner] != 1:
            yield f"no budget for {pods.owner}"
        if kind in ("Deployment", "StatefulSet"):
            if [one.owner for one in world.selected(spec["selector"], pods.namespace)] != [pods.owner]:
                yield f"{pods.owner} selects {spec['selector']}"
            spec = spec["template"]["spec"]
        constraints = {one["topologyKey"]: one["whenUnsatisfiable"] for one in spec["topologySpreadConstraints"]}
        if constraints != SPREAD:
            yield f"{pods.owner} is spread over {constraints}"
        for one in spec["topologySpreadConstraints"]:
            if [two.owner for two in world.selected(one["labelSelector"], pods.namespace)] != [pods.owner]:
                yield f"{pods.owner} is spread by {one['labelSelector']}"
            if one["maxSkew"] != 1:
                yield f"{pods.owner} may be skewed"


def _called(pods: Pods) -> str:
    """Return what servers are called without their number."""
    kind, name = pods.owner
    return f"{OPERATED[kind]}-{name}" if kind in OPERATED else name


def services_lead_to_pods(world: World) -> Iterator[str]:
    """A Service's selector finds one kind of pods, its ports are those of the pods, and it is headless."""
    for one in world.of("Service"):
        name, spec = one["metadata"]["name"], one["spec"]
        found = world.selected({"matchLabels": spec["selector"]}, one["metadata"]["namespace"])
        if [pods.owner[1] for pods in found] != [name] or spec["clusterIP"] != "None":
            yield f"service {name}"
            continue
        if {port["name"]: port["port"] for port in spec["ports"]} != found[0].ports:
            yield f"ports of service {name}"
        if any(port["targetPort"] != port["name"] for port in spec["ports"]):
            yield f"target ports of service {name}"
        addressed = "POD_NAME).thanos" in str(world.named(*found[0].owner))
        if spec.get("publishNotReadyAddresses", False) is not addressed:
            yield f"service {name} and servers that are not ready"


def rules_are_evaluated_once(world: World) -> Iterator[str]:
    """Each PrometheusRule is selected by the server that its label names, and holds that server's rule file."""
    servers = {"prometheus": list(world.of("Prometheus")), "thanos": list(world.of("ThanosRuler"))}
    for path, one in world.resources:
        if one["kind"] != "PrometheusRule":
            continue
        labels, name = one["metadata"]["labels"], one["metadata"]["name"]
        evaluator = labels.get("slogen.dev/evaluator")
        for kind, found in servers.items():
            times = sum(
                matches(server["spec"]["ruleSelector"], labels)
                and matches(server["spec"]["ruleNamespaceSelector"], {SHARED_NAMESPACE: one["metadata"]["namespace"]})
                for server in found
            )
            if times != (1 if kind == evaluator and found else 0):
                yield f"{name} is evaluated {times} times by {kind}"
        file = path.rpartition("/")[2]
        plain = parsed(world, f"rules/{evaluator}/{file}")
        if plain is None or one["spec"] != plain:
            yield f"{name} is not rules/{evaluator}/{file}"
        service = file.removesuffix(".yaml")
        if name != ("slogen" if service == "_platform" else f"slogen-{service}-{evaluator}"):
            yield f"{name} is called otherwise"
    here = {(one["metadata"]["labels"].get("slogen.dev/evaluator"), path) for path, one in world.resources}
    for file in world.made.files:
        folder, _, name = file.rpartition("/")
        evaluator = folder.removeprefix("rules/")
        if (
            folder == f"rules/{evaluator}"
            and evaluator in servers
            and (evaluator, f"rules/kubernetes/{name}") not in here
        ):
            yield f"no resource holds {file}"
