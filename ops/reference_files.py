"""What a client's files say for a reference model: predictions in any format, vectors as tables."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from ops import ontologies
from ops.errors import InvalidInput
from ops.intake.faults import Faults
from ops.models import Project
from ops.reference_rows import Said

if TYPE_CHECKING:
    import numpy as np

ID = "external_id"
# Names under which a table may hold a whole vector in one column.
VECTORS = ("embedding", "vector", "features")
MOST_VALUES = 2**28  # of a parquet file, ids among them


def predictions(
    session: Session,
    project: Project,
    file: IO[bytes],
    name: str,
    faults: Faults,
    *,
    known: tuple[IO[bytes], str] | None = None,
) -> Iterator[Said]:
    """What a file of predictions says, in any format that imports read: CSV and JSON lines with a
    label or a class and probabilities, COCO's results, Label Studio's predictions …

    `known` is the file of images and categories that COCO's results refer to by number. Faults are
    noted. Raises InvalidInput when the file is no such thing at all.
    """
    from ops.formats import catalogue
    from ops.formats.face import Reading
    from ops.formats.sources import FileSource
    from ops.formats.vocabulary import Vocabulary
    from ops.intake.known import Assets

    ontology = ontologies.current(session, project.id)
    if ontology is None:
        raise InvalidInput("this project has no classes yet", field="project")
    vocabulary = Vocabulary(ontology)
    source = FileSource(file, name)
    reading = Reading(
        label_type=project.label_type,
        medium=project.medium,
        vocabulary=vocabulary,
        faults=faults,
        find=Assets(session, project.id).find,
        known=FileSource(*known) if known else None,
        predictions=True,
    )
    for row in catalogue.read(catalogue.recognise(source), source, reading):
        said = _said(row, project.label_type, vocabulary, faults)
        if said is not None:
            yield said


def _said(row: Any, label_type: str, vocabulary: Any, faults: Faults) -> Said | None:
    label = row.label if row.label is not None else row.prediction
    probabilities = _by_key(row, vocabulary, faults)
    if label is None and probabilities and label_type in ("class", "tags"):
        likeliest = max(probabilities, key=probabilities.__getitem__)
        over = sorted(key for key, share in probabilities.items() if share >= 0.5)
        label = likeliest if label_type == "class" else {"tags": over}
    if isinstance(label, str):
        label = _written(label, label_type, vocabulary)
    if label is None:
        faults.add(row.line, "label", "there is neither a label nor a prediction", row.external_id)
        return None
    confidence = row.confidence
    if isinstance(confidence, str):
        confidence = _number(confidence)
    if confidence is None and row.confidence not in (None, ""):
        faults.add(row.line, "confidence", "must be a number from 0 to 1", row.external_id)
        return None
    return Said(row.external_id, label, confidence, probabilities, row.line)


def _written(text: str, label_type: str, vocabulary: Any) -> Any:
    """A label in a cell: JSON, else the key or name of a class, else the value itself."""
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return None
    if label_type == "tags":
        tags = [part.strip() for part in text.split("|") if part.strip()]
        return {"tags": sorted(vocabulary.key_of(tag) or tag for tag in tags)}
    values = {
        "class": ("class", vocabulary.key_of(text) or text),
        "rating": ("rating", _number(text)),
        "preference": ("preference", text),
        "transcription": ("text", text),
    }
    return dict([values[label_type]]) if label_type in values else None


def _by_key(row: Any, vocabulary: Any, faults: Faults) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, share in (row.probabilities or {}).items():
        key = vocabulary.key_of(name)
        if key is None:
            words = f"{str(name)[:80]} is no class (classes: {vocabulary.listed()})"
            faults.add(row.line, "probabilities", words, row.external_id)
        else:
            found[key] = share
    return found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def embeddings(
    file: IO[bytes], name: str, ids: IO[bytes] | None = None
) -> tuple[list[str], "np.ndarray"]:
    """External ids (n) and vectors (n, d) from a file: .npy with `ids` beside it (one a line), CSV
    with a column external_id and numbers, parquet likewise or with one column of lists.

    Nothing is unpickled. Raises InvalidInput naming the field.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".npy":
        return _npy(file, ids)
    if suffix == ".csv":
        return _csv(file)
    if suffix in (".parquet", ".pq"):
        return _parquet(file)
    raise InvalidInput("give a file .npy, .csv or .parquet", field="file")


def _npy(file: IO[bytes], ids: IO[bytes] | None) -> tuple[list[str], "np.ndarray"]:
    import numpy as np

    if ids is None:
        raise InvalidInput("give a file of ids beside a .npy, one a line", field="ids")
    try:
        vectors = np.load(file, allow_pickle=False)
    except (ValueError, EOFError, OSError, MemoryError) as error:
        raise InvalidInput(f"is not a .npy array of numbers: {error}", field="file") from None
    if not isinstance(vectors, np.ndarray):
        raise InvalidInput("holds several arrays; give one .npy", field="file")
    try:
        names = [line.strip() for line in ids.read().decode("utf-8-sig").splitlines()]
    except UnicodeDecodeError:
        raise InvalidInput("is not UTF-8", field="ids") from None
    while names and not names[-1]:
        names.pop()
    if names and names[0] == ID and len(names) == len(vectors) + 1:
        names = names[1:]
    return names, vectors


def _csv(file: IO[bytes]) -> tuple[list[str], "np.ndarray"]:
    import numpy as np

    lines = csv.reader(io.TextIOWrapper(file, "utf-8-sig", newline=""), strict=True)
    names: list[str] = []
    rows: list[list[float]] = []
    try:
        header = next(lines, [])
        if ID not in header:
            raise InvalidInput(f"the header has no column {ID}", field="file")
        at = header.index(ID)
        for cells in lines:
            if not cells:
                continue
            if len(cells) != len(header):
                where = f"line {lines.line_num}"
                words = f"{where}: {len(cells)} cells under {len(header)} columns"
                raise InvalidInput(words, field="file")
            names.append(cells[at])
            rows.append([float(cell) for i, cell in enumerate(cells) if i != at])
    except ValueError as error:  # not a number, not UTF-8
        raise InvalidInput(f"line {lines.line_num}: {error}", field="file") from None
    except csv.Error as error:
        raise InvalidInput(f"line {lines.line_num}: is not CSV: {error}", field="file") from None
    return names, np.array(rows, dtype=np.float32).reshape(len(rows), len(header) - 1)


def _refuse_swelling(metadata: Any) -> None:
    """A few bytes of parquet tell of any number of equal values."""
    groups = (metadata.row_group(i) for i in range(metadata.num_row_groups))
    values = sum(one.column(k).num_values for one in groups for k in range(one.num_columns))
    if max(values, metadata.num_rows) > MOST_VALUES:
        raise InvalidInput(f"holds more than {MOST_VALUES:,} values", field="file")


def _parquet(file: IO[bytes]) -> tuple[list[str], "np.ndarray"]:
    import numpy as np
    import pyarrow.parquet
    from pyarrow import ArrowException, types

    try:
        _refuse_swelling(pyarrow.parquet.ParquetFile(file).metadata)
        table = pyarrow.parquet.read_table(file)
    except (ArrowException, OSError) as error:
        raise InvalidInput(f"is not parquet: {error}", field="file") from None
    if ID not in table.column_names:
        raise InvalidInput(f"there is no column {ID}", field="file")
    names = [str(value) for value in table.column(ID).to_pylist()]
    whole = next((name for name in VECTORS if name in table.column_names), None)
    try:
        if whole is not None:
            vectors = np.array(table.column(whole).to_pylist(), dtype=np.float32)
        else:
            numbers = [
                field.name
                for field in table.schema
                if types.is_floating(field.type) or types.is_integer(field.type)
            ]
            columns = [table.column(name).to_numpy() for name in numbers if name != ID]
            vectors = np.array(columns, dtype=np.float32).T
    except (ValueError, TypeError):
        raise InvalidInput("its vectors are not all of one length", field="file") from None
    return names, vectors.reshape(len(names), -1) if names else np.zeros((0, 0))
