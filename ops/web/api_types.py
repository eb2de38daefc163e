"""Field types of the API that strict models need, and the strict base itself."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from ops.web.fields import day_of


class Strict(BaseModel):
    """Input: unknown fields, and values of another type than the documented one, are refused."""

    model_config = ConfigDict(strict=True, extra="forbid")


def _from_iso(value: Any) -> Any:
    # Strict models refuse strings for dates, lax ones accept numbers: JSON has only strings.
    if not isinstance(value, str):
        raise ValueError("give a date as a string, such as 2027-01-31")
    try:
        return day_of(value)
    except ValueError:
        raise ValueError("give a date such as 2027-01-31") from None


def _from_digits(value: Any) -> Any:
    # A query string holds only text.
    plain = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 16
    return int(value) if plain else value


Day = Annotated[date, BeforeValidator(_from_iso, json_schema_input_type=date)]
_PageNumber = Annotated[int, Field(ge=1, le=1_000_000)]
# The bounds stand twice: the document shows what goes into the validator, not what comes out.
Page = Annotated[_PageNumber, BeforeValidator(_from_digits, json_schema_input_type=_PageNumber)]
# PostgreSQL cannot store a zero byte in text.
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Note = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
QueryId = Annotated[Id, BeforeValidator(_from_digits, json_schema_input_type=Id)]
LabelType = Literal[
    "class", "tags", "attributes", "boxes", "polygons", "masks", "keypoints", "spans",
    "transcription", "rating", "preference",
]  # fmt: skip
