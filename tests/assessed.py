"""An assessment that fourteen labellers have taken, with one gold whose answer is wrong."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import clock_time
from quality import gold
from quality.measures.arrays import Floats
from quality.models import AttemptQuestion, GoldVersion
from quality.onboarding import assessments, attempts
from tests.factories import Make

CLASSES = "abcd"
N_GOLD, N_LABELLERS, BAD = 20, 14, 4
TERMS = {"title": "First level", "questions": N_GOLD, "pass_mark": 0.78, "minutes": 60}


def assessed(session: Session, make: Make, *, seed: int = 3, **more: Any) -> SimpleNamespace:
    """The project, its `assessment`, `golds` of which number BAD is wrong, and the `attempts`.

    Of that one the accepted answer is the class before the right one, which is what the able say.
    The two weakest say what is accepted. Answers take about ten seconds. `more` goes to each asset.
    """
    rng = np.random.default_rng(seed)
    project = make.project(classes=list(CLASSES))
    assets = make.assets(make.batch(project), N_GOLD, **more)
    labellers = [make.member(project, make.user()) for _ in range(N_LABELLERS)]
    manager = make.member(project, make.user(role="onboarding_manager"))
    truth = rng.integers(0, len(CLASSES), N_GOLD)
    accepted = (truth - (np.arange(N_GOLD) == BAD)) % len(CLASSES)
    golds = [
        gold.make(session, project, asset, [{"class": CLASSES[k]}], None)
        for asset, k in zip(assets, accepted, strict=True)
    ]
    at = {g.id: i for i, g in enumerate(golds)}
    test = assessments.create(session, project, project.skill, TERMS, manager)
    # Drawn ahead: in which order the questions come is left to chance.
    knows = rng.random((N_LABELLERS, N_GOLD)) < np.linspace(0.97, 0.6, N_LABELLERS)[:, None]
    said = np.where(knows, truth, rng.integers(0, len(CLASSES), knows.shape))
    said[-2:, BAD] = accepted[BAD]
    took = rng.lognormal(2.3, 0.3, knows.shape)
    taken = []
    for who, labeller in enumerate(labellers):
        attempt = attempts.begin(session, test, labeller)
        moment = attempt.started_at
        for question in attempts.questions_of(session, attempt):
            item = at[session.get_one(GoldVersion, question.gold_version_id).gold_id]
            question.payload = {"class": CLASSES[said[who, item]]}
            question.correct = float(said[who, item] == accepted[item])
            question.shown_at = moment
            moment += timedelta(seconds=took[who, item])
            question.answered_at = moment
        session.flush()
        attempts.finish(session, attempt)
        taken.append(attempt)
    session.flush()
    return SimpleNamespace(
        project=project, assessment=test, golds=golds, attempts=taken, manager=manager,
        labellers=labellers, assets=assets, at=clock_time.now(),
    )  # fmt: skip


def credits_of(session: Session, made: SimpleNamespace) -> tuple[Floats, dict[Any, str]]:
    """Attempts × questions, what each answer is worth; and the answers, by attempt and question."""
    table, said = np.zeros((N_LABELLERS, N_GOLD)), {}
    rows = {a.id: i for i, a in enumerate(made.attempts)}
    columns = {g.id: i for i, g in enumerate(made.golds)}
    for question in session.scalars(select(AttemptQuestion)):
        version = session.get_one(GoldVersion, question.gold_version_id)
        place = rows[question.attempt_id], columns[version.gold_id]
        table[place], said[place] = question.correct, question.payload["class"].upper()
    return table, said
