"""How PromQL spells strings, for all that scans its text."""

from __future__ import annotations

STRING = r"""(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)"""
