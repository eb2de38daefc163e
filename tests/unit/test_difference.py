"""The editor's comparison of two labels, run by node, against plain loops over the same labels."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.label_payloads import rle

EDITOR = Path(__file__).resolve().parents[2] / "ops/web/editor"
NODE = shutil.which("node")
CLASSES = ("car", "bus", "tram")
SIDE = 24
SURE, NEAR, ONE = 0.5, 0.1, 0.9
_RUN = """
import { differences } from "%(at)s/_difference.js";
import { counts, legend } from "%(at)s/_difference_words.js";
import { suggested } from "%(at)s/_found_errors.js";
import { readFileSync } from "node:fs";
const cases = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map(({ mine, theirs, edited, type }) => {
  const found = differences(mine, theirs, { edited });
  const words = legend(found, type).filter(({ n }) => n).map((one) => one.words).join(", ");
  return { found, counts: counts(found), words, errors: suggested(found) };
})));
"""
Label = dict[str, Any]
# The pixels of every mask that was made, by its run lengths.
PIXELS: dict[str, set[int]] = {}


def compare(cases: list[Label]) -> list[Label]:
    """[{mine, theirs, edited, type}] → [{found, counts, words, errors}], in one process."""
    if NODE is None:
        pytest.fail("node runs the browser code's tests: install it")
    program = [NODE, "--input-type=module", "-e", _RUN % {"at": EDITOR.as_uri()}]
    done = subprocess.run(
        program, check=False, input=json.dumps(cases), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def one(mine: Label | None, theirs: Label | None, *, edited: bool = False, kind: str = "") -> Label:
    return compare([{"mine": mine, "theirs": theirs, "edited": edited, "type": kind}])[0]


# The oracle: the same rules, by loops, on pixels and characters.


def covered(thing: Label) -> set[Any]:
    """The pixels or characters of a box with whole corners, a mask, or a span."""
    if "start" in thing:
        return set(range(thing["start"], thing["end"]))
    if "rle" in thing:
        return PIXELS[thing["rle"]["counts"]]
    x, y, width, height = map(int, thing["box"])
    return {(i, j) for i in range(x, x + width) for j in range(y, y + height)}


def iou(a: Label, b: Label) -> float:
    one, other = covered(a), covered(b)
    return len(one & other) / len(one | other) if one & other else 0.0


def place(thing: Label) -> Label:
    return {k: v for k, v in thing.items() if k not in ("id", "class", "attributes")}


def kind_of(mine: Label, theirs: Label, edited: bool) -> str:
    if mine["class"] != theirs["class"]:
        return "class"
    alike = place(mine) == place(theirs) if edited or "start" in mine else iou(mine, theirs) >= ONE
    if not alike:
        return "moved"
    return "same" if mine.get("attributes") == theirs.get("attributes") else "attributes"


def expected(mine: list[Label], theirs: list[Label], edited: bool) -> list[tuple[str, Any, Any]]:
    """(kind, id of mine, id of theirs)."""
    pairs: dict[int, int] = {}
    for i, given in enumerate(theirs):
        for j, other in enumerate(mine):
            related = other["class"] == given["class"] or iou(other, given) > 0
            if edited and other["id"] == given["id"] and related:
                pairs[i] = j
    ranked = sorted(
        (
            (not (iou(a, b) >= SURE and a["class"] == b["class"]), -iou(a, b), i, j)
            for i, a in enumerate(theirs)
            for j, b in enumerate(mine)
            if iou(a, b) >= NEAR and i not in pairs and j not in pairs.values()
        )
    )
    for _, _, i, j in ranked:
        if i not in pairs and j not in pairs.values():
            pairs[i] = j
    kept = [
        (kind_of(mine[pairs[i]], given, edited), mine[pairs[i]]["id"], given["id"])
        if i in pairs
        else ("removed", None, given["id"])
        for i, given in enumerate(theirs)
    ]
    left = [m["id"] for j, m in enumerate(mine) if j not in pairs.values()]
    return kept + [("added", id_, None) for id_ in left]


# Labels to compare: of a few things, so that many of them meet.


def thing(rng: np.random.Generator, kind: str, id_: str) -> Label:
    made: Label = {"id": id_, "class": str(rng.choice(CLASSES))}
    if rng.random() < 0.3:
        made["attributes"] = {"colour": str(rng.choice(["red", "blue"]))}
    if kind == "spans":
        start = int(rng.integers(0, 40))
        return made | {"start": start, "end": start + int(rng.integers(1, 12))}
    x, y = (int(n) for n in rng.integers(0, SIDE // 2, 2))
    width, height = (int(n) for n in rng.integers(2, SIDE // 2, 2))
    if kind == "boxes":
        return made | {"box": [x, y, width, height]}
    plane = np.zeros((SIDE, SIDE), bool)
    plane[y : y + height, x : x + width] = rng.random((height, width)) < 0.8
    plane[y, x] = True
    packed = rle(plane)
    PIXELS[packed["counts"]] = set(np.flatnonzero(plane).tolist())
    return made | {"rle": packed}


def changed(rng: np.random.Generator, kind: str, given: list[Label]) -> list[Label]:
    """What somebody made of them: kept, given another class, replaced, left out, and more."""
    made = []
    for old in given:
        turn = rng.random()
        if turn < 0.4:
            made.append(old)
        elif turn < 0.55:
            made.append(old | {"class": str(rng.choice(CLASSES))})
        elif turn < 0.85:
            made.append(thing(rng, kind, old["id"]) | {"class": old["class"]})
    more = [thing(rng, kind, f"new {i}") for i in range(int(rng.integers(0, 3)))]
    return [made[i] for i in rng.permutation(len(made))] + more


@pytest.mark.parametrize("kind", ["boxes", "masks", "spans"])
def test_things_are_paired_as_by_plain_loops(kind: str) -> None:
    rng = np.random.default_rng(7)
    name = "spans" if kind == "spans" else "objects"
    cases: list[Label] = []
    for n in range(120):
        theirs = [thing(rng, kind, str(i)) for i in range(int(rng.integers(0, 7)))]
        mine = changed(rng, kind, theirs)
        cases.append({"mine": {name: mine}, "theirs": {name: theirs}, "edited": n % 2 == 0})
    for case, got in zip(cases, compare([c | {"type": kind} for c in cases]), strict=True):
        found = [
            (d["kind"], (d["mine"] or {}).get("id"), (d["theirs"] or {}).get("id"))
            for d in got["found"]
        ]
        right = expected(case["mine"][name], case["theirs"][name], case["edited"])
        assert found == right, case
        tallied = {k: sum(kind == k for kind, *_ in right) for k in got["counts"]}
        assert got["counts"] == tallied


def lcs(a: str, b: str) -> int:
    """How many characters both share in order, by the table."""
    best = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, one in enumerate(a, 1):
        for j, other in enumerate(b, 1):
            same = best[i - 1][j - 1] + 1 if one == other else 0
            best[i][j] = max(same, best[i - 1][j], best[i][j - 1])
    return best[-1][-1]


def test_texts_differ_by_as_few_characters_as_there_can_be() -> None:
    rng = np.random.default_rng(3)
    letters = list("ab😀 שx\n")
    words = [
        "".join(rng.choice(letters, int(rng.integers(0, 20)))) for _ in range(160)
    ]  # pairs of them
    cases: list[Label] = [
        {"mine": {"text": a}, "theirs": {"text": b}, "type": "transcription"}
        for a, b in zip(words[::2], words[1::2], strict=True)
    ]
    for case, got in zip(cases, compare(cases), strict=True):
        mine, theirs = case["mine"]["text"], case["theirs"]["text"]
        pieces = got["found"]
        assert "".join(p["mine"] or "" for p in pieces) == mine
        assert "".join(p["theirs"] or "" for p in pieces) == theirs
        shared = lcs(mine, theirs)
        removed, added = len(theirs) - shared, len(mine) - shared
        assert (got["counts"]["removed"], got["counts"]["added"]) == (removed, added)
        assert [e["type"] for e in got["errors"]] == (["text"] if removed or added else [])
    # Longer than anybody reads letter by letter: by words, and at once.
    long = "one two three " * 8000
    other = long.replace("two", "2", 2000) + "and more"
    [far] = compare([{"mine": {"text": other}, "theirs": {"text": long}, "type": ""}])
    assert "".join(p["mine"] or "" for p in far["found"]) == other
    assert "".join(p["theirs"] or "" for p in far["found"]) == long


@pytest.mark.parametrize(
    ("mine", "theirs", "kind", "words", "errors"),
    [
        ({"class": "car"}, {"class": "car"}, "class", "", []),
        ({"class": "bus"}, {"class": "car"}, "class", "1 class changed", ["wrong_class"]),
        ({"rating": 4}, {"rating": 2}, "rating", "1 rating changed", ["wrong_class"]),
        ({"preference": "a", "reasons": ["x"]}, {"preference": "tie", "reasons": ["y"]},
         "preference", "1 added, 1 removed, 1 preference changed", ["wrong_class", "attribute"]),
        ({"tags": ["car", "tram"]}, {"tags": ["bus", "car"]}, "tags", "1 added, 1 removed",
         ["extra", "missing"]),
        ({"attributes": {"a": [1, 2], "b": False}}, {"attributes": {"a": [1, 2], "c": 0}},
         "attributes", "2 answered otherwise", ["attribute"]),
        ({"class": "car"}, None, "class", "1 added", ["missing"]),
        (None, None, "class", "", []),
    ],
)  # fmt: skip
def test_choices_and_answers_are_compared_by_what_they_say(
    mine: Label | None, theirs: Label | None, kind: str, words: str, errors: list[str]
) -> None:
    got = one(mine, theirs, kind=kind)
    assert (got["words"], [e["type"] for e in got["errors"]]) == (words, errors)


def test_shapes_by_their_points_and_what_a_reviewers_edits_tell() -> None:
    figure: Label = {"id": "1", "class": "car", "points": [[10, 10, 2], [30, 30, 2], [0, 0, 0]]}
    near = figure | {"id": "9", "points": [[10.2, 10, 2], [30, 30.2, 2], [0, 0, 0]]}
    far = figure | {"id": "9", "points": [[13, 10, 2], [30, 26, 2], [0, 0, 0]]}
    ring: list[list[int]] = [[0, 0], [20, 0], [20, 20], [0, 20]]
    outline: Label = {"id": "1", "class": "car", "polygons": [[ring]]}
    thin = outline | {"polygons": [[[*ring[:3], [18, 18]]]]}
    turned: Label = {"id": "1", "class": "car", "box": [0, 0, 20, 20]}
    for one_of, other, kind in (
        (near, figure, "same"), (far, figure, "moved"), (outline, outline, "same"),
        (thin, outline, "moved"), (turned | {"angle": 30}, turned, "moved"),
        (turned | {"angle": 358}, turned, "same"), (turned | {"crowd": True}, turned, "attributes"),
    ):  # fmt: skip
        got = one({"objects": [one_of]}, {"objects": [other]}, kind="boxes")
        assert got["counts"].get(kind, 0) == (kind != "same"), (one_of, other, got)
        assert [d["kind"] for d in got["found"]][:1] in ([kind], ["removed"])

    box: Label = {"class": "car", "box": [0, 0, 20, 20]}
    theirs: list[Label] = [
        {"id": "1", **box}, {"id": "2", **box, "box": [1, 0, 20, 20]},
        {"id": "3", **box, "box": [50, 0, 9, 9]}, {"id": "4", **box, "box": [70, 0, 9, 9]},
    ]  # fmt: skip
    mine = [theirs[0], theirs[2] | {"class": "bus"}, {"id": "5", **box, "box": [0, 60, 9, 9]}]
    got = one({"objects": mine}, {"objects": theirs}, edited=True, kind="boxes")
    assert got["words"] == "1 added, 2 removed, 1 class changed"
    assert got["errors"] == [
        {"type": "duplicate", "object": "2"}, {"type": "wrong_class", "object": "3"},
        {"type": "extra", "object": "4"}, {"type": "missing", "object": "5"},
    ]  # fmt: skip


def test_relations_go_with_their_passages() -> None:
    spans: list[Label] = [
        {"id": "a", "class": "car", "start": 0, "end": 4},
        {"id": "b", "class": "bus", "start": 9, "end": 12},
    ]
    renamed = [spans[0] | {"id": "x"}, spans[1] | {"id": "y"}]
    theirs = {"spans": spans, "relations": [{"from": "a", "to": "b", "class": "on"}]}
    mine = {"spans": renamed, "relations": [{"from": "x", "to": "y", "class": "on"}]}
    assert one(mine, theirs, kind="spans")["words"] == ""
    back = mine | {"relations": [{"from": "y", "to": "x", "class": "on"}]}
    assert one(back, theirs, kind="spans")["words"] == "1 added, 1 removed"


def test_five_hundred_objects_are_compared_at_once() -> None:
    """Every id is another one: what is alike is found among all."""

    def grid(prefix: str, shift: int) -> Label:
        places = [(40 * (i % 25) + shift, 40 * (i // 25)) for i in range(500)]
        return {
            "objects": [
                {"id": f"{prefix}{i}", "class": "car", "box": [*place, 38, 38]}
                for i, place in enumerate(places)
            ]
        }

    got = one(grid("a", 4), grid("b", 0), kind="boxes")
    assert got["counts"]["moved"] == 500
