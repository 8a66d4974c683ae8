"""The command line. Commands are imported when they are run, so that `slogen --help` is quick."""

from __future__ import annotations

import importlib
import sys

import click

from slogen import __version__

_COMMANDS = {
    "build": "Compile the SLOs into rules.",
    "init": "Make a directory that builds at once.",
    "schema": "Print the JSON Schema of the input.",
}


class _Lazy(click.Group):
    """A group that imports a command only when it runs; the help texts stand above."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in _COMMANDS:
            return None
        command = importlib.import_module(f"slogen.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 clean, 1 problems or drift, 2 usage or a missing program, 3 a bug of slogen.",
)
@click.option(
    "-C",
    "root",
    default=".",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False),
    help="Run in another repository.",
)
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="When to colour messages."
)
@click.option("-q", "--quiet", is_flag=True, help="Only problems.")
@click.option("-v", "--verbose", is_flag=True, help="Name every file.")
@click.version_option(__version__, prog_name="slogen")
@click.pass_context
def group(ctx: click.Context, root: str, color: str, quiet: bool, verbose: bool) -> None:
    """Compile SLO definitions into burn-rate rules that are right, proven and cheap to run.

    \b
    slogen init my-slos        a platform file and a first SLO that build at once
    slogen build               slos/*.yaml and slogen.yaml to rules/
    slogen build --check       in CI: is the committed output up to date?
    """
    ctx.color = {"auto": None, "always": True, "never": False}[color]
    ctx.obj = {"root": root, "quiet": quiet, "verbose": verbose}


def main() -> None:
    """Run slogen; a bug ends with exit code 3, a short message and the place of the traceback."""
    try:
        group(prog_name="slogen")
    except Exception as error:
        import tempfile
        import traceback

        with tempfile.NamedTemporaryFile(
            "w", prefix="slogen-traceback-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            traceback.print_exc(file=file)
        click.echo(
            f"slogen has a bug: {type(error).__name__}: {error}\nThe traceback is in {file.name}; please report it.",
            err=True,
        )
        sys.exit(3)
