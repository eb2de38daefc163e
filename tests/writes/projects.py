"""Projects: made, set, filled with work that is handed out."""

import io
from datetime import timedelta

from sqlalchemy import select

from ops import clock_time, reserving
from ops.models import Skill


def _page(path, **data):
    return lambda w: w.post(w.base + path, data=data)


def _require(w):
    skill = w.session.scalars(select(Skill)).first()
    return w.post(f"{w.base}/requirements", data={"skill.label": skill.id, "level.label": 2})


def _held(w):
    tasks, at = [task.id for task in w.floor.tasks], clock_time.now()
    return reserving.reserve(w.session, tasks, w.labeller.id, at + timedelta(hours=1), at)


def _another(w):
    return w.make.member(w.project, w.make.user()).id


RULE = {"name": "Long days", "signal": "hours", "action": "warn"}


RULE_FORM = RULE | {"terms.hours": "9", "measure.hours": "20"}


def _rule(path, **more):
    return lambda w: w.post(f"{w.base}/rules/{w.make.rule(w.project).id}{path}", **more)


def _one_rule(w, method, **more):
    path = f"/api/v1/rules/{w.make.rule(w.project).id}"
    return lambda client: getattr(client, method)(path, **more)


def _settle(w):
    firing = w.make.firing(w.make.rule(w.project), w.labeller)
    return w.post(f"{w.base}/rules/firings/{firing.id}", data={"verdict": "override", "why": "r"})


def _settle_by_api(w):
    firing = w.make.firing(w.make.rule(w.project), w.labeller)
    path = f"/api/v1/firings/{firing.id}/settle"
    return w.post(path, json={"verdict": "override", "why": "r"})


def _settings(w):
    page = {"name": "Renamed", "purpose": ""}
    from ops.projects import settings_of
    from scheduling.projects.settings_pages import fields

    for field in fields(settings_of(w.project)):
        if field.value is not None and field.value is not False:
            page[field.name] = field.value
    return w.post(f"{w.base}/settings", data=page)


CLASSES = [{"key": k, "name": k} for k in "de"]


CASES = {
    "projects.new": lambda w: w.post(
        "/projects/new", data={"name": "N", "client_name": "C", "medium": "text"}
    ),
    "projects.start": lambda w: w.drafted() and _page("/start")(w),
    "projects.pause": _page("/pause"),
    "projects.batches": _page("/batches", name="B"),
    "projects.change_batch": lambda w: w.post(
        f"{w.base}/batches/{w.batch.id}", data={"action": "pause"}
    ),
    "projects.classes": _page(
        "/classes", key=["d", "e"], name=["D", "E"], colour=["#112233", "#445566"]
    ),
    "projects.guideline": _page("/guideline", markdown="# Look"),
    "projects.import_assets": _page("/import", batch="new", batch_name="B2", lines="one\ntwo"),
    "projects.add_member": lambda w: w.post(f"{w.base}/people", data={"user": w.make.user().id}),
    "projects.change_member": lambda w: w.post(
        f"{w.base}/people/{w.labeller.id}", data={"action": "remove"}
    ),
    "projects.requirements": _require,
    "projects.settings": _settings,
    "projects.recommended_rules": _page("/rules/recommended"),
    "projects.new_rule": _page("/rules/new", **RULE_FORM),
    "projects.rule": _rule("", data=RULE_FORM),
    "projects.change_rule": _rule("/state", data={"action": "off"}),
    "projects.firing": _settle,
    "api_projects.create_rule": lambda w: w.post(f"{w.api}/rules", json=RULE),
    "api_projects.recommended_rules": lambda w: w.post(f"{w.api}/rules/recommended"),
    "api_projects.change_rule": lambda w: _one_rule(w, "put", json=RULE),
    "api_projects.switch_rule": lambda w: w.post(
        f"/api/v1/rules/{w.make.rule(w.project).id}/state", json={"enabled": False}
    ),
    "api_projects.delete_rule": lambda w: _one_rule(w, "delete"),
    "api_projects.settle_firing": _settle_by_api,
    "projects.reserve_work": lambda w: w.post(
        f"{w.base}/hand-out", data={"labeller": w.labeller.id, "n": "2"}
    ),
    "projects.reserve_assets": lambda w: w.post(
        f"{w.base}/assets", data={"labeller": w.labeller.id, "asset": w.floor.assets[0].id,
                                  "stage": "any", "tell": "1"}
    ),
    "projects.change_held": lambda w: w.post(
        f"{w.base}/hand-out/held", data={"action": "recall", "assignment": _held(w)}
    ),
    "api_projects.create_project": lambda w: w.post(
        "/api/v1/projects", json={"name": "N", "client": "C", "medium": "text"}
    ),
    "api_projects.start_project": lambda w: w.drafted() and w.post(f"{w.api}/start"),
    "api_projects.pause_project": lambda w: w.post(f"{w.api}/pause"),
    "api_projects.add_member": lambda w: w.post(
        f"{w.api}/members", json={"user": w.make.user().id}
    ),
    "api_projects.publish_ontology": lambda w: lambda c: c.put(
        f"{w.api}/ontology", json={"classes": CLASSES}
    ),
    "api_projects.publish_guideline": lambda w: lambda c: c.put(
        f"{w.api}/guideline", json={"markdown": "x"}
    ),
    "api_projects.create_batch": lambda w: w.post(f"{w.api}/batches", json={"name": "B"}),
    "api_projects.import_assets": lambda w: w.post(
        f"/api/v1/batches/{w.batch.id}/assets",
        json={"rows": [{"external_id": "x1", "text": "y"}]},
    ),
    "api_projects.import_file": lambda w: w.post(
        f"/api/v1/batches/{w.batch.id}/files",
        data={"file": (io.BytesIO(b"external_id,text\nx2,y\n"), "t.csv")},
    ),
    "api_projects.reserve_work": lambda w: w.post(
        f"{w.api}/reservations", json={"labeller": w.labeller.id, "next": {"n": 2}, "tell": True}
    ),
    "api_projects.recall_work": lambda w: w.post(
        f"{w.api}/recalls", json={"assignments": _held(w)}
    ),
    "api_projects.reassign_work": lambda w: w.post(
        f"{w.api}/reassignments", json={"assignments": _held(w), "to": _another(w)}
    ),
    "api_projects.set_wanted": lambda w: w.post(
        f"/api/v1/batches/{w.batch.id}/wanted", json={"wanted": 2}
    ),
}  # fmt: skip
