"""thanos/: the flags of every server, and the configuration files that they name."""

from __future__ import annotations

import json
from collections.abc import Iterator

from slogen.emit.artifact import Artifact, Emitter, header
from slogen.emit.flags import flags_text
from slogen.emit.yamltext import comment
from slogen.emit.yamlvalues import written
from slogen.model import Catalog, Platform
from slogen.plan.thanos import components, files

FOLDER = "thanos"


def file_texts(platform: Platform) -> tuple[tuple[str, str], ...]:
    """Return the configuration files in thanos/ as name and text, in a fixed order."""
    return tuple(
        (
            file.name,
            json.dumps(file.value, indent=1) + "\n"
            if file.name.endswith(".json")
            else header(platform.span.file) + comment(file.comment, "") + written(file.value),
        )
        for file in files(platform)
    )


def _emit(catalog: Catalog) -> Iterator[Artifact]:
    platform = catalog.platform
    for name, text in file_texts(platform):
        yield Artifact(path=f"{FOLDER}/{name}", text=text, rules=0)
    for component in components(platform):
        for member in component.members:
            # A sidecar has the name of its Prometheus.
            name = f"{component.command}-{member.rpartition('-')[2]}"
            start = f"thanos {component.command} @{FOLDER}/{name}.flags"
            yield Artifact(
                path=f"{FOLDER}/{name}.flags",
                text=flags_text(platform.span.file, start, component.of(member), component.purpose),
                rules=1,
            )


EMITTER = Emitter(name="thanos-servers", folder=FOLDER, platform=_emit, counts="servers")
