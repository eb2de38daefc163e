"""What a lead sees of labels of every type: on a batch's page, among hard assets, in tables."""

import pytest

from metrics import balance, reads
from ops import consensus, labels, ontologies
from quality.judging import belief, judge
from quality.timing_job import update_project
from tests.db.answering import answer
from tests.db.every_type import CASES, MERGED, floor_of


@pytest.fixture(autouse=True)
def _fresh_fits():
    belief.forget()


@pytest.mark.parametrize("label_type", CASES)
def test_labels_are_said_in_words(session, sessions, make, client_for, label_type):
    case = CASES[label_type]
    floor = floor_of(make, label_type, labellers=3, assets=2, wanted=3)
    lead = make.member(floor.project, make.user(role="ops_lead"))
    for task, last in zip(floor.tasks, (case.right, case.wrong), strict=True):
        for who, label in zip(floor.labellers, (case.right, case.right, last), strict=True):
            answer(session, task, who, None, **label)
    session.commit()
    judge(sessions)
    assert update_project(session, floor.project)
    session.commit()
    ontology = ontologies.current(session, floor.project.id)
    doubted = consensus.current(session, [floor.assets[1].id])[floor.assets[1].id]
    words = labels.in_words(label_type, doubted.label, ontology)
    page = client_for(lead).get(f"/batches/{floor.batch.id}")
    assert page.status_code == 200
    disagree = page.text.split("Where answers disagree most")[1].split("Suspects of")[0]
    assert words in disagree.replace("&#34;", '"')
    assert ("alike" in disagree) == (label_type in MERGED)
    listed = client_for(lead).get(f"/projects/{floor.project.id}/assets")
    assert listed.status_code == 200 and words in listed.text.replace("&#34;", '"')
    found = reads.hard_assets(session, [floor.project.id])
    assert len(found) == 2
    choice = label_type not in MERGED
    if choice:
        assert set(found.said) == set(found.label) == {str(doubted.label[label_type])}
    else:
        assert set(found.label) == {None} and words in set(found.said)
    pairs = reads.confusion(session, [floor.project.id], floor.project.id, "consensus")
    assert int(pairs.n.sum()) == (6 if choice else 0)
    balance.update(sessions)
    counted = reads.colours(session, [floor.project.id])
    assert int(counted[counted.label.isna()].n.sum()) == 2
