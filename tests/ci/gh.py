#!/usr/bin/env python3
"""Stands in for `gh api` on the comments of an issue: they are in $GH_STATE, a page holds 100 of them.

Like GitHub it refuses a body of more than 65,536 characters, and everything but reading with a token that may not.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

READ_ONLY = "gh: Resource not accessible by integration (HTTP 403)"
TOO_LONG = "gh: Validation Failed (HTTP 422): body is too long (maximum is 65536 characters)"


def fail(told: str) -> NoReturn:
    """End as gh does when GitHub refuses."""
    sys.exit(told)


def main() -> None:
    """Answer one request."""
    parser = argparse.ArgumentParser()
    parser.add_argument("api", choices=["api"])
    parser.add_argument("path")
    parser.add_argument("-X", dest="method", default="GET")
    parser.add_argument("-F", dest="field")
    parser.add_argument("--jq")
    parser.add_argument("--paginate", action="store_true")
    parser.add_argument("--silent", action="store_true")
    given = parser.parse_args()
    state = Path(os.environ["GH_STATE"])
    comments: list[dict[str, Any]] = json.loads(state.read_text("utf-8"))
    repository = f"repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    if given.method == "GET":
        if not re.fullmatch(rf"{repository}/7/comments\?per_page=100", given.path) or not given.paginate:
            fail(f"gh: Not Found (HTTP 404): {given.path}")
        for start in range(0, max(1, len(comments)), 100):
            page = json.dumps(comments[start : start + 100])
            subprocess.run(["jq", "-r", given.jq], input=page, text=True, check=True)
        return
    if os.environ["GH_TOKEN"] != "may write":
        fail(READ_ONLY)
    body = Path(given.field.removeprefix("body=@")).read_text("utf-8")
    if len(body) > 65536:
        fail(TOO_LONG)
    if given.method == "POST" and given.path == f"{repository}/7/comments":
        comments.append({"id": 1000 + len(comments), "user": {"type": "Bot"}, "body": body})
    elif given.method == "PATCH" and (found := re.fullmatch(rf"{repository}/comments/(\d+)", given.path)):
        next(one for one in comments if one["id"] == int(found[1]))["body"] = body
    else:
        fail(f"gh: Not Found (HTTP 404): {given.method} {given.path}")
    state.write_text(json.dumps(comments), "utf-8")


if __name__ == "__main__":
    main()
