"""Who may import whom: docs/decisions/0001-layout.md."""

from __future__ import annotations

import ast

from tests.conftest import ROOT

PACKAGE = ROOT / "generator" / "slogen"
LEFT_OF = {
    "core": set(),
    "promql": {"core"},
    "model": {"core", "promql"},
    "source": {"core", "promql", "model"},
    "plan": {"core", "promql", "model"},
    "emit": {"core", "promql", "model", "plan"},
    "check": {"core", "promql", "model", "plan"},
    "prove": {"core", "promql", "model", "plan"},
    "review": {"core", "promql", "model", "plan"},
    "app": {"core", "promql", "model", "source", "plan", "emit", "check", "prove", "review"},
    "cli": {"core", "promql", "model", "source", "plan", "emit", "check", "prove", "review", "app"},
}
ONLY_IN = {"yaml": {"source"}, "click": {"cli"}, "rich": {"cli"}, "promql_parser": {"promql"}, "subprocess": {"app"}}


def imports(path) -> set[str]:  # noqa: ANN001
    """Return the dotted names that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names.add(node.module)
    return names


def test_every_package_has_its_place() -> None:
    """A new package must be put into the order first."""
    assert {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name[0] != "_"} == LEFT_OF.keys()


def test_a_package_imports_only_what_stands_left_of_it() -> None:
    """core ← promql ← model ← source, plan ← emit, check, prove, review ← app ← cli; never a sibling."""
    broken = []
    for package, allowed in LEFT_OF.items():
        for path in (PACKAGE / package).rglob("*.py"):
            for name in imports(path):
                if name.startswith("slogen."):
                    other = name.split(".")[1]
                    if other != package and other not in allowed:
                        broken.append(f"{path.relative_to(PACKAGE)} imports {name}")
    assert not broken


def test_libraries_stay_in_their_package() -> None:
    """YAML is parsed only in source, click is known only to cli, core has the standard library alone."""
    broken = []
    for package in LEFT_OF:
        for path in (PACKAGE / package).rglob("*.py"):
            for name in imports(path):
                home = ONLY_IN.get(name.split(".")[0])
                if home is not None and package not in home:
                    broken.append(f"{path.relative_to(PACKAGE)} imports {name}")
    assert not broken
