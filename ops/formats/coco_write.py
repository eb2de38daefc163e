"""Labels into COCO's JSON, streamed: annotations wait in a file while images are written."""

import json
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, Any

from ops.formats import geometry
from ops.formats.coco_read import KEPT
from ops.formats.face import Item, Writing
from ops.formats.names import picture_name, remote

IN_MEMORY = 8 * 2**20
PIECE = 1 << 16


class _Numbers:
    """Numbers that are unique in a file, those asked for where they are free; never 0."""

    def __init__(self) -> None:
        self.taken: set[int] = set()
        self.next = 1

    def give(self, wanted: Any) -> int:
        """`wanted`, if it is a whole number above 0 that nobody has; the next free one else."""
        said = str(wanted)
        asked = int(said) if said.isascii() and said.isdigit() and len(said) < 16 else 0
        if asked == 0 or str(asked) != said or asked in self.taken:
            while self.next in self.taken:
                self.next += 1
            asked = self.next
        self.taken.add(asked)
        return asked


def write(items: Iterable[Item], writing: Writing) -> Iterator[bytes]:
    """One JSON object: info, categories, images, annotations."""
    numbers, image_numbers = _Numbers(), _Numbers()
    yield b'{"info":{"description":"Labels of Touchstone"},"licenses":[],"categories":'
    yield _json(list(_categories(writing)))
    yield b',"images":['
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as waiting:
        written = 0
        for n, item in enumerate(items):
            number = image_numbers.give(item.metadata.get("coco_id", ""))
            yield (b",\n" if n else b"\n") + _json(_image(number, item, writing))
            for one in item.label.get("objects", []):
                annotation = _annotation(one, item, number, numbers, writing)
                waiting.write((b",\n" if written else b"\n") + _json(annotation))
                written += 1
        yield b'],"annotations":['
        waiting.seek(0)
        yield from _pieces(waiting)
    yield b"]}\n"


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while data := file.read(PIECE):
        yield data


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _categories(writing: Writing) -> Iterator[dict[str, Any]]:
    for n, one in enumerate(writing.vocabulary.classes, start=1):
        made = {"id": n, "name": one["name"], "supercategory": "", "key": one["key"]}
        names = writing.vocabulary.skeleton(one["key"])
        if names:
            made["keypoints"] = names
            edges = writing.vocabulary.edges(one["key"])
            made["skeleton"] = [[a + 1, b + 1] for a, b in edges]
        yield made


def _image(number: int, item: Item, writing: Writing) -> dict[str, Any]:
    width, height = writing.size(item) or (0, 0)
    if not width:
        writing.losses.add("width and height", "of pictures: unknown, written as 0")
    if item.said:
        writing.losses.add("method", "with probability, answers and agreement: not written")
    name = picture_name(item)
    made: dict[str, Any] = {"id": number, "file_name": name, "width": width, "height": height}
    if remote(item.uri):
        made["coco_url"] = item.uri
    beside: dict[str, Any] = {"semantic": True} if item.label.get("semantic") else {}
    if name == item.external_id and item.metadata.get("coco_id") == number:
        # It came from a file of COCO: it goes as it came.
        told = {k: v for k, v in item.metadata.items() if k != "coco_id"}
        if set(told) <= set(KEPT):
            return {**made, **told, **({"touchstone": beside} if beside else {})}
    beside["external_id"] = item.external_id
    if item.metadata:
        beside["metadata"] = dict(item.metadata)
    return {**made, "touchstone": beside}


def _annotation(
    one: dict[str, Any], item: Item, image: int, numbers: _Numbers, writing: Writing
) -> dict[str, Any]:
    number = numbers.give(one["id"])
    place = writing.vocabulary.places.get(one["class"])
    if place is None:
        # Of a class that the ontology no longer has.
        writing.losses.add("class", "no longer in the ontology: category 0")
    made = {"id": number, "image_id": image, "category_id": -1 if place is None else place + 1}
    shape, beside = _SHAPES[writing.label_type](one, item, writing)
    if str(number) != one["id"]:
        beside["id"] = one["id"]
    made |= {**shape, "iscrowd": int(bool(one.get("crowd")))}
    if one.get("attributes"):
        made["attributes"] = one["attributes"]
    if "score" in one:
        made["score"] = one["score"]
    return {**made, "touchstone": beside} if beside else made


Made = tuple[dict[str, Any], dict[str, Any]]


def _box(one: dict[str, Any], _: Item, writing: Writing) -> Made:
    if one.get("angle"):
        said = 'bbox is the box before it is turned; the angle stands under "touchstone"'
        writing.losses.add("angle", said)
    width, height = one["box"][2:]
    beside = {"angle": one["angle"]} if one.get("angle") else {}
    return {"bbox": one["box"], "area": width * height, "segmentation": []}, beside


def _polygons(one: dict[str, Any], item: Item, writing: Writing) -> Made:
    parts = one["polygons"]
    shape: Any = [geometry.flat(part[0]) for part in parts]
    beside: dict[str, Any] = {}
    if any(len(part) > 1 for part in parts):
        beside["polygons"] = parts
        size = writing.size(item)
        said = "of polygons: the pixels are written as run lengths"
        if size:
            try:
                shape = geometry.drawn(parts, *size)
            except ValueError as error:
                said = f"of polygons: left out, {error}"
        else:
            said = "of polygons: left out, the size of the picture is unknown"
        writing.losses.add("holes", f'{said}; the rings stand under "touchstone"')
    box = geometry.bounds([point for part in parts for point in part[0]])
    return {"segmentation": shape, "bbox": box, "area": geometry.area(parts)}, beside


def _mask(one: dict[str, Any], _: Item, __: Writing) -> Made:
    from pycocotools import mask

    runs = {"size": one["rle"]["size"], "counts": one["rle"]["counts"].encode("ascii")}
    box = [float(value) for value in mask.toBbox(runs)]
    return {"segmentation": one["rle"], "bbox": box, "area": float(mask.area(runs))}, {}


def _points(one: dict[str, Any], _: Item, __: Writing) -> Made:
    points = one["points"]
    seen = [point for point in points if point[2]]
    box = one.get("box") or geometry.bounds(seen)
    made = {
        "keypoints": [value for point in points for value in point],
        "num_keypoints": len(seen),
        "bbox": box,
        "area": box[2] * box[3],
        "segmentation": [],
    }
    return made, {} if one.get("box") else {"no_box": True}


_SHAPES = {"boxes": _box, "polygons": _polygons, "masks": _mask, "keypoints": _points}
