"""`slogen lint`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from slogen.app.lint import lint_rules, lint_slos, rule_files
from slogen.cli.formats import FORMATS
from slogen.cli.problems import show
from slogen.cli.programs import promtool_of, promtool_option
from slogen.cli.progress import Progress
from slogen.cli.words import count
from slogen.core import Report, Severity

_GRAVE = (Severity.INFO, Severity.WARNING, Severity.ERROR)


@click.command(
    "lint",
    epilog="""\b
Examples:
  slogen lint
  slogen lint rules.yaml alerts/         Prometheus rules, whoever wrote them
  slogen lint --fail-on warning
  slogen lint --format sarif >slogen.sarif
  slogen -C ../platform lint""",
)
@click.argument("files", nargs=-1)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", *FORMATS]),
    default="text",
    help="How problems are told: text on stderr, everything else on stdout.",
)
@click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in reversed(_GRAVE)]),
    default="error",
    help="Exit 1 on problems as bad as this, or worse.",
)
@promtool_option
@click.pass_obj
def command(settings: dict[str, Any], files: tuple[str, ...], form: str, fail_on: str, promtool: str | None) -> None:
    """Say all that is wrong or doubtful, and what is worth knowing.

    Without FILES, about slogen.yaml and slos/: what `slogen build` says, and notes, such as numbers that contradict
    each other. With FILES, about rule files of Prometheus and PrometheusRule resources, whoever wrote them: what
    surely does not work, and what hardly does what it should. slogen.yaml, where there is one, tells what the servers
    keep and how often they scrape.

    promtool has the last word on what is PromQL: one as new as the servers knows what they read.

    Nothing is written. Each code has a page in docs/lint.
    """
    root = Path(settings["root"])
    path = promtool_of(root, promtool).path if promtool else None

    def tell(what: str) -> None:
        if form == "text" and not settings["quiet"]:
            click.echo(what, err=True)

    with Progress() as progress:
        if files:
            named: Sequence[str] = rule_files(root, files)
            report = lint_rules(root, named, progress.advance, promtool=path, tell=tell)
        else:
            outcome = lint_slos(root, progress.advance, promtool=path, tell=tell)
            named, report = outcome.files, outcome.report
    _tell(report, named, root, form, quiet=settings["quiet"])
    least = _GRAVE.index(Severity(fail_on))
    if any(_GRAVE.index(problem.severity) >= least for problem in report):
        sys.exit(1)


def _tell(report: Report, files: Sequence[str], root: Path, form: str, *, quiet: bool) -> None:
    if form != "text":
        click.echo(FORMATS[form](list(report)).encode(errors="replace"))  # names of files may be no text
        return
    show(report, root, files=files, outcome="nothing is written", notes=True)
    if not quiet and not any(report):
        click.secho(f"✓ nothing to say about {count(len(files), 'file')}", fg="green", err=True)
