"""Re-scoring in words that whoever never heard of a confident joint understands."""

from collections.abc import Mapping
from typing import Any

ERRORS = {
    "wrong class": "Wrong class",
    "missing": "Something is missing",
    "extra": "Something is there too much",
    "low overlap": "Drawn in the wrong place",
    "duplicate": "Drawn twice",
    "ambiguous": "Unclear which class",
    "attribute": "Wrong attribute",
    "text": "Text differs",
    "doubted": "Doubted on the whole",
}
SOURCES = {
    "reference": "Reference model",
    "labellers": "The labellers among themselves",
    "gold": "Known answers",
}
KINDS = {
    "predictions": "Predictions",
    "network": "Network (torch.export)",
    "embeddings": "Embeddings",
}
ORDERS = [
    ("weighed", "All that looks wrong, the worst first"),
    ("kfold", "Where a model that never saw it disagrees, the surest first"),
    ("entropy", "What lies on the boundary of classes"),
    ("precision", "Labels of one class that look like another"),
]
_BASIS = {
    "confident joint": "Estimated from the probabilities that a model gave labels which it had not "
    "seen, class by class (confident learning).",
    "contradicted": "The share of labels that a source contradicts. How much of it is truly wrong, "
    "the reviews of the suspects tell.",
}


def basis(summary: Mapping[str, Any]) -> str:
    """What the estimated error rate of a run rests on; empty where there is none."""
    return _BASIS.get(summary.get("basis") or "", "")
