"""`slogen init`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from slogen.app.init import make


@click.command(
    "init",
    epilog="""\b
Examples:
  slogen init my-slos && slogen -C my-slos build""",
)
@click.argument("directory", default=".", metavar="[DIR]")
@click.pass_obj
def command(settings: dict[str, Any], directory: str) -> None:
    """Write a platform file and a first SLO, both with comments, that build at once."""
    root = Path(settings["root"]) / directory
    made, problem = make(root)
    if problem:
        click.secho(f"error: {problem}", fg="red", err=True)
        sys.exit(1)
    if settings["quiet"]:
        return
    for path in made:
        click.echo(f"  made {path}", err=True)
    click.echo(f"✓ now run: slogen -C {root} build", err=True)
