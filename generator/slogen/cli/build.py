"""`slogen build`."""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import click

from slogen.app.build import Outcome, build
from slogen.cli.problems import show
from slogen.cli.progress import Progress
from slogen.cli.words import count
from slogen.emit import EMITTERS, owner


@click.command(
    "build",
    epilog="""\b
Examples:
  slogen build
  slogen build --check                 exits 1, with a diff, when rules/ is stale
  slogen build --only kubernetes
  slogen -C ../platform build""",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 with a diff when the output is stale.")
@click.option("--only", type=click.Choice([emitter.name for emitter in EMITTERS]), help="Only this target.")
@click.pass_obj
def command(settings: dict[str, Any], check: bool, only: str | None) -> None:
    """Compile slogen.yaml and slos/ into rules/, and the tests that prove them.

    Everything is compiled and checked first, files change only after that. Files of removed services are
    deleted; a file that slogen does not own is never overwritten.
    """
    root, started = Path(settings["root"]), time.monotonic()
    with Progress() as progress:
        outcome = build(root, only=only, check=check, progress=progress.advance, tell=_tell)
    failed = outcome.report.failed
    done = "nothing was written"
    if outcome.touched:
        done = "a part of the output is written" if failed else "the output is written"
    show(outcome.report, root, files=outcome.files, outcome=done)
    if failed:
        sys.exit(1)
    if not settings["quiet"]:
        _summary(outcome, settings["verbose"])
    if check and outcome.drift:
        _drift(outcome)
        sys.exit(1)
    if not settings["quiet"]:
        told = "up to date" if check else "built"
        click.secho(f"✓ {told} in {time.monotonic() - started:.2f} s", fg="green", err=True)


def _tell(text: str) -> None:
    click.echo(text, err=True)


def _summary(outcome: Outcome, verbose: bool) -> None:
    def line(text: str) -> None:
        click.echo("  " + text, err=True)

    counts = ((outcome.services, "service"), (outcome.slos, "SLO"), (outcome.alerts, "cause alert"))
    line(" · ".join(count(number, what) for number, what in counts))
    for emitter in EMITTERS:
        mine = [change for change in outcome.changes if change.emitter == emitter.name]
        gone = [path for path in outcome.removed if owner(path, EMITTERS) is emitter]
        if not mine and not gone:
            continue
        states = Counter(change.state for change in mine) + Counter(removed=len(gone))
        told = ", ".join(f"{states[state]} {state}" for state in ("new", "changed", "removed") if states[state])
        rules = sum(change.rules for change in mine)
        line(f"{emitter.folder:<18} {len(mine):>5} files {rules:>7} {emitter.counts:<5}   {told or 'unchanged'}")
        if verbose:
            for change in mine:
                line(f"  {change.state:<8} {change.path}")
            for path in gone:
                line(f"  removed  {path}")


def _drift(outcome: Outcome) -> None:
    for change in outcome.changes:
        if change.diff:
            for text in change.diff.split("\n"):
                colour = {"+": "green", "-": "red", "@": "cyan"}.get(text[:1])
                click.echo(click.style(text, fg=colour) if colour else text)
        elif change.state == "new":
            click.secho(f"missing: {change.path}", fg="red")
    for path in outcome.removed:
        click.secho(f"left over: {path}", fg="red")
    verb = "differs" if len(outcome.drift) == 1 else "differ"
    click.echo(f"{count(len(outcome.drift), 'file')} {verb}: run `slogen build` and commit the result", err=True)


__all__ = ["command"]
