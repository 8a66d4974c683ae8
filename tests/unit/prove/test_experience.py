"""Which tests a mutant is tried on first."""

from __future__ import annotations

from slogen.core import Report
from slogen.model import Platform, Service
from slogen.plan.build import plan_service
from slogen.plan.scenarios import suites
from slogen.prove.experience import Experience
from slogen.prove.mutants import Mutant, mutants
from slogen.prove.slices import Slice, Slicer
from slogen.source.documents import read_file
from tests.rules.harness import PLATFORM, SERVICE

TWO = """
slos:
  - {name: reads, objective: 99.9, sli: {events: {total: http_requests_total, bad: 'http_requests_total{code="500"}'}}}
  - {name: writes, objective: 99, sli: {events: {total: http_puts_total, bad: 'http_puts_total{code="500"}'}}}
"""


def tried() -> tuple[Service, dict[str, Mutant], dict[str, list[Slice]]]:
    """Return a service of two SLOs, its mutants, and the slices for each of them."""
    text = PLATFORM.format(scrape="30s", evaluation="30s", more="") + "---" + SERVICE.format(body=TWO)
    report = Report()
    platform, service = read_file("test.yaml", text, report)
    assert not report.failed, report
    assert isinstance(platform, Platform)
    assert isinstance(service, Service)
    plan = plan_service(service, platform, Report())
    slicer, every = Slicer(plan), suites(plan, platform)
    found = {str(mutant): mutant for mutant in mutants(plan)}
    return service, found, {name: list(slicer.slices(mutant, every)) for name, mutant in found.items()}


def test_what_noticed_a_mistake_is_tried_first_on_that_of_another_slo() -> None:
    """Though it is the most expensive one; numbers and names of SLOs differ."""
    service, found, slices = tried()
    reads = next(name for name in found if name.startswith("SLOErrorBudgetBurn reads critical: '> 0.0144'"))
    writes = next(name for name in found if name.startswith("SLOErrorBudgetBurn writes critical: '> 0.144'"))
    dearest = max(slices[reads], key=lambda one: one.cost)
    experience = Experience(service, found.values())
    experience.learn(found[reads], dearest)
    (first,), *_ = experience.batches(found[writes], slices[writes])
    assert first.scenario.name.replace("writes", "reads").partition(" ")[0] == "reads:"
    assert first.cost == dearest.cost
    assert first.scenario.name.split()[1:4] == dearest.scenario.name.split()[1:4]


def test_without_experience_what_is_cheap_comes_first_and_nothing_is_left_out() -> None:
    """One test, then two, then four: each once."""
    service, found, slices = tried()
    name = next(name for name in found if name.startswith("SLOErrorBudgetBurn reads critical"))
    batches = list(Experience(service, found.values()).batches(found[name], slices[name]))
    costs = [one.cost for batch in batches for one in batch]
    assert costs == sorted(one.cost for one in slices[name])
    assert [len(batch) for batch in batches[:3]] == [1, 2, 4]
    assert {one for batch in batches for one in batch} == set(slices[name])


def test_each_kind_of_rule_comes_early() -> None:
    """The first mutants are of different rules, and none is lost."""
    service, found, _ = tried()
    varied = Experience(service, found.values()).varied()
    assert sorted(map(str, varied)) == sorted(found)
    rules = list(dict.fromkeys(mutant.about.replace("reads", "").replace("writes", "") for mutant in found.values()))
    assert len(rules) > 10
    first = {mutant.about.replace("reads", "").replace("writes", "") for mutant in varied[: len(rules)]}
    assert first == set(rules)
