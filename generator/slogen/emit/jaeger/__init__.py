"""jaeger/: what collectors and query servers are configured with, and the jobs of their storage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slogen.emit.artifact import Artifact, Emitter, header
from slogen.emit.jaeger.parts import Part
from slogen.emit.jaeger.roles import FOLDER, Role, memory_overlay, roles
from slogen.emit.jaeger.version1 import custom_resource
from slogen.emit.yamltext import comment
from slogen.emit.yamlvalues import written
from slogen.model import Catalog
from slogen.plan.topology import Value
from slogen.plan.tracing import Job, jobs

VERSION_1 = f"{FOLDER}/kubernetes/jaeger-v1.yaml"

__all__ = ["EMITTER", "Role", "roles"]


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
    if settings.version < (2, 0):
        yield Artifact(path=VERSION_1, text=source + custom_resource(platform), rules=1)
        return
    found = roles(catalog)
    for role in found:
        start = f"# {role.program} --config={role.path}\n"
        yield Artifact(path=role.path, text=source + comment(role.purpose, "") + start + _text(role.parts), rules=1)
    overlay = f"{FOLDER}/overlay-memory.yaml"
    about = "For a trial without storage: one collector keeps spans in memory, and shows them itself. The later file "
    about += "wins, key by key."
    start = f"# jaeger --config={found[0].path} --config={overlay}\n"
    yield Artifact(path=overlay, text=source + comment(about, "") + start + written(memory_overlay(settings)), rules=0)
    about = "Rotation and cleaning of the indices; times are in UTC. What has no schedule runs once, before the first "
    about += "collector starts."
    yield Artifact(path=f"{FOLDER}/jobs.yaml", text=source + comment(about, "") + _jobs_text(jobs(platform)), rules=0)


EMITTER = Emitter(name="jaeger", folder=FOLDER, also=(VERSION_1,), platform=_emit, counts="servers")
