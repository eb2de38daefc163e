"""The rows of an import into their table: COPY, compare, one INSERT, tasks; all or nothing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from ops import (
    answers_wanted,
    audit_log,
    clock_time,
    lanes,
    ontologies,
    projects,
    workforce,
)
from ops.config import Settings
from ops.errors import Frozen
from ops.intake.faults import MOST, Faults
from ops.intake.rows import Check, Row
from ops.models import Batch, OntologyVersion, User
from ops.project_settings import ProjectSettings

CREATE = """
CREATE TEMP TABLE incoming (
    line integer, external_id text COLLATE "C", uri text, text text, meta jsonb, gold text
) ON COMMIT DROP
"""
COPY = "COPY incoming (line, external_id, uri, text, meta, gold) FROM STDIN"
REPEATED = """
SELECT line, external_id, first FROM (
    SELECT line, external_id, min(line) OVER (PARTITION BY external_id) AS first FROM incoming
) counted WHERE line <> first ORDER BY line LIMIT :most
"""
DIFFERENT = """
SELECT i.line, i.external_id, b.name, a.batch_id <> :batch AS elsewhere
FROM incoming i
JOIN asset a ON a.project_id = :project AND a.external_id = i.external_id
JOIN batch b ON b.id = a.batch_id
WHERE a.batch_id <> :batch OR (a.uri, a.text, a.meta) IS DISTINCT FROM (i.uri, i.text, i.meta)
ORDER BY i.line
"""
INSERT = """
INSERT INTO asset (project_id, batch_id, external_id, uri, text, meta, created_at)
SELECT :project, :batch, external_id, uri, text, meta, :at FROM incoming ORDER BY line
ON CONFLICT (project_id, external_id) DO NOTHING
RETURNING id, CASE
    WHEN meta #> '{prediction,confidence}' BETWEEN '0' AND '1'
    THEN (meta #>> '{prediction,confidence}')::float8 END AS confidence
"""
GOLD = """
SELECT a.id, i.gold FROM incoming i
JOIN asset a ON a.project_id = :project AND a.external_id = i.external_id
WHERE i.gold IS NOT NULL AND a.batch_id = :batch
"""


@dataclass
class Report:
    """What an import did. `gold` maps asset id → class key, for the caller to make gold of."""

    new: int = 0
    already_there: int = 0
    kept: int = 0
    gold: dict[int, str] = field(default_factory=dict)

    def __str__(self) -> str:
        parts = [f"{self.new:,} new", f"{self.already_there:,} already there"]
        if self.kept:
            parts.append(f"{self.kept:,} that differ left as they are")
        if self.gold:
            parts.append(f"{len(self.gold):,} with a known answer")
        return ", ".join(parts)


def import_rows(
    session: Session,
    batch: Batch,
    rows: Iterable[Row],
    *,
    by: User,
    settings: Settings,
    faults: Faults | None = None,
    beside: Path | None = None,
    keep_existing: bool = False,
) -> Report:
    """Store `rows` as assets of `batch` and open their label tasks.

    The same rows again change nothing. A row whose external id is known with another content, or
    in another batch, is a fault, unless `keep_existing` leaves what is there. Assets with a known
    answer get no label task: make gold of `Report.gold` in the same transaction. Raises
    InvalidInput with up to 100 faults and leaves nothing behind; Frozen when delivered.
    """
    faults = faults if faults is not None else Faults()
    _one_at_a_time(session, batch.project_id)
    if lanes.lock_batch(session, batch.id).state == "delivered":
        raise Frozen("This batch was delivered; nothing can be added to it.")
    ontology = ontologies.current(session, batch.project_id)
    check = Check(batch.project.medium, settings, answers=_answers(ontology), beside=beside)
    # A savepoint: after a fault the caller's transaction goes on, and may say so on a page.
    with session.begin_nested():
        total = _copy(session, _accepted(rows, check, faults))
        if total == 0 and not faults.found:
            faults.add(None, "file", "holds no assets")
        faults.raise_if_any()
        kept = _compare(session, batch, faults, keep_existing)
        report = _store(session, batch, total, kept)
        session.execute(text("DROP TABLE incoming"))
    _record(session, batch, by, report)
    return report


def _one_at_a_time(session: Session, project_id: int) -> None:
    """Wait for other imports into the project, so that what they bring is seen when comparing."""
    key = func.hashtextextended(f"assets.import:{project_id}", 0)
    session.execute(select(func.pg_advisory_xact_lock(key)))


def _answers(ontology: OntologyVersion | None) -> dict[str, str]:
    """Every way to write a class: its name in any case, and its key, which wins."""
    classes = ontology.classes if ontology else []
    names = {c["name"].casefold(): c["key"] for c in classes}
    return names | {c["key"]: c["key"] for c in classes}


def _accepted(rows: Iterable[Row], check: Check, faults: Faults) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        accepted = check.accept(row, faults)
        if accepted is not None:
            yield accepted


def _copy(session: Session, values: Iterable[tuple[Any, ...]]) -> int:
    session.execute(text(CREATE))
    connection: Any = session.connection().connection.driver_connection
    total = 0
    with connection.cursor() as cursor:
        with cursor.copy(COPY) as copy:
            for one in values:
                copy.write_row(one)
                total += 1
        cursor.execute("ANALYZE incoming")
    return total


def _compare(session: Session, batch: Batch, faults: Faults, keep_existing: bool) -> int:
    """How many rows differ from what is there. Raises InvalidInput unless they may be kept."""
    for line, name, first in session.execute(text(REPEATED), {"most": MOST}):
        faults.add(line, "external_id", f"stands in line {first} already", name)
    faults.raise_if_any()
    here = {"project": batch.project_id, "batch": batch.id}
    different = session.execute(text(DIFFERENT), here).all()
    if not keep_existing:
        for line, name, other, elsewhere in different:
            message = f"is in batch {other} already" if elsewhere else "is there with other content"
            faults.add(line, "external_id", message, name)
        faults.raise_if_any()
    return len(different)


def _store(session: Session, batch: Batch, total: int, kept: int) -> Report:
    here = {"project": batch.project_id, "batch": batch.id}
    new = session.execute(text(INSERT), {**here, "at": clock_time.now()}).all()
    gold = {row.id: row.gold for row in session.execute(text(GOLD), here)}
    _open(session, batch, [row for row in new if row.id not in gold])
    return Report(new=len(new), already_there=total - len(new) - kept, kept=kept, gold=gold)


def _open(session: Session, batch: Batch, work: Sequence[Any]) -> None:
    """Label tasks for new assets (id, confidence), as the project's settings want them.

    What the model was least sure of goes to experts at once, where there are any.
    """
    settings = projects.settings_of(batch.project)
    below = settings.hard.below_confidence
    unsure = [r for r in work if r.confidence is not None and r.confidence < below]
    if not unsure or not workforce.experts(session, batch.project):
        unsure = []
    sent = {row.id for row in unsure}
    _open_in(session, batch, settings, "ordinary", [row for row in work if row.id not in sent])
    _open_in(session, batch, settings, "hard", unsure)


def _open_in(
    session: Session, batch: Batch, settings: ProjectSettings, kind: str, work: Sequence[Any]
) -> None:
    if kind == "hard" and not work:
        return
    uncertain_first = settings.order == "uncertain_first"
    lanes.open_tasks(
        session,
        lanes.lane_for(session, batch, "label", kind),
        [row.id for row in work],
        wanted=answers_wanted.draw(settings, len(work)),
        confidences=[row.confidence for row in work] if uncertain_first else (),
    )


def _record(session: Session, batch: Batch, by: User, report: Report) -> None:
    if report.new and batch.state == "complete":
        batch.state, batch.completed_at = "open", None
        session.flush()
    audit_log.record(
        session,
        by,
        "assets.imported",
        f"batch:{batch.id}",
        organisation_id=batch.project.organisation_id,
        new=report.new,
        already_there=report.already_there,
    )
