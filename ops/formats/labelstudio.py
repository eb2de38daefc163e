"""Label Studio's JSON: tasks with data, annotations and predictions, both ways.

Regions are rectanglelabels, polygonlabels, brushlabels, keypointlabels and labels (passages), in
percent of the picture or characters of the text; attributes of an object are results with its id.
Reading is `labelstudio_read`, the regions written `labelstudio_write`.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ops.formats.face import Item, Writing
from ops.formats.labelstudio_read import read
from ops.formats.labelstudio_write import NO_SIZE, results
from ops.formats.names import picture_name, remote
from ops.labels import KINDS, WITHIN_PICTURE

__all__ = ["HOLDS", "MIMETYPE", "NAME", "SUFFIX", "WORDS", "read", "write"]

NAME, WORDS, SUFFIX = "labelstudio", "Label Studio JSON", "json"
MIMETYPE = "application/json"
HOLDS = tuple(KINDS)


def write(items: Iterable[Item], writing: Writing) -> Iterator[bytes]:
    """A list of tasks with one annotation each."""
    yield b"["
    writing.lose_keys()
    n = 0
    for item in items:
        size = writing.size(item) if writing.label_type in WITHIN_PICTURE else None
        if size is None and writing.label_type in WITHIN_PICTURE:
            writing.losses.add("asset", NO_SIZE)
            continue
        n += 1
        task = {
            "id": n,
            "data": _data(item, size, writing),
            "annotations": [{"id": n, "result": list(results(item, size, writing))}],
        }
        text = json.dumps(task, ensure_ascii=False, separators=(",", ":"))
        yield (",\n" if n > 1 else "\n").encode() + text.encode()
    yield b"\n]\n"


def _data(item: Item, size: tuple[int, int] | None, writing: Writing) -> dict[str, Any]:
    """What is shown, and what else is known of the asset."""
    if item.said:
        writing.losses.add("method", "with probability, answers and agreement: not written")
    data: dict[str, Any] = {"external_id": item.external_id}
    if item.text is not None:
        data["text"] = item.text
    elif item.uri is not None:
        data["image"] = item.uri if remote(item.uri) else picture_name(item)
        if not remote(item.uri):
            writing.losses.add("uri", "of pictures that lie with us: their names are written")
    size = size or ((item.width, item.height) if item.width and item.height else None)
    if size:
        data["width"], data["height"] = size
    if item.label.get("semantic"):
        data["semantic"] = True
    if item.metadata:
        data["metadata"] = dict(item.metadata)
    return data
