"""Templates: the checker says what promtool says, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from slogen.promql.gotemplate import NEWER, parse_template
from slogen.promql.gotokens import TemplateError
from tests.unit.promql.verdict import refused

GOOD = [
    "100 percent",
    "",
    "} } }} {",
    "{{ $value }}",
    "{{$value}}",
    "{{ $labels.instance }} of {{ $labels.job }}",
    "{{ $externalLabels.cluster }} {{ $externalURL }} {{ $.Value }}",
    "{{ .Labels.instance }} {{ . }}",
    "{{ $value | humanizePercentage }}",
    "{{ $value|humanize }}",
    '{{ printf "%.2f" $value }} {{ printf `%s` "a" }}',
    '{{ "}}" }} {{ `{{` }}',
    "{{ 'a' }} {{ -1 }} {{ .5 }} {{ 1e3 }} {{ 0x1F }} {{ 012 }} {{ 1_000 }} {{ true }}",
    "a {{- $value -}} b",
    "a {{-1}} {{- 1 -}} b",
    "{{/* why */}}{{- /* why */ -}}",
    "{{\n  $value\n  | humanize\n}}",
    "{{ if $value }}a{{ end }}",
    "{{ if eq $value 1.0 }}a{{ else if gt $value 2.0 }}b{{ else }}c{{ end }}",
    "{{ if (and $value (not $labels.a)) }}a{{ end }}",
    '{{ with query "up" }}{{ . | first | value }}{{ end }}',
    '{{ range $i, $x := query "up" }}{{ $i }}{{ $x.Value }}{{ break }}{{ else }}none{{ end }}',
    "{{ $x := $value }}{{ $x = 1.0 }}{{ $x }}",
    "{{ with $x := 1 }}{{ $x }}{{ end }}",
    '{{ define "a" }}{{ . }}{{ end }}{{ template "a" $value }}',
    '{{ block "a" $value }}{{ . }}{{ end }}',
    '{{ index $labels "a-b" }} {{ ($labels).a }} {{ (index $labels "a").b }}',
    '{{ reReplaceAll "(.*):.*" "$1" $labels.instance | toUpper | stripDomain }}',
    "{{ $größe := 1 }}{{ $größe }}",
    "{{ $value | printf }}",
    "{{ $value | $value }}",
]
# A template and a part of what is said about it.
BAD = {
    "{{ $labls.x }}": "there is no variable $labls",
    "{{ $value | nosuch }}": "there is no function nosuch",
    "{{ nosuch }}": "there is no function nosuch",
    "100 {{ percent": "an action is not closed",
    "{{ $value }": "an action is not closed",
    "{{ $value } }}": "'}' cannot stand there",
    "{{": "an action is not closed",
    "{{}}": "has nothing in it",
    "{{ }}": "has nothing in it",
    "{{ | $value }}": "has '|' in a place where it cannot stand",
    "{{ $value || $value }}": "has '|' in a place where it cannot stand",
    "{{ $value > 1 }}": "'>' cannot stand there",
    "{{ $value; }}": "';' cannot follow $value",
    "{{ $labels.a-b }}": "'-' cannot follow .a",
    '{{ $labels["a"] }}': "'[' cannot follow $labels",
    '{{ "a }}': "a string is not closed",
    "{{ `a }}": "a string is not closed",
    '{{ "a\nb" }}': "a string is not closed",
    '{{ "\\d" }}': "has an unknown escape",
    "{{ 'ab' }}": "is not one character",
    "{{ 1e999 }}": "is not a number",
    "{{ 089 }}": "is not a number",
    "{{ 99999999999999999999 }}": "is not a number",
    "{{ 1 + 1 }}": "'+' cannot stand there",
    "{{ (1 }}": "a parenthesis is not closed",
    "{{ 1) }}": "too many parentheses",
    "{{ () }}": "has nothing in it",
    "{{ print 1, 2 }}": "',' in a place where it cannot stand",
    '{{ "a"$value }}': "'$value' in a place where it cannot stand",
    '{{ $value | "a" }}': "passes a value on to",
    "{{ $value | . }}": "passes a value on to .",
    '{{ "a".b }}': "takes a field of",
    "{{ if }}a{{ end }}": "has nothing in it",
    "{{ if $value }}a": "{{ if $value }} has no end",
    "{{ range . }}{{ if $value }}{{ end }}": "{{ range . }} has no end",
    "{{ end }}": "closes nothing",
    "{{ else }}": "without an if",
    "{{ if 1 }}{{ else }}{{ else }}{{ end }}": "without an if",
    "{{ if 1 }}{{ end 1 }}": "'1' in a place where it cannot stand",
    "{{ with 1 }}{{ else if 2 }}{{ end }}": "'if' in a place where it cannot stand",
    "{{ break }}": "outside of a range",
    "{{ range . }}{{ else }}{{ continue }}{{ end }}": "outside of a range",
    "{{ $x }}": "there is no variable $x",
    "{{ with $x := 1 }}{{ end }}{{ $x }}": "there is no variable $x",
    "{{ $x, $y := 1 }}": "declares too much",
    "{{ range $x, $y, $z := . }}{{ end }}": "declares too much",
    "{{ $x := }}": "has nothing in it",
    "{{ template x }}": "'x' in a place where it cannot stand",
    '{{ define "a" }}{{ $value }}{{ end }}': "there is no variable $value",
    '{{ if 1 }}{{ define "a" }}{{ end }}{{ end }}': "a define inside of a block",
    "{{/* why }}": "a comment is not closed",
    "{{/* why */ }}": "a comment is not alone in its braces",
    "{{ /* why */ }}": "'/' cannot stand there",
    "{{ {{ $value }} }}": "'{' cannot stand there",
}


@pytest.mark.parametrize("text", GOOD)
def test_a_good_template_is_accepted(text: str) -> None:
    """Everything that people write into alerts."""
    parse_template(text)


@pytest.mark.parametrize("text", BAD)
def test_a_bad_template_is_told(text: str) -> None:
    """What is wrong, and what to change."""
    with pytest.raises(TemplateError) as told:
        parse_template(text)
    assert BAD[text] in str(told.value)
    assert told.value.hint


def test_promtool_says_the_same(promtool: str, tmp_path: Path) -> None:
    """Prometheus 2.42 and the current one accept the good ones and refuse the bad ones."""
    verdicts = refused(promtool, tmp_path, texts=[*GOOD, *BAD])
    assert [text for text, no in zip(GOOD, verdicts, strict=False) if no] == []
    assert [text for text, no in zip(BAD, verdicts[len(GOOD) :], strict=True) if not no] == []


def test_newer_functions_need_a_newer_prometheus(promtool: str, tmp_path: Path) -> None:
    """They parse, and name the version that has them: the current promtool knows them, 2.42 does not."""
    texts = ["{{ toDuration 1 }}", "{{ now }}", '{{ urlQueryEscape "a" }}']
    assert [parse_template(text).needs for text in texts] == [
        (("toDuration", (3, 6)),),
        (("now", (3, 6)),),
        (("urlQueryEscape", (3, 8)),),
    ]
    assert len(texts) == len(NEWER)
    assert refused(promtool, tmp_path, texts=texts) == [not promtool.endswith("promtool3")] * 3


def test_a_template_tells_what_it_uses() -> None:
    """Functions, variables, `.` and fields of it; not what stands in strings, comments or behind a variable."""
    assert parse_template("no braces").names == frozenset()
    assert parse_template('{{ $labels.job | toUpper }} {{ "$value" }} {{/* .Value */}}').names == {"$labels", "toUpper"}
    assert parse_template('{{ range query "up" }}{{ .Value }}{{ end }}').names == {"query", ".Value"}
    assert parse_template("{{\n.\n}}").names == {"."}


def test_a_typo_is_answered_with_the_nearest_name() -> None:
    """Variables that the template declares count as well."""
    for text, hint in (
        ("{{ $labls.x }}", "did you mean $labels?"),
        ("{{ $value | humanise }}", "did you mean humanize?"),
        ("{{ $node := 1 }}{{ $nodes }}", "did you mean $node?"),
        ("{{ qqq }}", "see Prometheus' template reference"),
    ):
        with pytest.raises(TemplateError) as told:
            parse_template(text)
        assert told.value.hint == hint


def test_deep_nesting_is_refused_rather_than_crash() -> None:
    """A thousand parentheses or blocks."""
    for text in ("{{ " + "(" * 1000 + "1" + ")" * 1000 + " }}", "{{ if 1 }}" * 1000 + "{{ end }}" * 1000):
        with pytest.raises(TemplateError):
            parse_template(text)
