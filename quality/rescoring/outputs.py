"""From a network's tensors to predictions of a label type, in px of the picture."""

from typing import Any

import numpy as np

from ops.reference_settings import NetworkSettings
from quality.rescoring.network import NetworkFailed

Array = np.ndarray
MOST_OBJECTS = 2000  # of one picture: the surest
MOST_PER_SIDE = 80_000_000


class Fed:
    """A picture as the network is fed it, and the way back to its own px."""

    def __init__(self, data: bytes, settings: NetworkSettings):
        import io

        from PIL import Image, ImageOps

        with Image.open(io.BytesIO(data)) as opened:
            if opened.width * opened.height > MOST_PER_SIDE:
                raise ValueError("A picture is too large to be fed to a network.")
            upright = ImageOps.exif_transpose(opened).convert(
                "RGB" if settings.channels == 3 else "L"
            )
        self.width, self.height = upright.size
        across, down = settings.width, settings.height
        if settings.fit == "letterbox":
            scale = min(across / self.width, down / self.height)
            across, down = max(1, round(self.width * scale)), max(1, round(self.height * scale))
        small = upright.resize((across, down), Image.Resampling.BILINEAR)
        self.scale = np.array([across / self.width, down / self.height])
        self.pixels = np.zeros((settings.height, settings.width, settings.channels), np.uint8)
        self.pixels[:down, :across] = np.asarray(small).reshape(down, across, settings.channels)

    def own_px(self, corners: Array) -> Array:
        """Boxes (m, 4) as [x, y, width, height] in the picture, cut at its border."""
        scaled = corners / np.tile(self.scale, 2)
        x1, x2 = np.clip(scaled[:, [0, 2]].T, 0, self.width)
        y1, y2 = np.clip(scaled[:, [1, 3]].T, 0, self.height)
        return np.stack([x1, y1, x2 - x1, y2 - y1], axis=1)


def probabilities(tensors: list[Array], settings: NetworkSettings) -> Array:
    """(n, k) chances of the classes that are named. Raises NetworkFailed."""
    logits = tensors[0].astype(float)
    if logits.ndim != 2 or logits.shape[1] != len(settings.classes):
        shape = "×".join(map(str, logits.shape[1:]))
        raise NetworkFailed(
            f"The network answers each picture with {shape} numbers; "
            f"{len(settings.classes)} classes are named."
        )
    if not np.isfinite(logits).all():
        raise NetworkFailed("The network answers with numbers that are not finite.")
    if settings.activation == "softmax":
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)
    if settings.activation == "sigmoid":
        return 1 / (1 + np.exp(-np.clip(logits, -500, 500)))
    if logits.min() < 0 or logits.max() > 1 + 1e-3:
        raise NetworkFailed("The network answers with no probabilities: choose an activation.")
    return np.clip(logits, 0, 1)


def label_of(chance: Array, settings: NetworkSettings, label_type: str) -> dict[str, Any]:
    """One row of `probabilities` as {"label", "confidence", "probabilities"}."""
    named = {key: float(p) for key, p in zip(settings.classes, chance, strict=True) if key}
    if label_type == "tags":
        label: dict[str, Any] = {"tags": sorted(key for key, p in named.items() if p >= 0.5)}
        confidence = min(max(p, 1 - p) for p in named.values())
    else:
        best = max(named, key=named.__getitem__)
        label, confidence = {"class": best}, named[best]
    rounded = {key: round(p, 6) for key, p in named.items()}
    return {"label": label, "confidence": confidence, "probabilities": rounded}


def boxes_of(tensors: list[Array], i: int, fed: Fed, settings: NetworkSettings) -> dict[str, Any]:
    """Picture i's boxes as {"label", "confidence", "probabilities"}. Raises NetworkFailed."""
    if len(tensors) < 3 or tensors[0].ndim != 3 or tensors[0].shape[2] != 4:
        raise NetworkFailed("The network should answer with boxes (n, m, 4), scores and classes.")
    corners, scores, classes = (one[i].astype(float) for one in tensors[:3])
    if scores.shape != (len(corners),) or classes.shape != (len(corners),):
        raise NetworkFailed("The network answers with as many scores and classes as boxes: no.")
    if settings.coordinates == "share":
        corners = corners * np.array([settings.width, settings.height] * 2)
    sane = np.isfinite(corners).all(axis=1) & np.isfinite(scores)
    named = np.array(
        [0 <= c < len(settings.classes) and settings.classes[int(c)] != "" for c in classes], bool
    )
    order = np.argsort(-scores, kind="stable")
    kept = [j for j in order if sane[j] and named[j] and scores[j] >= settings.least_score]
    drawn = fed.own_px(corners[kept[:MOST_OBJECTS]].reshape(-1, 4))
    objects = [
        {
            "id": str(n + 1),
            "class": settings.classes[int(classes[j])],
            "box": [round(float(v), 3) for v in box],
            "score": round(float(min(scores[j], 1.0)), 6),
        }
        for n, (j, box) in enumerate(zip(kept, drawn, strict=False))
        if box[2] > 0 and box[3] > 0
    ]
    return {"label": {"objects": objects}, "confidence": None, "probabilities": {}}
