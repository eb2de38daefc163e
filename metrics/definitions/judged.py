"""How good the work is, by what was found of it."""

from numpy.typing import ArrayLike

from metrics.definitions.shares import Share, share


def gold_accuracy(correct: float, n: int) -> Share:
    """Gold accuracy: how often a known answer was given.

    Formula: right answers to gold ÷ answers to gold; an answer that is partly right counts in part.
    Unit: share of answers to gold, with n and Wilson's 95 % interval.
    Counted from: work events gold_scored, on the day of the answer.
    Undefined: while nobody answered gold.
    Source: E. B. Wilson, JASA 22 (1927).
    """
    return share(correct, n)


def agreement(agreed: float, n: int) -> Share:
    """Agreement: how often an answer is the one that its asset got in the end.

    Formula: answers equal to the consensus of their asset ÷ answers that have a consensus.
    Unit: share of answers, with n and Wilson's 95 % interval.
    Counted from: work events consensus_scored, on the day of the answer.
    Undefined: while no asset has a consensus of two answers or more.
    Source: E. B. Wilson, JASA 22 (1927).
    """
    return share(agreed, n)


def first_pass_acceptance(accepted: float, n: int) -> Share:
    """First-pass acceptance: how many first labels a reviewer lets stand as they are.

    One that is sent back is not accepted, whatever becomes of it, unless an expert says that it was
    right; rework is a second pass and does not count.

    Formula: first answers that a reviewer accepted without a change ÷ first answers reviewed.
    Unit: share of reviewed labels, with n and Wilson's 95 % interval.
    Counted from: work events reviewed, on the day of the answer, stage rework left out.
    Undefined: while nothing was reviewed.
    Source: E. B. Wilson, JASA 22 (1927).
    """
    return share(accepted, n)


def rework_rate(sent_back: int, finished: int) -> Share:
    """Rework rate: how many labels come back to be made again.

    What is sent back may have been finished before the period; the count is bounded by it.

    Formula: tasks that came to rework ÷ labelling tasks finished, in the same period.
    Unit: share of finished tasks, with n and Wilson's 95 % interval.
    Counted from: line roll-up (arrived at rework, finished at label).
    Undefined: while no labelling task was finished.
    Source: E. B. Wilson, JASA 22 (1927).
    """
    return share(min(sent_back, finished), finished)


def standing(
    gold_n: int,
    gold_right: int,
    review_n: int,
    review_right: int,
    agree: ArrayLike,
    sure: ArrayLike,
) -> Share:
    """Standing: what is believed of a labeller's accuracy, from all evidence there is.

    `agree[i]` says whether an answer was that of the others, who are right with `sure[i]`.

    Formula: posterior mean of the accuracy given gold, reviews and agreement with others.
    Unit: share of answers, with n pieces of evidence and the central 95 % of the posterior.
    Counted from: evidence of each answer, per labeller and skill.
    Undefined: never; without evidence it is the prior of a new labeller.
    Source: quality/measures/standing.py; its intervals hold the truth 93 – 97 % of the time over
    the stated prior.
    """
    from quality.measures.standing import posterior

    found = posterior(gold_n, gold_right, review_n, review_right, agree, sure)
    return Share(found.mean, found.n, found.low, found.high)


def consistency(same: int, repeats: int) -> Share:
    """Consistency on repeats: whether somebody who meets an asset again says the same.

    The house hands an asset to a labeller once a round. It comes back to them only where their
    earlier answer was set aside, or in a further round; rework is no repeat, because they saw what
    was wrong.

    Formula: answers equal to the same labeller's answer before, about the same asset ÷ repeats.
    Unit: share of repeats, with n and Wilson's 95 % interval.
    Counted from: line roll-up (repeats and those alike, at the moment of the later answer).
    Undefined: while nobody met an asset twice, which is the rule.
    Source: E. B. Wilson, JASA 22 (1927).
    """
    return share(same, repeats)
