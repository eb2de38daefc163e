"""What this storey brings to the house, as plain data: nothing is imported until it is needed.

Every storey has a `manifest.py` with some of these names; `wsgi` merges them.

COMMANDS    name → ("module:click object", one line of help)
BLUEPRINTS  "module:blueprint"
TABLES      modules that define tables
FUNCTIONS   "module:function" of a function in the database (see ops.functions)
JOBS        name → Job, done again and again
TASKS       name → "module:function" of a durable task, run in a child process of the worker
MOUNTS      "module:function" that mounts something on the finished application
NAV         entries of the top navigation
ACCESS      endpoint → roles that may call it (see ops.access)
"""

from ops.access import ADMIN, ANYONE, CLIENTS, EVERYONE, MANAGERS, STAFF_AND_CLIENTS
from ops.jobs import Job
from ops.nav import Entry

TABLES = ("ops.models",)

COMMANDS = {
    "db": ("ops.cli.db:db", "Upgrade, check, back up and restore the database."),
    "demo": (
        "ops.demo.command:demo",
        "Fill in a demonstration with simulated labellers; serve it.",
    ),
    "serve": ("ops.cli.serve:serve", "Serve web, clock and worker, with the database they need."),
    "users": ("ops.cli.people:users", "List, add and change users; make a setup link."),
    "tokens": ("ops.cli.people:tokens", "Make and revoke API tokens."),
    "events": ("ops.cli.events:events", "Seal work events in files; see and set what is kept."),
    "export": ("ops.cli.export:export", "Export a batch or a delivery in any format."),
}

BLUEPRINTS = (
    "ops.web.health:blueprint",
    "ops.web.signin:blueprint",
    "ops.web.setup:blueprint",
    "ops.web.setup:home_blueprint",
    "ops.web.account:blueprint",
    "ops.web.apply:blueprint",
    "ops.web.people:blueprint",
    "ops.web.api:blueprint",
    "ops.web.media:blueprint",
    "ops.web.webhooks:blueprint",
    "ops.web.webhooks_api:blueprint",
)

JOBS = {
    "seal audit log": Job("ops.sealer:seal", every=1, where="clock"),
    "months of events": Job("ops.event_partitions:keep_ready", cron="7 * * * *"),
    "seal events": Job("ops.event_sealing:seal", cron="20 2 * * *"),
    "watch certificates run out": Job("ops.certificates_ending:watch", every=3600),
    "drop old months of events": Job("ops.event_retention:apply", cron="50 3 * * *"),
    "applicants follow facts": Job("ops.applicants.facts:follow", every=60, where="clock"),
    "move people on their day": Job("ops.moves:apply_due", every=60, where="clock"),
    "send webhooks": Job("ops.webhooks.sending:send_due", every=3),
    "forget webhook messages": Job("ops.webhooks.sending:forget", cron="35 3 * * *"),
    "forget login failures": Job("ops.people:forget_failures", cron="17 * * * *", where="clock"),
}

TASKS = {
    "mail notice": "ops.mail:send_notice",
    "mail applicant": "ops.applicants.posting:send",
}

NAV: tuple[Entry, ...] = (
    Entry("People", "people.index", MANAGERS, order=40),
    Entry("Webhooks", "webhooks.index", STAFF_AND_CLIENTS, order=60, icon="link"),
)

ACCESS = {
    "static": ANYONE,
    "health.live": ANYONE,
    "health.ready": ANYONE,
    "openapi.spec": ANYONE,
    "home.index": ANYONE,
    "setup.form": ANYONE,
    "setup.submit": ANYONE,
    "signin.form": ANYONE,
    "signin.submit": ANYONE,
    "signin.out": ANYONE,
    "signin.forgot": ANYONE,
    "signin.forgot_send": ANYONE,
    "signin.link": ANYONE,
    "apply.form": ANYONE,
    "apply.send": ANYONE,
    "apply.own": ANYONE,
    "apply.data": ANYONE,
    "apply.ask_erasure": ANYONE,
    "account.index": EVERYONE,
    "account.password": EVERYONE,
    "account.make_token": EVERYONE,
    "account.revoke_token": EVERYONE,
    "account.notices_page": EVERYONE,
    "account.read_notices": EVERYONE,
    "webhooks.index": STAFF_AND_CLIENTS,
    "webhooks.add": STAFF_AND_CLIENTS,
    "webhooks.show": STAFF_AND_CLIENTS,
    "webhooks.change": STAFF_AND_CLIENTS,
    "webhooks.act": STAFF_AND_CLIENTS,
    "webhooks.redeliver": STAFF_AND_CLIENTS,
    "webhooks_api.list_webhooks": STAFF_AND_CLIENTS,
    "webhooks_api.create_webhook": STAFF_AND_CLIENTS,
    "webhooks_api.show_webhook": STAFF_AND_CLIENTS,
    "webhooks_api.change_webhook": STAFF_AND_CLIENTS,
    "webhooks_api.delete_webhook": STAFF_AND_CLIENTS,
    "webhooks_api.rotate_secret": STAFF_AND_CLIENTS,
    "webhooks_api.test_webhook": STAFF_AND_CLIENTS,
    "webhooks_api.resume_webhook": STAFF_AND_CLIENTS,
    "webhooks_api.list_messages": STAFF_AND_CLIENTS,
    "webhooks_api.redeliver_message": STAFF_AND_CLIENTS,
    "api.docs": ANYONE,
    "api.list_people": MANAGERS,
    "api.invite_person": MANAGERS,
    "api.show_person": MANAGERS,
    "api.grant_certificate": MANAGERS,
    "api.revoke_certificate": MANAGERS,
    "people.index": MANAGERS,
    "people.new": MANAGERS,
    "people.add": MANAGERS,
    "people.import_form": MANAGERS,
    "people.import_csv": MANAGERS,
    "people.person": MANAGERS,
    "people.grant": MANAGERS,
    "people.revoke": MANAGERS,
    "people.make_link": MANAGERS,
    "people.deactivate": MANAGERS,
    "people.reopen": MANAGERS,
    "people.change": MANAGERS,
    "people.erase": ADMIN,
    "people.move": MANAGERS,
    "people.stay": MANAGERS,
    "people.add_skill": MANAGERS,
    "media.show": MANAGERS | CLIENTS,
}
