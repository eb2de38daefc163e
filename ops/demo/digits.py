"""The 1,797 handwritten digits that ship with scikit-learn, and how people may misread them.

Source: UCI "Optical recognition of handwritten digits" (Alpaydin & Kaynak), 8×8 pixels.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CLASSES = [str(digit) for digit in range(10)]
SIDE = 96
# Which digit each one is most often taken for, and the share of pictures that mislead so.
MIX_UPS = {0: 6, 1: 7, 2: 7, 3: 8, 4: 9, 5: 6, 6: 0, 7: 1, 8: 3, 9: 4}
MISLEADING = 0.035


@dataclass(frozen=True)
class Digits:
    """pictures: PNG files; truth: (n,) digits; odds: (n, 10) how a careful eye reads each.

    `at_a_glance` is how they look to someone in a hurry: a few resemble another digit to almost
    everyone, so that several people agree on a wrong answer, as people do.
    """

    pictures: list[bytes]
    truth: np.ndarray
    odds: np.ndarray
    at_a_glance: np.ndarray

    def by_content(self) -> dict[str, int]:
        """Which picture bytes are which digit: the simulated labellers know them by sight."""
        return {fingerprint(data): i for i, data in enumerate(self.pictures)}

    def write(self, folder: Path) -> None:
        """Write the pictures as `digit-0000.png` … where they are missing."""
        folder.mkdir(parents=True, exist_ok=True)
        for i, data in enumerate(self.pictures):
            path = folder / name_of(i)
            if not path.exists():
                path.write_bytes(data)


def name_of(i: int) -> str:
    """The file name of a digit."""
    return f"digit-{i:04d}.png"


def fingerprint(data: bytes) -> str:
    """What a picture is recognised by."""
    return hashlib.sha256(data).hexdigest()


def load() -> Digits:
    """Read the digits and estimate how ambiguous each one looks.

    The estimate is what the nearest other digits are: where they disagree, people hesitate.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.neighbors import KNeighborsClassifier

    data = load_digits()
    truth = data.target.astype(int)
    looks_like = cross_val_predict(
        KNeighborsClassifier(20, weights="distance"),
        data.data,
        truth,
        cv=StratifiedKFold(5, shuffle=True, random_state=0),
        method="predict_proba",
    )
    # People see the stroke, not only the pixels, and anything may be misread now and then.
    odds = 0.4 * np.eye(10)[truth] + 0.6 * looks_like + 0.004
    odds /= odds.sum(1, keepdims=True)
    return Digits([_png(grey) for grey in data.images], truth, odds, _at_a_glance(odds, truth))


def _at_a_glance(odds: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """`odds`, but for a share of the pictures the usual mix-up of their digit comes first."""
    seen = odds.copy()
    rng = np.random.default_rng(3)
    for i in np.flatnonzero(rng.random(len(truth)) < MISLEADING):
        mistaken_for = MIX_UPS[int(truth[i])]
        seen[i] *= 0.4
        seen[i, mistaken_for] += 0.6
    return seen


def _png(grey: np.ndarray) -> bytes:
    from PIL import Image

    picture = Image.fromarray(np.uint8(grey * 15.9375))
    smooth = picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    smooth.save(buffer, "PNG")
    return buffer.getvalue()
