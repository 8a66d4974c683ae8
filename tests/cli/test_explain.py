"""What `slogen explain` says, and to whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import SERVICE, repository, slogen

SECOND = """\
  - name: fast
    objective: 99
    sli: {latency: {histogram: took_seconds, threshold: 100ms}}
"""


def test_an_slo_is_explained_as_a_table(tmp_path: Path) -> None:
    """Times at 30 s evaluation: 51.84 s are 60, 518.4 s are 540; 60 of 2,592 s are 2.31 %."""
    ran = slogen(repository(tmp_path), "explain", "web/up")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.split("\n")
    assert lines[0] == "web/up: 99.9 % over 30d. The error budget is 0.1 %, or 43m12s of total outage."
    rows = [line.split() for line in lines]
    assert ["page", "5m/1h", "14.4", "times", "0.0144", "2", "%", "in", "1h", "69.4/h", "2", "bad", "events"] in rows
    assert ["100", "%", "1m", "5m/1h", "2.31", "%", "36m", "10m", "2h/1d", "23.1", "%", "6h5m"] in rows
    assert ["10", "%", "9m", "5m/1h", "2.08", "%", "33m30s", "50m", "2h/1d", "11.6", "%", "6h"] in rows
    assert ["0.1", "%", "never", "-", "-", "-", "never", "-", "-", "-"] in rows
    assert "  An error ratio above 0.6 % pages, if it lasts." in lines
    assert "  A total outage shorter than 1m pages nobody: at most 2.31 % of the budget." in lines
    assert ["1h", "boss", "141", "%", "5.83", "%"] in rows


def test_columns_are_aligned_and_lines_fit(tmp_path: Path) -> None:
    """The numbers of a column begin below its heading."""
    lines = slogen(repository(tmp_path), "explain", "web/up").out.split("\n")
    head = next(line for line in lines if "page after" in line)
    row = next(line for line in lines if line.startswith("  50 %"))
    assert row[head.index("page after") :].startswith("2m ")
    assert row[head.index("ticket after") :].startswith("15m ")
    assert max(map(len, lines)) <= 110


def test_markdown_has_headings_and_tables(tmp_path: Path) -> None:
    """The same numbers, for a page of documentation."""
    ran = slogen(repository(tmp_path), "explain", "web/up", "--format", "markdown")
    assert ran.code == 0
    lines = ran.out.split("\n")
    assert lines[0] == "# web/up"
    assert [line for line in lines if line.startswith("## ")] == [
        "## Alerts",
        "## When an outage is noticed",
        "## Budget gone at each rung of the ladder",
        "## Formulas",
    ]
    assert "| 100 % | 1m | 5m/1h | 2.31 % | 36m | 10m | 2h/1d | 23.1 % | 6h5m |" in lines
    for line in lines:
        assert not line.startswith("|") or line.count("|") in (5, 8, 10), line


def test_it_says_why_the_objective_is_what_it_is(tmp_path: Path) -> None:
    """In one line, whichever the source's lines are."""
    why = "    rationale: >\n      A failover takes five minutes;\n      two may happen.\n    objective: 99.9"
    root = repository(tmp_path, service=SERVICE.replace("    objective: 99.9", why))
    said = "\n\nWhy this objective: A failover takes five minutes; two may happen.\n\n"
    for form in ("text", "markdown"):
        assert said in slogen(root, "explain", "web/up", "--format", form).out


def test_a_service_alone_explains_all_of_its_slos(tmp_path: Path) -> None:
    """In the order of the file."""
    ran = slogen(repository(tmp_path, service=SERVICE + SECOND), "explain", "web", "--format", "markdown")
    assert [line for line in ran.out.split("\n") if line.startswith("# ")] == ["# web/up", "# web/fast"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("wed/up", "there is no service 'wed'; did you mean 'web'?"),
        ("web/upp", "web has no SLO 'upp'; did you mean 'up'?"),
        ("web/latency", "web has no SLO 'latency'; known: up"),
        ("web/", "web has no SLO ''; known: up"),
        ("", "there is no service ''; known: web"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest_one(tmp_path: Path, name: str, message: str) -> None:
    """Exit 2, nothing on stdout."""
    ran = slogen(repository(tmp_path), "explain", name)
    assert (ran.code, ran.out) == (2, "")
    assert f"Error: {message}" in ran.err


def test_a_service_without_slos_says_so(tmp_path: Path) -> None:
    """It has only cause alerts."""
    service = SERVICE.split("slos:", maxsplit=1)[0] + "alerts: [{name: A, severity: info, expr: up == 0, summary: a}]\n"
    ran = slogen(repository(tmp_path, service=service), "explain", "web")
    assert (ran.code, "Error: web has no SLO\n" in ran.err) == (2, True)


def test_mistakes_in_the_input_are_shown_as_in_a_build(tmp_path: Path) -> None:
    """Exit 1, no card."""
    ran = slogen(repository(tmp_path, service=SERVICE.replace("99.9", "100")), "explain", "web/up")
    assert (ran.code, ran.out) == (1, "")
    assert [place for place, _ in ran.places] == ["slos/web.yaml:8:16"]
    assert "1 error in 1 of 2 files; nothing is explained" in ran.err


def test_an_slo_that_can_never_page_is_no_card_and_a_lost_tier_is_a_warning(tmp_path: Path) -> None:
    """At 80 % nothing pages, which is an error; at 90 % one tier of two is left out."""
    ran = slogen(repository(tmp_path, service=SERVICE.replace("99.9", "80")), "explain", "web/up")
    assert (ran.code, ran.out, [code for _, code in ran.places]) == (1, "", ["SLO202"])
    ran = slogen(repository(tmp_path, service=SERVICE.replace("99.9", "90")), "explain", "web/up")
    assert (ran.code, [code for _, code in ran.places]) == (0, ["SLO201"])
    assert ["100", "%", "3h36m", "30m/6h", "5", "%", "17m", "7h15m", "2h/1d", "10.1", "%", "5h25m"] in [
        line.split() for line in ran.out.split("\n")
    ]


def test_there_is_no_colour_in_a_pipe_and_some_when_asked_for(tmp_path: Path) -> None:
    """Markdown never has any."""
    repository(tmp_path)
    assert "\x1b[" not in slogen(tmp_path, "explain", "web/up").out
    assert "\x1b[" in slogen(tmp_path, "--color", "always", "explain", "web/up").out
    assert "\x1b[" not in slogen(tmp_path, "--color", "always", "explain", "web/up", "--format", "markdown").out


def test_help_shows_examples(tmp_path: Path) -> None:
    """Of one SLO, of a service, and as Markdown."""
    ran = slogen(tmp_path, "explain", "--help")
    assert ran.code == 0
    assert "slogen explain api-gateway/availability\n" in ran.out
    assert "--format markdown > card.md" in ran.out


THANOS = "prometheus: {retention: 6h}\nthanos: {}\n"


def test_placement_says_which_server_evaluates_what_and_why(tmp_path: Path) -> None:
    """With 6h of data the windows of days are the ruler's; with none named, each group has a line."""
    root = repository(tmp_path)
    text = (root / "slogen.yaml").read_text("utf-8")
    assert text.count("prometheus: {retention: 90d}\n") == 1
    (root / "slogen.yaml").write_text(text.replace("prometheus: {retention: 90d}\n", THANOS), "utf-8")
    ran = slogen(root, "explain", "--placement")
    assert ran.code == 0
    rows = {line.split()[0]: line for line in ran.out.splitlines()}
    assert list(rows) == ["group", "slogen-platform", "slogen-web-fast", "slogen-web-slow"]
    assert rows["slogen-web-fast"].endswith("Prometheus    Prometheus keeps 6h")
    assert (
        "  30d         slo:sli_error:ratio_rate30d  Thanos Ruler  Prometheus keeps 6h only" in rows["slogen-web-slow"]
    )
    ran = slogen(root, "explain", "--placement", "web", "--format", "markdown")
    lines = ran.out.splitlines()
    assert "| slo:sli_error:ratio_rate6h | - | 5h57m30s | Prometheus | Prometheus keeps 6h |" in lines
    assert "| slo:sli_error:ratio_rate30d | - | 30d | Thanos Ruler | Prometheus keeps 6h only |" in lines
    reason = "reads rules of its group, which look back 30d"
    assert f"| slo:sli_error:ratio_rate2h | - | 2h | Thanos Ruler | {reason} |" in lines
    assert f"| SLOErrorBudgetExhausted | up info | - | Thanos Ruler | {reason} |" in lines


def test_placement_of_what_is_not_there(tmp_path: Path) -> None:
    """The nearest name, and what to name when nothing is."""
    ran = slogen(repository(tmp_path), "explain", "--placement", "wep")
    assert ran.code == 2
    assert "there is no service 'wep'; did you mean 'web'?" in ran.err
    ran = slogen(tmp_path, "explain")
    assert ran.code == 2
    assert "name a service or SERVICE/SLO, or add --placement" in ran.err
