"""What this storey brings to the house; see `ops/manifest.py`."""

from ops.jobs import Job

TABLES = ("metrics.models",)
COMMANDS: dict[str, tuple[str, str]] = {}
BLUEPRINTS: tuple[str, ...] = ()
JOBS = {
    "roll up events": Job("metrics.rollup:roll_up", every=10),
}
NAV: tuple[object, ...] = ()
ACCESS: dict[str, frozenset[str]] = {}
