"""Whose file is it? Folders of emitters lie in one another, and some own a single file."""

from __future__ import annotations

import pytest

from slogen.emit import EMITTERS
from slogen.emit.artifact import Emitter, owner

PLAIN = Emitter(name="plain", folder="prometheus")
RESOURCES = Emitter(name="resources", folder="rules/kubernetes", also=("prometheus/kubernetes", "all.yaml"))


@pytest.mark.parametrize(
    ("path", "whose"),
    [
        ("prometheus/a.yaml", PLAIN),
        ("prometheus/kubernetes/a.yaml", RESOURCES),
        ("prometheus/kubernetes/deep/a.yaml", RESOURCES),
        ("prometheus/kubernetes.yaml", PLAIN),
        ("rules/kubernetes/a.yaml", RESOURCES),
        ("all.yaml", RESOURCES),
        ("all.yaml.bak", None),
        ("deep/all.yaml", None),
        ("prometheus-old/a.yaml", None),
    ],
)
def test_a_file_is_of_the_innermost_folder_around_it(path: str, whose: Emitter | None) -> None:
    """In whatever order the emitters stand."""
    assert owner(path, (PLAIN, RESOURCES)) is whose
    assert owner(path, (RESOURCES, PLAIN)) is whose


def test_no_two_emitters_own_the_same_place() -> None:
    """Else the one would delete what the other wrote."""
    places = [place for emitter in EMITTERS for place in (emitter.folder, *emitter.also)]
    assert len(places) == len(set(places))
