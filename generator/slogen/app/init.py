"""`slogen init`: the two files a new repository starts with."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from slogen.app.interrupts import writing

_FILES = {"slogen.yaml": "platform.yaml", "slos/example.yaml": "service.yaml"}


def make(root: Path) -> tuple[list[str], str]:
    """Write the first files below `root`; return what was made, or why nothing was."""
    there = [name for name in _FILES if (root / name).exists()]
    if there:
        return [], f"{root / there[0]} is there already; nothing was written"
    try:
        with writing():
            for name, template in _FILES.items():
                text = files("slogen.app").joinpath("templates", template).read_text("utf-8")
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, "utf-8")
    except OSError as error:
        return [], f"cannot write below {root}: {error.strerror}"
    return list(_FILES), ""
