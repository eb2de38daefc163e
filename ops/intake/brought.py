"""Labels that an import brings: brought into the one form, and checked against the ontology."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from ops import labels, ontologies, pictures, storage
from ops.config import Settings
from ops.errors import InvalidInput, StorageError
from ops.formats.losses import Losses
from ops.intake.faults import Faults
from ops.intake.known import Assets
from ops.models import OntologyVersion, Project


class Ground(NamedTuple):
    """What a label is checked against: (width, height) in px, or characters of the text."""

    size: tuple[int, int] | None = None
    length: int | None = None


class Brought:
    """Checks the labels of one import. `answers` maps every way to write a class to its key."""

    def __init__(
        self,
        project: Project,
        ontology: OntologyVersion | None,
        assets: Assets,
        settings: Settings,
        *,
        predictions: bool = False,
        losses: Losses | None = None,
    ):
        self.label_type, self.ontology, self.assets = project.label_type, ontology, assets
        self.settings, self.predictions = settings, predictions
        self.losses = losses if losses is not None else Losses()
        classes = ontology.classes if ontology else []
        names = {one["name"].casefold(): one["key"] for one in classes}
        self.answers: dict[str, str] = names | {one["key"]: one["key"] for one in classes}
        # A class needs no look at attributes, of which most projects have none.
        self.keys = frozenset(self.answers.values())
        self.simple = self.label_type == "class" and not (ontology and ontology.attributes)

    def key_of(self, said: str) -> str | None:
        """The key of a class from its key, or its name in any case."""
        return self.answers.get(said) or self.answers.get(said.casefold())

    def ground(self, uri: str | None, text: str | None, name: str, size: Any) -> Ground:
        """What the label of an asset is checked against: what the row says, then what is known."""
        if self.label_type in labels.WITHIN_TEXT:
            return Ground(length=len(text) if text is not None else self.assets.length(name))
        if self.label_type not in labels.WITHIN_PICTURE:
            return Ground()
        if all(size):
            return Ground(size)
        return Ground(self.assets.size(name) or (self._measured(uri) if uri else None))

    def _measured(self, uri: str) -> tuple[int, int] | None:
        try:
            with storage.opened(uri, self.settings) as file:
                return pictures.measure(file)
        except (InvalidInput, StorageError, OSError):
            return None

    def check(
        self, line: int, given: Any, field: str, name: str, ground: Ground, faults: Faults
    ) -> str | None:
        """The label as JSON; None when there is none, or a fault was noted."""
        if isinstance(given, str):
            given = given.strip()
        if given is None or given == "":
            return None
        try:
            payload = self._payload(given)
            clean = self._clean(payload, ground)
            return json.dumps(clean, ensure_ascii=False, allow_nan=False)
        except InvalidInput as error:
            for one in error.errors[:10] or [{"field": error.field, "message": error.message}]:
                where = f"{field}.{one['field']}" if one["field"] else field
                faults.add(line, where, str(one["message"]), name)
        except (ValueError, RecursionError):
            faults.add(line, field, "holds a number that JSON does not know", name)
        return None

    def _payload(self, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        if given.startswith("{"):
            try:
                return json.loads(given)
            except (ValueError, RecursionError) as error:
                raise InvalidInput(f"is not JSON: {error}", field=None) from None
        if self.label_type != "class":
            raise InvalidInput(f"expected the JSON of a label ({self.label_type})", field=None)
        key = self.key_of(given)
        if key is None:
            classes = ", ".join(sorted(self.keys)[:10]) or "none yet"
            raise InvalidInput(f"'{given[:80]}' is no class (classes: {classes})", field=None)
        return {"class": key}

    def _clean(self, payload: Any, ground: Ground) -> dict[str, Any]:
        plain = self.simple and isinstance(payload, dict) and payload.keys() == {"class"}
        if plain and isinstance(payload["class"], str) and payload["class"] in self.keys:
            known: dict[str, Any] = payload
            return known
        if self.ontology is None and self.label_type not in ontologies.NOTHING_NEEDED:
            raise InvalidInput("this project has no classes yet", field=None)
        if not self.predictions:
            payload = self._without_scores(payload)
        return labels.check(
            self.label_type,
            self.ontology or {},
            payload,
            size=ground.size,
            length=ground.length,
            prediction=self.predictions,
        )

    def _without_scores(self, payload: Any) -> Any:
        part = {"spans": "spans"}.get(self.label_type, "objects")
        if not isinstance(payload, Mapping) or not isinstance(payload.get(part), list):
            return payload
        scored = sum(isinstance(one, Mapping) and "score" in one for one in payload[part])
        if not scored:
            return payload
        self.losses.add("score", "of objects: not taken, only predictions have one", scored)
        return {
            **payload,
            part: [
                {k: v for k, v in one.items() if k != "score"} if isinstance(one, Mapping) else one
                for one in payload[part]
            ],
        }
