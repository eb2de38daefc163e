"""Every format there is, which of them can hold what, and which one a file is in."""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import cast

from ops.errors import InvalidInput
from ops.formats import coco, csv, cvat, folder, jsonl, labelstudio, voc, yolo
from ops.formats.face import Format, Item, Reading, Writing
from ops.formats.markup import root_tag
from ops.formats.sources import Source
from ops.intake.rows import Row
from ops.labels import KINDS

WRITTEN: dict[str, Format] = {
    one.NAME: cast(Format, one) for one in (jsonl, csv, coco, yolo, voc, cvat, labelstudio)
}
# Formats that speak of assets which may be there already.
SPEAKING = (coco.NAME, yolo.NAME, voc.NAME, cvat.NAME, labelstudio.NAME)
READ = (*WRITTEN, folder.NAME)
HEAD = 1 << 16
_KEY = re.compile(rb'"(images|annotations|categories|image_id|data|predictions)"\s*:')


def for_type(label_type: str) -> list[Format]:
    """The formats that can hold labels of this type."""
    return [one for one in WRITTEN.values() if label_type in one.HOLDS]


def fitting(name: str, label_type: str) -> Format:
    """The format, if it can hold labels of this type. Raises InvalidInput naming both."""
    found = WRITTEN.get(name)
    if found is None:
        raise InvalidInput(f"there is no format {name}: {', '.join(WRITTEN)}", field="format")
    if label_type not in found.HOLDS:
        holds = ", ".join(KINDS[kind].title.lower() for kind in found.HOLDS)
        raise InvalidInput(
            f"{found.WORDS} cannot hold labels of the type {label_type} "
            f"({KINDS[label_type].title.lower()}); it holds {holds}",
            field="format",
        )
    return found


def write(name: str, items: Iterable[Item], writing: Writing) -> Iterator[bytes]:
    """A file in a format, piece by piece. Raises InvalidInput before the first, if it cannot be."""
    return fitting(name, writing.label_type).write(items, writing)


def read(name: str, source: Source, reading: Reading) -> Iterator[Row]:
    """The rows of a source in a format. Raises InvalidInput when it is no such thing at all."""
    if name == folder.NAME:
        return folder.read_source(source, reading)
    if not reading.wants_labels and name in WRITTEN:
        return WRITTEN[name].read(source, reading)
    return fitting(name, reading.label_type).read(source, reading)


def recognise(source: Source) -> str:
    """The format that a source is in, by its content. Raises InvalidInput when that is not plain.

    A folder or zip without annotations is the pictures or texts in it.
    """
    if source.single:
        return _of_file(source, source.names()[0])
    paths = [PurePosixPath(name) for name in source.names()]
    if _is_yolo(paths):
        return yolo.NAME
    for suffix in (".xml", ".json"):
        found = [str(path) for path in paths if path.suffix.lower() == suffix]
        if suffix == ".json" and len(found) > 1:
            said = f"{source.name} holds {len(found)} .json files: name the one, or the format"
            raise InvalidInput(said, field="format")
        if found:
            return _of_file(source, found[0])
    return folder.NAME


def _is_yolo(paths: list[PurePosixPath]) -> bool:
    names = {path.name.lower() for path in paths}
    in_labels = any("labels" in path.parts[:-1] for path in paths)
    yaml = any(path.suffix.lower() in (".yaml", ".yml") for path in paths)
    return bool(names & {"data.yaml", "obj.names", "classes.txt"}) or (yaml and in_labels)


def _of_file(source: Source, name: str) -> str:
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in (".csv", ".tsv"):
        return csv.NAME
    if suffix in (".jsonl", ".ndjson"):
        return jsonl.NAME
    with source.open(name) as file:
        head = file.read(HEAD).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] == b"<":
        with source.open(name) as file:
            found = {"annotations": cvat.NAME, "annotation": voc.NAME}.get(root_tag(file))
        if found is None:
            said = f"{name} is neither CVAT's XML (<annotations>) nor Pascal VOC's (<annotation>)"
            raise InvalidInput(said, field="format")
        return found
    return _of_json(name, suffix, head)


def _of_json(name: str, suffix: str, head: bytes) -> str:
    keys = {key.decode() for key in _KEY.findall(head)}
    if head[:1] == b"[" and (suffix == ".json" or keys):
        if "image_id" in keys:
            return coco.NAME
        if "data" in keys or re.match(rb"\[\s*\]", head):
            return labelstudio.NAME
    elif head[:1] == b"{" and keys & {"images", "annotations", "categories"}:
        return coco.NAME
    elif head[:1] == b"{" and b'"external_id"' in head:
        return jsonl.NAME
    elif suffix not in (".json", ".xml"):
        return csv.NAME
    said = f"{name}: cannot tell what format this is; name it: {', '.join(READ)}"
    raise InvalidInput(said, field="format")
