"""Rule files that are broken, enormous or meant to harm: `slogen lint` tells what is wrong, and never a traceback."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from tests.cli.running import Ran, repository, repository_of_nobody, slogen, unprivileged

HEAD = "groups:\n- name: g\n  rules:\n"
BILLION_LAUGHS = "\n".join(
    ["x: &a [{record: a, expr: up}]"]
    + [f"x{name}: &{name} [{', '.join(['*' + before] * 10)}]" for before, name in pairwise("abcdefghi")]
    + ["groups: [{name: g, rules: *i}]"]
)
UNKNOWN = "{z: [1], groups: [{y: 2, name: g, rules: [{x: {}, record: r, expr: up, labels: {w: v}}]}]}"


def alert(expr: str) -> str:
    """Return an alert whose expression is written as JSON, and so as YAML, in line 6 from column 11 on."""
    return f"{HEAD}  - alert: A\n    annotations: {{summary: s}}\n    expr: {json.dumps(expr, ensure_ascii=False)}\n"


_ENDLESS = [("4:13", "SLO327"), ("4:36", "SLO006")]
# Bytes of the file, or text of it, and place and code of every error and warning.
FILES: dict[str, tuple[str | bytes, list[tuple[str, str]]]] = {
    "nothing": ("", []),
    "white space": ("\n \n\r\n# x\n", []),
    "a thousand empty documents": ("---\n...\n" * 1000, []),
    "a text": ("hello\n", [("1:1", "SLO004")]),
    "a list": ("- a\n- b\n", [("1:1", "SLO004")]),
    "10,000 lists in each other": ("groups: " + "[" * 10_000 + "]" * 10_000, [("1:1008", "SLO001")]),
    "10,000 maps in each other": ("groups: " + "{a: " * 10_000 + "}" * 10_000, [("1:166", "SLO002")]),
    "a billion laughs": (BILLION_LAUGHS, [("7:5", "SLO002")]),
    "an alias of itself": ("groups: &g\n- {name: a, rules: *g}\n", [("2:20", "SLO002")]),
    "keys that are written twice": (
        f"{HEAD}  - record: r\n    record: q\n    expr: up\n    expr: up\n",
        [("5:5", "SLO003"), ("7:5", "SLO003")],
    ),
    "unknown keys everywhere": (UNKNOWN, [("1:2", "SLO008"), ("1:20", "SLO008"), ("1:44", "SLO008")]),
    "values of other kinds everywhere": (
        "groups:\n- {name: [a]}\n- {name: a, interval: {}, rules: {}}\n- 5\nnamespace: []\n",
        [("2:3", "SLO009"), ("3:23", "SLO004"), ("3:34", "SLO004"), ("4:3", "SLO004")],
    ),
    "a tab in the indentation": (f"{HEAD}\t- record: r\n", [("4:1", "SLO001")]),
    "tabs where they may be": (alert("rate(\tup[5m]\t)\t>\t1").replace("\\t", "\t"), [("6:18", "SLO316")]),
    "a NUL": (f"{HEAD}  - record: r\x00\n", [("4:14", "SLO001")]),
    "a NUL as an escape": (alert("up\0 > 1"), [("6:14", "SLO301")]),
    "half of a surrogate as an escape": (f"{HEAD}  - {{record: r, expr: \"up '\\ud800'\"}}\n", [("4:30", "SLO001")]),
    "half of a surrogate": (f"{HEAD}  - record: r".encode() + b"\xed\xa0\x80\n", [("4:14", "SLO013")]),
    "NEL": (f"{HEAD}  - record: r # \x85\n", [("4:17", "SLO020")]),
    "a line separator": (f"{HEAD}  - record: r # \u2028\n", [("4:17", "SLO020")]),
    "UTF-16": (alert("up").encode("utf-16-le"), [("1:2", "SLO001")]),
    "Latin-1": (f"{HEAD}  # \xfc\n".encode("latin-1"), [("4:5", "SLO013")]),
    "a byte order mark inside": (f"{HEAD}  - \ufeffrecord: r\n", [("4:5", "SLO010"), ("4:5", "SLO008")]),
    "a duration without end": (f"{HEAD}  - {{alert: A, expr: up == 0, for: {'9' * 5000}y}}\n", _ENDLESS),
    "5,000 brackets": (alert("(" * 5000 + "up" + ")" * 5000 + " > 1"), [("6:12", "SLO308")]),
    "5,000 brackets that are never closed": (alert("(" * 5000), [("6:5011", "SLO301")]),
    "5,000 calls": (alert("abs(" * 5000 + "up" + ")" * 5000 + " > 1"), [("6:12", "SLO308")]),
    "5,000 signs": (alert("-" * 5000 + "up > 1"), [("6:12", "SLO308")]),
    "5,000 powers": (alert("2^" * 5000 + "up > 1"), [("6:12", "SLO308")]),
    "a union of 200,000 characters": (alert("up == 0 or " * 19_000 + "up == 1"), [("6:12", "SLO308")]),
    "a name of 200,000 characters": (alert("a" * 200_000 + " > 1"), []),
    "a label of 200,000 characters": (alert(f"up{{a='{'x' * 200_000}'}} == 0"), []),
    "200 levels, which are read": (alert("-" * 199 + "up > 1"), []),
    "actions without end": (
        f"{HEAD}  - {{alert: A, expr: up == 0, annotations: {{summary: '{'{{' * 5000}'}}}}\n",
        [("4:54", "SLO303")],
    ),
    "5,000 brackets in a text": (
        f"{HEAD}  - {{alert: A, expr: up == 0, annotations: {{summary: '{{{{ {'(' * 5000} }}}}'}}}}\n",
        [("4:54", "SLO303")],
    ),
}  # fmt: skip


def lint(root: Path, content: str | bytes, *arguments: str) -> Ran:
    """Run `slogen lint rules.yaml` on a file."""
    (repository(root) / "rules.yaml").write_bytes(content.encode() if isinstance(content, str) else content)
    return slogen(root, "lint", *arguments, "rules.yaml")


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_gives_problems(name: str, tmp_path: Path) -> None:
    """Each with its place; errors exit 1, anything else 0."""
    content, expected = FILES[name]
    ran = lint(tmp_path, content)
    assert ran.places == [(f"rules.yaml:{place}", code) for place, code in expected], ran.err[:500]
    assert ran.code == int("error[" in ran.err)
    assert "Traceback" not in ran.err
    assert ran.out == ""


def test_a_byte_order_mark_moves_nothing(tmp_path: Path) -> None:
    """Neither the column nor the caret in the first line."""
    ran = lint(tmp_path, b'\xef\xbb\xbf{groups: [{name: g, rules: [{record: r, expr: "deriv(up)"}]}]}\n')
    assert ran.places == [("rules.yaml:1:54", "SLO301")]
    (line,) = (line for line in ran.err.split("\n") if line.startswith("1 | "))
    (carets,) = (line for line in ran.err.split("\n") if "^" in line)
    assert line[carets.index("^") :].startswith("up)")


def test_windows_line_ends_move_nothing(tmp_path: Path) -> None:
    """With tabs and emoji before the place, over several lines."""
    text = (
        f"{HEAD}  - alert: A\n    annotations: {{summary: '\U0001f600 {{{{ $labels.x }}}}'}}\n    expr: |\n"
        "      sum(\n      rate(\tup{a='\U0001f600'}[5m])\n      ) > 1\n      and on ()\ty_total > 4\n"
    )
    expected = [("5:34", "SLO320"), ("8:13", "SLO316"), ("10:17", "SLO329")]
    for written in (text, text.replace("\n", "\r\n"), text.replace("\n", "\r")):
        ran = lint(tmp_path, written)
        assert ran.places == [(f"rules.yaml:{place}", code) for place, code in expected]
        assert f"8 |       rate( up{{a='\U0001f600'}}[5m])\n  | {' ' * 12}{'^' * 13} use" in ran.err


def test_one_hostile_expression_does_not_cost_the_verdicts_of_others(tmp_path: Path) -> None:
    """promtool is asked once for all: what it takes must not depend on the other rules, here on an emoji and more."""
    odd = r'''"up{a='\U0001f600\x85\x7f\ufffe\0'} == 0"'''
    text = alert("sum(rate(x_total[5m]) by (y)) > 1") + f"  - {{alert: B, expr: {odd}, annotations: {{summary: s}}}}\n"
    assert ("rules.yaml:6:34", "SLO301") in lint(tmp_path, text).places


def test_names_of_files_do_no_harm(tmp_path: Path) -> None:
    """No control character reaches a terminal, no name begins a command of its own, and uris are uris."""
    names = [b"a\x1b[31m.yaml", b"b\n::error::c.yaml", b"d\xff.yaml", b"e%41:, #.yaml"]
    root = repository(tmp_path)
    for name in names:
        with open(bytes(root / "alerts") + b"-" + name, "wb") as file:
            file.write(b"groups: [{}]\n")
    (root / "alerts").mkdir()
    for path in root.glob("alerts-*"):
        path.rename(root / "alerts" / path.name.removeprefix("alerts-"))
    ran = slogen(root, "lint", "alerts")
    assert (ran.code, len(ran.places)) == (1, 4)
    assert "\x1b" not in ran.err
    commands = slogen(root, "lint", "--format", "github", "alerts").out.splitlines()
    assert [command.split(",")[0] for command in commands] == [
        "::error file=alerts/a\x1b[31m.yaml",
        "::error file=alerts/b%0A%3A%3Aerror%3A%3Ac.yaml",
        "::error file=alerts/d?.yaml",
        "::error file=alerts/e%2541%3A%2C #.yaml",
    ]
    log = json.loads(slogen(root, "lint", "--format", "sarif", "alerts").out)
    places = [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in log["runs"][0]["results"]]
    assert places == [
        "alerts/a%1B%5B31m.yaml",
        "alerts/b%0A%3A%3Aerror%3A%3Ac.yaml",
        "alerts/d%3F.yaml",
        "alerts/e%2541%3A%2C%20%23.yaml",
    ]
    assert len(json.loads(slogen(root, "lint", "--format", "json", "alerts").out)) == 4


def test_names_in_rules_do_no_harm(tmp_path: Path) -> None:
    """An alert whose name would end a line and begin a command."""
    text = f'{HEAD}  - {{alert: "A%\\r\\n::error::x\\e[2J", expr: up == 0}}\n'
    told = "whoever gets A%25%0D%0A::error::x\x1b[2J is told nothing: add annotations: {summary: …}"
    (command,) = lint(tmp_path, text, "--format", "github").out.splitlines()
    assert command == f"::warning file=rules.yaml,line=4,col=13,endColumn=36,title=SLO327::{told}"
    assert "\x1b" not in lint(tmp_path, text).err


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    """A folder without rule files, nothing at all, a device; other files are still read."""
    root = repository(tmp_path)
    (root / "alerts").mkdir()
    (root / "zero.yaml").symlink_to("/dev/zero")
    (root / "rules.yaml").write_text("groups: [{}]\n", "utf-8")
    ran = slogen(root, "lint", "alerts", "nowhere.yaml", "zero.yaml", "rules.yaml")
    assert (ran.code, ran.problems) == (
        1,
        [
            ("alerts:1:1", "SLO011", "no rule file can be read in this folder"),
            ("nowhere.yaml:1:1", "SLO011", "cannot read the file: No such file or directory"),
            ("rules.yaml:1:10", "SLO009", "the group has no name"),
            ("zero.yaml:1:1", "SLO011", "this is not a regular file"),
        ],
    )


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    """As an unprivileged user: a file, and a folder in one of which other files are fine."""
    root = repository_of_nobody(tmp_path)
    (root / "alerts" / "secret").mkdir(parents=True)
    (root / "alerts" / "good.yaml").write_text("groups: []\n", "utf-8")
    (root / "alerts" / "mine.yaml").write_text("groups: []\n", "utf-8")
    unprivileged(root, "lint")  # gives all of it away
    (root / "alerts" / "mine.yaml").chmod(0)
    (root / "alerts" / "secret").chmod(0)
    ran = unprivileged(root, "lint", "alerts")
    (root / "alerts" / "secret").chmod(0o755)
    assert (ran.code, ran.places) == (
        1,
        [("alerts/mine.yaml:1:1", "SLO011"), ("alerts/secret:1:1", "SLO011")],
    ), ran.err


def test_10_mb_of_rules_are_read(tmp_path: Path) -> None:
    """With Windows' line ends, tabs, emoji and unknown keys: of every thousandth alert something is wrong.

    Alert n begins in line 4 + 5n; there is one problem in its fourth line, one in its fifth.
    """
    alerts = []
    for number in range(30_000):
        broken = number % 1000 == 999
        alerts.append(
            f"  - alert: A{number}\n"
            f"    expr: sum(rate(x_total{{path='\U0001f600',\tn='{number}'}}[5m])) > 1\t# {'é' * 120}\n"
            "    for: 5m\n"
            f'    annotations: {{summary: "\U0001f600 {{{{ {"$labels.pod" if broken else "$value"} }}}}"}}\n'
            f"    {'unknown' if broken else 'keep_firing_for'}: 5m\n"
        )
    text = (HEAD + "".join(alerts)).replace("\n", "\r\n").encode()
    assert 10_000_000 < len(text) < 15_000_000
    ran = lint(tmp_path, text)
    assert ran.code == 1
    expected = []
    for number in range(999, 30_000, 1000):
        expected += [(f"rules.yaml:{7 + 5 * number}:34", "SLO320"), (f"rules.yaml:{8 + 5 * number}:5", "SLO008")]
    assert ran.places == expected
    assert "7002 | " not in ran.err
    assert (
        f'5002 |     annotations: {{summary: "\U0001f600 {{{{ $labels.pod }}}}"}}\n     | {" " * 33}{"^" * 11} keep'
        in ran.err
    )
