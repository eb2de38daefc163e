"""What a decision says of a label beside its content: verdict, remark, errors found."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, StringConstraints, ValidationError

from ops.errors import InvalidInput
from ops.labels.attributes import storable
from ops.labels.faults import refuse, said_by
from ops.labels.ground import Fault
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
Coordinate = Annotated[float, Field(ge=0, le=1e6)]
Remark = Annotated[str, StringConstraints(max_length=LONGEST_REMARK, pattern=NO_NUL)]


class ErrorFound(Strict):
    """An error that a reviewer found in the label."""

    type: ErrorType
    severity: Severity | None = None
    object: Id | None = Field(None, description="Id of the object or span it is about")
    point: list[Coordinate] | None = Field(
        None, min_length=2, max_length=2,
        description="Where in the picture something is missing: x, y",
    )  # fmt: skip
    remark: Remark = ""


def check(
    payload: Mapping[str, Any], verdicts: Sequence[str], size: tuple[int, int] | None = None
) -> dict[str, Any]:
    """The decision in `payload`, checked; empty fields left out. Raises InvalidInput.

    What is sent back says what is wrong with it: at least one error, and a remark, on the whole or
    on an error. Points lie within a picture of `size`, where it is known.
    """
    verdict = payload.get("verdict")
    if verdict is not None and verdict not in verdicts:
        words = f"verdict must be one of {', '.join(verdicts)}" if verdicts else "no verdict here"
        raise InvalidInput(words, field="verdict")
    found: dict[str, Any] = {} if verdict is None else {"verdict": verdict}
    remark = _remark(payload.get("remark"))
    errors = _errors(payload.get("errors"), verdicts, size)
    if remark:
        found["remark"] = remark
    elif verdict == "stand" or (verdict == "return" and not any(e.get("remark") for e in errors)):
        raise InvalidInput(f"a remark is needed with the verdict {verdict}", field="remark")
    if verdict == "return" and not errors:
        types = ", ".join(ERROR_TYPES)
        raise InvalidInput(
            f'name at least one error to send a label back: [{{"type": one of {types}}}]',
            field="errors",
        )
    return {**found, "errors": errors} if errors else found


def _remark(remark: Any) -> str:
    if remark is None:
        return ""
    if not isinstance(remark, str) or len(remark) > LONGEST_REMARK or not storable(remark):
        raise InvalidInput(f"a text of up to {LONGEST_REMARK} characters", field="remark")
    return remark.strip()


def _errors(
    errors: Any, verdicts: Sequence[str], size: tuple[int, int] | None
) -> list[dict[str, Any]]:
    if errors is None:
        return []
    if not verdicts:
        raise InvalidInput("errors are named in a review only", field="errors")
    if not isinstance(errors, list) or len(errors) > MOST_ERRORS:
        raise InvalidInput(f"a list of up to {MOST_ERRORS} errors", field="errors")
    found, faults = [], []
    for n, one in enumerate(errors):
        try:
            error = ErrorFound.model_validate(one)
        except ValidationError as wrong:
            faults += said_by(wrong, f"errors.{n}")
        else:
            found.append(error.model_dump(exclude_defaults=True))
            faults += _outside(error, size, f"errors.{n}")
    refuse(faults)
    return found


def _outside(error: ErrorFound, size: tuple[int, int] | None, where: str) -> Iterator[Fault]:
    if size is None or error.point is None:
        return
    if any(at > most for at, most in zip(error.point, size, strict=True)):
        yield f"{where}.point", f"lies outside of the picture of {size[0]} × {size[1]}"


def points(payload: Mapping[str, Any]) -> bool:
    """Whether an error in an unchecked payload points at a place of the picture."""
    errors = payload.get("errors")
    return isinstance(errors, list) and any(
        isinstance(one, Mapping) and one.get("point") is not None for one in errors
    )
