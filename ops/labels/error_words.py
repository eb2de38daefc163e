"""What can be wrong with a label, by its type, in plain words and in the desk's order."""

OF_OBJECTS = {
    "wrong_class": "Wrong class", "missing": "Something is missing", "extra": "Should not be there",
    "low_overlap": "Not in the right place", "duplicate": "Marked twice",
    "attribute": "A question is answered wrongly", "ambiguous": "Can be seen otherwise",
    "other": "Something else",
}  # fmt: skip


def _only(*types: str, **words: str) -> dict[str, str]:
    return {name: words.get(name, OF_OBJECTS.get(name, "")) for name in types}


ERROR_WORDS: dict[str, dict[str, str]] = {
    **dict.fromkeys(("boxes", "polygons", "masks", "keypoints"), OF_OBJECTS),
    "spans": OF_OBJECTS | {"low_overlap": "Begins or ends wrongly"},
    "class": _only("wrong_class", "attribute", "ambiguous", "other"),
    "tags": _only(
        "wrong_class", "missing", "extra", "attribute", "ambiguous", "other",
        wrong_class="Wrong tag", missing="A tag is missing", extra="A tag that does not apply",
    ),
    "attributes": _only("attribute", "ambiguous", "other"),
    "transcription": _only(
        "text", "missing", "extra", "attribute", "ambiguous", "other", text="Typed wrongly",
        missing="Text is missing", extra="Text that is not there",
    ),
    "rating": _only("wrong_class", "ambiguous", "other", wrong_class="Wrong rating"),
    "preference": _only(
        "wrong_class", "attribute", "ambiguous", "other", wrong_class="Wrong preference",
        attribute="Wrong reason",
    ),
}  # fmt: skip
