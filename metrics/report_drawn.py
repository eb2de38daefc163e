"""The examples of a frozen report made visible: pictures with the labels over them, or passages."""

from typing import Any

from metrics import label_drawing
from ops.labels import ERROR_WORDS

Report = dict[str, Any]


def examples(report: Report) -> list[Report]:
    """[{"title", "external_id", "before", "after"}], each side {"words", "svg" | "pieces"}; `svg`
    is empty and `pieces` is [] where there is nothing to draw."""
    found = (report.get("wrong") or {}).get("examples", [])
    return [_example(report, one) for one in found]


def kinds(report: Report) -> list[Report]:
    """[{"name", "n", "critical", "major", "minor"}] of the errors in the sample."""
    words = ERROR_WORDS.get(report["project"].get("label_type", "class"), {})
    found = (report.get("wrong") or {}).get("errors", [])
    return [{**one, "name": words.get(one["type"], one["type"])} for one in found]


def _example(report: Report, one: Report) -> Report:
    words = ERROR_WORDS.get(report["project"].get("label_type", "class"), {})
    said = [f"{words.get(e['type'], e['type'])} ({e['severity']})" for e in one["errors"][:3]]
    return {
        "title": "; ".join(dict.fromkeys(said)),
        "external_id": one["external_id"],
        "before": _side(report, one, "before", "after"),
        "after": _side(report, one, "after", "before"),
    }


def _side(report: Report, one: Report, side: str, other: str) -> Report:
    words = one[f"{side}_words"]
    found = {"words": words, "svg": "", "pieces": _pieces(report, one.get(f"{side}_text") or [])}
    if not one.get("picture"):
        return found
    label = one[side]
    found["svg"] = label_drawing.drawn(
        label,
        (one["size"][0], one["size"][1]),
        report.get("drawing") or {},
        f"data:image/jpeg;base64,{one['picture']}",
        title=words,
        loud=label_drawing.changed(label, one[other]),
    )
    return found


def _pieces(report: Report, pieces: list[Report]) -> list[Report]:
    """Passages with the names and the colour of what they are marked as."""
    names = {c["key"]: c["name"] for c in report["classes"]}
    drawing = report.get("drawing") or {}
    return [
        {
            "text": piece["text"],
            "marks": ", ".join(names.get(key, key) for key in piece["classes"]),
            "colour": drawing.get((piece["classes"] or [""])[0], {}).get("colour", "#c4942c"),
        }
        for piece in pieces
    ]
