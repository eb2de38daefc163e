"""The methods of a quality report in plain words: only those that the report makes use of."""

from typing import Any

Report = dict[str, Any]


def methods(report: Report) -> list[tuple[str, str]]:
    """(word, what it means) for a reader who never met these words."""
    return [(word, means) for word, means, used in _ALL if used(report)]


def _sampled(report: Report) -> bool:
    return bool(report["sample"]["n"])


def _parts(report: Report) -> bool:
    return bool((report.get("parts") or {}).get("classes"))


def _alpha(report: Report) -> bool:
    return report["agreement"].get("alpha") is not None


def _objects(report: Report) -> bool:
    return report["project"].get("label_type") in ("boxes", "polygons", "masks", "keypoints")


_ALL = (
    (
        "Random sample",
        "Items drawn by lot, each with the same chance. What is found in them holds for the whole "
        "batch within a range that can be reckoned; items that somebody picked would tell nothing "
        "of the others.",
        _sampled,
    ),
    (
        "Range (95 %)",
        "Another draw would give another figure. The range is made so that of a hundred such "
        "ranges about 95 hold the true figure (exact method, which allows for the size of the "
        "batch). More reviews make it narrower.",
        _sampled,
    ),
    (
        "Confidence",
        "How often a statement such as “at least 95 % are right” would be true if the whole check "
        "were repeated many times.",
        _sampled,
    ),
    (
        "Acceptance plan",
        "A table of the standard ISO 2859-1: for a batch of this size it says how many labels are "
        "checked and with how many wrong ones the batch still passes.",
        lambda report: bool(report.get("plan")),
    ),
    (
        "Precision, recall, F1",
        "Precision asks how much of what was given is right, recall how much of what is there was "
        "given. F1 is high only when both are: 1 is perfect, 0 is nothing right.",
        lambda report: _parts(report) or bool(report.get("class_f1")),
    ),
    (
        "The same object",
        "Two shapes count as one object when they cover mostly the same place: what both cover is "
        "at least half of what either covers (for points of a body, when these lie close).",
        _objects,
    ),
    (
        "Weighed answers",
        "Answers of several people are combined so that those who have proved reliable count more "
        "(Dawid and Skene, 1979).",
        lambda report: bool({"dawid_skene", "merged"} & report["labelling"]["methods"].keys()),
    ),
    (
        "Krippendorff's α",
        "How far people agree beyond what mere chance would bring: 1 is perfect, 0 is chance. "
        "People may agree and be wrong together, so it says nothing of truth by itself.",
        _alpha,
    ),
    (
        "Items with known answers",
        "Among the work lie items whose answer is known beforehand. Nobody can tell them from the "
        "others; how many are answered right shows how careful the work is.",
        lambda report: report["gold"]["value"] is not None,
    ),
    (
        "Re-scoring",
        "A second opinion by machine on every label. It decides nothing: what it doubts is looked "
        "at by people.",
        lambda report: report["rescore"] is not None,
    ),
)
