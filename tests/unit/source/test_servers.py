"""Settings of the bucket and of scrapes: what is wrong with them, and where."""

from __future__ import annotations

import pytest

from slogen.core import Report
from slogen.model import Platform
from slogen.source.documents import KINDS, read_file

PLATFORM = """\
apiVersion: slogen/v1
kind: Platform
metadata: {name: shop}
prometheus: {}
receivers: {sre: {pagerduty: {routingKeyFile: /k}}}
routing: {critical: [{after: 0s, notify: [sre]}]}
"""
SERVICE = """\
apiVersion: slogen/v1
kind: Service
metadata: {name: web, team: core}
slos: [{name: up, objective: 99.9, sli: {boolean: up}}]
"""


def problems(text: str) -> list[str]:
    """Return what is wrong with a document, in lines and columns."""
    report = Report()
    read_file("x", text, report)
    return [f"{one.span.line}:{one.span.col} {one.code}: {one.message}; {one.hint}" for one in report]


def bucket(storage: str, more: str = "") -> list[str]:
    """Return what is wrong with a bucket."""
    return problems(PLATFORM + f"thanos:\n  {more}objectStorage:\n    {storage}\n")


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("S3", "bucket"),
        ("S3", "endpoint"),
        ("GCS", "bucket"),
        ("AZURE", "storage_account"),
        ("AZURE", "container"),
        ("FILESYSTEM", "directory"),
    ],
)
def test_a_bucket_without_what_it_needs_is_refused(kind: str, key: str) -> None:
    """Thanos would end at its start."""
    needed = {"S3": ("bucket", "endpoint"), "GCS": ("bucket",), "AZURE": ("storage_account", "container")}
    others = [one for one in needed.get(kind, ("directory",)) if one != key]
    config = "{" + ", ".join(f"{one}: x" for one in [*others, "more"]) + "}"
    assert bucket(f"{{type: {kind}, config: {config}}}") == [
        f"9:{22 + len(kind)} SLO009: the key {key!r} is missing; {kind} needs {key}",
    ]


SECRETS = {
    "secret_key: x": (36, "'secret_key' holds a literal secret"),
    "http_config: {tls_config: {token: x}}": (63, "'token' holds a literal secret"),
    "sse_config: {access_key: x}": (49, "'access_key' holds a literal secret"),
}


@pytest.mark.parametrize("setting", SECRETS)
def test_secrets_are_refused_however_deep_they_lie(setting: str) -> None:
    """The file is committed."""
    col, words = SECRETS[setting]
    assert bucket(f"{{type: S3, config: {{bucket: b, {setting}, endpoint: e}}}}") == [
        f"9:{col} SLO113: {words}; leave it out: give it to Thanos by file or Secret",
    ]


def test_maps_end_somewhere() -> None:
    """What lies deeper is a single value; lists are none."""
    deep = "{type: FILESYSTEM, config: {directory: /b, a: {b: {c: {d: e}}}}}"
    assert bucket(deep) == ["9:59 SLO004: text is wanted here, not a map; write text"]
    assert bucket("{type: FILESYSTEM, config: {directory: [/b]}}") == [
        "9:44 SLO004: text is wanted here, not a list; write text"
    ]


def test_flags_and_files_are_for_the_thanos_that_they_were_made_for() -> None:
    """Rules for a ruler are not: any evaluates them."""
    assert problems(PLATFORM + 'thanos: {version: "0.31"}\n') == []
    assert bucket("{type: FILESYSTEM, config: {directory: /b}}", 'version: "0.41"\n  ') == [
        '8:12 SLO112: Thanos 0.41 is not supported; use "0.42" or newer',
    ]


def test_settings_keep_their_types() -> None:
    """A quoted number is a text."""
    report = Report()
    text = (
        PLATFORM
        + "thanos: {objectStorage: {type: FILESYSTEM, config: {directory: /b, a: 1, b: '1', c: true, d: {e: no}}}}"
    )
    (platform,) = read_file("x", text, report)
    assert list(report) == []
    assert isinstance(platform, Platform)
    assert platform.thanos is not None
    assert platform.thanos.storage is not None
    assert platform.thanos.storage.config == (
        ("directory", "/b"),
        ("a", 1),
        ("b", "1"),
        ("c", True),
        ("d", (("e", "no"),)),
    )


def test_a_secret_in_a_scrape_is_a_file() -> None:
    """An absolute path, where Prometheus runs."""
    assert problems(SERVICE + "scrape: {targets: ['a:1'], credentialsFile: abc, honorLabels: maybe}\n") == [
        "5:45 SLO005: 'abc' is not an absolute path; name the file that holds the secret",
        "5:63 SLO004: true or false is wanted here; write true or false",
    ]


@pytest.mark.parametrize("address", ["https://me:secret@shop/", "https://me@shop/", "tcp://me:secret@shop:5432"])
def test_a_secret_in_what_a_probe_asks_is_refused(address: str) -> None:
    """It would stand in the label `instance`, and in the files of Prometheus."""
    assert problems(SERVICE + f"probe: {{module: http_2xx, targets: ['https://shop/a@b?c=d@e', '{address}']}}\n") == [
        f"5:63 SLO113: the address {address!r} holds a literal secret; "
        "leave user and password out: they belong into the module of the blackbox exporter",
    ]


@pytest.mark.parametrize("path", ["/metrics?format=text", "/metrics#top"])
def test_the_path_of_a_scrape_has_no_query(path: str) -> None:
    """Prometheus would ask for a path that holds these characters."""
    assert problems(SERVICE + f"scrape: {{selector: {{app: web}}, path: '{path}'}}\n") == [
        f"5:38 SLO005: {path!r} is not a path without a query; write one such as /metrics",
    ]


def test_a_selector_selects_by_something() -> None:
    """An empty one would find every Service."""
    assert problems(SERVICE + "scrape: {selector: {}}\n") == [
        "5:20 SLO004: the map is empty; add a Kubernetes label",
    ]


def test_the_schema_of_settings_has_no_end_of_maps() -> None:
    """Editors get what the reader takes: texts, numbers, booleans and maps of them, three deep."""
    thanos = KINDS["Platform"].schema()["properties"]["thanos"]
    setting = thanos["properties"]["objectStorage"]["properties"]["config"]["additionalProperties"]
    depth = 0
    while len(setting["anyOf"]) == 4:
        setting = setting["anyOf"][3]["additionalProperties"]
        depth += 1
    assert depth == 2
    assert [one["type"] for one in setting["anyOf"]] == ["string", "boolean", "integer"]
