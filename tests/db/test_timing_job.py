"""Pace, difficulty and flags from stored answers: right ones found, written once, taken down."""

import time
from collections import Counter
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import func, insert, select

from ops import clock_time, flags, talk, work_events
from ops.models import Assignment, AuditEntry, Flag, Label
from ops.work_events import Event
from quality import timing, timing_job
from quality.judging import belief, judge
from quality.models import AssetDifficulty, LabellerPace, TimingFit
from tests.db.answering import answer

ASSETS, ANSWERS = 80, 5


def note_submission(session, row, floor, kind="submitted"):
    work_events.append(
        session,
        [
            Event(
                kind=kind,
                at=row.ended_at,
                labeller_id=row.labeller_id,
                project_id=row.project_id,
                batch_id=floor.batch.id,
                stage="label",
                task_id=row.task_id,
                assignment_id=row.id,
            )
        ],
    )


def work(session, make, *, hard=4, hasty=True, seconds=None, seed=3):
    """A finished floor: the first `hard` assets are slow and ambiguous; the last labeller hurries.

    `seconds(log of the time)` may turn the times into something else.
    """
    belief.forget()
    rng = np.random.default_rng(seed)
    floor = make.floor(labellers=8, assets=ASSETS, wanted=ANSWERS)
    start = clock_time.now() - timedelta(hours=2)
    pace = rng.normal(0, 0.3, 8)
    for i, task in enumerate(floor.tasks):
        truth = int(rng.integers(3))
        for j in rng.permutation(8)[:ANSWERS].tolist():
            is_hard, hurries = i < hard, hasty and j == 7
            right = rng.random() < (0.34 if is_hard else 0.4 if hurries else 0.95)
            key = truth if right else int((truth + rng.integers(1, 3)) % 3)
            log = np.log(9) + pace[j] + rng.normal(0, 0.35)
            log += 1.6 * is_hard - 1.8 * hurries
            time = seconds(log, i, j) if seconds else float(np.exp(log))
            row = answer(
                session,
                task,
                floor.labellers[j],
                "abc"[key],
                active_ms=int(1000 * time),
                at=start + timedelta(seconds=30 * i + j),
            )
            note_submission(session, row, floor)
    session.commit()
    return floor


@pytest.fixture
def worked(session, sessions, make):
    floor = work(session, make)
    floor.project.created_at = clock_time.now() - timedelta(hours=3)
    session.commit()
    judge(sessions)
    return floor


def test_the_hard_assets_and_the_hasty_labeller_are_found(session, sessions, worked):
    assert timing_job.update_all(sessions) == 1
    session.expire_all()
    flagged = session.scalars(select(Flag).where(Flag.resolved_at.is_(None))).all()
    by_kind = {}
    for flag in flagged:
        by_kind.setdefault(flag.kind, set()).add(flag.asset_id or flag.labeller_id)
    assert by_kind.pop("too_fast_and_wrong") == {worked.labellers[7].id}
    hard = {asset.id for asset in worked.assets[:4]}
    found = by_kind.pop("slow_or_ambiguous")
    assert len(found & hard) >= 3 and len(found - hard) <= 1
    assert set(by_kind) <= {"no_adjudicator"}
    reasons = [flag.reason for flag in flagged]
    assert any("× the usual time and is right in" in reason for reason in reasons)
    assert any("differ from the most frequent answer" in reason for reason in reasons)


def test_colours_follow_the_flags_and_parts_say_why(session, sessions, worked):
    timing_job.update_all(sessions)
    session.expire_all()
    rows = session.scalars(select(AssetDifficulty)).all()
    assert len(rows) == ASSETS
    red = {row.asset_id for row in rows if row.colour == "red"}
    flagged = set(session.scalars(select(Flag.asset_id).where(Flag.kind == "slow_or_ambiguous")))
    assert red == flagged
    assert all(row.reason for row in rows if row.colour != "green")
    hard = [r.difficulty for r in rows if r.asset_id in {a.id for a in worked.assets[:4]}]
    easy = [r.difficulty for r in rows if r.asset_id not in {a.id for a in worked.assets[:4]}]
    assert np.median(hard) > np.quantile(easy, 0.9)
    assert {"answers", "disagreement", "time_effect", "seconds"} <= set(rows[0].parts)


def test_pace_is_median_and_mad_of_the_log_times(session, sessions, worked):
    timing_job.update_all(sessions)
    session.expire_all()
    for labeller in worked.labellers:
        mine = select(Assignment.active_ms).where(Assignment.labeller_id == labeller.id)
        times = np.log(np.array(session.scalars(mine).all()) / 1000)
        row = session.get(LabellerPace, (worked.project.id, labeller.id))
        assert row.answers == times.size
        assert row.median_seconds == pytest.approx(np.exp(np.median(times)), rel=1e-6)
        assert row.mad_log == pytest.approx(np.median(np.abs(times - np.median(times))), rel=1e-6)
    assert session.get(LabellerPace, (worked.project.id, worked.labellers[7].id)).pace < 0.5


def snapshot(session):
    session.expire_all()
    return (
        session.execute(
            select(Flag.id, Flag.reason, Flag.evidence, Flag.at, Flag.resolved_at).order_by(Flag.id)
        ).all(),
        session.execute(
            select(
                AssetDifficulty.asset_id, AssetDifficulty.difficulty, AssetDifficulty.at
            ).order_by(AssetDifficulty.asset_id)
        ).all(),
        session.scalar(select(func.count()).select_from(AuditEntry)),
    )


def test_twice_is_once_and_nothing_new_is_nothing_to_do(session, sessions, worked):
    timing_job.update_all(sessions)
    before = snapshot(session)
    assert timing_job.update_all(sessions) == 0
    timing_job.update_project(session, worked.project)
    session.commit()
    assert snapshot(session) == before
    row = answer(session, worked.tasks[50], worked.labellers[0], "a", surplus=True)
    note_submission(session, row, worked, kind="surplus")
    session.commit()
    assert timing_job.update_all(sessions) == 1


def test_a_flag_that_no_longer_holds_is_resolved(session, sessions, worked):
    timing_job.update_all(sessions)
    flags.raise_flag(
        session,
        project_id=worked.project.id,
        kind="slow_or_ambiguous",
        reason="was so",
        asset_id=worked.assets[60].id,
        evidence={"answers": 1},
    )
    timing_job.update_project(session, worked.project)
    session.expire_all()
    flag = session.scalars(select(Flag).where(Flag.asset_id == worked.assets[60].id)).one()
    assert flag.resolved_at is not None and flag.resolved_by is None


def test_what_a_person_resolved_stays_resolved_until_there_is_more(session, sessions, make, worked):
    timing_job.update_all(sessions)
    lead = make.user(role="ops_lead")
    flag = session.scalars(select(Flag).where(Flag.kind == "too_fast_and_wrong")).one()
    flags.resolve(session, flag, by=lead)
    timing_job.update_project(session, worked.project)
    open_ = select(func.count()).where(
        Flag.kind == "too_fast_and_wrong", Flag.resolved_at.is_(None)
    )
    assert session.scalar(open_) == 0
    flag.evidence = {**flag.evidence, "answers": flag.evidence["answers"] - 1}
    session.flush()
    timing_job.update_project(session, worked.project)
    assert session.scalar(open_) == 1


def test_times_of_whole_batches_are_said_to_be_unusable(session, sessions, make):
    floor = work(session, make, seconds=lambda log, i, j: 40.0 + j)
    judge(sessions)
    timing_job.update_project(session, floor.project)
    session.commit()
    session.expire_all()
    assert set(session.scalars(select(LabellerPace.pace))) == {None}
    said = [row.parts["times"] for row in session.scalars(select(AssetDifficulty))]
    assert all("same time on every answer" in words for words in said)
    assert session.scalar(select(func.count()).where(Flag.kind == "too_fast_and_wrong")) == 0
    wrong = session.scalars(select(Flag).where(Flag.kind == "often_wrong")).one()
    assert wrong.labeller_id == floor.labellers[7].id
    assert "Times were not used" in wrong.reason


def test_skips_because_an_asset_is_unclear_speak_of_the_asset(session, sessions, make):
    floor = work(session, make, hard=0, hasty=False)
    judge(sessions)
    timing_job.update_project(session, floor.project)
    target = floor.assets[30]
    before = session.scalars(
        select(AssetDifficulty.difficulty).where(AssetDifficulty.asset_id == target.id)
    ).one()
    at = clock_time.now()
    done = set(
        session.scalars(
            select(Assignment.labeller_id).where(Assignment.task_id == floor.tasks[30].id)
        )
    )
    for labeller in [who for who in floor.labellers if who.id not in done]:
        session.execute(
            insert(Assignment).values(
                task_id=floor.tasks[30].id,
                labeller_id=labeller.id,
                project_id=floor.project.id,
                state="skipped",
                skip_reason="unclear",
                leased_at=at,
                expires_at=at,
                ended_at=at,
            )
        )
    timing_job.update_project(session, floor.project)
    session.expire_all()
    row = session.get(AssetDifficulty, target.id)
    assert row.parts["skips"] == 3 and row.difficulty > before + 0.05
    assert "skipped it" in row.reason


def test_questions_speak_of_the_asset_and_flag_nothing(session, sessions, make):
    floor = work(session, make, hard=0, hasty=False)
    judge(sessions)
    timing_job.update_project(session, floor.project)
    target = floor.assets[30]
    before = session.get(AssetDifficulty, target.id).difficulty
    flagged = session.scalar(select(func.count()).select_from(Flag))
    clock_time.use(lambda: time.time() + 60)
    assert timing_job.update_all(sessions) == 0
    for labeller in floor.labellers[:3]:
        for n in range(2):  # two by one person are one person who asks
            talk.open_issue(
                session, floor.project, labeller, {"at": "asset"}, "?", key=f"question-{n}",
                asset=target,
            )  # fmt: skip
    session.commit()
    assert timing_job.update_all(sessions) == 1
    session.expire_all()
    row = session.get(AssetDifficulty, target.id)
    assert row.parts["questions"] == 3 and row.difficulty > before + 0.05
    assert session.scalar(select(func.count()).select_from(Flag)) == flagged


def more_answers(session, floor, places):
    """Answers of labellers who have not seen these assets yet: to the first of them slow and of no
    one mind, to the others as before."""
    rng, added = np.random.default_rng(9), 0
    paces = session.execute(select(LabellerPace.labeller_id, LabellerPace.median_seconds))
    median = {row[0]: row[1] for row in paces}
    for i in places:
        mine = select(Assignment).where(Assignment.task_id == floor.tasks[i].id)
        done = {row.labeller_id: row.id for row in session.scalars(mine)}
        said = session.scalars(select(Label.payload).where(Label.assignment_id.in_(done.values())))
        usual = Counter(payload["class"] for payload in said).most_common(1)[0][0]
        hard = i == places[0]
        for k, labeller in enumerate(who for who in floor.labellers[:7] if who.id not in done):
            log = np.log(median[labeller.id]) + rng.normal(0, 0.35) + 1.6 * hard
            row = answer(
                session, floor.tasks[i], labeller, "abc"[k % 3] if hard else usual, surplus=True,
                active_ms=int(1000 * np.exp(log)), at=clock_time.now(),
            )  # fmt: skip
            note_submission(session, row, floor, kind="surplus")
            added += 1
    session.commit()
    return added


def kept(session):
    """Every row of difficulty, by asset, and the fit."""
    session.expire_all()
    rows = {row.asset_id: row for row in session.scalars(select(AssetDifficulty))}
    values = {
        who: (row.difficulty, row.colour, row.reason, row.parts, row.at)
        for who, row in rows.items()
    }
    fit = session.scalars(select(TimingFit)).one()
    return values, (fit.answers, fit.model, fit.at), fit.seen_at


def test_between_two_fits_only_what_was_touched_is_judged_and_as_a_fit_would_have_it(
    session, sessions, worked, monkeypatch
):
    monkeypatch.setattr(timing_job, "FEW", 0)
    timing_job.update_all(sessions)
    before, fit, seen = kept(session)
    clock_time.use(lambda: time.time() + 60)
    places = range(40, 46)
    assert more_answers(session, worked, places) < timing_job.GROWTH * fit[0]
    assert timing_job.update_all(sessions) == 1
    online, same_fit, seen_then = kept(session)
    touched = {worked.assets[i].id for i in places}
    assert same_fit == fit and seen_then > seen
    assert {who for who in online if online[who] != before[who]} == touched
    hard = (Flag.kind == "slow_or_ambiguous", Flag.resolved_at.is_(None))
    flagged = set(session.scalars(select(Flag.asset_id).where(*hard)))
    red = {who for who in touched if online[who][1] == "red"}
    assert flagged & touched == red and worked.assets[40].id in red

    assert timing_job.update_all(sessions) == 1  # within the overlap: looked at again
    assert kept(session)[:2] == (online, fit)
    clock_time.use(lambda: time.time() + 120)
    timing_job.update_project(session, worked.project)
    session.commit()
    whole, new_fit, _ = kept(session)
    assert new_fit[0] > fit[0] and new_fit[2] > fit[2]
    for who in touched:
        assert online[who][0] == pytest.approx(whole[who][0], abs=0.1)
        assert online[who][1] == whole[who][1]
        effects = [found[who][3]["time_effect"] for found in (online, whole)]
        assert effects[0] == pytest.approx(effects[1], abs=0.15)
        assert sum(online[who][3]["contributions"].values()) == pytest.approx(
            online[who][0], abs=0.01
        )


def test_all_is_fitted_anew_when_answers_grew_and_at_night_or_else_nothing_is(
    session, sessions, worked, monkeypatch
):
    monkeypatch.setattr(timing_job, "FEW", 0)
    assert timing_job.refit_all(sessions) == 1
    _, fit, _ = kept(session)
    assert timing_job.refit_all(sessions) == 0  # nothing was learnt since
    clock_time.use(lambda: time.time() + 60)
    more_answers(session, worked, range(20, 30))

    def fails(*_):
        raise RuntimeError("killed half way")

    with monkeypatch.context() as patch:
        patch.setattr(timing_job.timing_slices, "update", fails)
        with pytest.raises(RuntimeError, match="half way"):
            timing_job.refit_all(sessions)
    assert kept(session)[1] == fit
    assert timing_job.update_all(sessions) == 1 and kept(session)[1] == fit
    assert timing_job.refit_all(sessions) == 1  # what came in was only judged by the old fit
    _, fit, _ = kept(session)
    clock_time.use(lambda: time.time() + 120)
    assert more_answers(session, worked, range(31, 75)) > timing_job.GROWTH * fit[0]
    assert timing_job.update_all(sessions) == 1
    assert kept(session)[1][0] > fit[0]


def test_a_project_without_answers_is_left_alone(session, make):
    assert timing_job.update_project(session, make.project()) is False
    assert timing.usable([], [], 0).usable is False
