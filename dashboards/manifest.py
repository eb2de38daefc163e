"""What this storey brings to the house; see `ops/manifest.py`."""

from ops.access import CLIENTS, LEADS, WORKERS
from ops.nav import Entry

TABLES: tuple[str, ...] = ()
COMMANDS: dict[str, tuple[str, str]] = {}
BLUEPRINTS: tuple[str, ...] = (
    "dashboards.portal:blueprint",
    "dashboards.me:blueprint",
)
JOBS: dict[str, object] = {}
MOUNTS: tuple[str, ...] = ("dashboards.app:mount",)
NAV: tuple[Entry, ...] = (
    Entry("Projects", "portal.index", CLIENTS, order=10),
    Entry("My page", "me.index", WORKERS, order=15, icon="chart"),
    Entry("Dashboards", "/dashboards/", LEADS, order=30),
)
ACCESS: dict[str, frozenset[str]] = {
    "dashboards.show": LEADS,
    "me.index": WORKERS,
    "portal.index": CLIENTS,
    "portal.report": CLIENTS,
    "portal.report_pdf": CLIENTS,
    "portal.labels": CLIENTS,
}
