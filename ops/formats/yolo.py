"""YOLO: a text file a picture, one object a line, coordinates as shares of the picture.

Boxes (class cx cy w h), polygons (class x y x y …) and keypoints (box, then x y v a point), as
Ultralytics and Darknet read them. Written as a zip of data.yaml, train.txt and labels/; shares have
all the digits of a float, so that coordinates come back to 0.000001 px. Reading is `yolo_read`.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from ops.formats import geometry
from ops.formats.archive import zipped
from ops.formats.face import Item, Writing
from ops.formats.names import FileNames
from ops.formats.yolo_read import read

__all__ = ["HOLDS", "MIMETYPE", "NAME", "SUFFIX", "WORDS", "read", "write"]

NAME, WORDS, SUFFIX, MIMETYPE = "yolo", "YOLO (Ultralytics, Darknet)", "zip", "application/zip"
HOLDS = ("boxes", "polygons", "keypoints")


def write(items: Iterable[Item], writing: Writing) -> Iterator[bytes]:
    """A zip with one file of labels a picture; the pictures stay where they are."""
    return zipped(_files(items, writing), writing.losses)


def _files(items: Iterable[Item], writing: Writing) -> Iterator[tuple[str, str]]:
    names, pictures = FileNames(writing), []
    writer = _Writer(writing)
    for item in items:
        size = writing.size(item)
        if size is None:
            writing.losses.add("asset", "left out: the size of its picture is unknown")
            continue
        writing.lose_said(item)
        said = "of pictures: not written, so who reads this needs the pictures as well"
        writing.losses.add("width and height", said)
        name = names.give(item)
        pictures.append(f"./images/{name}\n")
        label = PurePosixPath("labels") / PurePosixPath(name).with_suffix(".txt")
        yield str(label), "".join(writer.lines(item.label["objects"], size))
    yield "train.txt", "".join(pictures)
    yield "data.yaml", "".join(writer.data())


class _Writer:
    """The lines of one project."""

    def __init__(self, writing: Writing):
        self.writing, self.vocabulary = writing, writing.vocabulary
        keys = [one["key"] for one in self.vocabulary.classes]
        self.most_points = max((len(self.vocabulary.skeleton(key)) for key in keys), default=0)

    def data(self) -> Iterator[str]:
        """data.yaml: names by number, with keys beside them; JSON texts are YAML texts."""
        yield "path: .\ntrain: train.txt\nval: train.txt\n"
        if self.writing.label_type == "keypoints":
            yield f"kpt_shape: [{self.most_points}, 3]\n"
        for field, part in (("names", "name"), ("keys", "key")):
            yield f"{field}:\n"
            for n, one in enumerate(self.vocabulary.classes):
                yield f"  {n}: {json.dumps(one[part], ensure_ascii=False)}\n"

    def lines(self, objects: Sequence[dict[str, Any]], size: tuple[int, int]) -> Iterator[str]:
        """One line an object; one a part of a polygon."""
        self.writing.losses.add("id", "of objects: they are numbered anew", len(objects))
        self.writing.lose_objects(
            objects, attributes="of objects: not written", crowd="written like any other object",
            score="not written",
        )  # fmt: skip
        for one in objects:
            place = self.vocabulary.places.get(one["class"])
            if place is None:
                self.writing.losses.add("class", "no longer in the ontology: objects left out")
                continue
            for values in getattr(self, f"_{self.writing.label_type}")(one, size):
                yield f"{place} {' '.join(values)}\n"

    def _boxes(self, one: dict[str, Any], size: tuple[int, int]) -> Iterator[list[str]]:
        if one.get("angle"):
            said = "of turned boxes: the upright box around them is written"
            self.writing.losses.add("angle", said)
        yield _box(geometry.upright(one), size)

    def _polygons(self, one: dict[str, Any], size: tuple[int, int]) -> Iterator[list[str]]:
        parts = one["polygons"]
        holes = sum(len(part) - 1 for part in parts)
        self.writing.losses.add("holes", "of polygons: filled", holes)
        if len(parts) > 1:
            said = "of polygons: each becomes an object of its own"
            self.writing.losses.add("parts", said, len(parts) - 1)
        for part in parts:
            yield [text for point in part[0] for text in _shares(point, size)]

    def _keypoints(self, one: dict[str, Any], size: tuple[int, int]) -> Iterator[list[str]]:
        box = one.get("box")
        if box is None:
            said = "of keypoints: there was none, the one around the points is written"
            self.writing.losses.add("box", said)
            box = geometry.around([point for point in one["points"] if point[2]], size)
        points = [text for p in one["points"] for text in (*_shares(p, size), str(int(p[2])))]
        missing = self.most_points - len(one["points"])
        yield [*_box(box, size), *points, *["0"] * (3 * missing)]


def _box(box: Sequence[float], size: tuple[int, int]) -> list[str]:
    x, y, width, height = box
    return [*_shares((x + width / 2, y + height / 2), size), *_shares((width, height), size)]


def _shares(point: Sequence[float], size: tuple[int, int]) -> tuple[str, str]:
    return repr(point[0] / size[0]), repr(point[1] / size[1])
