"""Every value of the model with its path, as the input spells it: `routing.hold`, `receivers.sre.routingKeyFile`."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

from slogen.core import Duration, Ratio, plain
from slogen.model import Rung, Told
from slogen.promql.query import Query, Selector, normal_form, normalise
from slogen.review.changes import Fact

_SPELLED = {"for_": "for", "no_data": "noData"}


@dataclasses.dataclass(frozen=True, slots=True)
class Leaf:
    """A value as it is shown, and what is compared of it."""

    shown: str
    meaning: str


def facts(
    before: Any, after: Any, *, at: str = "", without: Collection[str] = (), texts: Collection[str] = ()
) -> tuple[Fact, ...]:
    """Return the values that differ between two objects; fields named in `texts` are only read by people.

    `at` is put before each path; `without` names fields to leave out. None has no values.
    """
    old, new = (dict(_leaves(value, at, without)) if value is not None else {} for value in (before, after))
    found = []
    for path in dict.fromkeys([*old, *new]):
        one, other = old.get(path), new.get(path)
        if one == other:
            continue
        same = one is not None and other is not None and one.meaning == other.meaning
        text = same or path.removeprefix(at).lstrip(". ").split(".")[0] in texts
        found.append(Fact(about=path, before=_shown(one), after=_shown(other), text=text))
    return tuple(found)


def _shown(leaf: Leaf | None) -> str | None:
    return None if leaf is None else leaf.shown


def told_text(told: Told) -> str:
    """Return a receiver, and when it is told: `boss in office-hours`."""
    return told.receiver + (f" in {told.during}" if told.during else "")


def _leaves(value: Any, path: str, without: Collection[str] = ()) -> Iterator[tuple[str, Leaf]]:
    match value:
        case None | "":
            return
        case Query():
            yield path, Leaf(normalise(value.text), normal_form(value.text))
        case Selector():
            yield path, Leaf(value.text, normal_form(value.text))
        case Told():
            yield path, _same(told_text(value))
        case Ratio():
            yield path, _same(f"{value.percent} %")
        case Duration():
            yield path, _same(str(value))
        case bool():
            yield path, _same("on" if value else "off")
        case Decimal():
            yield path, _same(plain(value))
        case tuple():
            yield from _of_tuple(value, path)
        case _ if dataclasses.is_dataclass(value):
            for field in dataclasses.fields(value):
                if field.compare and field.name not in without:
                    yield from _leaves(getattr(value, field.name), _joined(path, _camel(field.name)))
        case _:
            yield path, _same(str(value))


def _of_tuple(values: tuple[Any, ...], path: str) -> Iterator[tuple[str, Leaf]]:
    if not values:
        return
    first = values[0]
    if all(isinstance(one, int) for one in values):  # a version
        yield path, _same(".".join(map(str, values)))
    elif all(isinstance(one, Told) for one in values):
        yield path, _same(", ".join(map(told_text, values)))
    elif isinstance(first, Rung):
        for rung in values:
            yield _joined(path, str(rung.after)), _same(", ".join(map(told_text, rung.notify)))
    elif dataclasses.is_dataclass(first):
        for place, one in enumerate(values):
            name = getattr(one, "name", None) or getattr(one, "service", None) or str(place + 1)
            yield from _leaves(one, _joined(path, str(name)), ("name", "service"))
    elif (
        all(isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str) for one in values)
        and path[-5:] != "times"
    ):
        for key, one in values:
            yield from _leaves(one, _joined(path, key))
    else:
        yield path, _same(", ".join("-".join(one) if isinstance(one, tuple) else str(one) for one in values))


def _same(text: str) -> Leaf:
    return Leaf(text, text)


def _joined(path: str, name: str) -> str:
    return f"{path}{'' if not path or path.endswith(' ') else '.'}{name}"


def _camel(name: str) -> str:
    first, *rest = _SPELLED.get(name, name).split("_")
    return first + "".join(part.capitalize() for part in rest)
