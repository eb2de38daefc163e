"""Labels to look at: what a page hands to the viewer, which shows a label and changes nothing.

It holds the medium, the classes as they were called, and the label: no id, no name, no gold.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ops import labels
from ops.models import Asset, OntologyVersion, Project
from ops.web import media

Label = Mapping[str, Any]
Names = Mapping[str, str]
NOTHING: Names = {"before": "before", "after": "after"}


def work(
    project: Project,
    ontology: OntologyVersion,
    asset: Asset,
    label: Label,
    *,
    before: Label | None = None,
    names: Names = NOTHING,
    remarks: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """What the macro `viewer` of `_viewer.html` shows: `label` on its asset.

    `before`: another label that it is held against, `names` what the two are called. `remarks` are
    [{"object": id or None, "point": [x, y] or None, "words"}], numbered over a picture.
    """
    return {
        "medium": project.medium,
        "image": media.url(asset.id) if asset.uri is not None else None,
        "text": asset.text,
        "pair": _pair(project, asset),
        "brief": brief(project, ontology),
        "label": labels.content(label),
        "before": labels.content(before) if before is not None else None,
        "names": dict(names),
        "remarks": [dict(remark) for remark in remarks],
    }


def brief(project: Project, ontology: OntologyVersion) -> dict[str, Any]:
    """What labels of the project are made of, as the editor and the viewer take it."""
    return {
        "label_type": project.label_type,
        "classes": ontology.classes,
        "attributes": ontology.attributes,
        "scale": ontology.scale,
        "reasons": ontology.reasons,
        "tie": ontology.tie,
    }


def _pair(project: Project, asset: Asset) -> dict[str, Any] | None:
    # Of the metadata nothing else is shown, as at the desk.
    texts = {side: asset.meta.get(side) for side in "ab"}
    if project.label_type != "preference" or not all(isinstance(t, str) for t in texts.values()):
        return None
    return texts
