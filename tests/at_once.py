"""Calls that come at the same moment, each with a transaction of its own."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from ops.db import transaction
from ops.errors import Conflict, Frozen, InvalidInput, NotReady

REFUSED = (Conflict, Frozen, InvalidInput, NotReady)


def at_once(
    sessions: sessionmaker[Session], calls: Sequence[Callable[[Session], Any]]
) -> list[Any]:
    """What each call returns, or the refusal that it raises, in the order of the calls."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[Session], Any]) -> Any:
        barrier.wait()
        try:
            with transaction(sessions) as own:
                return call(own)
        except REFUSED as refusal:
            return refusal

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
