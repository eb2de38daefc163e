"""One re-score run, in a process of its own. Killed at any point, it goes on where it was.

What a chunk is depends on how the labels are judged: a fold, a slice of the labels, a slice of the
assets that a network looks at. Its result is stored with its mark in one transaction.
"""

import sys
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time
from ops.db import transaction
from ops.errors import NotFound, StorageError
from quality.rescoring import finishing, plan, provenance, runs


def run(sessions: sessionmaker[Session], run_id: int) -> None:
    """Carry out a run to its end; ends quietly when another worker has taken it over."""
    fence = None
    try:
        with transaction(sessions) as session:
            taken = runs.take_up(session, run_id)
            fence, task = taken.fence, plan.task_of(session, taken)
            taken.provenance = provenance.of(session, task)
        _score(sessions, task)
        with transaction(sessions) as session:
            finishing.finish(session, runs.hold(session, run_id, fence), task)
    except (NotFound, runs.FenceLost):
        return
    except (StorageError, ValueError) as error:
        if fence is None:
            raise
        _fail(sessions, run_id, fence, error)
    except Exception as error:
        # A run that nobody carries out must not look like one that goes on: no other could start.
        if fence is not None:
            words = f"It broke down ({type(error).__name__}); the log of the worker says more."
            _fail(sessions, run_id, fence, words)
        raise


def _score(sessions: sessionmaker[Session], task: plan.Task) -> None:
    # Each way brings its own libraries: labels judged by predictions need no classifier.
    if runs.route(task.label_type, task.model) == "folds":
        from quality.rescoring import folds

        folds.score(sessions, task, _say)
    else:
        from quality.rescoring import chunked

        chunked.score(sessions, task, _say)


def _say(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty() and (done % 500 == 0 or done == total):
        print(f"\r{what}: {done} of {total}", end="", file=sys.stderr, flush=True)  # noqa: T201


def _fail(sessions: sessionmaker[Session], run_id: int, fence: int, error: Any) -> None:
    with transaction(sessions) as session:
        try:
            held = runs.hold(session, run_id, fence)
        except runs.FenceLost:
            return
        held.state, held.error, held.finished_at = "failed", str(error), clock_time.now()
