"""What this storey brings to the house; see `ops/manifest.py`."""

TABLES = ("quality.models",)
COMMANDS: dict[str, tuple[str, str]] = {
    "audit": ("quality.audit.cli:audit", "Judge a work history from a CSV file; no database."),
}
BLUEPRINTS: tuple[str, ...] = ()
JOBS: dict[str, object] = {}
NAV: tuple[object, ...] = ()
ACCESS: dict[str, frozenset[str]] = {}
