"""Measures how long `slogen` takes and how much memory: 1,000 services with 10 SLOs each.

A temporary repository is made and `slogen` runs on it as a subprocess, as a user runs it. Reported are

* wall seconds, the least of several runs: cold (nothing generated yet), warm (nothing has changed), `--check`;
* peak MB: the highest sum of the proportional set sizes (Pss) of the process and all its children, sampled;
* `slogen diff` against git when one SLO of one service changed;
* milliseconds of `slogen --help`, the median of nine runs;
* `slogen test --mutate` of the services of this repository that have the most mutants, once each.

Bytecode is compiled and the file cache is warm. The platform has no Kubernetes output.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from manyslos import write_repository

COLD_SECONDS, PEAK_MB, HELP_MS, DIFF_SECONDS = 10.0, 500.0, 200.0, 2.0
LINT_SECONDS, MUTANTS_SECONDS = 20.0, 60.0  # on two cores
MOST_MUTANTS = ("kubernetes-api", "postgresql", "api-gateway")
HELP_RUNS = 9
SAMPLE_EVERY = 0.05  # seconds between two looks at the memory
REPOSITORY = Path(__file__).resolve().parent.parent
EXAMPLES = """examples:
  bench/speed.py                               1,000 services with 10 SLOs, three runs
  bench/speed.py --services 100 --runs 1       a quick look
  bench/speed.py --json > speed.json

Exit codes: 0 every bar is met, 1 one is missed or slogen failed, 2 usage or a missing program.
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command: wall seconds and the peak memory of its process tree in MB."""

    seconds: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Row:
    """What is printed of a command; `bar` is the most that is allowed, None when there is none."""

    what: str
    value: float
    unit: str
    bar: float | None = None

    @property
    def passed(self) -> bool:
        """Whether the bar is met."""
        return self.bar is None or self.value <= self.bar


def log(text: str) -> None:
    """Tell on stderr what is going on."""
    print(text, file=sys.stderr, flush=True)


def slogen() -> str:
    """Return the program of this virtual environment, else the one on PATH."""
    beside = Path(sys.executable).with_name("slogen")
    found = str(beside) if beside.exists() else shutil.which("slogen")
    if found is None:
        log("slogen is not installed: run `make install`")
        sys.exit(2)
    return found


def pss_of_group(group: int) -> int:
    """Return the sum of the Pss, in KiB, of the processes of a process group; 0 when it is gone."""
    total = 0
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            if os.getpgid(int(entry.name)) != group:
                continue
            with open(f"/proc/{entry.name}/smaps_rollup") as file:
                total += next((int(line.split()[1]) for line in file if line.startswith("Pss:")), 0)
        except OSError:
            continue  # it ended while it was looked at
    return total


def run(*arguments: str) -> Run:
    """Run slogen in a process group of its own; a failure ends the benchmark."""
    peak, done = 0, threading.Event()
    started = time.perf_counter()
    process = subprocess.Popen(
        [slogen(), *arguments], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )

    def sample() -> None:
        nonlocal peak
        while not done.wait(SAMPLE_EVERY):
            peak = max(peak, pss_of_group(process.pid))

    sampler = threading.Thread(target=sample)
    sampler.start()
    _, told = process.communicate()
    seconds = time.perf_counter() - started
    done.set()
    sampler.join()
    if process.returncode:
        log(f"slogen {' '.join(arguments)} ended with {process.returncode}:\n{told[-2000:]}")
        sys.exit(1)
    return Run(seconds, peak * 1024 / 1e6)


def best(what: str, runs: int, once: Callable[[], Run]) -> tuple[float, float]:
    """Return the least seconds and the highest peak of several runs."""
    made = []
    for number in range(runs):
        made.append(once())
        log(f"  {what}, run {number + 1} of {runs}: {made[-1].seconds:.2f} s, {made[-1].peak_mb:.0f} MB")
    return min(run.seconds for run in made), max(run.peak_mb for run in made)


def clear(root: Path) -> None:
    """Delete all that slogen generated."""
    for folder in ("rules", "tests"):
        shutil.rmtree(root / folder, ignore_errors=True)


def builds(root: Path, runs: int) -> list[Row]:
    """Measure cold, warm and check in the repository below `root`."""

    def cold() -> Run:
        clear(root)
        return run("-C", str(root), "build", "--only", "prometheus")

    rows: list[Row] = []
    for what, once, bar in (
        ("rules, cold", cold, COLD_SECONDS),
        ("rules, nothing changed", lambda: run("-C", str(root), "build", "--only", "prometheus"), None),
        ("rules and their tests", lambda: run("-C", str(root), "build"), None),
        ("lint", lambda: run("-C", str(root), "lint", "-q"), LINT_SECONDS),
    ):
        seconds, peak = best(what, runs, once)
        rows += [Row(what, seconds, "s", bar), Row(f"{what}, peak memory", peak, "MB", PEAK_MB)]
    return rows


def diff_row(root: Path, runs: int) -> Row:
    """Measure `slogen diff` of the repository below `root`, committed, when one objective of it changed."""
    git = ["git", "-C", str(root), "-c", "user.name=bench", "-c", "user.email=bench@example.com"]
    for arguments in (["init", "-qb", "main"], ["add", "slogen.yaml", "slos"], ["commit", "-qm", "base"]):
        subprocess.run([*git, *arguments], check=True)
    path = next(iter(sorted((root / "slos").rglob("*.yaml"))))
    path.write_text(re.sub(r"objective: [0-9.]+", "objective: 97.5", path.read_text("utf-8"), count=1), "utf-8")
    seconds, _ = best("diff of one SLO", runs, lambda: run("-C", str(root), "diff", "HEAD"))
    return Row("diff of one changed SLO", seconds, "s", DIFF_SECONDS)


def help_row() -> Row:
    """Measure `slogen --help`, without looking at its memory."""
    taken = []
    for _ in range(HELP_RUNS):
        started = time.perf_counter()
        subprocess.run([slogen(), "--help"], check=True, stdout=subprocess.DEVNULL)
        taken.append((time.perf_counter() - started) * 1000)
    return Row(f"--help, median of {HELP_RUNS}", statistics.median(taken), "ms", HELP_MS)


def own_repository(folder: Path, runs: int) -> list[Row]:
    """Measure a cold build of this repository's SLOs, in a copy, and the mutants of the largest of its services."""
    root = folder / "own"
    root.mkdir()
    shutil.copy(REPOSITORY / "slogen.yaml", root)
    shutil.copytree(REPOSITORY / "slos", root / "slos")

    def once() -> Run:
        clear(root)
        return run("-C", str(root), "build")

    seconds, peak = best("this repository", runs, once)
    rows = [Row("this repository, cold", seconds, "s"), Row("this repository, cold, peak memory", peak, "MB")]
    for service in MOST_MUTANTS:
        what = f"mutants of {service}"
        seconds, _ = best(what, 1, lambda name=service: run("-C", str(root), "test", "--mutate", name))
        rows.append(Row(what, seconds, "s", MUTANTS_SECONDS))
    return rows


def size(root: Path) -> str:
    """Return what was generated: files and MB."""
    files = [path for path in (root / "rules").rglob("*") if path.is_file()]
    return f"{len(files):,} files, {sum(path.stat().st_size for path in files) / 1e6:,.0f} MB"


def show(rows: list[Row], title: str) -> None:
    """Print the table and the verdict."""
    print(title)
    for row in rows:
        bar = "" if row.bar is None else f"  bar {row.bar:>5.0f}  {'PASS' if row.passed else 'FAIL'}"
        print(f"  {row.what:<40} {row.value:>9.2f} {row.unit:<3}{bar}")
    missed = [row.what for row in rows if not row.passed]
    print(f"FAIL: {', '.join(missed)}" if missed else "PASS: every bar is met")


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--services", type=int, default=1000, help="services of the repository (1000)")
    parser.add_argument("--slos", type=int, default=10, help="SLOs of each service (10)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each command, of which the least counts (3)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    given = parser.parse_args()
    if min(given.services, given.slos, given.runs) < 1:
        parser.error("--services, --slos and --runs are at least 1")
    with tempfile.TemporaryDirectory(prefix="slogen-speed-") as name:
        folder = Path(name)
        log(f"writing {given.services} services with {given.slos} SLOs each")
        alerts = write_repository(folder / "many", given.services, given.slos)
        rows = [
            *builds(folder / "many", given.runs),
            diff_row(folder / "many", given.runs),
            help_row(),
            *own_repository(folder, given.runs),
        ]
        made = size(folder / "many")
    title = (
        f"{given.services:,} services, {given.services * given.slos:,} SLOs, {alerts:,} cause alerts -> {made}; "
        f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} at the end"
    )
    if given.json:
        print(json.dumps({"title": title, "rows": [asdict(row) | {"passed": row.passed} for row in rows]}, indent=2))
    else:
        show(rows, title)
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
