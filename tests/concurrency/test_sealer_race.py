"""Writers and sealers at once: each entry comes under exactly one seal."""

import random
import threading
import time

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from ops import audit_log, sealer
from tests.factories import Make

pytestmark = pytest.mark.serial
WRITERS, EACH = 6, 40


def test_each_entry_is_in_exactly_one_seal(
    make: Make, session: Session, sessions: sessionmaker[Session]
):
    organisations = [make.organisation().id for _ in range(3)]
    session.commit()
    done = threading.Event()
    faults: list[BaseException] = []

    def write(seed: int) -> None:
        draw = random.Random(seed)
        try:
            for i in range(EACH):
                with sessions() as own:
                    audit_log.record(
                        own, None, "thing.done", f"thing:{seed}.{i}",
                        organisation_id=draw.choice(organisations),
                    )  # fmt: skip
                    # Transactions end in another order than they began.
                    time.sleep(draw.random() * 0.01)
                    own.commit() if draw.random() < 0.9 else own.rollback()
        except BaseException as fault:
            faults.append(fault)

    def keep_sealing() -> None:
        try:
            while not done.is_set():
                sealer.seal(sessions)
        except BaseException as fault:
            faults.append(fault)

    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(WRITERS)]
    sealers = [threading.Thread(target=keep_sealing) for _ in range(2)]
    for thread in [*writers, *sealers]:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in sealers:
        thread.join()
    assert not faults
    sealer.seal(sessions)
    covered = session.execute(
        text(
            """
            SELECT entry.id, count(seal.id) FROM audit_entry entry
            LEFT JOIN audit_seal seal ON seal.organisation_id = entry.organisation_id
              AND seal.after_xid < entry.xid AND seal.upto_xid >= entry.xid
            GROUP BY entry.id
            """
        )
    ).all()
    assert len(covered) > WRITERS * EACH * 0.75
    assert {n for _, n in covered} == {1}
    found = sealer.verify(session)
    assert (found.broken, found.unsealed) == (None, 0)
    assert found.entries == len(covered)
    # Sealing went on while they wrote, rather than once at the end.
    assert found.seals > len(organisations)
