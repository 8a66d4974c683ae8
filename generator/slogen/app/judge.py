"""promtool's verdict on expressions: all of them in one start."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from slogen.app.programs import PROMTOOL, Program, dotted, find, run
from slogen.check import Verdict

_PATIENCE = 120  # seconds that promtool may take to read all expressions
_REFUSED = re.compile(
    r'rule \d+, "r(\d+)": could not parse expression: (?:(\d+):(\d+): )?(?:parse error: )?(.*)$', re.M
)
_ODD = re.compile(r"[^ !#-\[\]-~]")
_ALONE = "promql-parser alone judges what is PromQL"


def verdicts(
    expressions: Iterable[str],
    root: Path,
    version: tuple[int, int] | None,
    promtool: str | None,
    tell: Callable[[str], None],
) -> dict[str, Verdict] | None:
    """Return promtool's verdict on every expression; None, and a sentence told, when it gives none.

    `promtool` is the path of one, else it is looked for; `version` is that of the servers, as far as it is known.
    """
    texts = list(dict.fromkeys(expressions))
    if not texts:
        return None
    program = find(PROMTOOL, root, promtool)
    if not isinstance(program, Program):
        tell(f"{program.message.split(chr(10))[0]}: {_ALONE}")
        return None
    with tempfile.TemporaryDirectory(prefix="slogen-lint-") as folder:
        rules = [f"  - {{record: r{place}, expr: {quoted(text)}}}" for place, text in enumerate(texts)]
        lines = ["groups:", "- name: expressions", "  rules:", *rules]
        (Path(folder) / "rules.yaml").write_text("\n".join(lines) + "\n", "ascii")
        ran = run(program.path, ["check", "rules", "--lint=none", "rules.yaml"], Path(folder), _PATIENCE)
    by = dotted(program.version) if version is not None and program.version < version else ""
    refused = {
        int(number): Verdict(message, int(line or 1), int(col or 1), by)
        for number, line, col, message in _REFUSED.findall(ran.err)
    }
    if ran.code != 0 and not refused:
        tell(f"{program.path} did not judge the expressions: {_ALONE}")
        return None
    return {text: refused.get(place, Verdict()) for place, text in enumerate(texts)}


def quoted(text: str) -> str:
    """Return text as YAML whatever is in it: one character that promtool does not read costs all verdicts."""
    return '"' + _ODD.sub(lambda odd: f"\\U{ord(odd.group()):08X}", text) + '"'
