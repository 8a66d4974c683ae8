"""How values look, as the field configuration of Grafana's JSON model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slogen.emit.grafana.kit import MANY, Between, Json, Link, Look, Said, Step, Under


def defaults(look: Look) -> Json:
    """Return the look as the defaults of a panel's fields."""
    made: Json = {
        "displayName": look.name,
        "unit": look.unit,
        "decimals": look.decimals,
        "min": look.low,
        "max": look.high,
        "noValue": look.missing,
        "mappings": list(_mappings(look.said)) or None,
        "thresholds": _thresholds(look.steps) if look.steps else None,
        "color": _colour(look),
        "links": [link_json(one) for one in look.links] or None,
        "custom": dict(look.custom) or None,
    }
    return {key: value for key, value in made.items() if value is not None}


def override(matcher: str, options: str, look: Look) -> Json:
    """Return the look for the fields that a matcher finds."""
    properties = []
    for key, value in defaults(look).items():
        if key == "custom":
            properties += [{"id": f"custom.{name}", "value": inner} for name, inner in value.items()]
        else:
            properties.append({"id": key, "value": value})
    return {"matcher": {"id": matcher, "options": options}, "properties": properties}


def _colour(look: Look) -> Json | None:
    if look.colour == MANY:
        return {"mode": "palette-classic"}
    if look.colour:
        return {"mode": "fixed", "fixedColor": look.colour}
    return {"mode": "thresholds"} if look.steps or look.said else None


def _thresholds(steps: Sequence[Step]) -> Json:
    return {"mode": "absolute", "steps": [{"value": one.value, "color": one.colour} for one in steps]}


def _mappings(said: Sequence[Said | Under | Between]) -> Iterator[Json]:
    for place, one in enumerate(said):
        result = {"text": one.text, "color": one.colour, "index": place}
        if isinstance(one, Under):
            yield {"type": "range", "options": {"from": None, "to": one.bound, "result": result}}
        elif isinstance(one, Between):
            yield {"type": "range", "options": {"from": one.low, "to": one.high, "result": result}}
        elif one.value is None:
            yield {"type": "special", "options": {"match": "null+nan", "result": result}}
        else:
            yield {"type": "value", "options": {one.value: result}}


def link_json(link: Link) -> Json:
    """Return a link; other sites open beside the page."""
    return {"title": link.title, "url": link.url, "targetBlank": not link.url.startswith("/d/")}
