"""Mutants that mean the same as the rule: listed by hand, each with its reason."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from slogen.promql.places import places
from slogen.promql.query import tree_of
from slogen.promql.shape import is_bool, is_comparison
from slogen.promql.tree import nodes, operator_of
from slogen.prove.mutants import Mutant

# What the rule is called and is about (SLO, severity, rung), what was changed, and why no test can tell the two apart.
EQUIVALENT: tuple[tuple[str, str, str], ...] = (
    (
        "(SLOErrorBudgetBurn|SLONoData|SLOErrorBudgetExhausted|SLORecoveryOverdue|"
        "slogen:outage_start:timestamp_seconds|slo:outage:seconds) .*",
        "without label (service|slo)",
        "the series that the rule reads have the label already, with this value",
    ),
    (
        "(SLOErrorBudgetBurn|slogen:outage_start:timestamp_seconds) .*",
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
# The same for what owners wrote, with the service before the name. After what was changed stands whether that is only
# counted (in `count_over_time`) or of a zero-fill (after `or 0 *`). It is tried all the same, for the texts fit more
# than those that cannot be noticed.
EXPLAINED: tuple[tuple[str, str, str], ...] = (
    (
        "[a-z-]+ ([A-Za-z]+ReplicasLow .*|EtcdQuorumAtRisk .*|ControlPlaneAtRisk .*|"
        "Prometheus(NoAlertmanager|ReplicaDown) .*|Postgres(SplitBrain|NoSyncStandby|BackupRepositoryEmpty) .*|"
        "DatabaseDown .*|RedisShardUnreplicated .*|FailoverControllerDegraded .*|Route53HealthChecksMissing .*)",
        r"'(< 3' → '< 2\.7|<= 3' → '<= 3\.3|< 2' → '< 1\.8|< 1' → '< 0\.9|> 1' → '> 1\.1)'",
        "it counts whole things: none lies between the two",
    ),
    (
        "nodes (ZoneUnhealthy|NodeFlapping) .*",
        r"'(> 2' → '> 2\.2|>= 4' → '>= 3\.6)'",
        "it counts whole nodes or changes: none lies between the two",
    ),
    (
        "failover slo:sli_errors:rate5m readiness",
        r"'(>= 2' → '>= 1\.8|< bool 4' → '< bool 3\.6)'",
        "it counts whole replicas and services: none lies between the two",
    ),
    (
        "pgbouncer slo:sli_errors:rate5m pool-wait",
        r"'>= bool 1' → '>= bool 0\.9'",
        "PgBouncer tells the wait in whole seconds",
    ),
    (
        "(etcd EtcdLeaderUnstable|policy-engine PolicyEngineCrashLoop) .*",
        r"'>= (4' → '>= 3\.6|3' → '>= 2\.7)'",
        "whole events, made more by extrapolation: one event fewer gives at most 3.21 or 2.14",
    ),
    (
        "(redis|dns) slo:sli_(errors|total):rate5m availability",
        r"'> bool 0\.5' → '> bool 0\.55'",
        "no share of six nodes or three resolvers lies between 0.5 and 0.55",
    ),
    (
        "postgresql slo:sli_(errors|total):rate5m rpo",
        "'1e9' → .*",
        "it stands for a lag that nobody knows, and is only compared with 60",
    ),
    (
        "postgresql slo:sli_(errors|total):rate5m rpo",
        "('< 1048576' → .*|'<' → '>') that is only counted",
        "where the bytes are, pg_up is too, so that there is a sample either way",
    ),
    (
        "failover slo:sli_(errors|total):rate5m readiness",
        r"('>= 2' → .*|'>=' → '<'|without (namespace|deployment)=.*) that is only counted",
        "the zero-fill takes any deployment, so that there is a sample either way",
    ),
    (
        "(audit-service|prometheus|redis|object-storage) slo:sli_(errors|total):rate5m "
        "(completeness|alert-delivery|errors|availability)|audit-service AuditEventsMissing .*",
        r"'\[(5m|6h)\]' → '\[(10m|12h)\]' of a zero-fill",
        "it is multiplied by 0; where it alone is there, there is no total and no ratio",
    ),
    (
        "ingress slo:sli_errors:rate5m proxy-delivery",
        r"'\[5m\]' → '\[10m\]' of a zero-fill",
        "it is multiplied by 0, and subtracted from the same over 5m: without that there is no difference",
    ),
    (
        "(audit-service|prometheus|redis|object-storage|jaeger) slo:sli_total:rate5m "
        "(completeness|alert-delivery|errors|availability|span-acceptance)",
        "without (service|slo)=.*",
        "the total is there only when the errors are",
    ),
    (
        "(audit-service|prometheus) slo:sli_total:rate5m (completeness|alert-delivery)",
        "'and' → 'or'",
        "the total and the errors are there at the same times",
    ),
    (
        "(network-policies|security) slo:sli_total:rate5m (in-sync|runtime-detection)",
        "'and' → 'or'|without (service|slo)=.*",
        "the total and the errors are there at the same times",
    ),
    (
        "ingress slo:sli_total:rate5m proxy-delivery",
        "'and' → 'or'|without (service|slo)=.*",
        "HAProxy tells of all codes from its start: the total and the errors are there at the same times",
    ),
)

# A comparison with `bool`, or its operator alone; what the changed part is, in `Mutant.what`.
_COMPARED = re.compile(r"'[<>=!]=?( bool [^ ]+)?' → .*")


def reason(mutant: Mutant) -> str | None:
    """Return why a mutant cannot be noticed, None when a test must notice it."""
    if _is_only_counted(mutant):
        return "inside count_over_time a comparison with bool gives a sample either way, and samples are counted"
    return _listed(mutant.about, mutant.what, EQUIVALENT)


def explained(survivor: Mutant) -> str | None:
    """Return why no test noticed a mutant of what owners wrote, None when one should have."""
    service = dict(survivor.original.labels).get("service")
    return _listed(f"{service} {survivor.about}", survivor.what + _part(survivor), EXPLAINED)


def _is_only_counted(mutant: Mutant) -> bool:
    """Return whether the mistake is in a comparison with `bool` of which nothing but its samples is used."""
    told = _COMPARED.fullmatch(mutant.what)
    if mutant.rule is None or told is None:
        return False
    # A number that became longer differs behind its end.
    path = _path(mutant.original.expr, _place(mutant) - bool(told[1]))
    while path and not operator_of(path[-1]):
        path.pop()
    if not path or not is_bool(path[-1]):
        return False
    for node in reversed(path[:-1]):
        if _is_count(node):
            return True
        if is_comparison(operator_of(node)) and not is_bool(node):
            return False
    return False


def _part(mutant: Mutant) -> str:
    """Return of what part of the expression the mistake is, in words."""
    if mutant.rule is None:
        return ""
    path = _path(mutant.original.expr, _place(mutant))
    if any(map(_is_count, path)):
        return " that is only counted"
    fills = [_zero_fill(node) for node in path if operator_of(node) == "or"]
    return " of a zero-fill" if any(node is fill for node in path for fill in fills) else ""


def _place(mutant: Mutant) -> int:
    """Return where the mistake begins."""
    before, after = mutant.original.expr, mutant.rule.expr if mutant.rule else ""
    return next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), 0)


def _path(expr: str, place: int) -> list[Any]:
    """Return the parts of an expression that a place stands in, the outermost first."""
    tree, found = _read(expr)
    return [node for node in nodes(tree) if found[id(node)][0] <= place < found[id(node)][1]]


@lru_cache(maxsize=64)
def _read(expr: str) -> tuple[Any, dict[int, tuple[int, int]]]:
    tree = tree_of(expr)
    return tree, places(expr, tree)


def _is_count(node: Any) -> bool:
    return type(node).__name__ == "Call" and node.func.name == "count_over_time"


def _zero_fill(either: Any) -> Any:
    """Return the product with 0 that the right side of an `or` begins with; None when it begins with another."""
    product = either.rhs
    while operator_of(product) in ("and", "unless"):
        product = product.lhs
    factor = product
    while operator_of(factor) in ("*", "/"):
        factor = factor.lhs
    return product if type(factor).__name__ == "NumberLiteral" and factor.val == 0 else None


def _listed(name: str, what: str, known: tuple[tuple[str, str, str], ...]) -> str | None:
    for about, changed, why in known:
        if re.fullmatch(about, name) and re.fullmatch(changed, what):
            return why
    return None
