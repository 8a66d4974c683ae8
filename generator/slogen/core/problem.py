"""What is wrong with the input, where, and what to change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slogen.core.written import Written


class Severity(StrEnum):
    """How bad a problem is: an error stops the build, a warning does not, an info is told by `slogen lint` only."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in a file of the user. Lines and columns count from 1; `end` is the column after the last one."""

    file: str
    line: int = 1
    col: int = 1
    end: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.col}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake of the user. `message` says what is wrong, `hint` what to change.

    `about` is PromQL that could not be read: promtool may know where its mistake is.
    """

    span: Span
    code: str
    severity: Severity
    message: str
    hint: str = ""
    about: Written | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.span}: {self.severity}[{self.code}]: {self.message}"


@dataclass(slots=True)
class Report:
    """Collects every problem of a run, so that all of them can be printed at once."""

    problems: list[Problem] = field(default_factory=list)

    def error(self, span: Span, code: str, message: str, hint: str = "", about: Written | None = None) -> None:
        """Add a problem that stops the build."""
        problem = Problem(span=span, code=code, severity=Severity.ERROR, message=message, hint=hint, about=about)
        self.problems.append(problem)

    def warning(self, span: Span, code: str, message: str, hint: str = "") -> None:
        """Add a problem that the build survives."""
        self.problems.append(Problem(span=span, code=code, severity=Severity.WARNING, message=message, hint=hint))

    def info(self, span: Span, code: str, message: str, hint: str = "") -> None:
        """Add what is worth knowing and may well be meant so."""
        self.problems.append(Problem(span=span, code=code, severity=Severity.INFO, message=message, hint=hint))

    def extend(self, problems: Iterable[Problem]) -> None:
        """Add problems that were found elsewhere."""
        self.problems.extend(problems)

    @property
    def failed(self) -> bool:
        """Whether anything stops the build."""
        return any(problem.severity is Severity.ERROR for problem in self.problems)

    def __iter__(self) -> Iterator[Problem]:
        """Yield the problems by place, then code."""
        return iter(sorted(set(self.problems), key=lambda p: (p.span, p.code, p.message)))
