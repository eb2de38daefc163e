"""What this storey brings to the house; see `ops/manifest.py`."""

TABLES = ("quality.models",)
COMMANDS: dict[str, tuple[str, str]] = {}
BLUEPRINTS: tuple[str, ...] = ()
JOBS: dict[str, object] = {}
NAV: tuple[object, ...] = ()
ACCESS: dict[str, frozenset[str]] = {}
