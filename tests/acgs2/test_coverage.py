"""The coverage page: complete, made of the files, and up to date."""

from __future__ import annotations

import pytest

from tests.acgs2.page import PAGE, ROOT, catalog, chosen, page, source, watched

GUIDE = ROOT.parent / "shared" / "seed" / "acgs2-ha-deployment-guide.md"


def test_the_page_is_up_to_date() -> None:
    """`make coverage` writes it."""
    assert PAGE.read_text("utf-8") == page(), "run make coverage"


def test_everything_that_is_watched_belongs_to_a_system_of_the_guide() -> None:
    """No SLO and no alert that the page leaves out."""
    every = list(watched(catalog()))
    told = {one.path for row in source()["systems"] for one in chosen(row["of"], every)}
    assert {one.path for one in every} - told == set()


def test_all_defects_have_an_answer_that_exists() -> None:
    """48 of them; each names files of this repository, or alerts."""
    defects = source()["defects"]
    assert list(defects) == list(range(1, 49))
    for number, one in defects.items():
        assert one.get("see") or one.get("of"), number
        for path in one.get("see", ()):
            assert (ROOT / path).exists(), f"{number}: {path}"


def test_the_classes_of_the_guide_are_those_of_slogen() -> None:
    """What the guide calls critical, warning or info has that class here; burn rates of SLOs have both."""
    every = list(watched(catalog()))
    for row in source()["classes"]:
        found = chosen(row["of"], every)
        same = [one for one in found if one.name == row["alert"]]
        assert same or all(not one.severity for one in found), row
        for one in same:
            assert row["class"] in (one.severity, "none"), row


@pytest.mark.skipif(not GUIDE.exists(), reason="../shared, which has the deployment guide, is not there")
def test_every_system_is_one_of_the_guide() -> None:
    """Each row quotes it, and so does each name of an alert."""
    text, given = GUIDE.read_text("utf-8"), source()
    for row in given["systems"]:
        assert row["guide"].lower() in text.lower(), row["system"]
    for row in given["classes"]:
        assert row["alert"] in text, row["alert"]
