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
    batches,
    clock_time,
    lanes,
    ontologies,
    projects,
    reopened,
    workforce,
)
from ops.config import Settings
from ops.errors import Frozen, InvalidInput
from ops.formats.losses import Loss, Losses
from ops.intake.brought import Brought
from ops.intake.faults import MOST, Faults
from ops.intake.incoming_sql import (
    COPY,
    CREATE,
    DIFFERENT,
    GOLD,
    INSERT,
    MEASURED,
    OTHER_SIZE,
    REPEATED,
    SIZED,
)
from ops.intake.known import Assets
from ops.intake.labelled import give, settle
from ops.intake.rows import LABELS, Check, Row
from ops.models import Batch, User
from ops.project_settings import ProjectSettings
from ops.webhooks import facts


@dataclass
class Report:
    """What an import did. `gold` maps asset id → known label, for the caller to make gold of.

    `labelled` assets have a label from outside in force; `model` is the number of the reference
    model whose predictions came. `untaken` labels were brought and not asked for; `losses` is what
    the project cannot hold of what the file says.
    """

    new: int = 0
    already_there: int = 0
    kept: int = 0
    gold: dict[int, dict[str, Any]] = field(default_factory=dict)
    labelled: int = 0
    predictions: int = 0
    model: int | None = None
    untaken: int = 0
    losses: list[Loss] = field(default_factory=list)

    def __str__(self) -> str:
        parts = [f"{self.new:,} new", f"{self.already_there:,} already there"]
        if self.kept:
            parts.append(f"{self.kept:,} that differ left as they are")
        if self.gold:
            parts.append(f"{len(self.gold):,} with a known answer")
        if self.labelled:
            parts.append(f"{self.labelled:,} labelled")
        if self.model is not None:
            parts.append(f"{self.predictions:,} predictions (reference model {self.model})")
        if self.untaken:
            parts.append(f"{self.untaken:,} labels not asked for")
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
    labels: str = "none",
    model: str = "",
    assets: Assets | None = None,
    losses: Losses | None = None,
) -> Report:
    """Store `rows` as assets of `batch` and open their label tasks.

    The same rows again change nothing. A row whose external id is known with another content, or
    in another batch, is a fault, unless `keep_existing` leaves what is there. `labels`, one of
    `rows.LABELS`, says what becomes of the labels that rows bring: the label in force, without any
    task; known answers (no label task either: make gold of `Report.gold` in the same transaction);
    predictions of the reference model called `model`. Raises InvalidInput with up to 100 faults and
    leaves nothing behind; Frozen when delivered.
    """
    faults = faults if faults is not None else Faults()
    losses = losses if losses is not None else Losses()
    if labels not in LABELS:
        raise InvalidInput(f"must be one of {', '.join(LABELS)}", field="labels")
    if labels == "predictions" and not model.strip():
        raise InvalidInput("name the model that predicted this", field="model")
    _one_at_a_time(session, batch.project_id)
    lanes.lock_batch(session, batch.id)
    if reopened.was_delivered(session, batch.id):
        raise Frozen("This batch was delivered; nothing can be added to it.")
    ontology = ontologies.current(session, batch.project_id)
    assets = assets or Assets(session, batch.project_id)
    if labels != "none":
        assets.load()
    brought = Brought(
        batch.project,
        ontology,
        assets,
        settings,
        predictions=labels == "predictions",
        losses=losses,
    )
    check = Check(batch.project.medium, settings, brought=brought, labels=labels, beside=beside)
    # A savepoint: after a fault the caller's transaction goes on, and may say so on a page.
    with session.begin_nested():
        total = _copy(session, _accepted(rows, check, faults))
        if total == 0 and not faults.found:
            faults.add(None, "file", "holds no assets")
        faults.raise_if_any()
        kept = _compare(session, batch, faults, keep_existing, labels)
        report = _store(session, batch, total, kept, labels, keep_existing, faults)
        if labels == "predictions":
            given = give(session, batch.project, model, by=by, faults=faults)
            report.model, report.predictions = given.id, given.assets
        session.execute(text("DROP TABLE incoming"))
    report.untaken, report.losses = check.untaken, losses.found
    _record(session, batch, by, report)
    if report.new:
        facts.batch_received(session, batch, report.new)
    if report.labelled:
        batches.note_completion(session, batch.id)
    return report


def _one_at_a_time(session: Session, project_id: int) -> None:
    """Wait for other imports into the project, so that what they bring is seen when comparing."""
    key = func.hashtextextended(f"assets.import:{project_id}", 0)
    session.execute(select(func.pg_advisory_xact_lock(key)))


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


def _compare(
    session: Session, batch: Batch, faults: Faults, keep_existing: bool, labels: str
) -> int:
    """How many rows differ from what is there. Raises InvalidInput unless they may be kept."""
    for line, name, first in session.execute(text(REPEATED), {"most": MOST}):
        faults.add(line, "external_id", f"stands in {faults.unit} {first} already", name)
    faults.raise_if_any()
    here = {"project": batch.project_id, "batch": batch.id, "most": MOST}
    sized = session.scalar(text(SIZED))
    for row in session.execute(text(OTHER_SIZE), here) if sized else ():
        said = f"the picture is {row.known_width} × {row.known_height} px, "
        said += f"not {row.width} × {row.height}"
        faults.add(row.line, "width", said, row.external_id)
    faults.raise_if_any()
    anywhere = labels == "predictions"
    different = session.execute(text(DIFFERENT), {**here, "anywhere": anywhere}).all()
    if not keep_existing:
        for line, name, other, elsewhere in different:
            message = f"is in batch {other} already" if elsewhere else "is there with other content"
            faults.add(line, "external_id", message, name)
        faults.raise_if_any()
    return len(different)


def _store(
    session: Session,
    batch: Batch,
    total: int,
    kept: int,
    labels: str,
    keep_existing: bool,
    faults: Faults,
) -> Report:
    here = {"project": batch.project_id, "batch": batch.id}
    new = session.execute(text(INSERT), {**here, "at": clock_time.now()}).all()
    if session.scalar(text(SIZED)):
        session.execute(text(MEASURED), here)
    gold = {row.id: row.gold for row in session.execute(text(GOLD), here)}
    done: set[int] = set()
    if labels == "labels":
        done = settle(session, batch, keep_existing, faults)
    _open(session, batch, [row for row in new if row.id not in gold and row.id not in done])
    return Report(
        new=len(new),
        already_there=total - len(new) - kept,
        kept=kept,
        gold=gold,
        labelled=len(done),
    )


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
        **({"labelled": report.labelled} if report.labelled else {}),
    )
