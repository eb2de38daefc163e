"""What people and programs say, checked by a model: every fault at its field."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ops.errors import InvalidInput

Model = TypeVar("Model", bound=BaseModel)
_PLAIN = {
    "string_too_short": "must not be empty",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
}


def clean(model: type[Model], values: dict[str, Any]) -> Model:
    """Validated values. Raises InvalidInput with one error for each field."""
    nul = [name for name, value in values.items() if isinstance(value, str) and "\0" in value]
    if nul:
        raise InvalidInput("holds a NUL character", field=nul[0])
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = [{"field": str(e["loc"][0]), "message": _plain(e)} for e in error.errors()]
        raise InvalidInput(faults[0]["message"], field=faults[0]["field"], errors=faults) from None


def _plain(fault: Any) -> str:
    message: str = _PLAIN.get(fault["type"], fault["msg"]).removeprefix("Input should be ")
    return message


def refused(error: ValidationError, *, whole: str = "settings") -> InvalidInput:
    """What a model found wrong, one fault for each field by its path, as `gold.rate_new`; what is
    wrong between fields is said of the `whole`."""
    faults = [
        {"field": ".".join(str(part) for part in e["loc"]) or whole, "message": e["msg"]}
        for e in error.errors()
    ]
    return InvalidInput(faults[0]["message"], field=faults[0]["field"], errors=faults)
