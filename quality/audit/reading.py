"""Reading answers and truth from CSV files into arrays of codes.

The fast path is Arrow's reader; what it or our checks refuse is looked for again, row by row, so
that the message can name the line.
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from quality.audit.faults import MISSING, BadFile, Report, name_the_fault
from quality.measures.arrays import Floats, Ints

if TYPE_CHECKING:
    import pyarrow as pa

REQUIRED = ("asset", "labeller", "label")
OPTIONAL = ("seconds", "submitted_at")
MOST_CLASSES, MOST_CELLS = 1000, 200_000_000  # and assets × classes: beyond both, no classes


@dataclass(frozen=True)
class Answers:
    """Answers sorted by asset, the last of each (asset, labeller): parallel arrays of codes,
    seconds (nan where missing) and submission times (seconds; None without the column); the names
    behind the codes, in alphabetical order; how many rows were read and how many were repeats."""

    asset: Ints
    labeller: Ints
    label: Ints
    seconds: Floats
    submitted_at: Floats | None
    assets: "pa.Array"
    labellers: "pa.Array"
    labels: "pa.Array"
    rows: int
    repeated: int


def read_answers(path: Path, report: Report) -> Answers:
    """Read `asset,labeller,label[,seconds][,submitted_at]`; raises BadFile naming the line."""
    table = _read(path, REQUIRED, OPTIONAL, report)
    if table.num_rows == 0:
        raise BadFile(f"{path}: expected answers after the header, got none")
    coded = {name: _coded(path, table, name, report) for name in REQUIRED}
    for name in REQUIRED:
        table = table.drop_columns([name])
    seconds = _numbers(table, "seconds")
    if seconds is None:
        seconds = np.full(len(coded["asset"][0]), np.nan)
    elif np.any(seconds < 0) or np.any(np.isinf(seconds)):
        raise name_the_fault(path, ("seconds",), report) or BadFile(
            f"{path}: seconds: expected numbers"
        )
    moments = _numbers(table, "submitted_at")
    n_labellers = len(coded["labeller"][1])
    keep = _last_of_each(coded["asset"][0], coded["labeller"][0], n_labellers)
    return Answers(
        asset=coded["asset"][0][keep],
        labeller=coded["labeller"][0][keep],
        label=coded["label"][0][keep],
        seconds=seconds[keep],
        submitted_at=None if moments is None else moments[keep],
        assets=coded["asset"][1],
        labellers=coded["labeller"][1],
        labels=coded["label"][1],
        rows=len(seconds),
        repeated=len(seconds) - len(keep),
    )


def read_truth(path: Path, answers: Answers) -> tuple[Ints, "pa.Array"]:
    """Read `asset,label`: each asset's true class code (-1 unknown), and the class names, to which
    classes that only the truth knows are added at the end."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = _read(path, ("asset", "label"), (), _silent)
    asset, assets = _coded(path, table, "asset", _silent)
    label, labels = _coded(path, table, "label", _silent)
    new = pc.filter(labels, pc.invert(pc.is_in(labels, value_set=answers.labels)))
    classes = pa.concat_arrays([answers.labels, new])
    position = pc.fill_null(pc.index_in(assets, value_set=answers.assets), -1).to_numpy()
    meaning = pc.index_in(labels, value_set=classes).to_numpy()
    where, what = position[asset], meaning[label]
    truth = np.full(len(answers.assets), -1, np.int64)
    truth[where[where >= 0]] = what[where >= 0]
    clash = (where >= 0) & (truth[where] != what)
    if clash.any():
        name = answers.assets[int(where[clash][0])].as_py()
        raise BadFile(f"{path}: asset {name!r}: expected one true label, got two that differ")
    return truth, classes


def _read(
    path: Path, required: tuple[str, ...], optional: tuple[str, ...], report: Report
) -> "pa.Table":
    import pyarrow as pa

    names = _header(path, required, optional)
    columns = tuple(name for name in names if name in required + optional)
    try:
        table = _stream(path, names, columns, report, multiline=False)
        if not _swallowed_lines(path, table, ignores=len(columns) < len(names)):
            return table
    except pa.ArrowInvalid:
        report(0.0)
    fault = name_the_fault(path, columns, report)
    if fault:
        raise fault
    try:  # nothing wrong row by row: a quoted field may hold a line break
        return _stream(path, names, columns, report, multiline=True)
    except pa.ArrowInvalid as refused:
        raise BadFile(f"{path}: {str(refused).splitlines()[0]}") from refused


def _header(path: Path, required: tuple[str, ...], optional: tuple[str, ...]) -> list[str]:
    try:
        with path.open("rb") as file:
            line = file.readline().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadFile(f"{path}, line 1: expected text in UTF-8") from None
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}") from None
    names = [name.strip().lower() for name in next(csv.reader([line]), [])]
    expected = ",".join(required) + "".join(f"[,{name}]" for name in optional)
    missing = [name for name in required if name not in names]
    if missing:
        raise BadFile(f"{path}, line 1: no column {', '.join(missing)}; expected {expected}")
    twice = [name for name in required + optional if names.count(name) > 1]
    if twice:
        raise BadFile(f"{path}, line 1: column {twice[0]} stands there twice; expected {expected}")
    return [name or f" {i}" for i, name in enumerate(names)]


def _stream(
    path: Path, names: list[str], columns: tuple[str, ...], report: Report, *, multiline: bool
) -> "pa.Table":
    import pyarrow as pa
    from pyarrow import csv as arrow

    text = pa.dictionary(pa.int32(), pa.string())
    types: dict[str, Any] = {name: text for name in columns if name not in OPTIONAL}
    types["seconds"] = pa.float64()
    types["submitted_at"] = _moment_type(path, names) if "submitted_at" in columns else None
    size = max(path.stat().st_size, 1)
    with pa.OSFile(str(path)) as file:
        reader = arrow.open_csv(
            file,
            arrow.ReadOptions(column_names=names, skip_rows=1, block_size=1 << 23),
            arrow.ParseOptions(newlines_in_values=multiline),
            arrow.ConvertOptions(
                column_types={name: types[name] for name in columns},
                include_columns=list(columns),
                null_values=sorted(MISSING),
                strings_can_be_null=False,
            ),
        )
        batches = []
        for batch in reader:
            batches.append(batch)
            report(file.tell() / size)
        return pa.Table.from_batches(batches, reader.schema).unify_dictionaries()


def _swallowed_lines(path: Path, table: "pa.Table", *, ignores: bool) -> bool:
    """Whether a field seems to run over the end of its line, which an open quote also does.

    Where columns are ignored, the field may be in one of them: then the rows are counted.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    for column in table.columns:
        if pa.types.is_dictionary(column.type) and column.num_chunks:
            names = column.chunk(0).dictionary
            if any(pc.any(pc.match_substring(names, end)).as_py() for end in "\r\n"):
                return True
    if not ignores:
        return False
    with path.open("rb") as file:
        lines = sum(1 for line in file if line.strip())
    return lines - 1 != table.num_rows


def _moment_type(path: Path, names: list[str]) -> Any:
    """Column type of the submission times, from the first that is there."""
    import pyarrow as pa

    column = names.index("submitted_at")
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        rows = csv.reader(file)
        next(rows)
        filled = (row[column].strip() for row in rows if len(row) > column)
        first = next((value for value in filled if value not in MISSING), "")
    if first.replace(".", "", 1).isdigit():
        return pa.float64()
    zoned = first.endswith("Z") or "+" in first[10:] or "-" in first[10:]
    return pa.timestamp("us", tz="UTC" if zoned else None)


def _silent(_: float) -> None:
    """Truth is short: nothing to report."""


def _coded(path: Path, table: "pa.Table", name: str, report: Report) -> tuple[Ints, "pa.Array"]:
    """Codes and their names in alphabetical order, blanks around a name taken off."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = table.column(name)
    names = column.chunk(0).dictionary if column.num_chunks else pa.array([], pa.string())
    trimmed = pc.utf8_trim_whitespace(names).dictionary_encode()
    if pc.any(pc.equal(trimmed.dictionary, "")).as_py():
        raise name_the_fault(path, (name,), report) or BadFile(f"{path}: {name}: expected a value")
    order = pc.sort_indices(trimmed.dictionary).to_numpy()
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    meaning = rank[trimmed.indices.to_numpy()]
    parts = [meaning[chunk.indices.to_numpy()] for chunk in column.chunks]
    codes = np.concatenate(parts) if parts else np.empty(0, np.int32)
    return codes, pc.take(trimmed.dictionary, pa.array(order))


def _numbers(table: "pa.Table", name: str) -> Floats | None:
    """A numeric or time column as floats, nan where missing; None where the column is absent."""
    import pyarrow as pa

    if name not in table.column_names:
        return None
    column = table.column(name)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64()).cast(pa.float64(), safe=False)
        return np.asarray(column.to_numpy(), dtype=float) / 1e6
    return np.asarray(column.to_numpy(), dtype=float)


def _last_of_each(asset: Ints, labeller: Ints, n_labellers: int) -> Ints:
    """Positions of the last answer of each (asset, labeller), in order of asset."""
    key = asset.astype(np.int64) * n_labellers + labeller
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    last = np.ones(len(order), dtype=bool)
    last[:-1] = ordered[1:] != ordered[:-1]
    return order[last]
