"""Which series a rule reads: the selectors and joins of one SLO, or of all SLOs of a service."""

from __future__ import annotations

from dataclasses import dataclass

from slogen.model import Platform, Service, Slo
from slogen.promql.template import Expr


@dataclass(frozen=True, slots=True)
class Scope:
    """SLOs of a service that one rule covers; names are DNS labels, so that no quoting is needed."""

    service: Service
    platform: Platform
    slos: tuple[Slo, ...]

    @property
    def matchers(self) -> Expr:
        """The matchers, without braces."""
        if len(self.slos) == len(self.service.slos) and len(self.slos) != 1:
            return Expr(f'service="{self.service.name}"')
        names = "|".join(slo.name for slo in self.slos)
        return Expr(f'service="{self.service.name}",slo{"=" if len(self.slos) == 1 else "=~"}"{names}"')

    @property
    def of(self) -> Expr:
        """The selector, for the hole `$of`."""
        return Expr(f"{{{self.matchers}}}")

    @property
    def by(self) -> tuple[str, ...]:
        """The `by` labels of the SLOs."""
        return tuple(dict.fromkeys(label for slo in self.slos for label in slo.by))

    @property
    def labels(self) -> Expr:
        """The labels that tell one series from another within a server: `service, slo` and the `by` labels."""
        return Expr(", ".join(("service", "slo", *self.by)))

    @property
    def over(self) -> Expr:
        """Division by a series without `by` labels. `ignoring` leaves what the server adds, such as `cluster`."""
        return Expr(f"/ ignoring ({', '.join(self.by)}) group_left ()" if self.by else "/")
