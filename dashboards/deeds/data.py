"""Data: hard assets to experts, and studies of a model worked out anew."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from dashboards.deeds.assets import _by, _left, _record, _to_review
from dashboards.deeds.deed import Deed, Terms, checked, counted
from metrics import studies
from ops import references
from ops.errors import InvalidInput
from ops.models import Batch, User
from quality import adjudication

_NO_EXPERT = "without a label, with a known answer, or delivered"


def _foresee_experts(session: Session, by: User, ids: Sequence[int], _terms: Terms) -> str:
    fit, left = _to_review(session, by, ids)
    return (
        f"{counted(len(fit), 'asset')} will go to experts, whose decision stands."
        f"{_left(left, _NO_EXPERT)}"
    )


def _experts(session: Session, by: User, ids: Sequence[int], _terms: Terms) -> str:
    fit, left = _to_review(session, by, ids)
    opened = 0
    for batch_id, assets in _by(fit, lambda asset: asset.batch_id).items():
        batch = session.get_one(Batch, batch_id)
        asked = sorted(asset.id for asset in assets)
        opened += adjudication.once_more(session, batch, asked)
        _record(session, by, batch.project, "adjudication.asked", asked, batch=batch_id)
    waits = len(fit) - opened
    said = f" {counted(waits, 'asset')} waited for one already, or no expert may decide."
    more = said if waits else ""
    if not opened:
        return f"Nothing was sent.{more}{_left(left, _NO_EXPERT)}"
    return f"{counted(opened, 'asset')} sent to experts.{more}{_left(left, _NO_EXPERT)}"


def _study(kind: str, what: str) -> Any:
    def one(session: Session, by: User, ids: Sequence[int]) -> Any:
        wanted = checked(ids)
        if len(wanted) > 1:
            raise InvalidInput("choose one model", field="chosen")
        return references.find(session, by, wanted[0])

    def foresee(session: Session, by: User, ids: Sequence[int], _terms: Terms) -> str:
        model = one(session, by, ids)
        return (
            f"A worker will {what} of {model.name}, version {model.version}, anew; what is shown "
            "stays until then."
        )

    def do(session: Session, by: User, ids: Sequence[int], _terms: Terms) -> str:
        model = one(session, by, ids)
        studies.request(session, model, kind, by=by)
        return f"Asked for: a worker will {what} of {model.name}, version {model.version}."

    return foresee, do


DATA = (
    Deed("asset.experts", "Send to experts", "asset", _foresee_experts, _experts),
    Deed("model.map", "Draw the map anew", "model", *_study("map", "draw the map")),
    Deed("model.errors", "Work the errors out anew", "model",
         *_study("errors", "work out the errors")),
)  # fmt: skip
