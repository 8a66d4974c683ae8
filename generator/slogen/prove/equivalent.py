"""Mutants that mean the same as the rule: listed by hand, each with its reason."""

from __future__ import annotations

import re

from slogen.prove.mutants import Mutant

# What the rule is called and is about (SLO, severity, rung), what was changed, and why no test can tell the two apart.
EQUIVALENT: tuple[tuple[str, str, str], ...] = (
    (
        "(SLOErrorBudgetBurn|SLONoData|SLOErrorBudgetExhausted|SLORecoveryOverdue) .*",
        "without label (service|slo)",
        "the series that the alert reads have the label already, with this value",
    ),
    (
        "SLOErrorBudgetBurn .*|slogen:outage_start:timestamp_seconds",
        r"'> [1-4]\.5' → .*|'(300|15|20|30|60)' → .*",
        "a guard counts whole events with half of one as slack: a tenth of fewer than five is less",
    ),
    (
        "slo:sli_(errors|total):avg_rate5m",
        r"'\[5m\]' → .*",
        "which of the samples of a recorded rate stand for 5m: a mean over more or fewer of them is the same but later",
    ),
    (
        "[A-Z].* (15m|1h|4h)",
        "without label service",
        "a rung's clock has the label of its page already, with this value",
    ),
)
# The same for what owners wrote; it is tried all the same, for the texts fit more than those that cannot be noticed.
EXPLAINED: tuple[tuple[str, str, str], ...] = (
    (
        "[A-Za-z]+ReplicasLow .*|EtcdQuorumAtRisk .*|ControlPlaneAtRisk .*|Prometheus(NoAlertmanager|ReplicaDown) .*|"
        "Postgres(SplitBrain|NoSyncStandby) .*|RedisShardUnreplicated .*",
        r"'(< 3' → '< 2\.7|<= 3' → '<= 3\.3|< 2' → '< 1\.8|< 1' → '< 0\.9|> 1' → '> 1\.1)'",
        "it counts whole things: none lies between the two",
    ),
    (
        "(EtcdLeaderUnstable|PolicyEngineCrashLoop) .*",
        r"'>= (4' → '>= 3\.6|3' → '>= 2\.7)'",
        "whole events, made more by extrapolation: one event fewer gives at most 3.21 or 2.14",
    ),
    (
        "slo:sli_(errors|total):rate5m (consumption-lag|rpo|availability)",
        r"'> bool [0-9.]+' → .*|'>' → '<'",
        "inside count_over_time a comparison with bool gives a sample either way; no share of six Redis nodes lies "
        "between 0.5 and 0.55",
    ),
    (
        "slo:sli_(errors|total):rate5m rpo",
        "'1e9' → .*",
        "it stands for a lag that nobody knows, and is only compared with 60",
    ),
    (
        "slo:sli_(errors|total):rate5m (completeness|alert-delivery|errors)|AuditEventsMissing .*",
        r"'\[(5m|6h)\]' → '\[(10m|12h)\]'",
        "of a zero-fill, multiplied by 0: where it alone is there, there is no total and no ratio",
    ),
    (
        "slo:sli_total:rate5m (completeness|alert-delivery|errors)",
        "'and' → 'or'|without (service|slo)=.*",
        "the total is there only when the errors are",
    ),
)


_CALL = re.compile(r"([a-z_]*)\(|\)")
_BOOL = re.compile(r"(?:[<>]=?|[=!]=) *bool\b")


def reason(mutant: Mutant) -> str | None:
    """Return why a mutant cannot be noticed, None when a test must notice it."""
    if _is_only_counted(mutant):
        return "inside count_over_time a comparison with bool gives a sample either way, and samples are counted"
    return _listed(mutant, EQUIVALENT)


def _is_only_counted(mutant: Mutant) -> bool:
    """Return whether the mistake is in a comparison with `bool` of which nothing but its samples is used."""
    if mutant.rule is None:
        return False
    before, after = mutant.original.expr, mutant.rule.expr
    place = next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), 0)
    compared = next((found for found in _BOOL.finditer(before) if found.start() <= place <= found.end() + 20), None)
    if compared is None or not re.fullmatch(r"'[<>=!]=?( bool [^ ]+)?' → .*", mutant.what):
        return False
    calls: list[str] = []
    for found in _CALL.finditer(before, 0, compared.start()):
        if found[0] == ")":
            calls.pop()
        else:
            calls.append(found[1])
    return "count_over_time" in calls


def explained(survivor: Mutant) -> str | None:
    """Return why no test noticed a mutant of what owners wrote, None when one should have."""
    return _listed(survivor, EXPLAINED)


def _listed(mutant: Mutant, known: tuple[tuple[str, str, str], ...]) -> str | None:
    for name, what, why in known:
        if re.fullmatch(name, mutant.about) and re.fullmatch(what, mutant.what):
            return why
    return None
