"""What notifications say: templates of Alertmanager for chat, mail and pagers.

They stand in notifications/*.tmpl as they are, but for words in capitals: those of `_fill`, which follow from the
platform, and MEDIUM in words.tmpl, which is there once for each medium, since a Go template cannot pass on how its
text is to be escaped. Only functions that Alertmanager 0.25 knows are used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from importlib.resources import files

from slogen.emit.artifact import header
from slogen.model import AlertClass, Platform, Rung, Service
from slogen.plan.routing import acknowledged_for
from slogen.promql import names

TEMPLATE = "templates/slogen.tmpl"

# The media, and the integrations that speak each; plain, which others rest on, is always there.
_MEDIA = {
    "plain": (),
    "pager": ("pagerduty", "opsgenie"),
    "mail": ("email",),
    "slack": ("slack",),
    "markdown": ("discord", "msteams"),
    "telegram": ("telegram",),
}
_LINES = 10  # of several alerts, before "and N more"
_CLOCK = "15:04 UTC on Mon 2 Jan"
# Blanks, what cannot be printed, and what turns the direction of writing: all a space.
_BLANKS = r"`[\s\p{Cc}\x{2028}-\x{202e}\x{2066}-\x{2069}]+`"
_HOLE = re.compile(r"\b(?:MEDIUM|CLIMBS|HOURS|TRACED|LINES|CLOCK|BLANKS|BURN_ALERT|NO_DATA_ALERT|EXHAUSTED_ALERT)\b")


def templates_text(platform: Platform, services: Iterable[Service] = ()) -> str:
    """Return the templates; of `services` it matters which of their pages do not climb the ladder."""
    used = {one.integration for one in platform.receivers}
    words = _fill(platform, services)
    parts = ["{{/* " + header(platform.span.file).strip("# \n") + " */}}\n", _ladder(platform), _places(platform)]
    parts.append(_filled("common", words))
    for medium, integrations in _MEDIA.items():
        if medium == "plain" or not used.isdisjoint(integrations):
            parts.append(_filled(medium, words))
            if medium != "pager":  # pagers are told in plain words
                parts.append(_filled("words", words | {"MEDIUM": medium}))
    return "\n".join(parts)


def _filled(name: str, words: dict[str, str]) -> str:
    text = (files(__package__) / "notifications" / f"{name}.tmpl").read_text("utf-8")
    return _HOLE.sub(lambda hole: words[hole[0]], text)


def _fill(platform: Platform, services: Iterable[Service]) -> dict[str, str]:
    rungs = _rungs(platform)
    return {
        "CLIMBS": _climbs(rungs, services),
        "HOURS": str(acknowledged_for(platform)),
        "TRACED": ".CommonLabels.service" if platform.jaeger_url else "false",
        "LINES": str(_LINES),
        "CLOCK": _CLOCK,
        "BLANKS": _BLANKS,
        "BURN_ALERT": names.BURN_ALERT,
        "NO_DATA_ALERT": names.NO_DATA_ALERT,
        "EXHAUSTED_ALERT": names.EXHAUSTED_ALERT,
    }


def _rungs(platform: Platform) -> Sequence[Rung]:
    """Return the steps of the ladder that have alerts of their own."""
    return [rung for rung in platform.routing.critical if rung.after.ms]


def _climbs(rungs: Sequence[Rung], services: Iterable[Service]) -> str:
    """Return a condition: somebody further will be told of the group."""
    if not rungs:
        return "false"
    below = "|".join(["", *(str(rung.after) for rung in rungs[:-1])])
    told = (
        f'match "^firing critical ({below})$" (print .Status " " .CommonLabels.severity " " .CommonLabels.escalation)'
    )
    not_slos, not_causes = [], []
    for service in services:
        not_slos += [f"{service.name} {slo.name}" for slo in service.slos if not slo.alerting.escalate]
        not_causes += [
            f"{service.name} {alert.name}"
            for alert in service.alerts
            if alert.severity is AlertClass.CRITICAL and not alert.escalate
        ]
    found = [f"({told})"]
    for label, those in (("slo", not_slos), ("alertname", not_causes)):
        if those:
            found.append(
                f'(not (match "^({"|".join(those)})$" (print .CommonLabels.service " " .CommonLabels.{label})))'
            )
    return found[0] if len(found) == 1 else f"(and {' '.join(found)})"


def _places(platform: Platform) -> str:
    """Return the addresses of the platform, written by actions: see common.tmpl."""
    given = platform.alertmanager.external_url if platform.alertmanager else None
    alertmanager = json.dumps(given) if given else ".ExternalURL"
    traces = ""
    if platform.jaeger_url:
        search = json.dumps(platform.jaeger_url.rstrip("/") + "/search?service=")
        service = '{{ urlquery (printf "%.200s" .CommonLabels.service) }}'
        traces = f"{{{{ if .CommonLabels.service }}}}{{{{ {search} }}}}{service}{{{{ end }}}}"
    return (
        "{{/* Where things are. */}}\n"
        f'{{{{ define "slogen.alertmanager" }}}}{{{{ {alertmanager} }}}}{{{{ end }}}}\n'
        f'{{{{ define "slogen.traces" }}}}{traces}{{{{ end }}}}\n'
    )


def _ladder(platform: Platform) -> str:
    """Return what follows from the ladder: the rungs not told yet, and who comes next."""
    rungs = _rungs(platform)
    unsent, following = [], []
    for place in range(len(rungs)):
        unsent.append("|".join(str(rung.after) for rung in rungs[place:]))
        who = ", ".join(one.receiver + (f" (in {one.during})" if one.during else "") for one in rungs[place].notify)
        following.append(f"{rungs[place].after} after the page: {who}")
    reached = ["", *(str(rung.after) for rung in rungs)][:-1] if rungs else []
    return "\n".join(
        [
            "{{/* The rungs not told yet, also as they stand in an address, and who comes next. */}}",
            _by_rung("unsent", ".CommonLabels", dict(zip(reached, unsent, strict=True))),
            _by_rung(
                "unsent.encoded",
                ".CommonLabels",
                {rung: one.replace("|", "%7C") for rung, one in zip(reached, unsent, strict=True)},
            ),
            _by_rung("next", ".CommonLabels", dict(zip(reached, following, strict=True))),
            "",
        ]
    )


def _by_rung(name: str, labels: str, texts: dict[str, str]) -> str:
    """Return a template that says the text of the rung reached; that of "" is the page's."""
    lines = [f'{{{{ define "slogen.{name}" -}}}}']
    opened = "if"
    for rung, text in texts.items():
        if rung:
            lines.append(f'{{{{{"" if opened == "if" else "-"} {opened} eq {labels}.escalation "{rung}" }}}}{text}')
            opened = "else if"
    rest = texts.get("", "")
    lines.append(rest if opened == "if" else f"{{{{- else }}}}{rest}\n{{{{- end }}}}")
    return "\n".join([*lines, "{{- end }}"])
