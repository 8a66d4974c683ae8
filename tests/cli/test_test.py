"""What `slogen test` says about generated tests, and what it does not let pass in silence. promtool is real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.cli.running import Ran, on_terminal, slogen

RULES = """\
groups:
- name: g
  rules:
  - record: job:up:sum
    expr: sum by (job) (up)
  - alert: Down
    expr: job:up:sum < 1
    for: 2m
    labels: {severity: critical}
    annotations: {summary: "{{ $labels.job }} is down"}
"""
HEAD = """\
rule_files: [../../rules/prometheus/web.yaml]
evaluation_interval: 1m
tests:
"""
FIRES = """\
- name: "availability: an outage pages"
  interval: 1m
  input_series:
  - {series: 'up{job="web"}', values: 0x10}
  alert_rule_test:
  - eval_time: 5m
    alertname: Down
    exp_alerts:
    - exp_labels: {job: web, severity: critical}
      exp_annotations: {summary: web is down}
"""
COUNTS = """\
- name: two targets make two
  interval: 1m
  input_series:
  - {series: 'up{job="web",instance="a"}', values: 1x10}
  - {series: 'up{job="web",instance="b"}', values: 1x10}
  promql_expr_test:
  - expr: job:up:sum
    eval_time: 5m
    exp_samples:
    - {labels: 'job:up:sum{job="web"}', value: 2}
"""
ANYWAY = COUNTS.replace(
    "expr: job:up:sum", "expr: count by (__name__, job) (label_replace(up, '__name__', 'job:up:sum', '', ''))"
)


def service(root: Path, name: str = "web", *, tests: str = FIRES + COUNTS, head: str = HEAD, layer: str = "") -> Path:
    """Write rules of a service and a file of tests; return the folder."""
    (root / "rules" / "prometheus").mkdir(parents=True, exist_ok=True)
    (root / "tests" / "promtool").mkdir(parents=True, exist_ok=True)
    (root / "rules" / "prometheus" / f"{name}.yaml").write_text(RULES, "utf-8")
    (root / "tests" / "promtool" / f"{name}{layer}.yaml").write_text(head.replace("web", name) + tests, "utf-8")
    return root


def program(root: Path, script: str) -> str:
    """Write a program for sh; return its path."""
    path = root / "bin" / "program"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o755)
    return str(path)


def rows(ran: Ran) -> dict[str, tuple[str, str]]:
    """Return, by the first column of the table, how many tests there were and how they ended."""
    lines = ran.out.split("\n\n")[0].strip().split("\n")[1:]
    return {line.split()[0]: (line.split()[1], " ".join(line.split()[3:])) for line in lines}


def test_what_is_right_passes(tmp_path: Path) -> None:
    """A table with aligned columns goes to stdout, the summary to stderr."""
    service(service(tmp_path), "postgresql", tests=FIRES.replace("web", "postgresql"))
    ran = slogen(tmp_path, "test")
    assert ran.code == 0
    head, first, second = ran.out.rstrip().split("\n")
    assert head == "service     tests  seconds  result"
    assert (first[:17], first[28:]) == ("postgresql      1", "passed")
    assert (second[:17], second[28:]) == ("web             2", "passed")
    assert ran.err.startswith("✓ 3 tests of 2 services in ")


def test_the_layers_of_a_service_are_one_line_and_with_verbose_one_a_file(tmp_path: Path) -> None:
    """The service is the name up to the first dot; its rules are checked as well."""
    service(service(tmp_path), layer=".windows", tests=COUNTS)
    service(tmp_path, layer=".slow", tests=COUNTS)
    assert rows(slogen(tmp_path, "test")) == {"web": ("4", "passed")}
    assert rows(slogen(tmp_path, "-v", "test")) == {
        "tests/promtool/web.yaml": ("2", "passed"),
        "tests/promtool/web.windows.yaml": ("1", "passed"),
        "tests/promtool/web.slow.yaml": ("1", "passed"),
        "rules/prometheus/web.yaml": ("–", "passed"),
    }


def test_a_failing_alert_is_named_with_what_was_expected_and_what_came(tmp_path: Path) -> None:
    """The whole account stands below the table."""
    service(tmp_path, tests=FIRES.replace("severity: critical", "severity: warning") + COUNTS)
    ran = slogen(tmp_path, "test")
    assert (ran.code, rows(ran)) == (1, {"web": ("2", "1 failed")})
    assert ran.out.split("\n\n", 1)[1] == textwrap.dedent(
        """\
        tests/promtool/web.yaml: availability: an outage pages
          alert Down at 5m
            expected  {alertname="Down", job="web", severity="warning"}
                        annotations {summary="web is down"}
            got       {alertname="Down", job="web", severity="critical"}
                        annotations {summary="web is down"}
        """
    )
    assert ran.err.startswith("✗ 1 failure in 1 file; 2 tests of 1 service in ")


def test_a_failing_expression_is_put_to_its_test(tmp_path: Path) -> None:
    """promtool does not say whose it is; here two tests ask the same at the same time and one is wrong."""
    wrong = COUNTS.replace("two targets make two", "'it''s two'").replace("value: 2", "value: 2.5")
    service(tmp_path, tests=COUNTS + wrong)
    assert slogen(tmp_path, "test").out.split("\n\n", 1)[1] == textwrap.dedent(
        """\
        tests/promtool/web.yaml: it's two
          job:up:sum at 5m
            expected  {__name__="job:up:sum", job="web"} 2.5
            got       {__name__="job:up:sum", job="web"} 2
        """
    )


def test_an_alert_that_is_absent_and_an_expression_without_result_say_nothing(tmp_path: Path) -> None:
    """ "nothing" is easier to read than promtool's [] and nil."""
    service(tmp_path, tests=FIRES.replace("0x10", "1x10") + COUNTS.replace("expr: job", "expr: no:job"))
    out = slogen(tmp_path, "test").out
    assert 'annotations {summary="web is down"}\n    got       nothing\n' in out
    assert '    expected  {__name__="job:up:sum", job="web"} 2\n    got       nothing\n' in out


def test_a_file_that_promtool_cannot_read_fails_as_a_whole(tmp_path: Path) -> None:
    """Its message is shown as it is."""
    service(tmp_path, tests=COUNTS.replace("eval_time", "evaltime"))
    ran = slogen(tmp_path, "test")
    assert ran.code == 1
    assert (
        "tests/promtool/web.yaml\n  yaml: unmarshal errors:\n    line 11: field evaltime not found in type" in ran.out
    )


def test_broken_rules_are_told_once_and_not_once_a_test(tmp_path: Path) -> None:
    """By the tests, which cannot load them, and by the check of the rules."""
    service(tmp_path)
    (tmp_path / "rules" / "prometheus" / "web.yaml").write_text(RULES.replace("(up)", "(up"), "utf-8")
    ran = slogen(tmp_path, "test")
    assert (ran.code, rows(ran)) == (1, {"web": ("2", "2 failed")})
    assert ran.out.count("could not parse expression") == 2


def test_a_rule_that_is_there_twice_fails_the_check(tmp_path: Path) -> None:
    """promtool exits 0 on that unless it is told otherwise; Thanos rules are checked too."""
    (service(tmp_path) / "rules" / "thanos").mkdir()
    twice = "groups:\n- name: g\n  rules:\n" + "  - {record: a:b:c, expr: up}\n" * 2
    (tmp_path / "rules" / "thanos" / "web.yaml").write_text(twice, "utf-8")
    ran = slogen(tmp_path, "test")
    assert ran.code == 1
    assert "rules/thanos/web.yaml\n  lint error 1 duplicate rule(s) found.\n  Metric: a:b:c\n" in ran.out


@pytest.mark.parametrize(
    ("head", "tests", "told"),
    [
        (HEAD.replace("web.yaml", "web-*.yaml"), ANYWAY, "rule_files: rules/prometheus/web-*.yaml matches no file"),
        ("rule_files: []\ntests:\n", ANYWAY, "rule_files is empty"),
        (HEAD.replace("tests:", "tests: []"), "", "there is no test in it"),
        ("", "", "there is no test in it"),
        (HEAD, COUNTS.split("  promql_expr_test")[0], "two targets make two\n  the test asserts nothing"),
    ],
    ids=["a file that is not there", "no rule file", "no test", "an empty file", "no assertion"],
)  # fmt: skip
def test_what_promtool_passes_in_silence_fails(tmp_path: Path, head: str, tests: str, told: str) -> None:
    """promtool exits 0 on each of these."""
    ran = slogen(service(tmp_path, head=head, tests=tests), "test")
    assert ran.code == 1
    assert told in ran.out


def test_success_is_believed_only_when_promtool_says_so(tmp_path: Path) -> None:
    """A program that exits 0 without a word has tested nothing."""
    mute = program(service(tmp_path), '[ "$1" = --version ] && echo "promtool, version 2.42.0"; exit 0')
    ran = slogen(tmp_path, "test", "--promtool", mute)
    assert ran.code == 1
    assert "tests/promtool/web.yaml\n  it ended with exit code 0 and said nothing\n" in ran.out


def test_a_service_with_rules_and_without_tests_fails(tmp_path: Path) -> None:
    """As one of all; asked for by name it is a mistake in the command."""
    service(service(tmp_path), "redis")
    (tmp_path / "tests" / "promtool" / "redis.yaml").unlink()
    ran = slogen(tmp_path, "test")
    assert (ran.code, rows(ran)["redis"]) == (1, ("–", "1 failed"))
    assert "the service has rules and no tests; run `slogen build`" in ran.out
    ran = slogen(tmp_path, "test", "redis")
    assert ran.code == 2
    assert ran.err == "error: the service 'redis' has rules and no tests\n  run `slogen build`\n"


def test_services_are_selected_by_name(tmp_path: Path) -> None:
    """Others are not run, whatever is wrong with them."""
    for name in ("web", "redis"):
        service(tmp_path, name, tests=COUNTS)
    service(tmp_path, "kafka", tests=COUNTS.replace("value: 2", "value: 3"))
    ran = slogen(tmp_path, "test", "web", "redis")
    assert (ran.code, rows(ran)) == (0, {"redis": ("1", "passed"), "web": ("1", "passed")})


def test_a_service_that_is_not_known_is_a_mistake_in_the_command(tmp_path: Path) -> None:
    """The nearest name is offered, or all are listed; nothing runs."""
    service(service(tmp_path), "postgresql")
    ran = slogen(tmp_path, "test", "web", "postgres")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error: the service 'postgres' has no tests\n  did you mean postgresql?\n"
    assert "there are tests for: postgresql, web" in slogen(tmp_path, "test", "x").err


def test_without_any_tests_nothing_passes(tmp_path: Path) -> None:
    """An empty folder is a mistake in the command."""
    ran = slogen(tmp_path, "test")
    assert (ran.code, ran.out) == (2, "")
    assert "run `slogen build`, or name the folder with -C" in ran.err


def test_a_missing_promtool_is_told_with_how_to_install_it(tmp_path: Path) -> None:
    """Exit 2, whether it is looked for on the PATH or named."""
    service(tmp_path)
    for ran, first in (
        (slogen(tmp_path, "test", PATH=str(tmp_path), SLOGEN_PROMTOOL=""), "error: promtool is not on the PATH\n"),
        (slogen(tmp_path, "test", "--promtool", "/no/promtool"), "error: /no/promtool is no program that can be"),
        (slogen(tmp_path, "test", SLOGEN_PROMTOOL="/no/promtool"), "error: /no/promtool is no program that can be"),
    ):
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.startswith(first)
        assert "apt-get install prometheus" in ran.err
        assert "https://github.com/prometheus/prometheus/releases" in ran.err
        assert "--promtool PATH or SLOGEN_PROMTOOL" in ran.err


@pytest.mark.parametrize("version", ["2.30.3", "2.41.0+ds", "1.99.0"])
def test_a_promtool_that_is_too_old_is_refused(tmp_path: Path, version: str) -> None:
    """2.42 is the first that knows keep_firing_for."""
    old = program(service(tmp_path), f'echo "promtool, version {version} (branch: HEAD)"')
    ran = slogen(tmp_path, "test", "--promtool", old)
    short = ".".join(version.split(".")[:2])
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {old} is version {short}; slogen needs promtool 2.42 or newer\n")
    assert "apt-get install prometheus" in ran.err


def test_a_program_that_tells_no_version_is_no_promtool(tmp_path: Path) -> None:
    """What it said is repeated."""
    ran = slogen(service(tmp_path), "test", "--promtool", program(tmp_path, "echo no licence >&2; exit 1"))
    assert ran.code == 2
    assert "--version` does not tell a version: no licence" in ran.err


def test_a_file_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    """What was said until then is kept."""
    slow = program(
        service(tmp_path),
        '[ "$1" = --version ] && echo "version 3.0" && exit; [ "$1" = check ] && exit\necho half a word >&2; sleep 60',
    )
    started = time.monotonic()
    ran = slogen(tmp_path, "test", "--promtool", slow, "--timeout", "1")
    assert time.monotonic() - started < 20
    assert ran.code == 1
    assert "tests/promtool/web.yaml\n  stopped after 1 s; --timeout gives it more\n  half a word\n" in ran.out


def test_an_interrupt_ends_it_at_once(tmp_path: Path) -> None:
    """Ctrl-C goes to the programs too; none is started a second time for the sake of a nicer message."""
    slow = program(
        service(tmp_path), '[ "$1" = --version ] && echo "version 3.0" && exit; touch "$0.runs"; exec sleep 60'
    )
    running = subprocess.Popen(
        [sys.executable, "-m", "slogen", "-C", str(tmp_path), "test", "--promtool", slow],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not Path(slow + ".runs").exists():
        time.sleep(0.1)
    time.sleep(0.2)
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=20)
    assert (running.returncode, out, err) == (130, "", "interrupted; nothing was written\n")


def test_a_killed_program_is_told_as_that(tmp_path: Path) -> None:
    """Memory that ran out, for one."""
    dies = program(service(tmp_path), '[ "$1" = --version ] && echo "version 3.0" && exit; kill -9 $$')
    ran = slogen(tmp_path, "test", "--promtool", dies)
    assert ran.code == 1
    assert "tests/promtool/web.yaml\n  killed by SIGKILL\n" in ran.out


def test_names_are_read_in_every_spelling(tmp_path: Path) -> None:
    """Folded, quoted either way, as a block, behind a wide dash, after another key, or none."""
    names = (
        '"a \\"long\\" name\n    that is folded"',
        "'it''s'",
        ">-\n    as a block",
        "plain # and a comment",
    )
    tests = "".join(COUNTS.replace("two targets make two", name) for name in names)
    tests += "-   interval: 1m\n    name: wide\n" + "".join(f"  {line}\n" for line in COUNTS.splitlines()[2:])
    tests += COUNTS.replace("- name: two targets make two\n  interval", "- interval")
    service(tmp_path, tests=tests.replace("value: 2", "value: 3"))
    ran = slogen(tmp_path, "test")
    heads = [line.split(": ", 1)[1] for line in ran.out.split("\n") if line.startswith("tests/promtool/web.yaml: ")]
    assert heads == ['a "long" name that is folded', "it's", "as a block", "plain", "wide", "test 6"]


def test_alertmanager_is_checked_where_its_configuration_is(tmp_path: Path) -> None:
    """By amtool, which must be there then, and at least 0.25."""
    (service(tmp_path) / "alertmanager").mkdir()
    (tmp_path / "alertmanager" / "alertmanager.yaml").write_text("route: {}\n", "utf-8")
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    amtool = Path(program(tmp_path, 'echo "amtool, version 0.24.0"')).rename(tmp_path / "bin" / "amtool")
    ran = slogen(tmp_path, "test", PATH=path)
    assert ran.code == 2
    assert f"error: {amtool} is version 0.24; slogen needs amtool 0.25 or newer" in ran.err
    assert "apt-get install prometheus-alertmanager" in ran.err
    amtool.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "amtool, version 0.25.0" && exit\n'
        'echo "Checking $2  FAILED: no receiver"; echo "amtool: error: 1 file" >&2; exit 1\n'
    )
    ran = slogen(tmp_path, "test", PATH=path)
    assert ran.code == 1
    assert rows(ran)["alertmanager/alertmanager.yaml"] == ("–", "1 failed")
    assert "  Checking alertmanager/alertmanager.yaml  FAILED: no receiver\n  amtool: error: 1 file\n" in ran.out
    amtool.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "amtool, version 0.25.0"\ntrue\n')
    assert slogen(tmp_path, "test", PATH=path).code == 0


def test_junit_has_a_suite_a_file_and_a_case_a_test(tmp_path: Path) -> None:
    """A relative name stands below the folder that -C names, as everything else."""
    service(tmp_path, tests=COUNTS.replace("value: 2", "value: 3") + FIRES)
    service(tmp_path, layer=".slow", tests=COUNTS.replace("eval_time", "evaltime"))
    ran = slogen(tmp_path, "test", "--junit", "report.xml")
    assert ran.code == 1
    suites = ET.parse(tmp_path / "report.xml").getroot()
    assert [(s.get("name"), s.get("tests"), s.get("failures")) for s in suites] == [
        ("tests/promtool/web.yaml", "2", "1"),
        ("tests/promtool/web.slow.yaml", "2", "1"),
        ("rules/prometheus/web.yaml", "1", "0"),
    ]
    cases = [
        (case.get("classname"), case.get("name"), case.find("failure") is None) for case in suites.iter("testcase")
    ]
    assert cases == [
        ("web.fast", "two targets make two", False),
        ("web.fast", "availability: an outage pages", True),
        ("web.slow", "two targets make two", True),
        ("web.slow", "tests/promtool/web.slow.yaml", False),
        ("web.rules", "rules/prometheus/web.yaml", True),
    ]
    text = suites[0][0][0].text
    assert text == (
        "job:up:sum at 5m\n"
        '  expected  {__name__="job:up:sum", job="web"} 3\n'
        '  got       {__name__="job:up:sum", job="web"} 2'
    )


def test_a_report_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Exit 2: a CI server would look for it in vain."""
    ran = slogen(service(tmp_path), "test", "--junit", "no/report.xml")
    assert ran.code == 2
    assert "no/report.xml: No such file or directory" in ran.err


def test_there_is_no_colour_in_a_pipe_and_quiet_says_only_what_failed(tmp_path: Path) -> None:
    """Nothing at all when all is well."""
    assert "\x1b" not in "".join((slogen(service(tmp_path), "test").out, slogen(tmp_path, "test").err))
    ran = slogen(tmp_path, "-q", "test")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    service(tmp_path, tests=COUNTS.replace("value: 2", "value: 3"))
    ran = slogen(tmp_path, "-q", "test")
    assert ran.code == 1
    assert ran.out.startswith("tests/promtool/web.yaml: two targets make two\n  job:up:sum at 5m\n")
    assert "\x1b" not in ran.out + ran.err


def test_a_terminal_gets_colours(tmp_path: Path) -> None:
    """Green is what passed."""
    service(tmp_path)
    code, written = on_terminal(tmp_path, "test", stream="stdout")
    assert code == 0
    assert b"\x1b[32mpassed" in written


def test_the_repository_is_left_as_it_was(tmp_path: Path) -> None:
    """Also when tests fail and run a second time, and their copy is elsewhere."""
    service(tmp_path, tests=COUNTS.replace("value: 2", "value: 3"))
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    before = sorted(tmp_path.rglob("*"))
    assert slogen(tmp_path, "test", TMPDIR=str(temporary)).code == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_help_has_examples(tmp_path: Path) -> None:
    """And the exit codes."""
    ran = slogen(tmp_path, "test", "--help")
    assert ran.code == 0
    assert "slogen test api-gateway postgresql" in ran.out
    assert "Exit codes: 0 all passed" in ran.out
