"""Which labels are reviewed by standing: the share of their author, met in every stratum.

A stratum is one labeller's labels of one class (and for a further layer one reviewer's decisions
of one class); all of a labeller's where labels are of no one class. Within it a share is drawn as
exactly as whole numbers allow, see `quality.measures.drawing`. These reviews watch labellers; only
the uniform random sample (`quality.review_sample`) speaks for a batch.
"""

import secrets
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from ops.models import ProjectMember
from ops.project_settings import ProjectSettings
from quality import trust
from quality.judging.answers import Answer
from quality.measures.drawing import drawn_next, due_after
from quality.measures.standing import Standing
from quality.models import ReviewLook, ReviewStratum

# Fewer answers judged than this, and a labeller is a newcomer.
FEW = 10
TIERS = ("newcomer", "known", "trusted")


class Look(NamedTuple):
    """An answer that is looked at, the chance it is reviewed with, why, and in which layer."""

    answer: Answer
    share: float
    reason: str
    layer: int = 1


# Labeller → the share of their work that is reviewed, and why.
Watched = dict[int, tuple[float, str]]


def tier(believed: Standing, trusted_low: float) -> str:
    """Newcomer while little is known, trusted from a lower bound of `trusted_low` on, else known.

    The one place that says so: whatever asks for a labeller's tier asks here.
    """
    if believed.n < FEW:
        return "newcomer"
    return "trusted" if believed.low >= trusted_low else "known"


def looks(
    session: Session, project_id: int, settings: ProjectSettings, groups: Sequence[list[Answer]]
) -> list[Look]:
    """For each group of answers about one asset, the look at that of its least trusted author.

    Groups of which an answer was looked at before are left out, and so are those whose share is 0.
    """
    authors = sorted({answer.labeller_id for group in groups for answer in group})
    watched = _watched(session, project_id, settings, authors) if authors else {}
    if watched or any(_shares(settings).values()):
        groups = _fresh(session, groups)
        return _looks(session, settings, groups, authors, watched) if groups else []
    return []


def _looks(
    session: Session,
    settings: ProjectSettings,
    groups: Sequence[list[Answer]],
    authors: Sequence[int],
    watched: Watched,
) -> list[Look]:
    believed = trust.standings(session, authors, groups[0][0].skill_id)
    found = []
    for group in groups:
        answer = min(group, key=lambda a: _rank(a, believed[a.labeller_id], settings, watched))
        named = tier(believed[answer.labeller_id], settings.gold.trusted_low)
        due = (_shares(settings)[named], "standing")
        due = max(watched.get(answer.labeller_id, due), due, key=lambda one: one[0])
        found.append(Look(answer, *due))
    return [look for look in found if look.share > 0]


def _shares(settings: ProjectSettings) -> dict[str, float]:
    return {name: getattr(settings.review, name) for name in TIERS}


def _rank(
    answer: Answer, believed: Standing, settings: ProjectSettings, watched: Watched
) -> tuple[float, int, float, int]:
    """Sorts the least trusted first."""
    named = tier(believed, settings.gold.trusted_low)
    share = watched[answer.labeller_id][0] if answer.labeller_id in watched else 0.0
    return -share, TIERS.index(named), believed.low, answer.assignment_id


def _watched(
    session: Session, project_id: int, settings: ProjectSettings, labellers: Sequence[int]
) -> Watched:
    """Those of the labellers whose work is reviewed whatever their standing."""
    member = ProjectMember
    found = select(member.user_id, member.restricted_at, member.nesting_since).where(
        member.project_id == project_id,
        member.user_id.in_(labellers),
        or_(member.restricted_at.is_not(None), member.nesting_since.is_not(None)),
    )
    terms, watched = settings.nesting, {}
    for who, restricted_at, _ in session.execute(found):
        if restricted_at is not None:
            watched[who] = (1.0, "restricted")
        elif terms.on and terms.review_share > 0:
            watched[who] = (terms.review_share, "nesting")
    return watched


def _fresh(session: Session, groups: Sequence[list[Answer]]) -> list[list[Answer]]:
    ids = [answer.assignment_id for group in groups for answer in group]
    found = select(ReviewLook.assignment_id).where(ReviewLook.assignment_id.in_(ids))
    before = set(session.scalars(found)) if ids else set()
    return [g for g in groups if not any(a.assignment_id in before for a in g)]


def draw(session: Session, chosen: Iterable[Look]) -> list[Look]:
    """Those of the looks that are drawn. Each is noted, and never asked again.

    Of two who draw in one stratum at once the later waits for the earlier: the rows of the strata
    are changed, in the order of their keys, before they are read.
    """
    chosen = sorted(chosen, key=lambda look: look.answer.assignment_id)
    if not chosen:
        return []
    strata = _locked(session, sorted({_key(look) for look in chosen}))
    drawn = [look for look in chosen if _next(strata[_key(look)], look.share)]
    taken = {look.answer.assignment_id for look in drawn}
    ids = [look.answer.assignment_id for look in chosen]
    session.execute(upsert(ReviewLook), [{"assignment_id": i, "drawn": i in taken} for i in ids])
    _keep(session, strata)
    return drawn


Key = tuple[int, int, int, str]


class _Stratum:
    def __init__(self, seen: int, due: float, drawn: int):
        self.seen, self.due, self.drawn = seen, due, drawn


def _key(look: Look) -> Key:
    answer = look.answer
    return answer.project_id, look.layer, answer.labeller_id, answer.stratum


def _next(stratum: _Stratum, share: float) -> bool:
    lot = secrets.randbits(53) / 2**53
    taken = drawn_next(stratum.due, stratum.drawn, share, lot)
    stratum.seen += 1
    stratum.due = due_after(stratum.due, share)
    stratum.drawn += taken
    return taken


_KEY = ("project_id", "layer", "labeller_id", "class_key")


def _locked(session: Session, keys: Sequence[Key]) -> dict[Key, _Stratum]:
    new = {"seen": 0, "due": 0.0, "drawn": 0}
    rows = [dict(zip(_KEY, key, strict=True)) | new for key in keys]
    wanted = upsert(ReviewStratum).values(rows)
    held = wanted.on_conflict_do_update(
        index_elements=list(_KEY), set_={"seen": ReviewStratum.seen}
    ).returning(*(getattr(ReviewStratum, name) for name in (*_KEY, "seen", "due", "drawn")))
    return {tuple(row[:4]): _Stratum(*row[4:]) for row in session.execute(held)}


def _keep(session: Session, strata: dict[Key, _Stratum]) -> None:
    rows = [dict(zip(_KEY, key, strict=True)) | vars(s) for key, s in strata.items()]
    session.execute(update(ReviewStratum), rows)
