"""Draws dashboards with made-up data: `make dashboards-preview`, pictures in build/dashboards.

The wall, the report, the servers, a service page and the page of an SLO of each kind for each story; `ALL=1` draws all.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.dashboards.filled import END, KINDS, STORIES, filled
from tests.dashboards.test_gates import VIEW
from tests.dashboards.test_live import make

SHARED = ("slogen-wall", "slogen-report", "slogen-health", "slogen-paging")


def main() -> int:
    """Draw; a page that has an error is told, and ends in 1."""
    prometheus, promtool = shutil.which("prometheus"), shutil.which("promtool")
    if not VIEW.exists() or not shutil.which("node"):
        print("skipped: ../shared/grafana-view or Node is absent", file=sys.stderr)
        return 0
    if not prometheus or not promtool:
        print("install it first: apt-get install prometheus", file=sys.stderr)
        return 2
    subprocess.run([VIEW.parent / "install.sh"], check=True)
    pictures = Path("build/dashboards")
    pictures.mkdir(parents=True, exist_ok=True)
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder)
        rules = sorted((folder / "rules" / "prometheus").glob("[!_]*.yaml"))
        with filled(prometheus, promtool, folder / "server", rules) as server:
            for file in sorted((folder / "dashboards").rglob("*.json")):
                if not os.environ.get("ALL") and file.stem not in (
                    *SHARED,
                    *(f"slogen-{one.name}-{slo}" for one in STORIES for slo in KINDS),
                ):
                    continue
                picture = pictures / f"{file.stem}.png"
                url = f"http://127.0.0.1:{server.port}"
                command = [VIEW, "shot", file, "--prometheus", url, "--to", str(END), "--png", picture, "--expand-rows"]
                failed |= subprocess.run(command, check=False).returncode != 0
                print(picture)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
