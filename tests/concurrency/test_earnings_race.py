"""Two who settle at once settle once; a rate cannot slip under a statement that is being made."""

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from metrics.earnings import settling
from metrics.models import EarningsStatement
from ops import clock_time
from ops.db import transaction
from ops.errors import InvalidInput
from ops.models import PayRate, User
from tests import paid

pytestmark = pytest.mark.serial


def at_once(*calls: Any) -> list[Any]:
    """All of them in threads that begin together; what each returned or raised."""
    begin, found = threading.Barrier(len(calls)), [None] * len(calls)

    def run(n: int) -> None:
        begin.wait()
        try:
            found[n] = calls[n]()
        except InvalidInput as error:
            found[n] = error

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_settling_and_correcting_at_once(make: Any, session: Any, sessions: Any) -> None:
    last = clock_time.now().date() - timedelta(days=1)
    payer, project = make.user(role="admin"), make.project()
    me = make.member(project, make.user())
    paid.rate(session, payer, since=last, reason="agreed")
    paid.work(session, me, project, last)
    paid.counted(session)
    session.commit()

    def settle() -> int:
        with transaction(sessions) as own:
            who, by = own.get_one(User, me.id), own.get_one(User, payer.id)
            return len(settling.settle(own, [who], last, by=by))

    def correct() -> date:
        with transaction(sessions) as own:
            by = own.get_one(User, payer.id)
            return paid.rate(own, by, "9", since=last, reason="too low").valid_from

    *settled, corrected = at_once(settle, settle, settle, correct)
    assert sorted(settled) == [0, 0, 1]
    (statement,) = session.scalars(select(EarningsStatement)).all()
    if isinstance(corrected, InvalidInput):
        assert (corrected.field, statement.total) == ("valid_from", 1)
        assert len(session.scalars(select(PayRate)).all()) == 1
    else:
        assert statement.total == 90
