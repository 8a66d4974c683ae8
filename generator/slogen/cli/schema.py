"""`slogen schema`."""

from __future__ import annotations

import json

import click

from slogen.source.documents import json_schema


@click.command(
    "schema",
    epilog="""\b
Examples:
  slogen schema > slogen.schema.json
  # then, as the first line of slos/*.yaml:
  # yaml-language-server: $schema=../slogen.schema.json""",
)
def command() -> None:
    """Print the JSON Schema of slogen.yaml and slos/*.yaml, for editors."""
    click.echo(json.dumps(json_schema(), indent=2))
