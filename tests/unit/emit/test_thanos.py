"""thanos/: the bucket, who finds whom, and the flags of every server."""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from slogen.emit.thanos import EMITTER, file_texts
from slogen.plan.thanos import components
from tests.conftest import ROOT, current_tool
from tests.unit.emit.making import catalog, flags, parsed, texts

S3 = "objectStorage: {type: S3, config: {bucket: b, endpoint: e}}"
NAME = "thanos/%s"


def thanos(inner: str, more: str = "") -> dict[str, str]:
    """Return what is in thanos/ for a platform with `thanos: {inner}`."""
    return texts(EMITTER, catalog(f"thanos: {{{inner}}}\n{more}"))


@pytest.mark.parametrize("more", ["", "thanos: {}\n", "thanos: {retention: {raw: 45d}}\n"])
def test_without_a_bucket_there_is_nothing(more: str) -> None:
    """Rules for a ruler are all that such a platform wants."""
    assert texts(EMITTER, catalog(more)) == {}


BUCKETS = {
    "S3": (
        "{type: S3, config: {bucket: shop, endpoint: s3.eu.amazonaws.com, aws_sdk_auth: true, max_retries: 3, "
        'part_size: 0, region: "1", http_config: {tls_config: {ca_file: /ca.pem, insecure_skip_verify: false}}, '
        "sse_config: {type: SSE-KMS, kms_key_id: k, kms_encryption_context: {team: sre}}}}",
        {
            "bucket": "shop",
            "endpoint": "s3.eu.amazonaws.com",
            "aws_sdk_auth": True,
            "max_retries": 3,
            "part_size": 0,
            "region": "1",
            "http_config": {"tls_config": {"ca_file": "/ca.pem", "insecure_skip_verify": False}},
            "sse_config": {"type": "SSE-KMS", "kms_key_id": "k", "kms_encryption_context": {"team": "sre"}},
        },
    ),
    "GCS": ("{type: GCS, config: {bucket: b, use_grpc: true}}", {"bucket": "b", "use_grpc": True}),
    "AZURE": (
        "{type: AZURE, config: {storage_account: a, container: c, user_assigned_id: u}}",
        {"storage_account": "a", "container": "c", "user_assigned_id": "u"},
    ),
    "FILESYSTEM": ("{type: FILESYSTEM, config: {directory: /b}}", {"directory": "/b"}),
}


@pytest.mark.parametrize("kind", BUCKETS)
def test_a_bucket_is_written_as_it_was_declared(kind: str) -> None:
    """Booleans and numbers stay what they are, quoted ones are texts, and maps may lie in maps."""
    declared, config = BUCKETS[kind]
    found = thanos(f"objectStorage: {declared}")["thanos/objstore.yaml"]
    assert parsed(found) == {"type": kind, "config": config}


def test_the_files_of_a_platform() -> None:
    """Two of each server but the compactor; a sidecar for each Prometheus of a cluster."""
    found = thanos(S3, "alertmanager: {}\n")
    assert sorted(found) == [
        NAME % name
        for name in (
            *("alertmanagers.yaml", "compact-0.flags", "endpoints.yaml", "index-cache.yaml", "objstore.yaml"),
            *("query-0.flags", "query-1.flags", "query-frontend-0.flags", "query-frontend-1.flags", "query.yaml"),
            *("response-cache.yaml", "rule-0.flags", "rule-1.flags", "sidecar-0.flags", "sidecar-1.flags"),
            *("store-0.flags", "store-1.flags"),
        )
    ]
    assert parsed(found["thanos/endpoints.yaml"]) == {
        "endpoints": [
            {"address": f"dnssrv+_grpc._tcp.{service}.watch.svc"}
            for service in ("prometheus-operated", "thanos-store", "thanos-ruler-operated")
        ]
    }
    assert parsed(found["thanos/query.yaml"]) == [
        {"static_configs": ["dnssrv+_http._tcp.thanos-query.watch.svc"], "scheme": "http"}
    ]
    assert parsed(found["thanos/alertmanagers.yaml"]) == {
        "alertmanagers": [
            {
                "static_configs": ["dnssrv+_web._tcp.alertmanager-operated.watch.svc"],
                "scheme": "http",
                "timeout": "10s",
                "api_version": "v2",
            }
        ]
    }


def test_the_flags_of_the_ruler() -> None:
    """Its replica is its only label, and alerts lose it; it asks a querier and not the frontend."""
    assert flags(thanos(S3, "alertmanager: {}\n")["thanos/rule-1.flags"]) == [
        "--data-dir=/var/lib/slogen/rule",
        "--rule-file=/etc/slogen/rules/thanos/*.yaml",
        "--query.config-file=/etc/slogen/thanos/query.yaml",
        "--alertmanagers.config-file=/etc/slogen/thanos/alertmanagers.yaml",
        '--label=thanos_ruler_replica="thanos-ruler-shop-1"',
        "--alert.label-drop=thanos_ruler_replica",
        "--alert.query-url=http://thanos-query-frontend.watch.svc:10902",
        "--objstore.config-file=/etc/slogen/thanos/objstore.yaml",
        "--grpc-address=0.0.0.0:10901",
        "--http-address=0.0.0.0:10902",
    ]


def test_a_ruler_that_nobody_hears_names_no_alertmanagers() -> None:
    """A file that is not written is not read."""
    found = thanos(S3)
    assert "thanos/alertmanagers.yaml" not in found
    assert "alertmanagers" not in found["thanos/rule-0.flags"]


def test_the_compactor_keeps_what_was_declared_and_the_rest_for_ever() -> None:
    """One for a bucket; nothing is deduplicated there, which could not be undone."""
    found = thanos(S3 + ", retention: {raw: 45d, 1h: 2y}, replicas: 5")
    assert [path for path in found if "compact" in path] == ["thanos/compact-0.flags"]
    assert flags(found["thanos/compact-0.flags"]) == [
        "--wait",
        "--data-dir=/var/lib/slogen/compact",
        "--objstore.config-file=/etc/slogen/thanos/objstore.yaml",
        "--retention.resolution-raw=45d",
        "--retention.resolution-1h=730d",
        "--http-address=0.0.0.0:10902",
    ]
    assert len([path for path in found if path.startswith("thanos/store-")]) == 5


def test_other_clusters_are_asked_server_by_server() -> None:
    """The first cluster has Thanos; a name that leads into another cluster is that of one server."""
    found = parsed(thanos(S3, "clusters: [east, west]\n")["thanos/endpoints.yaml"])["endpoints"]
    assert [one["address"] for one in found] == [
        "dnssrv+_grpc._tcp.prometheus-operated.watch.svc",
        "dns+prometheus-shop-0.west.prometheus-operated.watch.svc.clusterset.local:10901",
        "dns+prometheus-shop-1.west.prometheus-operated.watch.svc.clusterset.local:10901",
        "dnssrv+_grpc._tcp.thanos-store.watch.svc",
        "dnssrv+_grpc._tcp.thanos-ruler-operated.watch.svc",
    ]


def test_a_ruler_that_keeps_nothing_writes_to_receive() -> None:
    """Three copies on three servers, whose labels and tenant the queries take off; the ruler is not asked."""
    found = thanos(S3 + ", receive: true")
    assert parsed(found["thanos/remote-write.yaml"]) == {
        "remote_write": [{"name": "receive", "url": "http://thanos-receive.watch.svc:19291/api/v1/receive"}]
    }
    assert json.loads(found["thanos/hashrings.json"]) == [
        {
            "endpoints": [{"address": f"thanos-receive-{n}.thanos-receive.watch.svc:10901"} for n in range(3)],
            "algorithm": "ketama",
        }
    ]
    rule, query = flags(found["thanos/rule-0.flags"]), flags(found["thanos/query-0.flags"])
    assert "--remote-write.config-file=/etc/slogen/thanos/remote-write.yaml" in rule
    assert "--restore-ignored-label=thanos_ruler_replica" in rule
    assert not any("objstore" in flag for flag in rule)
    assert [flag for flag in query if "replica-label" in flag] == [
        f"--query.replica-label={label}"
        for label in ("prometheus_replica", "thanos_ruler_replica", "receive_replica", "tenant_id")
    ]
    receive = flags(found["thanos/receive-2.flags"])
    assert '--label=receive_replica="thanos-receive-2"' in receive
    assert "--receive.local-endpoint=thanos-receive-2.thanos-receive.watch.svc:10901" in receive
    assert "--receive.replication-factor=3" in receive
    addresses = [one["address"] for one in parsed(found["thanos/endpoints.yaml"])["endpoints"]]
    assert "dnssrv+_grpc._tcp.thanos-receive.watch.svc" in addresses
    assert not any("ruler" in address for address in addresses)


@pytest.mark.parametrize("more", ["", "receive: true, "])
def test_every_file_that_a_flag_names_is_written_and_every_one_written_is_named(more: str) -> None:
    """What Kubernetes mounts is what the flags read."""
    of = catalog(f"thanos: {{{more}{S3}}}\nalertmanager: {{}}\n")
    written = {name for name, _ in file_texts(of.platform)}
    named = set()
    for component in components(of.platform):
        paths = {value for _, value in component.flags if value and value.startswith("/etc/slogen/thanos/")}
        assert paths == {f"/etc/slogen/thanos/{name}" for name in component.files}
        named |= set(component.files)
    assert named == written


def program() -> str:
    """Return Thanos, or skip the test."""
    found = current_tool("thanos")
    if found is None:
        pytest.skip("no Thanos: run ../shared/tools/build thanos")
    return found


@pytest.mark.parametrize("receive", [False, True])
def test_thanos_knows_every_flag(receive: bool) -> None:
    """Asked for its version or help, it refuses an unknown flag first."""
    thanos = program()
    of = catalog(f"thanos: {{receive: {str(receive).lower()}, {S3}}}\nalertmanager: {{}}\n")
    for component in components(of.platform):
        given = subprocess.run([thanos, component.command, "--help"], capture_output=True, text=True, check=False)
        said = given.stderr + given.stdout
        for name, _ in component.flags:
            if name != "receive.capnproto-address":  # not in the help
                assert f"--{name}" in said or f"--[no-]{name}" in said, (component.command, name)


@pytest.mark.parametrize("wrong", [False, True])
def test_thanos_takes_the_settings_of_a_bucket(wrong: bool, tmp_path: Path) -> None:
    """Then nobody answers; a setting that Thanos does not know is told before anybody is asked."""
    declared = BUCKETS["S3"][0].replace("s3.eu.amazonaws.com, aws_sdk_auth: true", '"127.0.0.1:1", insecure: true')
    declared = declared.replace("ca_file: /ca.pem, ", "").replace("max_retries: 3", "max_retries: 1")
    if wrong:
        declared = declared.replace("part_size", "part_sise")
    path = tmp_path / "objstore.yaml"
    path.write_text(thanos(f"objectStorage: {declared}")["thanos/objstore.yaml"], "utf-8")
    done = subprocess.run(
        [program(), "tools", "bucket", "ls", f"--objstore.config-file={path}"],
        env={"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert ("field part_sise not found" if wrong else "connection refused") in done.stderr


def test_thanos_takes_the_rules_of_the_ruler() -> None:
    """Every committed file, and none is empty."""
    files = sorted((ROOT / "rules" / "thanos").glob("*.yaml"))
    done = subprocess.run(
        [program(), "tools", "rules-check", *(f"--rules={path}" for path in files)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("result=SUCCESS") == len(files) > 5


def test_thanos_refuses_rules_that_are_wrong(tmp_path: Path) -> None:
    """The check above can fail."""
    path = tmp_path / "wrong.yaml"
    path.write_text("groups:\n- name: g\n  rules:\n  - {record: a, expr: b, nosuch: c}\n", "utf-8")
    done = subprocess.run([program(), "tools", "rules-check", f"--rules={path}"], capture_output=True, check=False)
    assert done.returncode != 0


def test_no_two_lines_of_the_bucket_hold_a_secret() -> None:
    """Keys that would are refused when they are read; what is written has none of their names."""
    text = "".join(thanos(S3 + ", receive: true", "alertmanager: {}\n").values())
    for word in ("access_key", "secret", "password", "token"):
        assert word not in text


def test_a_server_is_started_with_its_own_name() -> None:
    """Files of servers of one kind differ in it, or not at all."""
    found = thanos(S3 + ", receive: true", "alertmanager: {}\n")
    for command in ("rule", "receive"):
        for one, other in pairwise(path for path in found if path.startswith(f"thanos/{command}-")):
            assert flags(found[one]) != flags(found[other])
    assert "$(POD_NAME)" not in "".join(found.values())
