"""What a real Alertmanager sends to a pager, a chat, a webhook and a mailbox, when labels are hostile."""

from __future__ import annotations

import email
import email.message
import email.policy
import json
import os
import socketserver
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from slogen.promql import names
from tests.e2e.server import Server, free_port, running, wait
from tests.unit.emit.told import ALERTMANAGERS, AMTOOLS, compiled, program

HOSTILE = (
    "a: {b: '{{ .ExternalURL }}'} \"><script>alert(1)</script> $(touch pwned) `touch pwned`'; touch pwned;\n\r\n.\n"
    "Bcc: all@example.com & <!channel> 🔥 é \\ |"
)
ONE_LINE = (
    "a: {b: '{{ .ExternalURL }}'} \"><script>alert(1)</script> $(touch pwned) `touch pwned`'; touch pwned; . "
    "Bcc: all@example.com & <!channel> 🔥 é \\ |"
)
PAGE = {
    "alertname": names.BURN_ALERT,
    "service": "api-gateway",
    "slo": "availability",
    "cluster": "east 'a' \"b\" \\ {c}",
    "severity": "critical",
    "route": HOSTILE,
}
TEXTS = {"summary": "api-gateway availability burns its error budget", "description": HOSTILE}


class Audience:
    """Keeps what is posted, by path, and what is mailed."""

    def __init__(self) -> None:
        self.posted: dict[str, list[Any]] = {}
        self.mailed: list[email.message.EmailMessage] = []
        posted, mailed = self.posted, self.mailed

        class Web(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                posted.setdefault(self.path, []).append(body)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: object) -> None:
                pass

        class Mail(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"220 here\r\n")
                while line := self.rfile.readline():
                    word = line[:4].upper()
                    self.wfile.write({b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}.get(word, b"250 ok\r\n"))
                    if word == b"QUIT":
                        return
                    if word == b"DATA":
                        lines = []
                        while (line := self.rfile.readline()) != b".\r\n":
                            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
                        mailed.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))
                        self.wfile.write(b"250 kept\r\n")

        self.web = ThreadingHTTPServer(("127.0.0.1", 0), Web)
        self.mail = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail)
        self.mail.daemon_threads = True

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Serve until the end of the block."""
        for server in (self.web, self.mail):
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield
        finally:
            for server in (self.web, self.mail):
                server.shutdown()
                server.server_close()

    @property
    def address(self) -> str:
        """Where to post."""
        return f"http://127.0.0.1:{self.web.server_port}"


def tell(port: int, *labels: dict[str, str], ended: bool = False) -> None:
    """Send alerts that began a while ago, as Prometheus does."""
    now = datetime.now(UTC)
    alerts = [
        {
            "labels": one,
            "annotations": TEXTS,
            "startsAt": (now - timedelta(minutes=20)).isoformat(),
            "endsAt": (now if ended else now + timedelta(hours=1)).isoformat(),
        }
        for one in labels
    ]
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v2/alerts", json.dumps(alerts).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("version", sorted(ALERTMANAGERS))
def test_hostile_labels_arrive_unharmed_and_an_acknowledgement_stops_the_rungs_to_come(
    version: str, tmp_path: Path
) -> None:
    """A page, its acknowledgement by the command that it names, its rungs, and that it is over."""
    alertmanager, amtool = program(ALERTMANAGERS, version), program(AMTOOLS, version)
    audience, port = Audience(), free_port()
    for name in ("slack", "pagerduty", "opsgenie"):
        # Alertmanager does not strip the key of Opsgenie: a new line at its end would make a bad header.
        (tmp_path / name).write_text(f"{audience.address}/{name}")
    config = compiled(
        alertmanager="", smarthost=f"127.0.0.1:{audience.mail.server_address[1]}", more="timeScale: 60\n"
    ).write(tmp_path)
    text = config.read_text("utf-8").replace("/secrets/", f"{tmp_path}/")
    text = text.replace("http://127.0.0.1:9/hook", f"{audience.address}/hook")
    for kind, key in (("pagerduty", "routing_key_file"), ("opsgenie", "api_key_file")):
        address = "url" if kind == "pagerduty" else "api_url"
        text = text.replace(f"- {key}:", f"- {address}: {audience.address}/{kind}\n    {key}:")
    config.write_text(text, "utf-8")
    server = Server(
        [
            *(alertmanager, f"--config.file={config}", f"--storage.path={tmp_path}/data", "--cluster.listen-address="),
            *(f"--web.listen-address=127.0.0.1:{port}", f"--web.external-url=http://127.0.0.1:{port}"),
        ],
        port,
        tmp_path,
    )
    posted = audience.posted
    with audience.listening(), running(server):
        tell(port, PAGE)
        wait(
            lambda: {"/slack", "/hook", "/pagerduty", "/opsgenie/v2/alerts"} <= posted.keys() and bool(audience.mailed),
            20,
            "a page is told",
        )
        check_page(audience)
        acknowledge(posted["/pagerduty"][0]["payload"]["custom_details"]["acknowledge"], amtool, tmp_path)

        def rungs() -> list[dict[str, Any]]:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/alerts", timeout=10) as answer:
                return [one for one in json.load(answer) if "escalation" in one["labels"]]

        tell(
            port,
            PAGE,
            PAGE | {"escalation": "15m"},
            PAGE | {"escalation": "1h"},
            PAGE | {"cluster": "w", "escalation": "15m"},
        )
        wait(
            lambda: sorted(one["status"]["state"] for one in rungs()) == ["active", "suppressed", "suppressed"], 20, ""
        )
        wait(lambda: len(audience.mailed) == 2, 20, "the rung of another cluster is told")
        assert "still on after 15m" in audience.mailed[1]["Subject"]
        assert audience.mailed[1]["Subject"].endswith(" in w")

        tell(port, PAGE, ended=True)
        wait(lambda: len(audience.mailed) == 3 and len(posted["/slack"]) == 2, 20, "it is over")
        assert audience.mailed[2]["Subject"].startswith(
            "[RESOLVED] api-gateway availability: error budget burn in east"
        )
        assert posted["/slack"][1]["attachments"][0]["text"].startswith("It lasted 20m")
        wait(
            lambda: [one["event_action"] for one in posted["/pagerduty"]] == ["trigger", "resolve"], 20, "the pager too"
        )
    assert not (tmp_path / "pwned").exists()


def check_page(audience: Audience) -> None:
    """What each of them got says what the labels say, and nothing else came of them."""
    told = audience.posted["/hook"][0]["alerts"][0]
    assert told["labels"] == PAGE
    assert told["annotations"] == TEXTS

    [attachment] = audience.posted["/slack"][0]["attachments"]
    assert attachment["title"] == (
        "[CRITICAL] api-gateway availability burns its error budget in east 'a' \"b\" \\ {c}"
    )
    escaped = ONE_LINE.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert attachment["text"].startswith(escaped + "\nSince ")
    assert all(action["text"] and action["url"].startswith("http") for action in attachment["actions"])

    pager = audience.posted["/pagerduty"][0]
    assert pager["payload"]["summary"] == attachment["title"]
    assert pager["payload"]["severity"] == "critical"
    assert pager["payload"]["custom_details"]["firing"].startswith(f"\t{ONE_LINE}\nSince ")

    genie = audience.posted["/opsgenie/v2/alerts"][0]
    assert genie["priority"] == "P1"
    assert genie["description"].startswith(f"{ONE_LINE}\nSince ")

    [mail] = audience.mailed
    assert mail["Subject"] == attachment["title"]
    assert mail["Bcc"] is None
    plain, page = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert page is not None
    assert f"\n{ONE_LINE}\nSince " in plain.get_content().replace("\r\n", "\n")
    assert "<script" not in page.get_content()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; $(touch pwned)" in page.get_content()


def acknowledge(command: str, amtool: str, folder: Path) -> None:
    """Run the command as a shell would, with this amtool on the PATH."""
    (folder / "bin").mkdir()
    (folder / "bin" / "amtool").symlink_to(amtool)
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
