"""Gate, report, freeze: all or nothing, once, and checkable by anyone."""

import base64
import hashlib
import io
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from metrics import report_pages, report_unjudged, report_words
from metrics.deliver import deliver
from metrics.verify import check_delivery, check_file
from ops import canonical, clock_time, exports, sealer, storage
from ops.db import transaction
from ops.errors import Frozen, NotFound, NotReady
from ops.formats import jsonl
from ops.models import (
    Assignment,
    AuditEntry,
    Batch,
    Delivery,
    DeliveryItem,
    GateVerdict,
    Lane,
    ReferenceModel,
    Task,
    User,
)
from quality import gold
from quality.models import RescoreRun
from quality.review_sample import draw_review_sample
from tests.db.answering import answer
from tests.factories import Make
from tests.finished import TERMS, decide, finished


def test_a_batch_that_passes_is_frozen_with_its_report(make: Make, session: Session):
    done = finished(make, session)
    made = deliver(session, done.batch, done.lead)
    session.commit()
    assert done.batch.state == "delivered"
    assert made.items == 20
    items = session.scalars(select(DeliveryItem).where(DeliveryItem.delivery_id == made.id)).all()
    assert {i.asset_id for i in items} == {a.id for a in done.assets}
    verdict = session.get_one(GateVerdict, made.verdict_id)
    assert (verdict.passed, verdict.batch_id) == (True, done.batch.id)
    entry = session.get_one(AuditEntry, made.audit_entry_id)
    assert entry.action == "batch.delivered"
    assert entry.data["digest"] == made.digest
    assert entry.organisation_id == done.project.organisation_id


def test_the_digest_is_that_of_the_exported_file(
    make: Make, session: Session, tmp_path: Path, sessions: sessionmaker[Session]
):
    done = finished(make, session)
    # Names that sort differently by language than by code point, and are not ASCII.
    for asset, name in zip(done.assets, ("b", "B", "ä", "a b", "~"), strict=False):
        asset.external_id = name
    session.commit()
    made = deliver(session, done.batch, done.lead)
    session.commit()
    file = tmp_path / "labels.jsonl"
    file.write_text("".join(jsonl.lines(exports.of_delivery(session, made.id))), encoding="utf-8")
    assert hashlib.sha256(file.read_bytes()).hexdigest() == made.digest
    names = [json.loads(line)["external_id"] for line in file.read_text("utf-8").splitlines()]
    assert names == sorted(names)
    assert all(check.holds for check in check_file(session, file))
    checks = {check.what: check.holds for check in check_delivery(session, made.id)}
    assert checks == {
        "labels": True, "report": True, "report names the labels": True, "sealed": False,
    }  # fmt: skip
    session.rollback()
    sealer.seal(sessions)
    assert all(check.holds for check in check_delivery(session, made.id))
    report = tmp_path / "report.json"
    report.write_text(json.dumps(made.report, indent=2))
    assert all(check.holds for check in check_file(session, report))
    file.write_text(file.read_text("utf-8").replace("majority", "review"), "utf-8")
    file.write_bytes(file.read_bytes() + b"\n")
    assert not all(check.holds for check in check_file(session, file))


def test_a_changed_item_is_found(make: Make, session: Session, owner_url: str):
    from sqlalchemy import create_engine

    done = finished(make, session)
    made = deliver(session, done.batch, done.lead)
    session.commit()
    owner = create_engine(owner_url)
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE delivery_item DISABLE TRIGGER never_changes"))
        connection.execute(text('UPDATE delivery_item SET label = \'{"class": "c"}\''))
    owner.dispose()
    checks = {check.what: check.holds for check in check_delivery(session, made.id)}
    assert checks["labels"] is False
    assert checks["report"] is True
    with pytest.raises(NotFound):
        check_delivery(session, made.id + 1)


def test_the_gate_holds_back_and_nothing_is_left_behind(make: Make, session: Session):
    held = finished(make, session, reviewed=False)
    with pytest.raises(NotReady) as refused:
        deliver(session, held.batch, held.lead)
    session.rollback()
    terms = {reason["term"] for reason in refused.value.detail["reasons"]}
    assert terms == {"review_sample", "accuracy"}
    assert session.scalar(select(func.count()).select_from(Delivery)) == 0
    assert session.scalar(select(func.count()).select_from(GateVerdict)) == 0
    assert session.get_one(Batch, held.batch.id).state == "complete"


def test_delivered_once_is_delivered_for_good(make: Make, session: Session):
    done = finished(make, session)
    made = deliver(session, done.batch, done.lead)
    session.commit()
    with pytest.raises(Frozen):
        deliver(session, done.batch, done.lead)
    for change in (
        f"UPDATE delivery SET items = 0 WHERE id = {made.id}",
        "UPDATE delivery_item SET answers = 9",
        "DELETE FROM delivery_item",
    ):
        with pytest.raises(Exception, match="never changed"):
            session.execute(text(change))
        session.rollback()


def test_no_delivery_without_a_passing_verdict_of_the_same_batch(make: Make, session: Session):
    done, other = finished(make, session), finished(make, session)
    made = deliver(session, done.batch, done.lead)
    session.commit()
    values = {c: getattr(made, c) for c in Delivery.__table__.columns.keys() if c != "id"}  # noqa: SIM118
    session.add(Delivery(**values | {"batch_id": other.batch.id}))
    with pytest.raises(Exception, match="passing_verdict"):
        session.flush()
    session.rollback()


def test_two_deliveries_at_once_are_one(
    make: Make, session: Session, sessions: sessionmaker[Session]
):
    done = finished(make, session)
    start = threading.Barrier(4)
    outcomes: list[str] = []

    def run() -> None:
        start.wait()
        try:
            with transaction(sessions) as own:
                deliver(own, own.get_one(Batch, done.batch.id), own.get_one(User, done.lead.id))
            outcomes.append("delivered")
        except Frozen:
            outcomes.append("refused")

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["delivered", "refused", "refused", "refused"]
    assert session.scalar(select(func.count()).select_from(Delivery)) == 1


def test_the_report_says_what_was_counted_and_names_nobody(make: Make, session: Session):
    done = finished(make, session)
    made = deliver(session, done.batch, done.lead)
    report = made.report
    assert report["labelling"]["answers"] == 40
    assert report["labelling"]["labellers"] == 2
    assert report["labelling"]["answers_per_item"] == [{"answers": 2, "items": 20}]
    assert report["labelling"]["reviews"] == 20
    assert {c["key"]: c["n"] for c in report["classes"]} == {"a": 20, "b": 0, "c": 0}
    by_class = {c["key"]: c for c in report["class_accuracy"]}
    assert by_class["a"]["value"] == 1.0
    assert by_class["b"]["value"] is None
    assert report["agreement"]["pairs_agreeing"] == pytest.approx(0.8)
    assert report["agreement"]["alpha"] < 0.8
    assert report["gold"]["value"] is None
    assert canonical.digest(report) == made.report_digest
    whole = json.dumps(report) + json.dumps(report_pages.content(report))
    for person in (*done.labellers, done.lead):
        assert person.name not in whole
        assert str(person.pseudonym) not in whole
    assert "cost" not in whole


HOSTILE = '<script>alert(1)</script> #panic("x") $ [*] \\ "quoted" & @ref 漢字'


def test_markup_in_data_stays_inert(make: Make, session: Session):
    done = finished(make, session, purpose=HOSTILE, name=HOSTILE, classes=["a", "b", HOSTILE])
    made = deliver(session, done.batch, done.lead)
    content = report_pages.content(made.report)
    assert "<script" not in "".join(content["balance_charts"])
    assert HOSTILE in content["asked"]
    made_pdf = report_pages.pdf(made.report)
    assert made_pdf.startswith(b"%PDF-")


def test_a_report_without_any_figure_can_be_read(make: Make, session: Session):
    done = finished(make, session, assets=1)
    report = deliver(session, done.batch, done.lead).report
    empty = {"value": None, "n": 0, "low": None, "high": None, "delivered_low": None}
    report |= {"accuracy": empty, "gold": empty, "rescore": None}
    report["labelling"] |= {"median_seconds": None, "answers_per_item": []}
    report["agreement"] = {"alpha": None, "low": None, "high": None, "items": 0,
                           "pairs_agreeing": None}  # fmt: skip
    content = report_pages.content(report)
    assert "undefined" in content["accuracy"][0]
    assert "not measured" in content["summary"]
    assert report_pages.pdf(report).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("kind", "sources", "said"),
    [
        (None, None, "learnt from the other labels"),
        (None, {"reference": {}}, "learnt from the other labels"),
        ("embeddings", {"reference": {}}, "learnt from the other labels"),
        ("predictions", {"reference": {}, "gold": {}}, "reference model that was given"),
        (None, {"labellers": {}}, "Without a model"),
    ],
)
def test_the_report_says_who_doubted_the_labels(
    make: Make,
    session: Session,
    kind: str | None,
    sources: dict[str, Any] | None,
    said: str,
):
    done, at = finished(make, session, assets=1), clock_time.now()
    model = None
    if kind:
        model = ReferenceModel(
            project_id=done.project.id, name="m", version=1, kind=kind, digest="0" * 64,
            created_at=at,
        )  # fmt: skip
        session.add(model)
        session.flush()
    summary = {"weak": False} | ({} if sources is None else {"sources": sources})
    session.add(
        RescoreRun(
            batch_id=done.batch.id,
            version=1,
            name="one",
            requested_at=at,
            finished_at=at,
            state="done",
            summary=summary,
            reference_model_id=model and model.id,
        )
    )
    session.flush()
    report = deliver(session, done.batch, done.lead).report
    assert said in report_words.rescore(report)
    seen = "No model looked for labels that seem wrong." in report_unjudged.not_judged(report)
    assert seen is (said == "Without a model")


def test_a_delivery_with_a_report_of_the_first_format_still_verifies(make: Make, session: Session):
    done = finished(make, session)
    made = deliver(session, done.batch, done.lead)
    stored = Path(__file__).resolve().parents[1] / "stored" / "report-format-1.json"
    old = json.loads(stored.read_text("utf-8"))
    values = {c: getattr(made, c) for c in Delivery.__table__.columns.keys() if c != "id"}  # noqa: SIM118
    before = Delivery(**values | old | {"version": made.version + 1, "items": 0})
    session.add(before)
    session.flush()
    checks = {check.what: check.holds for check in check_delivery(session, before.id)}
    assert checks["report"] is True
    assert made.report["format"] == 2


def test_no_delivery_tells_which_labels_were_known(make: Make, session: Session):
    done = finished(make, session)
    done.batch.state = "open"
    gold.make(session, done.project, done.assets[0], [{"class": "a"}], done.lead)
    decide(session, done.batch, done.assets[1].id, "adjudication")
    done.batch.state = "complete"
    made = deliver(session, done.batch, done.lead)
    lines = {row["external_id"]: row for row in exports.of_delivery(session, made.id)}
    known, decided = (dict(lines[a.external_id]) for a in done.assets[:2])
    assert known.pop("external_id") != decided.pop("external_id")
    assert known == decided
    assert "gold" not in made.report["labelling"]["methods"]


def test_an_example_is_frozen_with_its_picture_without_remark_and_never_gold(
    make: Make, session: Session, settings: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TOUCHSTONE_HOME", str(settings.home))
    out = io.BytesIO()
    Image.new("RGB", (800, 400), (90, 120, 90)).save(out, "PNG")
    uri = storage.keep_upload(out.getvalue(), settings)
    done = finished(make, session, reviewed=False, medium="image")
    for asset in done.assets:
        asset.uri, asset.text = uri, None
    done.batch.state = "open"
    known, *wrong = done.assets[:6]
    gold.make(session, done.project, known, [{"class": "b"}], done.lead)
    done.batch.state = "complete"
    draw_review_sample(session, done.batch, 20, done.lead, seed=1)
    reviewer = make.member(done.project, make.user(role="reviewer"))
    bad = {asset.id for asset in wrong}
    review = select(Task).join(Lane).where(Lane.batch_id == done.batch.id, Task.stage == "review")
    for task in session.scalars(review).all():
        key = "b" if task.asset_id in bad else "a"
        said = {"verdict": "fix", "errors": [{"type": "wrong_class", "remark": "Ask Kim."}],
                "remark": "Kim again."} if key == "b" else {"verdict": "accept"}  # fmt: skip
        answer(session, task, reviewer, key, **said)
        decide(session, done.batch, task.asset_id, "review", key)
    session.execute(update(Assignment).values(judged_at=clock_time.now()))
    done.project.settings = {"gate": {**TERMS, "accuracy": 0.5}}
    session.flush()
    found = deliver(session, done.batch, done.lead).report["wrong"]
    assert (found["labels"], len(found["examples"])) == (5, 2)
    assert found["errors"] == [
        {"type": "wrong_class", "n": 5, "critical": 0, "major": 5, "minor": 0}
    ]
    names = {asset.external_id for asset in wrong}
    for one in found["examples"]:
        assert one["external_id"] in names
        assert (one["before_words"], one["after_words"]) == ("A", "B")
        assert one["size"] == [800, 400]
        with Image.open(io.BytesIO(base64.b64decode(one["picture"]))) as small:
            assert (small.format, small.size) == ("JPEG", (400, 200))
    assert "Kim" not in json.dumps(found)
