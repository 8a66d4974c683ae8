"""Positions, problems and exact numbers. Imports the standard library alone."""

from slogen.core.number import Duration, Ratio, plain
from slogen.core.problem import Problem, Report, Severity, Span

__all__ = ["Duration", "Problem", "Ratio", "Report", "Severity", "Span", "plain"]
