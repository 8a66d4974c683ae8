"""Whatever stands in a rule file: problems, and never a traceback."""

from __future__ import annotations

import json

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slogen.app.judge import quoted
from slogen.check.rulefiles import Servers, check_rules
from slogen.core import Duration, Report
from slogen.promql.nesting import too_large
from slogen.promql.places import places
from slogen.promql.query import QueryError, tree_of
from slogen.promql.tree import nodes
from slogen.source.rulefile import read_rules

SERVERS = Servers(version=(2, 42), scrape_interval=Duration.of("30s"), retention=Duration.of("6h"))
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

PIECES = st.sampled_from([
    "groups:", "- name: g", "rules:", "- alert: A", "- record: r", "expr: up", "for: 5m", "labels: {a: '{{ $value }}'}",
    "annotations: {summary: '{{ $labels.x }}'}", "interval: 10m", "'", '"', "|", ">-", "{", "[", "]", "}", "&a", "*a",
    "\t", "\r\n", "\n", "  ", "é", "\U0001f600", "\ufeff", "\x00", "---", "kind: List", "items: []", "!!set", "<<: x",
    "\x85", "\u2028", '"\\ud800"', "unknown: [", "expr: 2^2", "a: &b {c: d}", "*b", "keep_firing_for: -5m",
])  # fmt: skip
SELECTORS = st.sampled_from([
    "a", 'a_total{x="1"}', 'h_bucket{le="1"}', "h_count", 'r:r{w=~"^5m$"}', "node_cpu_seconds_total", '{x!=""}',
])  # fmt: skip


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    clause = st.sampled_from(["", "", "on (x) ", "ignoring (le) ", "on (x) group_left (y) "])
    operator = st.sampled_from(["+", "-", "*", "/", "%", "^", "==", ">", "<= bool", "and", "or", "unless"])
    call = st.sampled_from([
        "sum by (x) ({})", "sum({}) by (le)", "topk(3, {})", "avg without (x, le) ({})", "absent({})", "-({})",
        "histogram_quantile(0.9, {})", 'label_replace({}, "a", "$1", "b", "(.*)")', "({}) * 2", "1 - ({})",
        "rate(({})[5m:1m])", "max_over_time(({})[1h:] offset 5m)", "({}) > 0.95", "({}) or vector(1)", "({}) # c\n",
        'count_values("v", {})', "quantile(0.5, {})", "clamp_max({}, 3)", "scalar({}) + ({})",
    ])  # fmt: skip
    binary = st.builds(
        lambda a, o, c, b: f"{a} {o} {'' if o in ('and', 'or', 'unless') and 'left' in c else c}{b}",
        inner, operator, clause, inner,
    )  # fmt: skip
    return st.builds(lambda form, a: form.replace("{}", a), call, inner) | binary


EXPRESSIONS = st.recursive(SELECTORS | SELECTORS.map(lambda one: f"rate({one}[1m] offset 1h)"), _grown, max_leaves=6)


def lint(text: str) -> Report:
    """Return what is wrong with a rule file; every place is one in it."""
    report, lines = Report(), text.count("\n") + text.count("\r") + 1
    check_rules(read_rules("rules.yaml", text, report), SERVERS, None, report)
    for problem in report:
        assert 1 <= problem.span.line <= lines + 1  # the end of the file, for YAML that stops too early
        assert problem.span.col >= 1
    return report


@QUICK
@given(st.lists(PIECES | st.text(max_size=5), max_size=25).map(" ".join))
def test_any_text_gives_problems(text: str) -> None:
    """Unknown fields, tabs, both line ends, unicode, half a document."""
    lint(text)


@QUICK
@given(EXPRESSIONS, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_any_expression_gives_problems(expr: str, end: str, alerts: bool) -> None:
    """Of alerts and of records, with both line ends; what carets stand under is a part of the expression."""
    kind = "alert: A" if alerts else "record: r"
    body = "".join(f"      {line}\n" for line in expr.split("\n"))
    text = f"groups:\n- name: g\n  rules:\n  - {kind}\n    expr: |\n{body}"
    for problem in lint(text.replace("\n", end)):
        assert problem.span.line in (4, *range(6, 7 + expr.count("\n")))


WRAPPED = st.sampled_from([
    "({})", "-{}", "abs({})", "sum({})", "sum by (x) ({})", "{} or up", "up or ({})", "1 - ({})", "{} > 1", "2 ^ {}",
    "max_over_time(({})[5m:1m])", 'label_replace({}, "a", "$1", "b", "(.*)")', "topk(3, {})", "{} and on (x) up",
])  # fmt: skip


@QUICK
@given(st.lists(WRAPPED, min_size=1, max_size=4), st.integers(1, 300))
def test_any_depth_gives_problems(forms: list[str], depth: int) -> None:
    """Up to the depth that is read nothing runs out of stack; beyond it is told."""
    expr = "up"
    for level in range(depth):
        expr = forms[level % len(forms)].replace("{}", expr)
    codes = {
        problem.code for problem in lint(f"groups: [{{name: g, rules: [{{alert: A, expr: {json.dumps(expr)}}}]}}]")
    }
    assert "SLO301" in codes or not too_large(expr)


@QUICK
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_promtool_is_given_what_is_written(text: str) -> None:
    """Whatever an expression holds, it is the same again when it is read as YAML."""
    assert yaml.safe_load(quoted(text)) == text


@QUICK
@given(EXPRESSIONS)
def test_parts_are_expressions_of_their_own(expr: str) -> None:
    """Wherever the places of a tree point, the text there parses to the same part."""
    try:
        tree = tree_of(expr)
    except QueryError:
        return
    found = places(expr, tree)
    for node in nodes(tree):
        start, end = found[id(node)]
        # The offset of a range is its selector's in the tree, and behind the range in the text.
        part = str(tree_of(expr[start:end]))
        assert part.replace(" offset 1h", "") == str(node).replace(" offset 1h", "")
