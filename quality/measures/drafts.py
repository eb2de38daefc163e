"""What became of a model's draft: object by object kept, changed, thrown away, added.

Labels are plain dicts of the shapes that `ops.labels` checks. An object that a labeller took over
keeps the id that the model gave it, and its score is not compared.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

Label = Mapping[str, Any]
# Label types that are made of things with ids; every other label is one whole.
THINGS = {
    "boxes": "objects",
    "polygons": "objects",
    "masks": "objects",
    "keypoints": "objects",
    "spans": "spans",
}


class Fate(NamedTuple):
    """How many proposed objects were left as they were, changed, and thrown away, and how many the
    labeller added. A label that is one whole is one object."""

    kept: int
    changed: int
    thrown: int
    added: int


def shown(label_type: str, proposed: Label, above: float) -> dict[str, Any]:
    """The draft without objects of which the model is less sure than `above` (0 to 1).

    Every object that is left carries a `score`, None where the model told none: such a one is
    shown. Relations go with their passages. A label that is one whole stays as it is.
    """
    field = THINGS.get(label_type)
    if field is None:
        return dict(proposed)
    things = [{**one, "score": one.get("score")} for one in proposed[field]]
    sure = [one for one in things if one["score"] is None or one["score"] >= above]
    draft = {**proposed, field: sure}
    if proposed.get("relations"):
        ids = {one["id"] for one in sure}
        linked = [one for one in proposed["relations"] if {one["from"], one["to"]} <= ids]
        draft = {**{k: v for k, v in draft.items() if k != "relations"}}
        draft |= {"relations": linked} if linked else {}
    return draft


def fate(label_type: str, proposed: Label | None, given: Label) -> Fate:
    """Hold a stored label against the draft as it was shown; None: it was withheld.

    Kept: same id, same content. Changed: same id, other content. Thrown away: the id is gone.
    Added: an id that was not proposed. Of a label that is one whole, kept or changed; labels
    without their decision (`ops.labels.content`).
    """
    field = THINGS.get(label_type)
    if field is None:
        same = proposed is not None and proposed == given
        return Fate(int(same), int(proposed is not None and not same), 0, int(proposed is None))
    before = {one["id"]: content(one) for one in (proposed or {field: []})[field]}
    after = {one["id"]: content(one) for one in given[field]}
    both = before.keys() & after.keys()
    kept = sum(before[one] == after[one] for one in both)
    return Fate(kept, len(both) - kept, len(before) - len(both), len(after) - len(both))


def content(one: Label) -> dict[str, Any]:
    """What an object says, without its id and how sure a model was of it."""
    return {name: value for name, value in one.items() if name not in ("id", "score")}
