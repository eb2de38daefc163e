"""What speaks for a cause is read from what the floor left behind."""

from sqlalchemy import insert, select

from metrics.deliver import deliver
from ops import clock_time, guidelines, references, sealer, talk
from ops.models import AcceptanceItem, Assignment, Task
from ops.reference_rows import Said
from quality.acceptance import audit, deciding, drawing
from quality.models import Assistance, Evidence, LabellerPace
from tests.finished import TERMS, finished


def test_each_cause_is_found_in_what_was_left_behind(make, session, sessions):
    done = finished(
        make, session, assets=20, alone=True, settings={"gate": {**TERMS, "open_issues": None}}
    )
    calm, hasty = done.labellers
    project, at = done.project, clock_time.now()
    # Every other asset is of either; which kind of error keeps them from being alike.
    asked, drafted, plain = done.assets[0:6:2]
    careless = done.assets[1]
    author = select(Assignment).join(Task, Task.id == Assignment.task_id)
    of_draft = session.scalars(
        author.where(Task.asset_id == drafted.id, Task.stage == "label")
    ).one()
    talk.open_issue(
        session, project, calm, {"at": "asset"}, "Which?", key="question-1", asset=asked
    )
    said = [Said(drafted.external_id, {"class": "a"})]
    model = references.give_predictions(session, project, "m", said, by=None)
    kept = {"withheld": False, "show_above": 0.0, "shown_at": at, "compared_at": at, "kept": 1}
    session.execute(
        insert(Assistance).values(
            assignment_id=of_draft.id, model_id=model.id, changed=0, thrown=0, added=0, **kept
        )
    )
    session.add(
        LabellerPace(
            project_id=project.id, labeller_id=hasty.id, answers=50, median_seconds=60.0,
            mad_log=0.1, at=at
        )
    )  # fmt: skip
    theirs = session.scalars(author.where(Assignment.labeller_id == hasty.id)).all()
    early = min(one.ended_at for one in theirs)
    session.add_all(
        Evidence(
            labeller_id=hasty.id, skill_id=project.skill_id, project_id=project.id,
            assignment_id=one.id, kind="gold", correct=0.0, certainty=1.0, classes=3, at=early,
        )
        for one in theirs
    )  # fmt: skip
    session.flush()
    guidelines.publish(session, project, "Look.", done.lead)
    made = _delivered(session, sessions, done)
    found = _rejected(
        make, session, made,
        {asked: "wrong_class", drafted: "ambiguous", plain: "other", careless: "attribute"},
    )  # fmt: skip
    causes = {asset: found[asset.id].cause for asset in (asked, drafted, careless)}
    words = {
        asset: {clue["words"] for clue in found[asset.id].evidence["clues"]} for asset in causes
    }
    assert "1 question about this item." in words[asked]
    assert "A model's draft was shown and left as it was." in words[drafted]
    assert causes == {asked: "guideline", drafted: "model", careless: "labeller"}
    assert any("60.0 s are usual" in one for one in words[careless])
    assert any(f"0 of {len(theirs)} checks" in one for one in words[careless])
    assert found[plain.id].evidence["labellers"] == [calm.id]


def _delivered(session, sessions, done):
    made = deliver(session, done.batch, done.lead)
    session.commit()
    sealer.seal(sessions)
    return made


def _rejected(make, session, made, kinds):
    client = make.user("client", organisation_id=made.batch.project.organisation_id)
    drawing.draw(session, made, client, n=1, seed=1)
    for asset, kind in kinds.items():
        item = drawing.choose(session, made, client, asset.external_id)
        audit.look(session, made, client, item.position, "wrong", [kind])
    deciding.reject(session, made, client)
    return {item.asset_id: item for item in session.scalars(select(AcceptanceItem))}
