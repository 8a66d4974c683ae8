"""Programs and repositories that the tests share."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.rules.harness")

ROOT = Path(__file__).resolve().parent.parent


def current_tool(name: str) -> str | None:
    """Return a current program that ../shared/tools/build left in its cache, if any."""
    places = [os.environ.get("SLOGEN_TOOLS_BIN")] if "SLOGEN_TOOLS_BIN" in os.environ else []
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "slogen-tools"
    places += sorted((str(path) for path in cache.glob("*/bin")), key=os.path.getmtime, reverse=True)
    found = [place for place in places if place and os.access(Path(place) / name, os.X_OK)]
    return str(Path(found[0]) / name) if found else None


def required(found: str | None, name: str, *, current: bool) -> str:
    """Return a program that was looked for: of Debian it must be there, a current one may be absent."""
    if found is None and current:
        pytest.skip(f"no current {name}: run ../shared/tools/build {name}3")
    if found is None:
        pytest.fail(f"{name} is absent: run tests/install-programs")
    return found


PROMTOOLS = {"2.42": shutil.which("promtool"), "3": current_tool("promtool3")}


@pytest.fixture(params=sorted(PROMTOOLS), scope="session")
def promtool(request: pytest.FixtureRequest) -> str:
    """Debian's promtool and a current one, one after the other."""
    return required(PROMTOOLS[request.param], "promtool", current=request.param != "2.42")
