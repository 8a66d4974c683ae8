"""Who burns the budget, of each kind of SLI that has more than one target: by promtool, worked out by hand."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from slogen.emit.grafana.kit import Panel, Query
from slogen.emit.grafana.oncall import oncall_page
from tests.conftest import current_tool
from tests.dashboards.pages import expanded
from tests.unit.emit.making import catalog

PLATFORM = 'grafana: {url: "https://g"}\nclusters: [east, west]\nthanos: {}\n'
BUDGET = 'slo:error_budget:ratio{service="web",slo="x",cluster="east"}'  # 0.01
WHO, TIMES = "Which instance burns the budget?", "How long do they take?"
Series = dict[str, str]


def asked(sli: str, title: str, ref: int = 0) -> str:
    """Return the query of a panel, of the cluster `east`, over five minutes."""
    of = catalog(PLATFORM, web=f"  - {{name: x, objective: 99, sli: {sli}}}\n")
    page = oncall_page(of.services[0], of.services[0].slos[1], of.platform)
    (panel,) = [one for one in page.panels if isinstance(one, Panel) and one.title == title]
    query = panel.queries[ref]
    assert isinstance(query, Query)
    return expanded(query.expr.text, variables={"cluster": "east"})


def counter(labels: str, step: int) -> Series:
    """Return a counter in two clusters, of which the other is to be left out."""
    name, _, rest = labels.partition("{")
    return {
        f'{name}{{cluster="east",{rest}': f"0+{step}x40",
        f'{name}{{cluster="west",{rest}': "0+1000x40",
    }


SPARSE: Series = (
    # a has two events of three within 1s, and no bucket where nothing fell in; b has none of three.
    counter('d_seconds_bucket{instance="a",le="0.5"}', 2)
    | counter('d_seconds_bucket{instance="a",le="+Inf"}', 3)
    | counter('d_seconds_count{instance="a"}', 3)
    | counter('d_seconds_bucket{instance="b",le="+Inf"}', 3)
    | counter('d_seconds_count{instance="b"}', 3)
)
# In the buckets up to 1 and up to 2: a has two and one each half minute, b three and none.
NATIVE: Series = {
    f'd_seconds{{cluster="east",instance="{instance}"}}': (
        f"{{{{schema:0 sum:3 count:3 buckets:[{buckets}]}}}}+{{{{schema:0 sum:3 count:3 buckets:[{buckets}]}}}}x40"
    )
    for instance, buckets in (("a", "2 1"), ("b", "3 0"))
}
SAMPLES: Series = {
    'up{cluster="east",instance="a"}': "1x40",
    'up{cluster="east",instance="b"}': "1x25 0x14",
    'up{cluster="west",instance="a"}': "0x40",
}
# The SLI, what there is, the panel, and each sample 15 minutes later. A hundredth may fail: a third is 33 times that.
CASES: dict[str, tuple[str, Series, str, int, dict[str, float]]] = {
    "of a sparse histogram": (
        "{latency: {histogram: d_seconds, threshold: 1s, buckets: [0.5s, 1s, 2s], sparse: true}}",
        SPARSE,
        WHO,
        0,
        {'{instance="a"}': 100 / 6, '{instance="b"}': 50},
    ),
    "of a native histogram": (
        "{latency: {histogram: d_seconds, threshold: 1s, native: true}}",
        NATIVE,
        WHO,
        0,
        {'{instance="a"}': 100 / 6, '{instance="b"}': 0},
    ),
    # Half of all take no more than 0.8 s: three of five in that bucket, on a logarithmic scale.
    "how long events of a native histogram take": (
        "{latency: {histogram: d_seconds, threshold: 1s, native: true}}",
        NATIVE,
        TIMES,
        0,
        {"{}": 0.5 * 2 ** (3 / 5)},
    ),
    # Five samples of all 31 in the last hour.
    "of samples": ("{boolean: up}", SAMPLES, WHO, 0, {'{instance="a"}': 0, '{instance="b"}': 500 / 31}),
}


@pytest.mark.parametrize("name", CASES)
def test_who_burns_the_budget(name: str, tmp_path: Path) -> None:
    """Each sample, and no other; a current promtool, for the one of Debian knows no native histograms."""
    sli, series, title, ref, expected = CASES[name]
    promtool = current_tool("promtool3")
    if promtool is None:
        pytest.skip("no current promtool: run ../shared/tools/build promtool3")
    samples = [{"labels": labels, "value": value} for labels, value in expected.items()]
    fed = [{"series": one, "values": values} for one, values in (series | {BUDGET: "0.01x40"}).items()]
    test = {
        "interval": "30s",
        "input_series": fed,
        "promql_expr_test": [{"expr": asked(sli, title, ref), "eval_time": "15m", "exp_samples": samples}],
    }
    file = tmp_path / "test.yaml"
    written = {"rule_files": [], "evaluation_interval": "30s", "fuzzy_compare": True, "tests": [test]}
    file.write_text(yaml.safe_dump(written), "utf-8")
    done = subprocess.run([promtool, "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
