"""What this storey brings to the house; see `ops/manifest.py`."""

from ops.access import MANAGERS, WORKERS
from ops.jobs import Job
from ops.nav import Entry

TABLES = ("quality.models",)
FUNCTIONS = ("quality.gold_choice:PICK",)
COMMANDS: dict[str, tuple[str, str]] = {
    "audit": ("quality.audit.cli:audit", "Judge a work history from a CSV file; no database."),
    "consensus": (
        "quality.evaluation.consensus:consensus",
        "One label per asset from a CSV of answers, by the model that you choose.",
    ),
    "evaluate": ("quality.evaluation.cli:evaluate", "Average precision of results in COCO files."),
    "label-errors": (
        "quality.evaluation.label_errors:label_errors",
        "Labels that look wrong to a model that never saw them.",
    ),
    "rescore": ("quality.rescoring.cli:rescore", "Re-score the labels of a batch with a model."),
}
BLUEPRINTS = (
    "quality.web.onboarding:blueprint",
    "quality.web.certificate_pages:blueprint",
)
TASKS = {"rescore": "quality.rescoring.job:run"}
JOBS = {
    "judge answers": Job("quality.judging:judge", every=1),
    "finish overdue attempts": Job("quality.onboarding.attempts:finish_overdue", every=60),
    "pace and difficulty": Job("quality.timing_job:update_all", every=30),
    "fit times anew": Job("quality.timing_job:refit_all", cron="35 1 * * *"),
    "judge again": Job("quality.judging.refresh:refresh", every=600),
    "warn of low gold": Job("quality.gold_supply:warn", every=600),
    "learn from gold": Job("quality.gold_telling:learn", every=60),
    "move newcomers on": Job("quality.calibration:sweep", every=60),
    "tell of calibration": Job("quality.calibration_told:tell", cron="10 0 * * *"),
    "shorten certificates": Job("quality.requalifying:look", cron="25 0 * * *"),
    "publish standings": Job("quality.trust:publish_daily", cron="5 0 * * *", where="clock"),
}
NAV = (Entry("Onboarding", "onboarding.index", MANAGERS | WORKERS, order=35),)
ACCESS = {
    "certificates.index": MANAGERS,
    "certificates.file": MANAGERS,
    "certificates.change": MANAGERS,
    "certificates.change_skill": MANAGERS,
    "onboarding.index": MANAGERS | WORKERS,
    "onboarding.new": MANAGERS,
    "onboarding.add": MANAGERS,
    "onboarding.assessment": MANAGERS,
    "onboarding.set_open": MANAGERS,
    "onboarding.begin": WORKERS,
    "onboarding.take": WORKERS,
    "onboarding.medium": WORKERS,
    "onboarding.answer": WORKERS,
    "onboarding.result": WORKERS,
}
