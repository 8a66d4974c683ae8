"""`slogen test`: promtool and amtool judge everything that is generated, and no silence counts as a pass."""

from __future__ import annotations

import os
import re
import signal
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from slogen.app import promtool
from slogen.app.programs import Program, Ran, run

TESTS_FOLDER = "tests/promtool"
RULES_FOLDERS = ("rules/prometheus", "rules/thanos")
ALERTMANAGER = "alertmanager/alertmanager.yaml"

_LAYERS = ("fast", "windows", "slow", "rules")
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A file to judge. `layer` is fast, windows or slow for tests, else rules or routing; routing has no service."""

    path: str
    service: str
    layer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What is wrong: with the test at `place` of its file (from 0), or with the whole file where that is None."""

    place: int | None = None
    test: str = ""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The verdict on a file: the names of its tests in order, the seconds it took, what failed."""

    job: Job
    tests: tuple[str, ...] = ()
    seconds: float
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where and with what files are judged; `timeout` is in seconds a file."""

    root: Path
    promtool: Program
    amtool: Program | None
    timeout: int


def known_services(root: Path) -> set[str]:
    """Return the services that have tests below `root`."""
    return {_service(path) for path in _yaml_files(root, TESTS_FOLDER)}


def untested_services(root: Path) -> set[str]:
    """Return the services that have rules below `root` and no tests."""
    rules = {_service(path) for folder in RULES_FOLDERS for path in _yaml_files(root, folder)}
    return rules - known_services(root)


def select(root: Path, services: Iterable[str] = ()) -> tuple[Job, ...]:
    """Return the files of the named services, of all where none is named, and Alertmanager's.

    A service that has rules and no tests is there with the test file that it lacks.
    """
    named = set(services)
    tests = [Job(path=path, service=_service(path), layer=_layer(path)) for path in _yaml_files(root, TESTS_FOLDER)]
    rules = [
        Job(path=path, service=_service(path), layer="rules")
        for folder in RULES_FOLDERS
        for path in _yaml_files(root, folder)
    ]
    absent = [Job(path=f"{TESTS_FOLDER}/{name}.yaml", service=name, layer="fast") for name in untested_services(root)]
    jobs = sorted((job for job in tests + rules + absent if not named or job.service in named), key=_order)
    routing = [Job(path=ALERTMANAGER, service="", layer="routing")] * (root / ALERTMANAGER).is_file()
    return (*jobs, *routing)


def prove(bench: Bench, jobs: Sequence[Job], progress: Callable[[str, int, int], None]) -> list[Result]:
    """Judge every file, as many at a time as there are cores; the results have the order of `jobs`."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        try:
            futures = [pool.submit(_judge, bench, job) for job in jobs]
            pending = set(futures)
            while pending:
                _, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
                progress("testing", len(jobs) - len(pending), len(jobs))
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def junit(results: Iterable[Result]) -> bytes:
    """Return JUnit XML: a suite a file; a case a test, and one for the file where it has none or failed as a whole."""
    suites = ET.Element("testsuites")
    for result in results:
        job, broken = result.job, [failure for failure in result.failures if failure.place is None]
        cases = [(name, [f for f in result.failures if f.place == place]) for place, name in enumerate(result.tests)]
        if broken or not cases:
            cases.append((job.path, broken))
        suite = ET.SubElement(suites, "testsuite", name=job.path, tests=str(len(cases)), errors="0", skipped="0")
        suite.set("failures", str(sum(bool(failures) for _, failures in cases)))
        suite.set("time", f"{result.seconds:.3f}")
        for name, failures in cases:
            case = ET.SubElement(suite, "testcase", name=_xml(name))
            case.set("classname", ".".join(filter(None, (job.service, job.layer))))
            if failures:
                text = _xml("\n".join(failure.text for failure in failures))
                ET.SubElement(case, "failure", message=text.split("\n")[0]).text = text
    ET.indent(suites)
    return bytes(ET.tostring(suites, encoding="utf-8", xml_declaration=True)) + b"\n"


def _xml(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _yaml_files(root: Path, folder: str) -> list[str]:
    return sorted(f"{folder}/{path.name}" for path in (root / folder).glob("*.yaml") if not path.name.startswith("."))


def _service(path: str) -> str:
    return path.rsplit("/", 1)[-1].split(".", 1)[0]


def _layer(path: str) -> str:
    return path.rsplit("/", 1)[-1].removesuffix(".yaml").partition(".")[2] or "fast"


def _order(job: Job) -> tuple[str, int, str]:
    return job.service, _LAYERS.index(job.layer) if job.layer in _LAYERS else len(_LAYERS), job.path


def _judge(bench: Bench, job: Job) -> Result:
    if job.layer == "rules":
        arguments = ["check", "rules", "--lint=all", "--lint-fatal", job.path]
        ran = run(bench.promtool.path, arguments, bench.root, bench.timeout)
        wrong = "there is no rule in it" if ran.code == 0 and "SUCCESS: 0 rules found" in ran.out else ""
    elif job.layer == "routing":
        assert bench.amtool is not None
        ran, wrong = run(bench.amtool.path, ["check-config", job.path], bench.root, bench.timeout), ""
        ran = replace(ran, err=ran.out + ran.err)  # amtool gives the reason on stdout
        if ran.code not in (0, None):
            version = ".".join(map(str, bench.amtool.version))
            hint = f"said amtool {version}: one older than alertmanager.version refuses new keys"
            ran = replace(ran, err=f"{ran.err}\n({hint})")
    else:
        return _test(bench, job)
    wrong = wrong or (_said(ran, bench) if ran.code != 0 else "")
    return Result(job=job, seconds=ran.seconds, failures=(Failure(text=wrong),) if wrong else ())


def _test(bench: Bench, job: Job) -> Result:
    try:
        text = (bench.root / job.path).read_text("utf-8", errors="replace")
    except FileNotFoundError:
        missing = Failure(text="the service has rules and no tests; run `slogen build`")
        return Result(job=job, seconds=0, failures=(missing,))
    except OSError as error:
        return Result(job=job, seconds=0, failures=(Failure(text=f"cannot read the file: {error.strerror}"),))
    tests = promtool.items(text)
    ran = run(bench.promtool.path, ["test", "rules", job.path], bench.root, bench.timeout)
    failures = list(_silent(text, tests, ran))
    if ran.code != 0 or "SUCCESS" not in ran.out:
        failures += _attribute(bench, job, text, tests, ran)
    names = tuple(test.name for test in tests)
    failures.sort(key=lambda failure: -1 if failure.place is None else failure.place)
    return Result(job=job, tests=names, seconds=ran.seconds, failures=tuple(failures))


def _silent(text: str, tests: Sequence[promtool.Item], ran: Ran) -> Iterator[Failure]:
    """Yield what promtool lets pass without a word, or with a warning and exit code 0."""
    for pattern in promtool.unmatched(ran.err):
        yield Failure(text=f"rule_files: {pattern} matches no file, so none of its rules is tested")
    if not promtool.names_rules(text):
        yield Failure(text="rule_files is empty, so no rule is tested")
    if not tests:
        yield Failure(text="there is no test in it")
    for place, test in enumerate(tests):
        if not test.asserts:
            yield Failure(place=place, test=test.name, text="the test asserts nothing, so it would always pass")


def _attribute(bench: Bench, job: Job, text: str, tests: Sequence[promtool.Item], ran: Ran) -> list[Failure]:
    """Return what promtool complained about, by the test where that can be told.

    promtool names the test of an alert, never that of an expression. So the file runs a second time with marks
    between its tests; what is found there must hold every line of the first run, or that is given as a whole.
    """
    original = _said(ran, bench)
    if ran.code is None or ran.code < 0 or not tests:
        return [Failure(text=original)]
    with _mirror(bench.root, job.path, promtool.marked(text, tests)) as folder:
        again = run(bench.promtool.path, ["test", "rules", job.path], folder, bench.timeout)
    before, told = promtool.by_test(again.err)
    found = [Failure(place=place, test=tests[place].name, text=promtool.readable(part)) for place, part in told.items()]
    lines = {line for part in told.values() for line in part.split("\n")}
    complete = again.code is not None and not before and lines.issuperset(filter(None, original.split("\n")))
    return found if complete else [Failure(text=promtool.readable(original)), *found]


@contextmanager
def _mirror(root: Path, path: str, text: str) -> Iterator[Path]:
    """Give a folder that looks like `root` except for one file, so that the relative paths in it lead to the rules."""
    with tempfile.TemporaryDirectory(prefix="slogen-test-") as name:
        real, copy = root.resolve(), Path(name)
        for part in Path(path).parts:
            for entry in real.iterdir():
                if entry.name != part:
                    (copy / entry.name).symlink_to(entry)
            real, copy = real / part, copy / part
            if real.is_dir():
                copy.mkdir()
        copy.write_text(text, "utf-8")
        yield Path(name)


def _said(ran: Ran, bench: Bench) -> str:
    """Return what a program complained about; a line that it repeats at once stands there once."""
    told = promtool.complaint(ran.err) or ran.out.strip("\n")
    told = "\n".join(line for line, _ in groupby(told.split("\n")))
    if ran.code is None:
        return f"stopped after {bench.timeout} s; --timeout gives it more\n{told}".strip()
    if ran.code < 0:
        return f"killed by {signal.Signals(-ran.code).name}\n{told}".strip()
    return told or f"it ended with exit code {ran.code} and said nothing"
