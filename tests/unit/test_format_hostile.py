"""Files from outside that mean harm, or are merely broken: refused in words, soon, and whole."""

import io
import json
import stat
import zipfile

import pytest

from ops.errors import InvalidInput
from ops.formats import brush, catalogue, markup
from ops.formats.face import Reading
from ops.formats.sources import opened
from ops.intake.faults import Faults
from ops.intake.known import Known
from tests import formats as trip

BOMB = """<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]>
<annotations><image name="&c;" width="1" height="1"/></annotations>"""
SECRET = """<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<annotation><filename>&x;</filename></annotation>"""
REMOTE = '<!DOCTYPE a SYSTEM "http://example.com/a.dtd"><annotations/>'


def read(name, data, kind="boxes", file="labels.dat", **more):
    reading = Reading(kind, "image", trip.VOCABULARY, Faults(), **more)
    with opened(io.BytesIO(data), file) as source:
        rows = list(catalogue.read(name, source, reading))
    reading.faults.raise_if_any()
    return rows


def zipped(files, **kept):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data, **kept)
    return out.getvalue()


@pytest.mark.parametrize("document", [BOMB, SECRET, REMOTE])
@pytest.mark.parametrize("name", ["cvat", "voc"])
def test_no_document_type_so_no_entities(name, document):
    data = document.encode()
    with pytest.raises(InvalidInput, match="DOCTYPE"):
        read(name, zipped({"annotations.xml": data}) if name == "voc" else data)
    assert markup.root_tag(io.BytesIO(data)) == ""


def test_xml_that_nests_or_breaks_names_its_line():
    with pytest.raises(InvalidInput, match="nests deeper"):
        read("cvat", b"<a>" * 100_000)
    with pytest.raises(InvalidInput, match="line 2: mismatched tag"):
        read("cvat", b"<annotations>\n<image></annotations>")
    with pytest.raises(InvalidInput, match="holds no <image>"):
        read("cvat", b"<annotations/>")


@pytest.mark.parametrize(
    "name", ["../out.txt", "a/../../out.txt", "/etc/out.txt", "C:/out.txt", "a\\b.txt"]
)
def test_a_zip_that_leads_out_of_itself(name):
    with pytest.raises(InvalidInput, match="leads out"), opened(io.BytesIO(zipped({name: "x"}))):
        pass


def test_a_zip_with_a_link_twice_a_name_or_a_lock():
    link = zipfile.ZipInfo("labels/link.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(InvalidInput, match="holds a link"), opened(out):
        pass
    twice = io.BytesIO()
    with zipfile.ZipFile(twice, "w") as archive, pytest.warns(UserWarning):
        archive.writestr("a.txt", "1")
        archive.writestr("a.txt", "2")
    with pytest.raises(InvalidInput, match="twice"), opened(twice):
        pass
    locked = bytearray(zipped({"a.txt": "x"}))
    locked[locked.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(InvalidInput, match="encrypted"), opened(io.BytesIO(bytes(locked))):
        pass


def test_a_zip_that_swells_and_one_that_lies_about_it():
    bomb = zipped({"data.yaml": b"\0" * (20 * 2**20)})
    assert len(bomb) < 50_000
    with pytest.raises(InvalidInput, match="swells"), opened(io.BytesIO(bomb)):
        pass
    # The directory says 10 bytes: no more than that is ever unpacked.
    lying = bytearray(bomb)
    at = lying.rindex(b"PK\x01\x02") + 24
    lying[at : at + 4] = (10).to_bytes(4, "little")
    with (
        opened(io.BytesIO(bytes(lying))) as source,
        pytest.raises(InvalidInput, match=r"damaged|read"),
    ):
        source.read("data.yaml")


def test_a_link_in_a_folder_that_leads_out_is_not_followed(tmp_path):
    (tmp_path / "secret.txt").write_text("0 .5 .5 .1 .1")
    inside = tmp_path / "data"
    (inside / "labels").mkdir(parents=True)
    (inside / "data.yaml").write_text("names: [person]")
    (inside / "labels" / "a.txt").symlink_to(tmp_path / "secret.txt")
    with opened(inside) as source:
        assert source.names() == ["data.yaml"]


def test_yaml_with_aliases_or_objects_is_not_read():
    for text in ("a: &x [1]\nnames: *x", "names: !!python/object/apply:os.system [ls]", "a: ["):
        with pytest.raises(InvalidInput):
            read("yolo", zipped({"data.yaml": text, "labels/a.txt": ""}))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("person .5 .5 .1 .1", "number of a class"),
        ("0 .5 .5 .1", "expected class"),
        ("0 nan .5 .1 .1", "finite"),
        ("0 x .5 .1 .1", "expected numbers"),
        ("9 .5 .5 .1 .1", "is not there"),
    ],
)
def test_a_line_of_yolo_is_named(line, words):
    file = zipped({"data.yaml": "names: [person]", "labels/a.txt": f"0 .5 .5 .1 .1\n{line}\n"})
    known = Known("a.jpg", 64, 48)
    with pytest.raises(InvalidInput) as refused:
        read("yolo", file, find=lambda _: known)
    (fault,) = refused.value.errors
    assert words in fault["message"]
    assert "labels/a.txt" in fault["field"] or "data.yaml" in fault["field"]


def _coco(**annotation):
    image = {"id": 1, "file_name": "a.jpg", "width": 64, "height": 48}
    one = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 2, 2], **annotation}
    file = {"images": [image], "categories": [{"id": 1, "name": "person"}], "annotations": [one]}
    return json.dumps(file).encode()


@pytest.mark.parametrize(
    ("segmentation", "field"),
    [
        ({"size": [48, 64], "counts": [3]}, "annotations.0.segmentation.counts"),
        ({"size": [48, 64], "counts": [-5, 3077]}, "annotations.0.segmentation.counts"),
        ({"size": [48, 64], "counts": "~~~~"}, "annotations.0.segmentation.counts"),
        ({"size": [10**6, 10**6], "counts": [10**12]}, "annotations.0.segmentation.size"),
        ([[1, 2, 3]], "annotations.0.segmentation"),
        ([[1, 2, 3, 4, 5, 6, 7]], "annotations.0.segmentation"),
    ],
)
def test_masks_that_would_write_beyond_their_picture(segmentation, field):
    with pytest.raises(InvalidInput) as refused:
        read("coco", _coco(segmentation=segmentation), "masks")
    assert [one["field"] for one in refused.value.errors] == [field]


@pytest.mark.parametrize(
    "data",
    [b"", b"[", b"{}", b"null", b'{"images": [], "annotations": 3}', b"[" * 100_000, b"\xff\xfe"],
)
@pytest.mark.parametrize("name", ["coco", "labelstudio"])
def test_json_that_is_none_of_it(name, data):
    with pytest.raises(InvalidInput):
        read(name, data, file="labels.json")


@pytest.mark.parametrize(
    "result",
    [
        [{}],
        [{"type": "rectanglelabels"}],
        [{"id": "1", "type": "rectanglelabels", "value": 3}],
        [{"id": "1", "type": "rectanglelabels", "value": {"rectanglelabels": ["Person"]},
          "original_width": 5, "original_height": 5}],
        [{"id": "1", "type": "rectanglelabels", "value": {"rectanglelabels": ["Person"], "x": "a",
          "y": 1, "width": 1, "height": 1}, "original_width": 5, "original_height": 5}],
    ],
)  # fmt: skip
def test_results_of_label_studio_that_are_none(result):
    task = [{"data": {"image": "a.jpg"}, "annotations": [{"result": result}]}]
    with pytest.raises(InvalidInput) as refused:
        read("labelstudio", json.dumps(task).encode(), file="labels.json")
    assert [one["line"] for one in refused.value.errors] == [1]


@pytest.mark.parametrize("values", [[], [1, 2, 3], [0] * 40, ["x"], [300], list(range(40))])
def test_a_brush_that_is_none(values):
    with pytest.raises(ValueError, match="brush"):
        brush.decode(values, (64, 48))


@pytest.mark.parametrize("rle", ["1, 2", "-4, 8", "x", "9" * 30])
def test_a_mask_of_cvat_that_is_none(rle):
    mask = f'<mask label="person" rle="{rle}" left="1" top="1" width="2" height="2"/>'
    image = f'<image name="a.jpg" width="64" height="48">{mask}</image>'
    with pytest.raises(InvalidInput) as refused:
        read("cvat", f"<annotations>\n{image}</annotations>".encode(), "masks")
    assert [(e["line"], e["field"]) for e in refused.value.errors] == [(2, "mask")]


@pytest.mark.parametrize(
    ("ring", "size"),
    [
        ([0, 0, 1e9, 0, 1e9, 1e9], 10),
        ([0, 0, 1e300, 0, 5, 5], 10),
        ([value for n in range(400) for value in (n % 2 * 1e4, n)], 10_000),
        ([0, 0, 9, 0, 9, 9], 1_000_000),
    ],
)
def test_an_outline_that_no_memory_can_draw(ring, size):
    shape = {"id": 1, "image_id": 1, "category_id": 1, "segmentation": [ring]}
    image = {"id": 1, "file_name": "a.png", "width": size, "height": size}
    classes = [{"id": 1, "name": one["name"]} for one in trip.VOCABULARY.classes[:1]]
    data = {"images": [image], "annotations": [shape], "categories": classes}
    with pytest.raises(InvalidInput) as refused:
        read("coco", json.dumps(data).encode(), kind="masks")
    assert refused.value.errors[0]["field"].endswith("segmentation")


def test_parquet_that_swells_and_arrays_that_are_not_there():
    import numpy as np
    import pyarrow
    import pyarrow.parquet

    from ops import reference_files

    many = pyarrow.chunked_array([pyarrow.array(np.zeros(2**22), pyarrow.float64())] * 65)
    swelling = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"external_id": many}), swelling)
    assert swelling.tell() < 2**22  # of 2 GB
    with pytest.raises(InvalidInput, match="more than"):
        reference_files.embeddings(swelling, "a.parquet")
    told = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1152921504606846976,), }"
    lying = b"\x93NUMPY\x01\x00" + len(told).to_bytes(2, "little") + told
    with pytest.raises(InvalidInput, match=r"is not a \.npy"):
        reference_files.embeddings(io.BytesIO(lying), "a.npy", io.BytesIO(b"x"))
