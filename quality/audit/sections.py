"""The sections of the page, each a heading, a plot or a table, and what it means in plain words."""

from html import escape

import numpy as np

from quality.audit import drawings
from quality.audit.findings import Findings
from quality.audit.reasons import asset_reasons, labeller_reasons
from quality.audit.words import count, number, paragraph, percent, seconds, share, table
from quality.audit.writing import consensus_score
from quality.measures.classes import confusion_matrix, per_class

_TICKS = [(0.1, "0.1 s"), (0.3, "0.3 s"), (1, "1 s"), (3, "3 s"), (10, "10 s"), (30, "30 s")]
_TICKS += [(60 * m, f"{m} min") for m in (1, 3, 10, 30)]
_TICKS += [(3600 * h, f"{h} h") for h in (1, 3, 10, 30, 100)]
MOST_LABELLERS, MOST_ROWS, MOST_CLASSES, MOST_DOTS = 40, 25, 15, 1500


def in_short(found: Findings) -> str:
    """What a reader must know who reads nothing else."""
    lines = [_agreement_sentence(found), _consensus_sentence(found), _labeller_sentence(found)]
    lines += [_asset_sentence(found), _time_sentence(found)]
    items = "".join(f"<li>{escape(line)}</li>" for line in lines if line)
    return f"<section><h2>In short</h2><ul>{items}</ul></section>"


def agreement(found: Findings) -> str:
    """How far answers to the same asset agree."""
    scores = consensus_score(found)[found.votes.sum(axis=1) > 1]
    single = len(found.votes) - len(scores)
    if not len(scores):
        return _section("Agreement", paragraph("No asset has two answers: agreement is undefined."))
    heights, _ = np.histogram(scores, bins=20, range=(0, 1 + 1e-9))
    ticks = [(i * 5.0, f"{i * 25} %") for i in range(5)]
    plot = _figure(
        drawings.bars(heights, ticks, "share of answers that agree with the consensus", "assets"),
        "Each asset with two or more answers stands in one bar. The further right, the better.",
    )
    pairs = paragraph(
        f"Two answers to the same asset agree in {percent(found.percent)} of cases "
        f"(mean over {count(found.alpha.n, 'asset')} with two or more answers)."
    )
    alone = f"{count(single, 'asset')} with a single answer: agreement undefined there."
    return _section("Agreement", pairs + plot + (paragraph(alone, "note") if single else ""))


def labellers(found: Findings) -> str:
    """Who is right how often, and how fast."""
    standings, flags = found.standings, found.labeller_flags
    names = found.answers.labellers.to_pylist()
    judged = np.flatnonzero(standings.n > 0)
    order = judged[np.lexsort((standings.mean[judged], ~flags.flagged[judged]))]
    if not order.size:
        text = "No labeller can be judged: no truth, and no asset with two labellers."
        return _section("Labellers", paragraph(text, "warn"))
    top = order[:MOST_LABELLERS]
    plot = drawings.intervals(
        [names[i] for i in top], standings.mean[top], standings.low[top], standings.high[top],
        flags.flagged[top].tolist(), flags.typical,
    )  # fmt: skip
    shown = "all" if len(top) == len(names) else f"flagged ones first, then the {len(top)} lowest"
    caption = (
        f"Estimated accuracy with its 95 % interval ({shown}). Red is flagged; the dashed line is "
        f"the typical labeller ({percent(flags.typical)})."
    )
    return _section(
        "Labellers",
        _figure(plot, caption) + _pace_plot(found, names) + _labeller_rows(found, order),
    )


def assets(found: Findings) -> str:
    """Which assets are hard, and why."""
    score = found.difficulty.score
    known = np.flatnonzero(~np.isnan(score))
    if not known.size:
        text = "Difficulty is undefined: no asset has two answers or a time that can be used."
        return _section("Hard assets", paragraph(text))
    heights, _ = np.histogram(score[known], bins=25, range=(0, 1))
    plot = _figure(
        drawings.bars(
            heights, [(i * 5.0, f"{i * 20} %") for i in range(6)], "difficulty", "assets"
        ),
        "Difficulty is the chance that two more labellers would disagree on the asset.",
    )
    flagged = found.asset_flags.flagged
    order = known[np.lexsort((-score[known], ~flagged[known]))][:MOST_ROWS]
    agreeing = consensus_score(found)
    reasons, consensus = asset_reasons(found), found.class_names.to_pylist()
    rows = [
        [
            found.answers.assets[int(i)].as_py(),
            str(found.votes[i].sum()),
            consensus[found.best.label[i]],
            percent(agreeing[i]),
            percent(score[i]),
            ("flagged: " if flagged[i] else "") + (reasons[i] or "not flagged"),
        ]
        for i in order
    ]
    head = ["asset", "answers", "consensus", "agree with it", "difficulty", "why"]
    title = (
        "Flagged assets, hardest first" if flagged.any() else "The hardest assets (none flagged)"
    )
    more = f"{count(int(flagged.sum()), 'asset')} flagged; assets.csv has them all."
    return _section(
        "Hard assets",
        plot
        + f"<h3>{title}</h3>"
        + table(head, rows, frozenset((1, 3, 4)))
        + paragraph(more, "note"),
    )


def classes(found: Findings) -> str:
    """Which classes are mistaken for which, against truth where known, else the consensus."""
    answers, names = found.answers, found.class_names.to_pylist()
    held = found.best.label if found.truth is None else found.truth
    against = held[answers.asset]
    known = against >= 0
    confusion = confusion_matrix(against[known], answers.label[known], found.n_classes)
    what = "truth" if found.truth is not None else "consensus"
    parts = [paragraph(f"Every answer held against the {what} of its asset.")]
    if found.n_classes <= MOST_CLASSES:
        plot = drawings.heatmap(confusion, names, f"{what} ↓", "answer →")
        parts.append(
            _figure(plot, "A dark diagonal is good. Dark elsewhere: a confusion to explain.")
        )
    measures = per_class(confusion)
    users = _users(found)
    order = np.argsort(-measures.predicted, kind="stable")[: MOST_ROWS * 2]
    rows = [
        [
            names[c],
            f"{users[c]:,}",
            share(measures.recall[c], measures.recall_low[c], measures.recall_high[c],
                  int(measures.support[c])),
            share(measures.precision[c], measures.precision_low[c], measures.precision_high[c],
                  int(measures.predicted[c])),
            number(measures.f1[c]),
        ]
        for c in order
    ]  # fmt: skip
    head = ["class", "labellers using it", "found when it is there", "right when given", "F1"]
    parts.append(table(head, rows, frozenset((1, 4))))
    alone = [names[c] for c in np.flatnonzero(users == 1)]
    if alone:
        listed = ", ".join(alone[:10]) + (" …" if len(alone) > 10 else "")
        parts.append(paragraph(f"Used by one labeller only: {listed}.", "note"))
    return _section("Classes", "".join(parts))


def times(found: Findings) -> str:
    """What the times are worth."""
    time = found.answers.seconds
    time = time[np.isfinite(time) & (time > 0)]
    parts = [paragraph(_time_sentence(found), "" if found.usable.usable else "warn")]
    if time.size:
        log = np.log(np.maximum(time, 0.01))
        low, high = float(log.min()) - 0.1, float(log.max()) + 0.1
        heights, _ = np.histogram(log, bins=40, range=(low, high))
        ticks = [
            (40 * (np.log(t) - low) / (high - low), text)
            for t, text in _TICKS
            if low < np.log(t) < high
        ]
        plot = drawings.bars(heights, ticks, "time of an answer (logarithmic)", "answers")
        caption = (
            f"n = {time.size:,} timed answers; half take less than {seconds(np.median(time))}."
        )
        parts.append(_figure(plot, caption))
    if found.pace.slope:
        change = 1 - 2**found.pace.slope
        kind = "less" if change > 0 else "more"
        text = f"Learning: each doubling of experience takes {abs(change):.0%} {kind} time."
        parts.append(paragraph(text))
    return _section("Times", "".join(parts))


def _pace_plot(found: Findings, names: list[str]) -> str:
    pace, standings = found.pace, found.standings
    seen = np.flatnonzero((standings.n > 0) & (pace.n > 0))
    if not seen.size or not found.usable.usable:
        return ""
    busiest = seen[np.argsort(-pace.n[seen], kind="stable")][:MOST_DOTS]
    widest = max(float(np.abs(pace.deviation[busiest]).max() / np.log(2)), 1.0)
    doublings = range(-int(np.ceil(widest)), int(np.ceil(widest)) + 1)
    steps = [(d * float(np.log(2)), f"{2.0**d:g} ×") for d in doublings]
    plot = drawings.scatter(
        pace.deviation[busiest], standings.mean[busiest], [names[i] for i in busiest],
        found.labeller_flags.flagged[busiest].tolist(), steps,
        "time, as a multiple of the usual", "accuracy",
    )  # fmt: skip
    return _figure(plot, "Each dot is a labeller. Bottom left is fast and wrong.")


def _labeller_rows(found: Findings, order: np.ndarray) -> str:
    names, reasons = found.answers.labellers, labeller_reasons(found)
    standings, pace = found.standings, found.pace
    rows = [
        [
            names[int(i)].as_py(),
            percent(standings.mean[i]),
            f"{percent(standings.low[i])} to {percent(standings.high[i])}",
            f"{standings.n[i]:,}",
            seconds(pace.median[i]),
            f"{pace.ratio()[i]:.2f} ×" if pace.n[i] else "undefined",
            ("flagged: " if found.labeller_flags.flagged[i] else "") + (reasons[i] or ""),
        ]
        for i in order[:MOST_ROWS]
    ]
    head = ["labeller", "accuracy", "95 % interval", "n", "median time", "pace", "why"]
    title = "<h3>Flagged first, then from the lowest accuracy</h3>"
    more = paragraph("labellers.csv has them all.", "note") if len(order) > MOST_ROWS else ""
    return title + table(head, rows, frozenset((1, 2, 3, 4, 5))) + more


def _users(found: Findings) -> np.ndarray:
    """How many labellers gave each class at least once."""
    n_labellers = len(found.answers.labellers)
    key = found.answers.label.astype(np.int64) * n_labellers + found.answers.labeller
    return np.bincount(np.unique(key) // n_labellers, minlength=found.n_classes)


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
    text = f"The typical labeller is right in {percent(flags.typical)}; "
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


def _time_sentence(found: Findings) -> str:
    if not found.usable.usable:
        return f"Times were not used: {found.usable.why}."
    return (
        f"Times can be used: half of the answers take less than {seconds(found.pace.typical)}. "
        "Each labeller's own pace is taken out before an asset is called slow."
    )


def _section(title: str, body: str) -> str:
    return f"<section><h2>{title}</h2>{body}</section>"


def _figure(drawing: str, caption: str) -> str:
    return f"<figure>{drawing}<figcaption>{escape(caption)}</figcaption></figure>"
