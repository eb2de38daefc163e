"""Label Studio's JSON into rows, a task at a time; regions are read by `labelstudio_regions`."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from ops.errors import InvalidInput
from ops.formats.coco_json import decode
from ops.formats.face import Reading
from ops.formats.labelstudio_regions import objects, spans
from ops.formats.names import remote
from ops.formats.sources import PICTURES, Source
from ops.intake.rows import Row, text_id

Result = dict[str, Any]
# A file sent to Label Studio gets eight characters before its name.
_UPLOADED = re.compile(r"^[0-9a-f]{8}-(?=.)")
OWN = frozenset({"external_id", "image", "text", "width", "height", "metadata", "semantic"})
VALUES = frozenset({"choices", "textarea", "number", "rating", "pairwise", "taxonomy"})


class Said(msgspec.Struct):
    """An annotation, or a prediction with its score."""

    result: list[dict[str, Any]] = []
    was_cancelled: bool = False
    ground_truth: bool = False
    score: float | None = None
    updated_at: str | None = ""


class Task(msgspec.Struct):
    """A task."""

    data: dict[str, Any]
    annotations: list[Said] = []
    predictions: list[Said] = []
    completions: list[Said] = []  # the name of annotations before version 1.0


def read(source: Source, reading: Reading) -> Iterator[Row]:
    """One row a task: of several annotations the known truth, or the newest."""
    reading.faults.unit = "task"
    name = source.names()[0] if source.single else _json_of(source)
    for n, task in enumerate(decode(source.read(name), list[Task], name), start=1):
        yield _row(n, task, source, reading)


def _json_of(source: Source) -> str:
    found = [one for one in source.names() if one.lower().endswith(".json")]
    if len(found) != 1:
        raise InvalidInput(f"expected one .json file in {source.name}", field="file")
    return found[0]


def _row(n: int, task: Task, source: Source, reading: Reading) -> Row:
    data = task.data
    shown = _shown(data, reading.medium)
    text = shown if reading.medium == "text" else None
    name = _name(data, shown, reading.medium)
    known = reading.find(name)
    asset = known.external_id if known else name
    said = _chosen(task, reading)
    size = _size(data, said.result if said else [], known)
    uri = None
    if reading.medium == "image" and shown:
        uri = shown if remote(shown) else reading.uri_of(source, PurePosixPath(shown).name)
    return Row(
        line=n,
        external_id=asset,
        uri=uri,
        text=shown if reading.medium == "text" else None,
        width=size[0] if size else None,
        height=size[1] if size else None,
        metadata=_metadata(data, shown),
        label=reading.take(lambda: _label(n, said.result, text, size, asset, data, reading))
        if said
        else None,
        confidence=said.score if said and reading.predictions else None,
        about=True,
    )


def _shown(data: dict[str, Any], medium: str) -> str | None:
    """The picture or text of a task: `image` or `text`, or the one value that may be it."""
    own = data.get("image" if medium == "image" else "text")
    if isinstance(own, str):
        return own
    every = [v for k, v in data.items() if isinstance(v, str) and k not in OWN]
    if medium == "image":
        every = [v for v in every if PurePosixPath(urlsplit(v).path).suffix.lower() in PICTURES]
    return every[0] if len(every) == 1 else None


def _name(data: dict[str, Any], shown: str | None, medium: str) -> str:
    own = data.get("external_id")
    if isinstance(own, str | int) and not isinstance(own, bool):
        return str(own)
    if shown is None:
        return ""
    if medium == "text":
        return text_id(shown)
    path = PurePosixPath(unquote(urlsplit(shown).path))
    return _UPLOADED.sub("", path.name) if "/data/upload/" in shown else path.name


def _metadata(data: dict[str, Any], shown: str | None) -> dict[str, Any]:
    """What else the data of a task says."""
    more = {k: v for k, v in data.items() if k not in OWN and (v != shown or shown is None)}
    own = data.get("metadata")
    return {**more, **own} if isinstance(own, dict) else more


def _chosen(task: Task, reading: Reading) -> Said | None:
    # A file without predictions may well hold what a model said as annotations.
    predicted = reading.predictions and bool(task.predictions)
    every = task.predictions
    if not predicted:
        every = [one for one in task.annotations + task.completions if not one.was_cancelled]
    if len(every) > 1:
        said = "more than one of a task: the known truth or the newest is taken"
        reading.losses.add("predictions" if predicted else "annotations", said)
    return max(every, key=lambda one: (one.ground_truth, one.updated_at or ""), default=None)


def _size(data: Result, result: list[Result], known: Any) -> tuple[int, int] | None:
    tries = [(one.get("original_width"), one.get("original_height")) for one in result]
    tries.append((data.get("width"), data.get("height")))
    if known:
        tries.append((known.width, known.height))
    for width, height in tries:
        if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
            return width, height
    return None


def _label(
    n: int,
    result: list[Result],
    text: str | None,
    size: tuple[int, int] | None,
    asset: str,
    data: Result,
    reading: Reading,
) -> Any:
    """The label that results make; None when they say nothing of what the project asks."""
    try:
        if reading.label_type == "spans":
            return spans(n, result, text, asset, reading)
        if reading.label_type in ("boxes", "polygons", "masks", "keypoints"):
            label: Result = {"objects": list(objects(n, result, size, asset, reading))}
            if data.get("semantic") is True and reading.label_type == "masks":
                label["semantic"] = True
            return label
        return _whole(n, result, asset, reading)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        said = f"is no result of Label Studio: {type(error).__name__} {str(error)[:100]}"
        reading.faults.add(n, "result", said, asset)
        return None


def _whole(n: int, result: list[Result], asset: str, reading: Reading) -> Result | None:
    """A label of the whole asset."""
    label: Result = {}
    values: list[tuple[str, Any]] = []
    for one in result:
        kind, name, value = one["type"], str(one.get("from_name", "")), one["value"]
        if kind not in VALUES:
            reading.losses.add(kind, f"not taken, the project asks for {reading.label_type}")
        elif reading.vocabulary.attribute(name) is not None or reading.label_type == "attributes":
            values.append((name, value_of(kind, value)))
        else:
            said = _TYPES.get(reading.label_type, _nothing)(n, kind, name, value, asset, reading)
            if said is None:
                wanted = f"not taken, the project asks for {reading.label_type}"
                reading.losses.add(f"{kind} {name}"[:80], wanted)
            else:
                label |= said
    attributes = reading.attributes(values, None)
    if attributes:
        label["attributes"] = attributes
    return label or None


def value_of(kind: str, value: Result) -> Any:
    """What a control says: a list of choices, a text, a number."""
    if kind == "textarea":
        text = value["text"]
        return "\n".join(text) if isinstance(text, list) else text
    return value[{"taxonomy": "taxonomy"}.get(kind, kind)]


def _nothing(*_: Any) -> None:
    return None


def _keys(n: int, value: Result, asset: str, reading: Reading) -> list[str]:
    found = [reading.class_key(name, n, "choices", asset) for name in value["choices"]]
    return [key for key in found if key is not None]


def _class(n: int, kind: str, _: str, value: Result, asset: str, reading: Reading) -> Any:
    if kind != "choices":
        return None
    if len(value["choices"]) != 1:
        said = f"there are {len(value['choices'])}, and the project asks for one class"
        reading.faults.add(n, "choices", said, asset)
        return {}
    keys = _keys(n, value, asset, reading)
    return {"class": keys[0]} if keys else {}


def _tags(n: int, kind: str, _: str, value: Result, asset: str, reading: Reading) -> Any:
    keys = _keys(n, value, asset, reading) if kind == "choices" else None
    return None if keys is None else {"tags": sorted(set(keys))}


def _transcription(_: int, kind: str, __: str, value: Result, *___: Any) -> Any:
    return {"text": value_of(kind, value)} if kind == "textarea" else None


def _rating(_: int, kind: str, __: str, value: Result, *___: Any) -> Any:
    return {"rating": value[kind]} if kind in ("rating", "number") else None


def _preference(_: int, kind: str, name: str, value: Result, __: str, reading: Reading) -> Any:
    if kind == "pairwise":
        return {"preference": {"left": "a", "right": "b"}[value["selected"]]}
    if kind != "choices":
        return None
    if name == "preference" or value["choices"] == ["tie"]:
        return {"preference": "tie"}
    reasons = {str(r[part]).casefold(): r["key"] for r in reading.vocabulary.ontology.reasons
               for part in ("name", "key")}  # fmt: skip
    return {"reasons": [reasons.get(str(said).casefold(), said) for said in value["choices"]]}


_TYPES: dict[str, Any] = {
    "class": _class, "tags": _tags, "transcription": _transcription, "rating": _rating,
    "preference": _preference,
}  # fmt: skip
