"""Draws dashboards with made-up data: `make dashboards-preview`, pictures in build/dashboards.

The wall, the report, the servers, a service page and the page of an SLO of each kind for each story; `ALL=1` draws all.
`ONLY=wall` draws what has this in its uid. The wall is drawn once more with 200 SLOs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.dashboards.filled import END, KINDS, STORIES, Filling, filled
from tests.dashboards.many import wall
from tests.dashboards.test_gates import VIEW
from tests.dashboards.test_live import make
from tests.e2e.server import running

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
                if os.environ.get("ONLY", "") in file.stem:
                    failed |= _draw(file, f"http://127.0.0.1:{server.port}", pictures / f"{file.stem}.png")
        file, filling = wall(folder, Filling(prometheus, promtool, folder / "many"))
        with running(filling.server):
            failed |= _draw(file, filling.url, pictures / f"{file.stem}-200.png")
    return int(failed)


def _draw(file: Path, url: str, picture: Path) -> bool:
    """Draw a page; return whether it has an error."""
    command = [VIEW, "shot", file, "--prometheus", url, "--to", str(END), "--png", picture, "--expand-rows"]
    print(picture)
    return subprocess.run(command, check=False).returncode != 0


if __name__ == "__main__":
    sys.exit(main())
