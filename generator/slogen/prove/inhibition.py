"""Which alerts mute an alert while they are active, as Alertmanager 0.25 to 0.34 decides it (inhibit.Mutes)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from slogen.plan.routing import Inhibition
from slogen.prove.matching import Labels, accepts, matches


@dataclass(frozen=True, slots=True, kw_only=True)
class Muted:
    """An inhibition that mutes an alert, and the active alert for which it does."""

    inhibition: Inhibition
    source: Labels


def mutes(inhibitions: Iterable[Inhibition], labels: Labels, active: Sequence[Labels]) -> Iterator[Muted]:
    """Yield what mutes an alert; Alertmanager is content with the first inhibition that has an active source.

    An alert that matches both sides of an inhibition is muted by none that does so too, itself included. Whether a
    source is muted or silenced makes no difference. Labels that both alerts lack are equal.
    """
    for inhibition in inhibitions:
        if not matches(inhibition.target, labels):
            continue
        both = matches(inhibition.source, labels)
        for source in active:
            if (
                matches(inhibition.source, source)
                and all(source.get(label, "") == labels.get(label, "") for label in inhibition.equal)
                and not (both and matches(inhibition.target, source))
            ):
                yield Muted(inhibition=inhibition, source=source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A label in `equal` that alerts of one side, `source` or `target`, need not have."""

    inhibition: Inhibition
    label: str
    side: str


def inhibit_gaps(inhibitions: Iterable[Inhibition]) -> tuple[Gap, ...]:
    """Return every label of `equal` that a side does not demand: lacking it, unrelated alerts would be equal."""
    return tuple(
        Gap(inhibition=inhibition, label=label, side=side)
        for inhibition in inhibitions
        for label in inhibition.equal
        for side, matchers in (("source", inhibition.source), ("target", inhibition.target))
        if not any(one.label == label and not accepts(one, "") for one in matchers)
    )
