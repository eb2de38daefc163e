"""Signals and actions of rules: one table from each to its terms and its words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ops.errors import InvalidInput
from scheduling.models import ACTIONS, SIGNALS
from scheduling.rules.terms import (
    AccuracyTerms,
    DriftTerms,
    FastTerms,
    GoldTerms,
    HoursTerms,
    Measure,
    PauseMeasure,
    SkipTerms,
    Values,
    WarnMeasure,
    usually_good,
)


@dataclass(frozen=True)
class Signal:
    """Something a rule looks at. `condition` says, for so many classes, when it holds; `told` is
    what a labeller reads of it. What they read is the same whatever their answers were checked by.

    `betrays` is whether its moment could tell that an answer was gold: it is then delayed.
    """

    title: str
    terms: type[Values]
    condition: Callable[[Any, int], str]
    told: str
    betrays: bool = False


@dataclass(frozen=True)
class Action:
    """Something a rule does: `done` says it to a lead, `told` to the labeller; {hours} is filled
    in."""

    title: str
    measure: type[Measure]
    done: str
    told: str

    def words(self, which: str, measure: Any) -> str:
        """`done` or `told` for one measure."""
        text: str = getattr(self, which)
        return text.format(hours=hours(getattr(measure, "hours", 0)))


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def hours(value: float) -> str:
    """A number of hours as people say it."""
    if value >= 48 and value % 24 == 0:
        return f"{value / 24:g} days"
    return "1 hour" if value == 1 else f"{value:g} hours"


def _worse(what: str) -> Callable[[AccuracyTerms, int], str]:
    def condition(terms: AccuracyTerms, classes: int) -> str:
        good = _percent(terms.good or usually_good(classes))
        return (
            f"{what} is below what a good labeller shows ({good}), "
            f"with at most {_percent(terms.alpha)} chance of error"
        )

    return condition


def _drifted(terms: DriftTerms, _classes: int) -> str:
    return (
        f"a labeller falls behind their own first {terms.past} judged answers, with one false "
        f"alarm in {terms.run_length:,.0f} answers on average"
    )


def _too_fast(terms: FastTerms, _classes: int) -> str:
    return (
        f"more than {_percent(terms.share)} of the answers come faster than plausible, "
        f"with at most {_percent(terms.alpha)} chance of error"
    )


def _skips(terms: SkipTerms, _classes: int) -> str:
    return (
        f"{terms.run()} tasks in a row are skipped that nobody else skipped (somebody who skips "
        f"{_percent(terms.usual)} of them does so with at most {_percent(terms.alpha)} chance in "
        f"{terms.tasks:,} tasks)"
    )


def _long_day(terms: HoursTerms, _classes: int) -> str:
    return f"somebody is active for more than {hours(terms.hours)} in a day of theirs"


_CHECKED = "Fewer of your answers that were checked turned out right than this project asks for."

SIGNAL: dict[str, Signal] = {
    "gold_accuracy": Signal(
        "Accuracy on checked answers",
        GoldTerms,
        _worse("the accuracy on checked answers"),
        _CHECKED,
        betrays=True,
    ),
    "agreement": Signal(
        "Agreement with the others",
        AccuracyTerms,
        _worse("the agreement with the others"),
        _CHECKED,
        betrays=True,
    ),
    "review_acceptance": Signal(
        "Acceptance in review",
        AccuracyTerms,
        _worse("the share accepted in review"),
        "Fewer of your answers were accepted in review than this project asks for.",
        betrays=True,
    ),
    "drift": Signal(
        "Worse than their own past",
        DriftTerms,
        _drifted,
        "Lately fewer of your answers that were checked turned out right than before.",
        betrays=True,
    ),
    "too_fast": Signal(
        "Faster than plausible",
        FastTerms,
        _too_fast,
        "Many of your answers came faster than anybody can look at the task.",
    ),
    "skips_in_row": Signal(
        "Skips in a row",
        SkipTerms,
        _skips,
        "You skipped many tasks one after the other that others could answer.",
    ),
    "hours": Signal(
        "Hours in a day",
        HoursTerms,
        _long_day,
        "You have worked for longer today than this project allows.",
    ),
}

ACTION: dict[str, Action] = {
    "warn": Action("Warn", WarnMeasure, "warn", "This is a warning: you can go on working."),
    "train": Action(
        "Send to training",
        Measure,
        "send to training",
        "You get no new work here until you pass an assessment of this project's skill.",
    ),
    "pause": Action(
        "Pause", PauseMeasure, "pause for {hours}", "You get no new work here for {hours}."
    ),
    "restrict": Action(
        "Restrict",
        Measure,
        "restrict to first labels, all of them reviewed",
        "From now on you give first labels only, and all of them are reviewed.",
    ),
    "suspend": Action(
        "Suspend",
        Measure,
        "suspend until a lead lifts it",
        "You get no new work here until a lead lifts this.",
    ),
}
assert (SIGNAL.keys(), ACTION.keys()) == (set(SIGNALS), set(ACTIONS))


def terms_of(signal: str, values: dict[str, Any]) -> Any:
    """Validated terms of a signal. Raises InvalidInput naming fields as `terms.alpha`."""
    if signal not in SIGNAL:
        raise InvalidInput(f"signal must be one of {', '.join(SIGNAL)}", field="signal")
    return _valid(SIGNAL[signal].terms, values, "terms")


def measure_of(action: str, values: dict[str, Any]) -> Any:
    """Validated measure of an action. Raises InvalidInput naming fields as `measure.hours`."""
    if action not in ACTION:
        raise InvalidInput(f"action must be one of {', '.join(ACTION)}", field="action")
    return _valid(ACTION[action].measure, values, "measure")


def _valid(model: type[Values], values: dict[str, Any], prefix: str) -> Any:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = [
            {"field": ".".join([prefix, *map(str, e["loc"])]), "message": e["msg"]}
            for e in error.errors()
        ]
        raise InvalidInput(
            str(faults[0]["message"]), field=str(faults[0]["field"]), errors=faults
        ) from None


def sentence(
    signal: str, terms: dict[str, Any], action: str, measure: dict[str, Any], classes: int
) -> str:
    """The rule in plain words: If … → …."""
    condition = SIGNAL[signal].condition(terms_of(signal, terms), classes)
    return f"If {condition} → {consequence(action, measure)}."


def consequence(action: str, measure: dict[str, Any]) -> str:
    """What a rule does, in words for a lead."""
    done = measure_of(action, measure)
    redo = ", and have unreviewed work done again" if done.redo else ""
    return ACTION[action].words("done", done) + redo
