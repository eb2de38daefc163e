"""One row of an import, as every format hands it over, and what makes it acceptable."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops import storage
from ops.config import Settings
from ops.errors import InvalidInput
from ops.intake.faults import Faults

if TYPE_CHECKING:
    from ops.intake.brought import Brought, Ground

LONGEST_ID = 500
LONGEST_URI = 2000
LONGEST_TEXT = 100_000
LONGEST_METADATA = 20_000
LONGEST_CLASS = 200
LARGEST_PICTURE = 1_000_000  # px along a side
FIELDS = (
    "external_id", "uri", "text", "width", "height", "metadata", "label", "prediction",
    "confidence", "probabilities",
)  # fmt: skip
# What an export says of a label besides; an import does not take it.
SAID = ("method", "probability", "answers", "agreement")
# What may become of the labels that rows bring.
LABELS = ("none", "labels", "gold", "predictions")


@dataclass(slots=True)
class Row:
    """An asset to be, or one that is there and only named: `line` says where it stands.

    `label` is a label (its payload, or the key or name of a class), `gold` a known answer likewise.
    `prediction` is the class that a model gave it, `confidence` how sure the model was,
    `probabilities` what it gave every class. `about`: the source speaks of assets that may be there
    already, whatever it says of where their pictures lie.
    """

    line: int
    external_id: str
    uri: str | None = None
    text: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    gold: Any = None
    prediction: str | None = None
    confidence: float | str | None = None
    width: int | str | None = None
    height: int | str | None = None
    label: Any = None
    probabilities: dict[str, Any] | None = None
    about: bool = False


def row_of(line: int, values: Any, faults: Faults, *, gold_column: str | None = None) -> Row | None:
    """The row in a JSON object; None, and faults noted, when it is not one."""
    if not isinstance(values, Mapping):
        faults.add(line, "line", "expected an object with external_id and uri or text")
        return None
    before = len(faults.found)
    name = values.get("external_id")
    known = name if isinstance(name, str) else ""
    for key in values.keys() - {*FIELDS, *SAID, gold_column}:
        expected = ", ".join(FIELDS)
        faults.add(line, str(key)[:80], f"unknown field; expected {expected}", known)
    for key in ("external_id", "uri", "text", "prediction"):
        if not isinstance(values.get(key), str | None):
            faults.add(line, key, "must be a text", known)
    for key in ("metadata", "probabilities"):
        if not isinstance(values.get(key), Mapping | None):
            faults.add(line, key, "must be an object", known)
    for key in ("label", gold_column):
        if key and not isinstance(values.get(key), str | Mapping | None):
            faults.add(line, key, "must be a text or an object", known)
    if len(faults.found) > before:
        return None
    return Row(
        line=line,
        external_id=known,
        uri=values.get("uri"),
        text=values.get("text"),
        width=values.get("width"),
        height=values.get("height"),
        metadata=dict(values.get("metadata") or {}),
        gold=values.get(gold_column) if gold_column else None,
        label=values.get("label") if gold_column != "label" else None,
        prediction=values.get("prediction") if gold_column != "prediction" else None,
        confidence=values.get("confidence"),
        probabilities=values.get("probabilities"),
    )


class Check:
    """Accepts the rows of one import into one project.

    `brought` checks the labels. `labels` says what becomes of them, one of `LABELS`: with none they
    are counted as `untaken`.
    """

    def __init__(
        self,
        medium: str,
        settings: Settings,
        *,
        brought: "Brought",
        labels: str = "none",
        beside: Path | None = None,
    ):
        self.medium, self.settings, self.beside = medium, settings, beside
        self.brought, self.labels = brought, labels
        self.untaken = 0

    def accept(self, row: Row, faults: Faults) -> tuple[Any, ...] | None:
        """The row as the table takes it, in the order of `COLUMNS`.

        None, and faults noted, when it cannot be taken.
        """
        before = len(faults.found)
        name = self._external_id(row, faults)
        uri, text = self._content(row, name, faults)
        width, height = (self._side(one, row, name, faults) for one in ("width", "height"))
        meta = self._metadata(row, name, faults)
        gold = label = sure = shares = None
        if row.gold or row.label is not None or self.labels == "predictions":
            ground = self.brought.ground(uri, text, name, (width, height))
            if ground.size:
                width, height = ground.size
            gold, label, sure, shares = self._labels(row, name, ground, faults)
        if len(faults.found) > before:
            return None
        return (
            row.line, name, uri, text, width, height, meta, row.about, gold, label, sure, shares,
        )  # fmt: skip

    def _labels(
        self, row: Row, name: str, ground: "Ground", faults: Faults
    ) -> tuple[str | None, str | None, float | None, str | None]:
        """(known answer, label, confidence, probabilities), each as the table takes it."""
        given, said = row.label, "label"
        if self.labels == "predictions" and given is None:
            given, said = row.prediction, "prediction"
        gold = self.brought.check(row.line, row.gold, "gold", name, ground, faults)
        if self.labels == "none":
            self.untaken += given is not None
            return gold, None, None, None
        label = self.brought.check(row.line, given, said, name, ground, faults)
        if self.labels == "gold":
            return gold or label, None, None, None
        if self.labels == "labels":
            return gold, label, None, None
        shares = json.dumps(row.probabilities) if row.probabilities else None
        return gold, label, self._confidence(row, name, faults), shares

    def _side(self, side: str, row: Row, name: str, faults: Faults) -> int | None:
        given = getattr(row, side)
        if given is None:
            return None
        try:
            found = int(given) if not isinstance(given, bool | float) else 0
        except (TypeError, ValueError):
            found = 0
        if 1 <= found <= LARGEST_PICTURE and self.medium == "image":
            return found
        said = f"'{str(given)[:80]}' is no whole number of px from 1 to {LARGEST_PICTURE:,}"
        if self.medium != "image":
            said = "this project labels texts, which have none"
        faults.add(row.line, side, said, name)
        return None

    def _external_id(self, row: Row, faults: Faults) -> str:
        name = (row.external_id or "").strip()
        if not name:
            faults.add(row.line, "external_id", "is missing")
        elif len(name) > LONGEST_ID:
            faults.add(row.line, "external_id", f"is longer than {LONGEST_ID} characters", name)
        elif not storable(name):
            faults.add(row.line, "external_id", "holds a character that cannot be stored")
            return ""
        return name

    def _content(self, row: Row, name: str, faults: Faults) -> tuple[str | None, str | None]:
        uri = (row.uri or "").strip() or None
        text = row.text if row.text and row.text.strip() else None
        if row.about and uri and self.brought.assets.has(name):
            uri = None  # it stays where it is known to lie
        if not uri and not text and self._is_there(row, name):
            return None, None
        if uri and text:
            faults.add(row.line, "uri", "give a uri or a text, not both", name)
        elif self.medium == "image":
            if text:
                faults.add(row.line, "text", "this project labels images: give a uri", name)
            elif uri is None:
                more = ", and there is no such asset yet: say where the pictures lie"
                faults.add(row.line, "uri", f"is missing{more if row.about else ''}", name)
            else:
                uri = self._uri(row.line, uri, name, faults)
        elif uri:
            faults.add(row.line, "uri", "this project labels texts: give the text itself", name)
        elif text is None:
            faults.add(row.line, "text", "is missing", name)
        elif len(text) > LONGEST_TEXT:
            faults.add(row.line, "text", f"is longer than {LONGEST_TEXT:,} characters", name)
        elif not storable(text):
            faults.add(row.line, "text", "holds a character that cannot be stored", name)
        return uri, text

    def _is_there(self, row: Row, name: str) -> bool:
        """Whether the row only names an asset, to say something of it, and it is there."""
        says = row.about or row.label is not None or bool(row.prediction)
        return says and self.brought.assets.has(name)

    def _uri(self, line: int, uri: str, name: str, faults: Faults) -> str | None:
        if len(uri) > LONGEST_URI or not storable(uri):
            faults.add(line, "uri", f"is not a URI of up to {LONGEST_URI} characters", name)
            return None
        try:
            return storage.check(uri, self.settings, beside=self.beside)
        except InvalidInput as error:
            faults.add(line, "uri", error.message, name)
            return None

    def _metadata(self, row: Row, name: str, faults: Faults) -> str:
        known = row.metadata
        if self.labels != "predictions" and (row.prediction or row.confidence is not None):
            known = known | self._prediction(row, name, faults)
        if not known:
            return "{}"
        try:
            meta = json.dumps(known, ensure_ascii=False, allow_nan=False)
        except (ValueError, RecursionError):
            faults.add(row.line, "metadata", "holds a number that JSON does not know", name)
            return "{}"
        if len(meta) > LONGEST_METADATA:
            faults.add(
                row.line, "metadata", f"is longer than {LONGEST_METADATA:,} characters", name
            )
        elif not storable(meta) or "\\u0000" in meta:
            faults.add(row.line, "metadata", "holds a character that cannot be stored", name)
        return meta

    def _prediction(self, row: Row, name: str, faults: Faults) -> dict[str, Any]:
        """The prediction as metadata keeps it: {"prediction": {"class", "confidence"}} or {}."""
        said = (row.prediction or "").strip()
        if len(said) > LONGEST_CLASS:
            faults.add(row.line, "prediction", f"is longer than {LONGEST_CLASS} characters", name)
        sure = self._confidence(row, name, faults)
        found: dict[str, Any] = {}
        if said:
            found["class"] = self.brought.key_of(said) or said
        if sure is not None:
            found["confidence"] = sure
        if found and "prediction" in row.metadata:
            faults.add(row.line, "prediction", "stands in the metadata as well", name)
        return {"prediction": found} if found else {}

    def _confidence(self, row: Row, name: str, faults: Faults) -> float | None:
        given = row.confidence
        if given is None or (isinstance(given, str) and not given.strip()):
            return None
        try:
            # True is a number to Python and none to whoever wrote the file.
            sure = math.nan if isinstance(given, bool) else float(given)
        except (TypeError, ValueError, OverflowError):
            sure = math.nan
        if 0 <= sure <= 1:
            return sure
        said = f"'{str(given)[:80]}' is no number from 0 to 1"
        faults.add(row.line, "confidence", said, name)
        return None


def storable(text: str) -> bool:
    """Whether PostgreSQL can keep `text`: no NUL, no half of a surrogate pair."""
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def text_id(content: str) -> str:
    """An external id for a text that has none: the same text always has the same."""
    return f"text-{hashlib.sha256(content.encode(errors='replace')).hexdigest()[:16]}"
