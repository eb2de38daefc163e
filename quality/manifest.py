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
    "quality.web.assessing:blueprint",
    "quality.web.attempt_pages:blueprint",
    "quality.web.training:blueprint",
    "quality.web.training_steps:blueprint",
    "quality.web.certificate_pages:blueprint",
)
TASKS = {"rescore": "quality.rescoring.job:run"}
JOBS = {
    "judge answers": Job("quality.judging:judge", every=1),
    "finish overdue attempts": Job("quality.onboarding.attempts:finish_overdue", every=60),
    "doubt attempts": Job("quality.onboarding.doubts:look", every=300),
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
NAV = (
    Entry("Onboarding", "onboarding.index", MANAGERS | WORKERS, order=35),
    Entry("Training", "training.index", WORKERS, order=36),
)
ACCESS = {
    "certificates.index": MANAGERS,
    "certificates.file": MANAGERS,
    "certificates.change": MANAGERS,
    "certificates.change_skill": MANAGERS,
    "onboarding.index": MANAGERS | WORKERS,
    "assessing.new": MANAGERS,
    "assessing.add": MANAGERS,
    "assessing.assessment": MANAGERS,
    "assessing.set_open": MANAGERS,
    "assessing.item_list": MANAGERS,
    "assessing.item": MANAGERS,
    "assessing.take_out": MANAGERS,
    "attempts.attempt": MANAGERS,
    "attempts.void": MANAGERS,
    "attempts.again": MANAGERS,
    "attempts.settle": MANAGERS,
    "onboarding.begin": WORKERS,
    "onboarding.take": WORKERS,
    "onboarding.medium": WORKERS,
    "onboarding.answer": WORKERS,
    "onboarding.result": WORKERS,
    "training.index": WORKERS,
    "training.course": WORKERS,
    "training.step": WORKERS,
    "training.answer": WORKERS,
    "training.medium": WORKERS,
    "training.end": WORKERS,
    "courses.index": MANAGERS,
    "courses.new": MANAGERS,
    "courses.add": MANAGERS,
    "courses.course": MANAGERS,
    "courses.change": MANAGERS,
    "courses.set_state": MANAGERS,
    "courses.set_required": MANAGERS,
    "courses.people_csv": MANAGERS,
    "courses.new_step": MANAGERS,
    "courses.add_step": MANAGERS,
    "courses.edit_step": MANAGERS,
    "courses.change_step": MANAGERS,
    "courses.move_step": MANAGERS,
    "courses.retire_step": MANAGERS,
    "courses.preview": MANAGERS,
    "courses.try_step": MANAGERS,
    "courses.medium": MANAGERS,
}
