"""jaeger/: what collectors and query servers are configured with, and the jobs of their storage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slogen.emit.artifact import Artifact, Emitter, header
from slogen.emit.jaeger.parts import Part
from slogen.emit.jaeger.roles import FOLDER, Role, memory_overlay, roles
from slogen.emit.jaeger.version1 import custom_resource
from slogen.emit.yamltext import comment
from slogen.emit.yamlvalues import written
from slogen.model import Catalog, Platform
from slogen.plan.topology import Value
from slogen.plan.tracing import Job, jobs

VERSION_1 = f"{FOLDER}/kubernetes/jaeger-v1.yaml"
_OVERLAY = (
    "For a trial without storage: one collector keeps spans in memory, and shows them itself. The later file wins, key "
    "by key."
)
_JOBS = (
    "Rotation and cleaning of the indices; times are in UTC. What has no schedule runs once, before the first "
    "collector starts."
)

__all__ = ["EMITTER", "VERSION_1", "Role", "has_version_1", "roles"]


def has_version_1(platform: Platform) -> bool:
    """Return whether the platform has the retired Jaeger 1: its resource is all that is written."""
    settings = platform.jaeger
    return settings is not None and settings.storage is not None and settings.version < (2, 0)


def _text(parts: Iterable[Part]) -> str:
    text, section = "", ""
    for part in parts:
        if part.section != section:
            section = part.section
            text += f"\n{section}:\n"
        text += (comment(part.why, "  ") if part.why else "") + written({part.name: part.value}, "  ")
    return text


def _jobs_text(found: Iterable[Job]) -> str:
    text = "jobs:\n"
    for job in found:
        value: dict[str, Value] = {"name": job.name}
        if job.schedule:
            value["schedule"] = job.schedule
        value |= {"image": job.image, "command": job.command}
        if job.env:
            value["env"] = dict(job.env)
        text += comment(job.purpose, "  ") + written([value], "  ")
    return text


def _emit(catalog: Catalog) -> Iterator[Artifact]:
    platform, settings = catalog.platform, catalog.platform.jaeger
    if settings is None or settings.storage is None:
        return
    source = header(platform.span.file)
    if has_version_1(platform):
        yield Artifact(path=VERSION_1, text=source + custom_resource(platform), rules=1)
        return
    found = roles(catalog)
    for role in found:
        start = f"# {role.program} --config={role.path}\n"
        yield Artifact(path=role.path, text=source + comment(role.purpose, "") + start + _text(role.parts), rules=1)
    overlay = f"{FOLDER}/overlay-memory.yaml"
    start = comment(_OVERLAY, "") + f"# jaeger --config={found[0].path} --config={overlay}\n"
    yield Artifact(path=overlay, text=source + start + written(memory_overlay(settings)), rules=0)
    listed = comment(_JOBS, "") + _jobs_text(jobs(platform))
    yield Artifact(path=f"{FOLDER}/jobs.yaml", text=source + listed, rules=0)


EMITTER = Emitter(name="jaeger", folder=FOLDER, also=(VERSION_1,), platform=_emit, counts="servers")
