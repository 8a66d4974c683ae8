"""The GitHub action in a user's repository: its steps are run one by one, as they stand in action.yml."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.conftest import offline, stricter
from tests.cli.running import git
from tests.conftest import ROOT

ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
_HOLE = re.compile(r"\$\{\{ (.*?) \}\}")


@dataclass
class Job:
    """A job of a workflow that uses the action in a repository; `said` gathers what the steps print."""

    root: Path
    temp: Path
    path: str
    inputs: dict[str, str] = field(default_factory=dict)
    token: str = "may write"
    target: str = "main"
    number: str = "7"
    outputs: dict[str, str] = field(default_factory=dict)
    said: str = ""

    def run(self) -> int:
        """Run all steps but the installation; return how the job ends."""
        self.said, self.outputs = "", {}
        codes = [self.step(step) for step in STEPS[1:] if self._wanted(step.get("if"))]
        return max(codes)

    def step(self, step: dict[str, Any], **more: str) -> int:
        """Run the script of a step as GitHub's runner does."""
        script, output = self.temp / "script.sh", self.temp / "output"
        script.write_text(step["run"], "utf-8")
        output.write_text("", "utf-8")
        environment = {
            **offline(),
            "PATH": self.path,
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary.md"),
            "GITHUB_REPOSITORY": "shop/slos",
            "GH_STATE": str(self.temp / "comments.json"),
            **{name: _HOLE.sub(self._value, text) for name, text in step.get("env", {}).items()},
            **more,
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        self.said += done.stdout + done.stderr
        for line in output.read_text("utf-8").splitlines():
            name, _, value = line.partition("=")
            self.outputs[f"steps.{step['id']}.outputs.{name}"] = value
        return done.returncode

    def _value(self, hole: re.Match[str]) -> str:
        defaults = {name: str(one["default"]) for name, one in ACTION["inputs"].items()} | self.inputs
        known = {f"inputs.{name}": value for name, value in defaults.items()}
        known |= {"github.base_ref": self.target, "github.event.pull_request.number": self.number}
        value = (known | self.outputs)[hole[1]]
        return self.token if value == "${{ github.token }}" else value

    def _wanted(self, condition: str | None) -> bool:
        if condition is None:
            return True
        assert condition == "inputs.comment == 'true' && github.event.pull_request.number"
        return self.inputs.get("comment", "true") == "true" and self.number != ""

    @property
    def comments(self) -> list[str]:
        """The comments of the pull request, in the order in which they were made."""
        return [one["body"] for one in json.loads((self.temp / "comments.json").read_text("utf-8"))]

    @comments.setter
    def comments(self, bodies: list[str | None]) -> None:
        bot = {"user": {"type": "Bot"}, "author_association": "NONE"}
        state = [{"id": 1 + place, "body": body, **bot} for place, body in enumerate(bodies)]
        (self.temp / "comments.json").write_text(json.dumps(state), "utf-8")


@pytest.fixture(scope="session")
def installed(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs that the first step adds to the PATH."""
    temp = tmp_path_factory.mktemp("runner")
    job = Job(root=temp, temp=temp, path=offline()["PATH"])
    code = job.step(STEPS[0], GITHUB_ACTION_PATH=str(package), GITHUB_PATH=str(temp / "path"))
    assert code == 0, job.said
    return Path((temp / "path").read_text("utf-8").strip())


@pytest.fixture
def job(change: Path, installed: Path, tmp_path: Path) -> Job:
    """A pull request of the branch: a clone of it with all branches, as actions/checkout leaves it."""
    programs = tmp_path / "programs"
    programs.mkdir()
    shutil.copy(Path(__file__).with_name("gh.py"), programs / "gh")
    temp = tmp_path / "runner's temp"
    temp.mkdir()
    git(tmp_path, "clone", "-q", str(change), "work")
    git(tmp_path / "work", "checkout", "-q", "--detach", "origin/branch")
    made = Job(root=tmp_path / "work", temp=temp, path=f"{installed}:{programs}:{offline()['PATH']}")
    made.comments = []
    return made


def push(job: Job, change: Path, objective: str) -> None:
    """Commit another objective to the branch, and check it out."""
    stricter(change, objective)
    git(change, "commit", "-qam", objective)
    git(job.root, "fetch", "-q")
    git(job.root, "checkout", "-q", "--detach", "origin/branch")


def test_the_action_fits_its_schema() -> None:
    """The schema of GitHub's actions that schemastore.org publishes."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-actions"]
    done = subprocess.run([*command, str(ROOT / "action.yml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_spliced_into_a_script() -> None:
    """A branch may be called `$(reboot)`: values come as variables of the environment."""
    assert [step["name"] for step in STEPS if "${{" in step["run"]] == []
    assert all(step["shell"] == "bash" for step in STEPS)


def test_slogen_is_installed_from_the_action_itself(installed: Path) -> None:
    """Its own Python runs the package that was installed, not the one under test."""
    program = "import slogen; print(slogen.__file__)"
    done = subprocess.run(
        [installed / "python", "-c", program], env=offline(), capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()).is_relative_to(installed.parent)


def test_the_first_push_writes_a_comment_and_the_second_writes_it_anew(job: Job, change: Path) -> None:
    """99.9 to 99.95 halves 43.2 minutes, 99.5 makes 216 of them; what others wrote is not touched."""
    others = ["> <!-- slogen:diff -->\nquoted", None, "looks good"]
    job.comments = others
    assert job.run() == 0, job.said
    assert job.comments[:3] == others
    (first,) = job.comments[3:]
    assert first.startswith("<!-- slogen:diff -->\n### slogen: 1 SLO changes meaning")
    assert "| error budget, minutes | `43.2` | `21.6` |" in first
    push(job, change, "99.5")
    assert job.run() == 0, job.said
    assert job.comments[:3] == others
    (second,) = job.comments[3:]
    assert "| error budget, minutes | `43.2` | `216` |" in second
    assert (job.temp / "summary.md").read_text("utf-8") == first + second


def test_the_comment_is_found_behind_a_hundred_others(job: Job) -> None:
    """GitHub gives 100 comments a page."""
    job.comments = ["talk"] * 150 + ["<!-- slogen:diff -->\nold"] + ["talk"] * 60
    assert job.run() == 0, job.said
    assert len(job.comments) == 211
    assert job.comments[150].startswith("<!-- slogen:diff -->\n### slogen: 1 SLO")


@pytest.mark.parametrize(("author", "anew"), [("NONE", False), ("CONTRIBUTOR", False), ("MEMBER", True)])
def test_the_comment_of_a_stranger_is_not_taken_over(job: Job, author: str, anew: bool) -> None:
    """Whoever may not write to the repository could change it afterwards; a token of its own is a member's."""
    theirs = {"id": 1, "body": "<!-- slogen:diff -->\nlooks good", "user": {"type": "User"}}
    (job.temp / "comments.json").write_text(json.dumps([theirs | {"author_association": author}]), "utf-8")
    assert job.run() == 0, job.said
    assert (job.comments[0] != theirs["body"], len(job.comments)) == (anew, 1 if anew else 2)
    assert job.comments[-1].startswith("<!-- slogen:diff -->\n### slogen: 1 SLO")


def test_no_comment_is_begun_where_nothing_differs(job: Job, change: Path) -> None:
    """An old one is written anew, for what it says is no longer so."""
    push(job, change, "99.9")
    assert job.run() == 0, job.said
    assert job.comments == []
    job.comments = ["<!-- slogen:diff -->\nold"]
    assert job.run() == 0, job.said
    assert [line for line in job.comments[0].split("\n") if line.startswith("###")] == [
        "### slogen: No difference: the input is the same on both sides."
    ]


def test_a_fork_gets_no_comment_and_does_not_fail(job: Job) -> None:
    """Its token may only read: the log says so, and the summary has the text."""
    job.token = "may read"
    assert job.run() == 0
    assert job.comments == []
    (warning,) = [line for line in job.said.split("\n") if line.startswith("::warning")]
    assert "No comment was written (a pull request from a fork gets a token that may not)" in warning
    assert "HTTP 403" in warning
    assert "### slogen: 1 SLO changes meaning" in (job.temp / "summary.md").read_text("utf-8")


def test_a_shallow_checkout_is_told_how_to_be_deep(job: Job, change: Path, tmp_path: Path) -> None:
    """Without fetch-depth: 0 the base is not there; nothing is commented, and the job fails."""
    job.root = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "1", "--branch", "branch", f"file://{change}", str(job.root))
    assert job.run() == 1
    (error,) = [line for line in job.said.split("\n") if line.startswith("::error")]
    assert "git knows no revision 'origin/main'" in error
    assert "`fetch-depth: 0` in actions/checkout" in error
    assert job.comments == []


def test_a_branch_with_quotes_and_commands_in_its_name_is_only_a_name(job: Job, change: Path) -> None:
    """The pull request is for it."""
    job.target = """re"le'ase/$(touch${IFS}pwned);`touch${IFS}pwned`"""
    git(change, "branch", job.target, "main")
    git(job.root, "fetch", "-q")
    assert job.run() == 0, job.said
    assert "99.95" in job.comments[0]
    assert [path for path in (job.root, job.temp) if (path / "pwned").exists()] == []


def test_a_change_that_is_too_long_for_github_is_cut(job: Job, change: Path) -> None:
    """65,536 characters are the most that it takes."""
    text = (change / "slos" / "example.yaml").read_text("utf-8")
    for number in range(120):
        made = re.sub("alerts:.*", "", text.replace("name: example", f"name: s{number}"), flags=re.DOTALL)
        (change / "slos" / f"s{number}.yaml").write_text(made, "utf-8")
    git(change, "add", ".")
    push(job, change, "99.5")
    assert job.run() == 0, job.said
    assert 50_000 < len(job.comments[0]) < 65_536
    assert job.comments[0].endswith("… cut: run `slogen diff` for the rest.\n")


@pytest.mark.parametrize(("fail_on", "ends"), [("error", 0), ("change", 1), ("never", 0), ("warning", 2)])
def test_a_change_of_meaning_fails_when_it_is_wanted(job: Job, fail_on: str, ends: int) -> None:
    """The comment is written all the same."""
    job.inputs = {"fail-on": fail_on}
    assert job.run() == ends, job.said
    assert len(job.comments) == 1
    assert ("::error title=slogen::The change is one of meaning" in job.said) == (fail_on == "change")


def test_formatting_is_no_change_of_meaning(job: Job, change: Path) -> None:
    """A comment in YAML."""
    stricter(change, "99.9   # as ever")
    git(change, "commit", "-qam", "words")
    git(job.root, "fetch", "-q")
    git(job.root, "checkout", "-q", "--detach", "origin/branch")
    job.inputs = {"fail-on": "change"}
    assert job.run() == 0, job.said
    assert "Formatting only: 1 file differs" in job.comments[0]


@pytest.mark.parametrize("fail_on", ["error", "never"])
def test_a_mistake_stands_at_its_line_and_in_the_comment(job: Job, change: Path, fail_on: str) -> None:
    """As GitHub's workflow command; a comment of an earlier push says no longer what it said."""
    job.comments = ["<!-- slogen:diff -->\nold"]
    push(job, change, "100")
    job.inputs = {"fail-on": fail_on}
    assert job.run() == (0 if fail_on == "never" else 1)
    assert re.search(r"^::error file=slos/example\.yaml,line=13,col=16,endColumn=19,title=SLO\d+::", job.said, re.M)
    (comment,) = job.comments
    assert comment.startswith("<!-- slogen:diff -->\n### slogen: nothing is compared, for there are errors\n")
    assert "`slos/example.yaml:13:16` of head (working tree)" in comment


def test_slogen_may_be_in_a_directory_of_the_repository(job: Job, tmp_path: Path) -> None:
    """Its name may have blanks; places are told from the top of the repository."""
    top = tmp_path / "top"
    shutil.copytree(job.root, top / "the team's & slos", ignore=shutil.ignore_patterns(".git"))
    git(top, "init", "-q", "-b", "main")
    git(top, "add", ".")
    git(top, "commit", "-qm", "one")
    stricter(top / "the team's & slos", "100")
    job.root, job.inputs, job.target = top, {"directory": "./the team's & slos/", "base": "HEAD"}, ""
    assert job.run() == 1
    assert "::error file=the team's & slos/slos/example.yaml,line=13," in job.said
    stricter(top / "the team's & slos", "99")
    assert job.run() == 0, job.said
    assert "| objective | `99.95 %` | `99 %` |" in job.comments[0]


def test_outside_a_pull_request_there_is_only_the_summary(job: Job) -> None:
    """A push: the merge base with the main branch is compared with."""
    job.target, job.number = "", ""
    assert job.run() == 0, job.said
    assert job.comments == []
    assert "merge base with origin/HEAD, " in (job.temp / "summary.md").read_text("utf-8")


def documented() -> Iterator[dict[str, Any]]:
    """Yield the YAML of docs/diff.md."""
    text = (ROOT / "docs" / "diff.md").read_text("utf-8")
    yield from map(yaml.safe_load, re.findall(r"^```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))


def test_the_documented_workflow_fits_its_schema_and_the_action(tmp_path: Path) -> None:
    """Its inputs are those that the action has, and so are the documented ones."""
    (workflow,) = [one for one in documented() if "jobs" in one]
    (tmp_path / "workflow.yml").write_text(yaml.safe_dump(workflow).replace("true:", '"on":'), "utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*command, str(tmp_path / "workflow.yml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (use,) = [step for step in workflow["jobs"]["slogen"]["steps"] if "/slogen@" in step.get("uses", "")]
    assert set(use["with"]) <= set(ACTION["inputs"])
    table = re.findall(r"^\| `([a-z-]+)` \| ", (ROOT / "docs" / "diff.md").read_text("utf-8"), re.MULTILINE)
    assert table == list(ACTION["inputs"])
