"""Mutants that mean the same as the rule: listed by hand, each with its reason."""

from __future__ import annotations

import re

from slogen.prove.mutants import Mutant

# What the rule is called, what was changed, and why no test can tell the two apart.
EQUIVALENT: tuple[tuple[str, str, str], ...] = (
    (
        "SLOErrorBudgetBurn|SLONoData|SLOErrorBudgetExhausted",
        "without label (service|slo)",
        "the series that the alert reads have the label already, with this value",
    ),
    (
        "SLOErrorBudgetBurn",
        r"'> [1-4]\.5' → .*|'(300|15|20|30|60)' → .*",
        "a guard counts whole events with half of one as slack: a tenth of fewer than five is less",
    ),
    (
        "slo:sli_(errors|total):avg_rate5m",
        r"'\[5m\]' → .*",
        "which of the samples of a recorded rate stand for 5m: a mean over more or fewer of them is the same but later",
    ),
)


def reason(mutant: Mutant) -> str | None:
    """Return why a mutant cannot be noticed, None when a test must notice it."""
    for name, what, why in EQUIVALENT:
        if re.fullmatch(name, mutant.name) and re.fullmatch(what, mutant.what):
            return why
    return None
