"""What this storey brings to the house; see `ops/manifest.py`."""

from ops.jobs import Job

TABLES = ("quality.models",)
COMMANDS: dict[str, tuple[str, str]] = {
    "audit": ("quality.audit.cli:audit", "Judge a work history from a CSV file; no database."),
    "rescore": ("quality.rescoring.cli:rescore", "Re-score the labels of a batch with a model."),
}
BLUEPRINTS: tuple[str, ...] = ()
TASKS = {"rescore": "quality.rescoring.job:run"}
JOBS = {
    "judge answers": Job("quality.judging:judge", every=1),
    "publish standings": Job("quality.trust:publish_daily", cron="5 0 * * *", where="clock"),
}
NAV: tuple[object, ...] = ()
ACCESS: dict[str, frozenset[str]] = {}
