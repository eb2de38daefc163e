"""Rates, adjustments, statements."""

from datetime import timedelta

from ops import clock_time
from tests import paid


def _adjusted(w):
    return {"adjusted": w.labeller.id, "amount": "1", "currency": "EUR", "reason": "A bonus",
            "day": clock_time.now().date()}  # fmt: skip


def _earned(w):
    yesterday = clock_time.now().date() - timedelta(days=1)
    paid.rate(w.session, w.admin, since=yesterday, reason="agreed")
    paid.work(w.session, w.labeller, w.project, yesterday)
    paid.counted(w.session)
    return {"last": yesterday}


CASES = {
    "pay.set_rate": lambda w: w.post(
        "/pay/rates", data={"amount": "0.1", "currency": "EUR", "basis": "label",
                            "valid_from": clock_time.now().date()}
    ),
    "pay.adjust": lambda w: w.post("/pay/adjustments", data=_adjusted(w)),
    "pay.settle": lambda w: w.post("/pay/settle", data=_earned(w)),
}  # fmt: skip
