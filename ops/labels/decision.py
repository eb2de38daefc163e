"""What a decision says of a label beside its content: verdict, remark, errors found."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, StringConstraints, ValidationError

from ops.errors import InvalidInput
from ops.labels.attributes import storable
from ops.labels.faults import refuse, said_by
from ops.labels.payload import NO_NUL, Id, Strict

FIELDS = ("verdict", "remark", "errors")
# A reviewer accepts, fixes or sends back; an author stands by an answer that was sent back.
VERDICTS = ("accept", "fix", "return", "stand")
ErrorType = Literal[
    "wrong_class", "missing", "extra", "low_overlap", "duplicate", "ambiguous", "attribute", "text",
    "other",
]  # fmt: skip
Severity = Literal["critical", "major", "minor"]
ERROR_TYPES: tuple[str, ...] = get_args(ErrorType)
SEVERITIES: tuple[str, ...] = get_args(Severity)
LONGEST_REMARK = 2000
MOST_ERRORS = 1000
Remark = Annotated[str, StringConstraints(max_length=LONGEST_REMARK, pattern=NO_NUL)]


class ErrorFound(Strict):
    """An error that a reviewer found in the label."""

    type: ErrorType
    severity: Severity | None = None
    object: Id | None = Field(None, description="Id of the object or span it is about")
    remark: Remark = ""


def check(payload: Mapping[str, Any], verdicts: Sequence[str]) -> dict[str, Any]:
    """The decision in `payload`, checked; empty fields left out. Raises InvalidInput."""
    verdict = payload.get("verdict")
    if verdict is not None and verdict not in verdicts:
        words = f"verdict must be one of {', '.join(verdicts)}" if verdicts else "no verdict here"
        raise InvalidInput(words, field="verdict")
    found: dict[str, Any] = {} if verdict is None else {"verdict": verdict}
    remark = _remark(payload.get("remark"))
    if remark:
        found["remark"] = remark
    elif verdict in ("return", "stand"):
        raise InvalidInput(f"a remark is needed with the verdict {verdict}", field="remark")
    errors = _errors(payload.get("errors"), verdicts)
    return {**found, "errors": errors} if errors else found


def _remark(remark: Any) -> str:
    if remark is None:
        return ""
    if not isinstance(remark, str) or len(remark) > LONGEST_REMARK or not storable(remark):
        raise InvalidInput(f"a text of up to {LONGEST_REMARK} characters", field="remark")
    return remark.strip()


def _errors(errors: Any, verdicts: Sequence[str]) -> list[dict[str, Any]]:
    if errors is None:
        return []
    if not verdicts:
        raise InvalidInput("errors are named in a review only", field="errors")
    if not isinstance(errors, list) or len(errors) > MOST_ERRORS:
        raise InvalidInput(f"a list of up to {MOST_ERRORS} errors", field="errors")
    found, faults = [], []
    for n, one in enumerate(errors):
        try:
            found.append(ErrorFound.model_validate(one).model_dump(exclude_defaults=True))
        except ValidationError as error:
            faults += said_by(error, f"errors.{n}")
    refuse(faults)
    return found
