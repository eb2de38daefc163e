"""Pascal VOC: an XML file a picture, with the boxes in it. Written as a zip of Annotations/.

The devkit counts pixels from 1 and a box includes its last ones: xmin is x + 1, xmax is x + width.
Fractions stand as they are, as in the files of VOC 2011 and 2012. Attributes go into <attributes>,
as CVAT writes them, but for the flags that VOC has.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from ops.errors import InvalidInput
from ops.formats import geometry
from ops.formats.archive import zipped
from ops.formats.face import Item, Reading, Writing, exact, number
from ops.formats.markup import Element, elements, escape
from ops.formats.names import FileNames
from ops.formats.sources import PICTURES, Source
from ops.formats.vocabulary import as_texts
from ops.intake.rows import Row

NAME, WORDS, SUFFIX, MIMETYPE = "voc", "Pascal VOC XML", "zip", "application/zip"
HOLDS = ("boxes",)
FLAGS = ("truncated", "difficult", "occluded")
LARGEST = 64 * 2**20


def read(source: Source, reading: Reading) -> Iterator[Row]:
    """One row a file of annotations, then one a picture that has none, without a label."""
    reading.faults.unit = "file"
    files = [name for name in source.names() if name.lower().endswith(".xml")]
    if not files:
        raise InvalidInput("holds no .xml files of annotations", field="file")
    pictures = _pictures(source)
    n, seen = 0, set()
    for n, name in enumerate(files, start=1):
        found = _annotation(source, name)
        if found is None:
            reading.faults.add(n, name, "has no <annotation> as its root")
            continue
        row = _row(n, name, found, pictures, source, reading)
        seen.add(row.external_id)
        yield row
    for picture in source.pictures():
        if not ({picture, PurePosixPath(picture).name} & seen):
            n += 1
            name = PurePosixPath(picture).name
            yield Row(n, name, uri=reading.uri_of(source, picture), about=True)


def _pictures(source: Source) -> dict[str, str]:
    """Name of a picture, and its path from every folder on, → its path in the source."""
    found: dict[str, str] = {}
    for path in source.pictures():
        parts = PurePosixPath(path).parts
        for start in range(len(parts)):
            found.setdefault("/".join(parts[start:]), path)
    return found


def _annotation(source: Source, name: str) -> Element | None:
    with source.open(name) as file:
        head = file.read(LARGEST + 1)
    if len(head) > LARGEST:
        raise InvalidInput(f"{name}: is larger than {LARGEST // 2**20} MB", field="file")
    import io

    return next(elements(io.BytesIO(head), "annotation", name=name), None)


def _row(
    n: int,
    name: str,
    found: Element,
    pictures: dict[str, str],
    source: Source,
    reading: Reading,
) -> Row:
    picture = found.said("filename") or str(PurePosixPath(name).with_suffix(".jpg").name)
    if PurePosixPath(picture).suffix.lower() not in PICTURES:
        # Some leave the suffix out.
        stems = {str(PurePosixPath(one).with_suffix("")): one for one in pictures}
        picture = stems.get(picture, picture)
    known = reading.find(picture)
    asset = known.external_id if known else picture
    return Row(
        line=n,
        external_id=asset,
        uri=reading.uri_of(source, pictures.get(picture, picture)),
        width=_whole(found.said("size", "width")),
        height=_whole(found.said("size", "height")),
        label=reading.take(lambda: {"objects": list(_objects(found, name, asset, reading))}),
        about=True,
    )


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and int(text) else None


def _objects(found: Element, name: str, asset: str, reading: Reading) -> Iterator[dict[str, Any]]:
    for n, element in enumerate(found.all("object"), start=1):
        made = _object(n, element, name, asset, reading)
        if made is not None:
            yield made


def _object(
    n: int, element: Element, name: str, asset: str, reading: Reading
) -> dict[str, Any] | None:
    where = f"{name}: object {n}"
    key = reading.class_key(element.said("name"), element.line, f"{name} name", asset)
    edges = []
    for side in ("xmin", "ymin", "xmax", "ymax"):
        text = element.said("bndbox", side)
        try:
            edges.append(float(text))
        except ValueError:
            said = f"'{text[:40]}' is no number" if text else "is missing"
            reading.faults.add(element.line, f"{where} bndbox.{side}", said, asset)
            return None
    if key is None:
        return None
    x1, y1, x2, y2 = edges
    box = [exact(x1 - 1), exact(y1 - 1), exact(x2 - x1 + 1), exact(y2 - y1 + 1)]
    attributes = reading.attributes(_attributes(element), key)
    for part in element.all("part"):
        reading.losses.add("part", f"of objects ({part.said('name')[:40]}): not taken")
    more = {"attributes": attributes} if attributes else {}
    return {"id": str(n), "class": key, "box": box, **more}


def _attributes(element: Element) -> Iterator[tuple[str, Any]]:
    for flag in FLAGS:
        if element.said(flag) == "1":
            yield flag, True
    pose = element.said("pose")
    if pose and pose != "Unspecified":
        yield "pose", pose
    listed = element.find("attributes")
    for one in listed.all("attribute") if listed else []:
        value = one.find("value")
        yield one.said("name"), value.text if value else ""


def write(items: Iterable[Item], writing: Writing) -> Iterator[bytes]:
    """A zip with one file a picture; the pictures stay where they are."""
    return zipped(_files(items, writing), writing.losses)


def _files(items: Iterable[Item], writing: Writing) -> Iterator[tuple[str, str]]:
    names = FileNames(writing)
    writing.lose_keys()
    for item in items:
        writing.lose_said(item)
        objects = item.label["objects"]
        writing.losses.add("id", "of objects: they are numbered anew", len(objects))
        writing.lose_objects(objects, crowd="written like any other object", score="not written")
        name = names.give(item)
        path = PurePosixPath("Annotations") / PurePosixPath(name).with_suffix(".xml")
        yield str(path), "".join(_lines(name, item, writing))


def _lines(name: str, item: Item, writing: Writing) -> Iterator[str]:
    yield f"<annotation>\n <filename>{escape(name)}</filename>\n"
    size = writing.size(item)
    if size is None:
        writing.losses.add("width and height", "of pictures: unknown, not written")
    else:
        yield f" <size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>\n"
    yield " <segmented>0</segmented>\n"
    for one in item.label["objects"]:
        yield from _object_lines(one, writing)
    yield "</annotation>\n"


def _object_lines(one: dict[str, Any], writing: Writing) -> Iterator[str]:
    if one.get("angle"):
        writing.losses.add("angle", "of turned boxes: the upright box around them is written")
    x, y, width, height = geometry.upright(one)
    if not all(float(v).is_integer() for v in (x, y, width, height)):
        said = "of boxes: written as they are; the devkit itself rounds them to whole pixels"
        writing.losses.add("fractions", said)
    attributes = dict(one.get("attributes") or {})
    flags = {flag: _flag(attributes, flag, one["class"], writing) for flag in FLAGS}
    yield f" <object>\n  <name>{escape(writing.vocabulary.name_of(one['class']))}</name>\n"
    yield "  <pose>Unspecified</pose>\n"
    for flag, value in flags.items():
        if flag != "occluded" or value:
            yield f"  <{flag}>{value}</{flag}>\n"
    yield (
        "  <bndbox>"
        + "".join(
            f"<{side}>{number(exact(value))}</{side}>"
            for side, value in zip(
                ("xmin", "ymin", "xmax", "ymax"),
                (x + 1, y + 1, x + width, y + height),
                strict=True,
            )
        )
        + "</bndbox>\n"
    )
    yield from _attribute_lines(attributes, writing)
    yield " </object>\n"


def _flag(attributes: dict[str, Any], flag: str, of: str, writing: Writing) -> int:
    """1 when the object has this flag as an attribute, which is then said."""
    attribute = writing.vocabulary.attribute(flag, of)
    if attribute is None or attribute["kind"] != "flag":
        return 0
    if attributes.get(attribute["key"]) is True:
        del attributes[attribute["key"]]
        return 1
    return 0


def _attribute_lines(attributes: dict[str, Any], writing: Writing) -> Sequence[str]:
    if not attributes:
        return []
    lines = ["  <attributes>\n"]
    for key, value in attributes.items():
        name = escape(writing.vocabulary.attribute_name(key))
        lines += [
            f"   <attribute><name>{name}</name><value>{escape(text)}</value></attribute>\n"
            for text in as_texts(value)
        ]
    return [*lines, "  </attributes>\n"]
