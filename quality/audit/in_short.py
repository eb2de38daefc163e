"""What a reader must know who reads nothing else: one sentence a subject."""

from html import escape

import numpy as np

from quality.audit.findings import Findings
from quality.audit.words import count, percent, seconds, section, share


def in_short(found: Findings) -> str:
    """The sentences, as a list."""
    lines = [_agreement_sentence(found), _consensus_sentence(found), _labeller_sentence(found)]
    lines += [_asset_sentence(found), time_sentence(found)]
    items = "".join(f"<li>{escape(line)}</li>" for line in lines if line)
    return section("In short", f"<ul>{items}</ul>")


def _agreement_sentence(found: Findings) -> str:
    value = round(found.alpha.value, 2)
    if np.isnan(value):
        return "Agreement is undefined: no asset has two labellers, or all gave one label."
    verdict = (
        "high enough to rely on" if value >= 0.8
        else "enough for tentative conclusions" if value >= 0.667
        else "low: single answers are not reliable, so look at guidelines, classes and labellers"
    )  # fmt: skip
    return (
        f"Agreement beyond chance is {value:.2f} on a scale from 0 (chance) to 1 (full): {verdict}."
    )


def _consensus_sentence(found: Findings) -> str:
    if not found.model_rate.n:
        return "No truth was given, so nobody can say how often the consensus is right: undefined."
    return (
        f"The consensus is right in {share(*found.model_rate)}; "
        f"plain majority in {share(*found.majority)}."
    )


def _labeller_sentence(found: Findings) -> str:
    flags = found.labeller_flags
    if np.isnan(flags.typical):
        return "No labeller can be judged."
    judged = int(np.count_nonzero(found.standings.n))
    text = f"The typical of {count(judged, 'labeller')} is right in {percent(flags.typical)}; "
    if not flags.flagged.any():
        return text + "nobody stands clearly below."
    hasty = f", {flags.hasty.sum()} of them too fast and wrong" if flags.hasty.any() else ""
    part = np.isin(found.answers.labeller, np.flatnonzero(flags.flagged)).mean()
    return text + (
        f"{count(int(flags.flagged.sum()), 'labeller')} to look at{hasty}, "
        f"who gave {percent(float(part))} of the answers."
    )


def _asset_sentence(found: Findings) -> str:
    flagged = int(found.asset_flags.flagged.sum())
    if not flagged:
        return "No asset stands out as harder than chance explains."
    return (
        f"{count(flagged, 'asset')} of {len(found.votes):,} stand out as hard: "
        "send them to an expert, or make the guideline clearer there."
    )


def time_sentence(found: Findings) -> str:
    """Whether times were used, and if not, why."""
    if not found.usable.usable:
        return f"Times were not used: {found.usable.why}."
    return (
        f"Times can be used: half of the answers take less than {seconds(found.pace.typical)}. "
        "Each labeller's own pace is taken out before an asset is called slow."
    )
