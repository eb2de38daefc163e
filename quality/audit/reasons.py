"""Why a labeller or an asset is flagged, or why it cannot be judged, in one sentence each."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality import flag_words
from quality.audit.findings import Findings


def labeller_reasons(found: Findings) -> NDArray[Any]:
    """One sentence per labeller; None where there is nothing to say."""
    flags, standings = found.labeller_flags, found.standings
    reasons = np.full(len(standings.n), None, dtype=object)
    reasons[standings.n == 0] = "too few to judge: nobody else answered the same assets"
    ratio = found.pace.ratio()
    for i in np.flatnonzero(flags.flagged):
        parts = []
        if flags.hasty[i]:
            parts.append(f"takes {ratio[i]:.2f} × the usual time and is right less often than most")
        if flags.wrong[i] or not parts:
            parts.append(flag_words.accuracy(standings, int(i), flags.typical))
        reasons[i] = "; ".join(parts)
    return reasons


def asset_reasons(found: Findings) -> NDArray[Any]:
    """One sentence per asset; None where there is nothing to say."""
    flags = found.asset_flags
    judged = np.bincount(found.answers.asset[found.kept], minlength=len(flags.flagged))
    reasons = np.full(len(flags.flagged), None, dtype=object)
    reasons[judged == 0] = "not judged: every answer is from a flagged labeller"
    few = (judged == 1) & ~flags.flagged
    reasons[few] = "too few to judge disagreement: one answer"
    for i in np.flatnonzero(flags.flagged):
        reasons[i] = _asset_reason(found, int(i), int(judged[i]))
    return reasons


def _asset_reason(found: Findings, i: int, judged: int) -> str:
    flags, disputed = found.asset_flags, ""
    if flags.differing[i]:
        disputed = (
            f"{flags.differing[i]} of {judged} answers differ from the most frequent, "
            f"where about {flags.expected[i]:.1f} would be usual"
        )
    return flag_words.hard(disputed, found.times, i)
