"""One row of an import, as every format hands it over, and what makes it acceptable."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ops import storage
from ops.config import Settings
from ops.errors import InvalidInput
from ops.intake.faults import Faults

LONGEST_ID = 500
LONGEST_URI = 2000
LONGEST_TEXT = 100_000
LONGEST_METADATA = 20_000
LONGEST_CLASS = 200
FIELDS = ("external_id", "uri", "text", "metadata", "prediction", "confidence")


@dataclass(slots=True)
class Row:
    """An asset to be: `line` says where it stands in its source, `gold` names a known answer.

    `prediction` is the class that a model gave it, and `confidence` how sure the model was.
    """

    line: int
    external_id: str
    uri: str | None = None
    text: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    gold: str | None = None
    prediction: str | None = None
    confidence: float | str | None = None


def row_of(line: int, values: Any, faults: Faults, *, gold_column: str | None = None) -> Row | None:
    """The row in a JSON object; None, and faults noted, when it is not one."""
    if not isinstance(values, Mapping):
        faults.add(line, "line", "expected an object with external_id and uri or text")
        return None
    before = len(faults.found)
    name = values.get("external_id")
    known = name if isinstance(name, str) else ""
    for key in values.keys() - {*FIELDS, gold_column}:
        expected = ", ".join(FIELDS)
        faults.add(line, str(key)[:80], f"unknown field; expected {expected}", known)
    for key in ("external_id", "uri", "text", "prediction", gold_column):
        if key and not isinstance(values.get(key), str | None):
            faults.add(line, key, "must be a text", known)
    if not isinstance(values.get("metadata"), Mapping | None):
        faults.add(line, "metadata", "must be an object", known)
    if len(faults.found) > before:
        return None
    return Row(
        line=line,
        external_id=known,
        uri=values.get("uri"),
        text=values.get("text"),
        metadata=dict(values.get("metadata") or {}),
        gold=values.get(gold_column) if gold_column else None,
        prediction=values.get("prediction") if gold_column != "prediction" else None,
        confidence=values.get("confidence"),
    )


class Check:
    """Accepts the rows of one import into one project.

    `answers` maps every spelling of a class that a gold column may use to its key.
    """

    def __init__(
        self,
        medium: str,
        settings: Settings,
        *,
        answers: Mapping[str, str],
        beside: Path | None = None,
    ):
        self.medium, self.settings, self.answers, self.beside = medium, settings, answers, beside

    def accept(self, row: Row, faults: Faults) -> tuple[Any, ...] | None:
        """The row as the table takes it: (line, external_id, uri, text, meta as JSON, gold key).

        None, and faults noted, when it cannot be taken.
        """
        before = len(faults.found)
        name = self._external_id(row, faults)
        uri, text = self._content(row, name, faults)
        meta = self._metadata(row, name, faults)
        gold = self._gold(row, name, faults)
        if len(faults.found) > before:
            return None
        return (row.line, name, uri, text, meta, gold)

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
        if uri and text:
            faults.add(row.line, "uri", "give a uri or a text, not both", name)
        elif self.medium == "image":
            if text:
                faults.add(row.line, "text", "this project labels images: give a uri", name)
            elif uri is None:
                faults.add(row.line, "uri", "is missing", name)
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
        known = row.metadata | self._prediction(row, name, faults)
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
            found["class"] = self.answers.get(said) or self.answers.get(said.casefold()) or said
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

    def _gold(self, row: Row, name: str, faults: Faults) -> str | None:
        said = (row.gold or "").strip()
        if not said:
            return None
        key = self.answers.get(said) or self.answers.get(said.casefold())
        if key is None:
            classes = ", ".join(sorted(set(self.answers.values()))[:10]) or "none yet"
            faults.add(row.line, "gold", f"'{said[:80]}' is no class (classes: {classes})", name)
        return key


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
