"""Reference models: what a client gives by which labels are judged. Versions that never change.

Three kinds: predictions that a model made elsewhere, a network that is run here, embeddings from
which folds of a classifier learn. Each is named, and the same name again makes the next version.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from ops import audit_log, canonical, clock_time, ontologies, scope, storage
from ops.config import Settings
from ops.errors import InvalidInput, NotFound
from ops.intake.faults import Faults
from ops.models import Asset, Embedding, Prediction, Project, ReferenceModel, User
from ops.projects import clean_name
from ops.reference_rows import Check, Said
from ops.reference_settings import network_settings

if TYPE_CHECKING:
    import numpy as np

CHUNK = 1000
LONGEST_VECTOR = 8192
# A .pt2 file is a zip archive; this is how every zip archive begins.
ARCHIVE = b"PK\x03\x04"


def give_predictions(
    session: Session,
    project: Project,
    name: str,
    rows: Iterable[Said],
    *,
    by: User | None,
    digest: str | None = None,
    settings: Mapping[str, Any] | None = None,
    faults: Faults | None = None,
) -> ReferenceModel:
    """Keep what a model says of the project's assets; returns the model's new version.

    `rows` are read once, a thousand at a time. `digest` is the SHA-256 of the file they came from
    (left out: of the rows). Assets that the project does not have are left out and counted in
    `settings["unknown_assets"]`. Raises InvalidInput with up to 100 faults, by line and field, and
    leaves nothing behind.
    """
    faults = faults if faults is not None else Faults()
    with session.begin_nested():
        model = _new(session, project, name, "predictions", by, settings)
        check = Check(session, project, faults)
        digested = hashlib.sha256()
        unknown = 0
        for chunk in _chunks(rows):
            for said in chunk:
                digested.update(canonical.text(_as_json(said)).encode())
            unknown += _keep(session, model, chunk, check)
        model.assets, model.digest = len(check.seen), digest or digested.hexdigest()
        model.settings = {**model.settings, "unknown_assets": unknown}
        if not check.seen and not faults.found:
            faults.add(None, "external_id", "no row names an asset of this project")
        faults.raise_if_any()
        session.flush()
    _record(session, project, model, by)
    return model


def give_embeddings(
    session: Session,
    project: Project,
    name: str,
    ids: Sequence[str],
    vectors: "np.ndarray",
    *,
    by: User | None,
    digest: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> ReferenceModel:
    """Keep one vector an asset: `ids` are n external ids, `vectors` (n, d) numbers.

    Raises InvalidInput for another shape, numbers that are not finite, ids that repeat, or when no
    id is known; unknown ones are left out and counted in `settings["unknown_assets"]`.
    """
    import numpy as np

    vectors = _vectors(ids, vectors)
    with session.begin_nested():
        model = _new(session, project, name, "embeddings", by, settings)
        model.digest = digest or hashlib.sha256(vectors.tobytes()).hexdigest()
        for start in range(0, len(ids), CHUNK):
            part = ids[start : start + CHUNK]
            known = _assets(session, project, part)
            found = [
                {
                    "model_id": model.id,
                    "asset_id": known[name].id,
                    "vector": np.asarray(vectors[start + i], "<f4").tobytes(),
                }
                for i, name in enumerate(part)
                if name in known
            ]
            if found:
                session.execute(insert(Embedding), found)
            model.assets += len(found)
        if not model.assets:
            raise InvalidInput("no id names an asset of this project", field="ids")
        model.settings = {
            **model.settings,
            "length": int(vectors.shape[1]),
            "unknown_assets": len(ids) - model.assets,
        }
        session.flush()
    _record(session, project, model, by)
    return model


def _vectors(ids: Sequence[str], vectors: "np.ndarray") -> "np.ndarray":
    import numpy as np

    if vectors.ndim != 2 or vectors.dtype.kind not in "fiu":
        raise InvalidInput("expected a table of numbers, one row an asset", field="vectors")
    if len(ids) != len(vectors):
        raise InvalidInput(f"{len(ids)} ids for {len(vectors)} vectors", field="ids")
    if not 1 <= vectors.shape[1] <= LONGEST_VECTOR:
        raise InvalidInput(
            f"a vector has 1 to {LONGEST_VECTOR} numbers, these have {vectors.shape[1]}",
            field="vectors",
        )
    if len(set(ids)) < len(ids):
        ordered = sorted(ids)
        twice = next(a for a, b in pairwise(ordered) if a == b)
        raise InvalidInput(f"{twice[:80]} stands there twice", field="ids")
    with np.errstate(over="ignore"):
        short = np.ascontiguousarray(vectors, dtype="<f4")
    whole = np.isfinite(short).all(axis=1)
    if not whole.all():
        bad = str(ids[int(np.flatnonzero(~whole)[0])])[:80]
        raise InvalidInput(
            f"the vector of {bad} holds a number that is not finite", field="vectors"
        )
    return short


def give_network(
    session: Session,
    project: Project,
    name: str,
    data: bytes,
    values: Mapping[str, Any],
    *,
    by: User | None,
    home: Settings,
) -> ReferenceModel:
    """Keep a network that `torch.export.save` wrote, and how it is to be fed.

    The file is not opened here: only the process that runs it does, without network or
    credentials. It lies in the data folder under its digest. Raises InvalidInput.
    """
    ontology = ontologies.current(session, project.id)
    settings = network_settings(values, project, ontology)
    if not data.startswith(ARCHIVE):
        raise InvalidInput(
            "is not a file that torch.export.save wrote (a .pt2 archive)", field="file"
        )
    model = _new(session, project, name, "network", by, settings.model_dump())
    model.digest = hashlib.sha256(data).hexdigest()
    model.file = f"models/{model.digest}.pt2"
    path = home.home.resolve() / model.file
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        storage.write_whole(path, data)
    session.flush()
    _record(session, project, model, by)
    return model


def listed(session: Session, project_id: int) -> Sequence[ReferenceModel]:
    """Every version of every reference model of a project, the newest first."""
    return session.scalars(
        select(ReferenceModel)
        .where(ReferenceModel.project_id == project_id)
        .order_by(ReferenceModel.created_at.desc(), ReferenceModel.id.desc())
    ).all()


def named(session: Session, project_id: int, kind: str) -> Sequence[str]:
    """The names of a project's reference models of one kind, in order."""
    found = select(ReferenceModel.name).where(
        ReferenceModel.project_id == project_id, ReferenceModel.kind == kind
    )
    return session.scalars(found.distinct().order_by(ReferenceModel.name)).all()


def find(session: Session, user: User, model_id: int) -> ReferenceModel:
    """The model, if `user` may see its project. Raises NotFound."""
    model = session.scalar(
        select(ReferenceModel).where(
            ReferenceModel.id == model_id, ReferenceModel.project_id.in_(scope.projects(user))
        )
    )
    if model is None:
        raise NotFound("There is no such reference model, or you are not a member of its project.")
    return model


def _new(
    session: Session,
    project: Project,
    name: str,
    kind: str,
    by: User | None,
    settings: Mapping[str, Any] | None,
) -> ReferenceModel:
    name = clean_name(name)
    # One writer of a project at a time: the next number is that of the last plus one.
    session.execute(
        select(Project.id).where(Project.id == project.id).with_for_update(key_share=True)
    )
    last = select(func.max(ReferenceModel.version)).where(
        ReferenceModel.project_id == project.id, ReferenceModel.name == name
    )
    model = ReferenceModel(
        project_id=project.id,
        name=name,
        version=(session.scalar(last) or 0) + 1,
        kind=kind,
        digest="",
        settings=dict(settings or {}),
        assets=0,
        created_by=by.id if by else None,
        created_at=clock_time.now(),
    )
    session.add(model)
    session.flush()
    return model


def _record(session: Session, project: Project, model: ReferenceModel, by: User | None) -> None:
    audit_log.of_project(
        session,
        project,
        by,
        "reference.given",
        model=model.id,
        kind=model.kind,
        version=model.version,
        digest=model.digest,
        assets=model.assets,
    )


def _chunks(rows: Iterable[Said]) -> Iterator[list[Said]]:
    source = iter(rows)
    while chunk := list(islice(source, CHUNK)):
        yield chunk


def _as_json(said: Said) -> list[Any]:
    return [said.external_id, said.label, said.confidence, dict(said.probabilities)]


def _assets(session: Session, project: Project, names: Sequence[str]) -> dict[str, Any]:
    length = func.length(Asset.text).label("length")
    rows = session.execute(
        select(Asset.id, Asset.external_id, Asset.width, Asset.height, length).where(
            Asset.project_id == project.id, Asset.external_id.in_(names)
        )
    )
    return {row.external_id: row for row in rows}


def _keep(session: Session, model: ReferenceModel, chunk: list[Said], check: Check) -> int:
    """Store a chunk; returns how many of it name no asset of the project."""
    known = _assets(session, check.project, [said.external_id for said in chunk])
    rows = []
    for said in chunk:
        asset = known.get(said.external_id)
        row = check.accept(said, asset) if asset is not None else None
        if row is not None:
            rows.append({"model_id": model.id, **row})
    if rows and not check.faults.found:
        session.execute(insert(Prediction), rows)
    return sum(said.external_id not in known for said in chunk)
