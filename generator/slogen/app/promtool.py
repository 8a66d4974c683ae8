"""promtool's test files and its complaints, both as text: which tests there are, and which of them failed how."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NO_MATCH = re.compile(r"^ *WARNING: no file match pattern +(.*)$", re.M)
_MARKER = re.compile(r'^    expr: "vector\((\d+)\) # slogen test", time: 0s,\n +exp: .*\n +got: .*\n?', re.M)
_ALERT = re.compile(
    r"^(?:    name: .*,\n)?    alertname: (?P<what>.*), time: (?P<time>\S+), \n"
    r" {8}exp:\[(?P<exp>(?:.*\n {12})*?.*)\], \n {8}got:\[(?P<got>(?:.*\n {12})*?.*)\]$",
    re.M,
)
_SAMPLES = re.compile(
    r'^    expr: (?P<what>".*"), time: (?P<time>\S+),\n {8}exp: (?P<exp>.*)\n {8}got: (?P<got>.*)$', re.M
)
_EXPR_ERROR = re.compile(r'^    expr: (?P<what>".*"), time: (?P<time>\S+), err: ', re.M)
_ONE_ALERT = re.compile(r"\d+:\s+Labels:(\{.*\})\n\s+Annotations:(\{.*\})")
_EXPONENT = re.compile(r"(?<=\} )-?\d[\d.]*E[+-]\d+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A test in the text of its file: where its lines begin, how far they are indented, whether it asserts anything."""

    name: str
    start: int
    indent: str
    asserts: bool


def items(text: str) -> list[Item]:
    """Return the tests of a file in block style, found by their dashes; a test without a name gets its number."""
    offset, section = _section(text, "tests")
    first = re.search(r"^( *)- ", section, re.M)
    if first is None:
        return []
    dashes = list(re.finditer(rf"^{first[1]}- +", section, re.M))
    ends = [*(dash.start() for dash in dashes[1:]), len(section)]
    found = []
    for number, (dash, end) in enumerate(zip(dashes, ends, strict=True), 1):
        start, key = dash.start(), " " * len(dash[0])
        body = section[start:end].replace("-", " ", 1)
        name = re.search(rf"^{key}name: *(.*(?:\n{key} +\S.*)*)", body, re.M)
        told = _scalar(name[1]) if name else f"test {number}"
        asserts = re.search(r"[\s{,](?:alertname|expr): *\S", body) is not None
        found.append(Item(name=told, start=offset + start, indent=first[1], asserts=asserts))
    return found


def names_rules(text: str) -> bool:
    """Return whether a test file has an entry under `rule_files`."""
    return re.sub(r"#.*|[\s\[\]-]", "", _section(text, "rule_files")[1]) != ""


def unmatched(err: str) -> list[str]:
    """Return the entries of `rule_files` that promtool warned about: no file is like them."""
    return _NO_MATCH.findall(err)


def complaint(err: str) -> str:
    """Return what promtool wrote to stderr without its warnings and headings."""
    return _NO_MATCH.sub("", re.sub(r"^  FAILED:\n", "", err, flags=re.M)).strip("\n")


def marked(text: str, tests: Sequence[Item]) -> str:
    """Return a test file with a test before every test that fails in a known way; `by_test` reads what comes out."""
    parts, end = [], 0
    for place, test in enumerate(tests):
        parts.append(text[end : test.start])
        parts.append(
            f"{test.indent}- interval: 1m\n{test.indent}  promql_expr_test:\n"
            f'{test.indent}  - {{expr: "vector({place}) # slogen test", eval_time: 0s}}\n'
        )
        end = test.start
    return "".join([*parts, text[end:]])


def by_test(err: str) -> tuple[str, dict[int, str]]:
    """Return what promtool complained about before the first test of a marked file, and about each test, from 0."""
    before, *parts = _MARKER.split(complaint(err))
    told = zip(parts[::2], parts[1::2], strict=True)
    return before.strip(), {int(place): part.strip("\n") for place, part in told if part.strip()}


def readable(text: str) -> str:
    """Return promtool's account of failed expectations, one fact a line; what is not understood stays as it is."""
    text = _ALERT.sub(
        lambda m: _account(f"alert {m['what']} at {m['time']}", _alerts(m["exp"]), _alerts(m["got"])), text
    )
    text = _SAMPLES.sub(
        lambda m: _account(f"{_unquoted(m['what'])} at {m['time']}", _samples(m["exp"]), _samples(m["got"])), text
    )
    return _EXPR_ERROR.sub(lambda m: f"{_unquoted(m['what'])} at {m['time']}: ", text)


def _account(what: str, expected: list[str], got: list[str]) -> str:
    def rows(head: str, lines: list[str]) -> list[str]:
        first, *rest = lines or ["nothing"]
        return [f"  {head:<8}  {first}", *(" " * 12 + line for line in rest)]

    return "\n".join([what, *rows("expected", expected), *rows("got", got)])


def _alerts(listed: str) -> list[str]:
    if _ONE_ALERT.sub("", listed).strip(", \n"):
        return [line.strip() for line in listed.strip().split("\n")]
    lines = []
    for labels, texts in _ONE_ALERT.findall(listed):
        lines += [labels, *[f"  annotations {texts}"] * (texts != "{}")]
    return lines


def _samples(listed: str) -> list[str]:
    if listed == "nil":
        return []
    lines = re.split(r"(?<=[\dNf]), (?=[a-zA-Z_:]*\{)", listed)
    return [_EXPONENT.sub(lambda m: repr(float(m[0])).removesuffix(".0"), line) for line in lines]


def _section(text: str, key: str) -> tuple[int, str]:
    """Return where the value of a key of the first column begins, and the value's text."""
    found = re.search(rf"^{key}:(.*?)(?=^[^\s#-]|^---|\Z)", text, re.M | re.S)
    return (found.start(1), found[1]) if found else (0, "")


def _scalar(source: str) -> str:
    """Return a YAML scalar of any style as one line of text."""
    text = " ".join(source.split())
    if text[:1] == text[-1:] == "'" and len(text) > 1:
        return text[1:-1].replace("''", "'")
    return _unquoted(text) if text[:1] == '"' else re.sub(r"^[>|][+-]? | #.*", "", text)


def _unquoted(text: str) -> str:
    if text[:1] != '"':
        return text
    inner = text.removeprefix('"').removesuffix('"')
    return re.sub(r"\\(.)", lambda escape: {"n": "\n", "t": "\t"}.get(escape[1], escape[1]), inner)
