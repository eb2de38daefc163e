"""A client audits a delivery, accepts or rejects it; what is rejected returns, the rest stays."""

import hashlib
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from dashboards.portal import view
from metrics import verify
from metrics.deliver import deliver
from metrics.reads import client as client_reads
from metrics.report_accuracy import accuracy
from ops import clock_time, consensus, delivery, exports, lanes, reopened, reopening, sealer
from ops.errors import Conflict, Frozen, InvalidInput, NotReady
from ops.formats import jsonl
from ops.models import Acceptance, Assignment, Consensus, ProjectMember, ReopenedAsset, Task
from quality import gate, gold
from quality.acceptance import audit, deciding, drawing, tracing
from quality.judging import refresh
from quality.models import ReviewSample
from quality.review_sample import draw_review_sample
from tests.db.answering import answer
from tests.db.staging import Hands
from tests.finished import TERMS, decide, finished

ALL = {"review": {"newcomer": 1.0, "known": 1.0, "trusted": 1.0}}


@pytest.fixture
def done(make, session):
    found = finished(make, session, assets=14, alone=True, settings={"gate": TERMS, **ALL})
    found.reviewer = make.member(found.project, make.user("reviewer"))
    found.expert = make.member(found.project, make.user("expert"))
    found.client = make.user("client", organisation_id=found.project.organisation_id)
    session.commit()
    return found


@pytest.fixture
def made(done, session, sessions):
    found = deliver(session, done.batch, done.lead)
    session.commit()
    sealer.seal(sessions)
    return found


@pytest.fixture
def hands(session, sessions):
    return Hands(session, sessions)


def audited(session, made, client, wrong=3, n=10):
    """A sample of n, of which the first `wrong` are wrong; returns the assets of those."""
    drawing.draw(session, made, client, n=n, seed=5)
    for place in range(1, n + 1):
        said = ("wrong", ["wrong_class"], "It is b.") if place <= wrong else ("right", [], "")
        audit.look(session, made, client, place, *said)
    items = audit.items(session, audit.of_delivery(session, made))
    return [item.asset_id for item in items if item.verdict == "wrong"]


def rejected(session, made, client, **how):
    assets = audited(session, made, client, **how)
    deciding.reject(session, made, client, "Please look again.")
    session.commit()
    return assets


def lines(session, made):
    """The exported file, by external id."""
    written = jsonl.lines(exports.of_delivery(session, made.id))
    whole = "".join(written)
    assert hashlib.sha256(whole.encode()).hexdigest() == made.digest
    return dict(zip(_names(session, made), whole.splitlines(), strict=True))


def _names(session, made):
    return [one["external_id"] for one in exports.of_delivery(session, made.id)]


def mend(hands, done, assets, session):
    """The authors answer b, the reviewer accepts it."""
    for _ in assets:
        who = next(p for p in done.labellers if hands.take(p) is not None)
        shown = hands.give(who, "rework", key="b")
        assert shown["remarks"][0]["remark"] == "It is b."
        assert shown["remarks"][0]["by"] == "reviewer"
    for _ in assets:
        hands.give(done.reviewer, "review", key="b", verdict="accept")


def test_a_sample_is_drawn_again_by_its_seed_and_grows_in_the_same_order(done, made, session):
    names = _names(session, made)
    order = np.random.default_rng(42).permutation(len(names))
    found = drawing.draw(session, made, done.client, n=5, seed=42)
    ids = dict(session.execute(text("SELECT external_id, id FROM asset")).all())
    assert [i.asset_id for i in audit.items(session, found)] == [ids[names[i]] for i in order[:5]]
    drawing.choose(session, made, done.client, names[order[7]])
    drawing.choose(session, made, done.client, names[order[12]])
    drawing.draw(session, made, done.client, n=8, seed=1)
    grown = audit.items(session, found)
    assert [i.asset_id for i in grown if not i.chosen] == [ids[names[i]] for i in order[:8]]
    assert [i.asset_id for i in grown if i.chosen] == [ids[names[order[12]]]]


def test_what_was_chosen_is_no_part_of_the_rate(done, made, session):
    audited(session, made, done.client, wrong=1, n=4)
    found = audit.of_delivery(session, made)
    names = set(_names(session, made)) - {
        session.get_one(type(done.assets[0]), i.asset_id).external_id
        for i in audit.items(session, found)
    }
    mine = drawing.choose(session, made, done.client, min(names))
    audit.look(session, made, done.client, mine.position, "wrong", ["wrong_class"])
    shown = audit.shown(made, found, audit.items(session, found))
    assert (shown.right, shown.n) == (3, 4)
    assert audit.progress(audit.items(session, found)).wrong == 2


def test_a_word_that_cannot_be_is_refused(done, made, session):
    drawing.draw(session, made, done.client, n=2)
    for field, said in {
        "verdict": ("maybe", [], ""),
        "errors": ("wrong", [], ""),
        "remark": ("right", [], "x" * 2001),
    }.items():
        with pytest.raises(InvalidInput) as refused:
            audit.look(session, made, done.client, 1, *said)
        assert refused.value.field == field
    with pytest.raises(InvalidInput, match="wrong_class"):  # a class has no box to be misplaced
        audit.look(session, made, done.client, 1, "wrong", ["low_overlap"])


def test_two_people_share_an_audit(done, made, make, session):
    other = make.user("client", organisation_id=done.project.organisation_id)
    drawing.draw(session, made, done.client, n=4)
    mine = audit.take_next(session, made, done.client)
    assert mine.position == 1
    assert audit.take_next(session, made, done.client).position == 1  # a reload shows the same
    assert audit.take_next(session, made, other).position == 2
    audit.look(session, made, done.client, 1, "right")
    with pytest.raises(Conflict, match="has looked at this item"):
        audit.look(session, made, other, 1, "wrong", ["wrong_class"])
    assert audit.look(session, made, other, 1, "right", remark="too").looked_by == done.client.id
    audit.look(session, made, done.client, 1, "wrong", ["wrong_class"])  # one's own may change


def test_it_is_decided_once_and_stays(done, made, session):
    with pytest.raises(NotReady):
        deciding.accept(session, made, done.client)
    audited(session, made, done.client)
    found = deciding.accept(session, made, done.client, "Good.")
    assert (found.state, found.remarks) == ("accepted", "Good.")
    session.commit()
    with pytest.raises(Conflict, match="accepted this delivery"):
        deciding.reject(session, made, done.client)
    with pytest.raises(Conflict):
        audit.look(session, made, done.client, 1, "right")
    for change in (
        update(Acceptance).values(state="rejected"),
        text("UPDATE acceptance_item SET verdict = 'right', looked_at = now()"),
        text("DELETE FROM acceptance_item"),
    ):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(change)
    assert done.batch.state == "delivered"


def test_nothing_is_rejected_without_a_wrong_item(done, made, session):
    audited(session, made, done.client, wrong=0)
    with pytest.raises(InvalidInput):
        deciding.reject(session, made, done.client)
    assert audit.of_delivery(session, made).state == "open"


def test_rejected_labels_return_to_their_authors_ahead_of_others(done, made, session, make, hands):
    more = make.batch(done.project, priority=0)
    make.tasks(make.lane(more, requirement_key=""), make.assets(more, 5))
    assets = rejected(session, made, done.client)
    assert done.batch.state == "open"
    tasks = session.scalars(select(Task).where(Task.stage == "rework")).all()
    assert {task.asset_id for task in tasks} == set(assets)
    assert all(task.returned or task.n_leased for task in tasks)
    again = session.scalars(select(ReopenedAsset)).all()
    assert {one.asset_id: one.task_id for one in again} == {t.asset_id: t.id for t in tasks}
    held = session.scalars(select(Assignment).where(Assignment.state == "reserved")).all()
    authors = {a.id: done.labellers[i % 2].id for i, a in enumerate(done.assets)}
    by_task = {task.id: task.asset_id for task in tasks}
    assert {by_task[one.task_id]: one.labeller_id for one in held} == {
        asset: authors[asset] for asset in assets
    }
    who = session.get_one(type(done.lead), held[0].labeller_id)
    assert hands.take(who)["stage"] == "rework"


def test_where_its_author_has_left_somebody_else_takes_it_before_all_else(
    done, made, session, make, hands
):
    more = make.batch(done.project, priority=9)
    make.tasks(make.lane(more), make.assets(more, 5))
    gone = update(ProjectMember).where(ProjectMember.user_id.in_([p.id for p in done.labellers]))
    session.execute(gone.values(suspended_at=clock_time.now()))
    rejected(session, made, done.client, wrong=1)
    fresh = make.member(done.project, make.user())
    session.commit()
    shown = hands.take(fresh)
    assert (shown["stage"], shown["remarks"][0]["remark"]) == ("rework", "It is b.")


def test_the_second_delivery_differs_exactly_in_what_was_rejected(
    done, made, session, sessions, hands
):
    before = lines(session, made)
    assets = rejected(session, made, done.client)
    with pytest.raises(NotReady, match="3 tasks are not finished"):
        deliver(session, done.batch, done.lead)
    session.rollback()
    mend(hands, done, assets, session)
    session.expire_all()
    second = deliver(session, done.batch, done.lead)
    session.commit()
    sealer.seal(sessions)
    after = lines(session, second)
    names = {a.external_id for a in done.assets if a.id in assets}
    assert {name for name in before if before[name] != after[name]} == names
    assert before == lines(session, made)  # the first stays
    found = delivery.differences(session, made, second)
    assert {one.external_id for one in found} == names
    assert all((d.before, d.after) == ({"class": "a"}, {"class": "b"}) for d in found)
    assert second.version == 2
    said = audit.items(session, audit.of_delivery(session, made))
    clues = [clue["words"] for item in said for clue in item.evidence.get("clues", [])]
    # Both labellers took a for b; when it was rejected it was not known for what.
    assert "Another labeller erred in the same way (a for b)." in clues
    assert second.report["since"]["digest"] == made.digest
    assert second.report["since"]["items"] == sorted(names)
    for one in (made, second):
        assert all(check.holds for check in verify.check_delivery(session, one.id))
    with pytest.raises(Frozen):
        deliver(session, done.batch, done.lead)
    # What was said while they were mended speaks for nothing.
    assert not [words for words in clues if "answered something else" in words]
    # What comes back a second time goes to an expert.
    (again,) = rejected(session, second, done.client, wrong=1)
    assert again in assets
    assert len(hands.give(done.expert, "adjudicate", key="c")["remarks"]) >= 2
    session.expire_all()
    third = deliver(session, done.batch, done.lead)
    session.commit()
    sealer.seal(sessions)
    (difference,) = delivery.differences(session, second, third)
    assert (difference.asset_id, difference.after) == (again, {"class": "c"})
    audited(session, third, done.client, wrong=0)
    assert deciding.accept(session, third, done.client).state == "accepted"


def test_no_other_label_can_change_while_it_is_mended(done, made, session, sessions):
    assets = rejected(session, made, done.client)
    other = next(a for a in done.assets if a.id not in assets)
    assert reopened.staying(session, [other.id, *assets]) == {other.id}
    with pytest.raises(Frozen):
        decide(session, done.batch, other.id, "review", "c")
    with pytest.raises(IntegrityError, match="were delivered and stay"), session.begin_nested():
        session.add(
            Consensus(
                asset_id=other.id, batch_id=done.batch.id, version=99, method="majority",
                label={"class": "c"}, answers=1, posterior={}, at=clock_time.now(),
            )
        )  # fmt: skip
        session.flush()
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(Consensus).values(label={"class": "c"}))
    newest = consensus.current(session, [other.id])[other.id].id
    lane = lanes.lane_for(session, done.batch, "review")
    assert lanes.open_tasks(session, lane, [other.id], wanted=1, round=9) == []
    labelled = select(Task.id).where(Task.stage == "label", Task.asset_id == other.id)
    assert lanes.want_more(session, list(session.scalars(labelled))) == set()
    made_gold = gold.make(session, done.project, other, [{"class": "b"}], done.lead)
    session.commit()
    refresh.again(session, done.batch.id)
    assert consensus.current(session, [other.id])[other.id].id == newest
    assert made_gold.asset_id == other.id


def test_who_stands_by_their_label_calls_for_an_expert(done, made, session, hands):
    (asset,) = rejected(session, made, done.client, wrong=1)
    who = next(p for p in done.labellers if hands.take(p) is not None)
    hands.give(who, "rework", key="a", verdict="stand", remark="It is a.")
    assert not gate.examine(session, done.batch).passed
    shown = hands.give(done.expert, "adjudicate", key="a")
    said = [(one["by"], one["verdict"]) for one in shown["remarks"]]
    assert said == [("reviewer", "accept"), ("reviewer", "return"), ("author", "stand")]
    session.expire_all()
    assert done.batch.state == "complete"
    second = deliver(session, done.batch, done.lead)
    assert second.report["since"] | {"changed": 0, "upheld": 1} == second.report["since"]
    assert [d.relabelled for d in delivery.differences(session, made, second)] == [False]
    assert consensus.current(session, [asset])[asset].method == "adjudication"


def test_gold_goes_to_a_lead_and_to_nobody_else(make, session, sessions, done):
    marked = gold.make(session, done.project, done.assets[0], [{"class": "a"}], done.lead)
    made = deliver(session, done.batch, done.lead)
    session.commit()
    sealer.seal(sessions)
    drawing.draw(session, made, done.client, n=1, seed=3)
    item = drawing.choose(session, made, done.client, done.assets[0].external_id)
    audit.look(session, made, done.client, item.position, "wrong", ["wrong_class"])
    deciding.reject(session, made, done.client)
    session.commit()
    assert item.cause == "gold"
    assert tracing.TOLD["gold"] == tracing.TOLD["unknown"]  # or a client would know what is gold
    assert not session.scalars(select(Task).where(Task.stage.in_(("rework", "adjudicate")))).all()
    (reason,) = gate.examine(session, done.batch).reasons
    assert reason["term"] == "again"
    gold.revise(session, done.project, marked, [{"class": "b"}], done.lead, reason="They are right")
    assert gate.examine(session, done.batch).passed
    second = deliver(session, done.batch, done.lead)
    (difference,) = delivery.differences(session, made, second)
    assert difference.after == {"class": "b"}


def test_a_client_cannot_tell_which_rejected_item_is_gold(session, sessions, done, monkeypatch):
    marked, kept, plain = done.assets[0], done.assets[1], done.assets[2]
    for asset in (marked, kept):
        gold.make(session, done.project, asset, [{"class": "a"}], done.lead)
    made = deliver(session, done.batch, done.lead)
    session.commit()
    sealer.seal(sessions)
    drawing.draw(session, made, done.client, n=1, seed=3)
    for asset in (marked, plain):
        item = drawing.choose(session, made, done.client, asset.external_id)
        audit.look(session, made, done.client, item.position, "wrong", ["wrong_class"])
    deciding.reject(session, made, done.client)
    session.commit()

    def seen(asset):
        return client_reads.finished(session, done.batch, asset.id) is not None

    assert [seen(asset) for asset in (marked, plain, kept)] == [False, False, True]
    far = client_reads.progress(session, [done.batch.id])[done.batch.id]
    assert (far.open, far.checking, far.delivered) == (2, 0, len(done.assets))
    sampled = client_reads.sample(session, done.batch, seed=1, n=24)
    assert len(sampled) == len(done.assets) - 2
    # Nor by when it will be through: gold is no work that is left.
    at = clock_time.now()
    expected = {done.batch.id: client_reads.Expected(at, at, at)}
    monkeypatch.setattr(client_reads, "expected", lambda *_: expected)
    (shown,) = view.batches(session, done.project, [done.batch])
    assert (shown.state, shown.expected, shown.forecast) == ("Being mended", None, "")


def test_a_further_sample_takes_its_assets_up_again(make, session, sessions):
    done = finished(make, session, reviewed=False, alone=True)
    reviewer = make.member(done.project, make.user("reviewer"))
    hands = Hands(session, sessions)
    draw_review_sample(session, done.batch, 10, done.lead, seed=1)
    session.commit()
    for _ in range(10):
        hands.give(reviewer, "review", key="a", verdict="accept")
    made = deliver(session, done.batch, done.lead)
    client = make.user("client", organisation_id=done.project.organisation_id)
    session.commit()
    sealer.seal(sessions)
    assets = rejected(session, made, client, wrong=1, n=1)
    for who in done.labellers:
        if hands.take(who):
            hands.give(who, "rework", key="b")
    hands.give(reviewer, "review", key="b", verdict="accept")
    ours = set(session.scalars(select(ReviewSample.asset_id)))
    counted = len(ours | set(assets))
    assert draw_review_sample(session, done.batch, 3, done.lead, seed=2) == 3
    again = session.scalars(select(ReopenedAsset)).all()
    assert {one.reason for one in again} <= {"rejected", "sample"}
    # What the client found counts beside our own ten reviews, until it is looked at again.
    sample = gate.examine(session, done.batch).figures["sample"]
    assert (sample["n"], sample["accepted"], sample["fixed"]) == (counted, counted - 1, 1)
    fresh = {one.asset_id for one in again} - set(assets)
    assert fresh
    assert not reopened.staying(session, fresh)
    # Of a labeller who is no longer relied on, only what may still change goes out again.
    free, now = fresh | set(assets), clock_time.now()
    counts = {task.id: task.n_done for task in session.scalars(select(Task))}
    for who in done.labellers:
        reopening.discount(session, who.id, done.project.id, now - timedelta(days=1), now)
    session.expire_all()
    moved = {t.asset_id for t in session.scalars(select(Task)) if t.n_done != counts[t.id]}
    assert moved and moved <= free


def test_what_the_client_found_counts_at_the_gate(make, session, sessions):
    """Mending the few that they saw does not make the rest better."""
    done = finished(make, session, assets=40, reviewed=False, alone=True)
    draw_review_sample(session, done.batch, 10, done.lead, seed=1)
    reviewer = make.member(done.project, make.user("reviewer"))
    for task in session.scalars(select(Task).where(Task.stage == "review")).all():
        answer(session, task, reviewer, "a", verdict="accept")
        decide(session, done.batch, task.asset_id, "review")
    session.execute(update(Assignment).values(judged_at=clock_time.now()))
    made = deliver(session, done.batch, done.lead)
    client = make.user("client", organisation_id=done.project.organisation_id)
    session.commit()
    sealer.seal(sessions)
    ours = set(session.scalars(select(ReviewSample.asset_id)))
    wrong = rejected(session, made, client, wrong=4, n=10)
    seen = {item.asset_id for item in audit.items(session, audit.of_delivery(session, made))}
    for asset in wrong:
        decide(session, done.batch, asset, "adjudication", "b")
    found = gate.examine(session, done.batch)
    sample = found.figures["sample"]
    n = len(ours | seen)
    assert (sample["n"], sample["accepted"], sample["fixed"]) == (n, n - 4, 4)
    theirs = len(seen - (ours - set(wrong)))
    assert sample["theirs"] == theirs
    figures = {name: found.figures[name] for name in ("sample", "accuracy", "plan", "errors")}
    said = accuracy(figures | {"terms": found.terms, "items": 40, "class_f1": None})
    assert f"{theirs} of them the client looked at, in a delivery that they rejected." in said[0]
    assert "accuracy" in {reason["term"] for reason in found.reasons}
    # An expert who leaves one as it was says that it was right.
    decide(session, done.batch, wrong[0], "adjudication", "a")
    sample = gate.examine(session, done.batch).figures["sample"]
    assert (sample["accepted"], sample["fixed"]) == (n - 3, 3)


def test_a_lead_corrects_a_cause_with_a_reason(done, made, session):
    rejected(session, made, done.client, wrong=1)
    with pytest.raises(InvalidInput):
        tracing.correct(session, made, 1, "guideline", " ", done.lead)
    item = tracing.correct(session, made, 1, "guideline", "It says nothing of this", done.lead)
    assert (item.cause, item.evidence["traced"]) == ("guideline", "unknown")
