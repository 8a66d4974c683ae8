"""Programs that a command needs: found, or the end of the command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click

from slogen.app.programs import PROMTOOL, Program, Tool, find

promtool_option = click.option(
    "--promtool", metavar="PATH", envvar="SLOGEN_PROMTOOL", show_envvar=True, help="Use this promtool."
)


def promtool_of(root: Path, given: str | None) -> Program:
    """Return the promtool that is given, else the one on the PATH."""
    return found(PROMTOOL, root, given, "or name one with --promtool PATH or SLOGEN_PROMTOOL")


def found(tool: Tool, root: Path, given: str | None = None, more: str = "") -> Program:
    """Return a program; without one the command ends, and says how to get it."""
    program = find(tool, root, given)
    if not isinstance(program, Program):
        stop("\n".join(filter(None, (program.message, more))))
    return program


def stop(message: str) -> NoReturn:
    """End the command with a message and exit code 2."""
    first, *rest = message.split("\n")
    click.echo(click.style("error", fg="red", bold=True) + f": {first}", err=True)
    for line in rest:
        click.echo(f"  {line}", err=True)
    sys.exit(2)
