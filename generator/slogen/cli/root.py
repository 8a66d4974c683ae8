"""The commands. They are imported when they are run, so that `slogen --help` is quick."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from contextlib import suppress

import click

from slogen import __version__

_COMMANDS = {
    "build": "Compile the SLOs into rules.",
    "diff": "Tell what a change means: budgets, alerts, who is told.",
    "explain": "Explain one SLO: thresholds, detection times, budget.",
    "init": "Make a directory that builds at once.",
    "lint": "Say all that is wrong or doubtful, and what is worth knowing.",
    "schema": "Print the JSON Schema of the input.",
    "test": "Run promtool on everything that is generated.",
}


def _note(ctx: click.Context, parameter: click.Parameter, given: bool) -> None:
    """Remember that an option was given, before the command or behind it."""
    settings = ctx.ensure_object(dict)
    settings[parameter.name] = given or settings.get(parameter.name, False)


# Accepted before a command and behind it.
_LOUDNESS: tuple[click.Parameter, ...] = (
    click.Option(["-q", "--quiet"], is_flag=True, expose_value=False, callback=_note, help="Only problems."),
    click.Option(["-v", "--verbose"], is_flag=True, expose_value=False, callback=_note, help="Name every file."),
)


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
        command.params += [option for option in _LOUDNESS if option not in command.params]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(
    cls=_Lazy,
    params=list(_LOUDNESS),
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 clean, 1 problems or drift, 2 usage or a missing program, 3 a bug of slogen, 130 Ctrl-C.",
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
@click.version_option(__version__, prog_name="slogen")
@click.pass_context
def group(ctx: click.Context, root: str, color: str) -> None:
    """Compile SLO definitions into burn-rate rules that are right, proven and cheap to run.

    \b
    slogen init my-slos        a platform file and a first SLO that build at once
    slogen build               slos/*.yaml and slogen.yaml to rules and their tests
    slogen build --check       in CI: is the committed output up to date?
    """
    if not os.path.isabs(root):
        _must_be_somewhere()
    ctx.color = {"auto": None, "always": True, "never": False}[color]
    ctx.obj["root"] = root


def _must_be_somewhere() -> None:
    try:
        os.getcwd()
    except OSError as error:
        raise click.UsageError(f"cannot tell the current directory: {error.strerror}; change into another") from error


def run() -> int:
    """Run slogen and return the exit code; output that cannot be written ends the process here."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `slogen schema | head` ends as other programs do
    _open_streams()
    try:
        return _answer()
    except OSError as error:
        if not _while_printing(error):
            return _bug(error)
        _say(f"error: cannot print: {error.strerror}")
        os._exit(2)  # not sys.exit, which would try to write the rest
    except Exception as error:
        return _bug(error)


def _open_streams() -> None:
    """Put something in the place of closed streams, lest a file that is opened later gets their number."""
    for name, flags, mode in (("stdin", os.O_RDONLY, "r"), ("stdout", os.O_RDONLY, "w"), ("stderr", os.O_WRONLY, "w")):
        if getattr(sys, name) is None:  # writing to a closed stdout fails, as it does in other programs
            setattr(sys, name, os.fdopen(os.open(os.devnull, flags), mode))


def _answer() -> int:
    try:
        return group.main(prog_name="slogen", standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        return error.exit_code


def _while_printing(error: OSError) -> bool:
    """Return whether stdout or stderr is what failed: everything is printed by click.echo."""
    return any(frame.f_code is click.echo.__code__ for frame, _ in traceback.walk_tb(error.__traceback__))


def _bug(error: Exception) -> int:
    """Tell of a bug in short, and where its traceback is."""
    import tempfile

    told = f"slogen has a bug: {type(error).__name__}: {error}"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="slogen-traceback-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            traceback.print_exception(error, file=file)
        told += f"\nThe traceback is in {file.name}; please report it."
    except OSError:
        traceback.print_exception(error)
    _say(told)
    return 3


def _say(text: str) -> None:
    with suppress(OSError):
        click.echo(text, err=True)
