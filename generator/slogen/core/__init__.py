"""Positions, problems and exact numbers. Imports the standard library alone."""

from slogen.core.number import Duration, Ratio, plain
from slogen.core.problem import Problem, Report, Severity, Span
from slogen.core.words import closest, misspelt

__all__ = ["Duration", "Problem", "Ratio", "Report", "Severity", "Span", "closest", "misspelt", "plain"]
