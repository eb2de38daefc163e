"""YOLO's folders into rows: pictures, their files of labels, and the names of the classes."""

import math
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from ops.errors import InvalidInput
from ops.formats import geometry
from ops.formats.face import SIZE, Reading, exact
from ops.formats.sources import PICTURES, Source
from ops.intake.rows import Row
from ops.pictures import measure

SPLITS = frozenset({"train", "val", "valid", "test"})
MOST_YAML = 2**20
MOST_LIST = 64 * 2**20
NO_LABELS = frozenset({"classes.txt", "obj.names", "readme.txt"})


def read(source: Source, reading: Reading) -> Iterator[Row]:
    """One row a picture, in the order of their names; without a file of labels, without a label."""
    reading.faults.unit = "file"
    if source.single:
        raise InvalidInput("YOLO is a folder or a zip of files of labels", field="file")
    data = _data(source)
    classes = _Classes(data, reading)
    labels = _labels(source)
    pictures = _pictures(source, data, labels)
    if not pictures:
        raise InvalidInput("holds no pictures and no files of labels", field="file")
    for n, (picture, label) in enumerate(sorted(pictures.items()), start=1):
        yield _row(n, picture, label, source, classes)


def _data(source: Source) -> dict[str, Any]:
    """What data.yaml says, or classes.txt or obj.names."""
    import yaml  # type: ignore[import-untyped]

    by_depth = sorted(source.names(), key=lambda name: (name.count("/"), name))
    for name in by_depth:
        path = PurePosixPath(name)
        if path.suffix in (".yaml", ".yml"):
            try:
                # Aliases are refused: what swells is not read.
                text = source.read(name, MOST_YAML).decode()
                found = None if "&" in text and "*" in text else yaml.safe_load(text)
            except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
                said = f"{name}: is no YAML: {str(error)[:200]}"
                raise InvalidInput(said, field="file") from None
            if isinstance(found, dict) and "names" in found:
                return {**found, "file": name}
        elif path.name in ("classes.txt", "obj.names") or path.suffix == ".names":
            lines = _text(source, name).splitlines()
            return {"names": [line.strip() for line in lines if line.strip()], "file": name}
    raise InvalidInput("has neither a data.yaml with names nor a classes.txt", field="file")


def _text(source: Source, name: str) -> str:
    try:
        return source.read(name, MOST_LIST).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput(f"{name}: is not UTF-8", field="file") from None


class _Classes:
    """Number → class, by the names (or our keys) that the data file gives."""

    def __init__(self, data: dict[str, Any], reading: Reading):
        self.reading, self.file = reading, data["file"]
        self.names = _numbered(data["names"], self.file)
        self.keys = _numbered(data["keys"], self.file) if "keys" in data else {}
        self.found: dict[int, str | None] = {}
        shape = data.get("kpt_shape")
        self.point_size = shape[1] if isinstance(shape, list) and shape[1:] in ([2], [3]) else 3

    def key(self, number: int) -> str | None:
        """The key of a class; None, with one fault a class, when the project has none such."""
        if number not in self.found:
            known = self.reading.vocabulary.keys.get(self.keys.get(number, ""))
            where = f"{self.file} names.{number}"
            if known is None and number not in self.names:
                self.reading.faults.add(None, where, "is not there, and an object is of this class")
            elif known is None:
                known = self.reading.class_key(self.names[number], None, where)
            self.found[number] = known
        return self.found[number]


def _numbered(names: Any, file: str) -> dict[int, str]:
    if isinstance(names, list):
        return {n: str(name) for n, name in enumerate(names)}
    try:
        return {int(n): str(name) for n, name in names.items()}
    except (AttributeError, ValueError, TypeError):
        said = "expected a list of names, or names by number"
        raise InvalidInput(f"{file}: {said}", field="names") from None


def _labels(source: Source) -> dict[str, str]:
    """Stem of the path → file of labels, of every file that may be one."""
    found = {}
    in_labels = any("labels" in PurePosixPath(name).parts[:-1] for name in source.names())
    lists = {"train.txt", "val.txt", "valid.txt", "test.txt"}
    for name in source.names():
        path = PurePosixPath(name)
        if path.suffix != ".txt" or path.name.lower() in NO_LABELS:
            continue
        if in_labels and "labels" not in path.parts[:-1]:
            continue
        if not in_labels and path.name in lists:
            continue
        found[str(path.with_suffix(""))] = name
    return found


def _pictures(
    source: Source, data: dict[str, Any], labels: dict[str, str]
) -> dict[str, str | None]:
    """Path of the picture → its file of labels: of those there, of those listed, of the rest."""
    told = [*source.pictures(), *_listed(source, data)]
    found: dict[str, str | None] = {name: labels.get(_stem_of_label(name)) for name in told}
    spoken_for = set(found.values())
    rest = [label for label in labels.values() if label not in spoken_for]
    return found | {str(PurePosixPath(label).with_suffix("")): label for label in rest}


def _listed(source: Source, data: dict[str, Any]) -> Iterator[str]:
    """The pictures that train.txt and its like name."""
    lists = {name for name in source.names() if PurePosixPath(name).name in _LISTS}
    lists |= {
        data[split] for split in SPLITS if isinstance(data.get(split), str) and data[split]
    } & set(source.names())
    for name in sorted(lists):
        for line in _text(source, name).splitlines():
            said = line.strip().removeprefix("./")
            path = PurePosixPath(said)
            if path.suffix.lower() not in PICTURES or ".." in path.parts:
                continue
            parts = path.parts
            if "images" in parts:
                at = len(parts) - 1 - parts[::-1].index("images")
                parts = parts[max(at - 1, 0) if at and parts[at - 1] in SPLITS else at :]
            yield "/".join(part for part in parts if part != "/")


_LISTS = frozenset({"train.txt", "val.txt", "valid.txt", "test.txt"})


def _stem_of_label(picture: str) -> str:
    """The path, without its suffix, at which Ultralytics looks for the labels of a picture."""
    parts = list(PurePosixPath(picture).with_suffix("").parts)
    if "images" in parts:
        at = len(parts) - 1 - parts[::-1].index("images")
        parts[at] = "labels"
    return "/".join(parts)


def _name_of(path: str) -> tuple[str, str | None]:
    """(the name of a picture below images/ or labels/, its split)."""
    parts = list(PurePosixPath(path).parts)
    for folder in ("images", "labels"):
        if folder in parts[:-1]:
            at = len(parts) - 1 - parts[::-1].index(folder)
            before = parts[at - 1] if at else ""
            parts = parts[at + 1 :]
            if parts[0] in SPLITS and len(parts) > 1:
                return "/".join(parts[1:]), parts[0]
            return "/".join(parts), before if before in SPLITS else None
    return "/".join(parts), None


def _row(
    n: int, picture: str, label: str | None, source: Source, classes: _Classes
) -> Row:  # fmt: skip
    reading = classes.reading
    name, split = _name_of(picture)
    known = reading.find(name)
    size = _size(picture, source, known)
    external_id = known.external_id if known else name
    return Row(
        line=n,
        external_id=external_id,
        uri=reading.uri_of(source, picture),
        width=size[0] if size else None,
        height=size[1] if size else None,
        metadata={"split": split} if split else {},
        label=reading.take(lambda: _label(label, external_id, size, source, classes))
        if label
        else None,
        about=True,
    )


def _size(picture: str, source: Source, known: Any) -> SIZE | None:
    if known and known.width and known.height:
        return known.width, known.height
    if source.has(picture):
        try:
            with source.open(picture) as file:
                return measure(file)
        except (InvalidInput, OSError, KeyError):
            return None  # the check of the row says that it is no picture
    return None


def _label(
    file: str, asset: str, size: SIZE | None, source: Source, classes: _Classes
) -> dict[str, Any] | None:
    objects = []
    lines = _text(source, file).splitlines()
    for n, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if size is None:
            said = "the size of the picture is unknown, and YOLO needs it: bring the pictures"
            classes.reading.faults.add(None, file, said, asset)
            return None
        try:
            made = _object(n, line.split(), size, classes)
        except (ValueError, InvalidInput) as error:
            said = error.message if isinstance(error, InvalidInput) else "expected numbers"
            classes.reading.faults.add(n, file, said, asset)
            continue
        if made is not None:
            objects.append(made)
    return {"objects": objects}


def _object(n: int, parts: list[str], size: SIZE, classes: _Classes) -> dict[str, Any] | None:
    values = [float(part) for part in parts[1:]]
    if not all(map(math.isfinite, values)) or not parts[0].isdigit():
        raise InvalidInput("begins with the number of a class, then finite numbers", field="line")
    key = classes.key(int(parts[0]))
    shape = _SHAPES[classes.reading.label_type](values, size, key, classes)
    return {"id": str(n), "class": key, **shape} if key is not None else None


def _box(values: Sequence[float], size: SIZE) -> list[float]:
    cx, cy, w, h = (v * size[i % 2] for i, v in enumerate(values[:4]))
    return [exact(cx - w / 2), exact(cy - h / 2), exact(w), exact(h)]


def _points(values: Sequence[float], size: SIZE) -> list[list[float]]:
    return [[exact(x * size[0]), exact(y * size[1])] for x, y in geometry.pairs(values)]


def _boxes(values: list[float], size: SIZE, _: Any, classes: _Classes) -> dict[str, Any]:
    if len(values) in (4, 5):
        score = {"score": values[4]} if len(values) == 5 else {}
        return {"box": _box(values, size), **score}
    if len(values) < 6 or len(values) % 2:
        said = f"expected class cx cy w h, or corners; there are {len(values)} numbers"
        raise InvalidInput(said, field="line")
    points = _points(values, size)
    if len(points) == 4 and (turned := geometry.turned(points)):
        box, angle = turned
        return {"box": [exact(v) for v in box], "angle": exact(angle)}
    classes.reading.losses.add("polygons", "of objects: the box around them is taken")
    return {"box": [exact(v) for v in geometry.bounds(points)]}


def _polygons(values: list[float], size: SIZE, *_: Any) -> dict[str, Any]:
    if len(values) < 6 or len(values) % 2:
        said = f"expected class and x y of three points or more; there are {len(values)} numbers"
        raise InvalidInput(said, field="line")
    return {"polygons": [[_points(values, size)]]}


def _keypoints(
    values: list[float], size: SIZE, key: str | None, classes: _Classes
) -> dict[str, Any]:
    each = classes.point_size
    if len(values) < 4 + each or (len(values) - 4) % each:
        said = f"expected class cx cy w h, then {each} numbers a point"
        raise InvalidInput(said, field="line")
    names = classes.reading.vocabulary.skeleton(key) if key else []
    points = []
    for i in range(4, len(values), each):
        x, y, *seen = values[i : i + each]
        v = int(seen[0]) if seen else 2 if x or y else 0
        points.append([exact(x * size[0]), exact(y * size[1]), v])
    # All classes have as many points as the one that has most: the rest are not labelled.
    if names and not any(point[2] for point in points[len(names) :]):
        points = points[: len(names)]
    return {"points": points, "box": _box(values, size)}


_SHAPES = {"boxes": _boxes, "polygons": _polygons, "keypoints": _keypoints}
