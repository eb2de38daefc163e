"""What a client reads of a batch: counts and samples that look the same with gold and without."""

import pytest

from metrics.reads import client as reads
from ops import consensus
from quality import gold
from quality.measures.sampling import finite_bounds
from tests.finished import finished


@pytest.fixture
def floor(make, session):
    """Forty assets with a task each, eight of them gold; nothing is labelled yet."""
    floor = make.floor(assets=40)
    lead = make.user(role="ops_lead")
    for asset in floor.assets[:8]:
        gold.make(session, floor.project, asset, [{"class": "a"}], lead)
    session.commit()
    return floor


def _label(session, floor, assets, method="majority", key="a"):
    for asset in assets:
        consensus.append(
            session, asset_id=asset.id, batch_id=floor.batch.id, method=method,
            label={"class": key}, probability=0.9, answers=2, agreement=1.0, posterior={},
        )  # fmt: skip
    ids = {asset.id for asset in assets}
    for task in floor.tasks:
        if task.asset_id in ids:
            task.n_done = task.wanted
    session.flush()


def _shown(session, floor):
    """Every asset that a sample ever shows."""
    seen: set[int] = set()
    for seed in range(40):
        seen |= {row.id for row in reads.sample(session, floor.batch, seed=seed, n=24)}
    return seen


def test_gold_comes_to_light_no_faster_than_work(session, floor):
    golds = {asset.id for asset in floor.assets[:8]}
    at = reads.progress(session, [floor.batch.id])[floor.batch.id]
    assert at == (40, 0, 0, 0)
    assert _shown(session, floor) == set()
    _label(session, floor, floor.assets[8:24])
    at = reads.progress(session, [floor.batch.id])[floor.batch.id]
    assert at.labelled == 20  # half of the work, and half of the gold
    half = _shown(session, floor)
    assert {a.id for a in floor.assets[8:24]} == half - golds
    assert half & golds < golds
    _label(session, floor, floor.assets[24:])
    assert reads.progress(session, [floor.batch.id])[floor.batch.id].labelled == 40
    assert _shown(session, floor) >= half
    assert _shown(session, floor) == {a.id for a in floor.assets}


def test_an_item_is_finished_when_its_sample_would_show_it(session, floor):
    _label(session, floor, floor.assets[8:24])
    shown = _shown(session, floor)
    for asset in floor.assets:
        assert (reads.finished(session, floor.batch, asset.id) is not None) == (asset.id in shown)


def test_a_sample_is_the_same_for_a_seed_and_of_one_class_on_asking(session, floor):
    _label(session, floor, floor.assets[8:24])
    _label(session, floor, floor.assets[24:], key="b")
    first, again, other = (
        [row.id for row in reads.sample(session, floor.batch, seed=seed)] for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
    found = reads.sample(session, floor.batch, seed=1, of_class="b", n=24)
    assert {row.id for row in found} == {a.id for a in floor.assets[24:]}
    assert reads.sample(session, floor.batch, seed=1, of_class="c") == []


def test_what_is_in_review_is_in_checks(make, session, floor):
    _label(session, floor, floor.assets[8:])
    lane = make.lane(floor.batch, "review")
    make.tasks(lane, floor.assets[8:11])
    assert reads.progress(session, [floor.batch.id])[floor.batch.id] == (40, 40, 3, 0)


def test_the_reviewed_share_is_that_of_the_random_sample(make, session):
    done = finished(make, session)
    found = reads.reviewed(session, done.batch)
    done.batch.n_assets = 20
    low, high = finite_bounds(20, 20, 20, 0.95)
    assert (found.n, found.right, found.value) == (20, 20, 1.0)
    assert (found.low, found.high) == pytest.approx((low, high))
    nothing = reads.reviewed(session, make.batch(done.project))
    assert nothing == (0, 0, None, None)
    assert nothing.value is None


def test_agreement_is_the_mean_over_items_with_two_answers(make, session):
    project = make.project()
    batch, empty = make.batch(project), make.batch(project)
    for agreement, answers in ((1.0, 2), (0.5, 2), (1.0, 1), (None, 3)):
        (asset,) = make.assets(batch)
        make.decided(asset, agreement=agreement, answers=answers)
    assert reads.agreeing(session, [batch.id]) == (2, 0.75)
    assert reads.agreeing(session, [empty.id]) == (0, None)
