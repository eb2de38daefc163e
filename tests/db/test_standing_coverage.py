"""A 95 % interval holds the truth about 95 % of the time, through the service's whole path.

Accuracies are drawn from the stated prior, the answers go through the judging job (gold, and the
consensus of the others as it fits it), and standing is read back.
"""

import numpy as np
import pytest
from sqlalchemy import select

from ops.models import Task
from quality import gold
from quality.judging import belief, judge
from quality.measures.standing import PRIOR
from quality.models import Standing
from tests.db.answering import many

LABELLERS, ASSETS, GOLD, ANSWERS = 20, 200, 40, 3


def run(session, sessions, make, seed, classes="abcd"):
    """One floor judged from nothing: (accuracies, standings)."""
    belief.forget()
    rng = np.random.default_rng(seed)
    k = len(classes)
    floor = make.floor(labellers=LABELLERS, assets=ASSETS, wanted=ANSWERS, classes=classes)
    truth = rng.integers(0, k, ASSETS + GOLD)
    accuracy = rng.beta(*PRIOR, LABELLERS)
    known = make.assets(floor.batch, GOLD)
    hidden = [
        gold.make(session, floor.project, asset, [{"class": classes[c]}], None)
        for asset, c in zip(known, truth[ASSETS:], strict=True)
    ]

    def said(i, j):
        right = rng.random() < accuracy[j]
        return classes[truth[i] if right else (truth[i] + rng.integers(1, k)) % k]

    given = [
        (task, floor.labellers[j], said(i, j))
        for i, task in enumerate(floor.tasks)
        for j in rng.permutation(LABELLERS)[:ANSWERS]
    ]
    given += [
        (session.get(Task, hidden[g].task_id), floor.labellers[j], said(ASSETS + g, j))
        for j in range(LABELLERS)
        for g in rng.permutation(GOLD)[:3]
    ]
    many(session, given)
    session.commit()
    judge(sessions)
    session.expire_all()
    rows = {row.labeller_id: row for row in session.scalars(select(Standing))}
    return accuracy, [rows[who.id] for who in floor.labellers]


def test_the_interval_covers(session, sessions, make):
    inside, widths, support = [], [], []
    for seed in range(6):
        accuracy, rows = run(session, sessions, make, seed)
        low, high = (np.array([getattr(r, name) for r in rows]) for name in ("low", "high"))
        inside += list((low <= accuracy) & (accuracy <= high))
        widths += list(high - low)
        support += [row.n for row in rows]
    # 120 intervals: 0.95 give or take twice its standard error of 0.02.
    assert np.mean(inside) == pytest.approx(0.95, abs=0.04)
    # And they say something: the prior's own interval is 0.70 wide.
    assert np.mean(widths) < 0.35
    assert np.median(support) > 20
