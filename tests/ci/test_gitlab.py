"""The GitLab job in a user's repository: its lines run in a shell, a server here answers as GitLab would."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from tests.ci.conftest import offline, stricter
from tests.cli.running import git
from tests.conftest import ROOT

TEMPLATE = ROOT / ".gitlab" / "slogen.yml"
JOB: dict[str, Any] = yaml.safe_load(TEMPLATE.read_text("utf-8"))["slogen"]
ME, OTHER = {"id": 8}, {"id": 9}
NOTES = "/api/v4/projects/42/merge_requests/7/notes"


@dataclass
class GitLab:
    """The notes of a merge request, and a server that gives, makes and changes them for who has the token."""

    url: str = ""
    notes: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, method: str, target: str, token: str, form: dict[str, list[str]]) -> tuple[int, Any]:
        """Return status and body: https://docs.gitlab.com/api/notes/."""
        place, asked = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if token != "secret":
            return 403, {"message": "403 Forbidden"}
        if method == "GET" and place == "/api/v4/user":
            return 200, ME
        if method == "GET" and place == NOTES and asked["sort"] == ["asc"]:
            size, page = int(asked["per_page"][0]), int(asked["page"][0])
            return 200, self.notes[(page - 1) * size : page * size]
        if method == "POST" and place == NOTES:
            self.notes.append({"id": 500 + len(self.notes), "author": ME, "body": form["body"][0]})
            return 201, self.notes[-1]
        if method == "PUT" and (found := [one for one in self.notes if place == f"{NOTES}/{one['id']}"]):
            found[0]["body"] = form["body"][0]
            return 200, found[0]
        return 404, {"message": "404 Not found"}


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    """A server on this machine."""
    state = GitLab()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            status, value = state.answer(self.command, self.path, self.headers["PRIVATE-TOKEN"], parse_qs(body))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(value).encode())

        do_GET = do_POST = do_PUT = _answer

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()
    server.server_close()


@dataclass
class Pipeline:
    """A pipeline of a merge request; `said` is what its last job printed."""

    root: Path
    path: str
    variables: dict[str, str]
    said: str = ""

    def run(self) -> tuple[int, int]:
        """Run the job; return how its script ends, and what runs after it."""
        environment = {**offline(), "PATH": self.path, **JOB["variables"], **self.variables}
        codes, self.said = [], ""
        for lines in (JOB["script"], JOB["after_script"]):
            done = subprocess.run(
                ["sh", "-ec", "\n".join(lines)],
                cwd=self.root,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            self.said += done.stdout
            codes.append(done.returncode)
        return codes[0], codes[1]


@pytest.fixture(scope="session")
def python(package: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The programs of the job's image, and slogen as a wheel, which pip installs there."""
    folder = tmp_path_factory.mktemp("image")
    environment = offline()
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], env=environment, check=True)
    pip = [str(folder / "venv" / "bin" / "pip"), "wheel", "--quiet", "--wheel-dir", str(folder), str(package)]
    subprocess.run(pip, env=environment, check=True)
    (wheel,) = folder.glob("slogen-*.whl")
    return folder / "venv" / "bin", wheel


@pytest.fixture
def pipeline(change: Path, gitlab: GitLab, python: tuple[Path, Path], tmp_path: Path) -> Pipeline:
    """A merge request of the branch; the runner fetches its commits and no other branch."""
    root = tmp_path / "builds"
    git(tmp_path, "init", "-q", str(root))
    made = Pipeline(root=root, path=f"{python[0]}:{offline()['PATH']}", variables={})
    made.variables = {
        "SLOGEN_SOURCE": str(python[1]),
        "SLOGEN_TOKEN": "secret",
        "CI_API_V4_URL": f"{gitlab.url}/api/v4",
        "CI_MERGE_REQUEST_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": git(change, "rev-parse", "main"),
    }
    fetch(made, change)
    return made


def fetch(pipeline: Pipeline, change: Path) -> None:
    """Check the branch out as a runner does."""
    git(pipeline.root, "fetch", "-q", f"file://{change}", "branch")
    git(pipeline.root, "checkout", "-q", "--detach", "FETCH_HEAD")


def test_the_template_fits_its_schema() -> None:
    """The schema that GitLab publishes for .gitlab-ci.yml."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(TEMPLATE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_first_push_writes_a_note_and_the_second_writes_it_anew(
    pipeline: Pipeline, change: Path, gitlab: GitLab
) -> None:
    """99.9 to 99.95 halves 43.2 minutes, 99.5 makes 216 of them; what others wrote is not touched."""
    others = [
        {"id": 1, "author": OTHER, "body": "added 1 commit"},
        {"id": 2, "author": ME, "body": "> <!-- slogen:diff -->\nquoted"},
        {"id": 3, "author": OTHER, "body": "<!-- slogen:diff -->\na stranger could change it afterwards"},
    ]
    gitlab.notes = [dict(one) for one in others]
    assert pipeline.run() == (0, 0), pipeline.said
    assert gitlab.notes[:3] == others
    (first,) = gitlab.notes[3:]
    assert first["body"].startswith("<!-- slogen:diff -->\n### slogen: 1 SLO changes meaning")
    assert "| error budget, minutes | `43.2` | `21.6` |" in first["body"]
    stricter(change, "99.5")
    git(change, "commit", "-qam", "looser")
    fetch(pipeline, change)
    assert pipeline.run() == (0, 0), pipeline.said
    assert (len(gitlab.notes), gitlab.notes[:3]) == (4, others)
    assert "| error budget, minutes | `43.2` | `216` |" in gitlab.notes[3]["body"]
    assert gitlab.notes[3]["body"] == (pipeline.root / "slogen.md").read_text("utf-8")


@pytest.mark.parametrize("before", [99, 100, 250])
def test_the_note_is_found_behind_many_others(pipeline: Pipeline, gitlab: GitLab, before: int) -> None:
    """GitLab gives 100 notes a page; a full page may be the last one."""
    gitlab.notes = [{"id": place, "author": OTHER, "body": "talk"} for place in range(before)]
    assert pipeline.run() == (0, 0), pipeline.said
    assert pipeline.run() == (0, 0), pipeline.said
    assert len(gitlab.notes) == before + 1


def test_no_note_is_begun_where_nothing_differs(pipeline: Pipeline, change: Path, gitlab: GitLab) -> None:
    """An old one is written anew."""
    pipeline.variables["CI_MERGE_REQUEST_DIFF_BASE_SHA"] = git(change, "rev-parse", "branch")
    assert pipeline.run() == (0, 0), pipeline.said
    assert gitlab.notes == []
    gitlab.notes = [{"id": 3, "author": ME, "body": "<!-- slogen:diff -->\nold"}]
    assert pipeline.run() == (0, 0), pipeline.said
    assert "No difference" in gitlab.notes[0]["body"]


@pytest.mark.parametrize(("token", "told"), [("", "SLOGEN_TOKEN is not set; pipelines of forks"), ("wrong", "403")])
def test_without_the_right_to_write_the_text_is_an_artifact(
    pipeline: Pipeline, gitlab: GitLab, token: str, told: str
) -> None:
    """A fork has no token: nothing fails, and the log says where the text is."""
    pipeline.variables["SLOGEN_TOKEN"] = token
    assert pipeline.run() == (0, 0), pipeline.said
    assert gitlab.notes == []
    assert re.search(rf"No note was written, the job's artifacts have the text as slogen.md. .*{told}", pipeline.said)
    assert "slogen.md" in JOB["artifacts"]["paths"]


def test_merged_results_leave_out_what_the_target_gained(pipeline: Pipeline, change: Path, gitlab: GitLab) -> None:
    """Their commit merges both; the base is the tip of the target branch, and not where the branches parted."""
    git(change, "checkout", "-q", "main")
    text = (change / "slos" / "example.yaml").read_text("utf-8").replace("name: example", "name: other")
    (change / "slos" / "other.yaml").write_text(text[: text.index("alerts:")], "utf-8")
    git(change, "add", ".")
    git(change, "commit", "-qm", "other")
    pipeline.variables["CI_MERGE_REQUEST_TARGET_BRANCH_SHA"] = git(change, "rev-parse", "main")
    git(change, "checkout", "-q", "branch")
    git(change, "merge", "-q", "main")
    fetch(pipeline, change)
    assert pipeline.run() == (0, 0), pipeline.said
    assert "99.95" in gitlab.notes[0]["body"]
    assert "other" not in gitlab.notes[0]["body"]


def test_a_mistake_fails_the_job_and_is_told_in_the_note(pipeline: Pipeline, change: Path, gitlab: GitLab) -> None:
    """An objective of 100 % leaves no budget."""
    stricter(change, "100")
    git(change, "commit", "-qam", "wrong")
    fetch(pipeline, change)
    assert pipeline.run() == (1, 0), pipeline.said
    assert "nothing is compared, for there are errors" in gitlab.notes[0]["body"]


def test_a_missing_source_is_told_before_anything_runs(pipeline: Pipeline, gitlab: GitLab) -> None:
    """Not a package of that name from somewhere."""
    del pipeline.variables["SLOGEN_SOURCE"]
    code, after = pipeline.run()
    assert (code != 0, after) == (True, 0)
    assert "SLOGEN_SOURCE: set it to what pip installs" in pipeline.said
    assert gitlab.notes == []
    assert not os.path.exists(pipeline.root / "slogen.md")
