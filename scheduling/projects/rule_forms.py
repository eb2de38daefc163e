"""The form of a rule: its fields follow the signal and the action that are chosen."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, create_model
from werkzeug.datastructures import MultiDict

from ops.errors import InvalidInput
from scheduling.models import Rule
from scheduling.projects.settings_pages import FormField, fields, values_of
from scheduling.rules import words


def model(
    signal: str, action: str, terms: Mapping[str, Any], measure: Mapping[str, Any]
) -> BaseModel:
    """Terms and measure as one model, whose fields are `terms.…` and `measure.…`.

    Raises InvalidInput when there is no such signal or action.
    """
    known = words.terms_of(signal, dict(terms))
    done = words.measure_of(action, dict(measure))
    both = create_model("RuleForm", terms=(type(known), known), measure=(type(done), done))
    return both()


def chosen(values: Mapping[str, str], rule: Rule | None) -> tuple[str, str]:
    """The signal and the action that a form shows: asked for, or the rule's, or the first."""
    signal = values.get("signal") or (rule.signal if rule else "gold_accuracy")
    action = values.get("action") or (rule.action if rule else "warn")
    if signal not in words.SIGNAL:
        raise InvalidInput("choose what the rule looks at", field="signal")
    if action not in words.ACTION:
        raise InvalidInput("choose what is done", field="action")
    return signal, action


def form_fields(signal: str, action: str, rule: Rule | None) -> list[FormField]:
    """The fields below a signal and an action, with what the rule has now."""
    terms = rule.terms if rule and rule.signal == signal else {}
    measure = rule.measure if rule and rule.action == action else {}
    return fields(model(signal, action, terms, measure))


def values(form: MultiDict[str, str]) -> dict[str, Any]:
    """A form as arguments of `book.create`. Raises InvalidInput naming the fields."""
    signal, action = chosen(form, None)
    found = values_of(form, model(signal, action, {}, {}))
    return {
        "name": form.get("name", ""),
        "signal": signal,
        "action": action,
        "terms": found.get("terms", {}),
        "measure": found.get("measure", {}),
    }
