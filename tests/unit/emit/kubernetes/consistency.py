"""Does every selector, label, reference and port in a cluster find what it is meant for, and nothing else?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.unit.emit.kubernetes import files, network, scraping, servers, structure
from tests.unit.emit.kubernetes.world import World

CHECKS: tuple[Callable[[World], Iterator[str]], ...] = (
    structure.every_resource_is_labelled_and_in_its_place,
    structure.workloads_select_their_own_pods,
    structure.services_lead_to_pods,
    structure.rules_are_evaluated_once,
    scraping.monitors_are_selected_by_prometheus,
    scraping.monitors_scrape_what_is_declared,
    servers.accounts_have_their_rights,
    servers.references_lead_to_keys,
    servers.servers_have_what_they_need,
    servers.jaeger_runs_what_is_in_jaeger,
    servers.jaeger_of_version_1_is_as_it_should_be,
    files.pods_find_their_files_and_volumes,
    files.names_lead_to_services,
    network.policies_let_through_what_is_needed_and_no_more,
)


def complaints(world: World) -> Iterator[str]:
    """Yield everything that is wrong in a cluster."""
    for check in CHECKS:
        yield from check(world)
