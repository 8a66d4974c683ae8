"""What promtool says of expressions and templates, many in one run."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path


def refused(promtool: str, folder: Path, *, exprs: Sequence[str] = (), texts: Sequence[str] = ()) -> list[bool]:
    """Return for each expression and each annotation text whether `promtool check rules` refuses its rule."""
    rules = [{"alert": "A", "expr": expr} for expr in exprs]
    rules += [{"alert": "A", "expr": "up", "annotations": {"text": text}} for text in texts]
    (folder / "rules.yaml").write_text(json.dumps({"groups": [{"name": "g", "rules": rules}]}), "utf-8")
    done = subprocess.run(
        [promtool, "check", "rules", "--lint=none", "rules.yaml"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    wrong = {int(place) - 1 for place in re.findall(r'rule (\d+), "A": ', done.stdout + done.stderr)}
    assert (done.returncode != 0) == bool(wrong), done.stderr
    return [place in wrong for place in range(len(rules))]
