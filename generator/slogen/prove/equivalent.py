"""Mutants that mean the same as the rule: listed by hand, each with its reason."""

from __future__ import annotations

import itertools
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


_CALL = re.compile(r"([a-z_]*)\(|\)")
_BOOL = re.compile(r"(?:[<>]=?|[=!]=) *bool\b")
_FILTER = re.compile(r"(?:[<>]=?|[=!]=)(?!=| *bool\b)")
_QUOTED = re.compile(r'\{(?:[^{}"]|"(?:\\.|[^"\\])*")*\}|"(?:\\.|[^"\\])*"')
_ZERO_FILL = re.compile(r"\bor\s+0 \* ")
_OPERATOR = re.compile(r"\b(and|or|unless)\b|[-+<>]")
_CHANGED = re.compile(r"'[<>=!]=?( bool ([^ ]+))?' → .*")


def reason(mutant: Mutant) -> str | None:
    """Return why a mutant cannot be noticed, None when a test must notice it."""
    if _is_only_counted(mutant):
        return "inside count_over_time a comparison with bool gives a sample either way, and samples are counted"
    return _listed(mutant.about, mutant.what, EQUIVALENT)


def _is_only_counted(mutant: Mutant) -> bool:
    """Return whether the mistake is in a comparison with `bool` of which nothing but its samples is used."""
    told = _CHANGED.fullmatch(mutant.what)
    if mutant.rule is None or told is None:
        return False
    expr, place = _plain(mutant.original.expr), _place(mutant)
    for found in _BOOL.finditer(expr):
        first, last = (found.end(), found.end() + 1 + len(told[2])) if told[1] else (found.start(), found.start() + 1)
        if first <= place <= last:
            return _is_counted(expr, found.start(), found.end())
    return False


def _is_counted(expr: str, start: int, end: int) -> bool:
    """Return whether a comparison stands in `count_over_time`, and there nothing filters by what it gives."""
    calls = _open(expr, start)
    names = [name for name, _ in calls]
    if "count_over_time" not in names:
        return False
    outer = calls[names.index("count_over_time") :]
    # To the left in the same parentheses stands only what it compares.
    around = itertools.pairwise(outer)
    if any(_FILTER.search(_flat(expr[since:until])) for (_, since), (_, until) in around):
        return False
    depth = len(outer)
    for found in re.finditer(r"[()]", expr[end:]):
        depth += 1 if found[0] == "(" else -1
        if depth == 0:
            return not _FILTER.search(expr, end, end + found.start())
    return False


def _place(mutant: Mutant) -> int:
    """Return where the mistake begins."""
    before, after = mutant.original.expr, mutant.rule.expr if mutant.rule else ""
    return next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), 0)


def _plain(expr: str) -> str:
    """Return an expression of the same length with blanks for its matchers and strings."""
    return _QUOTED.sub(lambda found: " " * len(found[0]), expr)


def _open(expr: str, place: int) -> list[tuple[str, int]]:
    """Return the calls that a place stands in, the outermost first, and where the inside of each begins."""
    calls: list[tuple[str, int]] = []
    for found in _CALL.finditer(expr, 0, place):
        if found[0] == ")":
            calls.pop()
        else:
            calls.append((found[1], found.end()))
    return calls


def _flat(text: str) -> str:
    """Return the text without what stands in parentheses that it closes."""
    while (less := re.sub(r"\([^()]*\)", "", text)) != text:
        text = less
    return text


def explained(survivor: Mutant) -> str | None:
    """Return why no test noticed a mutant of what owners wrote, None when one should have."""
    service = dict(survivor.original.labels).get("service")
    return _listed(f"{service} {survivor.about}", survivor.what + _part(survivor), EXPLAINED)


def _part(mutant: Mutant) -> str:
    """Return of what part of the expression the mistake is, in words."""
    if mutant.rule is None:
        return ""
    expr, place = _plain(mutant.original.expr), _place(mutant)
    if "count_over_time" in [name for name, _ in _open(expr, place)]:
        return " that is only counted"
    for found in _ZERO_FILL.finditer(expr, 0, place):
        since = _flat(expr[found.end() : place])
        if ")" not in since and not _OPERATOR.search(since.partition("(")[0]):
            return " of a zero-fill"
    return ""


def _listed(name: str, what: str, known: tuple[tuple[str, str, str], ...]) -> str | None:
    for about, changed, why in known:
        if re.fullmatch(about, name) and re.fullmatch(changed, what):
            return why
    return None
