"""How deep an expression is, from its text."""

from __future__ import annotations

import pytest

from slogen.promql.nesting import DEEPEST, LARGEST, too_large

DEEP = f"it is nested deeper than {DEEPEST} levels"


@pytest.mark.parametrize(
    ("text", "deepest"),
    [
        ("({})", 200),
        ("abs({})", 200),
        ("-{}", 200),
        ("{} + x", 200),
        ("{} or x", 200),
        ("2^{}", 200),
        ("{} >= bool 1", 200),
        ("(1 - {})", 100),  # a bracket and an operator each
        ("max_over_time({}[5m:1m])", 199),  # the range is a bracket within the innermost call
    ],
)
def test_brackets_and_operators_are_levels(text: str, deepest: int) -> None:
    """As many as are read, and one more."""
    expr = "up"
    for _ in range(deepest):
        expr = text.replace("{}", expr)
    assert too_large(expr) == ""
    assert too_large(text.replace("{}", expr)) == DEEP


@pytest.mark.parametrize(
    "text",
    [
        "x{a='" + "(" * 500 + "'}",
        'x{a="' + '\\"(' * 500 + '"}',
        "x # " + "-" * 500,
        "x_or_and_unless" * 50,
        "max(a, b) + " * 100 + "c",
        "f(" + ", ".join(["a + b"] * 300) + ")",
        ")" * 500,
    ],
)
def test_what_only_looks_deep_is_read(text: str) -> None:
    """Strings, comments, names, arguments side by side; what is not valid is left to the parser."""
    assert too_large(text) == ""


def test_a_wide_expression_is_counted() -> None:
    """Each of the arguments is a level deep: brackets and operators together are what is too much."""
    wide = "f(" + ", ".join(["a + b"] * (LARGEST - 1)) + ")"
    assert too_large(wide) == ""
    assert too_large(wide.replace("f(", "f(-a, ")) == f"it has more than {LARGEST} operators and brackets"
