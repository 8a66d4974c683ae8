"""`slogen test --mutate`: prints what the generated tests notice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from slogen.app.build import Outcome
from slogen.app.mutate import Score, scores
from slogen.app.programs import Program
from slogen.cli.problems import show
from slogen.cli.progress import Progress
from slogen.cli.words import printable

LEAST = 0.98  # share of the mutants of slogen's own rules that must be noticed


def mutate(root: Path, services: Sequence[str], promtool: Program, *, verbose: bool) -> bool:
    """Try mutants of the rules, print the scores and who survived; return whether enough of them were noticed."""
    outcome = Outcome(root)
    with Progress() as progress:
        made = list(scores(root, services, promtool, outcome, progress.advance))
    if outcome.report.failed:
        show(outcome.report, root, files=outcome.files, outcome="no mutant was tried")
        return False
    click.echo(_table(made))
    for score in made:
        _survivors(score, verbose)
        for said in score.unsound:
            click.secho(f"{score.service}: the tests fail on the rules as they are, no mutant was tried", fg="red")
            click.echo(printable(said))
    return all(score.share(owned=False) >= LEAST and not score.unsound for score in made)


def _table(made: Sequence[Score]) -> str:
    rows: list[list[str]] = [["service", "noticed", "of", "score", "owners'", "of", "score", "same", "seconds"]]
    for score in made:
        row = [score.service]
        for owned, killed in ((False, score.killed), (True, score.killed_owned)):
            row += [str(killed), str(killed + len(score.surviving(owned))), f"{score.share(owned):.1%}"]
        rows.append([*row, str(len(score.equivalent)), f"{score.seconds:.0f}"])
    first, *widths = (max(len(row[place]) for row in rows) for place in range(len(rows[0])))
    lines = [
        "  ".join([f"{name:<{first}}", *(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))])
        for name, *cells in rows
    ]
    return "\n".join([click.style(lines[0], bold=True), *lines[1:]])


def _survivors(score: Score, verbose: bool) -> None:
    """Print the mutants that nothing noticed, and on demand those that mean the same."""
    for mutant in score.surviving(owned=False):
        click.secho(f"{score.service}: survived: {mutant}", fg="red")
    for mutant in score.surviving(owned=True):
        click.secho(f"{score.service}: survived in what its owner wrote: {mutant}", fg="yellow")
    if verbose:
        for mutant, why in score.equivalent:
            click.echo(f"{score.service}: the same: {mutant} ({why})")
