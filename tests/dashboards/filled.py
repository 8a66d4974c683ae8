"""A real Prometheus that holds what six services went through, backfilled through their compiled rules.

Raw counters of seven hours are literal, and so are the recorded five-minute means of a month, which would take a month
of raw series. Everything else is what `promtool tsdb create-blocks-from rules` makes of the compiled rules; alerts are
recorded by their own expressions. `END` is the present of all dashboards.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.server import Prometheus, free_port, running

END = 1_768_478_400  # Thu 15 Jan 2026 12:00 UTC
MINUTE, HOUR, DAY = 60, 3600, 86_400
PER_SECOND = 10.0  # events of each service, two thirds of them at instance a

Share = Callable[[int], float]  # seconds before END to the share of events that fail


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What a service went through: which share of its events failed when, and when it had none."""

    name: str
    share: Share
    until: int = 0  # seconds before END at which its series end
    idle: int = 0  # for so long before END nothing happens


def _lasting(seconds: int, share: float, before: float = 0.0002) -> Share:
    return lambda ago: share if ago < seconds else before


# Of `paging`, in December: so long before END each began, and so long it lasted.
INCIDENTS = ((35 * DAY, 2 * HOUR), (32 * DAY, HOUR))
STORIES = (
    Story(name="healthy", share=lambda ago: 0.0002),
    Story(
        name="paging",
        share=lambda ago: (
            0.05 if ago < 40 * MINUTE or any(began - lasts < ago <= began for began, lasts in INCIDENTS) else 0.0002
        ),
    ),
    Story(name="ticketing", share=_lasting(30 * HOUR, 0.004)),
    Story(name="nodata", share=lambda ago: 0.0002, until=30 * MINUTE),
    Story(name="notraffic", share=lambda ago: 0.0002, idle=HOUR),
    # Eight hours of 12 % ten days ago: 57.6 minutes of a budget of 43.2.
    Story(name="spent", share=lambda ago: 0.12 if 10 * DAY < ago <= 10 * DAY + 8 * HOUR else 0.0),
)
# The SLO of each kind, and its promise: sampled ones fail ten times as much of a budget that is ten times as large.
KINDS = {
    "up": ("99.9", 'events: {{total: \'req_total{{job="{name}"}}\', bad: \'req_total{{job="{name}",code=~"5.."}}\'}}'),
    "quick": ("99.9", "latency: {{histogram: 'took_seconds{{job=\"{name}\"}}', threshold: 100ms}}"),
    "jobs": (
        "99.9",
        "query: {{errors: 'sum(rate(job_failed_total{{job=\"{name}\"}}[$window]))', "
        "total: 'sum(rate(job_total{{job=\"{name}\"}}[$window]))'}}",
    ),
    "traced": ("99.9", "spans: {{service: '{name}'}}"),
    "there": ("99", "boolean: 'healthy{{job=\"{name}\"}}'"),
    "short": ("99", 'threshold: {{metric: \'depth{{job="{name}"}}\', bad: "> 60"}}'),
    "fresh": ("99", "freshness: {{timestamp: 'backup_time{{job=\"{name}\"}}', maxAge: 10m}}"),
}
SAMPLED = ("there", "short", "fresh")
# The order in which rules can be backfilled: each reads those before it.
_LEVELS = (
    ("slo:sli_errors:rate5m", "slo:objective:ratio", "slo:error_budget:ratio", "slogen_slo_info"),
    ("slo:sli_total:rate5m",),
    tuple(f"slo:sli_error:ratio_rate{window}" for window in ("5m", "30m", "1h", "6h")),
    (
        *(f"slo:sli_error:ratio_rate{window}" for window in ("2h", "1d", "3d", "30d")),
        "slo:current_burn_rate:ratio", "slo:time_period:days",
    ),
    ("slo:period_burn_rate:ratio",),
    ("slo:period_error_budget_remaining:ratio",),
)  # fmt: skip
_SINCE = (7 * HOUR, 7 * HOUR, 6 * HOUR, 2 * HOUR, 2 * HOUR, 2 * HOUR)


class Filling:
    """A folder of blocks that grows, and the server that reads them."""

    def __init__(self, prometheus: str, promtool: str, folder: Path) -> None:
        self.promtool, self.folder, self.data = promtool, folder, folder / "data"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "prometheus.yaml").write_text("global: {}\n", "utf-8")
        port = free_port()
        self.server = Prometheus(
            [
                prometheus,
                f"--config.file={folder}/prometheus.yaml",
                f"--storage.tsdb.path={self.data}",
                "--storage.tsdb.retention.time=100y",
                f"--web.listen-address=127.0.0.1:{port}",
                "--log.level=error",
            ],
            port,
            folder / "server",
        )

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self.server.port}"

    def lines(self, lines: Iterable[str]) -> None:
        """Add samples in the OpenMetrics format."""
        file = self.folder / "lines.txt"
        with file.open("w", encoding="utf-8") as out:
            out.writelines(f"{line}\n" for line in lines)
            out.write("# EOF\n")
        self._make("openmetrics", str(file), str(self.data))

    def rules(self, rules: Sequence[dict[str, Any]], since: int, every: str, until: int = 0) -> None:
        """Evaluate recording rules over what is there already, `since` seconds before the end to `until` before it."""
        file = self.folder / "rules.yaml"
        file.write_text(yaml.safe_dump({"groups": [{"name": "g", "interval": every, "rules": list(rules)}]}), "utf-8")
        made = self.folder / "made"
        with running(self.server):
            self._make(
                "rules",
                f"--url={self.url}",
                f"--start={END - since}",
                f"--end={END - until}",
                f"--output-dir={made}",
                str(file),
            )
        for block in made.iterdir():
            block.rename(self.data / block.name)

    def _make(self, *arguments: str) -> None:
        done = subprocess.run(
            [self.promtool, "tsdb", "create-blocks-from", "--max-block-duration=960h", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def filled(prometheus: str, promtool: str, folder: Path, compiled: Sequence[Path]) -> Iterator[Prometheus]:
    """Run a server with the stories; `compiled` are the rule files of their services."""
    filling = Filling(prometheus, promtool, folder)
    filling.lines(_raw(STORIES))
    filling.lines(_means(STORIES))
    filling.lines(_promises(STORIES))
    filling.lines(_servers())
    filling.lines(_incidents())
    rules = [
        rule
        for file in compiled
        for group in yaml.safe_load(file.read_text("utf-8"))["groups"]
        for rule in group["rules"]
    ]
    for level, since in zip(_LEVELS, _SINCE, strict=True):
        chosen = [rule for rule in rules if rule.get("record") in level]
        filling.rules(chosen, since, "1m")
    # The budget of the last days, more seldom, for its graph; what the report needs at the end of the month before.
    for name in (
        "slo:sli_error:ratio_rate30d",
        "slo:period_burn_rate:ratio",
        "slo:period_error_budget_remaining:ratio",
    ):
        filling.rules([rule for rule in rules if rule.get("record") == name], 5 * DAY, "10m", until=3 * HOUR)
    filling.rules([_recorded(rule) for rule in rules if _is_base(rule)], 2 * HOUR, "1m")
    with running(filling.server):
        began = list(_beginnings(filling.server))
    filling.lines(began)
    with running(filling.server):
        yield filling.server


def _raw(stories: Sequence[Story]) -> Iterator[str]:
    for name, series in (
        ("req", _requests), ("took_seconds", _times), ("job", _jobs), ("spans", _spans), ("gauges", _gauges),
    ):  # fmt: skip
        yield f"# TYPE {name} unknown"
        for story in stories:
            yield from series(story)


def _counter(story: Story, series: str, each: Callable[[float], float]) -> Iterator[str]:
    """Yield a counter; `each` gives the events a second of a share of failures."""
    value = 0.0
    for ago in range(8 * HOUR, story.until - 1, -30):
        value += 0.0 if ago < story.idle else 30 * each(story.share(ago))
        yield f"{series} {value:.6f} {END - ago}"


def _requests(story: Story) -> Iterator[str]:
    # All failures are of instance a.
    for instance, code, each in (
        ("a", "200", lambda share: PER_SECOND * (2 / 3 - share)),
        ("a", "500", lambda share: PER_SECOND * share),
        ("b", "200", lambda share: PER_SECOND / 3),
        ("b", "500", lambda share: 0.0),
    ):
        yield from _counter(story, f'req_total{{job="{story.name}",instance="{instance}",code="{code}"}}', each)


def _times(story: Story) -> Iterator[str]:
    labels = f'job="{story.name}",instance="a"'
    for le, part in (("0.01", 0.5), ("0.1", 1.0), ("1.0", 1.0), ("+Inf", 1.0)):
        slow = le in ("0.01", "0.1")
        yield from _counter(
            story,
            f'took_seconds_bucket{{{labels},le="{le}"}}',
            lambda share, part=part, slow=slow: PER_SECOND * part * (1 - share if slow else 1),  # type: ignore[misc]
        )
    yield from _counter(story, f"took_seconds_count{{{labels}}}", lambda share: PER_SECOND)


def _jobs(story: Story) -> Iterator[str]:
    labels = f'{{job="{story.name}",instance="a"}}'
    yield from _counter(story, f"job_failed_total{labels}", lambda share: PER_SECOND * share)
    yield from _counter(story, f"job_total{labels}", lambda share: PER_SECOND)


def _spans(story: Story) -> Iterator[str]:
    # All failures are of one operation.
    labels = f'service_name="{story.name}",span_kind="SPAN_KIND_SERVER"'
    for operation, code, each in (
        ("/pay", "STATUS_CODE_UNSET", lambda share: PER_SECOND * (2 / 3 - share)),
        ("/pay", "STATUS_CODE_ERROR", lambda share: PER_SECOND * share),
        ("/read", "STATUS_CODE_UNSET", lambda share: PER_SECOND / 3),
    ):
        series = f'traces_span_metrics_calls_total{{{labels},span_name="{operation}",status_code="{code}"}}'
        yield from _counter(story, series, each)


def _gauges(story: Story) -> Iterator[str]:
    """Yield what is sampled: of so many samples so many are bad, spread evenly."""
    bad = []
    part = 0.0
    for ago in range(8 * HOUR, story.until - 1, -30):
        part += min(1.0, 10 * story.share(ago))
        bad.append((ago, part >= 1))
        part -= part >= 1
    for series, well, failing in (("healthy", 1, 0), ("depth", 10, 100)):
        yield from (
            f'{series}{{job="{story.name}",instance="a"}} {failing if one else well} {END - ago}' for ago, one in bad
        )
    for ago, one in bad:
        at = END - ago
        yield f'backup_time{{job="{story.name}",instance="a"}} {at - (1200 if one else 300)} {at}'


def _means(stories: Sequence[Story]) -> Iterator[str]:
    for name, of in (("errors", True), ("total", False)):
        yield f"# TYPE slo:sli_{name}:avg_rate5m gauge"
        for story in stories:
            for slo in KINDS:
                sampled = slo in SAMPLED
                for ago in range(48 * DAY, max(story.until, 0) - 1, -300):
                    events = 1 / 30 if sampled else 0.0 if ago < story.idle else PER_SECOND
                    share = min(1.0, 10 * story.share(ago)) if sampled else story.share(ago)
                    value = events * share if of else events
                    yield f'slo:sli_{name}:avg_rate5m{{service="{story.name}",slo="{slo}"}} {value:.8f} {END - ago}'


def _servers() -> Iterator[str]:
    """Yield an hour of what two servers tell of themselves.

    All is well at first; in the last half hour every tenth mail fails; in the last five minutes an evaluation is left
    out each minute, and the alert about that waits.
    """
    group = 'instance="a",rule_group="/etc/rules/paging.yaml;slogen-paging-fast"'
    told: dict[str, Callable[[int], float]] = {  # by seconds before END
        f"prometheus_rule_evaluation_failures_total{{{group}}}": lambda ago: 0,
        f"prometheus_rule_group_iterations_missed_total{{{group}}}": lambda ago: max(0, 5 * MINUTE - ago) // MINUTE,
        f"prometheus_rule_group_last_duration_seconds{{{group}}}": lambda ago: 0.3,
        f"prometheus_rule_group_interval_seconds{{{group}}}": lambda ago: 30,
        'prometheus_notifications_dropped_total{instance="a"}': lambda ago: 0,
        'prometheus_tsdb_head_series{instance="a"}': lambda ago: 120_000 + (HOUR - ago) / 30,
        'alertmanager_notifications_total{instance="b",integration="email"}': lambda ago: 2 * (HOUR - ago) / 30,
        'alertmanager_notifications_failed_total{instance="b",integration="email"}': lambda ago: (
            0.2 * max(0, 30 * MINUTE - ago) / 30
        ),
        'up{job="prometheus",instance="a"}': lambda ago: 1,
        'ALERTS{alertname="Watchdog",alertstate="firing",severity="none"}': lambda ago: 1,
    }
    late = f'alertname="SLORulesLate",service="slogen",severity="warning",{group}'
    waits = {f'ALERTS{{{late},alertstate="pending"}}': 1, f"ALERTS_FOR_STATE{{{late}}}": END - 4 * MINUTE}
    for series, value in told.items():
        yield f"# TYPE {series.partition('{')[0]} unknown"
        for ago in range(HOUR, -1, -30):
            yield f"{series} {value(ago)} {END - ago}"
    # Of the family that is the last one above.
    for waiting, number in waits.items():
        if waiting.startswith("ALERTS_FOR_STATE"):
            yield "# TYPE ALERTS_FOR_STATE unknown"
        for ago in range(4 * MINUTE, -1, -30):
            yield f"{waiting} {number} {END - ago}"


def _incidents() -> Iterator[str]:
    """Yield two pages in December, of two hours and of one, and two deploys today."""
    labels = 'alertname="SLOErrorBudgetBurn",service="paging",slo="up",severity="critical"'
    yield "# TYPE slogen:incident_start:timestamp_seconds gauge"
    for ago, lasts in INCIDENTS:
        for at in range(END - ago, END - ago + lasts, 30):
            yield f"slogen:incident_start:timestamp_seconds{{{labels}}} {END - ago} {at}"
    yield "# TYPE ALERTS gauge"
    for ago, lasts in INCIDENTS:
        for at in range(END - ago, END - ago + lasts, 30):
            yield f'ALERTS{{{labels},alertstate="firing"}} 1 {at}'
    yield "# TYPE deployed gauge"
    for ago in range(8 * HOUR, -1, -30):
        yield f'deployed{{service="paging"}} {(ago <= 45 * MINUTE) + (ago <= 5 * HOUR)} {END - ago}'


def _promises(stories: Sequence[Story]) -> Iterator[str]:
    """Yield objective and budget in the last hours of December, and in the days of which the budget is drawn."""
    for name, of in (("objective", True), ("error_budget", False)):
        yield f"# TYPE slo:{name}:ratio gauge"
        for story in stories:
            for slo, (promised, _) in KINDS.items():
                value = round(float(promised) / 100 if of else 1 - float(promised) / 100, 6)
                for ago in range(15 * DAY, 8 * HOUR, -300):
                    yield f'slo:{name}:ratio{{service="{story.name}",slo="{slo}"}} {value} {END - ago}'


def _is_base(rule: dict[str, Any]) -> bool:
    return "alert" in rule and "escalation" not in rule["labels"] and rule["labels"].get("severity") != "none"


def _recorded(rule: dict[str, Any]) -> dict[str, Any]:
    """Return an alert as a rule that records it from the moment on when its condition holds."""
    labels = {**rule["labels"], "alertname": rule["alert"], "alertstate": "firing"}
    return {"record": "ALERTS", "expr": f"0 * ({rule['expr']}) + 1", "labels": labels}


def _beginnings(server: Prometheus) -> Iterator[str]:
    """Yield since when each alert that is firing at the end does."""
    found = server.get("query_range", query="ALERTS", start=str(END - 2 * HOUR), end=str(END), step="60")
    yield "# TYPE ALERTS_FOR_STATE gauge"
    for series in found["result"]:
        times = [int(float(at)) for at, _ in series["values"]]
        if times[-1] != END:
            continue
        began = next(
            at for at, before in zip(reversed(times), [*reversed(times[:-1]), 0], strict=True) if at - before > 60
        )
        labels = ",".join(
            f'{name}="{value}"' for name, value in series["metric"].items() if name not in ("__name__", "alertstate")
        )
        for at in range(began, END + 1, 60):
            yield f"ALERTS_FOR_STATE{{{labels}}} {began} {at}"
