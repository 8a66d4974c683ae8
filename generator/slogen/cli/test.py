"""`slogen test`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from slogen.app.programs import AMTOOL
from slogen.app.proof import Bench, Result, junit, known_services, prove, select, untested_services
from slogen.cli.mutation import mutate
from slogen.cli.programs import found, promtool_of, promtool_option, stop
from slogen.cli.progress import Progress
from slogen.cli.words import count, printable
from slogen.core import closest


@click.command(
    "test",
    epilog="""\b
Examples:
  slogen test
  slogen test api-gateway postgresql
  slogen test --junit report.xml       for the CI server
  slogen test --mutate redis           would the tests notice a wrong rule?
  slogen -v test                       one line a file
  slogen -C ../platform test --promtool ./bin/promtool

Exit codes: 0 all passed, 1 something failed, 2 usage, or a program is missing or too old.""",
)
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@click.option("--junit", "report", metavar="FILE", help="Also write the results as JUnit XML.")
@promtool_option
@click.option(
    "--timeout", type=click.IntRange(min=1), default=300, metavar="SECONDS", show_default=True, help="Time for a file."
)
@click.option("--mutate", "mutating", is_flag=True, help="Try the tests on rules with a mistake each, for minutes.")
@click.pass_obj
def command(
    settings: dict[str, Any],
    services: tuple[str, ...],
    report: str | None,
    promtool: str | None,
    timeout: int,
    mutating: bool,
) -> None:
    """Run promtool on everything that is generated, or on what is generated for some services.

    These are the tests in tests/promtool/, the rules in rules/prometheus/ and rules/thanos/, and with amtool the
    configuration in alertmanager/, where there is one. What promtool passes over in silence fails: rule files that
    do not exist, files without tests, tests without an assertion, services without tests.

    With --mutate each generated rule gets a mistake at a time: a threshold 10 % off, a window half or double, an
    operator, matcher, branch or label changed or missing. What no test notices is printed.
    """
    root, started = Path(settings["root"]), time.monotonic()
    _must_be_known(root, services)
    if mutating:
        program = promtool_of(root, promtool)
        sys.exit(0 if mutate(root, services, program, verbose=settings["verbose"]) else 1)
    jobs = select(root, services)
    routing = any(job.layer == "routing" for job in jobs)
    bench = Bench(
        root=root,
        promtool=promtool_of(root, promtool),
        amtool=found(AMTOOL, root) if routing else None,
        timeout=timeout,
    )
    with Progress() as progress:
        results = prove(bench, jobs, progress.advance)
    if report:
        _write(root / report, junit(results))
    if not settings["quiet"]:
        click.echo(_table(results, by_file=settings["verbose"]))
    _failures(results, after=not settings["quiet"])
    failed = any(result.failures for result in results)
    if failed or not settings["quiet"]:
        _summary(results, time.monotonic() - started)
    sys.exit(1 if failed else 0)


def _must_be_known(root: Path, services: Sequence[str]) -> None:
    known = known_services(root)
    if not known:
        stop(f"there are no tests in {root / 'tests' / 'promtool'}\nrun `slogen build`, or name the folder with -C")
    for service in services:
        if service not in known:
            meant = closest(service, known)
            if service in untested_services(root):
                stop(f"the service {service!r} has rules and no tests\nrun `slogen build`")
            hint = f"did you mean {meant}?" if meant else f"there are tests for: {', '.join(sorted(known))}"
            stop(f"the service {service!r} has no tests\n{hint}")


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        stop(f"cannot write {path}: {error.strerror}")


def _table(results: Sequence[Result], *, by_file: bool) -> str:
    def key(result: Result) -> str:
        return result.job.path if by_file else result.job.service or result.job.path

    rows = [("file" if by_file else "service", "tests", "seconds", "result")]
    for name, group in groupby(results, key):
        mine = list(group)
        tests, failed = sum(len(result.tests) for result in mine), _count_failures(mine)
        seconds = sum(result.seconds for result in mine)
        told = f"{failed:,} failed" if failed else "passed"
        rows.append((name, f"{tests:,}" if tests else "–", f"{seconds:.2f}", told))
    name_width, tests_width, seconds_width, _ = (max(map(len, column)) for column in zip(*rows, strict=True))
    lines = []
    for number, (name, ran, took, told) in enumerate(rows):
        line = f"{name:<{name_width}}  {ran:>{tests_width}}  {took:>{seconds_width}}  "
        told = click.style(told, fg="green" if told == "passed" else "red") if number else told
        lines.append(line + told if number else click.style(line + told, bold=True))
    return "\n".join(lines)


def _failures(results: Sequence[Result], *, after: bool) -> None:
    """Print what failed, a blank line between one and the next, and before the first where it comes `after` a table."""
    for result in results:
        for failure in result.failures:
            if after:
                click.echo()
            after = True
            where = f"{result.job.path}: {failure.test}" if failure.test else result.job.path
            click.secho(printable(where), fg="red", bold=True)
            for line in failure.text.split("\n"):
                click.echo(f"  {printable(line)}".rstrip())


def _count_failures(results: Sequence[Result]) -> int:
    """Return how many tests failed; a file that failed as a whole counts once."""
    return sum(len({failure.place for failure in result.failures}) for result in results)


def _summary(results: Sequence[Result], seconds: float) -> None:
    tests = sum(len(result.tests) for result in results)
    services = len({result.job.service for result in results if result.job.service})
    told = f"{count(tests, 'test')} of {count(services, 'service')} in {seconds:.2f} s"
    if failed := _count_failures(results):
        files = sum(bool(result.failures) for result in results)
        click.secho(f"✗ {count(failed, 'failure')} in {count(files, 'file')}; {told}", fg="red", err=True)
    else:
        click.secho(f"✓ {told}: all passed", fg="green", err=True)
