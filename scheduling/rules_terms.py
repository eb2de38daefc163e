"""The terms of rules: one model a signal, one an action.

Chances of error are stated on the rule. What is left empty is chosen by the number of classes.
"""

from pydantic import BaseModel, ConfigDict, Field

# What a good labeller surely reaches, from so many classes on: with two a guess is half right, so
# more must be asked for to tell the two apart soon; with many the work itself is harder.
USUALLY_GOOD = ((10, 0.7), (3, 0.75), (2, 0.8))


def usually_good(classes: int) -> float:
    """The share right that is asked for where a rule names none."""
    return next(good for least, good in USUALLY_GOOD if classes >= least)


class Values(BaseModel):
    """What may be set of a rule: nothing else is taken."""

    model_config = ConfigDict(extra="forbid")


class AccuracyTerms(Values):
    """Worse than a good labeller, as a test that may be looked at after every answer."""

    good: float | None = Field(
        None, gt=0.5, lt=1, description="Share right that a good labeller surely reaches"
    )
    alpha: float = Field(
        0.01, ge=1e-6, le=0.2, description="Chance at most that somebody so good is ever stopped"
    )


class GoldTerms(AccuracyTerms):
    with_agreement: bool = Field(
        True, description="Count reviews by chance and the consensus of the others too"
    )


class DriftTerms(Values):
    past: int = Field(
        100, ge=30, le=1000, description="First answers judged, which make up their own past"
    )
    run_length: float = Field(
        5000, ge=100, le=1e6, description="Answers, on average, between two false alarms"
    )


class FastTerms(Values):
    share: float = Field(
        0.05, gt=0, lt=0.9, description="Share of such answers that happens to anybody"
    )
    alpha: float = Field(
        0.01, ge=1e-6, le=0.2, description="Chance at most that such a labeller is ever stopped"
    )


class SkipTerms(Values):
    usual: float = Field(
        0.1, gt=0, lt=0.9, description="Share of tasks that somebody who tries may skip"
    )
    alpha: float = Field(
        0.01, ge=1e-6, le=0.2, description="Chance at most of such a run in so many tasks"
    )
    tasks: int = Field(1000, ge=10, le=1_000_000, description="Tasks for which the chance holds")

    def run(self) -> int:
        """Skips in a row that are too many: the chance that such a run starts at any of `tasks`
        places is at most their number times the chance of one."""
        run = 1
        while self.tasks * self.usual**run > self.alpha * (1 + 1e-9):
            run += 1
        return run


class HoursTerms(Values):
    hours: float = Field(10, gt=0, le=24, description="Active hours in a labeller's own day")


class Measure(Values):
    redo: bool = Field(False, description="Their unreviewed answers lose weight; tasks reopen")


class WarnMeasure(Measure):
    hours: float = Field(
        168, gt=0, le=2160, description="Hours that a warning stands before there is another"
    )


class PauseMeasure(Measure):
    hours: float = Field(24, gt=0, le=2160, description="Hours without new work")
