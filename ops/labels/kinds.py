"""The label types there are: what each asks of a project, and what it is called."""

from dataclasses import dataclass

from ops.labels.attributes_label import AttributesLabel
from ops.labels.boxes import BoxesLabel
from ops.labels.class_label import ClassLabel
from ops.labels.keypoints import KeypointsLabel
from ops.labels.masks import MasksLabel
from ops.labels.payload import Payload
from ops.labels.polygons import PolygonsLabel
from ops.labels.preference import PreferenceLabel
from ops.labels.rating import RatingLabel
from ops.labels.spans import SpansLabel
from ops.labels.tags import TagsLabel
from ops.labels.transcription import TranscriptionLabel

BOTH = ("image", "text")


@dataclass(frozen=True)
class Kind:
    """A label type: its payload, the media it is for, the fewest classes a project needs.

    A choice has few keys, one of which is the answer; other answers are compared by likeness.
    """

    model: type[Payload]
    title: str
    words: str
    media: tuple[str, ...] = BOTH
    least_classes: int = 1
    choice: bool = False


IMAGE, TEXT = ("image",), ("text",)
KINDS = {
    "class": Kind(
        ClassLabel, "One class", "Which one of the classes is it?", least_classes=2, choice=True
    ),
    "tags": Kind(TagsLabel, "Tags", "Which of the classes apply? Any number, or none."),
    "attributes": Kind(
        AttributesLabel, "Attributes", "Questions about the whole asset, each with its own answer.",
        least_classes=0,
    ),
    "boxes": Kind(BoxesLabel, "Boxes", "A box around every object, with its class.", IMAGE),
    "polygons": Kind(
        PolygonsLabel, "Polygons", "The outline of every object, corner by corner.", IMAGE
    ),
    "masks": Kind(
        MasksLabel, "Masks", "Which pixels belong to every object, or to every class.", IMAGE
    ),
    "keypoints": Kind(
        KeypointsLabel, "Keypoints", "Named points of every object, such as joints.", IMAGE
    ),
    "spans": Kind(SpansLabel, "Passages", "Passages of a text, and how they are related.", TEXT),
    "transcription": Kind(
        TranscriptionLabel, "Transcription", "What is written there, as text.", least_classes=0
    ),
    "rating": Kind(RatingLabel, "Rating", "A number on a scale.", least_classes=0, choice=True),
    "preference": Kind(
        PreferenceLabel, "Preference", "Which of two is better, A or B, and why.",
        least_classes=0, choice=True,
    ),
}  # fmt: skip
CHOICES = tuple(key for key, kind in KINDS.items() if kind.choice)
# Whose shapes must stay within the picture; whose passages within the text.
WITHIN_PICTURE = ("boxes", "polygons", "masks", "keypoints")
WITHIN_TEXT = ("spans",)
