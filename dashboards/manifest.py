"""What this storey brings to the house; see `ops/manifest.py`."""

from ops.access import CLIENTS, LEADS, STAFF_AND_CLIENTS, WORKERS
from ops.nav import Entry

TABLES: tuple[str, ...] = ()
COMMANDS: dict[str, tuple[str, str]] = {}
BLUEPRINTS: tuple[str, ...] = (
    "dashboards.portal.pages:blueprint",
    "dashboards.portal.api:blueprint",
    "dashboards.portal.audits:blueprint",
    "dashboards.portal.audit_api:blueprint",
    "dashboards.me:blueprint",
)
JOBS: dict[str, object] = {}
MOUNTS: tuple[str, ...] = ("dashboards.app:mount",)
NAV: tuple[Entry, ...] = (
    Entry("Projects", "portal.index", CLIENTS, order=10),
    Entry("My page", "me.index", WORKERS, order=15, icon="chart"),
    Entry("Dashboards", "/dashboards/", LEADS, order=30),
)
ACCESS: dict[str, frozenset[str]] = {
    "dashboards.show": LEADS,
    "me.index": WORKERS,
    "portal.index": CLIENTS,
    "portal.project": CLIENTS,
    "portal.batch": CLIENTS,
    "portal.samples": CLIENTS,
    "portal.item": CLIENTS,
    "portal.questions": CLIENTS,
    "portal.question": CLIENTS,
    "portal.answer_question": CLIENTS,
    "portal.guideline": CLIENTS,
    "portal.say_of_guideline": CLIENTS,
    "portal.proposals": CLIENTS,
    "portal.propose": CLIENTS,
    "portal.new_proposal": CLIENTS,
    "api_portal.list_own": CLIENTS,
    "api_portal.list_batches": CLIENTS,
    "api_portal.show_batch": CLIENTS,
    "api_portal.sample_labels": CLIENTS,
    "api_portal.list_questions": CLIENTS,
    "api_portal.answer": CLIENTS,
    "api_portal.show_guideline": CLIENTS,
    "api_portal.say_of_guideline": CLIENTS,
    "api_portal.list_proposed": CLIENTS,
    "api_portal.propose": CLIENTS,
    "audits.show": CLIENTS,
    "audits.draw": CLIENTS,
    "audits.go_on": CLIENTS,
    "audits.choose": CLIENTS,
    "audits.item": CLIENTS,
    "audits.look": CLIENTS,
    "audits.decide": CLIENTS,
    "audits.changes": CLIENTS,
    "audits.change": CLIENTS,
    "api_audits.show_audit": CLIENTS,
    "api_audits.draw_audit": CLIENTS,
    "api_audits.choose_item": CLIENTS,
    "api_audits.look_at_item": CLIENTS,
    "api_audits.decide_delivery": CLIENTS,
    "api_audits.list_differences": STAFF_AND_CLIENTS,
    "portal.report": CLIENTS,
    "portal.report_pdf": CLIENTS,
    "portal.labels": CLIENTS,
}
