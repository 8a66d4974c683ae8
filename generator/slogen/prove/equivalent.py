"""Mutants that mean the same as the rule: listed by hand, each with its reason."""

from __future__ import annotations

import re

from slogen.prove.mutants import Mutant

# What the rule is called, what was changed, and why no test can tell the two apart.
EQUIVALENT: tuple[tuple[str, str, str], ...] = ()


def reason(mutant: Mutant) -> str | None:
    """Return why a mutant cannot be noticed, None when a test must notice it."""
    for name, what, why in EQUIVALENT:
        if re.fullmatch(name, mutant.name) and re.fullmatch(what, mutant.what):
            return why
    return None
