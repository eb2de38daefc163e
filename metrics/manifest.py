"""What this storey brings to the house; see `ops/manifest.py`."""

from ops.access import LEADS, PAYERS, STAFF_AND_CLIENTS, WORKERS
from ops.jobs import Job
from ops.nav import Entry

TABLES = ("metrics.models",)
COMMANDS: dict[str, tuple[str, str]] = {
    "deliver": ("metrics.cli:deliver", "Deliver a batch, if the gate lets it go."),
    "verify-report": ("metrics.cli:verify_report", "Recompute the digests of a delivery."),
}
BLUEPRINTS: tuple[str, ...] = (
    "metrics.web.batches:blueprint",
    "metrics.web.api:blueprint",
    "metrics.web.rescoring_pages:blueprint",
    "metrics.web.assistance_pages:blueprint",
    "metrics.web.rescoring_api:blueprint",
    "metrics.web.pay:blueprint",
    "metrics.web.earnings:blueprint",
)
TASKS = {"study a model": "metrics.studies:run"}
JOBS = {
    "count what data is made of": Job("metrics.balance:update", every=300),
    "study models": Job("metrics.studies:due", every=60),
    "forecast batches": Job("metrics.forecasting.job:forecast_all", every=300),
    "look back on forecasts": Job("metrics.forecasting.job:look_back", cron="40 1 * * *"),
    "roll up events": Job("metrics.rollup:roll_up", every=10),
    "roll up the line": Job("metrics.line_rollup:roll_up", every=10),
    "look for alerts": Job("metrics.alerts:look", every=120),
    "count confusions": Job("metrics.confusions:count", every=30),
}
NAV: tuple[Entry, ...] = (
    Entry("Batches", "batches.index", LEADS, order=20),
    Entry("Pay", "pay.index", PAYERS, order=46),
    Entry("My earnings", "earnings.index", WORKERS, order=16, icon="certificate"),
)
ACCESS: dict[str, frozenset[str]] = {
    "batches.index": LEADS,
    "batches.show": LEADS,
    "batches.live": LEADS,
    "batches.draw": LEADS,
    "batches.rescore": LEADS,
    "batches.deliver": LEADS,
    "batches.export": LEADS,
    "batches.formats": LEADS,
    "batches.report": LEADS,
    "batches.report_pdf": LEADS,
    "deliveries.judge": LEADS,
    "deliveries.draw": LEADS,
    "deliveries.deliver_batch": LEADS,
    "assistance.show": LEADS,
    "rescoring.index": LEADS,
    "rescoring.start": LEADS,
    "rescoring.show": LEADS,
    "rescoring.live": LEADS,
    "rescoring.compare": LEADS,
    "rescoring.references": LEADS,
    "rescoring.give": LEADS,
    "rescoring_api.start": LEADS,
    "rescoring_api.list_runs": LEADS,
    "rescoring_api.show": LEADS,
    "rescoring_api.suspects": LEADS,
    "rescoring_api.compare": LEADS,
    "rescoring_api.references": LEADS,
    "rescoring_api.give": LEADS,
    "pay.index": PAYERS,
    "pay.set_rate": PAYERS,
    "pay.listed": PAYERS,
    "pay.settle": PAYERS,
    "pay.adjust": PAYERS,
    "pay.export": PAYERS,
    "pay.statement": PAYERS,
    "pay.statement_csv": PAYERS,
    "earnings.index": WORKERS,
    "earnings.statement": WORKERS,
    "earnings.statement_csv": WORKERS,
    "deliveries.show": STAFF_AND_CLIENTS,
    "deliveries.export": STAFF_AND_CLIENTS,
}
