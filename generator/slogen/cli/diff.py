"""`slogen diff`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from slogen.app.diff import Compared, Loaded, compared
from slogen.app.git import GitError
from slogen.cli.comment import as_failure, as_markdown
from slogen.cli.problems import show
from slogen.cli.progress import Progress
from slogen.cli.review import as_json, as_text
from slogen.core import Severity

_WRITERS = {"text": as_text, "markdown": as_markdown, "json": as_json}


@click.command(
    "diff",
    epilog="""\b
Examples:
  slogen diff                                the working tree against its merge base with the main branch
  slogen diff v1.4                           the working tree against a revision
  slogen diff origin/release...              the working tree against its merge base with a branch
  slogen diff v1.4 v1.5                      two revisions
  slogen diff ../before ../after             two directories
  slogen diff --format markdown > comment.md
  slogen diff --exit-code -q                 in CI: does anything change meaning?

Exit codes: 0 clean, 1 an error, or with --exit-code a change of meaning, 2 usage, git or a revision is missing.""",
)
@click.argument("base", metavar="[BASE]", required=False)
@click.argument("head", metavar="[HEAD]", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(_WRITERS)),
    default="text",
    show_default=True,
    help="How to write; markdown is one comment of a pull request.",
)
@click.option("--exit-code", "strict", is_flag=True, help="Exit 1 when anything changes meaning.")
@click.pass_obj
def command(settings: dict[str, Any], base: str | None, head: str | None, form: str, strict: bool) -> None:
    """Tell what a change of slogen.yaml and slos/ means: budgets, alerts, who is told, rules.

    BASE and HEAD are directories, or revisions of git, of which nothing is checked out. Without BASE it is the merge
    base with the main branch, without HEAD the working tree. A series that is gone and still read is an error.
    """
    try:
        with Progress() as progress, compared(Path(settings["root"]), base, head, progress.advance) as found:
            _tell(found, form, settings["quiet"])
            code = 1 if found.failed or (strict and found.review is not None and found.review.semantic) else 0
    except GitError as error:
        raise click.UsageError(error.message + (f"\n{error.hint}" if error.hint else "")) from error
    sys.exit(code)


def _tell(found: Compared, form: str, quiet: bool) -> None:
    sides = (f"base ({found.before.name})", found.before), (f"head ({found.after.name})", found.after)
    for what, side in sides:
        _problems(what, side)
    if found.before.note and not quiet:
        click.echo(f"note: {found.before.note}", err=True)
    if found.review is not None and not quiet:
        click.echo(_WRITERS[form](found.review, found.before.name, found.after.name))
    elif form == "markdown" and not quiet:
        errors = [(what, one) for what, side in sides for one in side.outcome.report if one.severity is Severity.ERROR]
        click.echo(as_failure(errors))
    if found.review is not None and (quiet or form != "text"):
        for one in found.review.broken:
            click.echo(f"error: {one.where} still reads {one.reads}", err=True)


def _problems(what: str, side: Loaded) -> None:
    if side.outcome.report.failed:
        click.secho(f"In the {what}:", bold=True, err=True)
        show(side.outcome.report, side.outcome.root, files=side.outcome.files, outcome="nothing is compared")
