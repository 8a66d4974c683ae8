"""What a generated test consists of: series over time, and what must hold at which time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from slogen.core import Duration, plain
from slogen.model import AlertClass, Platform, Service, Slo
from slogen.plan.rules import Evaluator
from slogen.promql.names import BUDGET, BURN_ALERT, EXHAUSTED_ALERT, RECOVERY_ALERT
from slogen.promql.sample import braces

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """At the time `at` the expression gives exactly these samples: labels in PromQL's notation, and values."""

    at: Duration
    expr: str
    samples: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A sentence, the series that are fed with a sample every `interval`, and what must come of them.

    `slo` names the SLO that it is about, None when it is about the whole service.
    """

    name: str
    interval: Duration
    series: tuple[tuple[str, str], ...]
    expects: tuple[Expect, ...]
    slo: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Scenarios that one file of tests holds: evaluated `every` so often, on the rules of `evaluators`."""

    layer: str
    every: Duration
    evaluators: tuple[Evaluator, ...]
    scenarios: tuple[Scenario, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """One SLO under test; of each of its `by` labels the value `a` unless others are given.

    `apart`: its tickets are evaluated by another server than its pages.
    """

    service: Service
    slo: Slo
    platform: Platform
    apart: bool = True

    @property
    def by(self) -> dict[str, str]:
        """A value for each `by` label."""
        return dict.fromkeys(self.slo.by, "a")

    def labels(self, by: Labels | None = None) -> dict[str, str]:
        """Return the labels of everything recorded for the SLO."""
        return {"service": self.service.name, "slo": self.slo.name, **(self.by if by is None else by)}

    def recorded(self, name: str, by: Labels | None = None) -> str:
        """Return a recorded series of the SLO."""
        return name + braces(self.labels(by))

    def alert(self, name: str, severity: AlertClass, by: Labels | None = None, rung: str = "") -> dict[str, str]:
        """Return the labels that an alert of the SLO must have."""
        own = {"severity": severity.value, "team": self.service.team, **dict(self.service.labels)}
        return {"alertname": name, **self.labels(by), **own, **({"escalation": rung} if rung else {})}

    def firing(self, at: Duration, *alerts: Labels) -> Expect:
        """Return that of all alerts of the SLO exactly these fire at `at`; tickets and late recovery are left aside."""
        only = {"alertstate": "firing", "service": self.service.name, "slo": self.slo.name}
        expr = "ALERTS" + braces(only)
        if not self.apart:
            expr += f' unless ALERTS{{alertname=~"{BURN_ALERT}|{EXHAUSTED_ALERT}",severity!="critical"}}'
        if self.slo.recovery:
            expr += f' unless ALERTS{{alertname="{RECOVERY_ALERT}"}}'
        return Expect(at=at, expr=expr, samples=tuple(fired(labels) for labels in alerts))

    def firing_of(self, at: Duration, name: str, *alerts: Labels) -> Expect:
        """Return that of the SLO's alerts of one name, rungs aside, exactly these fire at `at`."""
        only = {"alertname": name, "escalation": "", "alertstate": "firing", "service": self.service.name}
        expr = "ALERTS" + braces({**only, "slo": self.slo.name})
        return Expect(at=at, expr=expr, samples=tuple(fired(labels) for labels in alerts))

    def others(self, series: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """Yield the same recorded series of another service, and of another SLO: no rule of this one may read them."""
        service, slo = f'service="{self.service.name}"', f'slo="{self.slo.name}"'
        for name, values in series:
            if service in name and slo in name:
                yield name.replace(service, 'service="another"'), values
                yield name.replace(slo, 'slo="another"'), values

    def elsewhere(self, series: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the same recorded series of an SLO of another service that has its name."""
        return [(name, values) for name, values in self.others(series) if 'service="another"' in name]

    def scenario(
        self, sentence: str, interval: Duration, series: Iterable[tuple[str, str]], expects: Iterable[Expect]
    ) -> Scenario:
        """Return a scenario about this SLO; recorded series of another service and another SLO stand beside its own."""
        given = tuple(series)
        return Scenario(
            name=f"{self.slo.name}: {sentence}",
            interval=interval,
            series=(*given, *self.others(given)),
            expects=tuple(expects),
            slo=self.slo.name,
        )


def fired(labels: Labels) -> tuple[str, str]:
    """Return the sample of a firing alert."""
    return "ALERTS" + braces({"alertstate": "firing", **labels}), "1"


def rate_is(at: Duration, subject: Subject, name: str, per_second: Fraction, by: Labels | None = None) -> Expect:
    """Return that a recorded rate is so many events an hour, compared as whole numbers."""
    hourly = round(per_second * 3600)
    labels = subject.labels(by)
    return Expect(at=at, expr=f"round({name}{braces(labels)} * 3600)", samples=((braces(labels), str(hourly)),))


def millionths(subject: Subject, at: Duration, name: str, value: Fraction) -> Expect:
    """Return the value of what is recorded under a name, to six digits.

    Of every service that has an SLO of this name: another one's series must not get into the rules of this one.
    """
    expr = f'round({name}{{slo="{subject.slo.name}"}} * 1e6)'
    return Expect(at=at, expr=expr, samples=((braces(subject.labels()), str(round(value * 10**6))),))


def constants(subject: Subject, samples: int, apart: bool) -> list[tuple[str, str]]:
    """Return what the slow group reads and does not record, when it runs `apart` from the fast one."""
    if not apart:
        return []
    return [(subject.recorded(BUDGET, {}), steps((samples, subject.slo.objective.budget.value)))]


def strangers(subjects: Sequence[Subject], every: Duration, made: Mapping[str, Sequence[str]]) -> Scenario:
    """Return that nothing is recorded of another service's series, whatever its SLOs are called.

    Nor of another SLO's where a service has but one, for its rules read only that. `made` says what each series is
    made of; a label tells apart which of them each is fed for.
    """
    service = subjects[0].service.name
    whose = [{"service": "another", "slo": subject.slo.name} for subject in subjects]
    whose += [{"service": service, "slo": "another"}] if len(subjects) == 1 else []
    series, expects = [], []
    for number, (name, parts) in enumerate(made.items(), 1):
        for labels in whose:
            told = braces({**labels, "case": str(number)})
            series += [(part + told, "1x3") for part in parts]
            expects.append(Expect(at=every, expr=name + told))
    return Scenario(
        name=f"{service}: another service's series are left alone",
        interval=every,
        series=tuple(series),
        expects=tuple(expects),
    )


def enough(share: Fraction) -> int:
    """Return a number of events a second of which a share is several bad ones, however strict the objective is."""
    return 10**6 if share * 10**6 >= 1 else 10**12


def absent(at: Duration, series: str) -> Expect:
    """Return that a series has no value."""
    return Expect(at=at, expr=series)


def steps(*parts: tuple[int, Decimal | Fraction | int | None]) -> str:
    """Return constant values in promtool's notation: so many samples of each value, None for none."""
    written = []
    for count, value in parts:
        if count <= 0:
            continue
        text = "_" if value is None else plain(value)
        written.append(text + (f"x{count}" if value is None else f"x{count - 1}") if count > 1 else text)
    return " ".join(written)


def minutes(count: int | Fraction | Decimal) -> Duration:
    """Return so many minutes."""
    return Duration(round(count * 60_000))
