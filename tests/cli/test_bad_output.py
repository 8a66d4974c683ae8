"""What stands in the way of the output is told, exit 1, and stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import SERVICE, output, repository, slogen


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A repository with output on disk."""
    assert slogen(repository(tmp_path), "build").code == 0
    return tmp_path


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ('{"files": ["rules/prometheus/\\udcff.yaml"]}', "the manifest names 'rules/prometheus/\\udcff.yaml'"),
        ('{"files": ["rules/prometheus/a\\u0000.yaml"]}', "the manifest names 'rules/prometheus/a\\x00.yaml'"),
        (f'{{"files": ["rules/prometheus/{"a" * 251}.yaml"]}}', "the manifest names 'rules/prometheus/aaa"),
        ('{"files": ["rules/prometheus/by-hand.txt"]}', "the manifest names 'rules/prometheus/by-hand.txt'"),
        ('{"files": ["rules/prometheus//web.yaml"]}', "the manifest names 'rules/prometheus//web.yaml'"),
        ('{"files": ["rules/prometheus/../../slos/web.yaml"]}', "the manifest names 'rules/prometheus/../../slos/web"),
        ('{"files": ["slos/web.yaml"]}', "the manifest names 'slos/web.yaml', which slogen never writes"),
        ("[]", 'the manifest has no list "files"'),
        ('{"files": [1]}', 'the manifest has no list "files"'),
        ("{", "the manifest is damaged: Expecting property name"),
    ],
)
def test_a_manifest_that_slogen_did_not_write_is_refused(built: Path, manifest: str, message: str) -> None:
    """What it names would be deleted one day; nothing else in the folder changes."""
    (built / ".slogen-manifest.json").write_text(manifest, "utf-8")
    before = output(built)
    ran = slogen(built, "build")
    assert (ran.code, ran.places) == (1, [(".slogen-manifest.json:1:1", "SLO015")])
    assert ran.problems[0][2].startswith(message)
    assert output(built) == before


def test_a_manifest_that_cannot_be_read_is_told_in_words(built: Path) -> None:
    """A folder in its place; no number of an error, no path of this machine."""
    (built / ".slogen-manifest.json").unlink()
    (built / ".slogen-manifest.json").mkdir()
    assert slogen(built, "build").problems == [
        (".slogen-manifest.json:1:1", "SLO015", "cannot read the manifest: Is a directory")
    ]


def test_a_file_in_the_place_of_an_output_folder_is_told(tmp_path: Path) -> None:
    """The rules cannot be written below it; it is not taken for a rule file of somebody else."""
    (repository(tmp_path) / "rules").write_text("mine", "utf-8")
    ran = slogen(tmp_path, "build")
    assert (ran.code, ran.places) == (1, [("rules:1:1", "SLO016")])
    assert "it is no folder: move it away" in ran.err
    assert output(tmp_path) == {"rules": b"mine"}


def test_a_folder_in_the_place_of_a_rule_file_is_told(built: Path) -> None:
    """It cannot be replaced: nothing else is written either."""
    file = built / "rules" / "prometheus" / "web.yaml"
    file.unlink()
    file.mkdir()
    (built / "slos" / "web.yaml").write_text(SERVICE.replace("99.9", "99.5"), "utf-8")
    ran = slogen(built, "build")
    assert (ran.code, ran.places) == (1, [("rules/prometheus/web.yaml:1:1", "SLO016")])
    assert "it is a folder: move it away" in ran.err
