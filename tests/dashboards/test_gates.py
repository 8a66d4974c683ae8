"""What every dashboard must hold: Grafana's schema, PromQL that Prometheus takes, links that lead somewhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest
import yaml
from promql_parser import parse

from slogen.promql.asked import SERVER_METRICS, metrics
from slogen.promql.query import selectors
from tests.cli.running import slogen
from tests.dashboards.pages import Json, expanded, links, pages, panels, queries, searches

ROOT = Path(__file__).parents[2]
VIEW = ROOT.parent / "shared" / "grafana-view" / "grafana-view"
# What Grafana fills in, for the parser: All is any value.
VARIABLES = {"cluster": ".*", "service": ".*", "team": ".*", "tier": ".*"}
DEPLOYS = {"kube_deployment_status_observed_generation"}  # of the platform, `grafana.deploys`
# No series of its own has job or instance: recorded series are sums over them.
LINTER_LEFT_OUT = {
    "template-job": "recorded series have no job",
    "template-instance": "recorded series have no instance",
    "target-job": "recorded series have no job",
    "target-instance": "recorded series have no instance",
    "panel-datasource of logs": "slogen.yaml names one Loki, and its labels with it",
}
# Where the data sources are asked: those of ACGS-2, and that of the platform below.
SOURCES = {
    "thanos": "http://thanos-query-frontend.monitoring.svc:10902",
    "jaeger": "http://jaeger-query-collector.monitoring.svc:16686",
    "alertmanager": "http://alertmanager-operated.monitoring.svc:9093",
}
SOURCE_OF_ODD = {
    "prometheus": "http://prometheus-operated.monitoring.svc:9090",
    "logs-of-odd": "http://loki.logs.svc:3100",
}
UNITS = {"none", "short", "percentunit", "s", "ms", "dtdurations", "dateTimeFromNow"}
HOSTILE = r"""
apiVersion: slogen/v1
kind: Service
metadata:
  name: odd
  team: core
  description: 'costs $cluster "quoted" \ ${datasource} [[service]] naïve 日本 </script>'
slos:
  - name: up
    description: 'all "good" $service \ 100 % ünï [[x]]'
    objective: 99.9
    by: [zone]
    sli: {events: {total: 'a_total{path="/\"x$y\"",q!~"[[:alpha:]]+$"}', bad: 'a_total{code=~"5..$"}'}}
  - name: quick
    objective: 99
    sli: {latency: {histogram: 'took_seconds{path="a\\b",who!="ünï"}', threshold: 5ms}}
  - name: sparse
    objective: 99
    sli:
      latency: {histogram: 'odd_milliseconds{path="a\\b"}', threshold: 5ms, buckets: [1ms, 5ms, 10ms], sparse: true}
  - name: native
    objective: 99
    by: [zone]
    sli: {latency: {histogram: 'native_seconds{path="$x"}', threshold: 5ms, native: true}}
  - name: there
    objective: 99
    sli: {boolean: 'up{job="odd"}'}
  - name: silent
    objective: 99
    alerting: {critical: false, warning: false}
    sli: {boolean: 'up{job="silent"}'}
  - name: a-name-that-is-much-too-long-for-a-uid
    objective: 99
    sli: {threshold: {metric: 'depth{job="$x"}', bad: "> 60"}}
"""
PLATFORM = r"""
apiVersion: slogen/v1
kind: Platform
metadata: {name: odd}
clusters: [east, west]
prometheus: {retention: 60d}
receivers: {on-call: {pagerduty: {routingKeyFile: /k}}}
routing: {critical: [{after: 0s, notify: [on-call]}]}
grafana:
  url: "https://grafana.example.com"
  operator: true
  logs:
    query: '{app="$service",path!="/\"x$y\"",zone=~"$cluster"} |= `ünï [[x]] "` | json | line_format "{{.msg}}"'
    datasource: {name: Logs of odd, uid: logs-of-odd, url: "http://loki.logs.svc:3100"}
kubernetes: {}
"""


@pytest.fixture(scope="module", params=["acgs2", "odd"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The committed dashboards, and those of a service with odd names."""
    if request.param == "acgs2":
        return ROOT
    made = tmp_path_factory.mktemp("odd")
    (made / "slos").mkdir()
    (made / "slogen.yaml").write_text(PLATFORM, "utf-8")
    (made / "slos" / "odd.yaml").write_text(HOSTILE, "utf-8")
    ran = slogen(made, "build")
    assert ran.code == 0, ran.err
    return made


@pytest.fixture(scope="module")
def made(folder: Path) -> dict[str, Json]:
    """The dashboards."""
    found = pages(folder)
    assert len(found) >= 8
    return found


def test_grafana_takes_them(folder: Path, made: dict[str, Json]) -> None:
    """Grafana's own types, by grafana-view."""
    if not VIEW.exists() or shutil.which("node") is None:
        pytest.skip("../shared/grafana-view or Node is absent: nothing checks Grafana's schema")
    installed = subprocess.run([VIEW.parent / "install.sh"], capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stderr
    done = subprocess.run(
        [VIEW, "schema", *(folder / name for name in made)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(": ok") == len(made)


def test_uids_and_numbers_are_unique(made: dict[str, Json]) -> None:
    """Uids of at most 40 characters over all pages; ids and refIds within each."""
    uids = [page["uid"] for page in made.values()]
    assert max(Counter(uids).values()) == 1
    assert max(map(len, uids)) <= 40
    for name, page in made.items():
        assert name.rpartition("/")[2] == page["uid"] + ".json"
        ids = [panel["id"] for panel in [*page["panels"], *panels(page)] if panel["type"] != "row"]
        assert set(Counter(one["id"] for one in panels(page)).values()) == {1}, ids
        for panel in panels(page):
            refs = [target["refId"] for target in panel.get("targets", [])]
            assert len(set(refs)) == len(refs)


def test_no_panel_lies_on_another_or_beyond_the_grid(made: dict[str, Json]) -> None:
    """24 columns; panels of a closed row among themselves."""
    for page in made.values():
        for group in (page["panels"], *(row["panels"] for row in page["panels"] if row["type"] == "row")):
            places = [panel["gridPos"] for panel in group]
            assert all(one["x"] >= 0 and one["x"] + one["w"] <= 24 and one["h"] > 0 for one in places)
            for one, other in combinations(places, 2):
                beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
                below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
                assert beside or below, (page["uid"], one, other)


def test_the_six_questions_are_above_the_fold(made: dict[str, Json]) -> None:
    """900 pixels without the head of 90 are 21 rows of 38: stats, windows, what next and who end there."""
    for page in made.values():
        if page["tags"][:2] != ["slogen", "slo"] or page["uid"] in ("slogen-wall", "slogen-report"):
            continue
        titles = {panel["title"]: panel["gridPos"] for panel in panels(page)}
        asked = [
            "Is it real?", "How fast does it burn?", "How much budget is left?", "When is the budget gone?",
            "Since when?", "What next?",
        ]  # fmt: skip
        for title in asked:
            assert titles[title]["y"] + titles[title]["h"] <= 21, (page["uid"], title)
        # Where no label tells it, what fires in the service is the nearest.
        who = [title for title in titles if title.endswith("burns the budget?")] or ["What fires in this service?"]
        assert titles[who[0]]["y"] + 4 <= 21, (page["uid"], who)


def test_tables_have_room_for_their_columns(made: dict[str, Json]) -> None:
    """At 1600 pixels a column of the grid has 65, frames take 10; a column of a table without a width wants 150."""
    for page in made.values():
        for panel in panels(page):
            if panel["type"] != "table":
                continue
            (organized,) = [one["options"] for one in panel["transformations"] if one["id"] == "organize"]
            names = [organized["renameByName"].get(name, name) for name in organized["indexByName"]]
            given = {
                one["matcher"]["options"]: value["value"]
                for one in panel["fieldConfig"]["overrides"] for value in one["properties"]
                if value["id"] == "custom.width"
            }  # fmt: skip
            usual = panel["fieldConfig"]["defaults"].get("custom", {}).get("width", 150)
            wanted = sum(given.get(name, usual) for name in names)
            assert wanted <= 65 * panel["gridPos"]["w"] - 10, (page["uid"], panel["title"], wanted)


def test_long_names_are_not_cut(made: dict[str, Json]) -> None:
    """Names of bars stand above them; lanes with two names have the whole width, of which Grafana gives names 40 %."""
    for page in made.values():
        for panel in panels(page):
            if panel["type"] == "bargauge":
                assert panel["options"]["namePlacement"] == "top", panel["title"]
            lanes = panel["type"] in ("state-timeline", "status-history")
            if lanes and panel["targets"][0]["legendFormat"] == "{{service}} {{slo}}":
                assert panel["gridPos"]["w"] == 24, panel["title"]


def test_each_panel_says_what_it_shows(made: dict[str, Json]) -> None:
    """A title that is a sentence or a name, a description, and a unit for numbers."""
    for page in made.values():
        assert page["title"]
        assert page["description"]
        for panel in panels(page):
            assert re.match(r"[A-Z]", panel["title"]), panel["title"]
            assert len(panel["description"]) > 15, panel["title"]
            look = panel["fieldConfig"]["defaults"]
            units = [look.get("unit")] + [
                one["value"] for override in panel["fieldConfig"]["overrides"] for one in override["properties"]
                if one["id"] == "unit"
            ]  # fmt: skip
            assert {unit for unit in units if unit} <= UNITS
            if panel["type"] in ("stat", "timeseries", "bargauge"):
                assert look.get("unit") or look.get("mappings"), (page["uid"], panel["title"])


def test_nothing_missing_looks_fine(made: dict[str, Json]) -> None:
    """No `or vector(0)`; a stat says that data are missing, in purple where its lowest colour is green."""
    for page in made.values():
        for what, expr in queries(page):
            assert "vector(0)" not in expr, what
        for panel in panels(page):
            look = panel["fieldConfig"]["defaults"]
            if panel["type"] != "stat":
                continue
            lowest = look["thresholds"]["steps"][0]["color"] if "thresholds" in look else look["color"]["fixedColor"]
            assert look["noValue"], panel["title"]
            if lowest == "green":
                special = [one for one in look["mappings"] if one["type"] == "special"]
                assert special[0]["options"]["result"]["color"] == "purple", panel["title"]


def test_prometheus_takes_every_query(made: dict[str, Json], tmp_path: Path) -> None:
    """Parsed, and as rules by promtool."""
    rules = []
    for page in made.values():
        for what, expr in queries(page):
            asked = expanded(expr, variables=VARIABLES)
            assert "$" not in re.sub(r'"(?:[^"\\]|\\.)*"', "", asked), what
            parse(asked)
            rules.append({"record": f"q{len(rules)}:x", "expr": asked})
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}), "utf-8")
    promtool = shutil.which("promtool")
    assert promtool, "promtool is missing: apt-get install prometheus"
    done = subprocess.run([promtool, "check", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rules)} rules found" in done.stdout


def test_every_series_is_recorded_or_declared(folder: Path, made: dict[str, Json]) -> None:
    """By this build, by the SLIs, or by the servers that are named above."""
    known = SERVER_METRICS | DEPLOYS
    for file in (folder / "rules").rglob("*.yaml"):
        if "kubernetes" in file.parts:
            continue
        for group in yaml.safe_load(file.read_text("utf-8"))["groups"]:
            for rule in group["rules"]:
                known |= {rule["record"]} if "record" in rule else set()
                if rule.get("record", "").endswith(":rate5m") and rule["record"].startswith("slo:sli_"):
                    for selector in selectors(rule["expr"]):
                        known |= {selector.name, re.sub("_(bucket|count)$", "", selector.name) + "_bucket"}
    for page in made.values():
        for what, expr in queries(page):
            names = {selector.name for selector in selectors(expanded(expr, variables=VARIABLES))}
            assert names <= known, (what, names - known)
            assert metrics(expr) == names, what


def test_every_link_leads_somewhere(made: dict[str, Json]) -> None:
    """Pages of this build by their uid, or an address of the platform."""
    uids = {page["uid"] for page in made.values()}
    seen = Counter[str]()
    for page in made.values():
        for url in links(page):
            if url.startswith("/d/"):
                uid = url.removeprefix("/d/").partition("?")[0]
                assert uid in uids or uid == "${__data.fields.dashboard}", url
                seen["page"] += 1
            elif url.startswith("/explore?"):
                pane = json.loads(unquote(re.search(r"panes=([^&]+)", url)[1]))  # type: ignore[index]
                assert pane["slogen"]["queries"][0]["expr"]
                seen["explore"] += 1
            else:
                assert re.match(r"https?://[^\s]+$", url), url
                seen["outside"] += 1
    assert seen["page"] > len(made)
    assert seen["explore"] > 0


def test_rows_of_tables_link_to_pages_that_exist(folder: Path, made: dict[str, Json]) -> None:
    """The label `dashboard` of slogen_slo_info is the uid of the SLO's page."""
    uids = {page["uid"] for page in made.values()}
    told = set()
    for file in (folder / "rules" / "prometheus").glob("[!_]*.yaml"):
        for group in yaml.safe_load(file.read_text("utf-8"))["groups"]:
            told |= {rule["labels"]["dashboard"] for rule in group["rules"] if rule.get("record") == "slogen_slo_info"}
    assert told
    assert told <= uids


# --- the rules of grafana/dashboard-linter that are not above -------------------------------------------------------


def _complaints(page: Json) -> Iterator[str]:
    """Yield what the linter would say, rule by rule."""
    variables = {one["name"]: one for one in page["templating"]["list"]}
    source = variables.get("datasource", {})
    if source.get("type") != "datasource" or source.get("label") != "Data source":
        yield "template-datasource"
    if page.get("editable", True):
        yield "uneditable-dashboard"
    for one in variables.values():
        if one["type"] == "query" and one["refresh"] != 2:
            yield f"template-on-time-change-reload: {one['name']}"
        if one["type"] == "query" and not re.fullmatch(r"label_values\((?:.+, )?\w+\)", one["query"]["query"]):
            yield f"template-label-promql: {one['name']}"
    for panel in panels(page):
        asks = panel.get("targets", [])
        if panel["type"] not in ("text", "alertlist") and not asks:
            yield f"panel-no-targets: {panel['title']}"
        for target in asks:
            if target["datasource"].get("type") == "loki":
                if not re.match(r'\{\w+\s*(=|!=|=~|!~)\s*["`].*\}', target["expr"]) or panel["type"] != "logs":
                    yield f"target-logql: {panel['title']}"
                continue
            if target["datasource"]["uid"] != "${datasource}" or panel["datasource"]["uid"] != "${datasource}":
                yield f"panel-datasource: {panel['title']}"
            expr = target["expr"]
            # A rate over the width of the graph's steps, or an increase over a time that the title names.
            for function, window in re.findall(r"\b(rate|irate)\([^()]*\[([^\]]+)\]", expr):
                if window not in ("$__rate_interval", "1h"):
                    yield f"target-rate-interval: {function} over {window} in {panel['title']}"
            for name in re.findall(r"(?<![\w:])(\w+_total)(?![\w:])(?![^(]*\[)", expr):
                yield f"target-counter-agg: {name} in {panel['title']}"


def test_the_linter_is_content(made: dict[str, Json]) -> None:
    """Its rules but those left out with a reason; raw series are not read over more than an hour."""
    assert all(LINTER_LEFT_OUT.values())
    for page in made.values():
        assert list(_complaints(page)) == []
        for what, expr in queries(page):
            for selector, window in re.findall(r"([\w:]+)(?:\{[^{}]*\})?\[(\d+[smhdwy])(?::[^\]]*)?\]", expr):
                raw = not selector.startswith(("slo:", "ALERTS"))
                assert not raw or window in ("5m", "15m", "1h"), (what, selector, window)


def test_the_linter_is_not_content_with_anything() -> None:
    """Each rule complains of what it is for."""
    page: Json = {
        "templating": {
            "list": [
                {"name": "datasource", "type": "custom", "label": "x"},
                {"name": "q", "type": "query", "refresh": 1, "query": {"query": "sum(x)"}},
            ]
        },
        "panels": [
            {"type": "stat", "title": "A"},
            {
                "type": "stat",
                "title": "B",
                "datasource": {"uid": "${datasource}"},
                "targets": [
                    {"datasource": {"uid": "x"}, "expr": "rate(a_total[5m])"},
                    {"datasource": {"uid": "${datasource}"}, "expr": "sum(b_total)"},
                    {"datasource": {"uid": "x", "type": "loki"}, "expr": 'rate({app="a"}[5m])'},
                ],
            },
        ],
    }
    assert [one.partition(":")[0] for one in _complaints(page)] == [
        "template-datasource",
        "uneditable-dashboard",
        "template-on-time-change-reload",
        "template-label-promql",
        "panel-no-targets",
        "panel-datasource",
        "target-rate-interval",
        "target-counter-agg",
        "target-logql",
    ]


def test_logs_are_those_of_the_page(folder: Path, made: dict[str, Json]) -> None:
    """Where the platform says where they are: of each service and SLO, the service by its name; else nowhere."""
    found = {page["uid"]: target for page in made.values() for target in searches(page)}
    if folder == ROOT:
        assert found == {}
        return
    assert len(found) == len(made) - 3  # not on the wall, the report and the page of the servers
    for target in found.values():
        assert target["expr"] == (
            r'''{app="odd",path!="/\"x$y\"",zone=~"$cluster"} |= `ünï [[x]] "` | json | line_format "{{.msg}}"'''
        )
        assert target["datasource"] == {"type": "loki", "uid": "logs-of-odd"}
        assert target["queryType"] == "range"


def test_the_list_of_alerts_asks_a_source_that_is_provisioned(folder: Path, made: dict[str, Json]) -> None:
    """By its name: no variable can choose it. Its matchers are of labels that each of these alerts has."""
    read = yaml.safe_load((folder / "dashboards" / "provisioning" / "datasources.yaml").read_text("utf-8"))
    (main,) = [one for one in read["datasources"] if one.get("isDefault")]
    lists = [panel for page in made.values() for panel in panels(page) if panel["type"] == "alertlist"]
    assert [one["options"]["datasource"] for one in lists] == [main["name"]]
    assert lists[0]["options"]["alertInstanceLabelFilter"] == '{service="slogen"}'
    groups = yaml.safe_load((folder / "rules" / "prometheus" / "_platform.yaml").read_text("utf-8"))["groups"]
    services = [rule["labels"].get("service") for group in groups for rule in group["rules"]]
    assert services.count("slogen") >= 3
    assert set(services) <= {"slogen", None}  # the watchdog has none


def test_words_of_owners_stay_as_they_are(made: dict[str, Json]) -> None:
    """Grafana would fill in `$cluster` and `[[service]]`; a character without width keeps it from that."""
    for page in made.values():
        names = [one["name"] for one in page["templating"]["list"]]
        texts = [page["description"], *(panel["description"] for panel in panels(page))]
        for text in texts:
            assert not re.search(rf"\$\{{?(?:{'|'.join(names)})|\[\[\w", text), text


def test_a_wall_of_200_slos_asks_no_more_than_one_of_ten(made: dict[str, Json]) -> None:
    """A query for each column, not for each SLO: at most thirty."""
    (wall,) = [page for page in made.values() if page["uid"] == "slogen-wall"]
    assert len(list(queries(wall))) <= 30


def test_deploys_on_the_wall_are_those_of_the_chosen_services() -> None:
    """A label that is the name of the service on its own page is one of several there."""
    (wall,) = [page for page in pages(ROOT).values() if page["uid"] == "slogen-wall"]
    (deploys,) = wall["annotations"]["list"]
    assert 'deployment=~"$service"' in deploys["expr"]
    assert deploys["titleFormat"] == "deploy of {{deployment}}"


# --- what reads them -------------------------------------------------------------------------------------------------


def test_each_dashboard_has_its_config_map(folder: Path, made: dict[str, Json]) -> None:
    """By the file, in a folder of the same name; and a resource of the operator where it is asked for."""
    kustomization = yaml.safe_load((folder / "dashboards" / "kustomization.yaml").read_text("utf-8"))
    maps = kustomization["configMapGenerator"]
    assert sorted(f"dashboards/{file}" for one in maps for file in one["files"]) == sorted(made)
    for one in maps:
        (file,) = one["files"]
        assert one["name"] == file.rpartition("/")[2].removesuffix(".json")
        assert one["options"]["annotations"] == {"grafana_folder": file.split("/")[1]}
    assert kustomization["generatorOptions"]["labels"]["grafana_dashboard"] == "1"
    resources = folder / "dashboards" / "operator.yaml"
    assert resources.exists() == (folder != ROOT)
    if resources.exists():
        assert kustomization["resources"] == ["operator.yaml"]
        found = list(yaml.safe_load_all(resources.read_text("utf-8")))
        assert {one["spec"]["configMapRef"]["name"] for one in found} == {one["name"] for one in maps}
        assert all(one["spec"]["configMapRef"]["key"] == one["metadata"]["name"] + ".json" for one in found)
        schema = ROOT.parent / "shared" / "crds" / "grafana.integreatly.org_v1beta1_GrafanaDashboard.json"
        if not schema.exists():
            pytest.skip("../shared is absent: nothing checks the resources of the operator")
        check = jsonschema.Draft202012Validator(json.loads(schema.read_text("utf-8")))
        for one in found:
            check.validate(one)


def test_provisioning_names_the_data_source_that_pages_ask(folder: Path, made: dict[str, Json]) -> None:
    """By its uid; folders come from the files."""
    read = {
        name: yaml.safe_load((folder / "dashboards" / "provisioning" / f"{name}.yaml").read_text("utf-8"))
        for name in ("dashboards", "datasources")
    }
    (provider,) = read["dashboards"]["providers"]
    assert provider["options"]["foldersFromFilesStructure"] is True
    assert "folder" not in provider
    uids = {one["uid"]: one for one in read["datasources"]["datasources"]}
    assert {uid: one["url"] for uid, one in uids.items()} == (SOURCES if folder == ROOT else SOURCE_OF_ODD)
    for page in made.values():
        (source,) = [one for one in page["templating"]["list"] if one["name"] == "datasource"]
        assert uids[source["current"]["value"]]["type"] == "prometheus"
    if "jaeger" in uids:
        (main,) = [one for one in uids.values() if one.get("isDefault")]
        assert main["jsonData"]["exemplarTraceIdDestinations"] == [{"name": "trace_id", "datasourceUid": "jaeger"}]
