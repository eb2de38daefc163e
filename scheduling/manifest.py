"""What this storey brings to the house; see `ops/manifest.py`."""

TABLES = ("scheduling.models",)
COMMANDS: dict[str, tuple[str, str]] = {
    "clock": ("scheduling.processes:clock", "Lead the periodic jobs (one leads, others stand by)."),
    "worker": ("scheduling.processes:worker", "Run deferred jobs from the queues."),
    "job": ("scheduling.processes:job", ""),
}
BLUEPRINTS: tuple[str, ...] = ()
JOBS: dict[str, object] = {}
NAV: tuple[object, ...] = ()
ACCESS: dict[str, frozenset[str]] = {}
