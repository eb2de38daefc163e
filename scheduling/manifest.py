"""What this storey brings to the house; see `ops/manifest.py`."""

from ops.access import LEADS, WORKERS
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
    "scheduling.projects.pages:blueprint",
    "scheduling.projects.apis:blueprint",
)
JOBS: dict[str, object] = {
    "expire leases": Job("scheduling.leases:expire", every=5, where="clock"),
    "hard assets to experts": Job("scheduling.hard:route", every=30),
    "hard assets given back": Job("scheduling.hard:escalate", every=30),
}
NAV: tuple[object, ...] = (
    Entry("Desk", "desk.page", WORKERS, order=10),
    Entry("Projects", "projects.index", LEADS, order=10),
)
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
    "projects.index": LEADS,
    "projects.new": LEADS,
    "projects.show": LEADS,
    "projects.start": LEADS,
    "projects.pause": LEADS,
    "projects.batches": LEADS,
    "projects.change_batch": LEADS,
    "projects.assets": LEADS,
    "projects.reserve_assets": LEADS,
    "projects.hand_out": LEADS,
    "projects.reserve_work": LEADS,
    "projects.change_held": LEADS,
    "projects.why": LEADS,
    "projects.import_form": LEADS,
    "projects.import_assets": LEADS,
    "projects.classes": LEADS,
    "projects.class_row": LEADS,
    "projects.guideline": LEADS,
    "projects.guideline_preview": LEADS,
    "projects.people": LEADS,
    "projects.add_member": LEADS,
    "projects.change_member": LEADS,
    "projects.requirements": LEADS,
    "projects.gold": LEADS,
    "projects.mark_gold": LEADS,
    "projects.make_gold": LEADS,
    "projects.change_gold": LEADS,
    "projects.settings": LEADS,
    "api_projects.list_projects": LEADS,
    "api_projects.create_project": LEADS,
    "api_projects.show_project": LEADS,
    "api_projects.start_project": LEADS,
    "api_projects.pause_project": LEADS,
    "api_projects.add_member": LEADS,
    "api_projects.show_ontology": LEADS,
    "api_projects.publish_ontology": LEADS,
    "api_projects.show_guideline": LEADS,
    "api_projects.publish_guideline": LEADS,
    "api_projects.upload": LEADS,
    "api_projects.list_batches": LEADS,
    "api_projects.create_batch": LEADS,
    "api_projects.show_batch": LEADS,
    "api_projects.import_assets": LEADS,
    "api_projects.set_wanted": LEADS,
    "api_projects.list_held": LEADS,
    "api_projects.reserve_work": LEADS,
    "api_projects.recall_work": LEADS,
    "api_projects.reassign_work": LEADS,
    "api_projects.explain_work": LEADS,
    "api_projects.export_labels": LEADS,
}
