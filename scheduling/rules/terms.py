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
        None,
        gt=0.5,
        lt=1,
        title="A good labeller is right",
        description="Share of answers, at least; empty: chosen by the number of classes",
    )
    alpha: float = Field(
        0.01,
        ge=0.0001,
        le=0.2,
        title="Chance of error",
        description="At most so likely is somebody so good ever stopped",
    )


class GoldTerms(AccuracyTerms):
    """The same, where gold is what counts first."""

    with_agreement: bool = Field(
        True, title="Beside gold, count random reviews and agreement with the others"
    )


class DriftTerms(Values):
    """Behind what they were surely right at in the past."""

    past: int = Field(
        100, ge=30, le=1000, title="Their past", description="Their first answers that were judged"
    )
    run_length: float = Field(
        20_000,
        ge=100,
        le=1e6,
        title="A false alarm in",
        description="Judged answers, on average",
    )


class FastTerms(Values):
    """Answers faster than plausible more often than happens to anybody."""

    share: float = Field(
        0.05,
        gt=0,
        lt=0.9,
        title="Happens to anybody in",
        description="Share of answers that may be faster than plausible",
    )
    alpha: float = Field(
        0.01,
        ge=0.0001,
        le=0.2,
        title="Chance of error",
        description="At most so likely is somebody within that share ever stopped",
    )


class SkipTerms(Values):
    """Skips one after the other, more than chance would give."""

    usual: float = Field(
        0.1,
        gt=0,
        lt=0.9,
        title="Skips that are usual",
        description="Share of tasks that somebody who tries may skip",
    )
    alpha: float = Field(
        0.01,
        ge=0.0001,
        le=0.2,
        title="Chance of error",
        description="At most so likely do they skip so many in a row",
    )
    tasks: int = Field(
        1000,
        ge=10,
        le=1_000_000,
        title="In so many tasks",
        description="For which the chance holds",
    )

    def run(self) -> int:
        """Skips in a row that are too many: the chance that such a run starts at any of `tasks`
        places is at most their number times the chance of one."""
        run = 1
        while self.tasks * self.usual**run > self.alpha * (1 + 1e-9):
            run += 1
        return run


class HoursTerms(Values):
    """A long day."""

    hours: float = Field(
        10, gt=0, le=24, title="Active hours", description="In a labeller's own day, all projects"
    )


class Measure(Values):
    """How an action is taken."""

    redo: bool = Field(False, title="Have their unreviewed work done again")


class WarnMeasure(Measure):
    """A warning is not said twice while it stands."""

    hours: float = Field(
        168, gt=0, le=2160, title="Hours", description="A warning stands before there is another"
    )


class PauseMeasure(Measure):
    """A pause ends by itself."""

    hours: float = Field(24, gt=0, le=2160, title="Hours", description="Without new work here")
