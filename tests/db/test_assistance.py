"""A model's drafts: who sees one, the same at every asking, gold alike; and what became of them."""

import random
import uuid

import pytest
from scipy.stats import binom
from sqlalchemy import insert, select, update

from ops import projects, references
from ops.errors import InvalidInput
from ops.models import Assignment, Label, Notice, Prediction, Task
from ops.reference_rows import Said
from quality import assistance, gold, gold_supply
from quality.judging import judge
from quality.models import Assistance
from scheduling import dispatch
from scheduling.models import GoldPace
from tests.db.answering import answer
from tests.db.every_type import CASES, floor_of

SHARE = 0.3


@pytest.fixture
def assisted(make, session):
    """A function: a floor whose model "m" says `says(asset)` of its assets, or of some (`of`)."""

    def assisted(label_type="class", of=None, says=None, terms=None, **more):
        floor = floor_of(make, label_type, **more)
        right = CASES[label_type].right
        give(session, floor, floor.assets if of is None else of(floor), says or (lambda _: right))
        set_terms(session, make, floor, **(terms or {}))
        return floor

    return assisted


def give(session, floor, assets, says, **more):
    rows = [Said(asset.external_id, says(asset), **more) for asset in assets]
    return references.give_predictions(session, floor.project, "m", rows, by=None)


def set_terms(session, make, floor, **terms):
    lead = make.user(role="ops_lead")
    settings = {"assist": {"model": "m"} | terms}
    projects.save_settings(session, floor.project, settings, lead)


def lease(session, task, labeller, token=None):
    """A lease as a claim leaves it; gold does not count."""
    row = answer(session, task, labeller, "a", surplus=True)
    row.state, row.ended_at, row.surplus = "leased", None, False
    row.token, row.counts = token or uuid.uuid4(), task.round > 0
    session.flush()
    return row


def leases(session, floor, labeller, seed):
    rng = random.Random(seed)
    tokens = [uuid.UUID(int=rng.getrandbits(128)) for _ in floor.tasks]
    return [
        lease(session, task, labeller, token)
        for task, token in zip(floor.tasks, tokens, strict=True)
    ]


def test_a_share_is_withheld_and_a_reload_shows_the_same(assisted, session):
    floor = assisted(assets=300, terms={"share_without": SHARE})
    held = leases(session, floor, floor.labellers[0], 1)
    shown = [assistance.proposal(session, one.id) for one in held]
    without = sum(one is None for one in shown)
    low, high = binom.interval(0.999, 300, SHARE)
    assert low <= without <= high
    # A version that comes while they work on it does not change what they began with.
    give(session, floor, floor.assets, lambda _: {"class": "b"})
    assert [assistance.proposal(session, one.id) for one in held] == shown
    rows = session.scalars(select(Assistance).order_by(Assistance.assignment_id)).all()
    assert [row.withheld for row in rows] == [one is None for one in shown]
    assert {row.kept for row in rows} == {None}


def test_work_of_which_the_model_says_nothing_has_no_draft_and_takes_as_many_statements(
    assisted, session, count_queries
):
    floor = assisted(assets=2, of=lambda floor: floor.assets[:1], terms={"share_without": 0})
    first, second = leases(session, floor, floor.labellers[0], 2)
    session.flush()
    before = len(count_queries)
    assert assistance.proposal(session, first.id).label == {"class": "a"}
    between = len(count_queries)
    assert assistance.proposal(session, second.id) is None
    assert len(count_queries) - between == between - before > 0
    # Written down like the other, so that it takes as long; it says that there was nothing.
    spoke = select(Assistance.assignment_id, Assistance.spoke).order_by(Assistance.assignment_id)
    assert session.execute(spoke).all() == [(first.id, True), (second.id, False)]


@pytest.mark.parametrize(("sure", "seen"), [(0.29, False), (0.31, True), (None, True)])
def test_a_label_as_a_whole_is_shown_if_the_model_is_sure_of_it(session, make, sure, seen):
    floor = floor_of(make, "class")
    give(session, floor, floor.assets, lambda _: {"class": "a"}, confidence=sure)
    set_terms(session, make, floor, share_without=0)
    found = assistance.proposal(session, leases(session, floor, floor.labellers[0], 3)[0].id)
    assert (found is not None) == seen
    assert found is None or (found.confidence == sure and found.accept_above == 0.8)


def golden(session, make, floor, drafted, *, n=1):
    """`n` gold, `drafted` or not; the model then gets a version that speaks of it too."""
    hidden = make.assets(floor.batch, n)
    made = [gold.make(session, floor.project, one, [{"class": "a"}], None) for one in hidden]
    if drafted:
        spoken = session.scalars(select(Prediction.asset_id)).all()
        assets = [one for one in floor.assets if one.id in spoken] + hidden
        give(session, floor, assets, lambda _: {"class": "a"})
    return made


@pytest.mark.parametrize("covered", [0, 60])
def test_gold_has_a_draft_as_often_as_the_work_before_it(assisted, session, make, covered):
    floor = assisted(
        assets=120, of=lambda floor: floor.assets[:covered] or floor.assets[:1],
        terms={"share_without": SHARE}, labellers=1,
    )  # fmt: skip
    [one] = floor.labellers
    rng = random.Random(4)
    made = golden(session, make, floor, drafted=True, n=120)
    tasks = {task.asset_id: task for task in floor.tasks}
    # Pieces in a shuffled order, each followed by gold.
    order = rng.sample(floor.assets, len(floor.assets))
    seen = {"work": [], "gold": []}
    for asset, hidden in zip(order, made, strict=True):
        for kind, task in (("work", tasks[asset.id]), ("gold", session.get(Task, hidden.task_id))):
            token = uuid.UUID(int=rng.getrandbits(128))
            held = lease(session, task, one, token)
            seen[kind].append(assistance.proposal(session, held.id) is not None)
    expected = (1 - SHARE) * max(covered, 1) / 120
    for kind, drafts in seen.items():
        # Gold takes after the last sixteen pieces, so it scatters a little more than by lot.
        low, high = binom.interval(0.9999, 120, expected)
        assert low <= sum(drafts) <= high, (kind, sum(drafts), expected)


def test_gold_without_a_draft_is_not_handed_out_and_leads_are_told(
    assisted, session, sessions, make
):
    floor = assisted(assets=2)
    lead = make.member(floor.project, make.user(role="ops_lead"))
    golden(session, make, floor, drafted=False, n=3)
    assert gold.pick(session, floor.labellers[0].id, floor.lane) is None
    [spoken] = golden(session, make, floor, drafted=True)
    assert gold.pick(session, floor.labellers[0].id, floor.lane) == spoken.id
    assert gold_supply.undrafted(session, floor.project.id) == (4, 3)
    session.commit()
    assert gold_supply.warn(sessions) == 1
    told = session.scalars(select(Notice).where(Notice.user_id == lead.id)).one()
    assert "Of 4 gold" in told.text and "3 are not handed out, because m has" in told.text
    # Without assistance all of it goes out again.
    projects.save_settings(session, floor.project, {}, lead)
    assert gold.pick(session, floor.labellers[0].id, floor.lane) is not None


def test_gold_that_was_settled_before_the_model_came_waits_until_it_has_a_draft(
    assisted, session, make
):
    floor = assisted(assets=4)
    one = floor.labellers[0]
    [silent] = golden(session, make, floor, drafted=False)
    where = {"labeller_id": one.id, "project_id": floor.project.id}
    due = {"until_next": 0, "gap_after": 5, "gold_id": silent.id}
    session.merge(GoldPace(**where, **due))
    session.flush()
    given = dispatch.claim(session, one)
    assert given is not None and given.task_id != silent.task_id
    # Once the model speaks of it too, or assists no more, it goes out as any other.
    projects.save_settings(session, floor.project, {"max_leases": 9}, make.user(role="ops_lead"))
    session.merge(GoldPace(**where, **due))
    session.flush()
    again = dispatch.claim(session, one)
    assert again is not None and again.task_id == silent.task_id


@pytest.mark.parametrize("label_type", list(CASES))
def test_what_became_of_a_draft_is_written_down_once(label_type, assisted, session, sessions):
    case = CASES[label_type]
    proposed = case.right
    floor = assisted(label_type, assets=3, terms={"share_without": 0, "show_above": 0})
    kept, changed, withheld = leases(session, floor, floor.labellers[0], 5)
    for one in (kept, changed, withheld):
        assistance.proposal(session, one.id)
    session.execute(
        update(Assistance).where(Assistance.assignment_id == withheld.id).values(withheld=True)
    )
    for one, said in ((kept, proposed), (changed, case.wrong), (withheld, proposed)):
        _submit(session, one, said)
    session.commit()
    assert judge(sessions) == 3
    assert assistance.compare(session, [kept.id, changed.id, withheld.id]) == 0
    rows = {row.assignment_id: row for row in session.scalars(select(Assistance))}
    found = {
        i: (row.kept, row.changed, row.thrown, row.added, row.compared_at is not None)
        for i, row in rows.items()
    }
    things = proposed.get("objects") or proposed.get("spans")
    n = len(things) if things else 1
    assert found[kept.id] == (n, 0, 0, 0, True)
    assert found[withheld.id] == (0, 0, 0, n, True)
    # The wrong label has one object, with the id of the first that was proposed.
    assert found[changed.id] == (0, 1, n - 1, 0, True)


def _submit(session, one, said):
    label = session.scalars(select(Label).where(Label.assignment_id == one.id)).one()
    session.execute(
        insert(Label).values(
            assignment_id=one.id, revision=2, payload=said, client_key=str(uuid.uuid4()),
            ontology_version_id=label.ontology_version_id, created_at=label.created_at,
        )
    )  # fmt: skip
    values = {"state": "submitted", "ended_at": label.created_at}
    session.execute(update(Assignment).where(Assignment.id == one.id).values(**values))


def test_a_model_that_is_not_there_is_refused_by_name(make, session):
    floor = make.floor()
    with pytest.raises(InvalidInput, match="no predictions called m") as refused:
        set_terms(session, make, floor)
    assert refused.value.field == "assist.model"
    assert projects.settings_of(floor.project).assist.model is None
