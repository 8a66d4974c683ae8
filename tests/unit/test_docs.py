"""The documentation names what there is, and its examples do what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slogen.app.build import build
from slogen.app.init import make
from slogen.app.lint import lint_rules
from slogen.core import Report
from slogen.model import Platform, Service
from slogen.source.documents import KINDS, read_file
from slogen.source.records import Either, Later, ListOf, MapOf, Record
from tests.conftest import ROOT

LINT = ROOT / "docs" / "lint"
PAGES = sorted(path.stem for path in LINT.glob("SLO*.md"))
RULE_PAGES = [code for code in PAGES if "# rules.yaml" in (LINT / f"{code}.md").read_text("utf-8")]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
UNREACHABLE = {
    "SLO308",  # what promtool 2 reads and promtool 3 does not
    "SLO334",  # what promtool 3 reads and promtool 2 does not
    "SLO019",  # takes a minute, and a second build
    "SLO207",  # a check behind the reader: no input is known that leads to it
    "SLO502",  # slogen itself must be wrong
    "SLO901",  # as above
}
# What runs an example: the shell of its page, with the slogen under test.
SHELL = 'slogen() { "$PYTHON" -m slogen "$@"; }\n'


def codes() -> set[str]:
    """Return the codes that stand in the package."""
    package = ROOT / "generator" / "slogen"
    return {code for path in package.rglob("*.py") for code in re.findall(r'"(SLO\d{3})"', path.read_text("utf-8"))}


def blocks(path: Path, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", path.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def keys(field: Any) -> Iterator[str]:
    """Yield the name of every key below a field, save those that are not supported yet."""
    match field:
        case Record():
            for key in field.keys:
                if not isinstance(key.field, Later):
                    yield key.name
                    yield from keys(key.field)
        case ListOf():
            yield from keys(field.item)
        case MapOf():
            yield from keys(field.value)
        case Either():
            yield from keys(field.record)


def accepted(text: str) -> list[Service | Platform]:
    """Return the documents of a text; problems fail the test."""
    report = Report()
    values = read_file("docs/input.md", text, report)
    assert [str(problem) for problem in report] == []
    return values


def prose(path: Path) -> str:
    """Return a page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(path: Path) -> set[str]:
    """Return what a link into a page may name: its headings as GitHub spells them."""
    headings = re.findall(r"^#+ (.*)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    """Problems link to docs/lint/<code>.md; a page without a code explains nothing."""
    assert len(PAGES) > 40
    assert set(PAGES) == codes()


def test_a_page_begins_with_its_code() -> None:
    """The title is the code and a short name."""
    for code in PAGES:
        assert re.match(rf"# {code}: \S", (LINT / f"{code}.md").read_text("utf-8")), code


def test_the_list_of_codes_names_each_once_in_order() -> None:
    """docs/lint/README.md has one row a code, under the heading of its hundred."""
    group, rows = "", []
    for line in (LINT / "README.md").read_text("utf-8").split("\n"):
        if line.startswith("## "):
            group = line[3:7]
        elif found := re.match(r"\| \[(SLO\d{3})\]\(\1\.md\) \| (?:error|warning|info) \| \S", line):
            assert found[1].startswith(group), line
            rows.append(found[1])
    assert rows == PAGES


@pytest.mark.parametrize("code", [code for code in PAGES if code not in UNREACHABLE])
def test_the_example_of_a_page_prints_what_the_page_says(code: str, tmp_path: Path) -> None:
    """In a directory that `slogen init` made: a yaml block is the file it names; an sh block is run, else a build."""
    page = LINT / f"{code}.md"
    made, problem = make(tmp_path)
    assert (made, problem) == (["slogen.yaml", "slos/example.yaml"], "")
    files, commands, (message, *_) = blocks(page, "yaml"), blocks(page, "sh"), blocks(page, "text")
    if files:
        (tmp_path / files[0].split("\n")[0].removeprefix("# ")).write_text(files[0], "utf-8")
    done = subprocess.run(
        ["bash", "-c", SHELL + (commands[0] if commands else "slogen build")],
        cwd=tmp_path,
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = "\n".join(line.rstrip() for line in done.stderr.split("\n"))
    assert message in said
    severity = message.split("[")[0]
    assert done.returncode == {"error": 1, "warning": 0, "info": 0}[severity]
    assert f"Severity: {severity}." in page.read_text("utf-8")
    assert f"| [{code}]({code}.md) | {severity} |" in (LINT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("code", RULE_PAGES)
def test_the_fix_of_a_page_about_rules_leaves_nothing_to_say(code: str, tmp_path: Path) -> None:
    """The second yaml block of such a page is the example, mended."""
    make(tmp_path)
    _, fixed = blocks(LINT / f"{code}.md", "yaml")
    (tmp_path / "rules.yaml").write_text(fixed, "utf-8")
    assert [str(problem) for problem in lint_rules(tmp_path, ["rules.yaml"])] == []


def test_every_key_of_the_input_is_explained() -> None:
    """docs/input.md has each key of the field tables as code."""
    text = (ROOT / "docs" / "input.md").read_text("utf-8")
    known = {key for record in KINDS.values() for key in keys(record)}
    assert {"objective", "maxAge", "routingKeyFile", "hold"} <= known
    assert sorted(key for key in known if f"`{key}`" not in text) == []


def test_every_document_of_the_input_page_is_accepted() -> None:
    """Blocks with an apiVersion are whole documents; other yaml blocks are one SLO or one alert each."""
    found = blocks(ROOT / "docs" / "input.md", "yaml")
    assert len(found) >= 9
    for block in found:
        if "apiVersion" in block:
            assert len(accepted(block)) == 1
        elif block.startswith("- name:"):
            key = "alerts" if "severity:" in block else "slos"
            head = "apiVersion: slogen/v1\nkind: Service\nmetadata: {name: shop, team: web}\n"
            assert len(accepted(f"{head}{key}:\n{block}")) == 1


def test_the_complete_example_builds(tmp_path: Path) -> None:
    """The first two blocks of docs/input.md are a platform and a service; every SLI kind builds beside them."""
    platform, service, *others = blocks(ROOT / "docs" / "input.md", "yaml")
    slos = [block for block in others if block.startswith("- name:") and "sli:" in block]
    (tmp_path / "slos").mkdir()
    (tmp_path / "slogen.yaml").write_text(platform, "utf-8")
    (tmp_path / "slos" / "checkout.yaml").write_text(service, "utf-8")
    head = "apiVersion: slogen/v1\nkind: Service\nmetadata: {name: kinds, team: web}\nslos:\n"
    (tmp_path / "slos" / "kinds.yaml").write_text(head + "".join(slos), "utf-8")
    outcome = build(tmp_path)
    assert [str(problem) for problem in outcome.report] == []
    assert (outcome.services, outcome.slos, outcome.alerts) == (2, 10, 1)
    assert (tmp_path / "rules" / "prometheus" / "checkout.yaml").exists()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_relative_links_lead_somewhere(path: Path) -> None:
    """The file exists, and it has the heading that the link names."""
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        if link.startswith(("http://", "https://")):
            continue
        file, _, heading = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), link
        assert not heading or heading in anchors(target), link
