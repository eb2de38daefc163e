"""A reference model out of an uploaded file: the same for the page and the API."""

import hashlib
import json
from typing import Any

from flask import request
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from ops import reference_files, references
from ops.errors import InvalidInput
from ops.intake.faults import Faults
from ops.models import REFERENCE_KINDS, Project, ReferenceModel, User
from ops.web.identity import installation

LARGEST_SETTINGS = 100_000


def give(session: Session, project: Project, by: User) -> ReferenceModel:
    """Keep what the multipart form brings: `name`, `kind`, `file`; `known` beside COCO's results,
    `ids` beside a .npy, `settings` (JSON) of a network. Raises InvalidInput by field."""
    kind, name = request.form.get("kind", ""), request.form.get("name", "")
    if kind not in REFERENCE_KINDS:
        raise InvalidInput(f"kind must be one of {', '.join(REFERENCE_KINDS)}", field="kind")
    if "\0" in name:
        raise InvalidInput("holds a NUL character", field="name")
    file = _file("file")
    if file is None:
        raise InvalidInput("choose a file", field="file")
    if kind == "predictions":
        return _predictions(session, project, name, file, by)
    if kind == "embeddings":
        digest = _digest(file)
        ids = _file("ids")
        names, vectors = reference_files.embeddings(
            file.stream, file.filename or "", ids.stream if ids else None
        )
        return references.give_embeddings(
            session, project, name, names, vectors, by=by, digest=digest
        )
    home = installation()
    return references.give_network(
        session, project, name, file.stream.read(), _settings(), by=by, home=home
    )


def _predictions(
    session: Session, project: Project, name: str, file: FileStorage, by: User
) -> ReferenceModel:
    digest, known, faults = _digest(file), _file("known"), Faults()
    rows = reference_files.predictions(
        session,
        project,
        file.stream,
        file.filename or "",
        faults,
        known=(known.stream, known.filename or "") if known else None,
    )
    return references.give_predictions(
        session, project, name, rows, by=by, digest=digest, faults=faults
    )


def _file(name: str) -> FileStorage | None:
    found = request.files.get(name)
    return found if found and found.filename else None


def _digest(file: FileStorage) -> str:
    digest = hashlib.file_digest(file.stream, "sha256").hexdigest()  # type: ignore[arg-type]
    file.stream.seek(0)
    return digest


def _settings() -> dict[str, Any]:
    given = request.form.get("settings", "").strip() or "{}"
    if len(given) > LARGEST_SETTINGS:
        raise InvalidInput("is too long", field="settings")
    try:
        values = json.loads(given)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"is not JSON: {error}", field="settings") from None
    if not isinstance(values, dict):
        raise InvalidInput("expected a JSON object", field="settings")
    return values
