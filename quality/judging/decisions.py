"""Answers of reviewers and adjudicators: what they decide of an asset, and of its labellers."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from ops import consensus, flags, ontologies, projects, reopened
from ops.labels import in_words
from ops.models import Batch, Consensus, Project, Task
from quality import adjudication, gold_review, review, review_tasks, rework, trust
from quality.gold_answers import credit, label_of
from quality.judging import answers as read
from quality.judging.alike import Compared
from quality.judging.answers import DECIDING_STAGES, LABEL_STAGES, Answer
from quality.judging.evidence import Finding, Pairs, pairs, store, tell
from quality.models import Gold, GoldVersion, LabelScore

METHOD = {"review": "review", "adjudicate": "adjudication"}
DECIDED = tuple(METHOD.values())
GOLD_DISPUTED = "gold_disputed"
# A reviewer whose answer is worth at least so much to gold sees it as the gold does.
AGREES = 0.5


def decide(session: Session, found: Sequence[Answer]) -> Pairs:
    """Turn the deciding answers among `found` into consensus and evidence, in order of time.

    Returns whose standing they move. A label that is sent back stays in force until somebody
    decides; where a further layer sees it otherwise than the one before, an expert does. About gold
    nothing is decided, but a flag is raised when a reviewer sees it otherwise.
    """
    deciding = [a for a in found if a.stage in DECIDING_STAGES]
    if not deciding:
        return set()
    deciding.sort(key=lambda a: (a.ended_at, a.assignment_id))
    ledger = _Ledger(session, deciding)
    for answer in deciding:
        if answer.asset_id in ledger.accepted:
            ledger.dispute(answer)
            ledger.passed += [answer] if answer.stage == "review" else []
        elif not _idle(session, answer):
            ledger.take(answer)
    _note_outcomes(session, [a for a in deciding if not a.surplus and a.key])
    adjudication.settle_flags(session, ledger.decided)
    ledger.hand_on()
    return pairs(ledger.moved)


class _Ledger:
    """What is known of the assets that are decided here, and what came of the answers."""

    def __init__(self, session: Session, deciding: Sequence[Answer]):
        self.session = session
        assets = sorted({a.asset_id for a in deciding})
        self.labels: dict[int, list[Answer]] = defaultdict(list)
        for label in read.labels_of(session, assets):
            self.labels[label.asset_id].append(label)
        self.accepted = _accepted(session, assets)
        self.current = consensus.current(session, assets)
        self.layers = review_tasks.layers_of(session, [a.task_id for a in deciding])
        every = [label for some in self.labels.values() for label in some]
        self.said = Compared(session, [*deciding, *every])
        self.moved: list[Finding] = []
        self.decided: set[int] = set()
        self.returned: list[Answer] = []
        self.passed: list[Answer] = []
        self.contested: list[Answer] = []

    def take(self, answer: Answer) -> None:
        """One answer about work: sent back, contested with an earlier layer, or decided."""
        labels = self.labels[answer.asset_id]
        if answer.verdict == "return":
            self.returned.append(answer)
            self.moved += self._judge(answer, _latest(labels), tells=True)
        elif self._differs(answer):
            self.contested.append(answer)
        else:
            self._decide(answer, labels)

    def _differs(self, answer: Answer) -> bool:
        """Whether a further layer sees it otherwise than whoever decided before."""
        before = self.current.get(answer.asset_id)
        further = answer.stage == "review" and self.layers[answer.task_id] > 1
        return further and before is not None and not self.said.same(answer, before.label)

    def _decide(self, answer: Answer, labels: Sequence[Answer]) -> None:
        newest = _latest(labels)
        again = self._decided_otherwise(answer)
        made = self._append(answer, newest)
        if made is not None:
            self.current[answer.asset_id] = made
        self.decided.add(answer.asset_id)
        self.moved += self._judge(answer, newest, tells=True, again=again)
        # What was sent back was right or wrong too. That it had to be reworked stays told, unless
        # an expert says that it was right.
        expert = answer.stage == "adjudicate"
        self.moved += self._judge(answer, _reworked(labels), tells=expert)
        if answer.stage == "review":
            self.passed.append(answer)

    def _label(self, answer: Answer) -> dict[str, Any]:
        """What a decision puts in force; accepted, a choice keeps what it said beside its key."""
        before = self.current.get(answer.asset_id)
        accepted = before is not None and answer.verdict == "accept"
        if before is not None and accepted and self.said.same(answer, before.label):
            return before.label
        return self.said.content(answer)

    def _append(self, answer: Answer, labels: Sequence[Answer]) -> Consensus | None:
        batch = self.session.get_one(Batch, answer.batch_id)
        if batch.state == "delivered" or reopened.staying(self.session, [answer.asset_id]):
            return None
        believed = trust.standing(self.session, answer.labeller_id, answer.skill_id)
        decided = self._label(answer)
        alike = [self.said.alike(label, decided) for label in labels]
        return consensus.append(
            self.session,
            asset_id=answer.asset_id,
            batch_id=batch.id,
            method=METHOD[answer.stage],
            label=decided,
            probability=believed.mean if believed.n else None,
            answers=len(labels),
            agreement=sum(alike) / len(labels) if labels else None,
            posterior={},
            decided_by=answer.labeller_id,
        )

    def _decided_otherwise(self, answer: Answer) -> bool:
        """Whether a person decided before, and not so: answers that stay wrong are so otherwise."""
        before = self.current.get(answer.asset_id)
        return (
            before is not None
            and before.method in DECIDED
            and not self.said.same(answer, before.label)
        )

    def _judge(
        self, answer: Answer, labels: Sequence[Answer], *, tells: bool, again: bool = False
    ) -> list[Finding]:
        """Hold labels against a decision. What is sent back was like nothing that is right.

        Told is what changed; `again`, all of it.
        """
        decided = self.said.content(answer)
        findings = [
            Finding(label, self.said.alike(label, decided) if decided else 0.0) for label in labels
        ]
        changed = store(self.session, "review", findings)
        if tells:
            told = findings if again else changed
            tell(self.session, "review", [(f.answer, f.correct) for f in told])
        return changed

    def dispute(self, answer: Answer) -> None:
        """Flag gold that a reviewer sees otherwise."""
        accepted = self.accepted[answer.asset_id]
        if answer.verdict == "return":
            shown = gold_review.shown(self.session, [answer.asset_id]).get(answer.asset_id)
            label = gold_review.content_of(self.session, shown) if shown else None
        else:
            label = None
        _dispute(self.session, answer, accepted, self.said, label)

    def hand_on(self) -> None:
        """Open what follows: rework, the next layer, an expert."""
        rework.send_back(self.session, self.returned)
        review.next_layer(self.session, [a for a in self.passed if a.key and not a.surplus])
        for batch_id in sorted({a.batch_id for a in self.contested}):
            batch = self.session.get_one(Batch, batch_id)
            assets = {a.asset_id for a in self.contested if a.batch_id == batch_id}
            if batch.state != "delivered":
                adjudication.once_more(self.session, batch, assets)


def _accepted(session: Session, assets: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    rows = session.execute(
        select(Gold.asset_id, GoldVersion.answers)
        .join(GoldVersion, GoldVersion.gold_id == Gold.id)
        .where(Gold.asset_id.in_(assets))
        .order_by(GoldVersion.version)
    )
    return dict(rows.all())


def _dispute(
    session: Session,
    answer: Answer,
    accepted: list[dict[str, Any]],
    said: Compared,
    returned: dict[str, Any] | None,
) -> None:
    """`returned` is the label that was sent back, if one was."""
    back = answer.verdict == "return"
    label = returned if back else said.content(answer)
    worth = credit(accepted, label or {}, said.yardstick(answer), said.size(answer))
    # Sending back what the gold accepts is a dispute, and so is answering otherwise.
    if (worth < AGREES) if back else (worth >= AGREES):
        return
    project = session.get_one(Project, answer.project_id)
    ontology = ontologies.current(session, project.id)
    words = "; ".join(in_words(project.label_type, label_of(a), ontology) for a in accepted)
    told = "back to its labeller" if back else in_words(project.label_type, label, ontology)
    flags.raise_flag(
        session,
        project_id=answer.project_id,
        kind=GOLD_DISPUTED,
        reason=f"A reviewer answered {told}; the gold accepts {words}. Check the gold.",
        asset_id=answer.asset_id,
        evidence={
            "answered": answer.key or told,
            "accepted": words,
            "assignment": answer.assignment_id,
        },
    )


def _idle(session: Session, answer: Answer) -> bool:
    """Whether nothing follows from an answer: another one of its task decides, or it was acted on.

    Surplus is kept beside the answer that counts, which was given or is still wanted.
    """
    returned = answer.verdict == "return"
    return answer.surplus or (returned and rework.opened_after(session, answer))


def _latest(labels: Sequence[Answer]) -> list[Answer]:
    """The labels of the newest round, with surplus."""
    newest = max((label.round for label in labels), default=0)
    return [label for label in labels if label.round == newest]


def _reworked(labels: Sequence[Answer]) -> list[Answer]:
    """Earlier labels that the newest round is the rework of."""
    newest = max((label.round for label in labels), default=0)
    if not any(label.round == newest and label.stage == "rework" for label in labels):
        return []
    first = max((label.round for label in labels if label.stage == "label"), default=newest)
    return [label for label in labels if first <= label.round < newest]


def _note_outcomes(session: Session, deciding: Sequence[Answer]) -> None:
    """Say of re-score suspects what their review came to, be it after rework."""
    for answer in deciding:
        asked = select(Task.id).where(Task.asset_id == answer.asset_id, Task.stage == "review")
        its_own = LabelScore.review_task_id == answer.task_id
        waits = LabelScore.outcome.is_(None) & LabelScore.review_task_id.in_(asked)
        session.execute(
            update(LabelScore)
            .where(its_own | waits)
            .values(outcome=case((LabelScore.given == answer.key, "accepted"), else_="changed"))
            .execution_options(synchronize_session=False)
        )


def review_decided(session: Session, found: Sequence[Answer]) -> None:
    """After an adjudication, review its asset if it is in the sample."""
    for answer in found:
        if answer.stage == "adjudicate":
            batch = session.get_one(Batch, answer.batch_id)
            share = projects.settings_of(session.get_one(Project, batch.project_id)).review_share
            if batch.state != "delivered":
                review.draw_sampled(session, batch, [answer.asset_id], share)


def judge_late(session: Session, found: Sequence[Answer]) -> Pairs:
    """Labels that came after their asset was decided: reviewed by that decision."""
    late = [a for a in found if a.stage in LABEL_STAGES and a.round > 0]
    current = consensus.current(session, sorted({a.asset_id for a in late}))
    known = {asset: one.label for asset, one in current.items() if one.method in DECIDED}
    said = Compared(session, [answer for answer in late if answer.asset_id in known])
    findings = [
        Finding(answer, said.alike(answer, known[answer.asset_id]))
        for answer in late
        if answer.asset_id in known
    ]
    changed = store(session, "review", findings)
    tell(session, "review", [(f.answer, f.correct) for f in changed])
    return pairs(changed)
