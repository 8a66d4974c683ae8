"""The changes that have a golden transcript: two repositories each, and what must stand in it, derived by hand.

The service `web` has an availability SLO of 99.9 % and a latency SLO of 99 %, `db` one of 99.9 %, all over 30d.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.cli.running import SERVICE

PLATFORM = """\
apiVersion: slogen/v1
kind: Platform
metadata: {name: shop}
prometheus: {retention: 90d}
thanos: {version: "0.42"}
alertmanager: {version: "0.25"}
grafana: {url: "https://grafana.example.com"}
email: {from: alerts@example.com, smarthost: "smtp.example.com:587"}
receivers:
  sre: {pagerduty: {routingKeyFile: /secrets/pagerduty}}
  boss: {email: {to: boss@example.com}}
  ceo: {email: {to: ceo@example.com}}
  core-chat: {slack: {apiUrlFile: /secrets/slack, channel: "#core"}}
  data-chat: {slack: {apiUrlFile: /secrets/slack, channel: "#data"}}
teams:
  core: {notify: [core-chat]}
  data: {notify: [data-chat]}
routing:
  critical:
    - {after: 0s, notify: [sre]}
    - {after: 1h, notify: [boss]}
    - {after: 1d, notify: [ceo]}
  warning: {notify: [team]}
  info: {notify: [boss]}
"""
WEB = (
    SERVICE
    + """\
  - name: fast
    objective: 99
    sli: {latency: {histogram: 'took_seconds{job="web"}', threshold: 300ms}}
"""
)
LAST = "threshold: 300ms}}\n"
DB = """\
apiVersion: slogen/v1
kind: Service
metadata: {name: db, team: data}
slos:
  - name: up
    objective: 99.9
    sli: {events: {total: queries_total, bad: queries_failed_total}}
"""
CAUSE = """\
alerts:
  - name: WebReplicasLow
    severity: critical
    expr: count(up{job="web"} == 1) < 3
    for: 5m
    summary: Fewer than 3 replicas are up
    tests:
      - series: {'up{job="web",instance="a"}': 1x40}
        fires: 10m
      - series:
          up{job="web",instance="a"}: 1x40
          up{job="web",instance="b"}: 1x40
          up{job="web",instance="c"}: 1x40
        quiet: 10m
"""
READER = CAUSE[: CAUSE.index("    tests:")]
BASE = {"slogen.yaml": PLATFORM, "slos/web.yaml": WEB, "slos/db.yaml": DB}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A change: texts to replace by file, files to add or to remove, and lines that must be told and that must not."""

    name: str
    sentence: str
    edits: tuple[tuple[str, str, str], ...] = ()
    before: tuple[tuple[str, str, str], ...] = ()  # edits of the base
    files: tuple[tuple[str, str | None], ...] = ()
    told: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    semantic: bool = True

    def sides(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return the files of the base and of the head."""
        base = _edited(dict(BASE), self.before)
        head = _edited(dict(base), self.edits)
        for path, text in self.files:
            head.pop(path, None)
            if text is not None:
                head[path] = text
        return base, head


def _edited(files: dict[str, str], edits: tuple[tuple[str, str, str], ...]) -> dict[str, str]:
    for path, old, new in edits:
        assert old in files[path], f"{old!r} is not in {path}"
        files[path] = files[path].replace(old, new, 1)
    return files


W, P, D = "slos/web.yaml", "slogen.yaml", "slos/db.yaml"
SPLIT = """\
  - name: reads
    objective: 99.95
    sli: {events: {total: 'req_total{job="web",verb="get"}', bad: 'req_total{job="web",verb="get",code=~"5.."}'}}
  - name: writes
    objective: 99.5
    sli: {events: {total: 'req_total{job="web",verb!="get"}', bad: 'req_total{job="web",verb!="get",code=~"5.."}'}}
"""
UP = WEB[WEB.index("  - name: up") : WEB.index("  - name: fast")]

# Budgets: 30d are 43,200 minutes. 0.1 % of them are 43.2, 0.05 % 21.6, 0.5 % 216, 1 % 432.
CASES = (
    Case(
        name="objective-up",
        sentence="99.9 to 99.95: half the budget, half of every threshold: 14.4 x 0.0005 is 0.0072",
        edits=((W, "99.9\n", "99.95\n"),),
        told=(
            "objective 99.9 % → 99.95 %",
            "error budget, minutes 43.2 → 21.6",
            "page above, 5m/1h 1.44 % errors (14.4 times) → 0.72 % errors (14.4 times)",
            "page above, 30m/6h 0.6 % errors (6 times) → 0.3 % errors (6 times)",
            "ticket above, 2h/1d 0.3 % errors (3 times) → 0.15 % errors (3 times)",
            "ticket above, 6h/3d 0.1 % errors (1 time) → 0.05 % errors (1 time)",
            # 3,600 s x 0.0144 is 51.84 s and 25.92 s, rounded up to evaluations of 30 s.
            "first page at 100 % errors 1m → 30s",
            "history mixes for 30d: they step to the new objective at once; events before the change count against "
            "the new budget",
        ),
        untold=("web/fast", "db"),
    ),
    Case(
        name="objective-down",
        sentence="99.9 to 99.5: five times the budget; 14.4 x 0.005 is 0.072, 10 % still page, 1 % no longer in 6h",
        edits=((W, "99.9\n", "99.5\n"),),
        told=(
            "objective 99.9 % → 99.5 %",
            "error budget, minutes 43.2 → 216",
            "page above, 5m/1h 1.44 % errors (14.4 times) → 7.2 % errors (14.4 times)",
            "first page at 1 % errors 3h36m → never",
        ),
    ),
    Case(
        name="window",
        sentence="30d to 7d: factors are 2 % of 168h in 1h, 3.36, and 5 % in 6h, 1.4; the tickets of 10 % burn at 1",
        edits=((W, "    objective: 99.9\n", "    objective: 99.9\n    window: 7d\n"),),
        told=(
            "window 30d → 7d",
            "error budget, minutes 43.2 → 10.08",  # 10,080 minutes x 0.001
            "page above, 5m/1h 1.44 % errors (14.4 times) → 0.336 % errors (3.36 times)",
            "page above, 30m/6h 0.6 % errors (6 times) → 0.14 % errors (1.4 times)",
            "ticket above, 2h/1d 0.3 % errors (3 times) → 0.1 % errors (1 time)",
            "history mixes for 7d: they are of 7d from now on, and were of 30d",
        ),
    ),
    Case(
        name="sli-selector",
        sentence="another selector of bad events: all recorded rates keep their names and mean something else",
        edits=((W, 'code=~"5.."', 'code=~"5..|429"'),),
        told=(
            'SLI bad req_total{job="web",code=~"5.."} → req_total{job="web",code=~"5..|429"}',
            "history mixes for 30d: what counts as an event, or as a bad one, changes",
        ),
        untold=("objective 99", "page above"),
    ),
    Case(
        name="sli-kind",
        sentence="from counters to a gauge: nothing of the old SLI is left",
        edits=((W, UP[UP.index("    sli:") :], "    sli: {boolean: 'up{job=\"web\"}'}\n"),),
        told=("SLI kind Events → Boolean", "history mixes for 30d: what counts as an event, or as a bad one, changes"),
    ),
    Case(
        name="latency-threshold",
        sentence="300 ms to 250 ms: another bucket is bad, the budget is the same",
        edits=((W, "300ms", "250ms"),),
        told=("SLI threshold 0.3 → 0.25", "history mixes for 30d: what counts as an event, or as a bad one, changes"),
        untold=("error budget, minutes",),
    ),
    Case(
        name="service-renamed",
        sentence="web becomes shop: every series and alert has another label, the promises are the same",
        files=((W, None), ("slos/shop.yaml", WEB.replace("name: web", "name: shop"))),
        told=(
            "shop: changed, it was web",
            'history mixes for 30d: they go on as service="shop"; the past stays under service="web", and the budget '
            "begins anew",
        ),
        untold=("objective 99", "now told"),
    ),
    Case(
        name="team-changed",
        sentence="the team's tickets go to another chat; pages and notes do not",
        edits=((W, "team: core", "team: data"),),
        told=(
            "team core → data",
            "tickets: now told: data-chat; no longer: core-chat (web/up SLONoData, web/fast SLONoData, "
            "web/up SLOErrorBudgetBurn, web/fast SLOErrorBudgetBurn)",
        ),
        untold=("pages:", "notes:"),
    ),
    Case(
        name="ladder-rung-added",
        sentence="a step after 4h: the ceo is told of pages of all three SLOs, by one rule a service",
        edits=((P, "[boss]}\n    - ", "[boss]}\n    - {after: 4h, notify: [ceo]}\n    - "),),
        told=(
            "routing.critical.4h - → ceo",
            "pages after 4h: now told: ceo (db/ SLOErrorBudgetBurn, web/ SLOErrorBudgetBurn)",
        ),
    ),
    Case(
        name="ladder-rung-moved",
        sentence="1h becomes 30m: the rule compares with 1,800 s instead of 3,600 s",
        edits=((P, "after: 1h", "after: 30m"),),
        told=(
            "routing.critical.1h boss → -",
            "routing.critical.30m - → boss",
            "pages after 30m: now told: boss (db/ SLOErrorBudgetBurn, web/ SLOErrorBudgetBurn)",
            "pages after 1h: no longer: boss (db/ SLOErrorBudgetBurn, web/ SLOErrorBudgetBurn)",
        ),
    ),
    Case(
        name="receiver-removed",
        sentence="the boss is neither declared nor told: the ladder ends, notes go to nobody",
        edits=(
            (P, "  boss: {email: {to: boss@example.com}}\n", ""),
            (P, "    - {after: 1h, notify: [boss]}\n", ""),
            (P, "  info: {notify: [boss]}\n", ""),
        ),
        told=(
            "receivers.boss.integration email → -",
            "pages after 1h: no longer: boss (db/ SLOErrorBudgetBurn, web/ SLOErrorBudgetBurn)",
            "notes: no longer: boss (db/up SLOErrorBudgetExhausted, web/up SLOErrorBudgetExhausted, web/fast "
            "SLOErrorBudgetExhausted)",
        ),
    ),
    Case(
        name="receiver-address",
        sentence="another address of the same receiver: no rule and no route changes, and somebody else reads it",
        edits=((P, "to: boss@example.com", "to: chief@example.com"),),
        told=("receivers.boss.settings.to boss@example.com → chief@example.com",),
    ),
    Case(
        name="slo-split",
        sentence="one SLO becomes two, of reads and of writes: the budget of one is gone, two begin",
        edits=((W, UP, SPLIT),),
        told=(
            "web/reads: added",
            "web/writes: added",
            "web/up: removed",
            "error budget, minutes - → 21.6",  # 0.05 % of 43,200
            "error budget, minutes - → 216",  # 0.5 %
            "- alert SLOErrorBudgetBurn (critical)",
            "+ alert SLOErrorBudgetBurn (critical)",
        ),
    ),
    Case(
        name="slo-renamed",
        sentence="only the name of an SLO changes: its series begin anew",
        edits=((W, "name: up", "name: availability"),),
        told=("web/availability: changed, it was up", 'history mixes for 30d: they go on as slo="availability"'),
        untold=("objective 99", "pages"),
    ),
    Case(
        name="by-labels-added",
        sentence="the SLO is kept by region: series have another label from now on",
        edits=((W, "    objective: 99.9\n", "    objective: 99.9\n    by: [region]\n"),),
        told=(
            "by - → region",
            "history mixes for 30d: the labels by which series are kept change (region); old and new ones stand side "
            "by side",
        ),
    ),
    Case(
        name="comment-only",
        sentence="a comment in YAML means nothing",
        edits=((W, "slos:\n", "slos:   # what we promise\n"),),
        told=("Formatting only: 1 file differs, no rule, route or dashboard changes.",),
        semantic=False,
    ),
    Case(
        name="reordering-only",
        sentence="keys of a map in another order mean nothing",
        edits=(
            (W, "  name: web\n  team: core\n", "  team: core\n  name: web\n"),
            (W, "    objective: 99\n", ""),
            (W, LAST, "threshold: 300ms}}\n    objective: 99\n"),
        ),
        told=("Formatting only: 1 file differs, no rule, route or dashboard changes.",),
        semantic=False,
    ),
    Case(
        name="slos-reordered",
        sentence="SLOs in another order: rules move within their group, none of them changes",
        edits=((W, UP, ""), (W, LAST, LAST + UP)),
        semantic=False,
    ),
    Case(
        name="description-only",
        sentence="a description is text: comments of rules change, no server can tell",
        edits=((W, "    objective: 99.9\n", "    description: Answered\n    objective: 99.9\n"),),
        told=("description - → Answered (text only)",),
        semantic=False,
    ),
    Case(
        name="file-renamed",
        sentence="the file of a service is renamed: the rules say so in their first line, no server can tell",
        files=((W, None), ("slos/front.yaml", WEB)),
        told=("file slos/web.yaml → slos/front.yaml (text only)",),
        semantic=False,
    ),
    Case(
        name="retention",
        sentence="Prometheus keeps 6h instead of 90d: the rules over days move to Thanos Ruler",
        edits=((P, "retention: 90d", "retention: 6h"),),
        told=(
            "prometheus.retention 90d → 6h",
            "record slo:sli_error:ratio_rate3d of db: evaluator prometheus → thanos",
        ),
    ),
    Case(
        name="evaluation-interval",
        sentence="rules are evaluated every 15 s instead of 30 s: twice as often",
        edits=((P, "{retention: 90d}", "{retention: 90d, evaluationInterval: 15s}"),),
        told=("prometheus.evaluationInterval 30s → 15s", "record slo:sli_error:ratio_rate5m of db: interval 30s → 15s"),
    ),
    Case(
        name="cause-alert-added",
        sentence="a critical cause alert: told like a page, and it climbs",
        edits=((W, LAST, LAST + CAUSE),),
        told=(
            "+ alert WebReplicasLow (critical)",
            "pages: now told: sre (web/ WebReplicasLow)",
            "pages after 1h: now told: boss (web/ WebReplicasLow)",
        ),
    ),
    Case(
        name="cause-alert-changed",
        sentence="a cause alert waits longer and asks otherwise",
        before=((W, LAST, LAST + CAUSE),),
        edits=((W, "for: 5m", "for: 7m"), (W, "< 3", "< 4")),
        told=(
            "WebReplicasLow for 5m → 7m",
            'WebReplicasLow expr count(up{job="web"} == 1) < 3 → count(up{job="web"} == 1) < 4',
        ),
    ),
    Case(
        name="cause-alert-respelt",
        sentence="white space and the order of matchers in PromQL mean nothing",
        before=(
            (
                W,
                LAST,
                LAST + CAUSE.replace('up{job="web"', 'up{job="web",a="b"'),
            ),
        ),
        edits=((W, 'expr: count(up{job="web",a="b"} == 1) < 3', "expr: count( up{a='b', job=\"web\"}  == 1 ) < 3"),),
        told=("(text only)",),
        semantic=False,
    ),
    Case(
        name="dependency-added",
        sentence="web needs db: pages of db mute the tickets of web",
        edits=((W, "  team: core\n", "  team: core\n  dependsOn: [db]\n"),),
        told=("dependsOn.db.mutes - → warning", "pages of db mute the tickets of what depends on it"),
    ),
    Case(
        name="recovery-added",
        sentence="an outage of more than 30m pages on its own",
        edits=((W, "    objective: 99.9\n", "    objective: 99.9\n    recovery: {within: 30m}\n"),),
        told=(
            "recovery - → 30m",
            "+ alert SLORecoveryOverdue (critical)",
            "pages: now told: sre (web/up SLORecoveryOverdue)",
        ),
    ),
    Case(
        name="no-data-class",
        sentence="missing data pages instead of a ticket: sre is told, and the ladder, no longer the team's chat",
        edits=((W, "    objective: 99.9\n", "    objective: 99.9\n    noData: critical\n"),),
        told=(
            "noData warning → critical",
            "+ alert SLONoData (critical)",
            "- alert SLONoData (warning)",
            "tickets: no longer: core-chat (web/up SLONoData)",
            "pages: now told: sre (web/up SLONoData)",
            "pages after 1h: now told: boss (web/ SLONoData)",
        ),
    ),
    Case(
        name="alerting-off",
        sentence="the SLO no longer pages: only its tickets are left",
        edits=((W, "    objective: 99.9\n", "    objective: 99.9\n    alerting: {critical: false}\n"),),
        told=(
            "alerting.critical on → off",
            "- alert SLOErrorBudgetBurn (critical)",
            "page above, 5m/1h 1.44 % errors (14.4 times) → -",
            "first page at 100 % errors 1m → never",
            "pages: no longer: sre (web/up SLOErrorBudgetBurn)",
        ),
    ),
    Case(
        name="traffic-hint",
        sentence="5 events a second: 30d hold 12,960,000, of which 12,960 may fail; 1h holds 18,000 x 0.0144, 259",
        edits=((W, "    objective: 99.9\n", "    objective: 99.9\n    traffic: 5/s\n"),),
        told=("traffic - → 5/s", "error budget, events - → 12,960"),
    ),
    Case(
        name="traffic-low",
        sentence="an event a minute: 0.06 of those in 1h may fail, by chance 3 in 1 hour of 29,000; 1 of 7,200 is rare",
        edits=((W, "    objective: 99.9\n", "    objective: 99.9\n    traffic: 60/h\n"),),
        told=(
            "error budget, events - → 43.2",  # 43,200 events, 0.1 % of them
            "bad events before a page, 5m/1h 2 → 3",  # 0.06^3/6 is 0.000036, by e^-0.06 0.000034
            "bad events before a page, 30m/6h 2 → 4",  # 0.36: four or more 0.00053, wanted 0.00083
        ),
    ),
    Case(
        name="service-removed",
        sentence="db is gone, with its rules, its dashboards and everybody who was told",
        files=((D, None),),
        told=(
            "db: removed",
            "tickets: no longer: data-chat (db/up SLONoData, db/up SLOErrorBudgetBurn)",
            "pages: no longer: sre (db/up SLOErrorBudgetBurn)",
        ),
    ),
    Case(
        name="read-series-removed",
        sentence="a cause alert of web reads the budget of db, which is gone",
        before=(
            (
                W,
                LAST,
                LAST + READER.replace('count(up{job="web"} == 1) < 3', 'slo:error_budget:ratio{service="db"} > 1'),
            ),
        ),
        files=((D, None),),
        told=('slos/web.yaml:19:11 still reads slo:error_budget:ratio{service="db"}, which no rule makes any more',),
    ),
)
