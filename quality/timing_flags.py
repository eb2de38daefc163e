"""What times and disagreement say, as flags in words: raised, kept up to date, taken down."""

from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import flags
from ops.models import Flag, Project
from quality import flag_words

if TYPE_CHECKING:
    from quality.timing_answers import Answers
    from quality.timing_judged import Judged
    from quality.timing_signals import Signals

ASSET = "slow_or_ambiguous"
HASTY = "too_fast_and_wrong"
WRONG = "often_wrong"
SLOWING = "slowing_down"
TIRED = "tired_late_in_shift"
ALIKE = "answers_too_alike"

Wanted = dict[int, tuple[str, dict[str, Any]]]


def of_assets(
    session: Session, project: Project, answers: "Answers", judged: "Judged", *, only: bool = False
) -> None:
    """Raise flags on hard assets, resolve those that no longer hold; with `only`, of these assets,
    which are not all there are.

    What a person resolved stays resolved until there are more answers than they saw.
    """
    skips = np.bincount(answers.asset[answers.skipped], minlength=len(answers.assets))
    hard = {
        int(answers.assets[i]): (
            asset_reason(judged, int(i)),
            parts(judged, int(i), int(skips[i]), int(answers.asked[i])),
        )
        for i in np.flatnonzero(judged.asset_flags.flagged)
    }
    among = set(answers.assets.tolist()) if only else None
    _keep(session, project, ASSET, "asset_id", hard, among)


def of_labellers(
    session: Session,
    project: Project,
    answers: "Answers",
    judged: "Judged",
    signals: "Signals",
    told: dict[int, dict[str, Any]],
) -> None:
    """The same of labellers: `told` are the signals in numbers, by id."""
    found = judged.labeller_flags
    people = [int(i) for i in answers.labellers]
    for kind, which in ((HASTY, found.hasty), (WRONG, found.wrong & ~found.hasty)):
        wanted = {
            people[i]: (labeller_reason(judged, int(i), kind), _labeller_evidence(judged, int(i)))
            for i in np.flatnonzero(found.flagged & which)
        }
        _keep(session, project, kind, "labeller_id", wanted)
    answered = np.bincount(answers.labeller[answers.answered], minlength=len(people)).tolist()
    support = {who: {"answers": n} for who, n in zip(people, answered, strict=True)}
    for kind, name, words, flagged in (
        (SLOWING, "slowing", flag_words.slowing, _people(signals.slowing.flagged, people)),
        (TIRED, "fatigue", flag_words.tired, _people(signals.fatigue.flagged, people)),
        (ALIKE, "copies", flag_words.alike,
         [who for who in people if told[who].get("copies", {}).get("flagged")]),
    ):  # fmt: skip
        signal = {who: told[who][name] for who in flagged}
        wanted = {who: (words(s), {**support[who], **s}) for who, s in signal.items()}
        _keep(session, project, kind, "labeller_id", wanted)


def _people(which: Any, people: list[int]) -> list[int]:
    return [people[i] for i in np.flatnonzero(which)]


def _keep(
    session: Session,
    project: Project,
    kind: str,
    subject: str,
    wanted: Wanted,
    among: set[int] | None = None,
) -> None:
    of_kind = select(Flag).where(Flag.project_id == project.id, Flag.kind == kind)
    if among is not None:
        of_kind = of_kind.where(getattr(Flag, subject).in_(among))
    rows = session.scalars(of_kind.order_by(Flag.id)).all()
    open_ = {getattr(flag, subject): flag for flag in rows if flag.resolved_at is None}
    dismissed = {
        getattr(flag, subject): flag.evidence.get("answers", 0)
        for flag in rows
        if flag.resolved_by is not None
    }
    for key, flag in open_.items():
        if key not in wanted:
            flags.resolve(session, flag, by=None)
    for key, (reason, evidence) in wanted.items():
        old = open_.get(key)
        if old is not None and (old.reason, old.evidence) == (reason, evidence):
            continue
        if old is not None or evidence["answers"] > dismissed.get(key, -1):
            flags.raise_flag(
                session,
                project_id=project.id,
                kind=kind,
                reason=reason,
                evidence=evidence,
                **{subject: key},
            )


def labeller_reason(judged: "Judged", i: int, kind: str) -> str:
    """Why a labeller is flagged, in one sentence."""
    accuracy = flag_words.accuracy(judged.standings, i, judged.labeller_flags.typical)
    if kind == HASTY:
        return f"Takes {judged.ratio[i]:.2f} × the usual time and is {accuracy}."
    return f"Is {accuracy}.{'' if judged.usable.usable else _no_times(judged)}"


def _labeller_evidence(judged: "Judged", i: int) -> dict[str, Any]:
    standing = judged.standings
    return {
        "answers": int(standing.n[i]),
        "mean": round(float(standing.mean[i]), 3),
        "low": round(float(standing.low[i]), 3),
        "high": round(float(standing.high[i]), 3),
        "typical": round(float(judged.labeller_flags.typical), 3),
        "times": judged.usable.why or "usable",
    }


def asset_reason(judged: "Judged", i: int) -> str:
    """Why an asset is hard, in one sentence; says so when times could not be used."""
    found, disputed = judged.asset_flags, ""
    answers = int(judged.votes[i].sum())
    if found.differing[i]:
        skips = int(judged.votes[i, -1])
        also = f" ({skips} skipped it)" if skips else ""
        disputed = (
            f"{found.differing[i]} of {answers} labellers differ from the most frequent answer"
            f"{also}, where about {found.expected[i]:.1f} would be usual"
        )
    sentence = flag_words.hard(disputed, judged.times, i)
    tail = "" if judged.usable.usable else _no_times(judged)
    return f"{sentence[0].upper()}{sentence[1:]}.{tail}"


def _no_times(judged: "Judged") -> str:
    return f" Times were not used: {judged.usable.why}."


def parts(judged: "Judged", i: int, skips: int, asked: int = 0) -> dict[str, Any]:
    """What the difficulty is made of; a part that is unknown is absent."""
    found = judged.asset_flags
    made = {
        "answers": int(judged.votes[i].sum()),
        "disagreement": int(found.differing[i]),
        "expected": round(float(found.expected[i]), 2),
        "skips": skips,
        "questions": asked,
        "times": judged.usable.why or "usable",
    }
    if judged.times is not None and np.isfinite(judged.times.effect[i]):
        effect = float(judged.times.effect[i])
        made["time_effect"] = round(effect, 3)
        made["time_se"] = round(float(judged.times.se[i]), 3)
        made["seconds"] = round(float(judged.seconds * np.exp(effect)), 1)
    if np.isfinite(found.p[i]):
        made["p"] = float(f"{found.p[i]:.2g}")
    if judged.known.gold[i]:
        made["gold_answers"] = int(judged.known.gold[i])
        made["gold_missed"] = round(float(judged.known.missed[i]), 2)
    made["contributions"] = {
        name: round(float(part[i]), 3) for name, part in judged.made.items() if np.isfinite(part[i])
    }
    return made
