"""`slogen diff` as people use it: in git, with what goes wrong, in each format."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.running import PLATFORM, SERVICE, git, repository, slogen

STRICTER = SERVICE.replace("99.9", "99.95")


@pytest.fixture
def committed(tmp_path: Path) -> Path:
    """A repository with one commit on main."""
    root = repository(tmp_path / "repo")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")
    return root


def service(root: Path, text: str) -> None:
    """Write the service `web`."""
    (root / "slos" / "web.yaml").write_text(text, "utf-8")


def fork(root: Path) -> None:
    """Make `web` stricter on a branch, and add the service `other` to main; the branch is checked out."""
    git(root, "checkout", "-qb", "branch")
    service(root, STRICTER)
    git(root, "commit", "-qam", "stricter")
    git(root, "checkout", "-q", "main")
    (root / "slos" / "other.yaml").write_text(SERVICE.replace("name: web", "name: other"), "utf-8")
    git(root, "add", ".")
    git(root, "commit", "-qm", "other")
    git(root, "checkout", "-q", "branch")


def test_a_branch_is_compared_with_its_merge_base(committed: Path) -> None:
    """What main gained since is not part of the branch's change."""
    fork(committed)
    ran = slogen(committed, "diff")
    assert ran.code == 0, ran.err
    assert re.match(r"merge base with main, [0-9a-f]{7} → working tree\n", ran.out)
    assert "99.9 % → 99.95 %" in ran.out
    assert "other" not in ran.out


def test_a_detached_head_and_a_given_revision(committed: Path) -> None:
    """CI checks out a commit, not a branch."""
    service(committed, STRICTER)
    git(committed, "commit", "-qam", "stricter")
    git(committed, "checkout", "-q", "--detach")
    assert "same on both sides" in slogen(committed, "diff").out
    ran = slogen(committed, "diff", "HEAD~1", "HEAD")
    assert "99.9 % → 99.95 %" in ran.out
    assert slogen(committed, "diff", "HEAD~1", "--exit-code").code == 1
    assert slogen(committed, "diff", "HEAD~1").code == 0
    assert slogen(committed, "diff", "--exit-code").code == 0


def test_nothing_is_checked_out_or_written(committed: Path) -> None:
    """The work tree and the index are as before."""
    service(committed, STRICTER)
    before = sorted(path for path in committed.rglob("*") if ".git" not in path.parts)
    slogen(committed, "diff", "HEAD")
    assert sorted(path for path in committed.rglob("*") if ".git" not in path.parts) == before
    assert git(committed, "status", "--porcelain") == "M slos/web.yaml"


def test_an_unknown_revision_is_a_mistake_of_usage(committed: Path) -> None:
    """No traceback, exit code 2."""
    ran = slogen(committed, "diff", "nowhere")
    assert ran.code == 2
    assert "git knows no revision 'nowhere', and it is no directory" in ran.err


def test_a_shallow_clone_says_how_to_deepen_it(committed: Path, tmp_path: Path) -> None:
    """actions/checkout fetches one commit: the base is not there."""
    base = git(committed, "rev-parse", "HEAD")
    service(committed, STRICTER)
    git(committed, "commit", "-qam", "stricter")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{committed}", str(clone))
    ran = slogen(clone, "diff", base)
    assert ran.code == 2
    assert "this clone is shallow" in ran.err
    assert "fetch-depth: 0" in ran.err


def test_a_shallow_checkout_has_no_main_branch(committed: Path, tmp_path: Path) -> None:
    """actions/checkout leaves one detached commit: that the base is absent is told with what to do."""
    service(committed, STRICTER)
    git(committed, "commit", "-qam", "stricter")
    clone = tmp_path / "clone"
    git(tmp_path, "init", "-q", str(clone))
    git(clone, "fetch", "-q", "--depth", "1", f"file://{committed}", "main")
    git(clone, "checkout", "-q", "FETCH_HEAD")
    for arguments in ((), ("origin/main...",)):
        ran = slogen(clone, "diff", *arguments)
        assert (ran.code, "fetch-depth: 0" in ran.err) == (2, True), ran.err


@pytest.mark.parametrize("main", ["main", "master", "trunk"])
def test_the_main_branch_may_be_called_otherwise(tmp_path: Path, main: str) -> None:
    """Without a remote main and master are known, another one is named; a clone knows its remote's."""
    root = repository(tmp_path / "repo")
    git(root, "init", "-q", "-b", main)
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")
    git(root, "checkout", "-qb", "branch")
    service(root, STRICTER)
    git(root, "commit", "-qam", "stricter")
    ran = slogen(root, "diff")
    if main == "trunk":
        assert (ran.code, "name the revision to compare with: slogen diff BASE" in ran.err) == (2, True)
        ran = slogen(root, "diff", "trunk...")
    assert ran.out.startswith(f"merge base with {main}, ")
    assert "99.9 % → 99.95 %" in ran.out
    git(root, "checkout", "-q", main)
    git(tmp_path, "clone", "-q", str(root), "clone")
    service(tmp_path / "clone", STRICTER)
    assert slogen(tmp_path / "clone", "diff").out.startswith("merge base with origin/HEAD, ")


def test_a_merge_base_is_asked_for_as_in_git(committed: Path) -> None:
    """What main gained is told as undone when main itself is the base, with a note; `main...` leaves it out."""
    fork(committed)
    ran = slogen(committed, "diff", "main")
    assert "other: removed" in ran.out
    told = "what they changed is told as undone; `main...` is the merge base"
    assert ran.err == f"note: HEAD lacks 1 commit of main: {told}\n"
    ran = slogen(committed, "diff", "main...")
    assert ("other" in ran.out, ran.err) == (False, "")
    ran = slogen(committed, "diff", "main...", "branch")
    assert ran.out.startswith("merge base with main, ")
    assert "99.9 % → 99.95 %" in ran.out
    assert "main lacks 1 commit of branch" in slogen(committed, "diff", "branch", "main").err


def test_branches_without_a_common_commit_have_no_merge_base(committed: Path) -> None:
    """An orphan branch; the revision itself can be compared with."""
    git(committed, "checkout", "-q", "--orphan", "new")
    git(committed, "commit", "-qm", "new")
    ran = slogen(committed, "diff")
    assert (ran.code, "HEAD and main have no commit in common here" in ran.err) == (2, True)
    assert "No difference" in slogen(committed, "diff", "main").out


def test_a_submodule_of_services_is_no_empty_folder(committed: Path, tmp_path: Path) -> None:
    """Its files are not in the commit: without a word all services would be told as new."""
    inner = repository(tmp_path / "inner")
    git(inner, "init", "-q", "-b", "main")
    git(inner, "add", ".")
    git(inner, "commit", "-qm", "inner")
    git(committed, "-c", "protocol.file.allow=always", "submodule", "-q", "add", str(inner), "slos/more")
    git(committed, "commit", "-qm", "submodule")
    for arguments in (("HEAD",), ("HEAD~1", "HEAD")):
        ran = slogen(committed, "diff", *arguments)
        assert (ran.code, "slos/more is a submodule" in ran.err) == (2, True), ran.err
    assert slogen(committed, "diff", "HEAD~1", "HEAD~1").code == 0


def test_slos_may_be_a_link_to_a_folder(committed: Path) -> None:
    """As a build reads it; a link to a folder below it is refused as a build does."""
    (committed / "slos").rename(committed / "promises")
    (committed / "slos").symlink_to("promises")
    git(committed, "add", ".")
    git(committed, "commit", "-qm", "link")
    assert "No difference" in slogen(committed, "diff", "HEAD").out
    service(committed, STRICTER)
    ran = slogen(committed, "diff", "HEAD")
    assert (ran.code, "99.9 % → 99.95 %" in ran.out, "added" in ran.out.split("\n", 3)[3]) == (0, True, False)
    (committed / "slos" / "deep").symlink_to("../slos")
    git(committed, "add", ".")
    git(committed, "commit", "-qm", "deep")
    ran = slogen(committed, "diff", "HEAD", "HEAD")
    assert (ran.code, "a link to a folder is not followed" in ran.err) == (1, True), ran.err


def test_a_worktree_of_a_bare_repository_and_the_repository_itself(committed: Path, tmp_path: Path) -> None:
    """Nothing is checked out but the worktree."""
    service(committed, STRICTER)
    git(committed, "commit", "-qam", "stricter")
    git(tmp_path, "clone", "-q", "--bare", str(committed), "bare.git")
    git(tmp_path / "bare.git", "worktree", "add", "-q", str(tmp_path / "tree"), "-b", "branch", "HEAD~1")
    service(tmp_path / "tree", SERVICE.replace("99.9", "99"))
    assert "99.9 % → 99 %" in slogen(tmp_path / "tree", "diff").out
    ran = slogen(tmp_path / "bare.git", "diff", "HEAD~1", "HEAD")
    assert (ran.code, "99.9 % → 99.95 %" in ran.out) == (0, True), ran.err


def test_what_git_tells_its_hooks_does_not_mislead(committed: Path) -> None:
    """In a hook of a worktree GIT_DIR is set: it alone makes every folder the top of the repository."""
    inner = repository(committed / "deep" / "er")
    git(committed, "add", ".")
    git(committed, "commit", "-qm", "inner")
    service(inner, STRICTER)
    ran = slogen(inner, "diff", "HEAD", GIT_DIR=str(committed / ".git"), GIT_INDEX_FILE="nowhere")
    assert (ran.code, "1 SLO changes meaning" in ran.out) == (0, True), ran.out


def test_a_renamed_file_with_a_change_is_one_change(committed: Path) -> None:
    """The service is recognised by its name, wherever its file is."""
    service(committed, STRICTER)
    git(committed, "mv", "slos/web.yaml", 'slos/the web\'s "front".yaml')
    ran = slogen(committed, "diff")
    assert "1 SLO changes meaning" in ran.out
    assert re.search(r'file +slos/web.yaml → slos/the web\'s "front".yaml \(text only\)', ran.out)
    assert "removed" not in ran.out.replace("0 removed", "")


def test_a_comment_says_that_nothing_is_compared(committed: Path) -> None:
    """What stood in the comment before is no longer so; the base of a pull request that mends it may be broken too."""
    service(committed, SERVICE.replace("99.9", "wrong"))
    ran = slogen(committed, "diff", "--format", "markdown")
    first, second, _, line, *_ = ran.out.split("\n")
    assert (ran.code, first) == (1, "<!-- slogen:diff -->")
    assert second == "### slogen: nothing is compared, for there are errors"
    assert line.startswith("- `slos/web.yaml:8:16` of head (working tree): SLO")
    git(committed, "commit", "-qam", "broken")
    service(committed, SERVICE)
    assert "of base (HEAD, " in slogen(committed, "diff", "HEAD", "--format", "markdown").out


def test_without_git_two_directories_are_asked_for(tmp_path: Path) -> None:
    """No repository, and no program called git."""
    root = repository(tmp_path / "plain")
    ran = slogen(root, "diff", GIT_CEILING_DIRECTORIES=str(tmp_path))
    assert (ran.code, "name two directories" in ran.err) == (2, True)
    ran = slogen(root, "diff", PATH=str(tmp_path))
    assert (ran.code, "git is not on the PATH" in ran.err) == (2, True)


def test_errors_name_their_side(committed: Path) -> None:
    """A base that does not build is no reason to hide that the head does not either."""
    service(committed, SERVICE.replace("99.9", "wrong"))
    git(committed, "commit", "-qam", "broken")
    service(committed, SERVICE.replace("99.9", "100"))
    ran = slogen(committed, "diff", "HEAD")
    assert ran.code == 1
    assert ran.err.index("In the base (HEAD, ") < ran.err.index("In the head (working tree):")
    assert "wrong" in ran.err
    assert ran.out == ""


def test_a_deleted_platform_is_an_error_of_that_side(committed: Path) -> None:
    """Without slogen.yaml nothing can be compared."""
    (committed / "slogen.yaml").unlink()
    ran = slogen(committed, "diff")
    assert ran.code == 1
    assert "In the head (working tree):" in ran.err
    assert ran.problems == [("slogen.yaml:1:1", "SLO017", "there is no platform")]


def test_the_first_change_has_nothing_to_compare_with(tmp_path: Path) -> None:
    """A base without any input: everything is new."""
    root = repository(tmp_path / "new")
    git(root, "init", "-q", "-b", "main")
    git(root, "commit", "-q", "--allow-empty", "-m", "empty")
    ran = slogen(root, "diff")
    assert ran.code == 0, ran.err
    assert "web/up: added" in ran.out


def test_an_unreadable_base_is_told(tmp_path: Path) -> None:
    """A folder in the place of a service's file, and bytes that are not UTF-8."""
    before, after = repository(tmp_path / "before"), repository(tmp_path / "after")
    (before / "slos" / "web.yaml").unlink()
    (before / "slos" / "web.yaml").mkdir()
    (before / "slos" / "bad.yaml").write_bytes(b"\xff\xfe")
    ran = slogen(tmp_path, "diff", "before", "after")
    assert ran.code == 1
    assert "In the base (before):" in ran.err
    assert ("slos/bad.yaml:1:1", "SLO013") in ran.places
    assert after.exists()


def test_line_endings_are_formatting(committed: Path) -> None:
    """Windows' line endings in the work tree."""
    service(committed, SERVICE.replace("\n", "\r\n"))
    assert "Formatting only: 1 file differs" in slogen(committed, "diff").out


def test_names_in_unicode_and_links_are_read_from_git(committed: Path) -> None:
    """A file name that git would quote, with a line break in a neighbour's, and a link inside the commit."""
    (committed / "slos" / "дом 😀.yaml").write_text(SERVICE.replace("name: web", "name: home"), "utf-8")
    (committed / "elsewhere.yaml").write_text(SERVICE.replace("name: web", "name: linked"), "utf-8")
    (committed / "slos" / "linked.yaml").symlink_to("../elsewhere.yaml")
    (committed / "notes\nof two lines.txt").write_text("x")
    git(committed, "add", ".")
    git(committed, "commit", "-qm", "more")
    ran = slogen(committed, "diff", "HEAD")
    assert ran.out.endswith("No difference: the input is the same on both sides.\n"), ran.out + ran.err
    ran = slogen(committed, "diff", "HEAD~1", "HEAD")
    assert ran.code == 0, ran.err
    assert "home/up: added" in ran.out
    assert "linked/up: added" in ran.out


def test_attributes_of_archives_hide_nothing(committed: Path) -> None:
    """`export-ignore` is about releases, not about what was promised."""
    (committed / ".gitattributes").write_text("slos export-ignore\n")
    git(committed, "add", ".")
    git(committed, "commit", "-qm", "attributes")
    assert "No difference" in slogen(committed, "diff", "HEAD").out


def test_a_link_out_of_the_commit_is_told(committed: Path) -> None:
    """What it leads to is not part of the revision."""
    (committed / "slos" / "out.yaml").symlink_to("/etc/hostname")
    git(committed, "add", ".")
    git(committed, "commit", "-qm", "link")
    ran = slogen(committed, "diff", "HEAD", "HEAD")
    assert ran.code == 1
    assert "the link leads nowhere" in ran.err or "cannot read the file" in ran.err


def test_a_folder_of_a_repository_is_compared_with_itself(committed: Path) -> None:
    """-C leads below the top of the repository."""
    inner = repository(committed / "deep" / "er")
    git(committed, "add", ".")
    git(committed, "commit", "-qm", "inner")
    service(inner, STRICTER)
    ran = slogen(inner, "diff", "HEAD")
    assert "99.9 % → 99.95 %" in ran.out, ran.err


def test_json_is_for_programs(committed: Path) -> None:
    """One object on stdout; what is an error stands in it too."""
    service(committed, STRICTER)
    value = json.loads(slogen(committed, "diff", "--format", "json").out)
    (slo,) = value["services"][0]["slos"]
    assert value["semantic"] is True
    assert slo["facts"][0] == {"about": "objective", "before": "99.9 %", "after": "99.95 %", "text": False}


def test_markdown_is_one_comment_with_a_marker(committed: Path) -> None:
    """The marker is found and the comment written anew; nothing of the input leaves its cell."""
    hostile = "'x | y](https://evil.example) <!-- @everyone `code` ~~~ </details>'"
    service(committed, STRICTER.replace("    objective:", f"    description: {hostile}\n    objective:"))
    out = slogen(committed, "diff", "--format", "markdown").out
    assert out.startswith("<!-- slogen:diff -->\n### slogen: 1 SLO changes meaning")
    rows = [line for line in out.split("\n") if line.startswith("| ")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 4 for row in rows), rows
    assert "| objective | `99.9 %` | `99.95 %` |" in rows
    outside = re.sub(r"(`+) ?.*?[^`]\1(?!`)", "", out)
    assert outside.count("<!--") == 1
    assert "@everyone" not in outside


def test_a_huge_change_still_fits_into_a_comment(tmp_path: Path) -> None:
    """GitHub takes 65,536 characters."""
    before, after = repository(tmp_path / "before"), repository(tmp_path / "after")
    for number in range(150):
        for root, text in ((before, SERVICE), (after, STRICTER)):
            (root / "slos" / f"s{number}.yaml").write_text(text.replace("name: web", f"name: s{number}"), "utf-8")
    out = slogen(tmp_path, "diff", "before", "after", "--format", "markdown").out
    assert len(out) < 65_000
    assert "slogen diff" in out


def test_colours_are_for_terminals(committed: Path) -> None:
    """None in a pipe, and with --color always."""
    service(committed, STRICTER)
    assert "\x1b[" not in slogen(committed, "diff").out
    assert "\x1b[" in slogen(committed, "--color", "always", "diff").out


def test_a_dashboard_of_somebody_else_that_reads_what_is_gone_is_an_error(committed: Path) -> None:
    """With Grafana's variables in its ranges; one that reads what is still there is none."""
    (committed / "slos" / "db.yaml").write_text(SERVICE.replace("name: web", "name: db"), "utf-8")
    git(committed, "add", ".")
    git(committed, "commit", "-qm", "db")
    (committed / "slos" / "db.yaml").unlink()
    expr = 'max(max_over_time(slo:sli_error:ratio_rate1h{service="%s"}[$__rate_interval]))'
    panels = [{"targets": [{"expr": expr % name}]} for name in ("db", "web")]
    (committed / "own.json").write_text(json.dumps({"panels": panels}), "utf-8")
    rules = {"groups": [{"name": "a", "rules": [{"record": "b", "expr": 'slo:objective:ratio{service="db"}'}]}]}
    (committed / "own.yaml").write_text(json.dumps(rules), "utf-8")
    ran = slogen(committed, "diff", "-q")
    assert ran.code == 1
    assert ran.err.split("\n")[:-1] == [
        'error: own.json still reads slo:sli_error:ratio_rate1h{service="db"}',
        'error: own.yaml still reads slo:objective:ratio{service="db"}',
    ]


def test_what_did_not_change_is_not_compiled(tmp_path: Path) -> None:
    """A mistake in a file that is the same on both sides is told by a build, not by a diff."""
    before, after = repository(tmp_path / "before"), repository(tmp_path / "after")
    for root in (before, after):
        (root / "slos" / "same.yaml").write_text("apiVersion: slogen/v1\nkind: Service\nnonsense: 1\n", "utf-8")
    service(after, STRICTER)
    ran = slogen(tmp_path, "diff", "before", "after")
    assert ran.code == 0, ran.err
    (after / "slogen.yaml").write_text(PLATFORM.replace("90d", "80d"), "utf-8")
    assert slogen(tmp_path, "diff", "before", "after").code == 1


def test_what_depends_on_the_same_service_is_read_though_it_did_not_change(tmp_path: Path) -> None:
    """The inhibition names every dependant; `idle`, which has nothing to do with it, is not even read."""
    before, after = repository(tmp_path / "before"), repository(tmp_path / "after")
    alertmanager = "alertmanager: {}\nemail: {from: a@example.com, smarthost: 'smtp.example.com:587'}\n"
    for root in (before, after):
        (root / "slogen.yaml").write_text(PLATFORM + alertmanager, "utf-8")
        for name, more in (
            ("db", ""),
            ("app", "\n  dependsOn: [db]"),
            ("idle", "\n  dependsOn: [unread]"),
            ("unread", ""),
        ):
            text = SERVICE.replace("name: web", f"name: {name}{more}")
            (root / "slos" / f"{name}.yaml").write_text(text, "utf-8")
    service(after, SERVICE.replace("name: web", "name: web\n  dependsOn: [db]"))
    ran = slogen(tmp_path, "diff", "before", "after")
    assert ran.code == 0, ran.err
    assert "dependsOn.db.mutes  - → warning" in ran.out
    muted = 'severity="critical", service="db" mutes severity="warning", service'
    assert f'{muted}="app" → {muted}=~"app|web"' in ran.out
    assert "idle" not in ran.out
