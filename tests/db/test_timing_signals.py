"""Slices and signals of labellers from stored answers: what was planted is found, said and read."""

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import func, insert, select, update

from metrics import reads
from ops import clock_time, flags
from ops.models import Asset, Assignment, Flag, Label, OntologyVersion, Task, Team
from quality import timing_answers, timing_job
from quality.models import AssetDifficulty, Evidence, LabellerPace, SliceDifficulty, TimingFit
from tests.db.answering import answer

PEOPLE, ASSETS, PER, DAYS = 10, 300, 5, 15
COPIED, COPIER, TIRED, SLOWING = 0, 1, 2, 3


def history(session, make, seed=5):
    """Ten labellers over fifteen days. Night assets take twice as long and are missed more often;
    one labeller copies, one tires within the shift, one slows down from week to week."""
    rng = np.random.default_rng(seed)
    floor = make.floor(labellers=PEOPLE, assets=ASSETS, wanted=PER)
    night = np.arange(ASSETS) % 3 == 0
    session.execute(
        update(Asset),
        [{"id": a.id, "meta": {"light": "night" if n else "day", "file": f"{a.id}.jpg"}}
         for a, n in zip(floor.assets, night, strict=True)],
    )  # fmt: skip
    truth = rng.integers(0, 4, ASSETS)
    who = np.argsort(rng.random((ASSETS, PEOPLE)), axis=1)[:, :PER]
    said, queue = np.full((ASSETS, PEOPLE), -1), np.zeros(PEOPLE, int)
    start = clock_time.now() - timedelta(days=DAYS + 1)
    rows = []
    each = ASSETS * PER // PEOPLE // DAYS
    for i in rng.permutation(ASSETS).tolist():
        for j in sorted(who[i].tolist()):
            right = rng.random() > (0.35 if night[i] else 0.15)
            said[i, j] = truth[i] if right else (truth[i] + rng.integers(1, 4)) % 4
            if j == COPIER and said[i, COPIED] >= 0 and rng.random() < 0.9:
                said[i, j] = said[i, COPIED]
            day, place = divmod(int(queue[j]), each)
            queue[j] += 1
            log = np.log(10) + rng.normal(0, 0.35) + np.log(2) * night[i]
            log += 0.4 * place / 3 * (j == TIRED) + 0.4 * day / 7 * (j == SLOWING)
            at = start + timedelta(days=day, minutes=20 * place, seconds=j)
            rows.append((i, j, int(said[i, j]), int(1000 * np.exp(log)), at))
    write(session, floor, rows, truth)
    return floor


def write(session, floor, rows, truth):
    made = session.execute(
        insert(Assignment).returning(Assignment.id, sort_by_parameter_order=True),
        [
            {
                "task_id": floor.tasks[i].id, "labeller_id": floor.labellers[j].id,
                "project_id": floor.project.id, "state": "submitted", "active_ms": ms,
                "leased_at": at, "expires_at": at, "ended_at": at,
            }
            for i, j, _, ms, at in rows
        ],
    ).scalars().all()  # fmt: skip
    of_project = OntologyVersion.project_id == floor.project.id
    ontology = session.scalars(select(OntologyVersion.id).where(of_project)).first()
    session.execute(
        insert(Label),
        [
            {"assignment_id": one, "revision": 1, "payload": {"class": "abcd"[key]},
             "ontology_version_id": ontology, "client_key": str(one), "created_at": at}
            for one, (_, _, key, _, at) in zip(made, rows, strict=True)
        ],
    )  # fmt: skip
    session.execute(
        insert(Evidence),
        [
            {"labeller_id": floor.labellers[j].id, "skill_id": floor.project.skill_id,
             "project_id": floor.project.id, "assignment_id": one, "kind": "gold",
             "correct": float(key == truth[i]), "classes": 4, "at": at}
            for one, (i, j, key, _, at) in zip(made, rows, strict=True)
        ],
    )  # fmt: skip
    session.flush()


@pytest.fixture
def fitted(session, make):
    floor = history(session, make)
    assert timing_job.update_project(session, floor.project)
    session.flush()
    return floor


def people(floor, *places):
    return {floor.labellers[place].id for place in places}


def test_planted_faults_are_found_said_read_kept_dismissed_and_taken_down(session, make, fitted):
    project = fitted.project
    of_kind = {}
    for flag in session.scalars(select(Flag).where(Flag.labeller_id.is_not(None))):
        of_kind.setdefault(flag.kind, {})[flag.labeller_id] = flag.reason
    assert set(of_kind["answers_too_alike"]) == people(fitted, COPIED, COPIER)
    assert set(of_kind["tired_late_in_shift"]) == people(fitted, TIRED)
    assert set(of_kind["slowing_down"]) == people(fitted, SLOWING)
    copied = of_kind["answers_too_alike"][fitted.labellers[COPIER].id]
    assert copied.startswith("Gave the same answer as another labeller in ")
    assert "With every hour of a shift takes 1." in "".join(of_kind["tired_late_in_shift"].values())

    read = reads.signals(session, [project.id], labeller_id=fitted.labellers[TIRED].id)
    tired = read.set_index("signal").loc["fatigue"]
    assert tired.low <= np.exp(0.4) <= tired.high and tired.n == tired.answers
    slowing = reads.signals(session, [project.id]).query("signal == 'slowing'")
    slowest = slowing.sort_values("value").iloc[-1]
    assert slowest.labeller_id in people(fitted, SLOWING)
    assert slowest.low <= np.exp(0.4) <= slowest.high and "Most of it since" in slowest.said
    assert reads.signals(session, []).empty

    slices = reads.slices(session, [project.id], project.id)
    night = slices.set_index("title").loc["light: night"]
    assert night.colour == "red" and night.time_low <= 2 <= night.time_high
    wrong, n = wrong_by_hand(session, fitted, night=True)
    others, m = wrong_by_hand(session, fitted, night=False)
    assert night.judged == n and night.wrong_ratio == pytest.approx(
        wrong / n / (others / m), rel=0.1
    )
    assert night.reason.startswith("Assets of light: night take 2")
    assert set(slices.dimension) == {"class", "meta.light"}
    assert (slices[slices.title != "light: night"].colour != "red").all()

    before = stored(session)
    timing_job.update_project(session, project)
    assert stored(session) == before
    flag = session.scalars(select(Flag).where(Flag.kind == "slowing_down")).one()
    flags.resolve(session, flag, by=make.user(role="ops_lead"))
    timing_job.update_project(session, project)
    dismissed = (Flag.kind == "slowing_down", Flag.resolved_at.is_(None))
    assert session.scalars(select(Flag.id).where(*dismissed)).all() == []

    # Whoever mends their ways is no longer flagged, and what is no slice any more is gone.
    session.execute(update(Assignment).values(active_ms=9000 + 37 * (Assignment.id % 89)))
    session.execute(update(Asset).values(meta={}))
    timing_job.update_project(session, project)
    session.expire_all()
    open_ = select(Flag.kind).where(Flag.labeller_id.is_not(None), Flag.resolved_at.is_(None))
    assert set(session.scalars(open_)) <= {"answers_too_alike", "often_wrong"}
    assert set(session.scalars(select(SliceDifficulty.dimension))) == {"class"}


def wrong_by_hand(session, floor, *, night):
    ids = [a.id for i, a in enumerate(floor.assets) if (i % 3 == 0) is night]
    found = session.execute(
        select(func.sum(1 - Evidence.correct), func.count())
        .join(Assignment, Assignment.id == Evidence.assignment_id)
        .join(Task, Task.id == Assignment.task_id)
        .where(Task.asset_id.in_(ids))
    ).one()
    return float(found[0]), int(found[1])


def stored(session):
    session.expire_all()
    return [
        session.execute(select(*columns).order_by(*columns[:3])).all()
        for columns in (
            (SliceDifficulty.dimension, SliceDifficulty.value, SliceDifficulty.at,
             SliceDifficulty.time_ratio, SliceDifficulty.wrong_ratio, SliceDifficulty.reason),
            (LabellerPace.labeller_id, LabellerPace.answers, LabellerPace.pace,
             LabellerPace.signals),
            (TimingFit.project_id, TimingFit.answers, TimingFit.usable, TimingFit.model),
            (Flag.id, Flag.kind, Flag.at, Flag.reason, Flag.resolved_at),
        )
    ]  # fmt: skip


def test_other_stages_teams_and_classes_are_told_to_the_model_and_parts_add_up(
    session, make, fitted
):
    reviewer = make.user(role="reviewer")
    teams = [Team(name=name, created_at=clock_time.now()) for name in ("north", "south")]
    session.add_all(teams)
    session.flush()
    for k, labeller in enumerate([*fitted.labellers, reviewer]):
        labeller.team_id = teams[k % 2].id
    lane = make.lane(fitted.batch, "review")
    at, rng = clock_time.now(), np.random.default_rng(1)
    for k, task in enumerate(make.tasks(lane, fitted.assets[:40])):
        ms = int(1000 * np.exp(np.log(60) + rng.normal(0, 0.3)))
        answer(session, task, reviewer, "a", active_ms=ms, at=at + timedelta(minutes=k))
    read = timing_answers.read(session, fitted.project)
    assert read.beside.people.tolist() == [reviewer.id] and read.beside.stage.size == 40
    assert len(read.answer) == ASSETS * PER and len(read.teams) == 2
    timing_job.update_project(session, fitted.project)
    session.expire_all()
    fit = session.get(TimingFit, fitted.project.id)
    times = fit.model["times"]
    assert set(times["factors"]) == {"class", "stage"} and set(times["factors"]["class"]) == set(
        "abcd"
    )
    assert set(times["teams"]) == {str(team.id) for team in teams}
    # One reviewer: what is theirs and what is the stage's cannot be told apart, together it can.
    reviewing = times["labellers"][str(reviewer.id)][0] + times["factors"]["stage"]["review"]
    assert reviewing - times["factors"]["stage"]["label"] > np.log(2)
    assert session.get(LabellerPace, (fitted.project.id, reviewer.id)) is None

    shown = reads.timing_fits(session, [fitted.project.id]).iloc[0]
    assert shown.usable and shown.answers == ASSETS * PER
    asset = fitted.assets[0]
    parts = reads.difficulty_parts(session, [fitted.project.id], asset.id)
    total = session.get(AssetDifficulty, asset.id).difficulty
    assert parts.contribution.sum() == pytest.approx(total, abs=0.005)
    assert parts.set_index("part").loc["gold"].said.endswith(f"of {PER} missed the known answer")
    assert reads.difficulty_parts(session, [], asset.id).empty
