"""What this storey brings to the house; see `ops/manifest.py`."""

from ops.access import WORKERS
from ops.jobs import Job
from ops.nav import Entry

TABLES = ("scheduling.models",)
COMMANDS: dict[str, tuple[str, str]] = {
    "import": (
        "scheduling.projects.command:import_",
        "Import assets from a folder, CSV or JSONL; known answers become gold.",
    ),
    "clock": ("scheduling.processes:clock", "Lead the periodic jobs (one leads, others stand by)."),
    "worker": ("scheduling.processes:worker", "Run deferred jobs from the queues."),
    "job": ("scheduling.processes:job", ""),
    "bench": ("scheduling.cli:bench", "Measure this installation against a bare floor."),
}
BLUEPRINTS: tuple[str, ...] = (
    "scheduling.desk.api:blueprint",
    "scheduling.desk.page:blueprint",
)
JOBS: dict[str, object] = {
    "expire leases": Job("scheduling.leases:expire", every=5, where="clock"),
}
NAV: tuple[object, ...] = (Entry("Desk", "desk.page", WORKERS, order=10),)
ACCESS: dict[str, frozenset[str]] = {
    "desk.page": WORKERS,
    "desk_api.next_work": WORKERS,
    "desk_api.brief": WORKERS,
    "desk_api.medium": WORKERS,
    "desk_api.shown": WORKERS,
    "desk_api.heartbeat": WORKERS,
    "desk_api.submit_label": WORKERS,
    "desk_api.skip": WORKERS,
    "desk_api.release": WORKERS,
    "desk_api.me": WORKERS,
}
