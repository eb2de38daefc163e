"""Makes the pictures of the dashboards in docs/pictures, on ninety days of made-up work.

    .venv/bin/python -m docs.make_dashboard_pictures

It needs what `docs.make_pictures` needs.
"""

import subprocess
import sys
from typing import Any

from docs.make_pictures import take
from metrics import alerts
from ops.models import User

# Name of the picture → the address.
PAGES = {
    "overview": "?days=30",
    "line": "line?days=30",
    "throughput": "throughput?days=30&by=team",
    "efficiency": "efficiency?days=30",
    "forecast": "forecast",
    "quality": "quality?days=30",
    "labellers": "labellers?days=30&project={project}",
    "gold": "gold?days=90&project={project}",
    "assets": "assets?project={project}",
    "alerts": "alerts?days=30&project={project}",
}


def test_pages(ninety_days: Any, session: Any, sessions: Any, browse: Any) -> None:
    alerts.look(sessions)
    lead = session.get(User, ninety_days.lead)
    session.commit()  # nothing is held open while pages are drawn
    page = browse(lead, color_scheme="light", viewport={"width": 1366, "height": 900})
    page.set_default_timeout(60_000)
    for name, address in PAGES.items():
        page.goto(f"/dashboards/{address.format(project=ninety_days.projects['Street scenes'])}")
        page.wait_for_selector(".dash-body")
        page.wait_for_load_state("networkidle")
        take(page, f"dash-{name}")


if __name__ == "__main__":
    plugins = ["-p", "tests.conftest", "-p", "tests.browser.conftest"]
    sys.exit(subprocess.call([sys.executable, "-m", "pytest", *plugins, __file__]))
