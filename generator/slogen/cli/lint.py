"""`slogen lint`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from slogen.app.build import build
from slogen.cli.problems import show
from slogen.cli.progress import Progress
from slogen.cli.words import count


@click.command(
    "lint",
    epilog="""\b
Examples:
  slogen lint
  slogen -C ../platform lint""",
)
@click.pass_obj
def command(settings: dict[str, Any]) -> None:
    """Say all that is wrong or doubtful about slogen.yaml and slos/, and what is worth knowing about them.

    That is what `slogen build` says, and notes: numbers that contradict each other, promises that cannot be measured.
    Nothing is written. It exits 1 on errors. Each code has a page in docs/lint.
    """
    root = Path(settings["root"])
    with Progress() as progress:
        outcome = build(root, check=True, progress=progress.advance)
    show(outcome.report, root, files=outcome.files, outcome="nothing is written", notes=True)
    if outcome.report.failed:
        sys.exit(1)
    if not settings["quiet"] and not any(outcome.report):
        click.secho(f"✓ nothing to say about {count(len(outcome.files), 'file')}", fg="green", err=True)
