"""Studies of a reference model: its map, its errors. A job carries them out.

A study may be killed and begun again: nothing of it is seen before it is finished, and then it
stands for the one before.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session, sessionmaker

from metrics.models import ModelStudy
from ops import audit_log, clock_time, queue
from ops.db import transaction
from ops.errors import Conflict, InvalidInput
from ops.models import Project, ReferenceModel, User

TASK = "study a model"
# Errors are worked out again when labels changed since, but not more often than this.
HOURS = 24
_DUE = text(
    """
    SELECT model.id, kind.name AS kind FROM reference_model model
    JOIN project ON project.id = model.project_id AND project.state IN ('running', 'paused')
    CROSS JOIN (VALUES ('map'), ('errors')) AS kind (name)
    LEFT JOIN model_study study ON study.model_id = model.id AND study.kind = kind.name
    WHERE CASE kind.name WHEN 'map'
          THEN model.kind = 'embeddings' OR EXISTS (
              SELECT FROM embedding WHERE embedding.model_id = model.id)
          ELSE model.kind = 'predictions' OR EXISTS (
              SELECT FROM prediction WHERE prediction.model_id = model.id) END
      AND (study.model_id IS NULL
           OR study.state = 'done' AND kind.name = 'errors'
              AND study.as_of < CAST(:now AS timestamptz) - make_interval(hours => :hours)
              AND EXISTS (SELECT FROM balance_state state JOIN batch ON batch.id = state.batch_id
                          WHERE batch.project_id = model.project_id AND state.at > study.as_of))
    ORDER BY model.id LIMIT 20
    """
)


class StudyLost(Conflict):
    """Another worker has taken this study up; what this one still has is discarded."""


def due(sessions: sessionmaker[Session]) -> int:
    """Ask for the studies that nobody had to ask for; returns how many."""
    with transaction(sessions) as session:
        rows = session.execute(_DUE, {"now": clock_time.now(), "hours": HOURS}).all()
        for row in rows:
            request(session, session.get_one(ReferenceModel, row.id), row.kind, by=None)
    return len(rows)


def request(session: Session, model: ReferenceModel, kind: str, *, by: User | None) -> ModelStudy:
    """Put a study on the worker's queue; one that waits or runs already is left as it is.

    Raises InvalidInput where the model has nothing to be studied in that way.
    """
    if kind == "map" and model.kind == "predictions":
        raise InvalidInput("this model has no embeddings", field="model")
    if kind == "errors" and model.embeds:
        raise InvalidInput("this model predicts nothing", field="model")
    row = {"model_id": model.id, "kind": kind, "requested_at": clock_time.now()}
    new = upsert(ModelStudy).values(**row, state="queued", summary={}, fence=0)
    session.execute(new.on_conflict_do_nothing())
    study = session.get_one(
        ModelStudy, (model.id, kind), with_for_update=True, populate_existing=True
    )
    waits = queue.defer(
        session, TASK, once=f"{TASK} {model.id} {kind}", model_id=model.id, kind=kind
    )
    if waits is None and study.state in ("queued", "running"):
        return study
    study.state, study.error, study.step = "queued", "", ""
    study.done, study.of = 0, 0
    study.requested_by, study.requested_at = by.id if by else None, clock_time.now()
    session.flush()
    if by is not None:
        project = session.get_one(Project, model.project_id)
        audit_log.of_project(
            session,
            project,
            by,
            "study.requested",
            model=model.id,
            kind=kind,
        )
    return study


def run(sessions: sessionmaker[Session], model_id: int, kind: str) -> None:
    """Carry out a study to its end; ends quietly when another worker has taken it over."""
    from metrics import study_errors, study_map

    work = {"map": study_map.work, "errors": study_errors.work}[kind]
    at = At(sessions, model_id, kind)
    try:
        work(at)
    except StudyLost:
        return
    except ValueError as error:
        at.fail(str(error))
    except Exception as error:
        # A study that nobody carries out must not look like one that goes on.
        at.fail(f"It broke down ({type(error).__name__}); the log of the worker says more.")
        raise


class At:
    """A study that is under way: where it says how far it is, and writes what it found."""

    def __init__(self, sessions: sessionmaker[Session], model_id: int, kind: str):
        self.sessions, self.key = sessions, (model_id, kind)
        with transaction(sessions) as session:
            study = session.get_one(ModelStudy, self.key, with_for_update=True)
            study.fence += 1
            study.state, study.started_at, study.error = "running", clock_time.now(), ""
            self.fence = study.fence
            self.model = session.get_one(ReferenceModel, model_id)
            self.project = session.get_one(Project, self.model.project_id)
            self.as_of = clock_time.now()

    def hold(self, session: Session) -> ModelStudy:
        """The study, locked, if nobody took it over. Raises StudyLost."""
        study = session.get_one(ModelStudy, self.key, with_for_update=True, populate_existing=True)
        if study.fence != self.fence or study.state != "running":
            raise StudyLost
        return study

    def say(self, step: str, done: int, of: int) -> None:
        """How far it is. Raises StudyLost."""
        with transaction(self.sessions) as session:
            study = self.hold(session)
            study.step, study.done, study.of = step, done, of

    def finish(
        self, session: Session, summary: dict[str, Any], table: Any, rows: Sequence[Sequence[Any]]
    ) -> None:
        """Put `rows` (all columns but an identity, in order, without the model) in the place of
        those before, and the summary. Raises StudyLost."""
        study = self.hold(session)
        model_id = self.key[0]
        session.execute(table.__table__.delete().where(table.model_id == model_id))
        names = [c.name for c in table.__table__.columns if c.name not in ("id", "model_id")]
        connection: Any = session.connection().connection.driver_connection
        copy = f"COPY {table.__tablename__} (model_id, {', '.join(names)}) FROM STDIN"
        with connection.cursor() as cursor, cursor.copy(copy) as into:
            for row in rows:
                into.write_row((model_id, *row))
        study.summary, study.as_of = summary, self.as_of
        study.state, study.step, study.finished_at = "done", "", clock_time.now()
        session.flush()

    def fail(self, words: str) -> None:
        """Say why there is no result."""
        with transaction(self.sessions) as session:
            try:
                study = self.hold(session)
            except StudyLost:
                return
            study.state, study.error, study.finished_at = "failed", words, clock_time.now()
